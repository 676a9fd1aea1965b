"""Two nodes of one chain over real sockets, one of them faulty: forks, lies, lag and silence in an engine."""

import asyncio
import contextlib
import json
import time

import msgspec

from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference import base58
from cambist.model.events import Channel, RecordKind, pack
from cambist.model.market import PoolRef
from cambist.model.opportunity import Need
from cambist.simulator.accounts import Account
from cambist.simulator.faults import cut, holding, owned_by
from cambist.simulator.market import Market
from cambist.simulator.node import Node
from feeds.socket import SocketLimits
from feeds.solana import SolanaConfig, SolanaFeed
from tests.feeds.servers import running, until

A = Channel(1, "a", "solana", "solana.ws", "a"), Channel(2, "a", "solana", "solana.http", "a")
B = Channel(3, "b", "solana", "solana.ws", "b"), Channel(4, "b", "solana", "solana.http", "b")
SLOT_S = 0.1


class Hub:
    """A sink that feeds an engine and hands its needs back to the feeds."""

    def __init__(self, setup: EngineSetup) -> None:
        self.engine = make_engine("auto", setup)
        self.feeds: list[SolanaFeed] = []
        self.seq = 0
        self.go = 0

    def _take(self, kind: int, body: bytes, **header: int) -> None:
        self.seq += 1
        block = pack(self.seq, time.monotonic_ns(), kind, body, **header)
        is_frame = kind == RecordKind.FRAME
        done = self.engine.ingest(block, 0, 1 << 62) if is_frame else self.engine.control(block, 0)
        self.go += done.go
        for line in done.needs.splitlines():
            for feed in self.feeds:
                feed.need(msgspec.json.decode(line, type=Need))

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        header = {"channel": channel, "conn": conn, "generation": generation, "direction": direction}
        self._take(RecordKind.FRAME, body, **header)

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        self._take(RecordKind.CONNECTED, b"{}", channel=channel, conn=conn, generation=generation)

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        self._take(RecordKind.DISCONNECTED, b"{}", channel=channel, conn=conn, generation=generation)

    def gap(self, channel: int, count: int, reason: str) -> None:
        self._take(RecordKind.GAP, b"{}", channel=channel)

    def view(self) -> dict:
        return json.loads(self.engine.present(time.monotonic_ns()))

    def channel(self, at: int) -> dict:
        return next(each for each in self.view()["channels"] if each["channel"] == at)

    def states(self) -> dict[str, str]:
        return {pool["name"]: pool["state"] for pool in json.loads(self.engine.snapshot())["pools"]}

    def carriers(self) -> set[int]:
        return {pool["carrier"] for pool in json.loads(self.engine.snapshot())["pools"]}

    def account(self, key: bytes) -> dict:
        accounts = json.loads(self.engine.snapshot())["accounts"]
        return next(account for account in accounts if account["key"] == base58.encode(key))

    def all_live(self) -> bool:
        return set(self.states().values()) <= {"live", "closed"}


@contextlib.asynccontextmanager
async def two_nodes():
    """Yields (hub, first node, its faults, the second one's faults, a raydium pool's vault) on a live market."""
    node = Node(Market(5), others=1)
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

    clock = asyncio.create_task(slots())
    try:
        async with running(*hub.feeds):
            await until(hub.all_live, 60)
            vaults = json.loads(hub.engine.snapshot())["pools"]
            vault = next(base58.decode(pool["vaults"][0]) for pool in vaults if pool["vaults"])
            yield hub, node, node.faults, other.faults, vault
    finally:
        clock.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clock
        await node.close()


async def test_a_slot_that_one_node_dropped_leaves_no_trace_in_the_accounts():
    async with two_nodes() as (hub, node, _, _, vault):
        for _ in range(5):
            account = node.market.chain.accounts[vault]
            made_up = holding(account.amount * 3)(account)
            slot = node.fork({vault: made_up})
            await until(lambda slot=slot: (hub.view()["slot"] or 0) > slot)
            await until(lambda: hub.view()["counters"]["refused"].get("rolled_back", 0) > 0)
            await until(hub.all_live, 30)
            assert hub.account(vault)["slot"] != slot
        accounts = json.loads(hub.engine.snapshot())["accounts"]
        assert all(account["fork"] is None for account in accounts if account["count"])


async def test_a_node_that_lies_is_quarantined_and_the_other_goes_on():
    for lie in (owned_by(bytes(range(32))), cut(5)):
        async with two_nodes() as (hub, _, _, faults, vault):
            faults.lies[vault] = lie
            hub.feeds[1].need(Need("account", B[0].id, base58.encode(vault)))
            await until(lambda hub=hub: hub.channel(B[0].id)["quarantine"] != "", 30)
            await until(lambda hub=hub: hub.all_live() and hub.carriers() == {A[0].id}, 30)
            assert hub.account(vault)["channel"] in (A[0].id, A[1].id)


async def test_reserves_of_one_node_alone_are_no_signal_and_old_slots_are_refused():
    async with two_nodes() as (hub, node, _, faults, vault):
        go = hub.go
        faults.lies[vault] = holding(10**17)
        hub.feeds[1].need(Need("account", B[0].id, base58.encode(vault)))
        faults.slots_off = -100
        await until(lambda: hub.view()["counters"]["refused"].get("old_slot", 0) > 20)
        assert hub.go == go
        assert isinstance(node.market.chain.accounts[vault], Account)


async def test_pools_of_a_node_that_lags_or_falls_silent_pass_on_within_a_second():
    async with two_nodes() as (hub, _, mine, theirs, _):
        # The first one tells each slot first, so it carries all.
        await until(lambda: hub.carriers() == {A[0].id}, 30)
        mine.lag_slots = 5
        begun = time.monotonic()
        await until(lambda: hub.carriers() == {B[0].id}, 30)
        assert time.monotonic() - begun < 1.0 + 5 * SLOT_S
        assert hub.channel(A[0].id)["slots_behind"] > 2
        mine.lag_slots = 0
        await until(lambda: hub.channel(A[0].id)["slots_behind"] == 0)
        theirs.muted = True
        begun = time.monotonic()
        await until(lambda: hub.carriers() == {A[0].id}, 30)
        assert time.monotonic() - begun < 1.0 + 5 * SLOT_S
