"""An exchange, a proxy that spoils connections, the exchange's feed and an engine, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from cambist.fault_table.sink import EngineSink
from cambist.fault_table.truth import Truth
from cambist.model.events import Channel
from cambist.simulator.chaos.proxy import Proxy
from cambist.simulator.exchanges import SIMULATED_OF
from cambist.simulator.exchanges.street import Street
from feeds import venues
from feeds.exchange import ExchangeFeed
from feeds.exchange_config import ExchangeChannels, ExchangeConfig, seeding_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    from cambist.simulator.books import Listing
    from cambist.simulator.exchanges.faults import Fault

WS, INFO, DEPTH = 1, 2, 10
TICK_S = 0.1
LOOK_S = 0.002
"""How often a book is looked at while a recovery is timed."""
VENUES = tuple(SIMULATED_OF)


class Rig:
    """One exchange and all that watches it."""

    def __init__(
        self,
        venue: str,
        *,
        seed: int = 7,
        symbols: int = 2,
        rate: float = 1.0,
        listings: tuple[Listing, ...] = (),
        real_time: bool = False,
        tls: ssl.SSLContext | None = None,
        ws: str = "ws://127.0.0.1",
        faults: tuple[Fault, ...] = (),
        change: Callable[[ExchangeConfig], ExchangeConfig] = lambda config: config,
    ) -> None:
        """`listings` in place of the venue's own; `real_time`: its clock is the wall's, not the market's steps.

        `faults` are there from the beginning, on the first symbol where they name an empty one.
        `tls` is what the proxy shows at `ws`, the address the feed is given without its port.
        """
        self.name, self.venue = venue, venues.find(venue)
        clock_ms = (lambda: time.time_ns() // 1_000_000) if real_time else None
        self.street = Street(
            seed, (venue,), rate=rate, listings={venue: listings} if listings else {}, clock_ms=clock_ms
        )
        self.exchange = self.street.exchanges[venue]
        self.symbols = tuple(self.exchange.books)[:symbols]
        self.exchange.inject(*(one if one.symbol else replace(one, symbol=self.symbols[0]) for one in faults))
        self.truth = Truth(self.exchange, self.symbols)
        self.notes: list[tuple[float, str, str]] = []
        """When, level, text of each log line."""
        self.steps_per_s = 20.0
        """20 is real time; 0 stands still."""
        self._change, self._seed, self._rate = change, seed, rate
        self._tasks: list[asyncio.Task[None]] = []
        self._tls, self._ws = tls, ws
        self.proxy: Proxy
        self.sink: EngineSink
        self.feed: ExchangeFeed

    async def open(self, *, hold: Callable[[int], None] = lambda port: None) -> int:
        """Listens, and starts the feed once `hold` has seen the proxy's port, which is returned."""
        await self.street.start()
        addresses = self.street.endpoints[self.name]
        parts = urlsplit(addresses["ws"])
        host, to = parts.hostname or "", parts.port or 0
        self.proxy = Proxy(host, to, seed=self._seed, websocket=True, tls=self._tls)
        port = await self.proxy.start()
        hold(port)
        self._make(f"{self._ws}:{port}", addresses["rest"])
        self.truth.note()
        self._tasks = [asyncio.create_task(work) for work in (self._market(), self.feed.run(), self._ticks())]
        return port

    def _make(self, ws_url: str, rest_url: str) -> None:
        """Makes engine and feed."""
        protocol = self.venue.protocol
        ws = Channel(WS, self.name, self.name, f"{protocol}.ws", "rig")
        depth = {}
        if seeding_of(self.venue, "") == "rest":
            depth = {
                s: Channel(DEPTH + at, self.name, self.name, f"{protocol}.depth", "rig", s)
                for at, s in enumerate(self.symbols)
            }
        self.sink = EngineSink([ws, *depth.values()], self.symbols)
        loop = asyncio.get_running_loop()
        # As in a session, where the engine runs on another thread: a need comes when the frame was dealt with.
        self.sink.needed = lambda need: _none(loop.call_soon(self.feed.need, need))
        config = ExchangeConfig(self.symbols, name=self.name, ws=ws_url, rest=rest_url)
        self.feed = ExchangeFeed(
            self.venue,
            self._change(config),
            ExchangeChannels(ws, None, depth),
            self.sink,
            note=lambda level, source, text: self.notes.append((time.monotonic(), level, text)),
            rng=random.Random(self._seed),
        )

    async def close(self) -> None:
        """Ends all of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.proxy.close()
        await self.street.close()

    async def live(self, within_s: float = 10.0) -> float:
        """Waits until every book can be traded on; returns how long that took. Raises `TimeoutError`."""
        began = time.monotonic()
        async with asyncio.timeout(within_s):
            while not self.sink.live(self.symbols):  # noqa: ASYNC110 - what is timed is the engine's state
                await asyncio.sleep(LOOK_S)
        return time.monotonic() - began

    async def lost(self, within_s: float = 10.0) -> float:
        """Waits until some book can't be traded on; returns how long that took. Raises `TimeoutError`."""
        began = time.monotonic()
        async with asyncio.timeout(within_s):
            while self.sink.live(self.symbols):  # noqa: ASYNC110 - as above
                await asyncio.sleep(LOOK_S)
        return time.monotonic() - began

    async def settled(self, within_s: float = 5.0) -> bool:
        """Stops the market and returns whether all books come to be the venue's of then."""
        pace, self.steps_per_s = self.steps_per_s, 0.0
        for book in self.exchange.books.values():
            self.exchange.depth(book, whole_second=False)
        self.exchange.flush()
        self.truth.note()
        end = time.monotonic() + within_s
        try:
            while time.monotonic() < end:
                if self.truth.equal(self.sink.books()):
                    return True
                await asyncio.sleep(0.02)
            return False
        finally:
            self.steps_per_s = pace

    def compare(self) -> None:
        """Holds all books that can be traded on against the venue's."""
        self.truth.compare(self.sink.books())

    @property
    def sent(self) -> int:
        """Frames that the venue sent."""
        return self.exchange.sent.total()

    async def _market(self) -> None:
        while True:
            if self.steps_per_s <= 0:
                self.exchange.flush()
                await asyncio.sleep(0.05)
                continue
            self.street.step()
            self.truth.note()
            await asyncio.sleep(1.0 / self.steps_per_s)

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.sink.tick()


def _none(_: object) -> None:
    """Takes what nobody needs."""


@asynccontextmanager
async def rigs(*names: str, live: bool = True, **how: object) -> AsyncIterator[list[Rig]]:
    """Gives rigs of some venues, all live unless they need not be."""
    made = [Rig(name, **how) for name in names]  # type: ignore[arg-type]
    try:
        await asyncio.gather(*(rig.open() for rig in made))
        if live:
            await asyncio.gather(*(rig.live(20.0) for rig in made))
        yield made
    finally:
        await asyncio.gather(*(rig.close() for rig in made))
