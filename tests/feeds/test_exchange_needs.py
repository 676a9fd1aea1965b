"""What a feed of an exchange is asked for and reads: books anew, snapshots, lists, clocks, under limits and bans."""

import asyncio
import itertools
import time

import pytest
from msgspec.structs import replace

from cambist.model.opportunity import Need
from feeds import venues
from tests.feeds.exchange_feed import ALL, fake, live, says, states
from tests.feeds.fake_venues import FAKES, INFO, QUICK, WS, key_of, watching
from tests.feeds.servers import until

pytestmark = pytest.mark.virtual_time


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
    # What the venue counts stays below its limit; our own pace shows in the time, which a late arrival can't shorten.
    assert all(sum(at <= other < at + 2.0 for other in reads) < 60 for at in reads)
    assert -0.2 <= took - (60 - 12) / 18 <= 1.0
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
        await venue.push({"channel": "status", "type": "update", "data": [row]})
        await until(lambda: feed.status()[0].note == "cancel_only")
        await venue.push({"channel": "status", "type": "update", "data": [row | {"system": "online"}]})
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
        await venue.push({"event": "error", "code": "60014", "msg": "Requests too frequent"})
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
