"""Every fault of frames and books shows on the wire. A run with one is held against the same run without."""

import json
from decimal import Decimal

import pytest

from cambist.simulator.exchanges.faults import Fault, Kind
from tests.simulator.exchanges.checkers import BrokenRule
from tests.simulator.exchanges.faulty import AT, STEPS, begin, depth_of, every_venue, fault, frames, place
from tests.simulator.exchanges.rig import parse, running
from tests.simulator.exchanges.subscriptions import (
    CHANNEL,
    OTHER,
    SYMBOL,
    Mirror,
    ask,
    ask_touch,
    book_symbol,
)


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
