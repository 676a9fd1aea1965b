"""Which books are seeded when."""

import asyncio

import pytest

from feeds.bucket import Bucket
from feeds.reseeding import Reseeder
from tests.feeds.servers import running, until

pytestmark = pytest.mark.virtual_time


def seeding(started, **changes):
    return Reseeder(
        ("A", "B"), lambda: Bucket(1000.0), started.extend, weight=0.0, batch=10, backoff_s=(0.0, 60.0), **changes
    )


async def test_what_a_lost_connection_took_is_seeded_without_a_wait_each_time_and_is_no_alarm():
    started, alarms = [], []
    made = seeding(started, alarm=alarms.append)
    async with running(made):
        for times in range(1, 7):
            made.want("A")
            await until(lambda: len(started) == times, 2.0)  # noqa: B023
            made.done("A")
            made.forget()
    assert alarms == []


async def test_what_loses_its_seed_on_a_connection_that_stays_waits():
    started = []
    made = seeding(started)
    async with running(made):
        made.want("A")
        await until(lambda: started == ["A"])
        made.done("A")
        made.want("A")
        await asyncio.sleep(0.2)
    assert started == ["A"]


async def test_a_connection_that_takes_over_is_seeded_without_a_wait_each_time_and_is_no_alarm():
    started, alarms = [], []
    made = seeding(started, alarm=alarms.append)
    async with running(made):
        for times in range(1, 7):
            made.want("A", fresh=True)
            await until(lambda: len(started) == times, 2.0)  # noqa: B023
            made.done("A")
    assert alarms == []
