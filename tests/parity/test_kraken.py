"""Kraken in both engines: what its frames mean, and a recording whose 4 269 checksums come out."""

import json
from collections import Counter
from itertools import product

import pytest
from backports import zstd

from cambist.engine.reference.exchanges import (
    MAX_KRAKEN_LEVELS,
    BookChecksum,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Instrument,
    Trade,
    decode_kraken,
)
from cambist.engine.reference.exchanges.kraken.checksum import kraken_checksum
from cambist.engine.reference.library import modules as reference
from cambist.engine.reference.library import streams
from tests.parity.kraken_frames import BIDS, INFO, LEVEL, TRADE, V1, V2, book
from tests.parity.venues import outcome
from tests.shared import shared_data


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def test_the_decimals_of_the_wire_give_the_checksum():
    snapshot, checksum = decode_kraken("kraken.ws", book("snapshot").encode())
    assert isinstance(snapshot, DepthSnapshot)
    assert checksum == BookChecksum("SOL/USD", 3737750847, (1, 8))
    assert kraken_checksum(snapshot.bids, snapshot.asks, 1, 8) == 3737750847
    assert kraken_checksum(snapshot.bids, snapshot.asks, 1, 4) != 3737750847


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (book("partial"), '`type` was "partial"'),
        (book("update", checksum=2**32), "`checksum` was 4294967296"),
        (book("update", checksum="null"), "`checksum` was null"),
        (book("update").replace("1.25000000", "-1.25"), "`qty` was -1.25"),
        (book("update").replace("1.25000000", "1e-5"), "`qty` was 1e-5"),
        (book("update").replace("1.25000000", "0.000000001"), "`qty` was 0.000000001"),
        (book("update").replace("101.4", "0.0"), "`price` was 0.0"),
        (book("update").replace("101.4", '"101.4"'), '`price` was "101.4"'),
        (book("update").replace("12:00:00", "25:00:00"), '`timestamp` was "2026-11-21T25:00:00.000001Z"'),
        (TRADE.replace("88", str(2**63)), f"`trade_id` was {2**63}"),
        ('{"channel":"book","type":"update","data":[]}', "`data` was an array"),
        ('{"req_id":7}', "`channel` was missing"),
    ],
)
def test_wrong_frames_are_refused_by_name(native, text, refusal):
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "kraken.ws", "", text.encode()) == refusal


def test_too_many_levels_are_refused_alike(native):
    many = ",".join([LEVEL] * (MAX_KRAKEN_LEVELS + 1))
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "kraken.ws", "", book("update", f"[{many}]").encode()) == (
            f"`bids` was {MAX_KRAKEN_LEVELS + 1} levels"
        )
        fits = book("update", f"[{many[len(LEVEL) + 1 :]}]").encode()
        assert len(engine.decode_venue("kraken.ws", "", fits)) == 2


def test_pairs_have_the_names_of_v2():
    (listed,) = decode_kraken("kraken.info", INFO[0].encode())
    assert listed.instruments == [
        Instrument("BTC/USD", "BTC", "USD", "online", 10_000_000, 1, 50_000_000),
        Instrument("DOGE/EUR", "DOGE", "EUR", "", 10, 1, None),
        Instrument("GRT/ETH", "GRT", "ETH", "", 1, 1, None, 9),
    ]
    assert outcome(decode_kraken, "kraken.info", INFO[1].encode()) == "`result` was there twice"
    (old,) = decode_kraken("kraken.v1.ws", V1[0].encode())
    assert old.symbol == "BTC/EUR"
    assert decode_kraken("kraken.v1.ws", V1[2].encode())[0].symbol == "DOGE/BTC"


def test_trades_of_before_are_not_live():
    assert [type(decode_kraken("kraken.ws", text.encode())[0]).__name__ for text in V2[4:6]] == ["Trade", "Ignored"]


def recorded():
    path = shared_data("cex_cryptofeed", "KRAKEN.jsonl.zst")
    return [json.loads(line) for line in zstd.decompress(path.read_bytes()).splitlines()]


def frames():
    for line in recorded():
        if line["t"] == "recv":
            yield "kraken.v1.ws", line["data"].encode()
        elif line["t"] == "http":
            yield "kraken.info", line["data"].encode()


def best(side, *, highest):
    return sorted(side.items(), reverse=highest)[:10]


def test_a_recording_gives_its_checksums():
    """It is of 2021-04-17, of books 1000 deep; every frame of a pair writes as many decimals."""
    books, digits = {}, {}
    counts = Counter()
    for protocol, body in frames():
        for event in decode_kraken(protocol, body):
            counts[type(event)] += 1
            match event:
                case DepthSnapshot():
                    books[event.symbol] = (dict(event.bids), dict(event.asks))
                case DepthDelta():
                    for side, changes in zip(books[event.symbol], (event.bids, event.asks), strict=True):
                        side.update(changes)
                        for price, qty in changes:
                            if not qty:
                                del side[price]
                case BookChecksum():
                    assert digits.setdefault(event.symbol, event.digits) == event.digits
                    bids, asks = books[event.symbol]
                    best_bids, best_asks = best(bids, highest=True), best(asks, highest=False)
                    assert kraken_checksum(best_bids, best_asks, *event.digits) == event.sum
    assert counts[BookChecksum] == counts[DepthDelta] == 4269
    assert (counts[DepthSnapshot], counts[BookTicker], counts[Trade]) == (10, 18, 10)
    assert digits["ADA/BTC"] == (9, 8)
    assert digits["BTC/CHF"] == (5, 8)


def test_a_recording_is_read_alike(native):
    listed = None
    for protocol, body in frames():
        mine = reference.decode_venue(protocol, "", body)
        assert native.decode_venue(protocol, "", body) == mine
        listed = mine if protocol == "kraken.info" else listed
    decimals = Counter(each["price_decimals"] for each in json.loads(listed[0])["body"])
    assert decimals == {8: 287, 9: 4, 10: 2}


def test_a_recording_builds_its_books_alike(native):
    """Every sum is compared, and none of them is wrong."""
    for symbol, decimals in product(("ADA/BTC", "BTC/CHF", "SC/EUR"), (8, 9, 12)):
        mine, theirs = (module.BookStream("kraken.v1.ws", symbol, decimals) for module in (streams, native))
        for protocol, body in frames():
            if protocol == "kraken.v1.ws":
                assert theirs.take(body) == mine.take(body)
        book = json.loads(theirs.parts())
        assert json.loads(mine.parts()) == book
        assert (book["state"], book["counts"]["gaps"], book["counts"]["seeds"]) == ("live", 0, 1)
        assert book["counts"]["unverified"] == 0
        assert mine.best() == theirs.best() is not None


def test_nothing_of_a_book_is_taken_from_a_float():
    """The classic mistake sums `1.25` in place of `1.25000000`."""
    snapshot, _ = decode_kraken("kraken.ws", book("snapshot", BIDS.replace("1.25000000", "1.25")).encode())
    assert snapshot.bids[0] == (10_140_000_000, 125_000_000)
