"""Every scripted fault shows on the wire. A run with a fault is held against the same run without one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import websockets

from cambist.simulator.exchanges.faults import Fault, Kind, ScriptError, dump, load, random_script
from tests.simulator.exchanges.checkers import BrokenRule, Sides
from tests.simulator.exchanges.rig import Client, Rig, parse, running
from tests.simulator.exchanges.subscriptions import (
    CHANNEL,
    OTHER,
    SYMBOL,
    VENUES,
    Mirror,
    ask,
    ask_touch,
    book_symbol,
)

every_venue = pytest.mark.parametrize("venue", VENUES)
STEPS = 60
AT = 12


def depth_of(venue: str) -> int | None:
    return {"kraken": 10, "bybit": 50}.get(venue)


async def begin(rig: Rig, client: Client) -> tuple[Mirror, list[str | bytes]]:
    """Subscribes to two books. Returns a mirror of the first and what came so far."""
    venue = rig.venue
    await rig.steps(20)
    mirror = Mirror(venue, SYMBOL[venue])
    await client.send(ask(venue, SYMBOL[venue], OTHER[venue]))
    first = await client.all_raw()
    if venue == "binance":
        _, _, snapshot = await rig.get(f"/api/v3/depth?symbol={SYMBOL[venue]}&limit=5000")
        mirror.book.seed(snapshot)
    for text in first:
        mirror.apply(parse(text))
    return mirror, first


async def frames(venue: str, *faults: Fault) -> tuple[list[str | bytes], Rig]:
    """Returns what 3 s bring after the subscription, as it came."""
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        rig.exchange.inject(*faults)
        await rig.steps(STEPS)
        return await client.all_raw(), rig


def fault(venue: str, kind: Kind, **more: object) -> Fault:
    return Fault(kind=kind, symbol=SYMBOL[venue], **{"at_frame": AT, "channel": CHANNEL[venue], **more})


def place(venue: str, clean: list[str | bytes]) -> int:
    """Returns where the frame is that the fault strikes."""
    places = [i for i, text in enumerate(clean) if book_symbol(venue, parse(text)) == SYMBOL[venue]]
    return places[AT - 1]


@every_venue
async def test_one_seed_gives_one_stream(venue: str) -> None:
    assert (await frames(venue))[0] == (await frames(venue))[0]


@every_venue
async def test_drop(venue: str) -> None:
    clean, _ = await frames(venue)
    found, rig = await frames(venue, fault(venue, Kind.DROP))
    at = place(venue, clean)
    assert found == clean[:at] + clean[at + 1 :]
    assert rig.exchange.withheld == {(CHANNEL[venue], SYMBOL[venue]): 1}
    assert rig.exchange.faults.hits == {Kind.DROP: 1}


@every_venue
async def test_a_dropped_frame_breaks_the_rule_at_the_next_one(venue: str) -> None:
    async with running(venue) as rig, rig.client() as client:
        mirror, _ = await begin(rig, client)
        at = AT + 2  # two frames before, the next one sets right what was lost at Kraken, which no sum can tell
        rig.exchange.inject(fault(venue, Kind.DROP, at_frame=at))
        broken = 0
        for _ in range(6):
            await rig.steps(20)
            for message in await client.all():
                if not broken:
                    try:
                        mirror.apply(message)
                    except BrokenRule:
                        broken = mirror.book.updates
        assert broken - (venue in ("kraken", "okx", "bybit", "coinbase")) == at - 1


@every_venue
async def test_duplicate(venue: str) -> None:
    clean, _ = await frames(venue)
    found, rig = await frames(venue, fault(venue, Kind.DUPLICATE, value=3))
    at = place(venue, clean)
    assert found == clean[:at] + [clean[at]] * 4 + clean[at + 1 :]
    assert rig.exchange.repeated.total() == 3


@every_venue
async def test_reorder(venue: str) -> None:
    clean, _ = await frames(venue)
    found, _ = await frames(venue, fault(venue, Kind.REORDER, value=3))
    mine = [text for text in clean if book_symbol(venue, parse(text)) == SYMBOL[venue]]
    theirs = [text for text in found if book_symbol(venue, parse(text)) == SYMBOL[venue]]
    assert sorted(found) == sorted(clean)
    late = theirs.index(mine[AT - 1]) - (AT - 1)
    assert 1 <= late <= 3
    theirs.remove(mine[AT - 1])
    assert theirs == mine[: AT - 1] + mine[AT:]


@every_venue
@pytest.mark.parametrize("kind", [Kind.MALFORMED, Kind.WRONG_TYPES, Kind.MISSING_FIELDS, Kind.BINARY, Kind.OVERSIZE])
async def test_bent_frames(venue: str, kind: Kind) -> None:
    clean, _ = await frames(venue)
    found, _ = await frames(venue, fault(venue, kind, value=3_000_000 if kind is Kind.OVERSIZE else 0))
    at = place(venue, clean)
    assert (found[:at], found[at + 1 :]) == (clean[:at], clean[at + 1 :])
    true, bent = clean[at], found[at]
    assert bent != true
    if kind is Kind.MALFORMED:
        with pytest.raises(json.JSONDecodeError):
            parse(bent)
    elif kind is Kind.BINARY:
        assert bent == true.encode()
    elif kind is Kind.OVERSIZE:
        assert (len(bent), bent.rstrip()) == (3_000_000, true)
    elif kind is Kind.WRONG_TYPES:
        assert count(parse(bent), {"?": []}) == 1
    else:
        assert fields(parse(bent)) < fields(parse(true))


def count(value: object, wanted: object) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (value == wanted) + sum(count(item, wanted) for item in inside)


def fields(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(fields(item) for item in value.values())
    return sum(fields(item) for item in value) if isinstance(value, list) else 0


@every_venue
async def test_a_muted_symbol_and_muted_data(venue: str) -> None:
    clean, _ = await frames(venue)
    found, _ = await frames(venue, Fault(kind=Kind.MUTE, symbol=SYMBOL[venue], count=0))
    others = [text for text in clean if book_symbol(venue, parse(text)) == OTHER[venue]]
    if venue == "coinbase":  # what is not sent is not counted: silence is no gap
        assert [parse(text)["events"] for text in found] == [parse(text)["events"] for text in others]
        numbers = [parse(text)["sequence_num"] for text in found]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    else:
        assert [text for text in found if "heartbeat" not in text] == others
    found, _ = await frames(venue, Fault(kind=Kind.MUTE, count=0))
    assert all(text == '{"channel":"heartbeat"}' for text in found)
    assert len(found) == (3 if venue == "kraken" else 0)


@every_venue
async def test_a_renamed_channel(venue: str) -> None:
    clean, _ = await frames(venue)
    found, _ = await frames(venue, fault(venue, Kind.RENAMED, at_frame=1, count=0))
    mine = [i for i, text in enumerate(clean) if book_symbol(venue, parse(text)) == SYMBOL[venue]]
    assert all((found[i] != clean[i]) is (i in mine) for i in range(len(clean)))
    old = {
        "binance": f'"{SYMBOL[venue].lower()}@depth@100ms"',
        "kraken": '"book"',
        "okx": '"books"',
        "bybit": '"orderbook.50.',
        "coinbase": '"l2_data"',
    }[venue]
    assert not any(old in found[i] for i in mine)


@every_venue
@pytest.mark.parametrize("kind", [Kind.CROSSED, Kind.LOCKED])
async def test_a_crossed_or_locked_book_heals(venue: str, kind: Kind) -> None:
    async with running(venue) as rig, rig.client() as client, rig.client() as touch:
        mirror, _ = await begin(rig, client)
        await touch.send(ask_touch(venue, SYMBOL[venue]))
        await touch.all()
        rig.exchange.inject(Fault(kind=kind, symbol=SYMBOL[venue], channel=CHANNEL[venue], at_frame=5, count=2))
        await rig.steps(STEPS)
        bent = 0
        for message in await client.all():
            mirror.apply(message)
            bids, asks = mirror.book.levels()
            bent += bids[0][0] > asks[0][0] if kind is Kind.CROSSED else bids[0][0] == asks[0][0]
        assert bent >= 2
        assert mirror.book.levels() == rig.truth(SYMBOL[venue], depth=depth_of(venue))
        quotes = [quote(venue, message) for message in await touch.all()]
        wrong = [pair for pair in quotes if pair and (pair[0] >= pair[1])]
        assert wrong
        assert all((bid > ask_) is (kind is Kind.CROSSED) for bid, ask_ in wrong)
        assert quotes[-1][0] < quotes[-1][1]


def quote(venue: str, message: dict) -> tuple[Decimal, Decimal] | None:
    if venue == "binance":
        row = message["data"]
        return Decimal(row["b"]), Decimal(row["a"])
    if venue == "kraken":
        if message.get("channel") != "ticker":
            return None
        return Decimal(message["data"][0]["bid"]), Decimal(message["data"][0]["ask"])
    if venue == "okx":
        row = message["data"][0]
        return Decimal(row["bids"][0][0]), Decimal(row["asks"][0][0])
    if venue == "bybit":
        row = message["data"]
        return Decimal(row["b"][0][0]), Decimal(row["a"][0][0])
    row = message["events"][0]["tickers"][0]
    return Decimal(row["best_bid"]), Decimal(row["best_ask"])


@pytest.mark.parametrize("venue", ["kraken", "okx", "bybit", "coinbase"])
@pytest.mark.parametrize("kind", [Kind.SNAPSHOT, Kind.EMPTY_BOOK, Kind.DEEP_SNAPSHOT])
async def test_snapshots_in_the_middle(venue: str, kind: Kind) -> None:
    async with running(venue) as rig, rig.client() as client:
        mirror, _ = await begin(rig, client)
        rig.exchange.inject(Fault(kind=kind, symbol=SYMBOL[venue], at_frame=5, value=100_000))
        await rig.steps(STEPS)
        snapshots, sizes = 0, set()
        for message in await client.all():
            mirror.apply(message)
            mine = book_symbol(venue, message) == SYMBOL[venue]
            snapshots += mine and '"snapshot"' in json.dumps(message)
            sizes.add(sum(map(len, mirror.book.levels())))
            if mine and kind is Kind.DEEP_SNAPSHOT:
                sizes.add(json.dumps(message).count("price" if venue in ("kraken", "coinbase") else '["'))
        assert snapshots == (1 if kind is Kind.SNAPSHOT else 2)
        if kind is Kind.EMPTY_BOOK:
            assert 0 in sizes
        if kind is Kind.DEEP_SNAPSHOT:
            assert 100_000 in sizes
        assert mirror.book.levels() == rig.truth(SYMBOL[venue], depth=depth_of(venue))


async def test_binance_gives_deep_and_empty_books_by_rest() -> None:
    async with running("binance") as rig:
        for kind, size in ((Kind.DEEP_SNAPSHOT, 10_000), (Kind.EMPTY_BOOK, 0)):
            rig.exchange.inject(Fault(kind=kind, symbol="SOLUSDT", count=1, value=10_000))
            while kind not in rig.exchange.mood("SOLUSDT"):
                await rig.steps(1)
            _, _, found = await rig.get("/api/v3/depth?symbol=SOLUSDT&limit=5000")
            assert len(found["bids"]) + len(found["asks"]) == size


@pytest.mark.parametrize("always", [False, True])
async def test_wrong_checksums_at_kraken(always: bool) -> None:
    async with running("kraken") as rig, rig.client() as client:
        mirror, _ = await begin(rig, client)
        rig.exchange.inject(Fault(kind=Kind.CHECKSUM, symbol="SOL/USD", at_frame=5, count=0 if always else 1))
        await rig.steps(STEPS)
        wrong = 0
        messages = [m for m in await client.all() if book_symbol("kraken", m) == "SOL/USD"]
        for message in messages:
            try:
                mirror.apply(message)
            except BrokenRule:
                wrong += 1
                mirror.book.live = True
        assert len(messages) > 20
        assert wrong == (len(messages) - 4 if always else 1)
        await client.send({"method": "unsubscribe", "params": {"channel": "book", "symbol": ["SOL/USD"], "depth": 10}})
        await client.send(ask("kraken", "SOL/USD"))
        fresh = Mirror("kraken", "SOL/USD")
        seeds = [m for m in await client.all() if book_symbol("kraken", m) == "SOL/USD"]
        try:
            fresh.apply(seeds[-1])
        except BrokenRule:
            assert always
        else:
            assert not always


async def test_okx_may_send_a_checksum_again() -> None:
    async with running("okx") as rig, rig.client() as client:
        mirror, _ = await begin(rig, client)
        rig.exchange.inject(Fault(kind=Kind.CHECKSUM, symbol="SOL-USDT"))
        await rig.steps(4)
        with pytest.raises(BrokenRule, match="retired"):
            mirror.apply(next(m for m in await client.all() if book_symbol("okx", m) == "SOL-USDT"))


async def test_a_binance_reset_goes_on_from_1() -> None:
    async with running("binance") as rig, rig.client() as client:
        mirror, _ = await begin(rig, client)
        rig.exchange.inject(Fault(kind=Kind.SEQUENCE_RESET, symbol="SOLUSDT", at_frame=5))
        await rig.steps(STEPS)
        seen = [m["data"] for m in await client.all() if book_symbol("binance", m) == "SOLUSDT"]
        at = next(i for i, event in enumerate(seen) if event["u"] < 1_000)
        for event in seen[:at]:
            mirror.book.apply(event)
        with pytest.raises(BrokenRule):
            mirror.book.apply(seen[at])
        assert seen[at]["u"] == 1
        fresh = Mirror("binance", "SOLUSDT")
        _, _, snapshot = await rig.get("/api/v3/depth?symbol=SOLUSDT&limit=5000")
        assert snapshot["lastUpdateId"] == seen[-1]["u"]
        fresh.book.seed(snapshot)
        assert fresh.book.levels() == rig.truth("SOLUSDT")


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
        heard = []
        for _ in range(5):
            await rig.steps(20)
            heard.append(any(book_symbol(venue, message) for message in await client.all()))
        assert heard == [True, False, False, True, True]


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
