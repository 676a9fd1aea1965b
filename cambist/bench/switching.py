"""How late a thread wakes that needs the interpreter while another one paints."""

from __future__ import annotations

import sys
import threading
import time

from cambist.runtime.hub import SWITCH_S

PAINT_S, PERIOD_S = 0.006, 0.050
"""Plain Python for so long, twenty times a second: the 12 % of a core that painting may take."""
SLEEP_S = 0.001
DEFAULT_S = 0.005
"""What Python waits by itself before it asks a thread to let another one run."""


def late_us(seconds: float, rounds: int = 4) -> tuple[list[float], list[float]]:
    """Returns by how many microseconds each wake was late with the hub's interval, and with Python's; ascending."""
    before, found = sys.getswitchinterval(), dict[float, list[float]]({SWITCH_S: [], DEFAULT_S: []})
    try:
        for _ in range(rounds):
            for interval, late in found.items():
                sys.setswitchinterval(interval)
                late += _beside_a_painter(seconds / rounds / 2)
    finally:
        sys.setswitchinterval(before)
    return sorted(found[SWITCH_S]), sorted(found[DEFAULT_S])


def _beside_a_painter(seconds: float) -> list[float]:
    painted = threading.Event()
    painter = threading.Thread(target=_paint, args=(painted,), daemon=True)
    painter.start()
    late, end = [], time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        time.sleep(SLEEP_S)
        late.append((time.perf_counter() - begun - SLEEP_S) * 1e6)
    painted.set()
    painter.join()
    return late


def _paint(ended: threading.Event) -> None:
    while not ended.wait(PERIOD_S - PAINT_S):
        end = time.perf_counter() + PAINT_S
        while time.perf_counter() < end:
            pass
