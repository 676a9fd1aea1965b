"""Bybit in both engines: what its frames mean, and which are refused."""

import pytest

from cambist.engine.reference.exchanges import (
    MAX_BYBIT_LEVELS,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Ignored,
    Instrument,
    Subscribed,
    Trade,
    decode_bybit,
)
from cambist.engine.reference.library import modules as reference
from tests.parity.bybit_frames import INFO, WS, book
from tests.parity.venues import outcome

BIDS = [(10_140_000_000, 125_000_000), (10_100_000_000, 75_000_000)]
ASKS = [(10_150_000_000, 50_000)]
CTS = 1_790_000_000_120_000_000


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def test_frames_say_what_they_mean():
    trade = Trade("SOLUSDT", 2290000000000000001, 10_150_000_000, 20_000_000, False, 1_790_000_000_124_000_000)
    expected = [
        DepthSnapshot("SOLUSDT", 501, BIDS, ASKS, CTS),
        DepthDelta("SOLUSDT", 501, 501, None, [(10_140_000_000, 0)], [], CTS),
        DepthSnapshot("SOLUSDT", 1, BIDS, ASKS, CTS),
        DepthSnapshot("SOLUSDT", 1, [], [], CTS),
        BookTicker("SOLUSDT", 500, *BIDS[0], *ASKS[0], CTS),
        DepthDelta("SOLUSDT", 501, 501, None, BIDS, ASKS, CTS + 3_000_000),
        [trade, trade],
        Ignored(),
        Subscribed("", None, None),
        Error(0, "Invalid topic …", "", None),
        Ignored(),
        Ignored(),
    ]
    for text, event in zip(WS, expected, strict=True):
        assert decode_bybit("bybit.spot.ws", text.encode()) == (event if isinstance(event, list) else [event])


def test_pairs_that_are_too_fine_are_left_out():
    (listed,) = decode_bybit("bybit.spot.info", INFO[0].encode())
    assert listed.instruments == [
        Instrument("SOLUSDT", "SOL", "USDT", "Trading", 1_000_000, 100_000, 500_000_000),
        Instrument("SOLUSDT", "SOL", "USDT", "Trading", 1, 100_000, 500_000_000, 10),
    ]
    (none,) = decode_bybit("bybit.spot.info", INFO[0].replace("0.0000000001", "0.000000000000001").encode())
    assert none.instruments == listed.instruments[:1]
    assert decode_bybit("bybit.spot.info", INFO[1].encode()) == [Error(10006, "too many visits", "", None)]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (book("update"), '`type` was "update"'),
        (book("delta", depth=1), '`type` was "delta"'),
        (book("snapshot", depth=1), "`b` was an array"),
        (book("delta", u=2**63), f"`u` was {2**63}"),
        (book("delta", u=-1), "`u` was -1"),
        (book("delta", bids='[["0","1"]]'), '`b` was "0"'),
        (book("delta", asks='[["1","-1"]]'), '`a` was "-1"'),
        (book("delta", asks="[[1,1]]"), "`a` was 1"),
        (book("delta").replace("1790000000120", "9223372036855"), "`cts` was 9223372036855"),
        (book("delta").replace('"cts":1790000000120', '"cts":null').replace("1790000000123", '"x"'), '`ts` was "x"'),
        (book("delta").replace("orderbook.50.SOLUSDT", "orderbook"), '`topic` was "orderbook"'),
        (book("snapshot", depth=","), '`topic` was "orderbook.,.SOLUSDT"'),
        (book("snapshot", depth=7), '`topic` was "orderbook.7.SOLUSDT"'),
        (book("delta").replace("50.SOLUSDT", "50.SOLUSD"), '`topic` was "orderbook.50.SOLUSD"'),
        (WS[6].replace('"2290000000000000001"', '"a-b"', 1), '`i` was "a-b"'),
        ('{"topic":"publicTrade.SOLUSDT","type":"snapshot","data":[]}', "`data` was an array"),
        ('{"ret_msg":"pong"}', "`topic` was missing"),
    ],
)
def test_wrong_frames_are_refused_by_name(native, text, refusal):
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "bybit.spot.ws", "", text.encode()) == refusal


def test_too_many_levels_are_refused_alike(native):
    many = ",".join(['["1","1"]'] * (MAX_BYBIT_LEVELS + 1))
    for engine in (reference, native):
        fits, over = (book("delta", bids=f"[{text}]").encode() for text in (many[10:], many))
        assert len(engine.decode_venue("bybit.spot.ws", "", fits)) == 1
        assert outcome(engine.decode_venue, "bybit.spot.ws", "", over) == f"`b` was {MAX_BYBIT_LEVELS + 1} levels"


def test_contracts_are_no_spot_pairs(native):
    text = INFO[0].replace('"spot"', '"linear"')
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "bybit.spot.info", "", text.encode()) == '`category` was "linear"'
