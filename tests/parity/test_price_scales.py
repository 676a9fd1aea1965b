"""Prices finer than 10⁻⁸: from an exchange's list and frames to books, quotes, cycles and paper fills, to the atom."""

import json
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from cambist.config.settings import Gates, Search
from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.engine.market.quotes import virtual_reserves
from cambist.execution.paper_model import PaperParams, draw, land
from cambist.fault_table.line import INFO as LIST
from cambist.fault_table.line import Line
from cambist.model.events import Direction, RecordKind
from cambist.model.market import Identity, Instrument, Token, VenueFee
from cambist.simulator.books import Listing
from cambist.simulator.exchanges import SIMULATED_OF
from cambist.simulator.http import Response
from tests.orders import order as made_order
from tests.parity.dollars import EDGE as TIE_EDGE
from tests.parity.dollars import VENUE as US_VENUE
from tests.parity.dollars import Dollars, dollar_setup, edges
from tests.parity.markets import BONK, EXCHANGE, SOL, USDC, Market, run, setup
from tests.snapshots import all_state

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

PPM = 10**6
FEE_PPM = 1_000
USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
DECIMALS = {BONK: 5, USDC: 6, USDT: 6}
DASHED = {"binance": "", "bybit": "", "kraken": "/", "okx": "-", "coinbase": "-"}
PLACES = 12
"""A tick of 10⁻¹² is what OKX listed in May 2022."""
DEAR, CHEAP = 0.02, -0.02


class Both:
    """Both engines as one; they must say the same."""

    def __init__(self, made: EngineSetup) -> None:
        self.engines = [make_engine(name, made) for name in ("native", "reference")]

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            first, second = (getattr(engine, name)(*args) for engine in self.engines)
            assert first == second
            return first

        return call


def listings(venue: str, bias: float) -> tuple[Listing, ...]:
    """Returns a fine pair that is dear or cheap, and two coarse ones that close a cycle with it."""
    dash = DASHED[venue]
    fine = (1, 100_000_000, 1, 2_500.0, 5.0, bias)
    return (
        Listing(f"BONK{dash}USDT", "BONK", "USDT", "BONK", "USDT", *fine, places=PLACES),
        Listing(f"BONK{dash}USDC", "BONK", "USDC", "BONK", "USDC", 1, 100_000_000, 1, 2_500.0, 5.0),
        Listing(f"USDC{dash}USDT", "USDC", "USDT", "USDC", "USDT", 10_000, 1_000_000, 1, 60_000.0, 4.0),
    )


def market_setup(venue: str) -> EngineSetup:
    """Returns an engine's facts of one exchange with fees, and of nothing else."""
    mints = {"BONK": BONK, "USDC": USDC, "USDT": USDT}
    return setup(
        channels=(),
        pools=(),
        instruments=(),
        tokens=tuple(Token(mint, name, DECIMALS[mint], True, 2 * (name == "USDC")) for name, mint in mints.items()),
        identities=tuple(Identity(venue, name, mint) for name, mint in mints.items()),
        venue_fees=(VenueFee(venue, FEE_PPM),),
        search=Search(max_hops=3, margin_ppm=20_000),
        gates=Gates(caps={USDC: 500_000_000}, min_net_ppm=10, rebalancing_ppm=50, max_book_age_ms=1_000_000_000),
    )


@pytest.fixture(params=product(sorted(DASHED), (DEAR, CHEAP)), ids=str)
def line(request, monkeypatch) -> Line:
    """An exchange with the fine pair, in its own wire format, and both engines behind one connection."""
    venue, bias = request.param
    monkeypatch.setattr("cambist.fault_table.sink._AGELESS", market_setup(venue))
    monkeypatch.setattr("cambist.fault_table.sink.make_engine", lambda _, made: Both(made))
    made = Line(venue, seed=5, listings=listings(venue, bias))
    assert made.settle(400)
    return made


def paid(line: Line, symbol: str, *, sells: bool, amount: int) -> int:
    """Returns the atoms that an order over the venue's own book pays, in plain fractions of whole tokens."""
    listing = line.exchange.books[symbol].listing
    truth = line.exchange.truth(symbol)
    depth = SIMULATED_OF[line.venue.name].levels or None
    base_mint, quote_mint = BONK if listing.base == "BONK" else USDC, {"USDT": USDT, "USDC": USDC}[listing.quote]
    one_base, one_quote, step = 10 ** DECIMALS[base_mint], 10 ** DECIMALS[quote_mint], Fraction(listing.step, 10**8)
    levels = [
        (Fraction(price, 10**listing.places), Fraction(qty, 10**8))
        for price, qty in (truth.bids if sells else truth.asks)[:depth]
    ]
    left, got = Fraction(amount, one_base if sells else one_quote), Fraction(0)
    if sells:
        left = left // step * step
    for price, qty in levels:
        part = min(left, qty if sells else price * qty)
        got += part * price if sells else part / price
        left -= part
    assert left == 0
    got8 = int(got * 10**8)
    if not sells:
        got8 -= got8 % listing.step
    kept8 = got8 - -(-got8 * FEE_PPM // PPM)
    return kept8 * (one_quote if sells else one_base) // 10**8


def test_a_fine_pair_is_read_and_quoted_to_the_atom(line):
    fine, coarse, dollars = line.symbols
    engine, now_ns, venue = line.sink.engine, line._now_ns, line.venue.name
    shown = {name: json.loads(engine.inspect_book(f"{venue}:{name}", 5, now_ns)) for name in line.symbols}
    assert {name: (book["price_decimals"], book["tick"]) for name, book in shown.items()} == {
        fine: (PLACES, 1), coarse: (8, 1), dollars: (8, 10_000),
    }  # fmt: skip
    assert [tuple(level) for level in shown[fine]["bids"]] == line.exchange.truth(fine).bids[:5]
    assert shown[fine]["best_bid"][0] % 10**4  # 10⁻⁸ would not tell it
    edges = {name: (f"{venue}:{name}:0", f"{venue}:{name}:1") for name in line.symbols}
    bought = 0
    for amount in (7_000_000, 123_456_789):
        bought = engine.quote_route([edges[fine][1]], amount, now_ns).amount_out
        assert bought == paid(line, fine, sells=False, amount=amount)
    for amount in (bought // 3, bought):
        sold = engine.quote_route([edges[fine][0]], amount, now_ns).amount_out
        assert sold == paid(line, fine, sells=True, amount=amount)
    least = json.loads(engine.inspect_book(f"{venue}:{fine}", 0, now_ns))["min_notional"]
    for amount in (999_000, 1_001_000):  # one dollar is the least, where the venue's list says so
        enough = least is None or amount > 1_000_000
        quoted = engine.quote_route([edges[fine][1]], amount, now_ns)
        assert quoted.amount_out == (paid(line, fine, sells=False, amount=amount) if enough else 0)


def test_a_cycle_over_a_fine_pair_is_found_sized_and_filled_to_the_atom(line):
    fine, coarse, dollars = line.symbols
    engine, now_ns, venue = line.sink.engine, line._now_ns, line.venue.name
    is_dear = line.exchange.books[fine].listing.bias > 0
    steps = ((coarse, False), (fine, True), (dollars, False))
    if not is_dear:
        steps = tuple((symbol, not sells) for symbol, sells in reversed(steps))
    route = [f"{venue}:{symbol}:{0 if sells else 1}" for symbol, sells in steps]
    cycles = json.loads(engine.present(now_ns))["cycles"]
    (cycle,) = (each for each in cycles if each["route"] == route)
    amount, net = cycle["amount_in"], cycle["net"]
    assert amount > 0 < net
    got = amount
    for symbol, sells in steps:
        got = paid(line, symbol, sells=sells, amount=got)
    assert cycle["amount_out"] == got == cycle["gross"] + amount
    tokens = [USDC, BONK, USDT, USDC] if is_dear else [USDC, USDT, BONK, USDC]
    assert engine.snapshot()
    order = made_order(
        key=cycle["key"], route=route, tokens=tokens, amount_in=amount, min_out=0, expected_net=net, fee=70, miss_fee=20
    )
    params = PaperParams(failure_ppm=0, slippage_ppm=30)
    [fill] = land(params, 7, order, engine, now_ns)
    out = got - -(-got * draw(7, 1, "slippage", 31) // PPM)
    assert (fill.status, fill.amount_in, fill.amount_out, fill.net) == ("filled", amount, out, out - amount - 70)


def test_a_fine_book_goes_on_alike_after_a_restart(line):
    fine, engine, name = line.symbols[0], line.sink.engine, f"{line.venue.name}:{line.symbols[0]}"
    kept = engine.snapshot()
    again = Both(market_setup(line.venue.name))
    again.restore(kept)
    assert again.snapshot() == kept
    line.sink.engine = again
    assert line.settle(400)
    book = json.loads(again.inspect_book(name, 5, line._now_ns))
    assert (book["state"], book["price_decimals"]) == ("live", PLACES)
    assert [tuple(level) for level in book["bids"]] == line.exchange.truth(fine).bids[:5]
    counters = json.loads(again.present(line._now_ns))["counters"]
    assert counters["malformed"] == 0


class LateLine(Line):
    """An exchange whose list comes after its first frames, as reads and sockets open side by side."""

    asked: str | None = None

    def _get(self, target: str) -> Response:
        if self.asked is None:
            self.asked = target
            return Response(503, b"")
        return super()._get(target)

    def list_now(self) -> None:
        self.sink.frame(LIST, 1, 1, Direction.IN, self._get(self.asked).body)


@pytest.mark.parametrize("venue", sorted(DASHED))
def test_a_fine_book_comes_to_life_once_its_list_is_there(venue, monkeypatch):
    monkeypatch.setattr("cambist.fault_table.sink._AGELESS", market_setup(venue))
    monkeypatch.setattr("cambist.fault_table.sink.make_engine", lambda _, made: Both(made))
    line = LateLine(venue, seed=5, listings=listings(venue, DEAR))
    assert not line.settle(20)
    fine, *others = line.symbols
    assert (fine in line.sink.usable(), set(others) <= line.sink.usable()) == (False, True)
    line.list_now()
    assert line.settle(400)
    assert line.truth.wrong == 0


# -- what a list says later

INFO = 9
SYMBOL = "SOLUSDC"
NAME = f"binance:{SYMBOL}"
SELL, BUY = f"{NAME}:0", f"{NAME}:1"


class Listed:
    """Both engines over the tiny market, whose exchange lists its pair when the test says so."""

    def __init__(self, **changes: Any) -> None:
        self.market, self.engine = Market(), Both(setup(**changes))
        self.market.open()
        self.feed()

    def feed(self) -> None:
        block = self.market.take()
        results = [run(engine, block) for engine in self.engine.engines]
        assert results[0] == results[1]
        self.engine.snapshot()

    def list_tick(self, tick: str, symbol: str = SYMBOL, quote: str = "USDC") -> None:
        """Tells the venue's list."""
        filters = [{"filterType": "PRICE_FILTER", "tickSize": tick}]
        pair = {"symbol": symbol, "status": "TRADING", "baseAsset": "SOL", "quoteAsset": quote, "filters": filters}
        info = {"id": INFO, "feed": "binance", "venue": "binance", "protocol": "binance.spot.info", "label": "x"}
        self.market.record(RecordKind.CHANNEL, json.dumps(info).encode())
        self.market.frame(INFO, {"symbols": [pair]})
        self.feed()

    def tell(self, *frames: tuple[list, list]) -> None:
        """Tells changes of the book."""
        for bids, asks in frames:
            self.market.depth(bids, asks)
        self.feed()

    def book(self) -> dict:
        return json.loads(self.engine.inspect_book(NAME, 50, self.market.now_ns))

    def quotes(self) -> list:
        now_ns = self.market.now_ns
        return [self.engine.quote_route([edge], size, now_ns) for edge in (SELL, BUY) for size in (10**8, 10**9)]

    def malformed(self) -> int:
        return json.loads(self.engine.present(self.market.now_ns))["counters"]["malformed"]


def test_a_list_that_comes_late_carries_the_book_over():
    pair = Listed()
    pair.tell(([("149.915", "10")], []))
    before, quoted = pair.book(), pair.quotes()
    pair.list_tick("0.0000000001")
    after = pair.book()
    assert (before["price_decimals"], after["price_decimals"], after["tick"]) == (8, 10, 1)
    for side in ("bids", "asks"):
        assert after[side] == [[price * 100, qty] for price, qty in before[side]]
    assert after["state"] == "live"
    assert pair.quotes() == quoted
    pair.tell(([("149.9150000001", "1")], [("150.0999999999", "2")]))
    after = pair.book()
    assert (after["best_bid"], after["best_ask"]) == ([1_499_150_000_001, 10**8], [1_500_999_999_999, 2 * 10**8])
    assert pair.malformed() == 0


def test_an_ask_that_nobody_pays_is_left_out_where_it_does_not_fit():
    pair = Listed()
    pair.tell(([], [("9999999997", "1"), ("150.05", "3")]))
    assert pair.book()["asks"][-1] == [999_999_999_700_000_000, 10**8]
    pair.list_tick("0.000000001")
    assert pair.book()["asks"][-1] == [9_999_999_997_000_000_000, 10**8]
    pair.list_tick("0.0000000001")
    left = [price for price, _ in pair.book()["asks"]]
    assert left == [1_500_500_000_000, 1_501_000_000_000, 1_506_000_000_000]
    pair.tell(([], [("9999999998", "1"), ("150.04", "3")]), ([], [("9999999998", "0")]))
    assert [price for price, _ in pair.book()["asks"]] == [1_500_400_000_000, *left]
    assert pair.malformed() == 0


def test_a_coarser_list_takes_nothing_back():
    pair = Listed()
    pair.list_tick("0.0000000005")
    pair.tell(([("149.9150000005", "10")], []))
    told, quoted = pair.book(), pair.quotes()
    assert (told["price_decimals"], told["tick"], told["bids"][0]) == (10, 5, [1_499_150_000_005, 10**9])
    pair.list_tick("0.01")
    assert pair.book() == told | {"tick": 10**8}
    pair.list_tick("0.000000001")
    assert pair.book() == told | {"tick": 10}
    assert pair.quotes() == quoted


def test_a_price_finer_than_the_tick_allows_is_refused_as_ever():
    pair, listed = Listed(), Listed()
    for each, text in ((pair, "149.915000001"), (listed, "149.91500000001")):
        if each is listed:
            each.list_tick("0.0000000001")
        book = each.book()
        each.tell(([(text, "10")], []))
        assert (each.malformed(), each.book()) == (1, book)
        channels = json.loads(each.engine.present(each.market.now_ns))["channels"]
        assert f'`b` was "{text}"' in {channel["last_error"] for channel in channels}


def test_a_new_connection_tells_a_fine_book_too():
    pair = Listed()
    pair.list_tick("0.0000000001")
    pair.market.record(RecordKind.CONNECTED, b'{"label":"x"}', channel=EXCHANGE, conn=2, generation=2)
    update = pair.market.update = pair.market.update + 10
    row = {"e": "depthUpdate", "E": pair.market.now_ns // 10**6, "s": SYMBOL, "U": update, "u": update}
    body = row | {"b": [["149.9150000007", "1"]], "a": []}
    pair.market.frame(EXCHANGE, body, conn=2, generation=2)
    pair.feed()
    pair.market.update -= 2
    pair.market.depth_seed([("149.9", "1")], [("150.1000000003", "1")])
    pair.feed()
    pair.market.record(RecordKind.DISCONNECTED, b'{"reason":"x"}', channel=EXCHANGE, conn=1, generation=1)
    pair.feed()
    book = pair.book()
    assert (book["state"], book["price_decimals"]) == ("live", 10)
    assert (book["best_bid"], book["best_ask"]) == ([1_499_150_000_007, 10**8], [1_501_000_000_003, 10**8])
    assert pair.malformed() == 0


def test_a_picture_of_a_fine_book_quotes_as_the_engine_did():
    listed = Listed()
    for decimals, tick in ((8, ""), (PLACES, "0.000000000001")):
        if tick:
            listed.list_tick(tick)
        for engine in listed.engine.engines:
            engine.ask_picture()
        listed.market.now_ns += 60_000_000
        listed.tell(([], []))
        made = [engine.picture() for engine in listed.engine.engines]
        assert {picture.at for picture in made} == {made[0].at}
        shown = [json.loads(picture.book(NAME, 50)) for picture in made]
        assert shown[0] == shown[1]
        wanted = listed.book()
        for name in ("price_decimals", "bids", "asks", "best_bid", "best_ask"):
            assert shown[0][name] == wanted[name]
        assert shown[0]["price_decimals"] == decimals
        quoted = [[p.quote(NAME, mint, size) for mint in (SOL, USDC) for size in (10**8, 10**9)] for p in made]
        assert quoted[0] == quoted[1] == listed.quotes()
        assert all(each.amount_out for each in quoted[0])


def test_another_pair_of_the_venue_keeps_its_scale():
    pair = Listed()
    book, quoted = pair.book(), pair.quotes()
    pair.list_tick("0.000000000001", "SOLEUR", "EUR")
    pair.tell(([("149.91", "10")], []))
    assert pair.book() | {"last_update_id": 0, "as_of_ns": 0, "silent_ns": 0} == (
        book | {"last_update_id": 0, "as_of_ns": 0, "silent_ns": 0}
    )
    assert pair.quotes() == quoted
    state = {each["symbol"]: each["book"]["price_decimals"] for each in all_state(pair.engine.engines[0])["books"]}
    assert state == {"SOLUSDC": 8, "SOLUSDT": 8, "SOLEUR": 12}


@pytest.mark.parametrize(("given", "has"), [(2, 8), (8, 8), (11, 11), (14, 14), (15, 14)])
def test_a_scale_of_the_setup_is_one_that_there_is(given, has):
    usual = setup()
    fine = tuple(
        Instrument(each.venue, each.symbol, each.base, each.quote, each.kind, given) for each in usual.instruments
    )
    pair, plain = Listed(instruments=fine), Listed()
    assert (pair.book()["price_decimals"], plain.book()["price_decimals"]) == (has, 8)
    assert pair.quotes() == plain.quotes()
    pair.list_tick("0.01")
    assert (pair.book()["price_decimals"], pair.book()["tick"]) == (has, 10 ** (has - 2))


def test_a_level_is_as_deep_at_any_scale_of_its_price():
    found = []
    for tick in ("0.01", "0.000000000001"):
        pair = Listed()
        pair.list_tick(tick)
        market = pair.engine.engines[1].market
        edges_of = [market.graph.find_edge(name) for name in (SELL, BUY)]
        found.append([each for edge in edges_of for each in virtual_reserves(market, edge)])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_prices_are_shown_and_cycles_pay_the_same_at_any_scale():
    pairs = [Listed(), Listed()]
    pairs[1].list_tick("0.000000000001")
    seen = []
    for pair in pairs:
        pair.market.now_ns = pairs[1].market.now_ns
        pair.market.trade("ray-sol-usdc", 900 * 10**9, a_to_b=True)
        pair.market.next_slot()
        pair.tell(([("149.9", "7")], []))
        view = json.loads(pair.engine.present(pair.market.now_ns))
        rows = [(row["bid"], row["ask"]) for row in view["prices"] if row["source"] == NAME]
        cycles = {cycle["key"]: pair.engine.quote_route(cycle["route"], 10**9, 0) for cycle in view["cycles"]}
        seen.append((rows, cycles))
    assert seen[0] == seen[1]
    assert seen[0][0] == [(149.91, 150.1)]
    assert any(NAME in key for key in seen[0][1])


@pytest.mark.parametrize("decimals", [8, 9, 14])
def test_par_is_one_at_any_scale(decimals):
    usual = dollar_setup()
    peg = Instrument(US_VENUE, "USDCUSD", "USDC", "USD", "spot", decimals)
    market, engine = Dollars(), Both(dollar_setup(instruments=(*usual.instruments[:-1], peg)))

    def feed() -> None:
        block = market.take()
        results = [run(each, block) for each in engine.engines]
        assert results[0] == results[1]

    def told(bid: str, ask: str, qty: str = "90000") -> tuple:
        market.us_ticker("USDCUSD", bid, ask, qty)
        feed()
        sizes = 100_000, 9_999_999, 10_000 * 10**6, 2**64 - 1
        quotes = [engine.quote_route([f"{TIE_EDGE}:{side}"], size, market.now_ns) for side in "01" for size in sizes]
        (tie,) = json.loads(engine.present(market.now_ns))["equivalences"]
        return quotes, tie["state"], tie["bid"], tie["ask"], tie["deviation_ppm"], tie["widened_ppm"]

    market.open()
    feed()
    quotes, *view = told("0.9998", "0.9999")
    # 0.9998 less 20 ppm, in cents; the other way the ask helps, and only the cost is kept.
    assert quotes[2] == (999_780, "")
    assert quotes[4] == (999_980_000, "")
    assert view == ["in_band", 0.9998, 0.9999, -150, 200]
    quotes, *view = told("1.0002", "1.0004")
    assert quotes[2] == (999_980, "")
    # 1 000 / 1.0004, less 20 ppm rounded up to 10⁻⁸, down to the atom.
    assert quotes[4] == (999_580_167, "")
    assert view == ["in_band", 1.0002, 1.0004, 300, 400]
    assert quotes[3] == quotes[7] == (0, "liquidity")
    quotes, *view = told("1.0005", "1.0006")
    assert view == ["out_of_band", 1.0005, 1.0006, 550, 600]
    assert {quote.reason for quote in quotes} == {"depeg"}
    quotes, *view = told("0.9999", "1.0001", "1000")
    assert view == ["in_band", 0.9999, 1.0001, 0, 100]
    assert [engine.quote_route([f"{TIE_EDGE}:1"], size, market.now_ns).reason for size in (100_010, 100_011)] == [
        "", "liquidity",
    ]  # fmt: skip
    for each in engine.engines:
        # −log₂ of 0.9999 · 0.99998 · 10⁻⁴ and of 0.99998 / 1.0001 · 10⁴, × 2⁴⁰
        weights = {name: weight for name, weight in edges(each).items() if name.startswith(TIE_EDGE)}
        assert weights == {f"{TIE_EDGE}:0": 14_610_184_627_304, f"{TIE_EDGE}:1": -14_609_803_924_274}
