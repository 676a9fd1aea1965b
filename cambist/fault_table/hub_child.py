"""A live runtime in a process of its own, whose screen can be blocked and whose wall clock can be moved.

    python -m cambist.fault_table.hub_child CONFIG

Takes lines on stdin: `sleep S` and `spin S` block the thread that reads Views, `step MS` moves the wall clock,
`drift PPM` lets it run fast, `quit` ends. Tells on stdout, one JSON object a line, what keeps orders from going out.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from pathlib import Path

from cambist import compose
from cambist.config import load

FRAME_S = 1 / 30


class Wall:
    """A wall clock that can be moved; stands in for the system's in this process."""

    def __init__(self) -> None:
        self._real = time.time_ns
        self._ahead_ns, self._ppm, self._since_ns = 0, 0.0, time.monotonic_ns()
        time.time_ns = self.now_ns
        time.time = lambda: self.now_ns() / 1e9

    def now_ns(self) -> int:
        """Returns the time that this process takes it for."""
        drifted = (time.monotonic_ns() - self._since_ns) * self._ppm / 1e6
        return self._real() + self._ahead_ns + round(drifted)

    def move(self, ms: float, ppm: float | None = None) -> None:
        """Steps, and goes on at another pace if one is given."""
        self._ahead_ns = self.now_ns() - self._real() + round(ms * 1e6)
        self._since_ns = time.monotonic_ns()
        self._ppm = self._ppm if ppm is None else ppm


def emit(what: str, **more: object) -> None:
    """Writes a line."""
    print(json.dumps({"what": what, "at": time.monotonic(), **more}), flush=True)


def main() -> None:
    """Runs until told to quit."""
    config = load(Path(sys.argv[1]))
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(lines,), daemon=True)
    wall = Wall()
    live = compose.live(config, duel=False)
    live.start()
    reader.start()
    emit("ready", session=live.session)
    reason = ""
    try:
        while live.alive:
            status = live.view.status
            if status.halt_reason != reason:
                reason = status.halt_reason
                emit("disarmed" if reason else "armed", reason=reason)
            try:
                act, _, value = lines.get(timeout=FRAME_S).strip().partition(" ")
            except queue.Empty:
                continue
            if act == "quit":
                return
            _obey(act, float(value), wall)
    finally:
        live.close()
        emit("ended", failure=str(live.failure or ""))


def _read(lines: queue.Queue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("quit")


def _obey(act: str, value: float, wall: Wall) -> None:
    if act == "step":
        wall.move(value)
        emit("moved")
    elif act == "drift":
        wall.move(0.0, value)
        emit("moved")
    elif act in ("sleep", "spin"):
        emit("blocked")
        end = time.monotonic() + value
        if act == "sleep":
            time.sleep(value)
        while time.monotonic() < end:
            pass
        emit("free")


if __name__ == "__main__":
    main()
