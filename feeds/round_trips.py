"""How long a server takes to begin its answer, over the last minute of reads."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

KEPT_S = 60.0
MOST = 128
"""Answers that are remembered: percentiles are of those."""


class RoundTrip(NamedTuple):
    """How long the answers of the last minute took to begin."""

    p50_ns: int
    p90_ns: int
    answers: int


class RoundTrips:
    """The last answers of one server."""

    def __init__(self) -> None:
        self._took: deque[tuple[float, int]] = deque(maxlen=MOST)
        """When, by the clock of who asks, and how long."""

    def take(self, at_s: float, took_ns: int) -> None:
        """Notes an answer."""
        self._took.append((at_s, took_ns))

    def lately(self, now_s: float) -> RoundTrip | None:
        """Returns how long the answers of the last minute took; `None` if there were none.

        >>> trips = RoundTrips()
        >>> for ns in (30, 10, 20):
        ...     trips.take(5.0, ns)
        >>> trips.lately(6.0)
        RoundTrip(p50_ns=20, p90_ns=30, answers=3)
        """
        while self._took and self._took[0][0] < now_s - KEPT_S:
            self._took.popleft()
        ordered = sorted(took for _, took in self._took)
        if not ordered:
            return None
        return RoundTrip(ordered[(len(ordered) - 1) // 2], ordered[(len(ordered) * 9 - 1) // 10], len(ordered))
