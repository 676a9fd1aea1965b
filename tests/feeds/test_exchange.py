"""The feed of any exchange, over loopback in each venue's own format."""

import asyncio
import itertools
import time

import pytest
from msgspec.structs import replace

from cambist.model.opportunity import Need
from feeds import venues
from tests.feeds.fake_venues import FAKES, INFO, QUICK, SYMBOLS, WS, key_of, watching
from tests.feeds.servers import until

pytestmark = pytest.mark.virtual_time

ALL = sorted(FAKES)


def fake(name):
    return FAKES[name](*SYMBOLS[name])


def states(feed):
    return {} if feed._subscribed is None else feed._subscribed.states()


def live(feed, count=2):
    return sum(state == "live" for key, state in states(feed).items() if key != "heartbeats") == count


def says(sink, text):
    return any(text in line for _, _, line in sink.notes)


@pytest.mark.parametrize("name", ALL)
async def test_every_symbol_goes_live_and_the_list_is_recorded(name):
    venue = fake(name)
    async with watching(name, venue) as (feed, sink):
        await until(lambda: live(feed))
        await until(lambda: sink.incoming(INFO))
        status = feed.status()[0]
    assert (status.state, status.note) == ("live", "")
    assert sink.notes == []
    assert len(sink.of("connected")) == 1
    assert all(entry.conn == entry.generation == 1 for entry in sink.incoming(WS))
    assert len(sink.incoming(INFO)) == 1


@pytest.mark.parametrize("name", ALL)
async def test_a_connection_that_is_cut_is_back_with_every_symbol(name):
    venue = fake(name)
    async with watching(name, venue) as (feed, sink):
        for count in (1, 2, 3, 4):
            await until(lambda count=count: len(sink.of("connected")) == count and live(feed))
            for socket in list(venue.sockets):
                socket.transport.abort()
            await until(lambda count=count: len(sink.of("connected")) == count + 1 and live(feed))
    assert [entry.generation for entry in sink.of("disconnected")][:4] == [1, 2, 3, 4]
    assert len(venue.subscribed((venue.book, venue.symbols[0]))) == 5


@pytest.mark.parametrize("name", ALL)
async def test_a_symbol_that_is_refused_is_dropped_and_said_once_and_the_rest_goes_on(name):
    venue = fake(name)
    good, bad = venue.symbols
    venue.unknown = {bad}
    async with watching(name, venue) as (feed, sink):
        await until(lambda: live(feed, 1) and key_of(name, bad) not in states(feed))
        asked = len(venue.sent)
        await asyncio.sleep(0.8)
        assert len(venue.sent) == asked
        assert key_of(name, good) in states(feed)
        assert "1 refused" in feed.status()[0].note
        for socket in list(venue.sockets):
            socket.transport.abort()
        await until(lambda: len(sink.of("connected")) == 2 and live(feed, 1))
    assert len([1 for _, _, text in sink.notes if f"{bad} is not subscribed" in text]) == 1
    assert all(bad not in str(streams) for _, _, streams in venue.sent[asked:])


async def test_two_bad_symbols_among_many_are_found_where_the_venue_refuses_whole_messages():
    names = [f"S{n:02}USDT" for n in range(25)]
    venue = FAKES["bybit"](*names)
    venue.unknown = {"S03USDT", "S17USDT"}
    slack = replace(QUICK, ack_s=5, first_data_s=5)
    async with watching("bybit", venue, deadlines=slack, limits=venues.find("bybit").limits) as (feed, sink):
        await until(lambda: live(feed, 23))
        assert {key for key, past in feed._past.items() if past.refused} == {f"orderbook.50.{s}" for s in venue.unknown}
        asked = len(venue.sent)
        await asyncio.sleep(0.3)
        assert len(venue.sent) == asked <= 20
    assert len([text for _, _, text in sink.notes if "is not subscribed" in text]) == 2


@pytest.mark.parametrize("name", ALL)
async def test_a_symbol_that_is_not_listed_is_said_with_the_nearest_and_not_subscribed_again(name):
    venue = fake(name)
    wrong = venue.symbols[1] + "T"
    async with watching(name, venue, symbols=(venue.symbols[0], wrong)) as (feed, sink):
        await until(lambda: says(sink, f"{wrong} is not subscribed: is not listed, nearest is {venue.symbols[1]}"))
        assert key_of(name, wrong) not in states(feed)
        await until(lambda: live(feed, 1))
        assert f"nearest is {venue.symbols[1]}" in feed.status()[0].note
        asked = len(venue.sent)
        for socket in list(venue.sockets):
            socket.transport.abort()
        await until(lambda: len(sink.of("connected")) == 2 and live(feed, 1))
    assert all(wrong not in str(streams) for _, op, streams in venue.sent[asked:] if op == "subscribe")


@pytest.mark.parametrize("name", ALL)
async def test_an_acknowledgement_that_never_comes_is_asked_for_again_and_said(name):
    venue = fake(name)
    venue.deaf, venue.beats = True, False
    deadlines = replace(QUICK, ack_s=0.2)
    async with watching(name, venue, deadlines=deadlines, attempts_per_minute=6) as (_, sink):
        await until(lambda: says(sink, "failed 3 times"))
        await asyncio.sleep(1.5)
    stream = (venue.book, venue.symbols[0])
    assert 3 <= len(venue.subscribed(stream)) <= 6
    assert len([1 for _, _, text in sink.notes if key_of(name, venue.symbols[0]) in text and "failed" in text]) == 1


@pytest.mark.parametrize("name", ALL)
async def test_a_channel_without_any_data_raises_an_alarm_and_the_others_go_on(name):
    venue = fake(name)
    quiet = (venue.book, venue.symbols[1])
    venue.muted = {quiet}
    key = key_of(name, venue.symbols[1])
    async with watching(name, venue) as (feed, sink):
        await until(lambda: says(sink, f"{key}: never any data for 0.4 s"))
        await until(lambda: feed.status()[0].note == f"1 silent: {key}" or venue.subscribed(quiet)[1:])
        await until(lambda: len(venue.subscribed(quiet)) >= 2)
        assert states(feed)[key_of(name, venue.symbols[0])] == "live"
        venue.muted = set()
        await until(lambda: live(feed))
        assert feed.status()[0].note == ""
    assert len(sink.of("connected")) == 1
    assert len([1 for _, _, text in sink.notes if "never any data" in text]) == 1


@pytest.mark.parametrize("name", ALL)
async def test_a_symbol_that_falls_silent_is_subscribed_anew_alone_then_the_connection(name):
    venue = fake(name)
    quiet, other = (venue.book, venue.symbols[1]), (venue.book, venue.symbols[0])
    key = key_of(name, venue.symbols[1])
    deadlines = replace(QUICK, symbol_s=0.5, unpaced_s=0.5, first_data_s=30.0)
    async with watching(name, venue, deadlines=deadlines) as (feed, sink):
        await until(lambda: live(feed))
        venue.muted = {quiet}
        began = time.monotonic()
        await until(lambda: len(venue.subscribed(quiet)) == 2)
        assert time.monotonic() - began > 0.3
        assert says(sink, f"{key} has sent nothing for")
        assert len(venue.subscribed(other)) == len(sink.of("connected")) == 1
        venue.muted = set()
        await until(lambda: live(feed))
    assert len(sink.of("connected")) == 1


async def test_a_symbol_whose_pace_is_not_known_has_more_time():
    venue = fake("okx")
    quiet = (venue.book, venue.symbols[1])
    deadlines = replace(QUICK, symbol_s=0.2, unpaced_s=1.0)
    async with watching("okx", venue, deadlines=deadlines) as (feed, _):
        await until(lambda: live(feed))
        venue.muted = {quiet}
        began = time.monotonic()
        await until(lambda: len(venue.subscribed(quiet)) == 2)
        assert time.monotonic() - began > 0.9
        venue.muted = set()
        standing = feed._subscribed._open[key_of("okx", venue.symbols[1])]
        await until(lambda: len(standing.gaps) >= 8)
        venue.muted = {quiet}
        again = time.monotonic()
        feed._past[key_of("okx", venue.symbols[1])].patience_s = 0.0
        await until(lambda: len(venue.subscribed(quiet)) == 3)
        assert time.monotonic() - again < 0.9


async def test_a_symbol_that_stays_silent_costs_one_connection_and_no_more():
    venue = fake("okx")
    quiet = (venue.book, venue.symbols[1])
    deadlines = replace(QUICK, symbol_s=0.3, unpaced_s=0.3, first_data_s=0.3)
    async with watching("okx", venue, deadlines=deadlines) as (feed, sink):
        await until(lambda: live(feed))
        feed._past[key_of("okx", venue.symbols[1])].steps = 1  # subscribed anew before, in vain
        venue.muted = {quiet}
        await until(lambda: len(sink.of("connected")) == 2)
        assert "books BTC-USDT silent for" in sink.reasons()[0]
        await asyncio.sleep(1.5)
        assert len(sink.of("connected")) == 2
        assert states(feed)[key_of("okx", venue.symbols[0])] == "live"


@pytest.mark.parametrize("name", ALL)
async def test_data_that_stops_while_heartbeats_go_on_ends_the_connection(name):
    venue = fake(name)
    deadlines = replace(QUICK, silence_s=0.6, symbol_s=0.2, unpaced_s=0.2)
    async with watching(name, venue, deadlines=deadlines) as (feed, sink):
        await until(lambda: live(feed))
        venue.muted = {venue.book}
        await until(lambda: sink.reasons())
    assert sink.reasons()[0] == "any stream silent for 0.6 s"
    assert not says(sink, "has sent nothing for")


@pytest.mark.parametrize("name", ALL)
async def test_a_half_open_connection_is_left_within_the_venues_own_deadline(name):
    venue = fake(name)
    own = venues.find(name)
    deadlines = replace(QUICK, alive_s=own.deadlines.alive_s, silence_s=30.0, symbol_s=30.0)
    async with watching(name, venue, deadlines=deadlines, socket=None) as (feed, sink):
        await until(lambda: live(feed))
        for socket in list(venue.sockets):
            socket.transport.pause_reading()
        venue.muted, venue.beats = {"*"}, False
        await until(lambda: sink.reasons())
    assert sink.reasons()[0].startswith("connection silent for 4.5 s")


@pytest.mark.parametrize(("name", "says_"), [("okx", "ping"), ("kraken", "ping"), ("bybit", "ping")])
async def test_a_quiet_connection_is_kept_by_the_venues_own_ping(name, says_):
    venue = fake(name)
    venue.every = 60.0
    deadlines = replace(QUICK, ack_s=5, first_data_s=30.0, alive_s=4.5, silence_s=30.0)
    async with watching(name, venue, deadlines=deadlines) as (_, sink):
        await until(lambda: len([t for t in venue.texts if says_ in t]) >= 2)
        await asyncio.sleep(0.3)
        assert not sink.reasons()
    assert any(b"pong" in entry.body for entry in sink.incoming(WS))


@pytest.mark.parametrize("name", ALL)
async def test_a_need_subscribes_the_book_anew_once(name):
    venue = fake(name)
    stream = (venue.book, venue.symbols[1])
    slack = replace(QUICK, ack_s=5, first_data_s=5)
    async with watching(name, venue, deadlines=slack) as (feed, sink):
        await until(lambda: live(feed))
        venue.muted = {stream}  # so that no need comes after the recovery it asks for
        for _ in range(5):
            feed.need(Need("depth", WS, venue.symbols[1]))
            await asyncio.sleep(0.005)
        feed.need(Need("depth", WS, "NOBODY"))
        feed.need(Need("depth", 99, venue.symbols[0]))
        feed.need(Need("account", WS, venue.symbols[0]))
        await until(lambda: len(venue.subscribed(stream)) == 2)
        for _ in range(5):
            feed.need(Need("depth", WS, venue.symbols[1]))
            await asyncio.sleep(0.005)
        venue.muted = set()
        await until(lambda: live(feed))
        await asyncio.sleep(0.1)
    ops = [op for _, op, streams in venue.sent if stream in streams]
    assert ops == ["subscribe", "unsubscribe", "subscribe"]
    assert len(venue.subscribed((venue.book, venue.symbols[0]))) == 1
    assert len(sink.of("connected")) == 1


async def test_needs_of_one_book_wait_longer_each_time():
    venue = fake("okx")
    stream = (venue.book, venue.symbols[0])
    async with watching("okx", venue) as (feed, _):
        for count in (1, 2, 3):
            await until(lambda: live(feed))
            await until(lambda: not feed._reseeder.pending)
            feed.need(Need("depth", WS, venue.symbols[0]))
            await until(lambda count=count: len(venue.subscribed(stream)) == count + 1)
    first, second, third = venue.subscribed(stream)[1:]
    assert second - first >= 0.19
    assert third - second >= 0.39


async def test_a_book_whose_seeds_never_last_is_said_once_and_seeded_no_faster():
    venue = fake("kraken")
    stream = (venue.book, venue.symbols[0])
    backoff = (0.0, 0.05, 0.1, 0.3)
    async with watching("kraken", venue, seed_backoff_s=backoff) as (feed, sink):
        while len(venue.subscribed(stream)) < 7:
            feed.need(Need("depth", WS, venue.symbols[0]))
            await asyncio.sleep(0.005)
        assert states(feed)[key_of("kraken", venue.symbols[1])] == "live"
    times = venue.subscribed(stream)[1:]
    assert all(later - earlier >= 0.29 for earlier, later in itertools.pairwise(times[3:]))
    assert len([text for _, _, text in sink.notes if "its seeds don't last" in text]) == 1


async def test_the_list_is_read_again_for_what_changed():
    venue = fake("okx")
    async with watching("okx", venue, list_every_s=0.1) as (feed, sink):
        await until(lambda: live(feed) and len(sink.incoming(INFO)) == 1)
        venue.symbols.pop()
        await until(lambda: len(sink.incoming(INFO)) >= 3)
        assert live(feed)
        assert feed.status()[0].note == ""


async def test_a_storm_of_needs_is_two_messages():
    names = [f"S{n:03}-USDT" for n in range(200)]
    venue = FAKES["okx"](*names)
    venue.every = 0.2
    async with watching("okx", venue, deadlines=replace(QUICK, ack_s=5, first_data_s=5)) as (feed, _):
        await until(lambda: live(feed, 200))
        before = len(venue.sent)
        for name in reversed(names):
            feed.need(Need("depth", WS, name))
        await until(lambda: len(venue.sent) > before + 1)
        await until(lambda: live(feed, 200))
        await asyncio.sleep(0.3)
    storm = venue.sent[before:]
    assert [op for _, op, _ in storm] == ["unsubscribe", "subscribe"]
    assert [symbol for _, symbol in storm[1][2]] == names


async def test_okx_seeds_over_rest_where_the_config_says_so_within_the_budget_by_priority():
    names = [f"S{n:03}-USDT" for n in range(60)]
    venue = FAKES["okx"](*names)
    limits = replace(venues.find("okx").limits, rest=(60.0, 2.0))
    slack = replace(QUICK, ack_s=5, first_data_s=5)
    async with watching("okx", venue, seed="rest", limits=limits, deadlines=slack) as (feed, sink):
        await until(lambda: live(feed, 60) and sink.incoming(INFO))
        await asyncio.sleep(0.7)
        for name in reversed(names):
            feed.need(Need("depth", WS, name))
        began = time.monotonic()
        await until(lambda: len([g for g in venue.gets if g[1].endswith("books")]) == 60)
        took = time.monotonic() - began
        await until(lambda: len([e for e in sink.incoming() if e.channel >= 10]) == 60)
    reads = [at for at, *_ in venue.gets]
    assert all(sum(at <= other < at + 2.0 for other in reads) <= 48 for at in reads)
    assert took <= (60 - 12) / 18 + 1.0
    order = [query["instId"] for _, path, query in venue.gets if path.endswith("books")]
    assert order[12:] == sorted(order[12:])
    assert len(venue.sent) == 1


@pytest.mark.parametrize("status", [429, 418])
async def test_no_read_is_made_while_the_venue_bans_us(status):
    venue = fake("okx")
    async with watching("okx", venue, seed="rest") as (feed, sink):
        await until(lambda: live(feed) and sink.incoming(INFO))
        venue.faults = [(status, {"Retry-After": "1"})]
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: not venue.faults)
        banned = venue.gets[-1][0]
        feed.need(Need("depth", WS, venue.symbols[1]))
        await until(lambda: len([e for e in sink.incoming() if e.channel >= 10]) == 2)
    assert min(at for at, *_ in venue.gets if at > banned) - banned >= 0.99


async def test_a_status_that_names_no_time_stops_reads_for_the_venues_own():
    venue = fake("bybit")
    limits = replace(venues.find("bybit").limits, pauses_s={403: 0.8})
    venue.faults = [(403, {})]
    async with watching("bybit", venue, limits=limits) as (_, sink):
        await until(lambda: sink.incoming(INFO))
    assert venue.gets[1][0] - venue.gets[0][0] >= 0.79
    assert venues.find("bybit").limits.pauses_s[403] == 600


async def test_a_page_instead_of_a_reply_and_a_server_error_are_no_seed():
    venue = fake("okx")
    async with watching("okx", venue, seed="rest") as (feed, sink):
        await until(lambda: live(feed) and sink.incoming(INFO))
        venue.faults = [(200, {}), (503, {}), (500, {})]
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: says(sink, "no depth of SOL-USDT: no okx reply"))
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: any(b"seqId" in e.body for e in sink.incoming() if e.channel >= 10))
    assert not venue.faults


@pytest.mark.parametrize("name", ["kraken", "okx", "coinbase", "bybit"])
async def test_the_clock_of_the_venue_is_measured(name):
    venue = fake(name)
    venue.ahead_ms = 5_000
    async with watching(name, venue, clock_every_s=0.05) as (feed, _):
        assert feed.status()[0].clock_offset_ns is None
        await until(lambda: feed.status()[0].clock_offset_ns is not None)
        offset_ns = feed.status()[0].clock_offset_ns
    slack_ns = 700_000_000 if name == "kraken" else 200_000_000
    assert abs(offset_ns - 5_000_000_000) < slack_ns


async def test_maintenance_is_shown_until_it_is_over():
    venue = fake("kraken")
    async with watching("kraken", venue) as (feed, sink):
        await until(lambda: live(feed))
        row = {"version": "2.0.9", "system": "cancel_only", "api_version": "v2", "connection_id": 1}
        await venue.tell({"channel": "status", "type": "update", "data": [row]})
        await until(lambda: feed.status()[0].note == "cancel_only")
        await venue.tell({"channel": "status", "type": "update", "data": [row | {"system": "online"}]})
        await until(lambda: feed.status()[0].note == "")
    assert says(sink, "the venue says cancel_only")


@pytest.mark.parametrize("name", ALL)
async def test_rubbish_hurts_nobody(name):
    venue = fake(name)
    async with watching(name, venue) as (feed, sink):
        await until(lambda: live(feed))
        for socket in list(venue.sockets):
            for rubbish in (
                "",
                "null",
                "[1,2",
                "{" * 50_000,
                '{"channel":5}',
                b"\xff\xfe",
                '{"event":"error"}',
                "1e999",
            ):
                await socket.send(rubbish)
        await until(lambda: any(entry.body == b"1e999" for entry in sink.incoming()))
        assert live(feed)
    assert len(sink.of("connected")) == 1


async def test_too_many_messages_pause_what_is_subscribed():
    venue = fake("okx")
    limits = replace(venues.find("okx").limits, operations=(480.0, 0.4))
    async with watching("okx", venue, limits=limits, retry_s=(0.01,)) as (feed, _):
        await until(lambda: live(feed))
        venue.muted = {"*"}
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: len(venue.subscribed(("books", venue.symbols[0]))) == 2)
        for one in feed._subscribed._open.values():
            one.state = "requested"
        began = time.monotonic()
        await venue.tell({"event": "error", "code": "60014", "msg": "Requests too frequent"})
        await until(lambda: len(venue.subscribed(("books", venue.symbols[0]))) == 3)
        assert time.monotonic() - began >= 0.79


@pytest.mark.parametrize("name", ALL)
async def test_a_recovery_whose_answer_was_lost_is_unsubscribed_before_it_is_tried_again(name):
    venue = fake(name)
    stream = (venue.book, venue.symbols[0])
    async with watching(name, venue, deadlines=replace(QUICK, ack_s=0.5, first_data_s=30.0)) as (feed, _):
        await until(lambda: live(feed))
        venue.unacked.add(stream)
        feed.need(Need("depth", WS, venue.symbols[0]))
        await until(lambda: len(venue.subscribed(stream)) == 3)
        venue.unacked.clear()
        await until(lambda: live(feed))
    ops = [op for _, op, streams in venue.sent if stream in streams]
    assert ops[:5] == ["subscribe", "unsubscribe", "subscribe", "unsubscribe", "subscribe"]
