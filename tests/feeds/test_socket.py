import asyncio
import contextlib
import random
import socket as sockets
import time

import pytest
from msgspec.structs import replace
from websockets.datastructures import Headers
from websockets.http11 import Response

from cambist.model.events import Direction
from feeds.base import EndpointError
from feeds.socket import SocketLimits, WebSocketSource
from tests.feeds.servers import RememberingSink, running, until, websocket_server

pytestmark = pytest.mark.virtual_time

FAST = SocketLimits(open_timeout_s=0.5, backoff_base_s=0.02, backoff_cap_s=0.05, ping_interval_s=None)


class Listener:
    """Subscribes to `names`, and treats every frame as data of the first."""

    def __init__(self, *names, deadlines=(0.3, 0.3, 0.3), fatal=True, acks=True):
        self.names, self.deadlines, self.fatal, self.acks = names, deadlines, fatal, acks
        self.source = None
        self.breaches, self.reasons, self.frames = [], [], []

    def opened(self):
        ack, first, silence = self.deadlines
        for name in self.names:
            self.source.send(f"sub {name}".encode())
            self.source.watch.sent(name, ack, first_data_s=first, silence_s=silence)

    def received(self, body):
        self.frames.append(body)
        word, _, name = body.decode().partition(" ")
        if word == "ack":
            self.source.watch.acked(name)
        elif word == "data":
            self.source.watch.data(name)

    def closed(self, reason):
        self.reasons.append(reason)

    def overdue(self, breach):
        self.breaches.append((breach.key, breach.what))
        return self.fatal


def source(url, listener, sink, limits=FAST):
    made = WebSocketSource(url, 3, sink, listener, name="test", limits=limits, rng=random.Random(1), note=sink.note)
    listener.source = made
    return made


async def test_frames_both_ways_reach_the_sink_in_order():
    async def serve(socket):
        async for text in socket:
            await socket.send("ack " + text.removeprefix("sub "))
            await socket.send(b"data \xff\x00")

    sink, listener = RememberingSink(), Listener("x")
    listener.received = lambda body: None
    async with websocket_server(serve) as url:
        feed = source(url + "/path?api-key=SECRET", listener, sink)
        async with running(feed):
            await until(lambda: len(sink.incoming()) == 2)
            assert feed.status().state == "live"
    assert [(entry.what, entry.direction, entry.body) for entry in sink.seen[1:4]] == [
        ("frame", Direction.OUT, b"sub x"),
        ("frame", Direction.IN, b"ack x"),
        ("frame", Direction.IN, b"data \xff\x00"),
    ]
    assert {(entry.channel, entry.conn, entry.generation) for entry in sink.seen} == {(3, 1, 1)}
    assert sink.seen[0].what == "connected"
    assert sink.seen[-1].what == "disconnected"
    assert b"SECRET" not in b"".join(entry.body for entry in sink.seen)
    assert "SECRET" not in str(sink.notes) + str(feed.status())


async def test_it_reconnects_with_a_new_generation_each_time():
    async def serve(socket):
        await socket.send("data x")
        await socket.close(1012, "service restart")

    sink, listener = RememberingSink(), Listener()
    async with websocket_server(serve) as url, running(source(url, listener, sink)):
        await until(lambda: len(sink.of("disconnected")) >= 3)
    assert [entry.generation for entry in sink.of("connected")][:3] == [1, 2, 3]
    assert [entry.generation for entry in sink.incoming()][:3] == [1, 2, 3]
    assert sink.reasons()[0] == "closed with code 1012 service restart"
    assert listener.reasons[:3] == sink.reasons()[:3]
    order = [entry.what for entry in sink.seen][:6]
    assert order == ["connected", "frame", "disconnected"] * 2


@pytest.mark.parametrize(
    ("reply", "breach"),
    [(None, ("x", "ack")), ("ack x", ("x", "first_data")), ("data x", ("x", "silence"))],
)
async def test_a_subscription_that_stays_silent_ends_the_connection(reply, breach):
    async def serve(socket):
        await socket.recv()
        if reply:
            await socket.send(reply)
        await asyncio.sleep(60)

    sink, listener = RememberingSink(), Listener("x", deadlines=(0.15, 0.15, 0.15))
    async with websocket_server(serve) as url, running(source(url, listener, sink)):
        await until(lambda: len(sink.of("connected")) >= 2)
    assert listener.breaches[0] == breach
    assert sink.reasons()[0].startswith("x ")
    assert sink.reasons()[0].endswith("for 0.15 s")


async def test_a_breach_that_is_not_fatal_is_told_once_and_the_connection_stays():
    async def serve(socket):
        await asyncio.sleep(60)

    sink, listener = RememberingSink(), Listener("x", "y", deadlines=(0.1, None, None), fatal=False)
    async with websocket_server(serve) as url, running(source(url, listener, sink)):
        await until(lambda: len(listener.breaches) == 2)
        await asyncio.sleep(0.3)
    assert listener.breaches == [("x", "ack"), ("y", "ack")]
    assert len(sink.of("connected")) == 1


async def test_a_half_open_socket_is_left_within_its_deadline_plus_a_moment():
    frozen = asyncio.Event()

    async def serve(socket):
        await socket.recv()
        await socket.send("data x")
        socket.transport.pause_reading()
        frozen.set()
        await asyncio.sleep(60)

    sink, listener = RememberingSink(), Listener("x", deadlines=(5, 0.2, 0.2))
    async with websocket_server(serve) as url, running(source(url, listener, sink)):
        await frozen.wait()
        began = time.monotonic()
        await until(lambda: sink.of("disconnected"))
        assert time.monotonic() - began < 5.0


async def test_a_server_that_accepts_and_says_nothing_times_out():
    with contextlib.closing(sockets.create_server(("127.0.0.1", 0))) as mute:
        sink = RememberingSink()
        feed = source(f"ws://127.0.0.1:{mute.getsockname()[1]}", Listener(), sink)
        async with running(feed):
            await until(lambda: sink.of("disconnected"))
            assert sink.reasons() == ["no answer in 0.5 s"]
            assert feed.status().state in ("down", "connecting")


async def test_a_refused_connection_is_told_once_and_tried_again():
    with contextlib.closing(sockets.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    sink = RememberingSink()
    feed = source(f"ws://127.0.0.1:{port}", Listener(), sink)

    async def serve(socket):
        await socket.send("data x")
        await asyncio.sleep(60)

    async with running(feed):
        await until(lambda: sink.of("disconnected"))
        await asyncio.sleep(0.2)
        assert len(sink.of("disconnected")) == 1
        assert "refused" in sink.reasons()[0].lower()
        async with websocket_server(serve, port):
            await until(lambda: sink.incoming())
    assert sink.of("connected")[0].generation == 1


async def test_a_server_that_asks_for_patience_gets_it():
    attempts = []

    async def refuse(_, __):
        attempts.append(time.monotonic())
        return Response(429, "Too Many Requests", Headers({"Retry-After": "1", "Content-Length": "0"}), b"")

    sink = RememberingSink()
    async with websocket_server(asyncio.sleep, process_request=refuse) as url, running(source(url, Listener(), sink)):
        await until(lambda: len(attempts) == 2)
    assert attempts[1] - attempts[0] >= 0.95
    assert sink.reasons() == ["HTTP 429"]


async def test_redirects_are_not_followed():
    reached = []

    async def elsewhere(socket):
        reached.append(socket)

    async with websocket_server(elsewhere) as other:

        async def redirect(_, __):
            return Response(302, "Found", Headers({"Location": other, "Content-Length": "0"}), b"")

        sink = RememberingSink()
        async with (
            websocket_server(elsewhere, process_request=redirect) as url,
            running(source(url, Listener(), sink)),
        ):
            await until(lambda: sink.of("disconnected"))
    assert sink.reasons() == ["HTTP 302"]
    assert reached == []


async def test_a_message_over_the_limit_ends_the_connection_with_the_reason():
    async def serve(socket):
        await socket.send(b"x" * 5000)
        await socket.wait_closed()

    sink = RememberingSink()
    limits = SocketLimits(max_size=4096, backoff_base_s=0.02, ping_interval_s=None)
    async with websocket_server(serve) as url, running(source(url, Listener(), sink, limits)):
        await until(lambda: sink.of("disconnected"))
    assert sink.reasons()[0] == "a message over 4096 bytes"
    assert sink.incoming() == []


async def test_what_a_full_queue_drops_is_counted_and_owned_up_to():
    async def serve(socket):
        for n in range(20_000):
            await socket.send(b"data %d" % n)
        await socket.wait_closed()

    sink = RememberingSink()
    limits = SocketLimits(queue_frames=300, ping_interval_s=None)
    async with websocket_server(serve) as url:
        feed = source(url, Listener(), sink, limits)
        async with running(feed):
            await until(lambda: len(sink.incoming()) + sum(e.conn for e in sink.of("gap")) == 20_000, 30)
            dropped = sum(entry.conn for entry in sink.of("gap"))
            assert dropped == feed.drops == feed.status().drops
    numbers = [int(entry.body.split()[1]) for entry in sink.incoming()]
    assert numbers == sorted(numbers)
    assert dropped > 0
    assert sink.of("gap")[0].body == b"receive queue full"


async def test_retry_cuts_the_wait_short():
    with contextlib.closing(sockets.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    limits = SocketLimits(backoff_base_s=1000, backoff_cap_s=1000, ping_interval_s=None)
    sink = RememberingSink()
    feed = source(f"ws://127.0.0.1:{port}", Listener(), sink, limits)

    async def serve(socket):
        await asyncio.sleep(60)

    async with running(feed):
        await until(lambda: sink.of("disconnected"))
        async with websocket_server(serve, port):
            await asyncio.sleep(0.1)
            assert not sink.of("connected")
            feed.retry()
            await until(lambda: sink.of("connected"))


async def test_a_waiting_connection_tells_which_attempt_comes_when():
    with contextlib.closing(sockets.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    limits = SocketLimits(backoff_base_s=1000, backoff_cap_s=1000, ping_interval_s=None)
    feed = source(f"ws://127.0.0.1:{port}", Listener(), RememberingSink(), limits)
    assert feed.status().retry_in_ns is None
    async with running(feed):
        await until(lambda: feed.status().retry_in_ns is not None)
        first = feed.status()
        await asyncio.sleep(0.05)
        later = feed.status()
    assert (first.state, first.attempt) == ("down", 2)
    assert first.wait_ns > 0
    assert first.retry_in_ns - 5_000_000_000 < later.retry_in_ns <= first.retry_in_ns - 40_000_000
    assert later.wait_ns == first.wait_ns >= first.retry_in_ns
    assert feed.status().retry_in_ns is None


async def test_ending_is_quick_even_if_the_server_never_answers_the_close():
    async def serve(socket):
        socket.transport.pause_reading()
        await asyncio.sleep(60)

    sink = RememberingSink()
    async with websocket_server(serve) as url, running(source(url, Listener(), sink)) as tasks:
        await until(lambda: sink.of("connected"))
        began = time.monotonic()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert time.monotonic() - began < 5.0
        tasks.clear()
    assert sink.seen[-1].what == "disconnected"


async def test_messages_are_spaced_as_the_venue_wants():
    received_s = []

    async def serve(socket):
        async for _ in socket:
            received_s.append(time.monotonic())

    sink, listener = RememberingSink(), Listener(*"abcd", deadlines=(5, None, None))
    limits = SocketLimits(send_interval_s=0.1, ping_interval_s=None)
    async with websocket_server(serve) as url, running(source(url, listener, sink, limits)):
        await until(lambda: len(received_s) == 4)
    assert received_s[-1] - received_s[0] >= 0.28


def test_plain_sockets_only_on_loopback():
    with pytest.raises(EndpointError, match="use wss"):
        source("ws://example.com", Listener(), RememberingSink())


@pytest.mark.parametrize(("spoke_s", "at_once"), [(6.0, True), (4.0, False)])
async def test_a_connection_that_is_cut_after_a_while_of_frames_is_opened_again_at_once(spoke_s, at_once):
    later, opened = [0.0], []

    async def serve(socket):
        opened.append(time.monotonic())
        await socket.send("first")
        await until(lambda: len(sink.incoming()) >= 1)
        later[0] += spoke_s
        await socket.send("second")
        await until(lambda: len(sink.incoming()) >= 2)
        socket.transport.abort()
        await asyncio.sleep(60)

    sink = RememberingSink()
    limits = replace(FAST, backoff_base_s=1000.0, backoff_cap_s=1000.0)
    async with websocket_server(serve) as url:
        made = WebSocketSource(
            url, 3, sink, Listener(), name="test", limits=limits, rng=random.Random(1),
            clock=lambda: time.monotonic() + later[0],
        )  # fmt: skip
        async with running(made):
            await until(lambda: sink.reasons())
            await asyncio.sleep(0.3)
    assert sink.reasons()[0] == "connection lost"
    assert len(opened) == 1 + at_once
