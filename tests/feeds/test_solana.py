import asyncio
import contextlib

import pytest
from solders.pubkey import Pubkey

from cambist.model.events import Channel
from cambist.model.market import PoolRef
from cambist.model.opportunity import Need
from feeds.base import EndpointError
from feeds.http import HttpLimits
from feeds.socket import SocketLimits
from feeds.solana import CLOCK, WHIRLPOOL, SolanaConfig, SolanaFeed
from tests.feeds.servers import FakeNode, RememberingSink, http_server, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

WS = Channel(1, "solana", "solana", "solana.ws", "node")
HTTP = Channel(2, "solana", "solana", "solana.http", "node")
POOL = "2kJmUjxWBwL2NGPBV2PiA5hWtmLCqcKY6reQgkrPtaeS"
VAULT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


@contextlib.asynccontextmanager
async def feed_on(node, *, pools=(POOL,), **changes):
    sink = RememberingSink()
    async with websocket_server(node.pubsub) as ws, http_server(node.rpc) as http:
        settings = {
            "name": "node",
            "pubsub": ws + "/?api-key=SECRET",
            "rpc": http + "/SECRET",
            "slot_silence_s": 5.0,
            "ack_s": 5.0,
            "socket": SocketLimits(backoff_base_s=0.02, backoff_cap_s=0.1),
            "http": HttpLimits(wait_initial_s=0.01, wait_max_s=0.05),
        }
        config = SolanaConfig(**(settings | changes))
        feed = SolanaFeed(config, WS, HTTP, sink, pools=[PoolRef(key, WHIRLPOOL) for key in pools], note=sink.note)
        async with running(feed):
            yield feed, sink
    assert b"SECRET" not in b"".join(entry.body for entry in sink.seen)
    assert "SECRET" not in str(sink.notes)


def seeds(node):
    return [key for method, params in node.calls if method == "getMultipleAccounts" for key in params[0]]


async def test_watched_accounts_are_subscribed_then_seeded_after_the_ack():
    node = FakeNode()
    async with feed_on(node) as (feed, sink):
        await until(lambda: len(sink.incoming(HTTP.id)) == 1)
        assert set(node.subscribed) == {CLOCK, POOL}
        assert feed.watched() == {CLOCK: "acked", POOL: "acked"}
        (method, (keys, options)) = node.calls[0]
        assert method == "getMultipleAccounts"
        assert set(keys) == {CLOCK, POOL}
        assert options["encoding"] == "base64"
        assert options["commitment"] == "processed"
    requests = {entry.json["id"]: entry for entry in sink.outgoing(WS.id)}
    assert [entry.json["method"] for entry in sink.outgoing(WS.id)] == ["slotSubscribe", *["accountSubscribe"] * 2]
    order = [entry for entry in sink.seen if entry.what == "frame"]
    asked = next(entry for entry in order if entry.channel == HTTP.id)
    answers = [entry for entry in order[: order.index(asked)] if entry.channel == WS.id and "result" in entry.json]
    assert {entry.json["id"] for entry in answers} == set(requests)
    replies = [entry for entry in sink.of("frame") if entry.channel == HTTP.id]
    assert {(entry.conn, entry.generation) for entry in replies} == {(1, 1)}
    assert replies[0].json["id"] == replies[1].json["id"]


async def test_seeds_carry_the_newest_slot_as_their_least_context():
    node = FakeNode()
    async with feed_on(node) as (feed, _sink):
        await until(lambda: feed.newest_slot > 1001)
        feed.need(Need("account", 0, VAULT))
        await until(lambda: VAULT in seeds(node))
        options = node.calls[-1][1][1]
        assert 1001 < options["minContextSlot"] <= node.slot


async def test_needs_become_addresses():
    node = FakeNode()
    async with feed_on(node) as (feed, _):
        feed.need(Need("tick_array", 1, POOL, 0))
        feed.need(Need("oracle", 1, POOL))
        feed.need(Need("account", 1, VAULT))
        feed.need(Need("depth", 1, "SOLUSDT"))
        feed.need(Need("account", 99, "11111111111111111111111111111112"))
        feed.need(Need("account", 1, "not a key"))
        tick_array = "8PhPzk7n4wU98Z6XCbVtPai2LtXSxYnfjkmgWuoAU8Zy"
        oracle = "821SHenpVGYY7BCXUzNhs8Xi4grG557fqRw4wzgaPQcS"
        await until(lambda: {tick_array, oracle, VAULT} <= set(seeds(node)))
        assert set(feed.watched()) == {CLOCK, POOL, VAULT, tick_array, oracle}


async def test_a_negative_tick_array_has_its_sign_in_the_seed():
    node = FakeNode()
    async with feed_on(node, pools=()) as (feed, _):
        feed.need(Need("tick_array", 0, POOL, -13860))
        seeds = [b"tick_array", bytes(Pubkey.from_string(POOL)), b"-13860"]
        address, _ = Pubkey.find_program_address(seeds, Pubkey.from_string(WHIRLPOOL))
        assert str(address) in feed.watched()


async def test_a_repeated_need_seeds_again_without_a_second_subscription():
    node = FakeNode()
    async with feed_on(node) as (feed, _):
        await until(lambda: seeds(node).count(POOL) == 1)
        await until(lambda: not feed._in_flight)
        for _ in range(20):
            feed.need(Need("account", 0, POOL))
        await until(lambda: seeds(node).count(POOL) == 2)
        await asyncio.sleep(0.2)
        assert seeds(node).count(POOL) == 2
        assert node.subscribed.count(POOL) == 1


async def test_more_than_a_hundred_accounts_take_several_calls():
    node = FakeNode()
    keys = [str(key) for key in _keys(230)]
    async with feed_on(node, pools=keys) as (_feed, sink):
        await until(lambda: len(set(seeds(node))) == 231)
        sizes = [len(params[0]) for _, params in node.calls]
        assert max(sizes) <= 100
        assert len(sizes) <= 8
        assert len({entry.conn for entry in sink.outgoing(HTTP.id)}) == len(sizes)


def _keys(count):
    return [Pubkey(bytes([1, n // 256, n % 256] + [7] * 29)) for n in range(count)]


async def test_a_reconnect_subscribes_and_seeds_everything_anew():
    node = FakeNode()
    async with feed_on(node) as (_feed, sink):
        await until(lambda: len(seeds(node)) == 2)
        for socket in list(node.sockets):
            socket.transport.abort()
        await until(lambda: len(seeds(node)) == 4)
        assert sorted(node.subscribed) == sorted([CLOCK, POOL] * 2)
    assert [entry.generation for entry in sink.of("connected")] == [1, 2]
    later = [entry for entry in sink.outgoing(WS.id) if entry.generation == 2]
    assert [entry.json["method"] for entry in later] == ["slotSubscribe", "accountSubscribe", "accountSubscribe"]
    ids = [entry.json["id"] for entry in sink.outgoing(WS.id)]
    assert len(set(ids)) == len(ids)


async def test_a_node_without_slots_is_left_while_silent_accounts_are_fine():
    node = FakeNode()
    async with feed_on(node, slot_silence_s=1.0) as (_, sink):
        await until(lambda: len(sink.incoming(WS.id)) > 5)
        await asyncio.sleep(1.3)
        assert len(sink.of("connected")) == 1
        node.silent_slots = True
        await until(lambda: sink.of("disconnected"))
        assert sink.reasons() == ["slot silent for 1 s"]
        node.silent_slots = False
        await until(lambda: len(sink.of("connected")) == 2)


async def test_a_subscription_without_answer_ends_the_connection_and_is_given_up_in_the_end():
    node = FakeNode()
    node.swallow = {VAULT}
    async with feed_on(node, ack_s=0.3) as (feed, sink):
        feed.need(Need("account", 0, VAULT))
        await until(lambda: feed.watched()[VAULT] == "quarantined", 10)
        await until(lambda: len(sink.of("connected")) == len(sink.of("disconnected")) + 1 == 6)
        await asyncio.sleep(0.3)
        assert len(sink.of("connected")) == 6
    assert f"{VAULT} not acknowledged for 0.3 s" in sink.reasons()
    assert any("given up after 5 tries" in text for _, _, text in sink.notes)


async def test_a_refused_subscription_is_tried_five_times_then_left_alone(monkeypatch):
    node = FakeNode()
    node.refuse = {VAULT: 100}
    monkeypatch.setattr("feeds.solana.SUBSCRIBE_TRIES", 3)
    async with feed_on(node) as (feed, sink):
        feed.need(Need("account", 0, VAULT))
        await until(lambda: feed.watched()[VAULT] == "quarantined")
        assert node.refuse[VAULT] == 97
        assert len(sink.of("connected")) == 1
        assert VAULT not in seeds(node)
        assert ("error", "node", f"{VAULT} given up after 3 tries: -32602 Invalid params") in sink.notes
        node.refuse = {}
        feed.retry()
        await until(lambda: VAULT in seeds(node))


async def test_a_subscription_refused_once_is_made_good():
    node = FakeNode()
    node.refuse = {VAULT: 1}
    async with feed_on(node) as (feed, _):
        feed.need(Need("account", 0, VAULT))
        await until(lambda: feed.watched()[VAULT] == "acked")
        await until(lambda: VAULT in seeds(node))


@pytest.mark.parametrize("fault", [429, 503, (-32016, "Minimum context slot has not been reached"), (-32005, "behind")])
async def test_reads_that_may_pass_are_repeated_each_as_a_request_of_its_own(fault):
    node = FakeNode()
    node.rpc_faults = [fault, fault]
    async with feed_on(node) as (_, sink):
        await until(lambda: any("value" in str(entry.json.get("result")) for entry in sink.incoming(HTTP.id)))
    assert [entry.conn for entry in sink.outgoing(HTTP.id)] == [1, 2, 3]
    bodies = [entry.body for entry in sink.incoming(HTTP.id)]
    assert all(b"<html>" not in body for body in bodies)


async def test_seeds_go_on_after_the_rpc_side_was_down_for_long():
    node = FakeNode()
    node.rpc_faults = [500] * 6
    async with feed_on(node) as (feed, sink):
        await until(lambda: feed.status()[1].state == "down")
        await until(lambda: seeds(node)[-2:] and feed.status()[1].state == "live")
    assert any("accounts not seeded: HTTP 500" in text for _, _, text in sink.notes)


async def test_notifications_and_rubbish_pass_to_the_sink_untouched():
    node = FakeNode()
    async with feed_on(node) as (_, sink):
        await until(lambda: len(seeds(node)) == 2)
        await node.push(POOL)
        for socket in node.sockets:
            for rubbish in (
                "{",
                "[" * 100_000,
                '{"id":"x"}',
                '{"method":"slotNotification"}',
                '{"id":424242,"result":1}',
            ):
                await socket.send(rubbish)
            await socket.send(b"\xff\xfe")
        await until(lambda: any(entry.body == b"\xff\xfe" for entry in sink.incoming()))
        assert any(b"accountNotification" in entry.body for entry in sink.incoming(WS.id))
        assert len(sink.of("connected")) == 1


async def test_addresses_and_endpoints_are_checked_before_anything_starts():
    good = SolanaConfig("n", "ws://127.0.0.1:1", "http://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"."):
        SolanaFeed(good, WS, HTTP, RememberingSink(), accounts=["nonsense"])
    with pytest.raises(EndpointError, match="use https"):
        SolanaFeed(SolanaConfig("n", "wss://x", "http://x"), WS, HTTP, RememberingSink())
