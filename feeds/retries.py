"""When subscriptions are tried again: longer waits each time, and never too many attempts a minute."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.bucket import Bucket
    from feeds.subscription_state import Past, Shared

MINUTE_S = 60.0
TIMER_S = 0.001
"""By how much a timer comes later than what it is for, so that it does not come too early."""


class Retries:
    """The attempts that are planned on one connection. What is due together is tried together."""

    def __init__(self, shared: Shared, operations: Bucket, again: Callable[[list[str], list[str]], None]) -> None:
        """`again` takes the keys to unsubscribe and subscribe, and those only to subscribe."""
        self._shared, self._operations, self._again = shared, operations, again
        self._due: dict[str, tuple[float, bool]] = {}
        """Key → when, and whether to unsubscribe it first."""
        self._timers: set[asyncio.TimerHandle] = set()

    def plan(self, key: str, wait_s: float, *, anew: bool) -> None:
        """Plans an attempt; `anew` unsubscribes first."""
        self._due[key] = (self._shared.clock() + wait_s, anew)
        self._timers.add(asyncio.get_running_loop().call_later(wait_s + TIMER_S, self._try))

    def plan_after_failure(self, key: str, *, anew: bool) -> None:
        """Plans an attempt after as long a wait as the failures in a row call for."""
        past, waits = self._shared.past[key], self._shared.retry.retry_s
        wait_s = waits[min(past.failures, len(waits)) - 1]
        self.plan(key, max(wait_s, self.spent_s(past), self._operations.paused_s()), anew=anew)

    def spent_s(self, past: Past) -> float:
        """Returns for how long a subscription has no attempt left in this minute."""
        if len(past.attempts) < (past.attempts.maxlen or 0):
            return 0.0
        return max(0.0, past.attempts[0] + MINUTE_S - self._shared.clock())

    def forget(self, key: str) -> None:
        """Plans nothing more for a key."""
        self._due.pop(key, None)

    def close(self) -> None:
        """Plans nothing more at all."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._due.clear()

    def _try(self) -> None:
        now = self._shared.clock()
        due = {key: anew for key, (at, anew) in self._due.items() if at <= now}
        for key in due:
            del self._due[key]
        self._again([key for key, anew in due.items() if anew], [key for key, anew in due.items() if not anew])
        if not self._due:
            self._timers.clear()
