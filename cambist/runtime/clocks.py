"""What goes wrong with time: the loop stood still, the wall clock stepped, a venue's clock and ours differ."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cambist.model.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.clock import SessionClock
    from feeds.base import FeedStatus

MS = 1_000_000
PAUSE_NS = 2_000 * MS
"""From when on a loop that stood still believes nothing of before; it looks four times a second."""
STEP_NS = 50 * MS
"""A step of the wall clock that is recorded."""
DISARM_STEP_NS = 250 * MS
DISARM_OFFSET_NS = 500 * MS
SETTLED_S = 10.0
"""How long the wall clock must not step again before orders may go out."""


class Pauses:
    """Notices that nobody looked for a while: the process was stopped, the lid was closed, a call blocked the loop."""

    def __init__(self, elapsed: Callable[[], int]) -> None:
        self._elapsed = elapsed
        self._seen = elapsed()

    def look(self) -> int:
        """Returns for how many nanoseconds all stood still; 0 if that is not worth a word."""
        now = self._elapsed()
        passed, self._seen = now - self._seen, now
        return passed if passed > PAUSE_NS else 0


class ClockGuard:
    """Says why the clock keeps orders from going out."""

    def __init__(self, clock: SessionClock, now: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._now = clock, now
        self._stepped_ns = 0
        self._step_reason = ""
        self._settled_at = 0.0
        self._measured: set[str] = set()
        """Feeds whose venue told its time."""

    def step_ns(self) -> int:
        """Returns by how much the wall clock stepped since the last call; 0 if by less than is recorded."""
        step = self._clock.step_ns() - self._stepped_ns
        if abs(step) <= STEP_NS:
            return 0
        self._stepped_ns += step
        if abs(step) > DISARM_STEP_NS:
            self._step_reason = f"the wall clock stepped by {_signed(step)}"
            self._settled_at = self._now() + SETTLED_S
        return step

    def fault(self, statuses: Iterable[FeedStatus]) -> str:
        """Returns what keeps orders from going out; empty if nothing does.

        An offset counts by what is beyond doubt of it. After a step every venue that told its time has to do so again.
        """
        known = {}
        for status in statuses:
            if (offset := status.clock_offset_ns) is None:
                continue  # a feed has connections that tell no time beside the one that does
            known[status.name] = offset
            if abs(offset) - status.clock_error_ns > DISARM_OFFSET_NS:
                name = sanitise(status.name, 24)
                return f"this clock is {_signed(-offset)} off {name}'s: set it (timedatectl set-ntp true)"
        unknown = self._measured - known.keys()
        self._measured |= known.keys()
        if self._step_reason and self._now() >= self._settled_at and not unknown:
            self._step_reason = ""
        if self._step_reason and unknown and self._now() >= self._settled_at:
            return f"{self._step_reason}, and {sanitise(', '.join(sorted(unknown)), 40)} did not tell its time since"
        return self._step_reason


def _signed(ns: int) -> str:
    ms = round(ns / MS)
    return f"{ms:+,} ms" if abs(ms) < 10_000 else f"{ms / 1000:+,.1f} s"
