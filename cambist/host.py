"""What the host of a virtual machine takes from it: no time measured on it is better than that."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

STAT = Path("/proc/stat")
STEAL = 7
"""Columns of `cpu`, in ticks: user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted before."""


class Stolen:
    """How much of the time of all cores went to others since it was made. Linux only."""

    def __init__(self, stat: Path = STAT) -> None:
        """`stat` is read; a system without it tells nothing."""
        self._stat = stat
        self._stolen, self._all = self._ticks()

    def ppm(self) -> int | None:
        """Returns the share, `None` where it is not told or no tick has passed."""
        stolen, every = self._ticks()
        passed = every - self._all
        return (stolen - self._stolen) * 1_000_000 // passed if passed > 0 else None

    def _ticks(self) -> tuple[int, int]:
        with contextlib.suppress(OSError, ValueError, IndexError):
            ticks = [int(word) for word in self._stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
            return ticks[STEAL], sum(ticks)
        return 0, 0


def longest_pause_ns(seconds: float) -> int:
    """Returns how long a loop that does nothing but look at the clock was held up at most; it runs for `seconds`."""
    last = time.monotonic_ns()
    end, most = last + round(seconds * 1e9), 0
    while last < end:
        now = time.monotonic_ns()
        most, last = max(most, now - last), now
    return most
