import asyncio
import itertools
import time

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from feeds.bucket import Bucket, Buckets, retry_after_s
from feeds.http import HttpChannel, HttpLimits
from tests.feeds.servers import RememberingSink, http_server, until

pytestmark = pytest.mark.virtual_time


class HandClock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_burst_then_an_even_refill():
    clock = HandClock()
    bucket = Bucket(100, 60, clock=clock)
    assert bucket.wait_s(20) == 0
    bucket.spend(20)
    assert bucket.wait_s(1) == pytest.approx(1.0)
    clock.now += 20
    assert bucket.wait_s(20) == 0
    clock.now += 1e6
    bucket.spend(20)
    assert bucket.wait_s(0.001) > 0


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40)), max_size=60))
def test_no_window_sees_more_than_80_percent(asks):
    clock = HandClock()
    bucket = Bucket(200, 60, clock=clock)
    spent = []
    for pause_s, weight in asks:
        clock.now += pause_s + 1e-6
        clock.now += bucket.wait_s(weight)
        bucket.spend(weight)
        spent.append((clock.now, weight))
    for first, _ in spent:
        assert sum(weight for at, weight in spent if first <= at < first + 60) <= 160 + 1e-6


def test_a_pause_stops_everything_and_a_shorter_one_does_not_end_it():
    clock = HandClock()
    bucket = Bucket(100, 60, clock=clock)
    bucket.pause(30)
    bucket.pause(3)
    assert bucket.wait_s(0) == bucket.paused_s() == 30
    clock.now += 30
    assert bucket.wait_s(1) == 0


async def test_those_who_wait_share_what_there_is():
    bucket = Bucket(600, 6)
    done = []

    async def take(name):
        await bucket.take(100)
        done.append((name, asyncio.get_running_loop().time()))

    await asyncio.gather(*(take(name) for name in "abc"))
    times = [at for _, at in done]
    assert bucket.spent == 300
    assert all(later - earlier >= 1.2 for earlier, later in itertools.pairwise(times[1:]))


def test_feeds_of_one_venue_and_address_get_one_bucket():
    buckets = Buckets()
    one = buckets.of("rest", "okx", "https://a.example/x?key=1", 100)
    assert buckets.of("rest", "okx", "https://a.example/y", 5) is one
    assert buckets.of("rest", "okx", "https://b.example", 100) is not one
    assert buckets.of("connect", "okx", "https://a.example", 100) is not one
    assert buckets.of("rest", "bybit", "https://a.example", 100) is not one


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("9" * 40, 259_200),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text, seconds):
    assert retry_after_s(text, lambda: 100.0) == seconds


async def test_a_ban_that_one_reader_meets_holds_for_all_that_share_its_bucket():
    gets = []

    async def serve(request):
        gets.append((time.monotonic(), request.path))
        return web.Response(status=418, headers={"Retry-After": "1"}) if len(gets) == 1 else web.Response(text="{}")

    sink, shared = RememberingSink(), Bucket(600)
    async with http_server(serve) as url:
        one = HttpChannel(url, sink, name="one", limits=HttpLimits(wait_initial_s=0.01), bucket=shared)
        two = HttpChannel(url, sink, name="two", bucket=shared)
        first = asyncio.create_task(one.get(1, "/a"))
        await until(lambda: gets and shared.paused_s() > 0)
        assert await two.get(2, "/b") == b"{}"
        assert (await two.peek("/c"))[0] == b"{}"
        await first
        await one.close()
        await two.close()
    assert min(at for at, _ in gets[1:]) - gets[0][0] >= 0.99
    assert [entry.channel for entry in sink.incoming()].count(2) == 1
    assert shared.spent == 4
