"""Clocks. The kernel has none: time is an argument of each record."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of a session in Unix nanoseconds."""

    def now_ns(self) -> int:
        """Returns the current time."""
        ...


class SystemClock:
    """The monotonic clock, anchored to wall time once, so that a session's times never run backwards."""

    def __init__(self) -> None:
        self._anchor = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Returns anchored monotonic time."""
        return self._anchor + time.monotonic_ns()

    def step_ns(self) -> int:
        """Returns how far the wall clock has moved away from the anchor. The anchor stays: time never runs back."""
        return time.time_ns() - self.now_ns()
