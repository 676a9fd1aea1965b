"""Coinbase in both engines: what its frames mean, and a recording whose 1 030 messages join up."""

import json
from collections import Counter

import pytest
from backports import zstd

from cambist.engine.reference.exchanges import (
    MAX_COINBASE_LEVELS,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Ignored,
    Instruments,
    Sequence,
    Subscribed,
    Trade,
    decode_coinbase,
)
from cambist.engine.reference.library import modules as reference
from cambist.engine.reference.library import streams
from tests.parity.coinbase_frames import ASK, BID, INFO, WS, depth, frame
from tests.parity.venues import outcome
from tests.shared import shared_data

AT = 1_795_262_400_123_456_789


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def test_frames_say_what_they_mean():
    bid, ask = (14_250_000_000, 1_250_000_000), (14_252_000_000, 300_000_000)
    trade = Trade("SOL-USD", 88, 14_250_000_000, 20_000_000, True, AT)
    gone = DepthDelta("SOL-USD", 7, 7, None, [(bid[0], 0)], [], AT)
    expected = [
        [Sequence(0), Subscribed("", None, None)],
        [Sequence(1), DepthSnapshot("SOL-USD", 1, [bid], [ask], AT)],
        [Sequence(7), gone, DepthDelta("ETH-USD", 7, 7, None, [], [ask], AT)],
        [Sequence(7), DepthDelta("SOL-USD", 7, 7, None, [], [], AT)],
        [Sequence(7)],
        [Sequence(7)],
        [Sequence(7), BookTicker("SOL-USD", 7, *bid, *ask, AT)],
        [Sequence(7), BookTicker("SOL-USD", 7, 0, 0, *ask, AT)],
        [Sequence(7), trade, trade._replace(buyer_is_maker=False)],
        [Sequence(7)],
        [Sequence(7)],
        [Error(0, "authentication failure", "", None)],
        [Ignored()],
    ]
    for text, events in zip(WS, expected, strict=True):
        assert decode_coinbase("coinbase.ws", text.encode()) == events


def test_a_product_is_what_its_flags_say():
    (listed,) = decode_coinbase("coinbase.info", INFO[0].encode())
    assert [entry.status for entry in listed.instruments] == ["online", "trading_disabled", "delisted", "online"]
    assert [entry.price_decimals for entry in listed.instruments] == [8, 8, 8, 9]
    assert listed.instruments[2] == ("SOL-USD", "SOL", "USD", "delisted", 1_000_000, 1, 100_000_000, 8)
    assert decode_coinbase("coinbase.info", INFO[1].encode()) == [Error(0, "too many requests", "", None)]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (frame("l2_data", depth("delta", BID)), '`type` was "delta"'),
        (frame("l2_data", depth("update", BID.replace("bid", "ask"))), '`side` was "ask"'),
        (frame("l2_data", depth("update", BID.replace("142.50", "0"))), '`price_level` was "0"'),
        (frame("l2_data", depth("update", BID.replace('"12.5"', "12.5"))), "`new_quantity` was 12.5"),
        (frame("l2_data", depth("update", BID), number=-1), "`sequence_num` was -1"),
        (frame("heartbeats", number=2**63), f"`sequence_num` was {2**63}"),
        (frame("l2_data", depth("update", ASK)).replace('"timestamp"', '"at"'), "`timestamp` was missing"),
        (
            frame("l2_data", depth("update", ASK)).replace("Z", "+00:00", 1),
            '`timestamp` was "2026-11-21T12:00:00.123456789+00:00"',
        ),
        (WS[8].replace('"88"', "88", 1), "`trade_id` was 88"),
        (WS[8].replace("BUY", "buy"), '`side` was "buy"'),
        ('{"channel":"heartbeats"}', "`sequence_num` was missing"),
        ("{}", "`channel` was missing"),
        (frame("l2]data", depth("update", BID)), '`channel` was "l2]data"'),
        (frame("l2_data", depth("update", BID)).replace("SOL-USD", "SOL:USD"), '`product_id` was "SOL:USD"'),
        (frame("l2_data", depth("update", BID)).replace("SOL-USD", ""), '`product_id` was ""'),
    ],
)
def test_wrong_frames_are_refused_by_name(native, text, refusal):
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "coinbase.ws", "", text.encode()) == refusal


def test_too_many_levels_are_refused_alike(native):
    row = '{"side":"bid","price_level":"1","new_quantity":"1"}'
    many = frame("l2_data", depth("snapshot", *[row] * (MAX_COINBASE_LEVELS + 1))).encode()
    for engine in (reference, native):
        refusal = f"`updates` was {MAX_COINBASE_LEVELS + 1} levels"
        assert outcome(engine.decode_venue, "coinbase.ws", "", many) == refusal


@pytest.fixture(scope="module")
def recorded():
    path = shared_data("cex_cryptofeed", "COINBASE.jsonl.zst")
    lines = (json.loads(line) for line in zstd.decompress(path.read_bytes()).splitlines())
    names = {"recv": "coinbase.ws", "http": "coinbase.info"}
    return [(names[line["t"]], line["data"].encode()) for line in lines if line["t"] in names]


def test_a_recording_joins_up_and_its_book_never_crosses(recorded):
    """It is of 2026-08-09. Tickers come between the changes of a book, so not all of them show its best levels."""
    counts, books, numbers = Counter(), {}, []
    same = Counter()
    for protocol, body in recorded:
        for event in decode_coinbase(protocol, body):
            counts[type(event)] += 1
            match event:
                case Sequence():
                    numbers.append(event.number)
                case DepthSnapshot():
                    books[event.symbol] = (dict(event.bids), dict(event.asks))
                case DepthDelta():
                    for side, changes in zip(books[event.symbol], (event.bids, event.asks), strict=True):
                        side.update(changes)
                        for price, qty in changes:
                            if not qty:
                                del side[price]
                    bids, asks = books[event.symbol]
                    assert max(bids) < min(asks)
                case BookTicker() if event.symbol in books:
                    bids, asks = books[event.symbol]
                    same[(max(bids), min(asks)) == (event.bid, event.ask)] += 1
    assert numbers == list(range(1030))
    assert (counts[DepthSnapshot], counts[DepthDelta], counts[BookTicker]) == (2, 773, 160)
    assert same == {True: 132, False: 22}
    assert books.keys() == {"BTC-USD", "ETH-USD"}


def test_the_side_of_a_recorded_trade_is_its_makers(recorded):
    best, sides = {}, Counter()
    for protocol, body in recorded:
        for event in decode_coinbase(protocol, body):
            if isinstance(event, BookTicker):
                best[event.symbol] = event
            elif isinstance(event, Trade):
                before = best[event.symbol]
                at_ask, at_bid = event.price >= before.ask, event.price <= before.bid
                if at_ask or at_bid:
                    sides[event.buyer_is_maker == at_bid] += 1
    assert sides == {True: 75, False: 1}


def test_a_recording_is_read_alike(native, recorded):
    for protocol, body in recorded:
        assert native.decode_venue(protocol, "", body) == reference.decode_venue(protocol, "", body)
    (listed,) = [
        events
        for protocol, body in recorded
        if protocol == "coinbase.info"
        for events in decode_coinbase(protocol, body)
    ]
    assert isinstance(listed, Instruments)
    assert len(listed.instruments) == 920
    assert Counter(entry.status for entry in listed.instruments) == {"online": 912, "delisted": 8}


def test_a_recording_builds_its_books_alike(native, recorded):
    for symbol in ("BTC-USD", "ETH-USD"):
        mine, theirs = (module.BookStream("coinbase.ws", symbol) for module in (streams, native))
        for protocol, body in recorded:
            if protocol == "coinbase.ws":
                assert theirs.take(body) == mine.take(body)
        book = json.loads(theirs.parts())
        assert json.loads(mine.parts()) == book
        assert (book["state"], book["counts"]["gaps"], book["counts"]["seeds"]) == ("live", 0, 1)
        assert mine.best() == theirs.best() is not None


def test_a_lost_message_makes_a_recorded_book_suspect(native, recorded):
    bodies = [body for protocol, body in recorded if protocol == "coinbase.ws"]
    lost = next(at for at, body in enumerate(bodies) if b"l2_data" in body and b"snapshot" not in body[:300])
    for module in (streams, native):
        stream = module.BookStream("coinbase.ws", "BTC-USD")
        for body in bodies[:lost] + bodies[lost + 1 : lost + 3]:
            stream.take(body)
        assert json.loads(stream.parts())["counts"]["gaps"] == 1
        assert stream.best() is None
