"""Clocks. The kernel has none: time is an argument of each record."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of a session in Unix nanoseconds."""

    def now_ns(self) -> int:
        """Returns the current time."""
        ...


class SessionClock(Clock, Protocol):
    """What a live session runs on besides its time."""

    def step_ns(self) -> int:
        """Returns how far the wall clock has moved away from this one since it was made."""
        ...

    def elapsed_ns(self) -> int:
        """Returns time that goes on while the machine is suspended, where the system has a clock for it."""
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

    def elapsed_ns(self) -> int:
        """Returns time that goes on while the machine is suspended, where the system has a clock for it."""
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)


class GivenClock:
    """A clock that stands until it is moved on: work takes none of its time."""

    def __init__(self, start_ns: int) -> None:
        """`start_ns` is where it begins, in Unix nanoseconds."""
        self._start_ns = start_ns
        self.passed_ns = 0
        """How far it was moved since."""

    def now_ns(self) -> int:
        """Returns where it stands."""
        return self._start_ns + self.passed_ns

    def step_ns(self) -> int:
        """Returns 0: no other clock says what it is."""
        return 0

    def elapsed_ns(self) -> int:
        """Returns how far it was moved: it stands while the machine does."""
        return self.passed_ns

    def move(self, ns: int) -> None:
        """Moves it on."""
        self.passed_ns += ns
