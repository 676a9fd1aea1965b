"""Faults of connections, answers and reads; scripts of faults, and what is left of a run under many."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
import websockets

from cambist.simulator.exchanges.faults import Fault, Kind, ScriptError, dump, load, random_script
from tests.simulator.exchanges.checkers import BrokenRule, Sides
from tests.simulator.exchanges.faulty import STEPS, begin, every_venue, fault
from tests.simulator.exchanges.rig import Client, parse, running
from tests.simulator.exchanges.subscriptions import (
    CHANNEL,
    OTHER,
    SYMBOL,
    ask,
    book_symbol,
)


@every_venue
@pytest.mark.parametrize("kind", [Kind.ACK_NEVER, Kind.ACK_ERROR, Kind.ACK_PARTIAL, Kind.ACK_NO_DATA])
async def test_acknowledgements(venue: str, kind: Kind) -> None:
    async with running(venue) as rig, rig.client() as client:
        await client.all()
        rig.exchange.inject(Fault(kind=kind))
        await client.send(ask(venue, SYMBOL[venue]) if kind is not Kind.ACK_PARTIAL else ask(venue, *pair(venue)))
        answers = [m for m in await client.all() if not book_symbol(venue, m)]
        await rig.steps(STEPS)
        data = {book_symbol(venue, m) for m in await client.all()} - {""}
        refused = [
            m
            for m in answers
            if m.get("success") is False or m.get("code") or "error" in (m.get("type"), m.get("event"))
        ]
        granted = [m for m in answers if m not in refused]
        if kind is Kind.ACK_NEVER:
            assert (answers, data) == ([], set())
        elif kind is Kind.ACK_ERROR:
            assert (len(refused), granted, data) == (1, [], set())
        elif kind is Kind.ACK_NO_DATA:
            assert (refused, len(granted), data) == ([], 1, set())
        else:
            assert (refused, len(granted), data) == ([], 1, {SYMBOL[venue]})
        await client.send(ask(venue, OTHER[venue]))
        await rig.steps(STEPS)
        assert OTHER[venue] in {book_symbol(venue, m) for m in await client.all()}


def pair(venue: str) -> tuple[str, str]:
    return SYMBOL[venue], OTHER[venue]


@every_venue
@pytest.mark.parametrize("code", [1001, 1012, 1013])
async def test_closes(venue: str, code: int) -> None:
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        rig.exchange.inject(fault(venue, Kind.CLOSE, at_frame=5, value=code))
        await rig.steps(STEPS)
        await asyncio.wait_for(client.connection.wait_closed(), 5)
        assert client.connection.close_code == code
        received = [parse(text) async for text in rest(client)]
        assert [book_symbol(venue, message) for message in received].count(SYMBOL[venue]) == 5


async def rest(client: Client) -> AsyncIterator[str | bytes]:
    """Returns what had arrived before the connection closed."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            yield await client.raw()


@every_venue
async def test_a_shutdown_is_announced_and_comes_when_it_was_said(venue: str) -> None:
    notices = {"binance": "serverShutdown", "kraken": "maintenance", "okx": "64008"}
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        started = rig.exchange.now_s
        rig.exchange.inject(Fault(kind=Kind.SHUTDOWN, at_s=started + 1.0, value=3))
        await rig.steps(79)
        seen = await client.all_raw()
        assert len([text for text in seen if notices.get(venue, "no notice at all") in text]) == (venue in notices)
        assert client.connection.state is websockets.State.OPEN
        await rig.steps(3)
        await asyncio.wait_for(client.connection.wait_closed(), 5)
        assert client.connection.close_code == 1001


@every_venue
async def test_http(venue: str) -> None:
    path = {
        "binance": "/api/v3/time",
        "kraken": "/0/public/Time",
        "okx": "/api/v5/public/time",
        "bybit": "/v5/market/time",
        "coinbase": "/api/v3/brokerage/time",
    }[venue]
    async with running(venue) as rig:
        script = [Fault(kind=Kind.HTTP_STATUS, value=status) for status in (418, 403, 503)]
        rig.exchange.inject(Fault(kind=Kind.HTTP_STATUS, value=429, retry_after_s=7, channel=path, symbol="X"))
        status, headers, _ = await rig.get(path)
        assert (status, headers["Retry-After"]) == (429, "7")
        for item in script:
            rig.exchange.inject(item)
            assert (await rig.get(path))[0] == item.value
        rig.exchange.inject(Fault(kind=Kind.HTML))
        status, headers, body = await rig.get(path)
        assert (status, headers["Content-Type"]) == (200, "text/html")
        assert body.startswith("<!DOCTYPE html>")
        status, _, before = await rig.get(path)
        rig.exchange.inject(Fault(kind=Kind.CLOCK_OFFSET, value=3_600_000, count=0))
        _, _, after = await rig.get(path)
        assert status == 200
        assert after != before
        assert rig.exchange.now_ms - rig.street.now_ms == 3_600_000


@every_venue
async def test_a_fault_by_time_lasts_as_long_as_it_says(venue: str) -> None:
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        start = rig.exchange.now_s
        rig.exchange.inject(Fault(kind=Kind.MUTE, at_s=start + 0.99, for_s=2.02))
        received = []
        for _ in range(5):
            await rig.steps(20)
            received.append(any(book_symbol(venue, message) for message in await client.all()))
        assert received == [True, False, False, True, True]


def test_scripts_are_read_and_refused() -> None:
    script = [Fault(kind=Kind.DROP, at_frame=7, symbol="SOL-USDT"), Fault(kind=Kind.CLOSE, value=1012, at_s=3.5)]
    assert load(dump(script)) == script
    for bad in (
        "{",
        '{"kind":"drop"}',
        '[{"kind":"explode"}]',
        '[{"kind":"drop","frame":1}]',
        '[{"kind":"drop","at_frame":0}]',
        '[{"kind":"drop","count":-1}]',
        '[{"kind":"close","value":99}]',
        '[{"kind":"oversize"}]',
        '[{"kind":"reorder"}]',
        '[{"kind":"duplicate"}]',
        '[{"kind":"http_status","value":1000}]',
        '[{"kind":"deep_snapshot","value":100000000}]',
    ):
        with pytest.raises(ScriptError):
            load(bad)


def test_a_random_script_depends_on_its_seed() -> None:
    kinds = [Kind.DROP, Kind.DUPLICATE, Kind.REORDER]
    one = random_script(5, kinds, ["A", "B"], frames=10_000, mean=100)
    assert one == random_script(5, kinds, ["A", "B"], frames=10_000, mean=100)
    assert one != random_script(6, kinds, ["A", "B"], frames=10_000, mean=100)
    assert len(one) in range(120, 280)
    assert {item.kind for item in one} == set(kinds)
    assert load(dump(one)) == one


async def test_a_random_script_leaves_books_that_the_counts_explain() -> None:
    kinds = [Kind.DROP, Kind.DUPLICATE, Kind.REORDER]
    async with running("okx") as rig, rig.client() as client:
        await begin(rig, client)
        before = rig.exchange.sent["books", "SOL-USDT"]
        rig.exchange.inject(*random_script(3, kinds, ["SOL-USDT"], frames=400, mean=10))
        await rig.steps(600)
        seen = [m for m in await client.all() if book_symbol("okx", m) == "SOL-USDT"]
        hits = rig.exchange.faults.hits
        assert min(hits[kind] for kind in kinds) > 3
        assert rig.exchange.withheld["books", "SOL-USDT"] == hits[Kind.DROP]
        assert rig.exchange.sent["books", "SOL-USDT"] - before == len(seen)
        once = {m["data"][0]["seqId"] for m in seen}
        assert len(seen) - len(once) == rig.exchange.repeated["books", "SOL-USDT"]


def test_the_mirror_is_strict() -> None:
    book = Sides()
    with pytest.raises(BrokenRule):
        book.fail("anything")


@every_venue
async def test_a_burst_under_faults_loses_only_what_they_take(venue: str) -> None:
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        topic = (CHANNEL[venue], SYMBOL[venue])
        before = rig.exchange.sent[topic]
        rig.exchange.inject(fault(venue, Kind.DROP, at_frame=100, count=50))
        receiving = asyncio.ensure_future(client.all_raw())
        assert await rig.exchange.burst(SYMBOL[venue], 3_000) == rig.exchange.sent[topic] - before
        rig.exchange.flush()
        found = await receiving + await client.all_raw()
        mine = [text for text in found if book_symbol(venue, parse(text)) == SYMBOL[venue]]
        assert rig.exchange.withheld[topic] == 50
        assert len(mine) == rig.exchange.sent[topic] - before
        assert len(mine) == 2_950


async def test_a_client_that_does_not_read_is_cut_off_by_a_burst_and_others_go_on() -> None:
    async with running("okx") as rig, rig.client() as client:
        reader, writer = await asyncio.open_connection(*rig.ws.removeprefix("ws://").partition("/")[0].split(":"))
        head = "GET /ws/v5/public HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        text = json.dumps(ask("okx", "SOL-USDT")).encode()
        writer.write(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)  # a mask of zeros
        writer.transport.pause_reading()
        await begin(rig, client)
        receiving = asyncio.ensure_future(client.all_raw())
        sent = await rig.exchange.burst("SOL-USDT", 60_000)
        found = await receiving + await client.all_raw()
        writer.transport.abort()
        assert len([text for text in found if '"SOL-USDT"' in text]) == 60_000
        assert 60_000 < sent < 120_000
        assert rig.exchange.slow_clients == 1


@every_venue
async def test_a_shutdown_leaves_those_who_connected_after_its_notice(venue: str) -> None:
    async with running(venue) as rig, rig.client() as old:
        await begin(rig, old)
        rig.exchange.inject(Fault(kind=Kind.SHUTDOWN, at_s=rig.exchange.now_s, value=1))
        await rig.steps(2)
        async with rig.client() as new:
            await begin(rig, new)
            await rig.steps(30)
            await asyncio.wait_for(old.connection.wait_closed(), 5)
            await new.all_raw()
            assert new.connection.state is websockets.State.OPEN


@every_venue
async def test_frames_are_counted_by_connection(venue: str) -> None:
    async with running(venue) as rig, rig.client() as one, rig.client() as other:
        await begin(rig, one)
        await begin(rig, other)
        await rig.steps(STEPS)
        for client in (one, other):
            await client.all_raw()
        assert rig.exchange.sent_on.total() == rig.exchange.sent.total()
        assert all(rig.exchange.sent_on[number] > 0 for number in (1, 2))
