"""The market: fair prices, the chain with its traders, and the exchange's books, stepped in simulated time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.rivals import Rivals
from cambist.simulator import world
from cambist.simulator.chain import Block, Chain, Part
from cambist.simulator.draw import Draw
from cambist.simulator.exchanges import FIRST, SIMULATED_OF
from cambist.simulator.exchanges.floor import Floor
from cambist.simulator.fees import FeeWeather
from cambist.simulator.prices import FairPrices, Weather
from cambist.simulator.race import Race
from cambist.simulator.slots import PARTS, SLOT_MS
from cambist.simulator.traders import Crowd, Desk, Sight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.books import Book
    from cambist.simulator.pool import Pool
    from cambist.simulator.transactions import Transaction

GENESIS_MS = 1_790_000_000_000
CAPACITY = 20_000_000
"""Compute units per slot that are left for this market's transactions in calm weather; the rest is other people's."""


class Market:
    """All of it, without a socket. One seed gives the same slots while nobody else trades."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float = 1.0,
        genesis_ms: int = GENESIS_MS,
        funded: tuple[bytes, ...] = (),
        exchanges: tuple[str, ...] = (),
        rivals: Rivals | None = None,
    ) -> None:
        """Without `rivals` they are the honest ones."""
        rivals = rivals or Rivals()
        self.seed, self.rate = seed, rate
        self._genesis_ms = genesis_ms
        self.weather = Weather(seed)
        self.prices = FairPrices(seed, jumps=rivals.jumps)
        opening = self.prices.usd
        self.world = world.build(seed, opening, genesis_ms // 1_000)
        for key in funded:
            world.fund(self.world.accounts, self.world.tokens, opening, key, 100_000.0, 1_000 * 10**9)
        self.chain = Chain(
            self.world.accounts, {pool.spec.address: pool for pool in self.world.pools}, seed, genesis_ms
        )
        self.fees = FeeWeather(Draw(seed, "fees"))
        self.floors = {
            venue: Floor(venue, SIMULATED_OF[venue].listings, seed, opening, rate)
            for venue in dict.fromkeys((FIRST, *exchanges))
        }
        """The first exchange's is always there: the traders look at it."""
        desk = Desk(self.chain, self.world)
        self._crowd = Crowd(seed, desk, self.world.noise, rate, rivals.flow)
        self._race = Race(seed, desk, self.world.rivals, rivals)
        self._arrivals = Draw(seed, "arrivals")
        self._arriving: list[list[Transaction]] = [[] for _ in range(PARTS)]
        """What those without a view sent for each tick of the slot under way."""
        self.ticked: Part | None = None
        """What the last step did to the slot under way; `None` before the first."""
        self.mids = [self._mid(pool) for pool in self.world.pools]
        self._pool_of = {
            key: index
            for index, pool in enumerate(self.world.pools)
            for key in (pool.spec.address, pool.spec.vault_a, pool.spec.vault_b)
        }
        self._part = 0
        self._fullness = 0.0

    @property
    def now_ms(self) -> int:
        """Simulated time in Unix milliseconds."""
        return self.chain.now_ms + self._part * SLOT_MS // PARTS

    @property
    def books(self) -> dict[str, Book]:
        """The books that the traders look at."""
        return self.floors[FIRST].books

    def step(self) -> Block | None:
        """Moves by 50 ms. Returns the slot's block if that closed one."""
        self._part += 1
        whole_second = self.now_ms % 1_000 == 0
        if self._part % 2 == 0:
            self.prices.step(self.weather.storm, 2.0 / PARTS)
        for floor in self.floors.values():
            diffs = self._part % floor.diff_steps == 0
            floor.step(self.prices.usd, self.weather.storm, diffs=diffs, whole_second=whole_second)
        return self._tick()

    def slot(self) -> Block:
        """Moves to the end of the slot under way."""
        while True:
            block = self.step()
            if block is not None:
                return block

    def _tick(self) -> Block | None:
        chain, at = self.chain, self._part
        if at == 1:
            self.weather.step()
            self.fees.step(self.weather.storm, self._fullness)
            for transaction in self._crowd.trade(self._sight(), self.fees):
                self._arriving[self._arrivals.below(PARTS)].append(transaction)
        new, self._arriving[at - 1] = self._arriving[at - 1] + self._race.due(), []
        capacity = int(CAPACITY / PARTS * max(1.0, self.rate) * (1.0 - 0.3 * self.weather.storm))
        part = self.ticked = chain.run(new, capacity)
        self._price(part.changed)
        self._race.look(self._sight(), self.fees, at)
        if at < PARTS:
            return None
        self._part = 0
        block = chain.close_slot()
        self._fullness = block.fullness
        return block

    def _price(self, changed: Iterable[bytes]) -> None:
        for index in {self._pool_of[key] for key in changed if key in self._pool_of}:
            self.mids[index] = self._mid(self.world.pools[index])

    def _sight(self) -> Sight:
        return Sight(
            mids=self.mids,
            dollars=self._dollars(),
            elsewhere=self.prices.usd,
            sol=self.books["SOLUSDT"].mid(),
            storm=self.weather.storm,
            fullness=self._fullness,
        )

    def _mid(self, pool: Pool) -> float:
        a, b = pool.reserves(self.chain.accounts.get)
        return b / a * pool.scale

    def _fair(self, base: str, quote: str) -> float:
        return self.prices.usd[base] / self.prices.usd[quote]

    def _dollars(self) -> dict[str, float]:
        """Returns dollars per token as the exchange shows them, taking USDT for a dollar."""
        found = {"USDT": 1.0, "USDC": self.books["USDCUSDT"].mid()}
        for book in self.books.values():
            if book.listing.quote == "USDT":
                found[book.listing.base_token] = book.mid()
        for symbol in ("mSOL", "jitoSOL"):
            found[symbol] = found["SOL"] * self._fair(symbol, "SOL")
        return found
