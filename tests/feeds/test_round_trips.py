"""How long a server takes to answer: measured at reads, of the last minute, refusals among them."""

import asyncio

import pytest
from aiohttp import web

from feeds.base import FeedStatus
from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.round_trips import KEPT_S, MOST, RoundTrip, RoundTrips
from tests.feeds.servers import RememberingSink, http_server

MS = 1_000_000


def of(*took: int) -> RoundTrip | None:
    trips = RoundTrips()
    for each in took:
        trips.take(0.0, each)
    return trips.lately(0.0)


def test_percentiles_are_answers_that_were_given() -> None:
    assert of() is None
    assert of(7) == (7, 7, 1)
    assert of(9, 1) == (1, 9, 2)
    assert of(*range(10, 0, -1)) == (5, 9, 10)
    assert of(*range(11, 0, -1)) == (6, 10, 11)


def test_only_the_last_minute_and_the_last_answers_count() -> None:
    trips = RoundTrips()
    trips.take(100.0, 5)
    trips.take(101.0, 7)
    assert trips.lately(100.0 + KEPT_S) == (5, 7, 2)
    assert trips.lately(100.5 + KEPT_S) == (7, 7, 1)
    assert trips.lately(102.0 + KEPT_S) is None
    for number in range(MOST + 50):
        trips.take(200.0, number)
    assert trips.lately(200.0) == (50 + (MOST - 1) // 2, 50 + (MOST * 9 - 1) // 10, MOST)


async def test_a_read_is_measured_until_its_answer_begins() -> None:
    answers = iter((200, 503, 200))

    async def serve(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        reply = web.StreamResponse(status=next(answers))
        await reply.prepare(request)
        await asyncio.sleep(0.5)
        await reply.write(b"{}")
        return reply

    async with http_server(serve) as url:
        read = HttpChannel(url, RememberingSink(), name="read", limits=HttpLimits(attempts=1))
        try:
            assert read.status(3) == FeedStatus("read", 3, "idle", read.status(3).endpoint)
            await read.get(3, "/a")
            with pytest.raises(Unreachable):
                await read.post(3, b"{}")
            await read.peek("/b")
            trip = read.status(3).round_trip
        finally:
            await read.close()
    assert trip is not None
    assert trip.answers == 3
    assert 50 * MS <= trip.p50_ns <= trip.p90_ns < 500 * MS
