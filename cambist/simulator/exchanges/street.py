"""Several exchanges around one fair price, without a chain: what tests of feeds and load tests run against."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cambist.simulator.exchanges import SIMULATED_OF, make
from cambist.simulator.exchanges.floor import STEP_MS, Floor
from cambist.simulator.prices import FairPrices, Weather
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.simulator.books import Listing
    from cambist.simulator.exchanges.base import Exchange

GENESIS_MS = 1_790_000_000_000
HOST = "127.0.0.1"
SLOT_STEPS = 8


class Street:
    """Exchanges whose books move when `step` is called. One seed gives the same books."""

    def __init__(
        self,
        seed: int,
        venues: Sequence[str] = tuple(SIMULATED_OF),
        *,
        rate: float = 1.0,
        genesis_ms: int = GENESIS_MS,
        max_unsent: int = MAX_UNSENT,
        listings: Mapping[str, tuple[Listing, ...]] | None = None,
        clock_ms: Callable[[], int] | None = None,
    ) -> None:
        """`listings` says what a venue lists, if not the usual; `clock_ms` is asked for the time, not the steps."""
        self._genesis_ms = genesis_ms
        self._clock_ms = clock_ms
        listed = {venue: SIMULATED_OF[venue].listings for venue in venues} | dict(listings or {})
        self._steps = 0
        self._weather = Weather(seed)
        self._prices = FairPrices(seed)
        self.floors = {venue: Floor(venue, listed[venue], seed, self._prices.usd, rate) for venue in venues}
        self.exchanges: dict[str, Exchange] = {}
        for venue, floor in self.floors.items():
            exchange = make(venue, floor.books, lambda: self.now_ms, seed=seed, max_unsent=max_unsent)
            self.exchanges[venue] = exchange
            floor.listen(exchange, exchange.diff_steps)
        self.endpoints: dict[str, dict[str, str]] = {}
        """Venue → addresses `ws` and `rest`, once started."""

    @property
    def now_ms(self) -> int:
        """The venues' time in Unix milliseconds."""
        if self._clock_ms is not None:
            return self._clock_ms()
        return self._genesis_ms + self._steps * STEP_MS

    async def start(self) -> None:
        """Listens on free loopback ports."""
        for venue, exchange in self.exchanges.items():
            rest, ws = await exchange.start(HOST)
            self.endpoints[venue] = {"rest": f"http://{HOST}:{rest}", "ws": f"ws://{HOST}:{ws}"}

    async def close(self) -> None:
        """Stops all servers."""
        await asyncio.gather(*(exchange.close() for exchange in self.exchanges.values()))

    def step(self) -> None:
        """Moves by 50 ms."""
        self._steps += 1
        if self._steps % SLOT_STEPS == 0:
            self._weather.step()
        if self._steps % 2 == 0:
            self._prices.step(self._weather.storm, 2.0 / SLOT_STEPS)
        for floor in self.floors.values():
            diffs = self._steps % floor.diff_steps == 0
            floor.step(
                self._prices.usd, self._weather.storm, diffs=diffs, whole_second=self._steps * STEP_MS % 1_000 == 0
            )

    async def run(self) -> None:
        """Steps in real time until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + STEP_MS / 1_000.0, loop.time() - 1.0)
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.step()
