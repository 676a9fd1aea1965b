"""Tokens that stand for one another: found while the peg holds, gone in the record that ends it.

One file, for all of it tells one market's life in order.
"""

import itertools
import json
import random
from fractions import Fraction

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.book.order_book import Continuity, OrderBook, Source
from cambist.model.events import Channel, RecordKind
from cambist.model.market import Equivalence, Identity, Instrument
from tests.parity.dollars import EDGE, MAX_AGE_MS, PAIR, TIE, US, USD, VENUE, Dollars, dollar_setup, edges
from tests.parity.markets import BONK, EXCHANGE, SOL, USDC, WS, run
from tests.snapshots import all_state, made_json

MS = 1_000_000
ONE8 = 10**8
FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
cents = st.integers(14_000, 16_000).map(lambda cents: f"{cents / 100:.2f}")
pegs = st.integers(9_985, 10_015).map(lambda pips: f"{pips / 10_000:.4f}")
amounts = st.sampled_from(["0.5", "3", "900", "90000", "123456.78"])
acts = st.one_of(
    st.tuples(st.just("peg"), pegs, pegs, amounts),
    st.tuples(st.just("peg seed"), pegs, pegs, amounts),
    st.tuples(st.just("sol"), cents, cents, amounts),
    st.tuples(st.just("swap"), st.integers(10**8, 10**12), st.booleans()),
    st.tuples(st.just("slot")),
    st.tuples(st.just("tick"), st.integers(1, 3 * 10**9)),
    st.tuples(st.just("gap"), st.sampled_from([US, WS, EXCHANGE])),
    st.tuples(st.just("drop"), st.integers(2, 4)),
)


MESSAGES = {"native": 2_000, "reference": 800}
"""The reference engine takes 2 ms for one."""


def play(market: Dollars, act: tuple) -> None:
    match act:
        case ("peg", bid, ask, qty):
            market.us_ticker("USDCUSD", bid, ask, qty)
        case ("peg seed", bid, ask, qty):
            market.us_depth("USDCUSD", bid, ask, qty)
        case ("sol", bid, ask, qty):
            market.us_depth("SOLUSD", bid, ask, qty)
        case ("swap", amount, a_to_b):
            market.trade("ray-sol-usdc", amount, a_to_b=a_to_b)
        case ("slot",):
            market.next_slot()
        case ("tick", step_ns):
            market.record(RecordKind.TICK, step_ns=step_ns)
        case ("gap", channel):
            market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=channel)
        case ("drop", generation):
            market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=US, generation=generation)
            market.record(RecordKind.CONNECTED, b'{"label":"again"}', channel=US, generation=generation)


@pytest.fixture(params=["reference", "native"])
def backend(request):
    if request.param == "native":
        pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    return request.param


@pytest.fixture
def opened(backend):
    """An engine in a live market whose peg holds, the market, and what was decided."""
    engine, market = make_engine(backend, dollar_setup()), Dollars()
    market.open()
    decisions, _ = run(engine, market.take())
    return engine, market, [json.loads(line) for line in decisions.splitlines()]


def through(decisions: list[dict]) -> list[dict]:
    return [each for each in decisions if EDGE in each["key"]]


def state(engine, now_ns: int) -> dict:
    (found,) = json.loads(engine.present(now_ns))["equivalences"]
    return found


def feed(engine, market: Dollars) -> list[dict]:
    decisions, _ = run(engine, market.take())
    return [json.loads(line) for line in decisions.splitlines()]


# -- the search uses it


def test_a_cycle_through_dollars_is_found_while_the_peg_holds(opened):
    engine, _, decided = opened
    best = max(through(decided), key=lambda each: each["net"] or 0)
    assert best["net"] > 0
    assert best["settlement"] == "legged"
    assert f"{EDGE}:0" in best["route"]
    assert f"{VENUE}:SOLUSD:1" in best["route"]
    assert edges(engine)[f"{EDGE}:0"] is not None
    assert edges(engine)[f"{EDGE}:1"] is not None


def test_it_vanishes_in_the_record_that_leaves_the_band(opened):
    engine, market, _ = opened
    market.us_ticker("USDCUSD", "0.9980", "0.9982")
    decided = feed(engine, market)
    assert edges(engine)[f"{EDGE}:0"] is None
    assert edges(engine)[f"{EDGE}:1"] is None
    refused = through(decided)
    assert refused
    assert {each["reason"] for each in refused} == {"depeg"}
    assert {each["detail"] for each in refused} == {f"{PAIR} -1900 ppm off, band 500"}
    assert not any(each["go"] for each in refused)
    route = refused[0]["route"]
    assert engine.quote_route(route, 10**9, market.now_ns) == (0, "depeg")
    market.us_ticker("USDCUSD", "0.9999", "1.0001")
    again = through(feed(engine, market))
    assert again
    assert "depeg" not in {each["reason"] for each in again}


def test_without_the_equivalence_no_cycle_goes_through_dollars(backend):
    engine, market = make_engine(backend, dollar_setup(None)), Dollars()
    market.open()
    market.us_ticker("USDCUSD", "0.9999", "1.0001")
    decided = feed(engine, market)
    assert all(EDGE not in name for name in edges(engine))
    assert not through(decided)


# -- the guard


@pytest.mark.parametrize(
    ("bid", "ask", "holds", "deviation"),
    [
        ("0.99940000", "0.99960000", True, -500),
        ("0.99939999", "0.99960000", False, -501),
        ("1.00040000", "1.00060000", True, 500),
        ("1.00040000", "1.00060001", False, 501),
        ("0.99990000", "1.00010000", True, 0),
    ],
)
def test_the_band_itself_is_inside_and_one_unit_more_is_not(opened, bid, ask, holds, deviation):
    engine, market, _ = opened
    market.us_ticker("USDCUSD", bid, ask)
    feed(engine, market)
    found = state(engine, market.now_ns)
    assert found["state"] == ("in_band" if holds else "out_of_band")
    assert found["deviation_ppm"] == deviation
    assert (edges(engine)[f"{EDGE}:0"] is not None) is holds
    assert (edges(engine)[f"{EDGE}:1"] is not None) is holds


def test_a_nanosecond_beyond_its_age_it_is_stale_and_the_record_of_that_time_drops_it(opened):
    engine, market, _ = opened
    age_ns = state(engine, market.now_ns)["age_ns"]
    market.record(RecordKind.TICK, step_ns=MAX_AGE_MS * MS - age_ns)
    assert "depeg" not in {each["reason"] for each in through(feed(engine, market))}
    assert state(engine, market.now_ns)["state"] == "in_band"
    assert edges(engine)[f"{EDGE}:0"] is not None
    market.record(RecordKind.TICK, step_ns=1)
    refused = through(feed(engine, market))
    assert state(engine, market.now_ns)["state"] == "stale"
    assert edges(engine)[f"{EDGE}:0"] is None
    assert {(each["reason"], each["detail"]) for each in refused} == {("depeg", f"{PAIR} is 1500 ms old, +0 ppm")}


def test_any_frame_drops_what_grew_too_old(opened):
    engine, market, _ = opened
    market.now_ns += MAX_AGE_MS * MS
    market.frame(99, b"nobody's")  # no channel: not even a frame of one that is watched
    feed(engine, market)
    market.us_ticker("SOLUSD", "145.00", "145.20", "500")
    feed(engine, market)
    assert edges(engine)[f"{EDGE}:0"] is None


@pytest.mark.parametrize(
    ("what", "state_word", "words"),
    [
        ("crossed", "crossed", f"{PAIR} crossed, +100 ppm"),
        ("one side", "unknown", f"{PAIR} live, no mid"),
        ("gap", "unknown", f"{PAIR} suspect, +0 ppm"),
        ("lost", "stale", f"{PAIR} stale, +0 ppm"),
    ],
)
def test_a_book_that_is_not_to_be_believed_closes_the_gate(opened, what, state_word, words):
    engine, market, _ = opened
    if what == "crossed":
        market.us_ticker("USDCUSD", "1.0002", "1.0000")
    elif what == "one side":
        market.us_depth("USDCUSD", "0.9999", "1.0001")
        market.update += 1
        market.frame(8 + 1, {"lastUpdateId": market.update, "bids": [("0.9999", "5")], "asks": []})
    elif what == "gap":
        market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=US)
        market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=9)
    else:
        market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=US)
        market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=9)
    refused = through(feed(engine, market))
    found = state(engine, market.now_ns)
    assert (found["state"], found["detail"]) == (state_word, words)
    assert edges(engine)[f"{EDGE}:0"] is None
    assert {each["reason"] for each in refused} == {"depeg"}


@pytest.mark.parametrize(
    ("tie", "words"),
    [
        (msgspec.structs.replace(TIE, pair="kraken:USDC/USD"), "kraken:USDC/USD unknown"),
        (msgspec.structs.replace(TIE, pair=f"{VENUE}:SOLUSD"), f"{VENUE}:SOLUSD prices other assets"),
        (Equivalence(USD, USDC, 20, PAIR, 500, MAX_AGE_MS), f"{PAIR} prices other assets"),
    ],
)
def test_a_pair_that_is_not_there_or_prices_something_else_guards_nothing(backend, tie, words):
    engine, market = make_engine(backend, dollar_setup(tie)), Dollars()
    market.open()
    feed(engine, market)
    found = state(engine, market.now_ns)
    assert (found["state"], found["detail"], found["deviation_ppm"]) == ("unknown", words, None)
    assert edges(engine)[f"equivalence:{tie.pair}:0"] is None


# -- the way back


HOLD_MS = 10_000
WEEKS = msgspec.structs.replace(TIE, max_age_ms=60_000, hold_ms=HOLD_MS)


def away(backend, tie: Equivalence = WEEKS):
    """Returns an engine and its market just after the mid left the band."""
    engine, market = make_engine(backend, dollar_setup(tie)), Dollars()
    market.open()
    told(engine, market, -501)
    return engine, market


def told(engine, market: Dollars, off_ppm: int, after_ns: int = 0) -> str:
    """Tells a mid so many ppm off par, `after_ns` later than any record is; returns the state of the pair then."""
    market.now_ns += after_ns
    market.us_ticker("USDCUSD", *(f"{(10**6 + off_ppm + half) / 10**6:.6f}" for half in (-50, 50)))
    feed(engine, market)
    found = state(engine, market.now_ns)
    quoted = engine.quote_route([f"{EDGE}:0"], 10**6, market.now_ns)
    assert (found["state"] == "in_band") is (quoted.reason == "") is (edges(engine)[f"{EDGE}:0"] is not None)
    return found["state"]


@pytest.mark.parametrize(("off", "comes_back"), [(-250, True), (250, True), (-251, False), (251, False), (-500, False)])
def test_it_comes_back_from_half_of_the_band(backend, off, comes_back):
    engine, market = away(backend, msgspec.structs.replace(WEEKS, hold_ms=0))
    assert told(engine, market, off) == ("in_band" if comes_back else "out_of_band")
    if not comes_back:
        words = f"{PAIR} {off:+d} ppm off, not yet back in half of its band 500"
        assert state(engine, market.now_ns)["detail"] == words
        assert engine.quote_route([f"{EDGE}:0"], 10**6, market.now_ns) == (0, "depeg")


def test_it_comes_back_after_its_time_to_the_nanosecond(backend):
    engine, market = away(backend)
    assert told(engine, market, -250) == "out_of_band"
    since = market.now_ns
    market.us_ticker("SOLUSD", "145.00", "145.20")
    feed(engine, market)
    took = market.now_ns - since
    assert told(engine, market, 0, HOLD_MS * MS - 2 * took - 1) == "out_of_band"
    assert market.now_ns == since + HOLD_MS * MS - 1
    assert told(engine, market, 0, 1 - took) == "in_band"


@pytest.mark.parametrize("off", [-251, 251, -501])
def test_a_mid_that_leaves_half_of_the_band_begins_anew(backend, off):
    engine, market = away(backend)
    told(engine, market, 0)
    assert told(engine, market, off, HOLD_MS * MS) == "out_of_band"
    assert told(engine, market, 0) == "out_of_band"
    assert told(engine, market, 0, HOLD_MS * MS) == "in_band"


@pytest.mark.parametrize("how", ["old", "lost"])
def test_a_mid_that_nobody_told_of_is_no_way_back(backend, how):
    engine, market = away(backend)
    told(engine, market, 0)
    if how == "old":
        market.now_ns += 60_000 * MS
        market.record(RecordKind.TICK, step_ns=1)
    else:
        for channel in (US, 9):
            market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=channel)
            market.record(RecordKind.CONNECTED, b'{"label":"again"}', channel=channel)
        market.now_ns += HOLD_MS * MS
    feed(engine, market)
    market.us_depth("USDCUSD", "0.9999", "1.0001")
    assert told(engine, market, 0) == "out_of_band"
    assert told(engine, market, 0, HOLD_MS * MS) == "in_band"


@pytest.mark.parametrize("off", [-300, 0])
def test_a_snapshot_keeps_how_far_the_way_back_is(backend, off):
    engine, market = away(backend)
    told(engine, market, off)
    restored = make_engine(backend, dollar_setup(WEEKS))
    restored.restore(engine.snapshot())
    assert restored.snapshot() == engine.snapshot()
    before = market.now_ns
    states = [told(engine, market, 0, HOLD_MS * MS)]
    market.now_ns = before
    states.append(told(restored, market, 0, HOLD_MS * MS))
    assert states == ["in_band" if off == 0 else "out_of_band"] * 2


def march(messages: int) -> list[int]:
    """Returns mids in ppm off par, shaped as USDC in March 2023: down to 0.88, back, then long at the band's edge."""
    rng, off, mids = random.Random(10), 0.0, []
    for at in range(messages):
        part = at / messages
        deep = -120_000.0 * min(1.0, (part - 0.05) * 20, (0.2 - part) * 10) if 0.05 < part < 0.2 else 0.0
        off += (deep - 440.0 - off) * 0.2 + rng.gauss(0.0, 90.0)
        mids.append(round(off / 50.0) * 50)
    return mids


@pytest.mark.parametrize(("hold_ms", "share"), [(0, 3), (60_000, 20)])
def test_at_the_edge_of_its_band_it_does_not_flap(backend, hold_ms, share):
    """Message by message beside a model of its own, and so much fewer changes than the mid crosses the band."""
    mids = march(MESSAGES[backend])
    crossings = sum((abs(one) > 500) != (abs(other) > 500) for one, other in itertools.pairwise(mids))
    assert crossings > MESSAGES[backend] // 10
    engine, market = away(backend, msgspec.structs.replace(WEEKS, hold_ms=hold_ms))
    is_away, since, changes = True, None, 0
    for off in mids:
        market.now_ns += 10**10
        market.us_ticker("USDCUSD", *(f"{(10**6 + off + half) / 10**6:.6f}" for half in (-50, 50)))
        run(engine, market.take())
        near, before = 2 * abs(off) <= 500, is_away
        since = (since or market.now_ns) if near else None
        is_away = abs(off) > 500 or (is_away and (since is None or market.now_ns - since < hold_ms * MS))
        changes += is_away is not before
        depegged = engine.quote_route([f"{EDGE}:0"], 10**6, market.now_ns).reason == "depeg"
        assert depegged is is_away, (off, market.now_ns)
    assert 2 <= changes <= crossings // share


# -- what it pays


@given(
    bid=st.integers(99_950_000, 100_050_000),
    spread=st.integers(1, 60_000),
    qty=st.integers(1, 10**12),
    amount=st.integers(1, 10**11),
    first=st.booleans(),
)
@FEW
def test_it_never_pays_more_than_par_or_the_book(bid, spread, qty, amount, first):
    engine, market = make_engine("reference", dollar_setup(msgspec.structs.replace(TIE, band_ppm=2_000))), Dollars()
    market.open()

    def decimal(value: int) -> str:
        return f"{value // ONE8}.{value % ONE8:08d}"

    market.us_depth("USDCUSD", decimal(bid), decimal(bid + spread), decimal(qty))
    feed(engine, market)
    side = "0" if first else "1"
    paid = engine.quote_route([f"{EDGE}:{side}"], amount, market.now_ns)
    d_in, d_out = (6, 2) if first else (2, 6)
    given8 = amount * ONE8 // 10**d_in
    book = OrderBook(Continuity.SPOT)
    book.apply_snapshot(1, ([(bid, qty)], [(bid + spread, qty)]), Source.FETCHED, 1)
    dear = book.sell(given8) if first else book.buy(given8)
    if paid.reason:
        assert paid == (0, "liquidity")
        assert dear is None or dear * 10**d_out // ONE8 <= 1
        return
    assert dear is not None
    assert Fraction(paid.amount_out, 10**d_out) <= Fraction(dear, ONE8)
    par = Fraction(amount, 10**d_in) * (1 - Fraction(TIE.cost_ppm, 10**6))
    assert Fraction(paid.amount_out, 10**d_out) <= par


def test_it_keeps_the_cost_and_the_deviation_against_the_trader(opened):
    engine, market, _ = opened
    market.us_ticker("USDCUSD", "0.9998", "0.9999")
    feed(engine, market)
    # 0.9998 less 20 ppm, in cents; the other way the ask helps, and only the cost is kept.
    assert engine.quote_route([f"{EDGE}:0"], 10_000 * 10**6, market.now_ns) == (999_780, "")
    assert engine.quote_route([f"{EDGE}:1"], 10_000 * 10**2, market.now_ns) == (9_999_800_000, "")
    assert state(engine, market.now_ns)["widened_ppm"] == 200


def test_it_pays_no_more_than_par_when_the_book_does(opened):
    engine, market, _ = opened
    market.us_ticker("USDCUSD", "1.0002", "1.0004")
    feed(engine, market)
    assert engine.quote_route([f"{EDGE}:0"], 10_000 * 10**6, market.now_ns) == (999_980, "")
    # 10 000 / 1.0004, less 20 ppm rounded up to 10⁻⁸, down to the atom.
    assert engine.quote_route([f"{EDGE}:1"], 10_000 * 10**2, market.now_ns) == (9_995_801_679, "")
    assert state(engine, market.now_ns)["widened_ppm"] == 400


def test_it_takes_no_more_than_the_touch(opened):
    engine, market, _ = opened
    market.us_ticker("USDCUSD", "0.9999", "1.0001", "1000")
    feed(engine, market)
    assert engine.quote_route([f"{EDGE}:0"], 1_000 * 10**6, market.now_ns).amount_out
    assert engine.quote_route([f"{EDGE}:0"], 1_000 * 10**6 + 1, market.now_ns) == (0, "liquidity")
    assert engine.quote_route([f"{EDGE}:1"], 100_010, market.now_ns).amount_out
    assert engine.quote_route([f"{EDGE}:1"], 100_011, market.now_ns) == (0, "liquidity")


def test_money_that_is_no_token_is_never_settled_on_chain(opened):
    _, _, decided = opened
    touching = [each for each in decided if USD in each["tokens"]]
    assert touching
    assert {each["settlement"] for each in touching} == {"legged"}
    assert all(each["cost"]["tip"] == 0 for each in touching)


# -- both engines, and snapshots


@given(st.lists(acts, min_size=1, max_size=14), st.integers(1, 3), st.sampled_from([0, 1, 700]))
@FEW
def test_both_engines_say_the_same_and_restore_the_same(played, step, hold_ms):
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    market, setup = Dollars(), dollar_setup(msgspec.structs.replace(TIE, hold_ms=hold_ms))
    native, reference = (make_engine(name, setup) for name in ("native", "reference"))
    market.open()
    block = market.take()
    assert run(native, block) == run(reference, block)
    for at, act in enumerate(played):
        play(market, act)
        block = market.take()
        assert run(native, block, step) == run(reference, block, step)
        assert native.present(market.now_ns) == reference.present(market.now_ns)
        assert native.snapshot() == reference.snapshot()
        for side in ("0", "1"):
            quotes = [each.quote_route([f"{EDGE}:{side}"], 10**8, market.now_ns) for each in (native, reference)]
            assert quotes[0] == quotes[1]
        if at == len(played) // 2:
            kept = native.snapshot()
            native, reference = (make_engine(name, setup) for name in ("reference", "native"))
            native.restore(kept)
            reference.restore(kept)
            assert native.snapshot() == kept
            assert reference.snapshot() == kept


def test_a_snapshot_keeps_the_time_after_which_an_equivalence_is_too_old(opened, backend):
    engine, market, _ = opened
    restored = make_engine(backend, dollar_setup())
    restored.restore(engine.snapshot())
    market.record(RecordKind.TICK, step_ns=MAX_AGE_MS * MS + 1)
    block = market.take()
    assert run(engine, block) == run(restored, block)
    assert edges(restored)[f"{EDGE}:0"] is None
    assert engine.snapshot() == restored.snapshot()


def test_a_pair_that_only_the_venues_list_named_is_found_again(backend):
    rules = Channel(10, VENUE, VENUE, "binance.spot.info", "us rules")
    setup = dollar_setup(instruments=(), channels=(*dollar_setup().channels, rules))
    engine, market = make_engine(backend, setup), Dollars()
    traded = [("SOLUSD", "SOL", "USD"), ("USDCUSD", "USDC", "USD")]
    symbols = [
        {"symbol": symbol, "status": "TRADING", "baseAsset": base, "quoteAsset": quote, "filters": []}
        for symbol, base, quote in traded
    ]
    market.frame(10, {"symbols": symbols})
    market.open()
    assert through(feed(engine, market))
    restored = make_engine(backend, setup)
    restored.restore(engine.snapshot())
    market.us_ticker("USDCUSD", "0.9980", "0.9982")
    block = market.take()
    assert run(engine, block) == run(restored, block)
    assert edges(restored)[f"{EDGE}:0"] is None
    assert state(restored, market.now_ns) == state(engine, market.now_ns)


@pytest.mark.parametrize(("field", "value"), [("at", 7), ("name", "equivalence:other:0"), ("kind", "bridge")])
def test_a_snapshot_of_another_equivalence_is_refused(opened, backend, field, value):
    engine, _, _ = opened
    parts = all_state(engine)
    edge = next(each for each in parts["edges"] if each["name"] == f"{EDGE}:0")
    edge[field] = value
    with pytest.raises(ValueError, match="snapshot"):
        make_engine(backend, dollar_setup()).restore(made_json(parts))


# -- identity


def blocked(engine) -> dict[str, str]:
    return {f"{book['venue']}:{book['symbol']}": book["blocked"] for book in all_state(engine)["books"]}


def test_one_ticker_on_two_venues_joins_nothing_without_an_identity(backend):
    instruments = (
        Instrument("binance", "LUNAUSDC", "LUNA", "USDC"),
        Instrument(VENUE, "LUNAUSD", "LUNA", "USD"),
        Instrument(VENUE, "SOLUSD", "SOL", "USD"),
    )
    identities = (Identity("binance", "SOL", SOL), Identity("binance", "USDC", USDC), Identity(VENUE, "USD", USD))
    engine = make_engine(backend, dollar_setup(instruments=instruments, identities=identities, equivalences=()))
    assert blocked(engine) == {
        "binance:LUNAUSDC": "no_identity",
        f"{VENUE}:LUNAUSD": "no_identity",
        f"{VENUE}:SOLUSD": "no_identity",  # SOL is named on another venue only
    }
    assert not edges(engine)


@pytest.mark.parametrize("asset", ["1000BONK", "1MBONK", "BONK1000", "10000BONK"])
def test_a_ticker_of_many_tokens_is_never_the_token(backend, asset):
    bases = (asset, "BONK")
    instruments = tuple(Instrument("binance", f"{base}USDC", base, "USDC") for base in bases)
    identities = (*(Identity("binance", name, BONK) for name in bases), Identity("binance", "USDC", USDC))
    engine = make_engine(backend, dollar_setup(instruments=instruments, identities=identities, equivalences=()))
    assert blocked(engine) == {f"binance:{asset}USDC": "multiplier", "binance:BONKUSDC": ""}
    assert set(edges(engine)) == {"binance:BONKUSDC:0", "binance:BONKUSDC:1"}


@pytest.mark.parametrize("asset", ["1INCH", "100X", "BONK", "1000"])
def test_digits_alone_make_no_multiple(backend, asset):
    instruments = (Instrument("binance", "PAIR", asset, "USDC"),)
    identities = (Identity("binance", asset, BONK), Identity("binance", "USDC", USDC))
    engine = make_engine(backend, dollar_setup(instruments=instruments, identities=identities, equivalences=()))
    assert blocked(engine) == {"binance:PAIR": ""}


# -- prices of several quote assets


def test_each_price_names_what_it_is_in_and_dollars_are_no_usdc(opened):
    engine, market, _ = opened
    market.ticker("149.95", "150.05")
    feed(engine, market)
    prices = json.loads(engine.present(market.now_ns))["prices"]
    books = [each for each in prices if each["mint"] == SOL and ":" in each["source"]]
    sol = {each["source"]: (each["quote"], each["unit"]) for each in books}
    assert sol == {"binance:SOLUSDC": ("USDC", USDC), f"{VENUE}:SOLUSD": ("USD", USD)}
    units = {each["unit"] for each in prices if ":" not in each["source"]}
    assert units == {USDC}
    assert all(each["unit"] == USDC for each in prices if each["reference"])
    (mid,) = engine.gauges([("price", SOL)], market.now_ns)
    dollars = next(each for each in prices if each["source"] == f"{VENUE}:SOLUSD")
    assert mid is not None
    assert not dollars["bid"] <= mid <= dollars["ask"]
