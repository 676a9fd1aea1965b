"""Connections that are replaced before they end: nothing of the stream may be missing."""

import asyncio
import contextlib
import random
import socket as sockets

import pytest
from msgspec.structs import replace
from websockets.datastructures import Headers
from websockets.http11 import Response

from cambist.model.opportunity import Need
from feeds import venues
from feeds.bucket import Bucket
from feeds.socket import SocketLimits, WebSocketSource
from tests.feeds.fake_venues import FAKES, QUICK, SYMBOLS, WS, key_of, watching
from tests.feeds.servers import RememberingSink, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

FAST = SocketLimits(open_timeout_s=0.5, backoff_base_s=0.02, backoff_cap_s=0.05, ping_interval_s=None, overlap_s=1.0)


class Ready:
    """A handler that has all its data with the first frame, or never."""

    def __init__(self, talk, *, settles=True):
        self.talk, self.settles = talk, settles
        self.reasons = []

    def opened(self):
        self.talk.send(b"sub")

    def received(self, body):
        if self.settles:
            self.talk.settled.set()

    def closed(self, reason):
        self.reasons.append(reason)

    def overdue(self, breach):
        return True


def rolling(url, sink, limits=FAST, *, settles=True, attempts=None):
    return WebSocketSource(
        url, 3, sink, lambda talk: Ready(talk, settles=settles),
        name="test", limits=limits, rng=random.Random(1), note=sink.note, attempts=attempts,
    )  # fmt: skip


def ticker(every=0.01):
    count = iter(range(1_000_000))

    async def serve(socket):
        await socket.recv()
        while True:
            await socket.send(f"data {next(count)}")
            await asyncio.sleep(every)

    return serve


def order(sink):
    return [(entry.what, entry.generation) for entry in sink.seen if entry.what != "frame"]


async def test_the_new_connection_speaks_before_the_old_one_ends():
    sink = RememberingSink()
    async with websocket_server(ticker()) as url:
        source = rolling(url, sink)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 5)
            source.roll("a notice")
            await until(lambda: sink.reasons())
            await until(lambda: len([e for e in sink.incoming() if e.generation == 2]) > 5)
            assert source.status().state == "live"
            assert source.status().generation == 2
    assert order(sink)[:3] == [("connected", 1), ("connected", 2), ("disconnected", 1)]
    assert sink.reasons()[0] == "replaced: a notice"
    ended = next(n for n, e in enumerate(sink.seen) if e.what == "disconnected")
    assert any(e.what == "frame" and e.generation == 2 and e.direction == 0 for e in sink.seen[:ended])
    assert all(e.conn == e.generation for e in sink.seen if e.what == "frame")


async def test_a_connection_is_replaced_when_its_time_is_up_each_time():
    sink = RememberingSink()
    limits = replace(FAST, lifetime_s=0.4, lifetime_jitter_s=0.2)
    async with websocket_server(ticker()) as url, running(rolling(url, sink, limits)):
        await until(lambda: len(sink.reasons()) == 3)
    assert sink.reasons()[:3] == ["replaced: its time is up"] * 3
    assert order(sink)[:6] == [
        ("connected", 1), ("connected", 2), ("disconnected", 1), ("connected", 3), ("disconnected", 2), ("connected", 4)
    ]  # fmt: skip


async def test_an_overlap_ends_even_if_the_new_connection_never_has_all_its_data():
    sink = RememberingSink()
    async with websocket_server(ticker()) as url:
        source = rolling(url, sink, replace(FAST, overlap_s=0.3), settles=False)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 2)
            began = asyncio.get_running_loop().time()
            source.roll("a notice")
            await until(lambda: sink.reasons())
            assert 0.25 < asyncio.get_running_loop().time() - began < 2.0


async def test_a_replacement_that_cannot_be_opened_leaves_the_old_connection_alone():
    sink = RememberingSink()
    refuse = []

    async def gate(_, __):
        if refuse:
            return Response(503, "No", Headers({"Content-Length": "0"}), b"")
        return None

    async with websocket_server(ticker(), process_request=gate) as url:
        source = rolling(url, sink)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 2)
            refuse.append(True)
            source.roll("a notice")
            await until(lambda: any("no replacement: HTTP 503" in text for _, _, text in sink.notes))
            before = len(sink.incoming())
            await until(lambda: len(sink.incoming()) > before + 5)
            assert not sink.reasons()
            refuse.clear()
            await until(lambda: sink.reasons())
    assert order(sink)[:3] == [("connected", 1), ("connected", 2), ("disconnected", 1)]


async def test_a_replacement_that_ends_at_once_is_tried_again_and_the_old_one_stays():
    sink, calls = RememberingSink(), []
    speak = ticker()

    async def serve(socket):
        calls.append(socket)
        if len(calls) == 2:
            await socket.close(1013, "try again later")
        else:
            await speak(socket)

    async with websocket_server(serve) as url:
        source = rolling(url, sink)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 2)
            source.roll("a notice")
            await until(lambda: "replaced: a notice" in sink.reasons())
    assert sink.reasons()[0] == "closed with code 1013 try again later"
    generations = [generation for what, generation in order(sink) if what == "disconnected"]
    assert generations[:2] == [2, 1]


async def test_an_old_connection_that_ends_first_leaves_the_new_one():
    sink, talks = RememberingSink(), []
    speak = ticker()

    async def serve(socket):
        talks.append(socket)
        await speak(socket)

    async with websocket_server(serve) as url:
        source = rolling(url, sink, replace(FAST, overlap_s=30.0), settles=False)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 2)
            source.roll("a notice")
            await until(lambda: len(talks) == 2)
            await talks[0].close(1001, "going away")
            await until(lambda: sink.reasons())
            before = len(sink.incoming())
            await until(lambda: len(sink.incoming()) > before + 5)
            assert source.status().state == "live"
    assert order(sink)[:3] == [("connected", 1), ("connected", 2), ("disconnected", 1)]
    assert len(sink.of("connected")) == 2


async def test_ending_in_the_middle_of_an_overlap_leaves_nothing_behind():
    sink = RememberingSink()
    async with websocket_server(ticker()) as url:
        source = rolling(url, sink, replace(FAST, overlap_s=30.0), settles=False)
        async with running(source):
            await until(lambda: len(sink.incoming()) > 2)
            source.roll("a notice")
            await until(lambda: len(sink.of("connected")) == 2)
    assert sorted(sink.reasons()) == ["closed by cambist"] * 2
    assert source.status().state == "idle"


async def test_a_notice_on_every_new_connection_makes_no_tight_loop():
    talks = []

    async def serve(socket):
        talks.append(socket)
        await socket.send("go")
        await asyncio.sleep(60)

    class Obedient(Ready):
        def received(self, body):
            super().received(body)
            source.roll("a notice", self.talk)

    sink = RememberingSink()
    async with websocket_server(serve) as url:
        limits = replace(FAST, backoff_base_s=1000.0, backoff_cap_s=1000.0)
        source = WebSocketSource(url, 3, sink, Obedient, name="test", limits=limits, rng=random.Random(1))
        async with running(source):
            await until(lambda: len(talks) == 2)
            await asyncio.sleep(0.5)
            assert len(talks) == 2
            assert source.status().state == "live"


async def test_attempts_are_rationed():
    with contextlib.closing(sockets.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    sink = RememberingSink()
    attempts = Bucket(10, 10.0)
    source = rolling(f"ws://127.0.0.1:{port}", sink, replace(FAST, backoff_cap_s=0.001), attempts=attempts)
    async with running(source):
        await asyncio.sleep(1.0)
    assert 2 <= attempts.spent <= 3


NOTICE = {"event": "notice", "code": "64008", "msg": "upgrade", "connId": "a"}


async def test_okx_is_replaced_on_its_notice_without_a_gap_in_any_book():
    venue = FAKES["okx"](*SYMBOLS["okx"])
    async with watching("okx", venue) as (feed, sink):
        await until(lambda: feed._subscribed and set(feed._subscribed.states().values()) == {"live"})
        await venue.push(NOTICE)
        await until(lambda: sink.reasons())
        ended = next(n for n, entry in enumerate(sink.seen) if entry.what == "disconnected")
        assert sink.seen[ended].generation == 1
        fresh = {e.json["arg"]["instId"] for e in sink.seen[:ended] if is_data(e, 2)}
        assert fresh == set(venue.symbols)
        assert feed.status()[0].note == ""
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: len(venue.subscribed(("books", venue.symbols[0]))) == 3)
        assert len(venue.sockets) == 1
    assert sink.reasons()[0] == "replaced: the venue upgrades"


def is_data(entry, generation):
    return entry.what == "frame" and entry.generation == generation and entry.direction == 0 and b'"data"' in entry.body


@pytest.mark.parametrize("name", sorted(FAKES))
async def test_a_planned_replacement_has_every_book_before_the_old_one_goes(name):
    venue = FAKES[name](*SYMBOLS[name])
    keys = {key_of(name, symbol) for symbol in venue.symbols}
    limits = SocketLimits(ping_interval_s=None, lifetime_s=0.5, overlap_s=5.0)
    async with watching(name, venue, socket=limits, deadlines=replace(QUICK, ack_s=5, first_data_s=5)) as (feed, sink):
        await until(lambda: len(sink.reasons()) == 3)
        parse = feed._venue.parse
    for generation in (1, 2, 3):
        ended = next(
            n for n, entry in enumerate(sink.seen) if entry.what == "disconnected" and entry.generation == generation
        )
        later = [e for e in sink.seen[:ended] if e.what == "frame" and e.generation == generation + 1]
        assert keys <= {key for entry in later if entry.direction == 0 for key in parse(entry.body).data}
    assert {level for level, _, _ in sink.notes} == {"info"}


async def test_a_hundred_replacements_leave_no_time_without_a_live_connection():
    venue = FAKES["bybit"]("SOLUSDT")
    limits = SocketLimits(ping_interval_s=None, lifetime_s=0.05, overlap_s=5.0)
    venue.every = 0.005
    bounds = replace(venues.find("bybit").limits, attempts=(100_000, 60.0))
    async with watching("bybit", venue, socket=limits, limits=bounds) as (_, sink):
        await until(lambda: len(sink.reasons()) >= 100, 60.0)
    open_ = 0
    for what, _ in order(sink)[: 2 * 100]:
        open_ += 1 if what == "connected" else -1
        assert open_ in (1, 2)
