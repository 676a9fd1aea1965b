"""The loopback node and exchange over one market, and the clock that drives it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from cambist.engine.reference.chain import program
from cambist.simulator.direct import Direct
from cambist.simulator.encoding import key_text
from cambist.simulator.exchanges import FIRST, make
from cambist.simulator.exchanges.floor import STEP_MS
from cambist.simulator.faults import Faults
from cambist.simulator.pubsub import PubSub
from cambist.simulator.rpc import Rpc
from cambist.simulator.slots import PARTS
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.simulator.accounts import Account
    from cambist.simulator.chain import Block
    from cambist.simulator.market import Market

HOST = "127.0.0.1"
MAX_BEHIND_S = 2.0
"""A market that fell further behind than this (a suspended machine) goes on from now instead of racing."""


class Ports:
    """Where to listen: ports in a row from `first` on, or free ones if it is 0. Four, and two per further exchange."""

    def __init__(self, first: int = 0, exchanges: tuple[str, ...] = (FIRST,)) -> None:
        self.rpc, self.pubsub, *rest = (first + i if first else 0 for i in range(2 + 2 * len(exchanges)))
        self.exchanges = {venue: (rest[2 * i], rest[2 * i + 1]) for i, venue in enumerate(exchanges)}
        """Venue → REST and WebSocket port."""


class SecondNode:
    """Another node of the same chain, with faults of its own."""

    def __init__(self, market: Market, number: int, max_unsent: int) -> None:
        self.faults = Faults()
        self.pubsub = PubSub(market.chain, market.seed + number, max_unsent, self.faults)
        self.rpc = Rpc(market.chain, self.faults)
        self.endpoints: dict[str, str] = {}

    async def start(self) -> None:
        """Starts listening on free ports."""
        rpc, pubsub = await self.rpc.start(HOST, 0), await self.pubsub.start(HOST, 0)
        self.endpoints = {"rpc": f"http://{HOST}:{rpc}", "pubsub": f"ws://{HOST}:{pubsub}"}


class Node:
    """A market with its four servers, and more nodes of its chain where asked for."""

    def __init__(
        self,
        market: Market,
        *,
        slot_ms: float = 400.0,
        max_unsent: int = MAX_UNSENT,
        others: int = 0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is the clock of the exchanges' limits on clients."""
        self.market = market
        self._step_s = slot_ms / 1_000.0 / PARTS
        self._skipped_s = 0.0
        self.faults = Faults()
        self.pubsub = PubSub(market.chain, market.seed, max_unsent, self.faults)
        self.rpc = Rpc(market.chain, self.faults)
        self.others = [SecondNode(market, number, max_unsent) for number in range(1, others + 1)]
        self.exchanges = {
            venue: make(
                venue, floor.books, lambda: self.now_ms, seed=market.seed, max_unsent=max_unsent, seconds=seconds
            )
            for venue, floor in market.floors.items()
        }
        for venue, exchange in self.exchanges.items():
            market.floors[venue].listen(exchange, exchange.diff_steps)
        self.exchange = self.exchanges[FIRST]
        self._endpoints: dict[str, Any] = {}

    @property
    def now_ms(self) -> int:
        """The exchanges' time in Unix milliseconds: the market's and what it skipped, in which clocks went on."""
        return self.market.now_ms + round(self._skipped_s / self._step_s * STEP_MS)

    async def start(self, ports: Ports | None = None) -> None:
        """Starts listening. Raises `OSError` if a port is taken."""
        ports = ports or Ports(exchanges=tuple(self.exchanges))
        rpc = await self.rpc.start(HOST, ports.rpc)
        pubsub = await self.pubsub.start(HOST, ports.pubsub)
        found = {}
        for venue, exchange in self.exchanges.items():
            rest, ws = await exchange.start(HOST, *ports.exchanges[venue])
            symbols = list(exchange.books)
            found[venue] = {"rest": f"http://{HOST}:{rest}", "ws": f"ws://{HOST}:{ws}", "symbols": symbols}
        for other in self.others:
            await other.start()
        self._endpoints = {
            "rpc": f"http://{HOST}:{rpc}",
            "pubsub": f"ws://{HOST}:{pubsub}",
            "exchange_rest": found[FIRST]["rest"],
            "exchange_ws": found[FIRST]["ws"],
            "exchanges": found,
        }

    def direct(self) -> Direct:
        """Returns what reaches all of it without sockets, in place of `start`."""
        direct = Direct()
        found = {}
        for venue, exchange in self.exchanges.items():
            rest, ws = direct.serve(http=exchange.rest), direct.serve(sockets=exchange.sockets)
            found[venue] = {"rest": rest, "ws": ws, "symbols": list(exchange.books)}
        self._endpoints = {
            "rpc": direct.serve(http=self.rpc.server),
            "pubsub": direct.serve(sockets=self.pubsub.sockets),
            "exchange_rest": found[FIRST]["rest"],
            "exchange_ws": found[FIRST]["ws"],
            "exchanges": found,
        }
        return direct

    async def close(self) -> None:
        """Stops all servers."""
        others = [part.close() for other in self.others for part in (other.pubsub, other.rpc)]
        exchanges = [exchange.close() for exchange in self.exchanges.values()]
        await asyncio.gather(self.pubsub.close(), self.rpc.close(), *exchanges, *others)

    def step(self) -> Block | None:
        """Moves the market by one tick and tells what that did, and the slot that it closed, if it did."""
        block, part = self.market.step(), self.market.ticked
        for pubsub in (self.pubsub, *(other.pubsub for other in self.others)):
            if part is not None:
                pubsub.ticked(part)
            if block is not None:
                pubsub.closed_slot(block)
        return block

    def burst(self, changes: Sequence[tuple[bytes, Account]]) -> int:
        """Closes a slot that has these changes of accounts, in their order, and tells all at once.

        Returns how many notifications this node told.
        """
        slot = self.market.chain.put_slot(changes)
        clock = (program.CLOCK, self.market.chain.accounts[program.CLOCK])
        told = self.pubsub.burst(slot, (clock, *changes))
        for other in self.others:
            other.pubsub.burst(slot, (clock, *changes))
        return told

    def fork(self, accounts: dict[bytes, Account]) -> int:
        """Drops the slot under way, in which this node alone told `accounts`. Returns that slot."""
        slot = self.market.chain.drop_slot()
        self.pubsub.dropped_slot(slot, accounts)
        for other in self.others:
            other.pubsub.dropped_slot(slot, {})
        return slot

    async def run(self, slots: int | None = None) -> None:
        """Steps the market in the loop's time for so many slots, or until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while slots is None or slots > 0:
            due += self._step_s
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self.step() is not None:
                slots = None if slots is None else slots - 1
            behind_s = loop.time() - due
            if behind_s > MAX_BEHIND_S:
                due += behind_s
                self._skipped_s += behind_s

    def describe(self) -> dict[str, Any]:
        """Returns the endpoints and what is to be found there."""
        world = self.market.world
        listings = [
            (venue, book.listing) for venue, exchange in self.exchanges.items() for book in exchange.books.values()
        ]
        assets = {(venue, item.quote): item.quote_token for venue, item in listings}
        # A pair whose price is a multiple of a token's (BTC) is not that token; the dollar is no token either.
        assets |= {(venue, item.base): item.base_token for venue, item in listings if item.scale == 1.0}
        return {
            "schema": 1,
            "demo": True,
            "seed": self.market.seed,
            **self._endpoints,
            "slot": self.market.chain.slot,
            "pools": [
                {
                    "address": key_text(pool.spec.address),
                    "program": key_text(world.accounts[pool.spec.address].owner),
                    "venue": pool.spec.venue,
                    "token_a": pool.spec.token_a.symbol,
                    "token_b": pool.spec.token_b.symbol,
                    "fee_ppm": pool.spec.fee_ppm,
                }
                for pool in world.pools
            ],
            "tokens": [
                {
                    "mint": key_text(token.mint),
                    "symbol": token.symbol,
                    "decimals": token.decimals,
                    "program": key_text(token.token_program),
                    "demo": not token.real,
                }
                for token in world.tokens.values()
            ],
            "symbols": list(self.exchange.books),
            "instruments": [
                {"venue": venue, "symbol": item.symbol, "base": item.base, "quote": item.quote}
                for venue, item in listings
            ],
            "identities": [
                {"venue": venue, "asset": asset, "mint": key_text(world.tokens[token].mint)}
                for (venue, asset), token in sorted(assets.items())
                if token in world.tokens
            ],
            "lookup_tables": [key_text(table) for table in world.tables],
        }
