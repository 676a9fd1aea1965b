"""The feed of any exchange, over loopback in each venue's own format: what is subscribed, refused, silent."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from feeds import venues
from tests.feeds.exchange_feed import ALL, fake, live, says, states
from tests.feeds.fake_venues import FAKES, INFO, QUICK, WS, key_of, watching
from tests.feeds.servers import until

pytestmark = pytest.mark.virtual_time


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


@pytest.mark.parametrize(("name", "ping"), [("okx", "ping"), ("kraken", "ping"), ("bybit", "ping")])
async def test_a_quiet_connection_is_kept_by_the_venues_own_ping(name, ping):
    venue = fake(name)
    venue.every = 60.0
    deadlines = replace(QUICK, ack_s=5, first_data_s=30.0, alive_s=4.5, silence_s=30.0)
    async with watching(name, venue, deadlines=deadlines) as (_, sink):
        await until(lambda: len([t for t in venue.texts if ping in t]) >= 2)
        await asyncio.sleep(0.3)
        assert not sink.reasons()
    assert any(b"pong" in entry.body for entry in sink.incoming(WS))
