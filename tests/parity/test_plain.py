"""The form of plug-ins' venues in both engines, and the book of OKX as REST gives it."""

import json

import pytest

from cambist.engine import make_engine
from cambist.engine.reference.book.order_book import BookState, Continuity, OrderBook, Source, take
from cambist.engine.reference.exchanges import (
    MAX_PLAIN_LEVELS,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Gap,
    Ignored,
    Instrument,
    Instruments,
    Trade,
    decode_okx,
    decode_plain,
)
from cambist.engine.reference.library import modules as reference
from cambist.model.events import Channel
from cambist.model.market import Identity, VenueFee
from cambist.model.market import Instrument as Pair
from tests.parity.markets import SOL, USDC, Market, run, setup
from tests.parity.okx_depth_frames import DEPTH
from tests.parity.plain_frames import BIDS, WS
from tests.parity.venues import outcome
from tests.snapshots import all_state

BID, ASK = (10_140_000_000, 125_000_000), (10_150_000_000, 50_000)
AT = 1_790_000_000_123_000_000


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def test_frames_say_what_they_mean():
    pairs = [
        Instrument("SOL-USD", "SOL", "USD", "online", 1_000_000, 100_000_000, None),
        Instrument("A-B", "A", "B", "", None, None, None),
    ]
    expected = [
        DepthSnapshot("SOL-USD", 7, [BID], [ASK], AT),
        DepthSnapshot("SOL-USD", 7, [BID], [], None),
        DepthDelta("SOL-USD", 8, 8, 7, [BID], [], AT + 1_000_000),
        DepthDelta("SOL-USD", 9, 9, 8, [], [ASK], 0),
        BookTicker("SOL-USD", 9, *BID, *ASK, AT + 1_000_000),
        BookTicker("SOL-USD", 9, 0, 0, 0, 0, None),
        Trade("SOL-USD", 88, ASK[0], 20_000_000, True, AT + 1_000_000),
        Gap("SOL-USD"),
        Instruments(pairs),
        Ignored(),
    ]
    for text, event in zip(WS, expected, strict=True):
        assert decode_plain("cambist.ws", text.encode()) == [event]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (WS[0].replace("snapshot", "book"), '`kind` was "book"'),
        (WS[0].replace('"seq":7', '"seq":9223372036854775808'), "`seq` was 9223372036854775808"),
        (WS[0].replace('"seq":7', '"seq":"7"'), '`seq` was "7"'),
        (WS[2].replace(',"ts":1790000000124000000', ""), "`ts` was missing"),
        (WS[2].replace('"prev":7', '"prev":-1'), "`prev` was -1"),
        (WS[4].replace("]]", '],["1","1"]]', 1), "`bids` was an array"),
        (WS[6].replace("sell", "SELL"), '`side` was "SELL"'),
        (WS[6].replace("0.2", "0"), '`qty` was "0"'),
        (WS[7].replace("SOL-USD", "\\ud800"), "`symbol` was half a surrogate pair"),
        (WS[8].replace("0.01", "0.000000000000001"), '`tick` was "0.000000000000001"'),
        ("{}", "`kind` was missing"),
    ],
)
def test_wrong_frames_are_refused_by_name(native, text, refusal):
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "cambist.ws", "", text.encode()) == refusal


def test_too_many_levels_are_refused_alike(native):
    text = WS[0].replace('["101.4","1.25"]', ",".join(['["1","1"]'] * (MAX_PLAIN_LEVELS + 1)))
    for engine in (reference, native):
        refusal = f"`bids` was {MAX_PLAIN_LEVELS + 1} levels"
        assert outcome(engine.decode_venue, "cambist.ws", "", text.encode()) == refusal


def test_a_gap_makes_its_book_suspect(native):
    book = OrderBook(Continuity.PLAIN)
    for at, text in enumerate((WS[0], WS[7])):
        (event,) = decode_plain("cambist.ws", text.encode())
        take(book, event, Source.STREAM, at)
        assert book.state is (BookState.SUSPECT if at else BookState.LIVE)
    assert native.decode_venue("cambist.ws", "", WS[7].encode()) == ['{"kind":"Gap","body":{"symbol":"SOL-USD"}}']


CHANNEL = 7


def engines():
    """Returns both engines, each with a plug-in's venue beside those of the tiny market."""
    usual = setup()
    changed = setup(
        channels=(*usual.channels, Channel(CHANNEL, "own", "own", "cambist.ws", "public")),
        identities=(*usual.identities, Identity("own", "SOL", SOL), Identity("own", "USD", USDC)),
        instruments=(*usual.instruments, Pair("own", "SOL-USD", "SOL", "USD")),
        venue_fees=(*usual.venue_fees, VenueFee("own", 1_000)),
    )
    return make_engine("reference", changed), make_engine("native", changed)


def state_of(engine):
    books = all_state(engine)["books"]
    return next(entry["book"]["state"] for entry in books if entry["venue"] == "own")


@pytest.mark.usefixtures("native")
def test_engines_follow_a_plug_ins_venue_alike():
    market, both = Market(), engines()
    market.open()
    for text, state, wanted in (
        (WS[0], "live", False),
        (WS[2].replace(BIDS, '[["101.3","1"]]'), "live", False),
        (WS[3].replace('"ts":0', '"ts":1790000000125000000'), "live", False),
        (WS[7], "suspect", True),
        (WS[0].replace(":7", ":20"), "live", False),
        (WS[2], "suspect", True),
    ):
        market.frame(CHANNEL, text.encode())
        block = market.take()
        outputs = [run(engine, block) for engine in both]
        assert outputs[0] == outputs[1]
        assert both[0].snapshot() == both[1].snapshot()
        assert [state_of(engine) for engine in both] == [state, state]
        assert (b"SOL-USD" in outputs[0][1]) is wanted
    channels = {each["channel"]: each for each in json.loads(both[0].present(1 << 62))["channels"]}
    assert (channels[CHANNEL]["gaps"], channels[CHANNEL]["malformed"]) == (2, 0)


def test_the_book_that_rest_gives_is_of_the_channels_symbol(native):
    assert decode_okx("okx.depth", "SOL-USDT", DEPTH[0].encode()) == [DepthSnapshot("SOL-USDT", 1004, [BID], [ASK], AT)]
    assert decode_okx("okx.depth", "X", DEPTH[2].encode()) == [Error(51001, "Instrument ID does not exist", "", None)]
    for engine in (reference, native):
        assert outcome(engine.decode_venue, "okx.depth", "X", DEPTH[1].encode()) == "`data` was an array"
        unnumbered = DEPTH[0].replace(',"seqId":1004', "")
        assert outcome(engine.decode_venue, "okx.depth", "X", unnumbered.encode()) == "`seqId` was missing"
