"""What venues ask of orders, whole steps and a least worth: quotes, sizes and snapshots, in both engines alike."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.protocol import RouteQuote
from cambist.model.events import RecordKind
from tests.parity.markets import POOLS, Market, run, setup
from tests.snapshots import all_state

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
INFO, ONE8, FEE_PPM = 9, 10**8, 1_000
NAME = "binance:SOLUSDC"
SELL, BUY = f"{NAME}:0", f"{NAME}:1"
REFUSED = RouteQuote(0, "liquidity")

steps = st.sampled_from(["0.00000001", "0.001", "0.03", "0.1", "1", "7.3", "25", "4000"])
leasts = st.sampled_from(["0", "5", "150", "2999.5", "40000"])
swaps = st.lists(st.tuples(st.sampled_from(list(POOLS)), st.integers(10**9, 10**12), st.booleans()), max_size=4)
amounts = st.lists(st.integers(0, 10**12), min_size=1, max_size=8)


def worth16(levels: list[list[int]], base8: int) -> int | None:
    """Returns what a base quantity is worth from the best level on, × 10¹⁶; `None` if the levels are too short."""
    total = 0
    for price, qty in levels:
        total += price * min(base8, qty)
        base8 -= min(base8, qty)
    return None if base8 else total


def bought8(levels: list[list[int]], quote8: int) -> int | None:
    """Returns the most base that the quote pays for; by halving, not level by level as the engines do."""
    most = sum(qty for _, qty in levels)
    if quote8 * ONE8 > sum(price * qty for price, qty in levels):
        return None
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if worth16(levels, middle) <= quote8 * ONE8 else (low, middle)
    return low


def order(book: dict, edge: str, atoms: int) -> int:
    """Returns the atoms that an order over the book pays, from its levels and rules alone; 0 if there can't be one."""
    step, least8 = book["step"] or 1, book["min_notional"] or 0
    if edge == SELL:
        base8 = atoms // 10 // step * step
        worth = worth16(book["bids"], base8)
        if worth is None or worth // ONE8 < least8:
            return 0
        got8, places = worth // ONE8, 6
    else:
        got8 = bought8(book["asks"], atoms * 100)
        if got8 is None:
            return 0
        got8, places = got8 // step * step, 9
        if -(-worth16(book["asks"], got8) // ONE8) < least8:
            return 0
    return (got8 + -got8 * FEE_PPM // 10**6) * 10**places // ONE8


class Pair:
    """Both engines over one market, and a third that never hears of the venue's list."""

    def __init__(self):
        self.market = Market()
        self.engines = [make_engine("reference", setup()), make_engine("native", setup())]
        self.unlisted = make_engine("native", setup())
        self.market.open()
        self.step()

    def step(self, *, listing: bool = False) -> bytes:
        """Gives what was queued to the engines; both must say the same."""
        block = self.market.take()
        outputs = [run(engine, block) for engine in self.engines]
        assert outputs[0] == outputs[1]
        assert self.engines[0].snapshot() == self.engines[1].snapshot()
        if not listing:
            run(self.unlisted, block)
        return outputs[0][0]

    def list_rules(self, step: str, least: str) -> bytes:
        """Tells the venue's list."""
        filters = [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "stepSize": step},
            {"filterType": "NOTIONAL", "minNotional": least},
        ]
        pair = {"symbol": "SOLUSDC", "status": "TRADING", "baseAsset": "SOL", "quoteAsset": "USDC", "filters": filters}
        info = {"id": INFO, "feed": "binance", "venue": "binance", "protocol": "binance.spot.info", "label": "x"}
        self.market.record(RecordKind.CHANNEL, json.dumps(info).encode())
        self.market.frame(INFO, {"symbols": [pair]})
        return self.step(listing=True)

    def swap(self, name: str, amount: int, *, a_to_b: bool) -> bytes:
        self.market.trade(name, amount, a_to_b=a_to_b)
        self.market.next_slot()
        return self.step()

    def quote(self, route: list[str], amount: int) -> RouteQuote:
        outputs = [engine.quote_route(route, amount, self.market.now_ns) for engine in self.engines]
        assert outputs[0] == outputs[1]
        return outputs[0]

    def unrounded(self, route: list[str], amount: int) -> RouteQuote:
        return self.unlisted.quote_route(route, amount, self.market.now_ns)

    def book(self) -> dict:
        outputs = [engine.inspect_book(NAME, 50, self.market.now_ns) for engine in self.engines]
        assert outputs[0] == outputs[1]
        return json.loads(outputs[0])

    def cycles(self) -> list[dict]:
        outputs = [engine.present(self.market.now_ns) for engine in self.engines]
        assert outputs[0] == outputs[1]
        cycles = json.loads(outputs[0])["cycles"]
        for cycle in cycles:
            looks = [engine.inspect(cycle["key"], self.market.now_ns) for engine in self.engines]
            assert looks[0] == looks[1]
        return cycles


@pytest.fixture
def pair():
    return Pair()


def test_an_order_is_of_whole_steps(pair):
    before = [pair.quote([SELL], 10**9), pair.quote([BUY], 150_100_000)]
    assert (pair.book()["tick"], pair.book()["step"], pair.book()["min_notional"]) == (None, None, None)
    pair.list_rules("0.1", "5")
    assert (pair.book()["tick"], pair.book()["step"], pair.book()["min_notional"]) == (10**6, 10**7, 5 * ONE8)
    assert pair.quote([SELL], 10**9) == pair.quote([SELL], 10**9 + 99_999_999) == before[0]
    assert pair.quote([SELL], 10**9 + 10**8).amount_out > before[0].amount_out
    assert pair.quote([BUY], 150_100_000) == pair.quote([BUY], 165_109_999) == before[1]
    assert pair.quote([BUY], 165_110_000).amount_out == 1_100_000_000 * 999 // 1_000
    assert pair.quote([SELL], 99_999_999) == pair.quote([BUY], 15_000_000) == REFUSED


def test_an_order_is_worth_no_less_than_the_least(pair):
    pair.list_rules("0.001", "149.91")
    assert pair.quote([SELL], 10**9).reason == pair.quote([BUY], 149_950_000).reason == ""
    assert pair.quote([SELL], 999_999_999) == REFUSED
    # 0.998 SOL for 149.7998 USDC: what is left of the 149.91 orders nothing.
    assert pair.quote([BUY], 149_910_000) == REFUSED
    pair.list_rules("0.001", "149.92")
    assert pair.quote([SELL], 10**9) == REFUSED


def test_the_latest_list_counts_and_outlives_a_restart(pair):
    pair.list_rules("0.1", "5")
    pair.list_rules("0.5", "0")
    for engine in pair.engines:
        engine.restore(engine.snapshot())
    book = pair.book()
    assert (book["tick"], book["step"], book["min_notional"]) == (10**6, ONE8 // 2, 0)
    assert pair.quote([SELL], 1_400_000_000) == pair.quote([SELL], 10**9)
    entry = next(each for each in all_state(pair.engines[0])["books"] if each["symbol"] == "SOLUSDC")
    assert (entry["tick"], entry["step"], entry["min_notional"]) == (10**6, ONE8 // 2, 0)
    perp = next(each for each in all_state(pair.engines[0])["books"] if each["symbol"] == "SOLUSDT")
    assert (perp["tick"], perp["step"], perp["min_notional"]) == (None, None, None)


def test_rules_that_are_none_change_nothing(pair):
    other = Pair()
    for each in (pair, other):
        each.swap("ray-sol-usdc", 900 * 10**9, a_to_b=True)
    sizes = [(cycle["key"], cycle["amount_in"], cycle["amount_out"]) for cycle in pair.cycles()]
    assert any(NAME in key for key, _, _ in sizes)
    assert pair.list_rules("0.00000001", "0") == b""
    assert pair.list_rules("0", "0") == b""
    lines = [each.swap("cpmm-sol-usdc", 80 * 10**9, a_to_b=True).splitlines() for each in (pair, other)]
    times = {"seq": 0, "recv_ns": 0, "oldest_ns": 0}
    decided = [[json.loads(line) | times for line in each] for each in lines]
    assert decided[0] == decided[1] != []


def test_a_new_step_sizes_what_stands_anew(pair):
    pair.swap("ray-sol-usdc", 900 * 10**9, a_to_b=True)
    before = {cycle["key"]: cycle for cycle in pair.cycles()}
    assert pair.list_rules("0.7", "0")
    after = {cycle["key"]: cycle for cycle in pair.cycles()}
    both = before.keys() & after.keys()
    books = [key for key in both if NAME in key]
    assert books
    for key in both:
        size = [(cycle["amount_in"], cycle["amount_out"]) for cycle in (before[key], after[key])]
        assert (size[0] == size[1]) is (key not in books)


@FEW
@given(steps, leasts, swaps, amounts)
@example("25", "0", [("ray-sol-usdc", 900 * 10**9, True)], [1])
@example("0.1", "5", [("ray-sol-usdc", 900 * 10**9, False)], [1])
def test_what_is_paid_is_what_can_be_ordered(step, least, moves, sizes):
    pair = Pair()
    pair.list_rules(step, least)
    for name, amount, a_to_b in moves:
        pair.swap(name, amount, a_to_b=a_to_b)
    book = pair.book()
    for edge in (SELL, BUY):
        for amount in sizes:
            outputs = pair.quote([edge], amount)
            assert outputs.amount_out == order(book, edge, amount)
            free = pair.unrounded([edge], amount)
            # What is left of a step may be what the depth is too short for.
            assert outputs.amount_out <= free.amount_out or free == REFUSED
    for cycle in pair.cycles():
        if NAME not in cycle["key"] or not cycle["amount_in"]:
            continue
        amount = cycle["amount_in"]
        for edge in cycle["route"]:
            amount = order(book, edge, amount) if edge in (SELL, BUY) else pair.quote([edge], amount).amount_out
        assert cycle["amount_out"] == amount == cycle["gross"] + cycle["amount_in"]
        free = pair.unrounded(cycle["route"], cycle["amount_in"])
        assert amount <= free.amount_out or free == REFUSED


@FEW
@given(steps, leasts, swaps)
@example("25", "0", [("ray-sol-usdc", 900 * 10**9, True)])
@example("1", "0", [("ray-sol-usdc", 900 * 10**9, False)])
def test_a_size_earns_about_the_most_that_orders_can(step, least, moves):
    pair = Pair()
    pair.list_rules(step, least)
    for name, amount, a_to_b in moves:
        pair.swap(name, amount, a_to_b=a_to_b)
    for cycle in pair.cycles():
        if NAME not in cycle["key"] or cycle["gross"] <= 0:
            continue
        cap = setup().gates.caps[cycle["tokens"][0]]
        sizes = range(cap // 100, cap + 1, cap // 100)
        best = max(pair.quote(cycle["route"], size).amount_out - size for size in sizes)
        # Only the next step below and, where steps are coarse, above the best size of all is tried.
        assert cycle["gross"] >= best - best // 16
