"""How far a venue's clock is from ours, by asking for its time."""

from __future__ import annotations

import time
from collections import deque
from typing import NamedTuple

KEPT = 5
"""Answers that the best is chosen from: the quickest was delayed least."""
STEPPED_NS = 50_000_000
"""A wall clock that moved this far against the monotonic one makes what was measured by it worthless."""


class _Sample(NamedTuple):
    took_ns: int
    offset_ns: int
    error_ns: int


def wall_anchor_ns() -> int:
    """Returns how far the wall clock is ahead of the monotonic one."""
    return time.time_ns() - time.monotonic_ns()


class VenueClock:
    """The offset of a venue's clock: its time less ours. Forgotten when our clock steps."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._anchor_ns = wall_anchor_ns()

    def took(self, asked_ns: int, answered_ns: int, venue_ns: int, step_ns: int) -> None:
        """Takes an answer: when it was asked for and came, what time it told, and how fine that is."""
        _ = self.stepped
        took_ns, ours_ns = answered_ns - asked_ns, (asked_ns + answered_ns) // 2
        self._samples.append(_Sample(took_ns, venue_ns + step_ns // 2 - ours_ns, (took_ns + step_ns) // 2))

    @property
    def stepped(self) -> bool:
        """Whether our clock stepped since an answer came, or since this was asked; what was told is forgotten then."""
        anchor_ns = wall_anchor_ns()
        if abs(anchor_ns - self._anchor_ns) <= STEPPED_NS:
            return False
        self._anchor_ns = anchor_ns
        self._samples.clear()
        return True

    @property
    def offset_ns(self) -> int | None:
        """The offset by the quickest of the last answers; `None` before the first."""
        _ = self.stepped
        return min(self._samples).offset_ns if self._samples else None

    @property
    def error_ns(self) -> int:
        """How far off that may be."""
        return min(self._samples).error_ns if self._samples else 0
