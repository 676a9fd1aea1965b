"""How often a book is usually told of, to notice when it is not."""

from __future__ import annotations

import msgspec

LEAST_SILENCE_NS = 5_000_000_000
"""No book is silent before this time has passed."""

FIRST_SILENCE_NS = 30_000_000_000
"""One whose pace isn't known yet has this long."""

GAPS = 10
"""A book is silent after this many of its usual gaps."""

ENOUGH = 8
"""Gaps after which the pace is known."""

STEP = 16
"""The share of itself by which the estimate moves with each gap."""


class Pace(msgspec.Struct, forbid_unknown_fields=True):
    """A running estimate of the median gap between messages: each one moves it a step up or down."""

    last_message_ns: int | None = msgspec.field(default=None, name="heard_ns")
    median_ns: int = 0
    gaps: int = 0

    def received(self, now_ns: int) -> None:
        """A message came."""
        before, self.last_message_ns = self.last_message_ns, now_ns
        if before is None:
            return
        gap = max(0, now_ns - before)
        self.gaps = min(self.gaps + 1, (1 << 32) - 1)
        if self.gaps == 1:
            self.median_ns = gap
        elif gap > self.median_ns:
            self.median_ns += min(self.median_ns // STEP + 1, gap - self.median_ns)
        else:
            self.median_ns -= min(self.median_ns // STEP, self.median_ns - gap)

    def pause(self) -> None:
        """A new connection: the gap before it says nothing."""
        self.last_message_ns = None

    def then(self, later: Pace) -> Pace:
        """Returns this pace, with the last message of `later`."""
        return Pace(later.last_message_ns, self.median_ns, self.gaps)

    @property
    def patience_ns(self) -> int:
        """How long the book may say nothing."""
        return FIRST_SILENCE_NS if self.gaps < ENOUGH else max(LEAST_SILENCE_NS, self.median_ns * GAPS)

    @property
    def silent_ns(self) -> int | None:
        """Until when the book may say nothing, `None` if it wasn't heard of yet."""
        return None if self.last_message_ns is None else self.last_message_ns + self.patience_ns

    def is_silent(self, now_ns: int) -> bool:
        """Returns whether nothing was said for longer than that."""
        return self.silent_ns is not None and now_ns > self.silent_ns
