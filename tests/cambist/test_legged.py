"""Legged trades on the real engine: each leg is an order of its own, from what its venue holds.

The market is the tiny one beside an exchange that trades in dollars: SOL is sold on chain and bought there.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.config.risk import Unwind
from cambist.engine import build_info, make_engine
from cambist.execution import legged
from cambist.execution.legged import Filled
from cambist.execution.paper_model import PPM, SHARES, PaperParams, draw
from cambist.execution.risk import Budget, Limits
from cambist.execution.risk.budgets import spent
from cambist.execution.routes import turned
from cambist.kernel import KernelSetup
from cambist.kernel.effects import Effects
from cambist.kernel.kernel import Kernel
from cambist.model.commands import ClearHalt, Halt, recorded
from cambist.model.events import RecordKind
from cambist.model.ledger import CHAIN, Account
from cambist.model.orders import Charges, Fill, Purpose, Stage
from cambist.model.refusals import Refusal
from tests import orders
from tests.parity.dollars import USD, VENUE, Dollars, dollar_setup
from tests.parity.markets import SOL, USDC

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.kernel.ledger import Ledger
    from cambist.model.orders import Order

S = 10**9
MS = 10**6
WALLET = {SOL: 200 * S, USDC: 50_000 * 10**6}
INVENTORY = {VENUE: {SOL: 200 * S, USD: 5_000_000}}
CAP, DAILY = {SOL: 50 * S}, {SOL: 100 * S}
NEVER = {"failure_ppm": 0}
MANY = Limits(cap=CAP, daily_loss=DAILY, max_open_orders=1)


class Desk:
    """A kernel in the live market, stepped record by record or at once."""

    def __init__(
        self, *, engine: str = "native", unwind: Unwind | None = None, facts: EngineSetup | None = None, **changes: Any
    ) -> None:
        limits = Limits(
            cap=CAP,
            daily_loss=DAILY,
            max_open_orders=1,
            max_orders_per_day=1,
            unwind=unwind or Unwind(max_loss_ppm=200_000),
        )
        paper = PaperParams(**(NEVER | changes.pop("paper", {})))
        fields = {"engine": facts or dollar_setup(), "limits": limits, "paper": paper, "seed": 3, "wallet": WALLET}
        self.setup = KernelSetup(**(fields | {"inventory": INVENTORY} | changes))
        self.kernel = Kernel(self.setup, make_engine, engine)
        self.market = Dollars()
        self.all = Effects()
        self.blocks: list[bytes] = []
        self.ticks = 0
        self.price = "145.00", "145.10", "500"
        self.market.open()
        self.market.tips("0.00001")
        for _ in range(3):
            self.market.next_slot()
        self.step()

    def step(self) -> Effects:
        """Steps what the market told."""
        self.blocks.append(self.market.take())
        done = self.kernel.step(self.blocks[-1])
        for name in ("orders", "stages", "fills", "refusals", "entries", "intents", "notes", "halts"):
            getattr(self.all, name).extend(getattr(done, name))
        return done

    def wait(self, ms: int) -> None:
        """Lets time pass, a tick each 10 ms; every 400 ms the market says that it is still there."""
        for _ in range(ms // 10):
            self.market.record(RecordKind.TICK, b"{}", step_ns=10 * MS)
            self.ticks += 1
            if self.ticks % 40 == 0:
                self.market.next_slot()
                self.market.us_ticker("SOLUSD", *self.price)
                self.market.us_ticker("USDCUSD", "0.9999", "1.0001")
        self.step()

    def wait_for(self, count: int) -> Order:
        """Lets time pass until so many orders were sent; returns the last one."""
        for _ in range(300):
            if len(self.all.orders) >= count:
                return self.all.orders[count - 1]
            self.wait(10)
        message = f"{len(self.all.orders)} orders of {count}"
        raise AssertionError(message)

    def command(self, command: Any) -> None:
        """Gives an order of the operator's."""
        self.market.record(RecordKind.COMMAND, msgspec.json.encode(recorded(command)))
        self.step()

    def trade(self) -> list[Order]:
        """Returns the orders of the first trade, and lets no other begin: the gap closes for good."""
        found = [order for order in self.all.orders if order.trade == self.all.orders[0].trade]
        assert len(found) == 2
        return found

    def close_gap(self, price: str = "148.40") -> None:
        """Lets the exchange pay what the pools pay."""
        self.price = price, f"{float(price) + 0.05:.2f}", "500"
        self.market.us_ticker("SOLUSD", *self.price)


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "native" and not build_info().native:
        pytest.skip("the Rust engine is not built")
    return str(request.param)


def moved(ledger: Ledger, before: dict[str, dict[str, int]]) -> dict[tuple[str, str], int]:
    """Returns what wallets gained since the setup, by venue and token."""
    return {
        (venue, token): atoms - before[venue].get(token, 0)
        for venue in before
        for token, atoms in ledger.wallet(venue).items()
        if atoms != before[venue].get(token, 0)
    }


BEFORE = {CHAIN: WALLET, **INVENTORY}


def test_each_leg_is_an_order_of_its_own_at_its_venue_with_its_own_time_and_its_part_of_the_gain(engine: str) -> None:
    desk = Desk(engine=engine)
    chain, exchange = desk.trade()
    intent = next(each for each in desk.all.intents if each.id == chain.intent_id)
    found = intent.opportunity
    assert (chain.venue, exchange.venue) == (CHAIN, VENUE)
    assert (chain.trade, exchange.trade) == (chain.id, chain.id) == (exchange.id - 1, exchange.trade)
    assert (chain.base, chain.token_out, exchange.base, exchange.token_out) == (SOL, USDC, USD, SOL)
    assert (chain.amount_in, exchange.expected_out) == (found.amount_in, found.amount_out)
    quoted = desk.kernel.engine
    assert chain.expected_out == quoted.quote_route(chain.route, chain.amount_in, chain.sent_ns).amount_out
    assert exchange.expected_out == quoted.quote_route(exchange.route, exchange.amount_in, chain.sent_ns).amount_out
    assert 80 * MS <= chain.due_ns - chain.sent_ns <= 200 * MS
    assert 80 * MS <= exchange.due_ns - exchange.sent_ns <= 150 * MS
    # All of what the trade has over may be lost by both together, no atom more than rounding.
    least = Fraction(chain.min_out, chain.expected_out) + Fraction(exchange.min_out, exchange.expected_out) - 1
    assert Fraction(intent.min_out, found.amount_out) <= least
    assert least - Fraction(intent.min_out, found.amount_out) < Fraction(2, chain.expected_out)
    assert (chain.charges.total, exchange.charges.total) == (chain.fee, 0)
    assert chain.fee + chain.transfer == found.cost.chain
    assert chain.transfer > 0
    assert (chain.pool_fees, exchange.pool_fees) == (0, found.cost.venue_fees)


def test_what_both_legs_fill_moves_inventory_and_is_booked_as_one_result(engine: str) -> None:
    desk = Desk(engine=engine)
    chain, exchange = desk.trade()
    kernel = desk.kernel
    assert kernel.ledger.balance(Account.IN_FLIGHT, USD, VENUE) == exchange.amount_in
    assert kernel.ledger.balance(Account.IN_FLIGHT, SOL) == chain.amount_in + chain.transfer + chain.charges.total
    desk.wait(200)
    desk.close_gap()
    desk.wait(1_000)
    (first, bought), (second, sold) = desk.all.fills[:2]
    assert [first.id, second.id] == [exchange.id, chain.id], "the exchange is faster"
    assert [bought.status, sold.status] == [Stage.FILLED, Stage.FILLED]
    assert bought.net is None
    assert moved(kernel.ledger, BEFORE) == {
        (CHAIN, SOL): -chain.amount_in - chain.fee - chain.transfer,
        (CHAIN, USDC): sold.amount_out,
        (VENUE, USD): -exchange.amount_in,
        (VENUE, SOL): bought.amount_out,
    }
    assert kernel.ledger.off() == {}
    surplus = chain.amount_in * (sold.amount_out - chain.expected_out) // chain.expected_out
    net = bought.amount_out - chain.amount_in - chain.fee - chain.transfer + surplus
    assert kernel.risk.state.realised == {SOL: net}
    assert net > 0
    assert (kernel.totals.filled, kernel.totals.missed, kernel.risk.state.open) == (1, 0, {})
    counted, chance = kernel.totals.reliability, desk.all.intents[0].opportunity.landing_ppm
    assert (sum(counted.ended), sum(counted.landed), sum(counted.predicted_ppm)) == (1, 1, chance), "a trade is one"
    assert (kernel.trades.open, kernel.risk.state.leftovers) == ({}, {})
    # Both tokens of each conversion are valued, dollars at what USDC is worth: what is left is what was earned.
    assert abs(kernel.totals.earned.worth - net) < chain.amount_in // 1_000
    assert kernel.totals.earned.unvalued == {}


def test_what_an_exchange_answered_is_final_at_once_and_what_landed_is_not_yet(engine: str) -> None:
    desk = Desk(engine=engine, paper={"exchange_latency_ns": 100 * MS, "exchange_jitter_ns": 0})
    chain, exchange = desk.trade()
    desk.wait(2_000)
    assert {order.id: fill.status for order, fill in desk.all.fills[:2]} == dict.fromkeys(
        (exchange.id, chain.id), Stage.FILLED
    )
    last = [change for change in desk.all.stages if change.order_id == exchange.id][-2:]
    assert [(change.stage, change.reason) for change in last] == [(Stage.FILLED, ""), (Stage.FINAL, "answered")]
    assert last[0].at_ns == last[1].at_ns
    assert Stage.FINAL not in {change.stage for change in desk.all.stages if change.order_id == chain.id}
    assert exchange.id not in {closed.fill.order_id for closed in desk.kernel.desk.closed}, "there is nothing to watch"
    before = msgspec.json.encode(desk.kernel.ledger.state())
    effects = told(desk, exchange, Stage.UNKNOWN)
    assert [text for _, _, text in effects.notes] == [f"a fill for order {exchange.id}, which is not open"]
    assert msgspec.json.encode(desk.kernel.ledger.state()) == before, "no block takes back what was final"


def refusals(desk: Desk) -> list[str]:
    """Returns why trades that buy with dollars were refused."""
    asked = {intent.id: intent.opportunity for intent in desk.all.intents}
    through = [each for each in desk.all.refusals if f"{VENUE}:USDCUSD:0" not in asked[each.intent_id].route]
    assert {each.reason for each in through} == {Refusal.INVENTORY}
    said = [desk.kernel.declined[asked[each.intent_id].key] for each in through]
    assert all(each == {"negative_cycle": "risk:inventory"} for each in said)
    return [each.detail for each in through]


def test_a_leg_whose_venue_holds_nothing_is_refused_by_name(engine: str) -> None:
    wanted = Desk(engine=engine).trade()[1].amount_in
    desk = Desk(engine=engine, inventory={VENUE: {SOL: 1}})
    assert desk.all.orders == []
    assert refusals(desk)[0] == f"{VENUE} lacks {wanted} of {USD}: {wanted} > 0"
    assert desk.kernel.ledger.wallet() == WALLET


def test_a_trade_is_sized_within_what_its_venues_hold(engine: str) -> None:
    wanted = Desk(engine=engine).trade()[1].amount_in
    for held in (wanted, wanted - 1, wanted // 2, 50_000):
        order = Desk(engine=engine, inventory={VENUE: {USD: held}}).trade()[1]
        assert held - held // 1_000 - 1 <= order.amount_in <= held
    # What was bought with is gone, and the next trade is sized within what is left.
    desk = Desk(engine=engine, inventory={VENUE: {USD: wanted + 90_000, SOL: 5}}, limits=MANY)
    desk.wait(3_000)
    later = [order for order in desk.all.orders if order.venue == VENUE and order.base == USD][1:]
    assert later
    assert later[0].amount_in <= 90_000
    assert desk.kernel.ledger.wallet(VENUE)[USD] >= 0


def failing_chain(**changes: Any) -> Desk:
    """Returns a desk whose order at the exchange filled and whose order on chain reverts: its pool moved away."""
    desk = Desk(**changes)
    desk.wait(200)
    assert [fill.status for _, fill in desk.all.fills] == [Stage.FILLED]
    desk.market.trade("ray-bonk-sol", 2_000 * S, a_to_b=False)
    desk.market.next_slot()
    desk.wait(10)
    return desk


def test_what_one_leg_left_over_is_sold_back_and_its_loss_is_the_trades(engine: str) -> None:
    desk = failing_chain(engine=engine)
    chain, exchange = desk.trade()
    back = desk.wait_for(3)
    kernel, [(_, bought), (_, reverted)] = desk.kernel, desk.all.fills[:2]
    assert (reverted.status, reverted.charges, reverted.net) == (Stage.REVERTED, chain.miss_charges, None)
    assert (back.purpose, back.strategy, back.venue, back.trade) == (Purpose.REDUCE, "unwind", VENUE, 0)
    assert back.legs == turned(exchange.legs)
    assert (back.base, back.token_out, back.amount_in) == (SOL, USD, bought.amount_out)
    left = kernel.risk.state.leftovers[SOL]
    assert (left.atoms, left.base, left.cost) == (bought.amount_out, USD, exchange.amount_in)
    assert left.at_risk == (SOL, chain.amount_in), "all that was put in can still be lost"
    budget = {"negative_cycle": Budget(daily_loss={SOL: 10**12})}
    (row,) = spent(budget, kernel.risk.state)
    assert row[2] == chain.amount_in + chain.miss_fee, "its strategy may lose it"
    assert kernel.risk.state.realised == {SOL: -chain.miss_fee}
    assert (kernel.totals.filled, kernel.totals.missed) == (0, 1)
    desk.wait(300)
    _, sold = desk.all.fills[2]
    assert (sold.status, sold.amount_in, sold.net) == (Stage.FILLED, bought.amount_out, None)
    assert sold.amount_out < exchange.amount_in, "fee and spread were paid twice"
    lost = chain.amount_in * (sold.amount_out - exchange.amount_in) // exchange.amount_in
    assert kernel.risk.state.leftovers == {}
    assert kernel.risk.state.realised == {SOL: lost - chain.miss_fee}
    assert kernel.risk.state.strategies["negative_cycle"].realised == {SOL: lost - chain.miss_fee}, "it is its loss"
    assert "unwind" not in kernel.risk.state.strategies
    assert moved(kernel.ledger, BEFORE) == {
        (CHAIN, SOL): -reverted.charges.total, (VENUE, USD): sold.amount_out - exchange.amount_in
    }  # fmt: skip
    assert (kernel.ledger.off(), kernel.totals.filled, kernel.totals.missed) == ({}, 0, 1)
    counted = kernel.totals.reliability
    assert (sum(counted.ended), sum(counted.landed)) == (1, 0), "what turned it back is no order that was to earn"
    assert not counted.waiting


def test_a_leg_at_an_exchange_that_moved_away_leaves_what_the_chain_paid_out() -> None:
    desk = Desk()
    chain, exchange = desk.trade()
    desk.close_gap("150.90")
    back = desk.wait_for(3)
    kernel, [(_, missed), (_, sold)] = desk.kernel, desk.all.fills[:2]
    assert (missed.status, missed.reason, missed.charges.total) == (Stage.MISSED, "price moved", 0)
    short = exchange.min_out - kernel.engine.quote_route(exchange.route, exchange.amount_in, missed.recv_ns).amount_out
    assert 0 <= missed.miss - short <= exchange.amount_in * 30
    left = kernel.risk.state.leftovers[USDC]
    assert (left.atoms, left.base, left.cost) == (sold.amount_out, SOL, chain.amount_in)
    assert (back.legs, back.charges) == (turned(chain.legs), chain.charges)
    assert kernel.ledger.balance(Account.IN_FLIGHT, USDC) == sold.amount_out
    assert (left.fee, left.charges) == (chain.fee, chain.charges)
    assert chain.fee > 0
    before = kernel.risk.state.realised[SOL]
    desk.wait(4_000)
    assert kernel.risk.state.leftovers == {}
    assert kernel.ledger.off() == {}
    ((_, returned),) = [each for each in desk.all.fills if each[0] == back]
    assert kernel.risk.state.realised[SOL] - before == returned.amount_out - left.cost - chain.fee
    assert moved(kernel.ledger, BEFORE)[CHAIN, SOL] < 0


def test_hedging_sends_the_leg_that_failed_once_more_where_it_ends_the_same() -> None:
    parts = [orders.order(1, route=["A:0"], tokens=[SOL, USDC]), orders.order(2, route=["x:S:1"], tokens=[USDC, SOL])]
    fills = [Filled(parts[0].amount_in, 7), Filled()]
    [left] = legged.settle(parts[0].amount_in, 9, parts, fills).left
    assert legged.way_back(left, parts, fills, hedge=True) == parts[1].legs
    assert legged.way_back(left, parts, fills, hedge=False) == turned(parts[0].legs)
    other = [parts[0], orders.order(2, route=["x:S:1"], tokens=[USD, SOL])]
    assert legged.way_back(left, other, fills, hedge=True) == turned(parts[0].legs)


def test_what_is_held_stays_and_counts_until_the_end() -> None:
    desk = failing_chain(unwind=Unwind(policy="hold"))
    desk.wait(60_000)
    assert len([order for order in desk.all.orders if order.purpose is Purpose.REDUCE]) == 0
    state = desk.kernel.risk.state
    assert state.at_risk(SOL) >= desk.trade()[0].amount_in
    assert state.leftovers[SOL].since_ns > 0


def test_a_halt_keeps_what_is_left_over_until_it_is_cleared_or_the_config_says_otherwise() -> None:
    for when_halted in (False, True):
        desk = Desk(unwind=Unwind(max_loss_ppm=200_000, when_halted=when_halted))
        desk.wait(200)
        desk.market.trade("ray-bonk-sol", 2_000 * S, a_to_b=False)
        desk.command(Halt("by hand"))
        desk.wait(10_000)
        reduced = [order for order in desk.all.orders if order.purpose is Purpose.REDUCE]
        assert len(reduced) == when_halted
        if not when_halted:
            assert desk.kernel.risk.state.leftovers[SOL].tries == 0, "waiting is no try"
            desk.command(ClearHalt())
            desk.wait(6_000)
        assert desk.kernel.risk.state.leftovers == {}


def test_a_worst_price_holds_it_back_and_tries_are_counted_and_end() -> None:
    desk = failing_chain(unwind=Unwind(max_loss_ppm=1, retry_ms=1_000))
    desk.wait(3_000)
    kernel = desk.kernel
    asked = [intent for intent in desk.all.intents if intent.purpose is Purpose.REDUCE]
    assert len(asked) >= 3
    assert len([r for r in desk.all.refusals if r.reason == Refusal.WORST_PRICE]) == 0
    sent = [order for order in desk.all.orders if order.purpose is Purpose.REDUCE]
    assert len(sent) == 3
    assert {fill.status for order, fill in desk.all.fills if order.purpose is Purpose.REDUCE} == {Stage.MISSED}
    desk.wait(10_000)
    assert len([order for order in desk.all.orders if order.purpose is Purpose.REDUCE]) == 3, "a hand is needed now"
    assert kernel.risk.state.leftovers[SOL].tries == 3


def test_a_thin_book_fills_a_part_and_only_that_part_counts_as_a_trade() -> None:
    desk = Desk()
    chain, exchange = desk.trade()
    desk.price = "145.00", "145.10", "20"
    desk.market.us_ticker("SOLUSD", *desk.price)
    desk.wait_for(3)
    at_exchange = [fill for order, fill in desk.all.fills if order.id == exchange.id]
    assert [fill.status for fill in at_exchange] == [Stage.PARTIAL, Stage.EXPIRED]
    part = at_exchange[0]
    assert 0 < part.amount_in < exchange.amount_in
    assert part.amount_out * exchange.amount_in >= exchange.min_out * part.amount_in
    more = exchange.amount_in * (part.amount_in * SHARES // exchange.amount_in + 2) // SHARES
    assert part.amount_in < more
    state = desk.kernel.risk.state
    sold = next(fill for order, fill in desk.all.fills if order.id == chain.id)
    left = state.leftovers[USDC]
    share = Fraction(part.amount_in, exchange.amount_in)
    assert abs(left.atoms - sold.amount_out * (1 - share)) <= 1
    assert abs(left.cost - chain.amount_in * (1 - share)) <= 1
    assert desk.kernel.totals.missed == 1, "a trade of which something is left over is none that was filled"


def test_records_cut_anywhere_and_a_state_in_mid_trade_come_to_the_same() -> None:
    desk = failing_chain()
    desk.wait(500)
    whole = Kernel(desk.setup, make_engine)
    whole.step(b"".join(desk.blocks))
    assert (whole.digest, whole.state()) == (desk.kernel.digest, desk.kernel.state())
    for at in range(1, len(desk.blocks)):
        first, second = Kernel(desk.setup, make_engine), Kernel(desk.setup, make_engine, "reference")
        first.step(b"".join(desk.blocks[:at]))
        second.rewind(first.keyframe())
        second.step(b"".join(desk.blocks[at:]))
        assert (second.digest, second.state()) == (desk.kernel.digest, desk.kernel.state()), at


@settings(max_examples=200, deadline=None)
@given(
    amounts=st.lists(st.tuples(st.integers(1, 10**12), st.integers(1, 10**12)), min_size=1, max_size=4),
    parts=st.lists(st.tuples(st.integers(0, 1_000), st.integers(-50, 50)), min_size=4, max_size=4),
    whole=st.integers(1, 10**12),
)
def test_a_trade_counts_no_more_than_its_least_leg_and_leaves_the_rest(
    amounts: list[tuple[int, int]], parts: list[tuple[int, int]], whole: int
) -> None:
    made = [
        orders.order(n, route=[f"E{n}:0"], tokens=[f"T{n}", f"T{n + 1}"], amount_in=a, expected_out=b, transfer=0)
        for n, (a, b) in enumerate(amounts)
    ]
    fills = [
        Filled(o.amount_in * share // 1_000, max(0, o.expected_out * share * (1_000 + off) // 1_000_000), 7)
        for o, (share, off) in zip(made, parts, strict=False)
    ]
    settled = legged.settle(whole, whole + 5, made, fills)
    least = min(Fraction(f.amount_in, o.amount_in) for o, f in zip(made, fills, strict=True))
    assert 0 <= settled.amount_in - least * whole < 1
    exact = -least * whole - 7 * len(made)
    for at, (o, f) in enumerate(zip(made, fills, strict=True)):
        done = f.amount_out * least * o.amount_in / f.amount_in if f.amount_in else Fraction(0)
        if at == len(made) - 1:
            exact += (whole + 5) * done / o.expected_out
        else:
            exact += whole * (done - least * o.expected_out) / o.expected_out
    worth = max((whole + 5) // o.expected_out for o in made) + 2  # an atom of a leg, in the base token
    assert 0 <= exact - settled.net <= worth * (len(made) + 1)
    for left in settled.left:
        o, f = left.order, fills[made.index(left.order)]
        assert 0 < left.atoms <= f.amount_out
        assert 0 < left.cost <= f.amount_in
        assert 0 <= least * o.amount_in + left.cost - f.amount_in <= 1 or left.cost <= f.amount_in - least * o.amount_in


@given(st.integers(0, 2**32), st.integers(1, 10**6))
def test_latency_is_each_venues_own(seed: int, number: int) -> None:
    params = PaperParams(
        latency_ns=10, jitter_ns=5, exchange_latency_ns=100, exchange_jitter_ns=0, venue_latency_ns={"x": 7}
    )
    assert params.due_ns(seed, number, CHAIN, 1) == 11 + draw(seed, number, "latency", 6)
    assert (params.due_ns(seed, number, "y", 1), params.due_ns(seed, number, "x", 1)) == (101, 8)
    assert draw(seed, number, "failure", PPM) < PPM


def told(desk: Desk, order: Order, status: Stage) -> Effects:
    """Tells what became of an order as a venue would."""
    now_ns = desk.market.now_ns + 1
    traded = status == Stage.FILLED
    fill = Fill(
        order_id=order.id,
        recv_ns=now_ns,
        status=status,
        amount_in=order.amount_in if traded else 0,
        amount_out=order.expected_out if traded else 0,
        fee=order.fee if traded else 0,
        net=None,
        charges=order.charges if traded else Charges(),
    )
    desk.market.record(RecordKind.FILL, msgspec.json.encode(fill))
    return desk.step()


def test_a_trade_whose_last_leg_ends_last_is_counted_by_the_prediction_it_was_decided_by() -> None:
    desk = Desk(paper={"exchange_latency_ns": 900 * MS, "exchange_jitter_ns": 0})
    chain, exchange = desk.trade()
    counted = desk.kernel.totals.reliability
    chance = desk.all.intents[0].opportunity.landing_ppm
    assert counted.waiting == {chain.id: chance}
    desk.wait(2_000)
    assert [order.id for order, _ in desk.all.fills[:2]] == [chain.id, exchange.id]
    assert sum(counted.ended[:-1]) == 1
    assert sum(counted.predicted_ppm) == chance


def test_a_leg_that_falls_out_of_the_chain_while_its_trade_is_on_is_open_again_and_counts_once() -> None:
    desk = Desk(paper={"exchange_latency_ns": 5_000 * MS, "exchange_jitter_ns": 0})
    chain, exchange = desk.trade()
    desk.wait(1_000)
    assert [order.id for order, _ in desk.all.fills] == [chain.id]
    kernel = desk.kernel
    told(desk, chain, Stage.UNKNOWN)
    assert (kernel.trades.open[chain.id].fills[0], kernel.risk.state.halted) == (Filled(), "")
    assert kernel.ledger.balance(Account.IN_FLIGHT, SOL) == chain.amount_in + chain.transfer + chain.charges.total
    told(desk, chain, Stage.FILLED)
    desk.price = "145.00", "145.10", "500"
    desk.wait(5_000)
    assert kernel.trades.open == {}
    assert (kernel.totals.filled, kernel.risk.state.leftovers, kernel.ledger.off()) == (1, {}, {})
    bought = next(fill for order, fill in desk.all.fills if order.id == exchange.id)
    net = bought.amount_out - chain.amount_in - chain.fee - chain.transfer
    assert kernel.risk.state.realised == {SOL: net}


def test_a_leg_that_falls_out_after_its_trade_halts_and_what_it_ends_as_then_breaks_nothing() -> None:
    desk = Desk()
    chain, _ = desk.trade()
    desk.wait(1_500)
    kernel, before = desk.kernel, dict(desk.kernel.risk.state.realised)
    effects = told(desk, chain, Stage.UNKNOWN)
    (halt,) = effects.halts
    assert "fell out of the chain" in halt[1], "a halt that is not told would be gone after a restart"
    assert effects.risk is kernel.risk.state
    told(desk, chain, Stage.FILLED)
    assert kernel.risk.state.realised == before
    assert (kernel.ledger.off(), kernel.trades.open) == ({}, {})
    cleared = Desk()
    chain, _ = cleared.trade()
    cleared.wait(1_500)
    told(cleared, chain, Stage.UNKNOWN)
    cleared.command(ClearHalt())
    (again,) = told(cleared, chain, Stage.EXPIRED).halts
    assert "ended after its trade: expired" in again[1]


def test_a_leg_that_falls_out_after_its_trade_counts_until_it_ends_and_its_money_is_not_free() -> None:
    limits = Limits(cap=CAP, daily_loss=DAILY, max_open_orders=2, max_orders_per_day=1)
    desk = Desk(limits=limits)
    chain, _ = desk.trade()
    desk.wait(1_500)
    told(desk, chain, Stage.UNKNOWN)
    state = desk.kernel.risk.state
    (stray,) = state.open.values()
    assert (stray.token, stray.amount_in, stray.worst) == (SOL, chain.amount_in, chain.amount_in + chain.fee)
    assert stray.purpose is Purpose.OPEN
    assert state.held(SOL) == chain.amount_in + chain.fee
    told(desk, chain, Stage.LANDED)
    assert len(state.open) == 1, "landed is no end"
    told(desk, chain, Stage.FILLED)
    assert state.open == {}
