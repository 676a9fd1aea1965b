"""What each strategy may tie up, send and lose by itself: to the atom, to the order, over the day and a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.execution.risk import Approved, Budget, Distance, Limits, RiskGate, RiskState, StrategyDay
from cambist.model.ledger import DAY_NS
from cambist.model.orders import Fill, Intent, Purpose, Stage
from tests.fakes import SOL, USDC, opportunity
from tests.orders import order

if TYPE_CHECKING:
    from cambist.model.orders import Refused

AMOUNT, FEE, MISS = 1_000_000_000, 525_000, 25_000
"""Of the fakes' opportunity: input, all costs, and what a miss owes."""


def gate(state: RiskState | None = None, **budget: object) -> RiskGate:
    most = {SOL: 10**12, USDC: 10**12}
    limits = Limits(most, most, max_open_orders=99, max_orders_per_minute=99, budgets={"a": Budget(**budget)})
    return RiskGate(limits, state)


def asked(gate: RiskGate, number: int, strategy: str = "a", now_ns: int = 0) -> Approved | Refused:
    found = opportunity(key=f"k{number}")
    intent = Intent(number, strategy, found, found.amount_in, found.amount_in + FEE)
    return gate.check(intent, now_ns, {SOL: 10**12})


def reason(verdict: Approved | Refused) -> str:
    return "" if isinstance(verdict, Approved) else verdict.reason


def ended(gate: RiskGate, number: int, net: int, now_ns: int = 0) -> None:
    fill = Fill(number, now_ns, Stage.FILLED, AMOUNT, AMOUNT + net + FEE, FEE, net)
    gate.on_fill(f"k{number}", SOL, AMOUNT, fill)


def test_capital_is_what_open_orders_tie_up_with_their_costs_to_the_atom() -> None:
    both = 2 * (AMOUNT + FEE)
    for cap, last in ((both, ""), (both - 1, "budget_capital")):
        found = gate(capital={SOL: cap})
        assert reason(asked(found, 1)) == ""
        verdict = asked(found, 2)
        assert reason(verdict) == last
        if last:
            assert verdict.detail == f"a: {AMOUNT + FEE} + {AMOUNT + FEE} > {cap}"
        assert reason(asked(found, 3, "b")) == "", "no other strategy's"
        ended(found, 1, 5)
        assert reason(asked(found, 4)) == ""


def test_orders_open_and_of_a_day_are_counted_by_strategy() -> None:
    found = gate(max_open_orders=1, max_orders_per_day=2)
    assert [reason(asked(found, n)) for n in (1, 2)] == ["", "budget_orders"]
    assert reason(asked(found, 3, "b")) == ""
    ended(found, 1, 1)
    assert reason(asked(found, 4)) == ""
    ended(found, 4, 1)
    assert reason(asked(found, 5)) == "budget_day"
    assert reason(asked(found, 6, "b")) == ""
    assert reason(asked(found, 7, now_ns=DAY_NS)) == "", "a day later"


def test_a_loss_counts_with_the_worst_of_what_is_open_and_ends_with_the_day() -> None:
    found = gate(daily_loss={SOL: 3 * MISS})
    assert [reason(asked(found, n)) for n in (1, 2, 3, 4)] == ["", "", "", "budget_loss"]
    ended(found, 1, -MISS)
    assert reason(asked(found, 5)) == "budget_loss", "what was lost is as much as what could be"
    ended(found, 2, MISS)
    assert reason(asked(found, 6)) == "", "a gain makes room: it counts from the day's start"
    assert found.state.strategies["a"] == StrategyDay(4, {SOL: 0})
    assert found.state.halted == ""
    ended(found, 3, -3 * MISS)
    assert reason(asked(found, 7)) == "budget_loss"
    assert reason(asked(found, 8, "b")) == "", "the others go on"
    assert reason(asked(found, 9, now_ns=DAY_NS)) == ""


def test_the_first_order_may_risk_the_whole_budget_and_no_atom_more() -> None:
    assert reason(asked(gate(daily_loss={SOL: MISS}), 1)) == ""
    assert reason(asked(gate(daily_loss={SOL: MISS - 1}), 1)) == "budget_loss"


def test_an_order_that_is_taken_up_again_counts_for_its_strategy() -> None:
    found = gate(max_open_orders=1)
    found.adopt([msgspec.structs.replace(order(), strategy="a", purpose=Purpose.OPEN)])
    assert reason(asked(found, 2)) == "budget_orders"
    assert reason(asked(found, 3, "b")) == ""


def test_a_loss_of_the_whole_budget_stops_even_what_can_lose_nothing() -> None:
    found = gate(RiskState(strategies={"a": StrategyDay(1, {SOL: -7})}), daily_loss={SOL: 7 + MISS})
    assert reason(asked(found, 1)) == ""
    found = gate(RiskState(strategies={"a": StrategyDay(1, {SOL: -7})}), daily_loss={SOL: 6 + MISS})
    assert reason(asked(found, 1)) == "budget_loss"
    free = opportunity(cost=msgspec.structs.replace(opportunity().cost, base_fee=0, priority_fee=0))
    spent = gate(RiskState(strategies={"a": StrategyDay(1, {SOL: -7})}), daily_loss={SOL: 7})
    assert reason(spent.check(Intent(1, "a", free, AMOUNT, AMOUNT + FEE), 0, {SOL: 10**12})) == "budget_loss"


@pytest.mark.parametrize("name", ["capital", "daily_loss"])
def test_a_token_that_a_budget_does_not_name_is_refused(name: str) -> None:
    verdict = asked(gate(**{name: {USDC: 10**12}}), 1)
    assert (reason(verdict), verdict.detail) == ("budget_token", f"a: {SOL}")


def test_parts_and_outcomes_that_are_taken_back_move_the_strategys_day() -> None:
    found = gate()
    asked(found, 1)
    found.book(SOL, 9, 0, "a")
    found.book(SOL, -20, 0, "a")
    assert found.state.strategies == {"a": StrategyDay(1, {SOL: -11})}
    assert found.state.realised == {SOL: -11}


def test_distances_say_what_is_used_of_each_budget() -> None:
    found = gate(capital={SOL: 4 * AMOUNT}, max_open_orders=3, max_orders_per_day=8, daily_loss={SOL: 10 * MISS})
    asked(found, 1)
    asked(found, 2, "b")
    ended(found, 1, -MISS)
    asked(found, 3)
    shown = {row.limit: row for row in found.distances(0, {SOL: 10**12}) if row.scope == "a"}
    assert shown == {
        row.limit: row
        for row in (
            Distance("strategies.capital", AMOUNT + FEE, 4 * AMOUNT, SOL, "a"),
            Distance("strategies.daily_loss", 2 * MISS, 10 * MISS, SOL, "a"),
            Distance("strategies.max_open_orders", 1, 3, "orders", "a"),
            Distance("strategies.max_orders_per_day", 2, 8, "orders", "a"),
        )
    }
