"""Two connections that tell one market for a while: books pass from the old one to the new one, and never between."""

import json

import pytest

from cambist.engine import make_engine
from cambist.model.events import Channel, RecordKind
from cambist.model.market import Identity, Instrument, VenueFee
from tests.parity.markets import SOL, USDC, Market, run, setup
from tests.snapshots import all_state

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

OKX, BINANCE, DEPTH = 7, 3, 5
LEVELS = {"bids": [["101.4", "1.25", "0", "3"]], "asks": [["101.5", "0.5", "0", "1"]]}


class Pair:
    """Both engines over one stream of records; they must never differ."""

    def __init__(self):
        usual = setup()
        changed = setup(
            channels=(*usual.channels, Channel(OKX, "okx", "okx", "okx.ws", "public")),
            identities=(*usual.identities, Identity("okx", "SOL", SOL), Identity("okx", "USDT", USDC)),
            instruments=(*usual.instruments, Instrument("okx", "SOL-USDT", "SOL", "USDT")),
            venue_fees=(*usual.venue_fees, VenueFee("okx", 1_000)),
        )
        self.market = Market()
        self.market.take()
        self.engines = [make_engine("reference", changed), make_engine("native", changed)]
        self.needs = b""

    def step(self):
        """Gives what was queued to both engines."""
        block = self.market.take()
        outputs = [run(engine, block) for engine in self.engines]
        assert outputs[0] == outputs[1]
        assert self.engines[0].snapshot() == self.engines[1].snapshot()
        self.needs = outputs[0][1]

    def restore(self):
        """Goes on from a snapshot, as after a cut."""
        for engine in self.engines:
            engine.restore(engine.snapshot())

    def connected(self, channel, generation):
        body = json.dumps({"label": "x"}).encode()
        self.market.record(RecordKind.CONNECTED, body, channel=channel, conn=generation, generation=generation)
        self.step()

    def disconnected(self, channel, generation):
        body = json.dumps({"reason": "x"}).encode()
        self.market.record(RecordKind.DISCONNECTED, body, channel=channel, conn=generation, generation=generation)
        self.step()

    def okx(self, generation, prev, seq, *, action="update", size="1"):
        row = LEVELS | {"bids": [["101.4", size, "0", "1"]], "ts": "1790000000123", "prevSeqId": prev, "seqId": seq}
        body = {"arg": {"channel": "books", "instId": "SOL-USDT"}, "action": action, "data": [row]}
        self.market.frame(OKX, body, conn=generation, generation=generation)
        self.step()

    def book(self, source, depth=5):
        outputs = [engine.inspect_book(source, depth, self.market.now_ns) for engine in self.engines]
        assert outputs[0] == outputs[1]
        return json.loads(outputs[0])

    def entry(self, symbol="SOL-USDT"):
        books = all_state(self.engines[0])["books"]
        return next(each for each in books if each["symbol"] == symbol)

    def best(self, symbol="SOL-USDT"):
        book = self.entry(symbol)["book"]
        return book["state"], book["last"], book["bids"][0][1]


@pytest.fixture
def pair():
    pair = Pair()
    pair.connected(OKX, 1)
    pair.okx(1, -1, 100, action="snapshot")
    assert pair.best() == ("live", 100, 10**8)
    return pair


def test_a_book_passes_to_the_new_connection_when_that_one_has_it(pair):
    pair.connected(OKX, 2)
    pair.okx(1, 100, 101, size="2")
    assert pair.best() == ("live", 101, 2 * 10**8)
    pair.okx(2, -1, 102, action="snapshot", size="3")
    assert pair.best() == ("live", 102, 3 * 10**8)
    pair.okx(1, 101, 102, size="3")  # the old connection says it too, and is not heard
    pair.okx(1, 200, 201, size="9")
    assert pair.best() == ("live", 102, 3 * 10**8)
    pair.restore()
    pair.okx(2, 102, 103, size="4")
    pair.disconnected(OKX, 1)
    pair.okx(2, 103, 104, size="5")
    assert pair.best() == ("live", 104, 5 * 10**8)
    assert pair.entry()["book"]["counts"] | {"ignored": 0} == {
        "gaps": 0, "ignored": 0, "overflows": 0, "crossed": 0, "seeds": 2, "silences": 0, "unverified": 0,
    }  # fmt: skip
    pair.disconnected(OKX, 2)
    assert pair.best()[0] == "stale"


def test_until_then_the_old_connection_is_the_book(pair):
    pair.connected(OKX, 2)
    pair.okx(2, 101, 102, size="9")  # a delta before its snapshot says nothing yet
    assert b"SOL-USDT" in pair.needs
    pair.okx(1, 100, 101, size="2")
    assert pair.best() == ("live", 101, 2 * 10**8)
    pair.restore()
    pair.disconnected(OKX, 2)
    pair.okx(1, 101, 102, size="3")
    assert pair.best() == ("live", 102, 3 * 10**8)


def test_a_cut_before_the_new_one_has_the_book_leaves_none(pair):
    pair.connected(OKX, 2)
    pair.disconnected(OKX, 1)
    assert pair.best()[0] == "no_book"
    pair.okx(1, 100, 101, size="2")
    assert pair.best()[0] == "no_book"
    pair.okx(2, -1, 102, action="snapshot", size="3")
    assert pair.best() == ("live", 102, 3 * 10**8)


def test_a_book_that_passed_over_falls_with_the_new_connection(pair):
    pair.connected(OKX, 2)
    pair.okx(2, -1, 102, action="snapshot", size="3")
    pair.disconnected(OKX, 2)
    assert pair.best()[0] == "no_book"
    pair.okx(1, 101, 102)
    assert pair.best()[0] == "reseeding"
    assert b"SOL-USDT" in pair.needs


def test_a_fetched_snapshot_seeds_the_book_in_the_making(pair):
    market = pair.market
    pair.connected(BINANCE, 1)
    market.depth([("100.00", "1")], [("101.00", "1")])
    pair.step()
    market.depth_seed([("100.00", "1")], [("101.00", "1")])
    pair.step()
    assert pair.entry("SOLUSDC")["book"]["state"] == "live"
    before = pair.entry("SOLUSDC")["generation"]
    pair.connected(BINANCE, 2)
    body = {"e": "depthUpdate", "E": 1, "s": "SOLUSDC", "U": 9_000_001, "u": 9_000_002, "b": [["99", "2"]], "a": []}
    market.frame(BINANCE, body, conn=2, generation=2)
    pair.step()
    assert b"SOLUSDC" in pair.needs
    assert pair.entry("SOLUSDC")["next"]["book"]["state"] == "reseeding"
    body = {"lastUpdateId": 9_000_000, "bids": [["100", "5"]], "asks": [["101", "5"]]}
    market.frame(DEPTH, body)
    pair.step()
    entry = pair.entry("SOLUSDC")
    assert (entry["book"]["state"], entry["book"]["last"], entry["next"]) == ("live", 9_000_002, None)
    assert (before, entry["generation"]) == (1, 2)


def test_an_instrument_that_is_halted_is_no_book(pair):
    for status, state, halted in (("suspend", "live", True), ("live", "live", False)):
        listed = {"instType": "SPOT", "instId": "SOL-USDT", "baseCcy": "SOL", "quoteCcy": "USDT", "tickSz": "0.1"}
        body = {"code": "0", "data": [listed | {"lotSz": "0.1", "state": status}], "msg": ""}
        pair.market.record(
            RecordKind.CHANNEL, json.dumps({
                "id": 9, "feed": "okx", "venue": "okx", "protocol": "okx.info", "label": "x",
            }).encode(),
        )  # fmt: skip
        pair.market.frame(9, body)
        pair.step()
        book = pair.entry()["book"]
        assert (book["state"], book["halted"]) == (state, halted)


def test_silence_is_told_once_and_ends_with_the_next_message(pair):
    pair.market.record(RecordKind.TICK, step_ns=31_000_000_000)
    pair.step()
    assert pair.best()[0] == "stale"
    assert b"SOL-USDT" in pair.needs
    pair.market.record(RecordKind.TICK, step_ns=1_000_000_000)
    pair.step()
    assert pair.needs == b""
    pair.okx(1, 100, 101, size="2")
    assert pair.best() == ("live", 101, 2 * 10**8)


def test_a_need_that_was_lost_is_told_again(pair):
    pair.okx(1, 400, 401)  # a gap
    assert b"SOL-USDT" in pair.needs
    outputs = []
    for _ in range(24):
        pair.market.record(RecordKind.TICK, step_ns=1_000_000_000)
        pair.step()
        outputs.append(b"SOL-USDT" in pair.needs)
    assert (outputs.count(True), outputs.index(True)) == (2, 11)
    pair.restore()
    pair.okx(1, -1, 500, action="snapshot")
    for _ in range(15):
        pair.market.record(RecordKind.TICK, step_ns=1_000_000_000)
        pair.step()
        assert b"SOL-USDT" not in pair.needs


def test_a_ticker_without_a_time_is_as_old_as_the_last_message_that_tells_one(pair):
    market = pair.market
    pair.connected(BINANCE, 1)

    def update(late_ms):
        market.record(RecordKind.TICK, step_ns=2_000_000_000)
        market.update += 1
        at_ms = market.now_ns // 1_000_000 - late_ms
        body = {"e": "depthUpdate", "E": at_ms, "s": "SOLUSDC", "U": market.update, "u": market.update}
        market.frame(BINANCE, body | {"b": [["99", "2"]], "a": []})

    update(0)
    market.frame(DEPTH, {"lastUpdateId": market.update, "bids": [["100", "5"]], "asks": [["101", "5"]]})
    update(700)
    market.record(RecordKind.TICK, step_ns=200_000_000)
    market.ticker("100.10", "100.90")
    pair.step()
    book = pair.book("binance:SOLUSDC")
    assert book["best_bid"][0] == 10_010_000_000
    assert 898_000_000 <= market.now_ns - book["as_of_ns"] <= 905_000_000


def test_both_engines_open_a_book_up(pair):
    pair.okx(1, 100, 101, size="2")
    book = pair.book("okx:SOL-USDT")
    assert (book["state"], book["last_update_id"], book["seeds"], book["gaps"]) == ("live", 101, 1, 0)
    assert book["bids"] == [book["best_bid"]] == [[10_140_000_000, 200_000_000]]
    assert book["asks"] == [book["best_ask"]]
    assert book["silent_ns"] == pair.market.now_ns + 30_000_000_000
    assert pair.book("okx:SOL-USDT", 0) == book | {"bids": [], "asks": []}
    assert pair.book("okx:none") is pair.book("nowhere") is None
    pair.okx(1, 400, 401)
    assert pair.book("okx:SOL-USDT")["state"] == "suspect"
