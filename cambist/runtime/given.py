"""An event loop on a given clock: a wait takes as long as nothing else is to be done, and no time passes by working.

All that waits in such a loop does so in the order of its times, whatever the machine is doing. With a pace the loop
also waits in real time, for a screen or to be compared; what is decided is the same.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from cambist.clock import GivenClock

HELD_S, HELD_MOST = 0.002, 500
"""How long to wait for what holds the clock before it is asked again, and how often: it may wait for this clock."""
S = 1_000_000_000


class GivenLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a given clock's. Nothing in it may wait for a peer outside of the process."""

    def __init__(
        self, clock: GivenClock, *, pace: float | None = None, held: Callable[[], bool] = lambda: False
    ) -> None:
        """`pace` is given seconds in a real one, `None` as fast as it goes. While `held`, the clock stands."""
        self._given, self._timers = clock, itertools.count()
        super().__init__(_GivenSelector(clock, pace, held))

    def time(self) -> float:
        """Returns how far the clock was moved, in seconds."""
        return self._given.passed_ns / S

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Calls back at a time; of equal times in the order of these calls, which asyncio's own leaves to its heap."""
        timer = _Timer(when, callback, args, self, context)
        timer.number = next(self._timers)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]  # asyncio's; its stubs leave it out
        timer._scheduled = True  # type: ignore[attr-defined]  # the same
        return timer


class _Timer(asyncio.TimerHandle):
    """A timer with a place among those of the same time."""

    number = 0

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        assert isinstance(other, _Timer)
        return (self.when(), self.number) < (other.when(), other.number)


class _GivenSelector(selectors.DefaultSelector):
    """Moves the clock on where a selector would wait."""

    def __init__(self, clock: GivenClock, pace: float | None, held: Callable[[], bool]) -> None:
        super().__init__()
        self._clock, self._pace, self._held = clock, pace, held
        self._holds = 0
        self._began_s, self._from_ns = time.monotonic(), clock.passed_ns

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Returns what other threads have for the loop; what it waits for is due if that is nothing."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            return super().select(None)
        if self._held() and self._holds < HELD_MOST:
            self._holds += 1
            return super().select(HELD_S)
        self._holds = 0
        wait_ns = max(1, round(timeout * S))
        if self._pace is not None and (ready := super().select(self._real_s(wait_ns))):
            return ready
        self._clock.move(wait_ns)
        return []

    def _real_s(self, wait_ns: int) -> float:
        """Returns for how long to wait until the clock may be moved on by so much."""
        assert self._pace is not None
        due_s = self._began_s + (self._clock.passed_ns + wait_ns - self._from_ns) / S / self._pace
        return max(0.0, due_s - time.monotonic())
