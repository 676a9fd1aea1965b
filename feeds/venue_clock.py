"""How far a venue's clock is from ours, by asking for its time."""

from __future__ import annotations

from collections import deque

KEPT = 5
"""Answers that the best is chosen from: the quickest was delayed least."""


class VenueClock:
    """The offset of a venue's clock: its time less ours."""

    def __init__(self) -> None:
        self._told: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def took(self, asked_ns: int, answered_ns: int, venue_ns: int, step_ns: int) -> None:
        """Takes an answer: when it was asked for and came, what time it told, and how fine that is."""
        ours_ns = (asked_ns + answered_ns) // 2
        self._told.append((answered_ns - asked_ns, venue_ns + step_ns // 2 - ours_ns))

    @property
    def offset_ns(self) -> int | None:
        """The offset by the quickest of the last answers; `None` before the first."""
        return min(self._told)[1] if self._told else None
