import asyncio
import contextlib
import json
import time

import pytest
from msgspec.structs import replace

from cambist.model.events import Channel
from cambist.model.opportunity import Need
from feeds.binance import SPOT, USDM
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.http import HttpLimits
from feeds.socket import SocketLimits
from feeds.venue import Deadlines, VenueLimits
from tests.feeds.servers import FakeExchange, RememberingSink, http_server, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

WS = Channel(1, "binance", "binance", "binance.spot.ws", "x")
INFO = Channel(2, "binance", "binance", "binance.spot.info", "x")
DEPTH = {
    symbol: Channel(10 + n, "binance", "binance", "binance.spot.depth", "x", symbol)
    for n, symbol in enumerate(["SOLUSDT", "SOLUSDC", "NOPE"])
}


DEADLINES = Deadlines(ack_s=5.0, first_data_s=5.0, alive_s=5.0, silence_s=5.0)


@contextlib.asynccontextmanager
async def feed_on(exchange, *, symbols=("SOLUSDT", "SOLUSDC"), info=INFO, venue=SPOT, **changes):
    sink = RememberingSink()
    async with websocket_server(exchange.streams) as ws, http_server(exchange.rest) as rest:
        settings = {
            "ws": ws,
            "rest": rest,
            "symbols": symbols,
            "deadlines": DEADLINES,
            "seed_backoff_s": (0.0, 0.2, 0.4),
            "retry_s": (0.1, 0.2),
            "socket": SocketLimits(ping_interval_s=None, send_interval_s=0.05, backoff_base_s=0.02, backoff_cap_s=0.1),
            "http": HttpLimits(wait_initial_s=0.01, wait_max_s=0.05),
        }
        config = ExchangeConfig(**(settings | changes))
        feed = ExchangeFeed(venue, config, ExchangeChannels(WS, info, DEPTH), sink, note=sink.note)
        async with running(feed):
            yield feed, sink


def depths(exchange):
    return [query["symbol"] for path, query in exchange.gets if path == "/api/v3/depth"]


async def test_one_message_subscribes_every_stream():
    exchange = FakeExchange()
    async with feed_on(exchange) as (feed, sink):
        await until(lambda: len(sink.incoming(WS.id)) > 10)
        assert feed.status()[0].state == "live"
    assert exchange.requests == [
        {
            "method": "SUBSCRIBE",
            "params": [
                "solusdt@bookTicker",
                "solusdt@depth@100ms",
                "solusdc@bookTicker",
                "solusdc@depth@100ms",
            ],
            "id": 1,
        }
    ]
    assert json.loads(sink.outgoing(WS.id)[0].body) == exchange.requests[0]
    assert sink.incoming(WS.id)[0].json == {"result": None, "id": 1}


async def test_the_instrument_list_is_fetched_once_and_recorded():
    exchange = FakeExchange()
    exchange.faults = [(503, {})]
    async with feed_on(exchange) as (_, sink):
        await until(lambda: sink.incoming(INFO.id))
        await asyncio.sleep(0.1)
    assert [path for path, _ in exchange.gets] == ["/api/v3/exchangeInfo"] * 2
    assert json.loads(exchange.gets[0][1]["symbols"]) == ["SOLUSDT", "SOLUSDC"]
    assert len(sink.incoming(INFO.id)) == 1
    assert sink.incoming(INFO.id)[0].conn == 2
    assert sink.outgoing(INFO.id)[0].body.startswith(b"GET /api/v3/exchangeInfo?symbols=")


async def test_a_need_fetches_depth_on_the_symbols_own_channel():
    exchange = FakeExchange()
    async with feed_on(exchange, info=None) as (feed, sink):
        for _ in range(5):
            feed.need(Need("depth", WS.id, "SOLUSDT"))
        feed.need(Need("depth", DEPTH["SOLUSDC"].id, "SOLUSDC"))
        feed.need(Need("depth", WS.id, "UNKNOWN"))
        feed.need(Need("depth", 99, "SOLUSDC"))
        feed.need(Need("account", WS.id, "SOLUSDT"))
        await until(lambda: len(sink.incoming(DEPTH["SOLUSDC"].id)) == 1)
        await asyncio.sleep(0.1)
    assert sorted(depths(exchange)) == ["SOLUSDC", "SOLUSDT"]
    reply = sink.incoming(DEPTH["SOLUSDT"].id)[0]
    assert "lastUpdateId" in reply.json
    assert sink.outgoing(DEPTH["SOLUSDT"].id)[0].conn == reply.conn


async def test_a_book_that_keeps_asking_waits_longer_each_time():
    exchange = FakeExchange()
    times = []
    async with feed_on(exchange, info=None) as (feed, sink):
        channel = DEPTH["SOLUSDT"].id
        for n in range(3):
            feed.need(Need("depth", WS.id, "SOLUSDT"))
            await until(lambda n=n: len(sink.incoming(channel)) == n + 1)
            await until(lambda: not feed._reseeder.pending)
            times.append(time.monotonic())
    assert times[1] - times[0] >= 0.19
    assert times[2] - times[1] >= 0.39


async def test_seeds_of_all_symbols_share_one_budget():
    exchange = FakeExchange()
    async with feed_on(exchange, info=None, limits=VenueLimits(rest=(240.0, 60.0))) as (feed, sink):
        feed.need(Need("depth", WS.id, "SOLUSDT"))
        await until(lambda: sink.incoming(DEPTH["SOLUSDT"].id))
        feed.need(Need("depth", WS.id, "SOLUSDC"))
        await asyncio.sleep(0.3)
        assert depths(exchange) == ["SOLUSDT"]


async def test_being_told_to_slow_down_stops_every_read_from_that_server():
    exchange = FakeExchange()
    exchange.faults = [(429, {"Retry-After": "1"})]
    async with feed_on(exchange, info=None) as (feed, sink):
        began = time.monotonic()
        feed.need(Need("depth", WS.id, "SOLUSDT"))
        await until(lambda: len(exchange.gets) == 1)
        await asyncio.sleep(0.05)
        feed.need(Need("depth", WS.id, "SOLUSDC"))
        await until(lambda: len(sink.incoming(DEPTH["SOLUSDC"].id)) == 1)
        await until(lambda: len(sink.incoming(DEPTH["SOLUSDT"].id)) == 1)
        assert time.monotonic() - began >= 0.95
    assert len(exchange.gets) == 3


async def test_a_symbol_that_does_not_exist_is_told_once_and_the_others_go_on():
    exchange = FakeExchange()
    async with feed_on(exchange, info=None, symbols=("SOLUSDT", "NOPE")) as (feed, sink):
        feed.need(Need("depth", WS.id, "NOPE"))
        await until(lambda: sink.notes)
        feed.need(Need("depth", WS.id, "SOLUSDT"))
        await until(lambda: sink.incoming(DEPTH["SOLUSDT"].id))
        await asyncio.sleep(0.2)
    assert depths(exchange).count("NOPE") == 1
    assert ("warn", "binance", "no depth of NOPE: HTTP 400") in sink.notes


async def test_one_silent_stream_is_named_and_the_connection_stays():
    exchange = FakeExchange()
    exchange.silent = {"solusdc@depth@100ms"}
    async with feed_on(exchange, deadlines=replace(DEADLINES, ack_s=0.2, first_data_s=0.2)) as (feed, sink):
        await until(lambda: "silent" in feed.status()[0].note)
        assert feed.status()[0].note == "1 silent: solusdc@depth@100ms"
        assert len(sink.of("connected")) == 1
        exchange.silent = set()
        await until(lambda: feed.status()[0].note == "")


async def test_silence_of_all_streams_or_no_answer_ends_the_connection():
    exchange = FakeExchange()
    deadlines = replace(DEADLINES, ack_s=0.3, silence_s=0.4)
    async with feed_on(exchange, deadlines=deadlines) as (_, sink):
        await until(lambda: len(sink.incoming(WS.id)) > 5)
        exchange.silent = {"*"}
        await until(lambda: sink.of("disconnected"))
        assert sink.reasons()[0] == "any stream silent for 0.4 s"
        exchange.ack = False
        await until(lambda: any("not acknowledged for 0.3 s" in reason for reason in sink.reasons()))


async def test_the_venues_goodbye_leads_to_a_new_connection_with_every_book_seeded_before_the_old_one_ends():
    exchange = FakeExchange()
    slow = SocketLimits(ping_interval_s=None, backoff_base_s=1000, backoff_cap_s=1000, overlap_s=30.0)
    async with feed_on(exchange, socket=slow) as (_, sink):
        await until(lambda: len(sink.incoming(WS.id)) > 20)
        assert depths(exchange) == []
        for socket in list(exchange.sockets):
            await socket.send('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1790000000999}}')
        await until(lambda: sink.reasons())
    assert sink.reasons()[0] == "replaced: the server shuts down"
    assert sorted(depths(exchange)) == ["SOLUSDC", "SOLUSDT"]
    ended = next(n for n, entry in enumerate(sink.seen) if entry.what == "disconnected")
    for symbol in ("SOLUSDT", "SOLUSDC"):
        seed = next(n for n, e in enumerate(sink.seen) if e.channel == DEPTH[symbol].id and e.direction == 0)
        name = f"{symbol.lower()}@depth@100ms".encode()
        first = next(n for n, e in enumerate(sink.seen) if e.generation == 2 and e.direction == 0 and name in e.body)
        assert first < seed < ended


async def test_a_refused_subscription_is_tried_again_and_said_after_three_times():
    exchange = FakeExchange()
    exchange.refusal = {"code": 2, "msg": "Invalid request: \x1b[31mred"}
    async with feed_on(exchange) as (_, sink):
        await until(lambda: any("failed 3 times" in text for _, _, text in sink.notes))
    assert all("\x1b" not in text for _, _, text in sink.notes)
    assert len(sink.of("connected")) == 1


async def test_rubbish_goes_to_the_sink_and_hurts_nobody():
    exchange = FakeExchange()
    async with feed_on(exchange) as (_, sink):
        await until(lambda: exchange.sockets)
        for socket in exchange.sockets:
            for rubbish in ("", "null", "[1,2", "{" * 50_000, '{"stream":5}', '{"id":{}}'):
                await socket.send(rubbish)
        await until(lambda: any(entry.body == b'{"id":{}}' for entry in sink.incoming()))
        assert len(sink.of("connected")) == 1


async def test_futures_have_paths_of_their_own():
    exchange = FakeExchange()
    async with feed_on(exchange, info=None, venue=USDM) as (feed, sink):
        feed.need(Need("depth", WS.id, "SOLUSDT"))
        await until(lambda: sink.incoming(DEPTH["SOLUSDT"].id))
    assert exchange.gets == [("/fapi/v1/depth", {"symbol": "SOLUSDT", "limit": "1000"})]


def test_config_mistakes_are_named():
    with pytest.raises(ValueError, match="no depth channel for BTCUSDT"):
        ExchangeFeed(SPOT, ExchangeConfig(symbols=("BTCUSDT",)), ExchangeChannels(WS, INFO, DEPTH), RememberingSink())
    with pytest.raises(ValueError, match="can't seed books by stream"):
        ExchangeFeed(SPOT, ExchangeConfig(seed="stream"), ExchangeChannels(WS, INFO, DEPTH), RememberingSink())
    many = ExchangeConfig(symbols=tuple(f"S{n}USDT" for n in range(600)))
    with pytest.raises(ValueError, match=r"1200 subscriptions .* a connection carries 1024"):
        ExchangeFeed(SPOT, many, ExchangeChannels(WS, INFO, DEPTH), RememberingSink())


async def test_a_quiet_connection_is_asked_for_its_streams_and_seen_dead_in_five_seconds():
    for venue in (SPOT, USDM):
        assert venue.keep_alive.quiet_s * 1.7 < venue.deadlines.alive_s < 5
        answer = b'{"result":["solusdt@bookTicker"],"id":0}'
        assert venue.parse(answer).answered == 0
