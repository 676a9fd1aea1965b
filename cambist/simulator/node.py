"""The loopback node and exchange over one market, and the clock that drives it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from cambist.simulator.encoding import key_text
from cambist.simulator.exchange import Exchange
from cambist.simulator.faults import Faults
from cambist.simulator.market import PARTS
from cambist.simulator.pubsub import PubSub
from cambist.simulator.rpc import Rpc
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from cambist.simulator.accounts import Account
    from cambist.simulator.chain import Block
    from cambist.simulator.market import Market

HOST = "127.0.0.1"
MAX_BEHIND_S = 2.0
"""A market that fell further behind than this (a suspended machine) goes on from now instead of racing."""


class Ports:
    """Where to listen: four ports in a row from `first` on, or four free ones if it is 0."""

    def __init__(self, first: int = 0) -> None:
        self.rpc, self.pubsub, self.exchange_rest, self.exchange_ws = (first + i if first else 0 for i in range(4))


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
        self, market: Market, *, slot_ms: float = 400.0, max_unsent: int = MAX_UNSENT, others: int = 0
    ) -> None:
        self.market = market
        self.faults = Faults()
        self.pubsub = PubSub(market.chain, market.seed, max_unsent, self.faults)
        self.rpc = Rpc(market.chain, self.faults)
        self.others = [SecondNode(market, number, max_unsent) for number in range(1, others + 1)]
        self.exchange = Exchange(market, max_unsent)
        market.exchange = self.exchange
        self._step_s = slot_ms / 1_000.0 / PARTS
        self._endpoints: dict[str, str] = {}

    async def start(self, ports: Ports | None = None) -> None:
        """Starts listening. Raises `OSError` if a port is taken."""
        ports = ports or Ports()
        rpc = await self.rpc.start(HOST, ports.rpc)
        pubsub = await self.pubsub.start(HOST, ports.pubsub)
        rest, ws = await self.exchange.start(HOST, ports.exchange_rest, ports.exchange_ws)
        for other in self.others:
            await other.start()
        self._endpoints = {
            "rpc": f"http://{HOST}:{rpc}",
            "pubsub": f"ws://{HOST}:{pubsub}",
            "exchange_rest": f"http://{HOST}:{rest}",
            "exchange_ws": f"ws://{HOST}:{ws}",
        }

    async def close(self) -> None:
        """Stops all servers."""
        others = [part.close() for other in self.others for part in (other.pubsub, other.rpc)]
        await asyncio.gather(self.pubsub.close(), self.rpc.close(), self.exchange.close(), *others)

    def step(self) -> Block | None:
        """Moves the market by one part of a slot and tells what that closed, if it did."""
        block = self.market.step()
        if block is not None:
            for pubsub in (self.pubsub, *(other.pubsub for other in self.others)):
                pubsub.closed_slot(block)
        return block

    def fork(self, accounts: dict[bytes, Account]) -> int:
        """Drops the slot under way, in which this node alone told `accounts`. Returns that slot."""
        slot = self.market.chain.drop_slot()
        self.pubsub.dropped_slot(slot, accounts)
        for other in self.others:
            other.pubsub.dropped_slot(slot, {})
        return slot

    async def run(self, slots: int | None = None) -> None:
        """Steps the market in real time for so many slots, or until cancelled."""
        due = time.monotonic()
        while slots is None or slots > 0:
            due += self._step_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.step() is not None:
                slots = None if slots is None else slots - 1
            if time.monotonic() - due > MAX_BEHIND_S:
                due = time.monotonic()

    def describe(self) -> dict[str, Any]:
        """Returns the endpoints and what is to be found there."""
        world, books = self.market.world, self.market.books.values()
        assets = {book.listing.base: book.listing.base_token for book in books}
        assets |= {book.listing.quote: book.listing.quote_token for book in books}
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
            "symbols": [book.listing.symbol for book in books],
            "instruments": [
                {
                    "venue": "binance",
                    "symbol": item.listing.symbol,
                    "base": item.listing.base,
                    "quote": item.listing.quote,
                }
                for item in books
            ],
            "identities": [
                {"venue": "binance", "asset": asset, "mint": key_text(world.tokens[token].mint)}
                for asset, token in sorted(assets.items())
            ],
            "lookup_tables": [key_text(table) for table in world.tables],
        }
