"""The native source behaves as `WebSocketSource` does: the same tests, and what only it has.

One file, for all of it runs against both sources and one server.
"""

import asyncio
import random
import ssl
from collections import Counter

import pytest

from cambist.clock import SystemClock
from cambist.model.events import RecordKind, records
from cambist.model.opportunity import Need
from cambist.runtime.inbox import Inbox
from feeds import venues
from feeds.exchange import ExchangeFeed
from feeds.socket import SocketLimits, WebSocketSource
from feeds.solana import SolanaFeed
from feeds.transport import NativeSource, Wires
from feeds.venue import ParsedFrame
from tests.feeds import fake_venues, test_exchange, test_reaching, test_rollover, test_socket, test_solana, test_venues
from tests.feeds.servers import FakeNode, RememberingSink, Seen, running, until, websocket_server

extension = pytest.importorskip("cambist.engine._native")

FAST = test_socket.FAST
NAMES = {RecordKind.CONNECTED: "connected", RecordKind.DISCONNECTED: "disconnected", RecordKind.GAP: "gap"}


class RingSink(RememberingSink):
    """Remembers what the ring recorded besides what it is told itself."""

    made = None

    def __init__(self, max_records=4096, max_bytes=64 << 20):
        self._seen = []
        self.blocks = []
        super().__init__()
        transport = extension.Transport(SystemClock().now_ns, max_records=max_records, max_bytes=max_bytes)
        self.wires = Wires(transport)
        RingSink.made.append(self)

    @property
    def seen(self):
        block, count = self.wires.transport.drain(1, 2**62, 1 << 20)
        if count:
            self.blocks.append(block)
        for record in records(block):
            body = record.body
            if record.kind in (RecordKind.CONNECTED, RecordKind.DISCONNECTED):
                body = body.partition(b':"')[2].removesuffix(b'"}')
            what = NAMES.get(record.kind, "frame")
            self._seen.append(Seen(what, record.channel, record.conn, record.generation, record.direction, body))
        return self._seen

    @seen.setter
    def seen(self, value):
        self._seen = value


def native(url, channel, sink, handler, **options):
    return NativeSource(url, channel, sink, handler, wires=sink.wires, **options)


def native_feed(venue, config, channels, sink, **options):
    return ExchangeFeed(venue, config, channels, sink, wires=sink.wires, **options)


def native_node(config, ws, http, sink, **options):
    return SolanaFeed(config, ws, http, sink, wires=sink.wires, **options)


@pytest.fixture(autouse=True)
def on_the_native_transport(monkeypatch):
    RingSink.made = []
    for module in (test_socket, test_rollover, test_reaching):
        monkeypatch.setattr(module, "WebSocketSource", native)
    for module in (test_socket, test_rollover, test_reaching, test_solana, fake_venues):
        monkeypatch.setattr(module, "RememberingSink", RingSink)
    monkeypatch.setattr(fake_venues, "ExchangeFeed", native_feed)
    monkeypatch.setattr(test_solana, "SolanaFeed", native_node)
    yield
    for sink in RingSink.made:
        sink.wires.close()


def adopt(module, *names):
    globals().update({name: getattr(module, name) for name in names})


adopt(
    test_socket,
    "test_frames_both_ways_reach_the_sink_in_order",
    "test_it_reconnects_with_a_new_generation_each_time",
    "test_a_subscription_that_stays_silent_ends_the_connection",
    "test_a_breach_that_is_not_fatal_is_told_once_and_the_connection_stays",
    "test_a_half_open_socket_is_left_within_its_deadline_plus_a_moment",
    "test_a_server_that_accepts_and_says_nothing_times_out",
    "test_a_refused_connection_is_told_once_and_tried_again",
    "test_a_server_that_asks_for_patience_gets_it",
    "test_redirects_are_not_followed",
    "test_a_message_over_the_limit_ends_the_connection_with_the_reason",
    "test_retry_cuts_the_wait_short",
    "test_a_waiting_connection_tells_which_attempt_comes_when",
    "test_ending_is_quick_even_if_the_server_never_answers_the_close",
    "test_messages_are_spaced_as_the_venue_wants",
)
adopt(
    test_rollover,
    "test_the_new_connection_speaks_before_the_old_one_ends",
    "test_a_connection_is_replaced_when_its_time_is_up_each_time",
    "test_an_overlap_ends_even_if_the_new_connection_never_has_all_its_data",
    "test_a_replacement_that_cannot_be_opened_leaves_the_old_connection_alone",
    "test_a_replacement_that_ends_at_once_is_tried_again_and_the_old_one_stays",
    "test_an_old_connection_that_ends_first_leaves_the_new_one",
    "test_ending_in_the_middle_of_an_overlap_leaves_nothing_behind",
    "test_a_notice_on_every_new_connection_makes_no_tight_loop",
    "test_attempts_are_rationed",
)
adopt(
    test_exchange,
    "test_every_symbol_goes_live_and_the_list_is_recorded",
    "test_a_connection_that_is_cut_is_back_with_every_symbol",
    "test_a_symbol_that_is_refused_is_dropped_and_said_once_and_the_rest_goes_on",
    "test_an_acknowledgement_that_never_comes_is_asked_for_again_and_said",
)
adopt(test_rollover, "test_okx_is_replaced_on_its_notice_without_a_gap_in_any_book")
adopt(test_reaching, "test_a_handshake_that_breaks_is_no_reason_to_speak_plain")
adopt(
    test_solana,
    "test_watched_accounts_are_subscribed_then_seeded_after_the_ack",
    "test_seeds_carry_the_newest_slot_as_their_least_context",
    "test_a_repeated_need_seeds_again_without_a_second_subscription",
    "test_a_reconnect_subscribes_and_seeds_everything_anew",
    "test_a_node_without_slots_is_left_while_silent_accounts_are_fine",
    "test_a_subscription_without_answer_ends_the_connection_and_is_given_up_in_the_end",
    "test_a_subscription_refused_once_is_made_good",
    "test_notifications_and_rubbish_pass_to_the_sink_untouched",
)


PLAIN = ((b"data ", (b"@",)),)


class Venue:
    """Subscribes x, has all it wants with its first data, and remembers what it sees."""

    def __init__(self, talk):
        self.talk = talk
        self.seen = []
        self.breaches = []

    def opened(self):
        self.talk.send(b"sub x")
        self.talk.watch.sent("x", 0.5, first_data_s=0.5, silence_s=0.4)

    def received(self, body):
        self.seen.append(body)
        if body.startswith(b"data "):
            self.talk.watch.data("x")
            self.talk.settled.set()

    def closed(self, reason):
        pass

    def overdue(self, breach):
        self.breaches.append(breach)
        return True


class Feed:
    """A source on `Venue`, and the handler of its newest connection."""

    def __init__(self, url, sink, **options):
        self.source = native(url, 3, sink, self.handle, name="test", limits=FAST, rng=random.Random(1), **options)

    def handle(self, talk):
        self.talk, self.handler = talk, Venue(talk)
        return self.handler


async def speak(socket, seconds=60.0):
    for number in range(int(seconds / 0.01)):
        await socket.send(f"data x@{number}")
        await asyncio.sleep(0.01)


async def test_plain_data_pass_by_unseen_once_all_is_there_and_are_recorded_all_the_same():
    async def serve(socket):
        await socket.recv()
        talk = asyncio.create_task(speak(socket))
        await noticed.wait()
        await socket.send("notice @")
        assert await socket.recv() == "again"
        await socket.send("answer")
        await talk

    sink, noticed = RingSink(), asyncio.Event()
    async with websocket_server(serve) as url:
        feed = Feed(url, sink, plain=PLAIN)
        async with running(feed.source):
            await until(lambda: hasattr(feed, "talk") and feed.talk.muted)
            seen = len(feed.handler.seen)
            began = len(sink.incoming())
            await until(lambda: len(sink.incoming()) > began + 60)  # longer than its silence may last
            assert len(feed.handler.seen) <= seen + 1
            assert feed.handler.breaches == []
            noticed.set()
            await until(lambda: b"notice @" in feed.handler.seen)
            assert feed.talk.muted
            feed.source.send(b"again")
            assert not feed.talk.muted
            await until(lambda: b"answer" in feed.handler.seen)
            await until(lambda: feed.talk.muted)
    assert [entry.body for entry in sink.outgoing()] == [b"sub x", b"again"]
    bodies = [entry.body for entry in sink.incoming()]
    assert bodies.index(b"notice @") < bodies.index(b"answer")
    plain = [body for body in bodies if body.startswith(b"data")]
    assert plain == [b"data x@%d" % number for number in range(len(plain))]


async def test_a_connection_that_falls_silent_while_nobody_looks_is_left():
    async def serve(socket):
        await socket.recv()
        await speak(socket, 0.5)
        await asyncio.sleep(60)

    sink = RingSink()
    async with websocket_server(serve) as url:
        feed = Feed(url, sink, plain=PLAIN)
        async with running(feed.source):
            await until(sink.reasons)
    assert sink.reasons()[0] == "x silent for 0.4 s"
    assert len([e for e in sink.incoming() if e.conn == 1]) == 50


async def test_a_venue_without_marks_sees_every_frame():
    async def serve(socket):
        await socket.recv()
        await speak(socket)

    sink = RingSink()
    async with websocket_server(serve) as url:
        feed = Feed(url, sink)
        async with running(feed.source):
            await until(lambda: hasattr(feed, "handler") and len(feed.handler.seen) > 60)
            assert not feed.talk.muted


async def conversation(url, sink, make):
    """Returns what the inbox recorded of two connections."""
    listener = test_socket.Listener("x", deadlines=(5, 5, 5))
    listener.received = listener.frames.append
    listener.source = make(url, 3, sink, listener, name="test", limits=FAST, rng=random.Random(1))
    found = []
    async with running(listener.source):
        await until(lambda: found.extend(records(sink.drain(1, 512)[0])) or sum(r.kind == 6 for r in found) >= 2)
    return [(r.kind, r.direction, r.channel, r.conn, r.generation, r.body) for r in found], listener.frames


async def test_both_transports_record_the_same_of_the_same_server():
    async def serve(socket):
        await socket.recv()
        await socket.send("ack x")
        for number in range(300):
            await socket.send(f"data {number} " + "ü€𝄞"[number % 3] * (number * 7))
        await socket.send(["data in ", "three ", "frames"])
        await socket.send(b"data \x00\x80\xff")
        await socket.ping()
        await socket.send("")
        await socket.close(4001, "enough")

    clock, found = SystemClock(), {}
    box = Inbox(clock, lambda: None)
    transport = extension.Transport(clock.now_ns, max_records=16_384, max_bytes=1 << 26)
    wires = Wires(transport)
    RingSink.made.append(type("Made", (), {"wires": wires}))
    box.attach(transport)
    async with websocket_server(serve) as url:
        found["websockets"] = await conversation(url, Inbox(clock, lambda: None), WebSocketSource)
        found["native"] = await conversation(url, box, lambda *a, **o: NativeSource(*a, wires=wires, **o))
    ends = {name: [entry[0] for entry in seen].index(6) + 1 for name, (seen, _) in found.items()}
    assert ends["native"] == ends["websockets"] == 307
    assert found["native"][0][:307] == found["websockets"][0][:307]
    assert found["native"][1][:304] == found["websockets"][1][:304]
    assert len(found["native"][1][303]) == 0


async def test_what_finds_the_ring_full_is_dropped_and_owned_up_to_in_its_place():
    async def serve(socket):
        await socket.recv()
        for number in range(100):
            await socket.send(b"%03d" % number + b"x" * 200)
        await sent.wait()
        await socket.send(b"end" + b"x" * 200)
        await asyncio.sleep(60)

    sink, sent = RingSink(max_records=20), asyncio.Event()
    async with websocket_server(serve) as url:
        feed = Feed(url, sink)
        async with running(feed.source):
            await until(lambda: sum(sink.wires.transport.dropped().values()) + sink.wires.transport.frames >= 101)
            dropped = sink.wires.transport.dropped()[3]
            assert dropped >= 80
            assert len(sink.incoming()) == 100 - dropped
            sent.set()
            await until(lambda: sink.incoming()[-1].body.startswith(b"end"))
    at = next(at for at, entry in enumerate(sink.seen) if entry.what == "gap")
    assert sink.seen[at].body == b'{"count":%d,"reason":"queue full"}' % dropped
    assert [entry.body[:3] for entry in sink.seen[at - 1 : at + 2]] == [b"%03d" % (99 - dropped), b'{"c', b"end"]


@pytest.mark.parametrize(
    ("name", "days", "trusted", "expected"),
    [
        ("127.0.0.1", 2, False, "UnknownIssuer"),
        ("elsewhere.example", 2, True, "not valid for name"),
        ("127.0.0.1", -1, True, "Expired"),
        ("127.0.0.1", 2, True, ""),
    ],
    ids=["self-signed", "another host", "expired", "good"],
)
async def test_only_a_certificate_that_can_be_trusted_gets_a_word_from_us(
    tmp_path, monkeypatch, name, days, trusted, expected
):
    async def serve(socket):
        received.append(await socket.recv())
        await asyncio.sleep(60)

    cert, key = test_reaching.certificate(tmp_path, name, days=days)
    (tmp_path / "other").mkdir()
    other, _ = test_reaching.certificate(tmp_path / "other", "another.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert if trusted else other))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    sink, received = RingSink(), []
    async with (
        websocket_server(serve, ssl=context) as url,
        running(Feed(f"wss{url[2:]}/key?k=SECRET", sink).source),
    ):
        await until(lambda: received or sink.reasons())
    if expected:
        assert not received
        assert sink.reasons()[0].startswith("TLS: ")
        assert expected in sink.reasons()[0]
    else:
        assert received == ["sub x"]
    assert "SECRET" not in str(sink.notes) + str(sink.reasons())


async def test_a_name_that_nobody_knows_is_said_in_words():
    sink = RingSink()
    async with running(Feed("wss://nowhere.invalid/SECRET", sink).source):
        await until(sink.reasons)
    assert sink.reasons()[0].startswith("host name: ")
    assert "SECRET" not in str(sink.reasons())


async def test_pings_that_nobody_answers_end_the_connection():
    async def serve(socket):
        socket.transport.pause_reading()
        await asyncio.sleep(60)

    limits = SocketLimits(ping_interval_s=0.1, ping_timeout_s=0.2)
    sink = RingSink()
    handler = test_socket.Listener()
    async with (
        websocket_server(serve, ping_interval=None) as url,
        running(native(url, 1, sink, handler, name="test", limits=limits)),
    ):
        await until(sink.reasons)  # the server would hold it for a minute
    assert sink.reasons()[0] == "closed with code 1011 keepalive ping timeout"


def test_frames_to_be_translated_are_refused_in_words():
    sink = RingSink()
    with pytest.raises(ValueError, match="can't come by the native transport"):
        native("ws://127.0.0.1:1", 1, sink, None, name="plug-in", translate=lambda body: (body,))


def is_plain(body, marks):
    return any(body.startswith(prefix) and all(n in body[:512] for n in needles) for prefix, needles in marks)


@pytest.mark.parametrize("name", sorted(venues.BUILT_IN))
def test_marks_are_on_data_and_on_nothing_else(name):
    venue, counts = venues.find(name), Counter()
    for path in sorted((test_venues.SAMPLES / name).iterdir()):
        if path.stem in ("instruments", "time", "names", "depth", "error"):
            continue
        body = path.read_bytes().rstrip()
        parsed = venue.parse(body)
        only_data = bool(parsed.data) and parsed == ParsedFrame(data=parsed.data)
        assert is_plain(body, venue.plain) == only_data, path
        counts[only_data] += 1
    assert min(counts[True], counts[False]) >= 2


async def test_a_feed_whose_data_pass_by_unseen_goes_on_and_sees_the_notice():
    venue = test_exchange.fake("okx")
    async with fake_venues.watching("okx", venue) as (feed, sink):
        await until(lambda: test_exchange.live(feed))
        await until(lambda: feed._socket._talk.muted)
        before = len(sink.incoming())
        await asyncio.sleep(2 * fake_venues.QUICK.alive_s)
        assert len(sink.incoming()) > before
        assert len(sink.of("connected")) == 1
        assert feed.status()[0].state == "live"
        venue.muted = {"*"}
        venue.beats = False
        await until(lambda: len(sink.of("connected")) == 2)
    assert sink.reasons()[0]


async def test_accounts_of_a_node_pass_the_feed_by_and_its_slots_do_not(monkeypatch):
    seen, node = [], FakeNode()
    received = SolanaFeed.received
    monkeypatch.setattr(SolanaFeed, "received", lambda feed, body: (seen.append(body), received(feed, body))[1])
    async with test_solana.feed_on(node) as (feed, sink):
        await until(lambda: feed._socket._talk is not None and feed._socket._talk.muted)
        seen.clear()
        slot = feed.newest_slot
        for _ in range(20):
            await node.push(test_solana.POOL)
        await until(lambda: sum(b"accountNotification" in entry.body for entry in sink.incoming(1)) == 20)
        await until(lambda: feed.newest_slot > slot)
        assert not any(b"accountNotification" in body for body in seen)
        feed.need(Need("account", 0, test_solana.VAULT))
        await until(lambda: feed.watched()[test_solana.VAULT] == "acked")


async def test_a_node_whose_slots_end_is_left_though_its_accounts_go_on():
    node = FakeNode()
    async with test_solana.feed_on(node, slot_silence_s=0.4) as (feed, sink):
        await until(lambda: feed._socket._talk is not None and feed._socket._talk.muted)
        node.silent_slots = True
        for _ in range(200):
            await node.push(test_solana.POOL)
            await asyncio.sleep(0.02)
            if sink.reasons():
                break
        assert "slot" in sink.reasons()[0]
