"""Two nodes of one chain over real sockets, each with faults of its own, and an engine that hears both."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.snapshot import container
from cambist.model.events import Channel, RecordKind, pack
from cambist.model.market import PoolRef
from cambist.model.opportunity import Need
from cambist.simulator.market import Market
from cambist.simulator.node import Node
from feeds.socket import SocketLimits
from feeds.solana import SolanaConfig, SolanaFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cambist.simulator.faults import Faults

A = Channel(1, "a", "solana", "solana.ws", "a"), Channel(2, "a", "solana", "solana.http", "a")
B = Channel(3, "b", "solana", "solana.ws", "b"), Channel(4, "b", "solana", "solana.http", "b")
SLOT_S = 0.1
"""A quarter of what a slot takes on the real chain."""
LOOK_S = 0.005


class Hub:
    """A `feeds.base.Sink` that steps an engine and hands its needs back to the feeds."""

    def __init__(self, setup: EngineSetup) -> None:
        self.engine = make_engine("auto", setup)
        self.feeds: list[SolanaFeed] = []
        self.seq = self.go = 0

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame."""
        self._take(RecordKind.FRAME, body, channel=channel, conn=conn, generation=generation, direction=direction)

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Notes that a connection is open."""
        self._take(RecordKind.CONNECTED, b"{}", channel=channel, conn=conn, generation=generation)

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Notes that a connection ended."""
        self._take(RecordKind.DISCONNECTED, b"{}", channel=channel, conn=conn, generation=generation)

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Notes frames that a source dropped."""
        self._take(RecordKind.GAP, b"{}", channel=channel)

    def view(self) -> Any:
        """Returns what screens could show."""
        return msgspec.json.decode(self.engine.present(time.monotonic_ns()))

    def state(self) -> Any:
        """Returns all that the engine holds."""
        return msgspec.to_builtins(container.read(self.engine.snapshot()))

    def channel(self, at: int) -> Any:
        """Returns what is shown of a channel."""
        return next(each for each in self.view()["channels"] if each["channel"] == at)

    def refused(self, reason: str) -> int:
        """Returns how many accounts were refused for a reason."""
        return int(self.view()["counters"]["refused"].get(reason, 0))

    def carriers(self) -> set[int]:
        """Returns the channels that pools are believed on."""
        return {pool["carrier"] for pool in self.state()["pools"]}

    def account(self, key: bytes) -> Any:
        """Returns an account as the engine has it."""
        return next(account for account in self.state()["accounts"] if account["key"] == base58.encode(key))

    def all_live(self) -> bool:
        """Returns whether every pool can be quoted."""
        return {pool["state"] for pool in self.state()["pools"]} <= {"live", "closed"}

    def _take(self, kind: int, body: bytes, **header: int) -> None:
        self.seq += 1
        block, engine = pack(self.seq, time.monotonic_ns(), kind, body, **header), self.engine
        done = engine.ingest(block, 0, 1 << 62) if kind == RecordKind.FRAME else engine.control(block, 0)
        self.go += done.go
        for line in done.needs.splitlines():
            for feed in self.feeds:
                feed.need(msgspec.json.decode(line, type=Need))


class Nodes:
    """The two nodes, the engine, and a vault of one of its pools."""

    def __init__(self, hub: Hub, node: Node, vault: bytes) -> None:
        self.hub, self.node, self.vault = hub, node, vault

    @property
    def mine(self) -> Faults:
        """What the first node does wrong."""
        return self.node.faults

    @property
    def theirs(self) -> Faults:
        """What the second node does wrong."""
        return self.node.others[0].faults


async def until(holds: Callable[[], bool], within_s: float = 30.0) -> float:
    """Waits for something; returns how long that took. Raises `TimeoutError`."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for is the engine's state
            await asyncio.sleep(LOOK_S)
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def two_nodes(seed: int = 5) -> AsyncIterator[Nodes]:
    """Gives both nodes on a live market, every pool live."""
    node = Node(Market(seed), others=1)
    await node.start()
    facts, other = node.describe(), node.others[0]
    pools = [PoolRef(pool["address"], pool["program"]) for pool in facts["pools"]]
    hub = Hub(EngineSetup(channels=(*A, *B), pools=tuple(pools)))
    quick = SocketLimits(backoff_base_s=0.02, backoff_cap_s=0.1)
    for channels, where in ((A, facts), (B, other.endpoints)):
        config = SolanaConfig(channels[0].feed, where["pubsub"], where["rpc"], socket=quick)
        hub.feeds.append(SolanaFeed(config, *channels, hub, pools=pools))

    async def slots() -> None:
        while True:
            while node.step() is None:
                pass
            await asyncio.sleep(SLOT_S)

    tasks = [asyncio.create_task(work) for work in (slots(), *(feed.run() for feed in hub.feeds))]
    try:
        await until(hub.all_live, 60)
        vaults = hub.state()["pools"]
        vault = next(base58.decode(pool["vaults"][0]) for pool in vaults if pool["vaults"])
        assert vault is not None
        yield Nodes(hub, node, vault)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await node.close()
