"""The drain's sleep: who wakes it, and how often that costs a turn of the loop."""

import asyncio
import threading
import time

from cambist.runtime.wake import Wake

LONG_S = 60.0


async def test_its_own_loop_wakes_it():
    wake = Wake()
    wake.bind()
    asyncio.get_running_loop().call_later(0.01, wake)
    await asyncio.wait_for(wake.wait(LONG_S), 10.0)


async def test_another_thread_wakes_it():
    wake = Wake()
    wake.bind()
    thread = threading.Thread(target=wake)
    sleeper = asyncio.create_task(wake.wait(LONG_S))
    await asyncio.sleep(0)
    thread.start()
    await asyncio.wait_for(sleeper, 10.0)
    thread.join()


async def test_nobody_wakes_it_and_it_wakes_all_the_same():
    wake = Wake()
    wake.bind()
    began = time.monotonic()
    await asyncio.wait_for(wake.wait(0.02), 10.0)
    assert time.monotonic() - began >= 0.015


async def test_what_was_told_while_awake_keeps_it_from_falling_asleep():
    wake = Wake()
    wake.bind()
    wake.anew()
    wake()
    wake()
    await asyncio.wait_for(wake.wait(LONG_S), 10.0)


async def test_beginning_anew_it_sleeps_until_told_again():
    wake = Wake()
    wake.bind()
    wake()
    wake.anew()
    sleeper = asyncio.create_task(wake.wait(LONG_S))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not sleeper.done()
    wake()
    await asyncio.wait_for(sleeper, 10.0)


async def test_its_own_loop_wakes_it_without_the_way_of_other_threads(monkeypatch):
    wake, asked = Wake(), []
    wake.bind()
    monkeypatch.setattr(asyncio.get_running_loop(), "call_soon_threadsafe", asked.append)
    wake()
    assert not asked
    other = threading.Thread(target=lambda: (wake.anew(), wake()))
    other.start()
    other.join()
    assert len(asked) == 1


def test_told_before_there_is_a_loop_or_after_it_closed_nothing_happens():
    wake = Wake()
    wake()

    async def bound() -> None:
        wake.bind()

    asyncio.run(bound())
    thread = threading.Thread(target=wake)
    thread.start()
    thread.join()
