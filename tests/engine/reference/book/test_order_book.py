import json
from itertools import islice

import msgspec
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.book.order_book import (
    MAX_BUFFER,
    MAX_CROSSED_NS,
    MAX_LEVELS,
    SEED_PATIENCE_NS,
    BookChange,
    BookState,
    Continuity,
    Delta,
    OrderBook,
    Outcome,
    Side,
    Source,
    Ticker,
)
from cambist.engine.reference.exchanges import BookTicker, DepthDelta, DepthSnapshot, Instruments, decode_binance
from cambist.engine.reference.exchanges.decimal import ONE
from tests.parity import runs, sums
from tests.shared import shared_data

BIDS = [(100 * ONE, 2 * ONE), (99 * ONE, ONE)]
ASKS = [(101 * ONE, ONE), (102 * ONE, 3 * ONE)]


def delta(first, last, prev=None, bids=(), asks=(), venue_ns=0):
    return Delta(first, last, prev, list(bids), list(asks), venue_ns)


def live(continuity=Continuity.SPOT):
    book = OrderBook(continuity)
    assert book.apply_snapshot(10, (BIDS, ASKS), Source.FETCHED, 1) == BookChange(Outcome.SEEDED, False)
    assert book.state is BookState.LIVE
    return book


def assert_silent(book):
    assert not book.usable
    assert book.best_bid() is book.best_ask() is None
    assert book.sell(ONE) is book.buy(ONE) is book.cost(ONE) is None


class Replayed:
    """One book out of depth frames only, and one that takes tickers too."""

    def __init__(self, continuity):
        self.depth, self.full = OrderBook(continuity), OrderBook(continuity)
        self.tops, self.tickers = {}, {}

    def take(self, event, recv_ns):
        if isinstance(event, DepthDelta):
            change = Delta(*event[1:])
            self.depth.apply_delta(change, recv_ns)
            self.full.apply_delta(change, recv_ns)
            if self.depth.usable:
                self.tops[event.last] = (self.depth.best_bid(), self.depth.best_ask())
        elif isinstance(event, DepthSnapshot):
            self.depth.apply_snapshot(event.last, (event.bids, event.asks), Source.FETCHED, recv_ns)
            self.full.apply_snapshot(event.last, (event.bids, event.asks), Source.FETCHED, recv_ns)
        elif isinstance(event, BookTicker):
            ticker = Ticker(event.update_id, event.bid, event.bid_qty, event.ask, event.ask_qty)
            self.full.apply_ticker(ticker, recv_ns)
            self.tickers[event.update_id] = ((event.bid, event.bid_qty), (event.ask, event.ask_qty))

    def finish(self):
        """Asserts that nothing was amiss; returns how often levels and tickers of one update id were compared."""
        for book in (self.depth, self.full):
            assert book.state is BookState.LIVE
            counts = book.counts
            assert (counts.gaps, counts.overflows, counts.crossed, counts.seeds) == (0, 0, 0, 1)
            assert OrderBook.from_parts(book.parts()).parts() == book.parts()
        both = self.tops.keys() & self.tickers.keys()
        assert {update: self.tops[update] for update in both} == {update: self.tickers[update] for update in both}
        return len(both)


@pytest.mark.parametrize(
    ("name", "lines", "compared"),
    [
        ("spot_ethusdt_20240808", None, 577),
        ("spot_btcusdt_20240808", 12_000, 100),
        ("usdm_btcusdt_20240808", 12_000, 60),
        ("usdm_ethusdt_20240808", 12_000, 60),
    ],
)
def test_recorded_books_have_no_gap_and_agree_with_the_tickers(name, lines, compared):
    market = name.partition("_")[0]
    replayed = Replayed(Continuity(market))
    with zstd.open(shared_data("cex_binance_hft", f"{name}.txt.zst"), "rb") as file:
        for line in islice(file, lines):
            time, body = line.split(b" ", 1)
            kind = "depth" if body.startswith(b'{"lastUpdateId"') else "ws"
            replayed.take(decode_binance(f"binance.{market}.{kind}", "X", body), int(time))
    assert replayed.finish() >= compared


def test_recorded_books_of_four_small_pairs_have_no_gap():
    path = shared_data("cex_cryptofeed", "BINANCE.jsonl.zst")
    lines = [json.loads(line) for line in zstd.decompress(path.read_bytes()).splitlines()]
    books: dict[str, Replayed] = {}
    listed = 0
    for line in sorted((line for line in lines if "ts" in line), key=lambda line: line["ts"]):
        recv_ns = int(line["ts"] * 1e9)
        body = line.get("data", "").encode()
        if line["t"] == "recv":
            event = decode_binance("binance.spot.ws", "", body)
            if isinstance(event, (DepthDelta, BookTicker)):
                books.setdefault(event.symbol, Replayed(Continuity.SPOT)).take(event, recv_ns)
        elif line["t"] == "http" and "depth?symbol=" in line["url"]:
            symbol = line["url"].split("depth?symbol=")[1].split("&")[0]
            books[symbol].take(decode_binance("binance.spot.depth", symbol, body), recv_ns)
        elif line["t"] == "http" and "exchangeInfo" in line["url"]:
            event = decode_binance("binance.spot.info", "", body)
            assert isinstance(event, Instruments)
            listed = len(event.instruments)
    assert sorted(books) == ["BLZETH", "LRCBTC", "NKNUSDT", "RUNEEUR"]
    assert listed == 1695
    assert sum(book.finish() for book in books.values()) == 26


@st.composite
def streams(draw):
    """Yields what a venue says about a book, with losses, repetitions and reconnects on the way."""
    prices = st.integers(1, 12)
    change = st.tuples(st.booleans(), prices, st.integers(0, 3))
    step = st.tuples(st.sampled_from("ddddddddlrsgcx"), st.lists(change, max_size=4), st.integers(1, 3))
    return draw(st.lists(step, max_size=60))


@given(streams(), st.sampled_from((Continuity.SPOT, Continuity.USDM)))
@settings(max_examples=200)
def test_a_live_book_is_the_venues_book(steps, continuity):
    """The venue's bids are at 1..12 and its asks at 21..32, so that its book never crosses."""
    book = OrderBook(continuity)
    venue: tuple[dict[int, int], dict[int, int]] = ({}, {})
    history = {0: ({}, {})}
    update = 0
    sent: list[Delta] = []
    for act, changes, span in steps:
        if act in "dl":
            sides: tuple[list, list] = ([], [])
            for is_ask, price, qty in changes:
                price = (price + 20 * is_ask) * ONE
                sides[is_ask].append((price, qty))
                venue[is_ask][price] = qty
            message = Delta(update + 1, update + span, update, *sides)
            update += span
            history[update] = tuple({price: qty for price, qty in side.items() if qty} for side in venue)
            if act == "d":  # else it is lost without a trace
                sent.append(message)
                book.apply_delta(message, update)
        elif act == "r" and sent:
            book.apply_delta(sent[-span] if span <= len(sent) else sent[0], update)
        elif act == "s":
            last = sorted(history)[-min(span, len(history))]
            bids, asks = history[last]
            book.apply_snapshot(
                last, (sorted(bids.items(), reverse=True), sorted(asks.items())), Source.FETCHED, update
            )
        elif act == "g":
            book.gap()
        elif act == "x":
            book.disconnect()
        elif act == "c":
            book.connect()
        if book.state is BookState.LIVE:
            assert (dict(book.levels(Side.BID, 99)), dict(book.levels(Side.ASK, 99))) == history[book.last_update_id]
        else:
            assert_silent(book)


def test_deltas_wait_for_the_snapshot_and_older_ones_are_dropped():
    book = OrderBook(Continuity.SPOT)
    assert_silent(book)
    assert book.apply_delta(delta(5, 9), 1) == (Outcome.BUFFERED, True)
    assert book.apply_delta(delta(10, 12), 2) == (Outcome.BUFFERED, False)
    assert book.apply_delta(delta(13, 13, bids=[(100 * ONE, 0)]), 3) == (Outcome.BUFFERED, False)
    assert book.state is BookState.RESEEDING
    assert book.apply_snapshot(10, (BIDS, ASKS), Source.FETCHED, 4) == (Outcome.SEEDED, False)
    assert (book.best_bid(), book.last_update_id, book.counts.gaps) == ((99 * ONE, ONE), 13, 0)


def test_a_snapshot_that_is_too_old_is_asked_for_again():
    book = OrderBook(Continuity.SPOT)
    book.apply_delta(delta(12, 14), 1)
    assert book.apply_snapshot(10, (BIDS, ASKS), Source.FETCHED, 2) == (Outcome.TOO_OLD, True)
    assert book.apply_snapshot(11, (BIDS, ASKS), Source.FETCHED, 3) == (Outcome.SEEDED, False)


def test_a_seed_that_does_not_come_is_asked_for_again_until_it_does():
    book = live()
    assert book.gap().need_seed
    asked = [at_s for at_s in range(1, 40) if book.tick(at_s * 10**9).need_seed]
    assert asked == [12, 23, 34]
    waiting = OrderBook.from_parts(book.parts())
    assert waiting.tick(34 * 10**9 + SEED_PATIENCE_NS) == (Outcome.IGNORED, False)
    assert waiting.tick(34 * 10**9 + SEED_PATIENCE_NS + 1).need_seed
    book.apply_snapshot(20, (BIDS, ASKS), Source.FETCHED, 40 * 10**9)
    assert book.gap().need_seed
    assert not book.tick(45 * 10**9).need_seed, "a new question waits as long as the first"


@pytest.mark.parametrize("end", ["disconnect", "halt"])
def test_what_can_not_be_seeded_now_is_not_asked_for(end):
    book = live()
    book.gap()
    if end == "halt":
        book.trade(is_open=False)
    else:
        book.disconnect()
    assert not any(book.tick(at_s * 10**9).need_seed for at_s in range(1, 60))


def test_spot_joins_by_first_and_last_id():
    book = live()
    assert book.apply_delta(delta(4, 10), 2).outcome is Outcome.IGNORED
    assert book.apply_delta(delta(9, 12), 3).outcome is Outcome.APPLIED
    assert book.apply_delta(delta(14, 15), 4) == (Outcome.GAP, True)
    assert_silent(book)
    assert book.apply_snapshot(13, (BIDS, ASKS), Source.FETCHED, 5).outcome is Outcome.SEEDED
    assert (book.last_update_id, book.generation) == (15, 2)


def test_usdm_joins_by_previous_id():
    book = live(Continuity.USDM)
    assert book.apply_delta(delta(3, 9, 2), 2).outcome is Outcome.IGNORED
    assert book.apply_delta(delta(8, 14, 7), 3).outcome is Outcome.APPLIED
    assert book.apply_delta(delta(20, 22, 14), 4).outcome is Outcome.APPLIED
    assert book.apply_delta(delta(23, 25, 21), 5) == (Outcome.GAP, True)


@pytest.mark.parametrize("continuity", [Continuity.SPOT, Continuity.USDM, Continuity.BYBIT])
def test_numbers_that_start_anew_are_told_by_the_venues_clock(continuity):
    book = live(continuity)
    for old in (delta(3, 8, 2, venue_ns=900), delta(4, 9, 3, venue_ns=901)):
        # A fetched snapshot is ahead of the stream: what it holds is newer by the clock too.
        assert book.apply_delta(old, 2).outcome is Outcome.IGNORED
    newest = delta(11, 14, 10, venue_ns=1_000)
    assert book.apply_delta(newest, 3).outcome is Outcome.APPLIED
    for copy in (newest, delta(3, 8, 2, venue_ns=900)):
        assert book.apply_delta(copy, 4) == BookChange(Outcome.IGNORED, False)
    assert book.apply_delta(delta(1, 2, 0, venue_ns=1_001), 5) == BookChange(Outcome.GAP, True)
    assert_silent(book)


@pytest.mark.parametrize("continuity", [Continuity.SPOT, Continuity.USDM])
def test_numbers_that_start_anew_start_the_buffer_anew(continuity):
    book = OrderBook(continuity)
    kept = delta(70, 72, 69, bids=[(100 * ONE, 9 * ONE)], venue_ns=1_000)
    assert book.apply_delta(kept, 1) == BookChange(Outcome.BUFFERED, True)
    assert book.apply_delta(kept, 2).outcome is Outcome.IGNORED
    assert book.apply_delta(delta(1, 2, 0, venue_ns=1_001), 3).outcome is Outcome.GAP
    assert book.apply_snapshot(70, (BIDS, ASKS), Source.FETCHED, 4).outcome is Outcome.SEEDED
    assert book.best(Side.BID) == BIDS[0], "what was kept of the old numbers is not of this book"


def test_a_chain_tells_of_new_numbers_by_itself():
    book = live(Continuity.OKX)
    assert book.apply_delta(delta(11, 11, 10, venue_ns=1_000), 2).outcome is Outcome.APPLIED
    assert book.apply_delta(delta(3, 3, 11, venue_ns=1_001), 3).outcome is Outcome.APPLIED
    assert book.apply_delta(delta(3, 3, 11, venue_ns=1_002), 4).outcome is Outcome.IGNORED


@pytest.mark.parametrize("continuity", Continuity)
def test_after_a_silence_a_message_is_followed_only_if_it_proves_that_nothing_is_missing(continuity):
    book = OrderBook(continuity)
    assert book.apply_snapshot(10, (BIDS, ASKS), Source.STREAM, 1).outcome is Outcome.SEEDED
    silent_ns = book.pace.patience_ns + 2
    assert book.tick(silent_ns) == BookChange(Outcome.SILENT, True)
    change = book.apply_delta(delta(11, 11, 10, venue_ns=silent_ns), silent_ns + 1)
    if continuity is Continuity.COINBASE:
        assert change == BookChange(Outcome.IGNORED, True)
        assert_silent(book)
        assert not book.apply_delta(delta(12, 12, 11), silent_ns + 2).need_seed
        assert book.apply_snapshot(12, (BIDS, ASKS), Source.STREAM, silent_ns + 3).outcome is Outcome.SEEDED
    assert book.usable


def test_a_full_buffer_starts_seeding_anew():
    book = OrderBook(Continuity.SPOT)
    for update in range(1, MAX_BUFFER + 1):
        book.apply_delta(delta(update, update), 1)
    assert book.apply_delta(delta(MAX_BUFFER + 1, MAX_BUFFER + 1), 1) == (Outcome.OVERFLOW, True)
    assert len(book.parts().buffer) == 1
    for update in range(MAX_BUFFER + 2, 2 * MAX_BUFFER + 2):
        book.apply_delta(delta(update, update), 1)
    assert book.parts().counts.overflows == 2


def test_a_crossed_book_is_silent_at_once_and_suspect_at_the_second_message():
    book = live()
    assert book.apply_delta(delta(11, 11, bids=[(101 * ONE, ONE)]), 2) == (Outcome.CROSSED, False)
    assert_silent(book)
    waiting = OrderBook.from_parts(book.parts())
    assert waiting.tick(2 + MAX_CROSSED_NS) == (Outcome.IGNORED, False)
    assert waiting.tick(3 + MAX_CROSSED_NS) == (Outcome.CROSSED, True)
    assert book.apply_delta(delta(12, 12), 3) == (Outcome.CROSSED, True)
    assert book.state is BookState.SUSPECT


def test_a_newer_ticker_tops_the_levels():
    book = live()
    ticker = Ticker(12, 99 * ONE, 5 * ONE, 103 * ONE, ONE)
    book.apply_ticker(ticker, 2)
    assert book.levels(Side.BID, 9) == [(99 * ONE, 5 * ONE)]
    assert book.levels(Side.ASK, 9) == [(103 * ONE, ONE)]
    assert book.sell(3 * ONE) == 297 * ONE
    book.apply_delta(delta(11, 12), 3)
    assert book.best_bid() == BIDS[0]


def test_walks_are_exact():
    book = live()
    assert [book.sell(3 * ONE), book.sell(3 * ONE + 1), book.sell(1), book.sell(0)] == [299 * ONE, None, 100, 0]
    assert [book.buy(203 * ONE), book.buy(407 * ONE + 1), book.buy(100)] == [2 * ONE, None, 0]
    assert [book.cost(1), book.cost(2 * ONE)] == [101, 203 * ONE]
    huge = OrderBook(Continuity.SPOT)
    most = (1 << 64) - 1
    huge.apply_snapshot(1, ([(most - 1, most)], [(most, most)]), Source.FETCHED, 1)
    assert (huge.sell(most), huge.cost(most), huge.buy(most)) == (None, None, ONE)


def test_far_levels_go_first():
    book = OrderBook(Continuity.SPOT)
    book.apply_snapshot(1, ([], [(price, 1) for price in range(1_000, 1_001 + MAX_LEVELS)]), Source.FETCHED, 1)
    assert (book.depth(Side.ASK), book.best(Side.ASK)) == (MAX_LEVELS, (1_000, 1))
    book.apply_delta(delta(2, 2, asks=[(5, 1)]), 2)
    assert (book.depth(Side.ASK), book.best(Side.ASK)) == (MAX_LEVELS, (5, 1))


def test_parts_that_are_no_book_are_refused():
    parts = live().parts()
    with pytest.raises(ValueError, match="out of order"):
        OrderBook.from_parts(msgspec.structs.replace(parts, bids=BIDS[::-1]))


def test_long_runs_come_out_as_written_down():
    known = sums.load()["books"]
    assert sums.of(runs.books(known.seed), known.each, len(known.fnv)) == known.fnv
