"""Which books are seeded next: one recovery a symbol, the most important first, within the venue's limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from feeds.loop_time import loop_s

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.bucket import Bucket

CALM_S = 60.0
"""A book that needed no seed for this long starts its backoff over."""
IN_A_ROW = 4
"""Recoveries of one symbol in a row that are worth an alarm: its seeds don't last."""
GATHER_S = 0.02
"""Recoveries wait this long for company: a hiccup takes many books at once, and one message may name them all."""


class Reseeder:
    """Starts recoveries. Its owner says when one is over."""

    def __init__(
        self,
        order: Sequence[str],
        bucket: Callable[[], Bucket],
        start: Callable[[list[str]], None],
        *,
        weight: float,
        batch: int,
        backoff_s: Sequence[float],
        alarm: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = loop_s,
    ) -> None:
        """`order` is that of importance; at most `batch` symbols are started together, for `weight` in all.

        `alarm` hears of a symbol whose seeds don't last, once until it is calm again.
        """
        self._rank = {symbol: at for at, symbol in enumerate(order)}
        self._bucket, self._start, self._weight, self._batch = bucket, start, weight, batch
        self._backoff_s, self._alarm, self._clock = tuple(backoff_s), alarm, clock
        self._due: dict[str, float] = {}
        self._running: set[str] = set()
        self._history: dict[str, tuple[int, float]] = {}
        """Symbol → (recoveries in a row, time of the last)."""
        self._changed = asyncio.Event()

    @property
    def pending(self) -> set[str]:
        """Symbols that wait for a seed, or are being seeded."""
        return {*self._due, *self._running}

    def want(self, symbol: str, *, fresh: bool = False) -> None:
        """Plans a recovery, unless one is planned or runs.

        `fresh`: for a connection that takes over, which says nothing of how long the seeds before lasted.
        """
        if symbol not in self._rank or symbol in self._due or symbol in self._running:
            return
        if fresh:
            self._history.pop(symbol, None)
        self._due[symbol] = self._clock() + self._wait_s(symbol)
        self._changed.set()

    def done(self, symbol: str) -> None:
        """Ends a recovery, well or not."""
        self._running.discard(symbol)

    def forget(self) -> None:
        """Ends all of them: the connection they were for is gone, and with it what they say of the books' seeds."""
        self._due.clear()
        self._running.clear()
        self._history.clear()

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            self._changed.clear()
            wait_s = self._next_s()
            if wait_s == 0.0:
                self._begin()
                continue
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                continue

    def _next_s(self) -> float | None:
        """Returns how long nothing can be started; `None` if nothing is planned."""
        if not self._due:
            return None
        due_s = max(0.0, min(self._due.values()) - self._clock())
        return max(due_s, self._bucket().wait_s(self._weight))

    def _begin(self) -> None:
        now = self._clock()
        due = sorted((s for s, at in self._due.items() if at <= now), key=self._rank.__getitem__)[: self._batch]
        if not due:
            return
        self._bucket().spend(self._weight)
        for symbol in due:
            del self._due[symbol]
            self._running.add(symbol)
            count = self._history.get(symbol, (0, now))[0] + 1
            self._history[symbol] = (count, now)
            if count == IN_A_ROW:
                self._alarm(symbol)
        self._start(due)

    def _wait_s(self, symbol: str) -> float:
        """Returns the wait before a symbol's next seed, longer each time while it needs one after the other."""
        now = self._clock()
        count, last = self._history.get(symbol, (0, now))
        if now - last > CALM_S:
            count = 0
            self._history.pop(symbol, None)
        return self._backoff_s[min(count, len(self._backoff_s) - 1)]
