"""OKX in both engines: the same events or the same refusal, and a recording whose 290 checksums come out."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from backports import zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.book.order_book import BookState, Continuity, Delta, OrderBook, Outcome, Source
from cambist.engine.reference.exchanges import BookChecksum, DecodeError, DepthDelta, DepthSnapshot, Trade, decode_okx
from cambist.engine.reference.exchanges.okx.checksum import okx_checksum
from cambist.engine.reference.exchanges.okx.decode import MAX_OKX_LEVELS
from cambist.engine.reference.library import modules as reference
from cambist.engine.reference.library import streams
from cambist.model.events import Channel
from cambist.model.market import Identity, Instrument, VenueFee
from tests.parity.corpus import mutate
from tests.parity.markets import SOL, USDC, Market, run, setup
from tests.parity.okx_frames import BODIES, ROW, SAMPLES, push
from tests.parity.sums import Xorshift
from tests.shared import shared_data
from tests.snapshots import all_state

PROTOCOLS = ("okx.ws", "okx.unnumbered.ws", "okx.depth", "okx.info")

values = st.one_of(
    st.integers(-3, 2**65),
    st.sampled_from(["", "0", "-1", "1.5", "0.000000001", "18446744073709551616", "9" * 25, "१", "+1", "\ud800"]),
    st.sampled_from([None, True, 1.5, [], {}, [["1", "1"]], [["1"]], [[1, 1]], [["0", "1"]]]),
    st.sampled_from([-(1 << 31), (1 << 31) - 1, 1 << 31, "snapshot", "update", "books", "buy"]),
)


def outcome(call, *args):
    """Returns a call's answer, or the words of its refusal."""
    try:
        return call(*args)
    except ValueError as error:
        return str(error)


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


def assert_same(native, body):
    for protocol in PROTOCOLS:
        assert outcome(native.decode_okx, protocol, "X", body) == outcome(reference.decode_okx, protocol, "X", body)


@pytest.mark.parametrize("body", [*BODIES, b"pong", b"ping", b"", b"[]", b'"pong"'])
def test_samples_are_read_alike(native, body):
    assert_same(native, body)


@given(st.sampled_from(BODIES), st.integers(1, 2**63))
@settings(max_examples=400, deadline=None)
def test_mutated_frames_are_read_or_refused_alike(native, body, seed):
    broken = bytearray(body)
    mutate(broken, Xorshift(seed))
    assert_same(native, bytes(broken))


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=400, deadline=None)
def test_other_values_and_missing_keys_are_read_or_refused_alike(native, sample, data):
    sample = json.loads(json.dumps(sample))
    rows = sample["data"] if isinstance(sample.get("data"), list) else []
    at = data.draw(st.sampled_from([sample, *rows, *([sample["arg"]] if "arg" in sample else [])]))
    for name in data.draw(st.lists(st.sampled_from([*sorted(at), "data"]), max_size=2)):
        if data.draw(st.booleans()):
            at.pop(name, None)
        else:
            at[name] = data.draw(values)
    assert_same(native, json.dumps(sample).encode())


def test_too_many_levels_are_refused_alike(native):
    levels = [["1", "1"]] * (MAX_OKX_LEVELS + 1)
    body = json.dumps(push("books", "update", ROW | {"bids": levels})).encode()
    assert_same(native, body)
    assert outcome(reference.decode_okx, "okx.ws", "X", body) == "`bids` was 4001 levels"
    body = json.dumps(push("books", "update", ROW | {"bids": levels[1:]})).encode()
    assert len(native.decode_okx("okx.ws", "X", body)) == len(reference.decode_okx("okx.ws", "X", body)) == 2


levels = st.lists(st.tuples(st.integers(1, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=30)


@given(levels, levels)
@example([(10_140_000_000, 125_000_000)], [])
@settings(deadline=None)
def test_checksums_agree(native, bids, asks):
    assert native.okx_checksum(bids, asks) == okx_checksum(bids, asks)


steps = st.lists(
    st.tuples(st.sampled_from("uuuuuuasrlgtc"), st.integers(1, 3), st.integers(1, 9), st.integers(0, 2)), max_size=40
)


@given(steps)
@settings(max_examples=150, deadline=None)
def test_books_follow_the_chain_alike(native, steps):
    mine, theirs = (module.BookStream("okx.ws", "SOL-USDT") for module in (streams, native))
    seq = 1000
    for act, step, price, qty in steps:
        prev, bids = seq, [[f"{price}.5", str(qty), "0", "1"]]
        row = ROW | {"asks": [["20", "1", "0", "1"]], "bids": bids, "checksum": 0}
        seq += 0 if act in "asgt" else step
        if act == "r":
            seq = step  # starts anew
        if act == "l":
            continue  # lost
        row |= {"prevSeqId": prev - (act == "g"), "seqId": seq}
        if act == "a":
            row |= {"asks": [], "bids": []}
        channel = "bbo-tbt" if act == "t" else "books"
        if act == "s":
            row["prevSeqId"] = -1
        if act == "c":
            row["checksum"] = 7
        body = json.dumps(push(channel, "snapshot" if act == "s" else "update", row)).encode()
        assert theirs.take(body) == mine.take(body)
        assert json.loads(theirs.parts()) == json.loads(mine.parts())
        assert theirs.best() == mine.best()


CHANNEL = 7


def engines():
    """Returns both engines, each with a channel of OKX beside those of the tiny market."""
    usual = setup()
    changed = setup(
        channels=(*usual.channels, Channel(CHANNEL, "okx", "okx", "okx.ws", "public")),
        identities=(*usual.identities, Identity("okx", "SOL", SOL), Identity("okx", "USDT", USDC)),
        instruments=(*usual.instruments, Instrument("okx", "SOL-USDT", "SOL", "USDT")),
        venue_fees=(*usual.venue_fees, VenueFee("okx", 1_000)),
    )
    return make_engine("reference", changed), make_engine("native", changed)


def book_of(engine):
    books = all_state(engine)["books"]
    return next(entry["book"] for entry in books if entry["symbol"] == "SOL-USDT" and entry["venue"] == "okx")


@pytest.mark.usefixtures("native")
def test_engines_follow_the_stream_alike():
    market, both = Market(), engines()
    market.open()
    first = ROW | {"prevSeqId": -1, "seqId": 1000, "checksum": 0}
    for action, row, state, wanted in (
        ("snapshot", first, "live", False),
        ("update", first | {"prevSeqId": 1000, "seqId": 1004, "bids": [["101.4", "2", "0", "1"]]}, "live", False),
        ("update", first | {"prevSeqId": 1004, "seqId": 1004, "asks": [], "bids": []}, "live", False),
        ("update", first | {"prevSeqId": 1004, "seqId": 3}, "live", False),
        ("update", first | {"prevSeqId": 4, "seqId": 5}, "suspect", True),
        ("update", first | {"prevSeqId": 5, "seqId": 6}, "reseeding", False),
        ("snapshot", first | {"seqId": 2}, "live", False),
        ("update", first | {"prevSeqId": 2, "seqId": 4, "checksum": 5}, "suspect", True),
        ("update", first | {"prevSeqId": "2"}, "suspect", False),
    ):
        market.frame(CHANNEL, push("books", action, row))
        market.frame(CHANNEL, b"pong")
        block = market.take()
        outputs = [run(engine, block) for engine in both]
        assert outputs[0] == outputs[1]
        assert (b"SOL-USDT" in outputs[0][1]) is wanted
        assert both[0].snapshot() == both[1].snapshot()
        assert [book_of(engine)["state"] for engine in both] == [state, state]
    channels = {each["channel"]: each for each in json.loads(both[0].present(1 << 62))["channels"]}
    assert (channels[CHANNEL]["gaps"], channels[CHANNEL]["malformed"]) == (2, 1)
    assert channels[CHANNEL]["last_error"] == '`prevSeqId` was "2"'


def recorded():
    path = shared_data("cex_cryptofeed", "OKX.jsonl.zst")
    return [json.loads(line) for line in zstd.decompress(path.read_bytes()).splitlines()]


def test_a_recording_gives_its_290_checksums():
    """It is of 2022-05-13, when pushes had a checksum and no id."""
    books: dict[str, OrderBook] = {}
    sums = trades = 0
    for line in recorded():
        for event in decode_okx("okx.unnumbered.ws", "", line["data"].encode()) if line["t"] == "recv" else ():
            match event:
                case DepthSnapshot():
                    book = books[event.symbol] = OrderBook(Continuity.OKX)
                    assert (
                        book.apply_snapshot(event.last, (event.bids, event.asks), Source.STREAM, 1).outcome
                        is Outcome.SEEDED
                    )
                case DepthDelta():
                    delta = Delta(*event[1:])
                    assert books[event.symbol].apply_delta(delta, 1).outcome is Outcome.APPLIED
                case BookChecksum():
                    book = books[event.symbol]
                    assert OrderBook.from_parts(book.parts()).verify(event.sum ^ 1, None).outcome is Outcome.GAP
                    assert book.verify(event.sum, None).outcome is Outcome.APPLIED
                    sums += 1
                case Trade():
                    trades += 1
    assert (sums, trades, len(books)) == (290, 74, 3)
    assert all(book.state is BookState.LIVE and book.usable for book in books.values())


def test_a_recording_is_read_alike(native):
    args = ("okx.unnumbered.ws", "BTC-USDT")
    pairs = [(streams.BookStream(*args, scale), native.BookStream(*args, scale)) for scale in (8, 11)]
    listed = Counter()
    for line in recorded():
        body = line.get("data", "").encode()
        if line["t"] == "recv":
            assert_same(native, body)
            assert all(theirs.take(body) == mine.take(body) for mine, theirs in pairs)
        elif line["t"] == "http" and line["url"].endswith("instType=SPOT"):
            assert_same(native, body)
            pairs_of = json.loads(native.decode_okx("okx.info", "", body)[0])["body"]
            assert len(pairs_of) == body.count(b'"instType":"SPOT"')
            listed = Counter(each["price_decimals"] for each in pairs_of)
    for mine, theirs in pairs:
        assert json.loads(theirs.parts()) == json.loads(mine.parts())
        assert json.loads(theirs.parts())["counts"]["gaps"] == 0
        assert theirs.best() == mine.best() is not None
    assert listed == {8: 480, 9: 19, 10: 5, 11: 4, 12: 5}


@given(st.binary(max_size=64), st.sampled_from([*PROTOCOLS, "okx.other"]))
def test_any_bytes_are_read_or_refused(body, protocol):
    with suppress(DecodeError):
        decode_okx(protocol, "", body)
