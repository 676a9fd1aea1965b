import asyncio
import contextlib

import msgspec
import pytest
from aiohttp import web

from cambist.engine.protocol import EngineSetup, EngineView
from cambist.engine.reference.engine import ReferenceEngine
from cambist.model.events import Channel, RecordKind, pack
from feeds.http import HttpLimits
from feeds.priority_fees import PERCENTILES, PriorityFeeConfig, PriorityFeeFeed, TipFloorConfig, TipFloorFeed
from feeds.socket import SocketLimits
from feeds.tip_stream import TipStreamConfig, TipStreamFeed
from tests.feeds.servers import FakeNode, RememberingSink, http_server, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

CHANNEL = Channel(5, "priority_fees", "solana", "solana.http", "node")


@contextlib.asynccontextmanager
async def feed_on(node, *, accounts=("A", "B"), singly=(), **changes):
    sink = RememberingSink()
    async with http_server(node.rpc) as url:
        settings = {"rpc": url, "interval_s": 0.05, "http": HttpLimits(attempts=2, wait_initial_s=0.01)}
        feed = PriorityFeeFeed(
            PriorityFeeConfig(**(settings | changes)), CHANNEL, sink, accounts=accounts, singly=singly, note=sink.note
        )
        async with running(feed):
            yield feed, sink


def asked(node):
    return [params for _, params in node.calls]


async def test_a_plain_node_is_asked_for_the_minimum_and_once_for_a_percentile():
    node = FakeNode()
    async with feed_on(node) as (feed, sink):
        await until(lambda: len(node.calls) >= 6)
        assert feed.percentiles is False
        assert "minimum only" in feed.status()[0].note
        assert feed.status()[0].state == "live"
    assert asked(node)[0] == [["A", "B"]]
    assert asked(node)[1] == [["A", "B"], {"percentile": 2500}]
    assert all(len(params) == 1 for params in asked(node)[2:])
    assert [level for level, _, _ in sink.notes] == ["info"]


async def test_a_node_that_knows_percentiles_is_asked_for_all_of_them():
    node = FakeNode()
    node.percentiles = True
    async with feed_on(node) as (feed, sink):
        await until(lambda: len(sink.incoming()) >= 12)
        assert feed.percentiles is True
    assert [params[1]["percentile"] for params in asked(node)[1:6]] == list(PERCENTILES)
    assert all(entry.channel == 5 for entry in sink.seen)
    pairs = {entry.conn: entry.json["id"] for entry in sink.outgoing()}
    assert all(pairs[entry.conn] == entry.json["id"] for entry in sink.incoming())


async def test_the_config_can_say_so_at_once():
    node = FakeNode()
    async with feed_on(node, percentiles=False):
        await until(lambda: len(node.calls) >= 3)
    assert all(len(params) == 1 for params in asked(node))


async def test_a_node_that_is_down_for_a_while_decides_nothing():
    node = FakeNode()
    node.percentiles = True
    node.rpc_faults = [503] * 5
    async with feed_on(node) as (feed, _):
        await until(lambda: feed.status()[0].state == "down")
        assert feed.percentiles is None
        await until(lambda: feed.percentiles is True)


async def test_retry_asks_for_percentiles_again():
    node = FakeNode()
    async with feed_on(node, interval_s=30) as (feed, _):
        await until(lambda: feed.percentiles is False)
        node.percentiles = True
        feed.retry()
        await until(lambda: feed.percentiles is True)


async def test_at_most_128_accounts_are_asked_for():
    node = FakeNode()
    async with feed_on(node, accounts=[str(n) for n in range(300)]) as (feed, _):
        await until(lambda: node.calls)
        feed.watch(["X", "X"])
        await until(lambda: [["X"]] in asked(node))
    assert len(asked(node)[0][0]) == 128


async def test_single_accounts_are_asked_for_in_turn():
    node = FakeNode()
    async with feed_on(node, accounts=(), singly=("P", "Q", "P"), percentiles=False):
        await until(lambda: len(node.calls) >= 6)
    assert asked(node)[:6] == [[[]], [["P"]], [[]], [["Q"]], [[]], [["P"]]]


async def test_single_accounts_are_asked_at_a_percentile_where_the_node_takes_one():
    node = FakeNode()
    node.percentiles = True
    async with feed_on(node, accounts=(), singly=("P",)):
        await until(lambda: [["P"], {"percentile": 7500}] in asked(node))


async def test_providers_are_asked_for_their_estimates_and_one_that_has_none_hurts_nobody():
    node = FakeNode()
    methods = ("getPriorityFeeEstimate", "qn_estimatePriorityFees")
    async with feed_on(node, percentiles=False, estimates=methods) as (feed, _):
        await until(lambda: [method for method, _ in node.calls].count(methods[1]) >= 2)
        await until(lambda: feed.status()[0].state == "live" or node.calls)
    calls = dict(node.calls)
    assert calls[methods[0]] == [{"accountKeys": ["A", "B"], "options": {"includeAllPriorityFeeLevels": True}}]
    assert calls[methods[1]] == {"last_n_blocks": 100, "api_version": 2}


async def test_the_tip_floor_is_polled_as_it_is_told():
    sink, floor = RememberingSink(), b'[{"landed_tips_50th_percentile":1e-05}]'
    asked_for = []

    async def answer(request):
        asked_for.append((request.method, request.path))
        return web.Response(body=floor, content_type="application/json")

    async with http_server(answer) as url:
        where = f"{url}/api/v1/bundles/tip_floor"
        feed = TipFloorFeed(TipFloorConfig(where, interval_s=0.02), CHANNEL, sink)
        async with running(feed):
            await until(lambda: len(sink.incoming()) >= 2)
            feed.retry()
            assert feed.status()[0].state == "live"
    assert asked_for[0] == ("GET", "/api/v1/bundles/tip_floor")
    assert sink.incoming()[0].body == floor


TIPS = Channel(6, "tips", "jito", "jito.tip_floor", "block engine")
TIP_FLOOR = (
    b'[{"time":"2026-11-21T10:00:00Z","landed_tips_25th_percentile":6.0e-06,"landed_tips_50th_percentile":1.0e-05,'
    b'"landed_tips_75th_percentile":3.5e-05,"landed_tips_95th_percentile":0.0014,"landed_tips_99th_percentile":0.01,'
    b'"ema_landed_tips_50th_percentile":1.1e-05}]'
)


@contextlib.asynccontextmanager
async def streamed(speak, **changes):
    sink, paths = RememberingSink(), []

    async def talk(socket):
        paths.append(socket.request.path)
        await speak(socket)

    async with websocket_server(talk) as url:
        limits = SocketLimits(backoff_base_s=0.01, backoff_cap_s=0.05)
        config = TipStreamConfig(f"{url}/api/v1/bundles/tip_stream", socket=limits, **changes)
        feed = TipStreamFeed(config, TIPS, sink, note=sink.note)
        async with running(feed):
            yield feed, sink, paths


async def test_streamed_tips_are_what_the_engine_reads_as_a_tip_floor():
    async def speak(socket):
        while True:
            await socket.send(TIP_FLOOR.decode())
            await asyncio.sleep(0.01)

    async with streamed(speak) as (feed, sink, paths):
        await until(lambda: len(sink.incoming()) >= 2)
        assert feed.status()[0].state == "live"
    assert set(paths) == {"/api/v1/bundles/tip_stream"}
    assert not sink.outgoing()
    engine = ReferenceEngine(EngineSetup(channels=(TIPS,)))
    block = b"".join(
        pack(n, n, RecordKind.FRAME, entry.body, channel=6, conn=entry.conn, generation=entry.generation)
        for n, entry in enumerate(sink.incoming(), 1)
    )
    engine.ingest(block, 0, 2**62)
    view = msgspec.json.decode(engine.present(100), type=EngineView)
    assert view.channels[0].malformed == 0
    (tip,) = [each for each in view.fee_inputs if each.name == "tip"]
    assert (tip.value, tip.recv_ns) == (10_000, len(sink.incoming()))


async def test_a_tip_stream_that_falls_silent_is_connected_anew():
    async def speak(socket):
        await socket.send(TIP_FLOOR.decode())
        await asyncio.sleep(60)

    async with streamed(speak, silence_s=0.2) as (_, sink, paths):
        await until(lambda: len(paths) >= 3)
    assert "tips silent for 0.2 s" in sink.reasons()
    generations = [entry.generation for entry in sink.incoming()]
    assert generations == sorted(set(generations)), "each connection tells once"
    assert len(generations) >= 2
