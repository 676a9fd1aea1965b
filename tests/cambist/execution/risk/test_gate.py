"""What the gate keeps and tells: parts and reversals by `book`, halts, days, and orders that reduce, by themselves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cambist.config.risk import Unwind
from cambist.execution.risk import Account, Approved, Exposure, Leftover, Limits, RiskGate, RiskState
from cambist.execution.risk.loss import Losses, worst_case
from cambist.model.market import PoolRef
from cambist.model.opportunity import Cost
from cambist.model.orders import Fill, Intent, Purpose, Refused, Stage
from cambist.model.refusals import Refusal
from cambist.model.venues import UNPROVED_PROGRAMS
from tests import orders
from tests.fakes import SOL, USDC, opportunity

DAY = 86_400 * 10**9
COST = Cost(7, 1, 10, 20, 300, 4_000, 50_000, 600_000)
CHAIN = 654_331
LIMITS = Limits(
    cap={SOL: 10**9, USDC: 10**9}, daily_loss={SOL: 10**9, USDC: 10**9},
    unwind=Unwind(max_loss_ppm=20_000, max_tries=3, when_halted=False),
)  # fmt: skip
WALLET = {SOL: 10**12, USDC: 10**12}


def gate(state: RiskState | None = None, **limits: Any) -> RiskGate:
    return RiskGate(msgspec.structs.replace(LIMITS, **limits), state)


def asked(key: str = "k", amount: int = 1_000, **changes: Any) -> Intent:
    purpose, number = changes.pop("purpose", Purpose.OPEN), changes.pop("number", 1)
    min_out = changes.pop("min_out", amount + CHAIN)
    found = opportunity(**{"key": key, "cost": COST, "amount_in": amount, **changes})
    return Intent(number, "s", found, amount, min_out, purpose)


def reducing(amount: int = 500, min_out: int = 98, key: str = "r") -> Intent:
    return asked(key, amount, min_out=min_out, tokens=[USDC, SOL], route=["A:1"], purpose=Purpose.REDUCE)


def fill(net: int, at_ns: int = 1, **changes: Any) -> Fill:
    return msgspec.structs.replace(Fill(1, at_ns, Stage.FILLED, 1_000, 1_000, 0, net), **changes)


def test_a_part_moves_the_days_result_its_peak_and_the_balance_and_ends_nothing() -> None:
    made = gate()
    assert isinstance(made.check(asked(), 1, WALLET), Approved)
    made.book(SOL, 70, 2)
    made.book(SOL, -30, 3)
    assert (made.state.realised, made.state.peak, made.from_peak(SOL)) == ({SOL: 40}, {SOL: 70}, -30)
    assert made.state.balance == {SOL: 10**12 + 40}
    assert made.state.open_keys == ["k"]
    made.book(USDC, 5, 4)
    assert (made.state.realised, made.state.balance) == ({SOL: 40, USDC: 5}, {SOL: 10**12 + 40})


def test_a_part_of_the_next_day_begins_it() -> None:
    made = gate()
    made.book(SOL, -70, DAY - 1)
    made.book(SOL, -3, DAY)
    assert (made.state.day, made.state.realised, made.from_peak(SOL)) == (1, {SOL: -3}, -3)


@pytest.mark.parametrize(("net", "mode"), [(-49, "RUNNING"), (-50, "HALTED")])
def test_a_part_that_breaks_a_limit_halts(net: int, mode: str) -> None:
    made = gate(daily_loss={SOL: 50})
    made.book(SOL, net, 1)
    assert made.mode == mode
    assert made.state.halted == ("" if mode == "RUNNING" else "daily loss limit: 50 of 50 atoms lost from the peak")


def test_a_halt_has_a_reason_and_the_first_stays() -> None:
    made = gate()
    made.halt("")
    assert made.state.halted == "halted"
    made.halt("later")
    assert made.state.halted == "halted"
    assert made.check(asked(number=6), 1, WALLET) == Refused(6, Refusal.HALTED, "halted")


def test_to_clear_a_halt_that_was_never_made_halts_if_a_limit_is_broken() -> None:
    state = RiskState(realised={SOL: -60})
    made = gate(state, daily_loss={SOL: 50})
    assert made.clear_halt(1).startswith("the halt stays: daily loss limit: 60 of 50 atoms")
    assert made.state.halted == "daily loss limit: 60 of 50 atoms lost from the peak"


def test_what_was_said_of_a_disarmed_gate_is_the_detail() -> None:
    made = gate()
    made.state.disarmed = "the recording stopped"
    assert made.mode == "REDUCING"
    assert made.check(asked(number=4), 1, WALLET) == Refused(4, Refusal.DISARMED, "the recording stopped")


def test_an_order_counts_for_its_input_its_costs_and_its_worst_case() -> None:
    made = gate()
    made.check(asked(), 1, WALLET)
    made.check(asked("l", 2_000, settlement="legged", tokens=[USDC, SOL, USDC]), 5, WALLET)
    assert made.state.open == {
        "k": Exposure(SOL, 1_000, CHAIN, 30, [""], "s"),
        "l": Exposure(USDC, 2_000, CHAIN, 2_000 + CHAIN, [""], "s"),
    }
    assert (made.state.recent_ns, made.state.day_orders, made.state.day_in) == ([1, 5], 2, {SOL: 1_000, USDC: 2_000})
    made.check(asked("m", 30), 6, WALLET)
    assert made.state.day_in[SOL] == 1_030


def test_what_reduces_ties_up_what_it_sells_costs_nothing_on_top_and_counts_as_a_try_not_as_the_days() -> None:
    made = gate()
    made.leave(USDC, 1_000, SOL, 200)
    assert isinstance(made.check(reducing(), 1, WALLET), Approved)
    assert made.state.open["r"] == Exposure(USDC, 500, 0, 0, [""], "s", Purpose.REDUCE)
    assert made.state.leftovers == {USDC: Leftover(1_000, SOL, 200, 1)}
    assert (made.state.held(USDC), made.state.at_risk(SOL), made.state.day_in, made.state.day_orders) == (
        500,
        200,
        {},
        1,
    )
    assert made.check(reducing(400, 79), 1, WALLET) == Refused(1, Refusal.OPEN_ORDER)


def test_an_order_that_was_to_reduce_what_is_gone_is_booked_as_itself() -> None:
    made = gate()
    made.leave(USDC, 1_000, SOL, 200)
    made.check(reducing(), 1, WALLET)
    del made.state.leftovers[USDC]
    made.on_fill("r", USDC, 500, fill(-9))
    assert (made.state.realised, made.state.open) == ({USDC: -9}, {})


def test_distances_are_as_of_the_day_they_are_asked_for() -> None:
    made = gate()
    made.check(asked(), DAY - 1, WALLET)
    made.on_fill("k", SOL, 0, fill(-20, DAY - 1))
    today = {row.limit: row.used for row in made.distances(DAY - 1, WALLET) if row.unit in (SOL, "orders")}
    later = {row.limit: row.used for row in made.distances(DAY + 60 * 10**9, WALLET) if row.unit in (SOL, "orders")}
    assert (today["daily_loss"], today["max_orders_per_minute"]) == (20, 1)
    assert (later["daily_loss"], later["max_orders_per_minute"]) == (0, 0)
    assert made.state.realised == {SOL: -20}


def test_of_rows_that_are_used_hardly_and_not_at_all_the_first_comes_first() -> None:
    made = gate(open_cap={SOL: 10**9})
    made.check(asked(), 1, WALLET)
    made.on_fill("k", SOL, 0, fill(0))
    made.state.open["x"] = Exposure(SOL, 1_000, 0, 0)
    rows = [row for row in made.distances(10 * DAY, WALLET) if row.limit in ("max_orders_per_minute", "open_cap")]
    assert [(row.limit, row.share_ppm) for row in rows] == [("open_cap", 1), ("max_orders_per_minute", 0)]


def test_an_order_that_the_state_knows_is_not_taken_up_again_and_others_are_by_what_they_can_lose() -> None:
    made = gate(RiskState(open={"known": Exposure(SOL, 5, 6, 7)}))
    made.adopt([
        orders.order(key="known"), orders.order(2, key="new"),
        orders.order(3, key="legged", route=["A:0", "kraken:SOLUSD:buy"], tokens=[USDC, SOL, USDC]),
    ])  # fmt: skip
    assert made.state.open == {
        "known": Exposure(SOL, 5, 6, 7),
        "new": Exposure(SOL, 1_000_000_000, 525_000, 25_000, [""], "negative_cycle"),
        "legged": Exposure(USDC, 1_000_000_000, 525_000, 1_000_525_000, ["", "kraken"], "negative_cycle"),
    }


def test_a_token_without_a_limit_of_loss_is_refused_for_that_before_its_size() -> None:
    made = gate(cap={SOL: 999}, daily_loss={USDC: 1})
    assert made.check(asked(), 1, WALLET) == Refused(1, Refusal.NO_LIMIT, SOL)
    assert gate(cap={SOL: 999}).check(asked(), 1, WALLET) == Refused(1, Refusal.CAP, "1000 > 999")


def test_what_reduces_needs_what_it_sells_and_passes_the_band() -> None:
    made = gate(band_ppm=0)
    made.leave(USDC, 1_000, SOL, 200)
    assert made.check(reducing(), 1, {USDC: 499, SOL: 0}) == Refused(1, Refusal.BALANCE, "500 > 499")
    assert made.check(asked(), 1, WALLET) == Refused(1, Refusal.BAND_UNKNOWN)
    assert isinstance(made.check(reducing(), 1, {USDC: 500}), Approved)


@pytest.mark.parametrize(
    ("settlement", "changes", "worst"),
    [
        ("atomic", {}, 30),
        ("atomic", {"base_fee": 0}, 20),
        ("atomic", {"priority_fee": 0}, 10),
        ("atomic", {"tip": None}, None),
        ("legged", {}, 5 + CHAIN),
        ("legged", {"tip": None}, None),
    ],
)
def test_the_most_that_an_order_can_lose(settlement: str, changes: dict[str, Any], worst: int | None) -> None:
    assert worst_case(settlement, 5, msgspec.structs.replace(COST, **changes)) == worst


@pytest.mark.parametrize(("balance", "day_end"), [({}, {}), ({}, {SOL: 900}), ({SOL: 900}, {})])
def test_while_a_balance_or_its_highest_is_not_known_no_order_goes_and_no_limit_is_broken(
    balance: dict[str, int], day_end: dict[str, int]
) -> None:
    limits = msgspec.structs.replace(LIMITS, account=Account({}, {SOL: 100}))
    losses = Losses(limits, RiskState(balance=balance, day_end=day_end))
    assert losses.refusal(SOL, 0) == (Refusal.ACCOUNT_UNKNOWN, SOL)
    assert losses.refusal(USDC, 0) == (Refusal.ACCOUNT_UNKNOWN, USDC)
    assert losses.broken() == ""
    known = Losses(limits, RiskState(balance={SOL: 900}, day_end={SOL: 900}))
    assert (known.refusal(SOL, 0), known.broken()) == (None, "")


def test_what_is_left_over_is_at_risk_in_the_token_that_paid_for_it_alone() -> None:
    made = gate()
    made.leave("x", 5, SOL, 200)
    made.leave("y", 5, USDC, 30)
    made.leave("z", 5, SOL, 4)
    assert (made.state.at_risk(SOL), made.state.at_risk(USDC), made.state.at_risk("x")) == (204, 30, 0)


def test_what_reduces_goes_back_to_the_token_it_was_bought_with_by_any_way() -> None:
    made = gate()
    made.leave(USDC, 1_000, SOL, 200)
    wrong = msgspec.structs.replace(reducing().opportunity, tokens=[USDC, SOL, "x"])
    refused = made.check(msgspec.structs.replace(reducing(), opportunity=wrong), 1, WALLET)
    assert refused == Refused(1, Refusal.NOT_REDUCING, USDC)
    other = msgspec.structs.replace(reducing().opportunity, tokens=["x", SOL])
    refused = made.check(msgspec.structs.replace(reducing(), opportunity=other), 1, WALLET)
    assert refused == Refused(1, Refusal.NOT_REDUCING, "x")
    longer = msgspec.structs.replace(reducing().opportunity, tokens=[USDC, "x", SOL])
    assert isinstance(made.check(msgspec.structs.replace(reducing(), opportunity=longer), 1, WALLET), Approved)


def test_the_part_of_the_cost_that_is_sold_is_rounded_down() -> None:
    made = gate()
    made.leave(USDC, 1_000, SOL, 200)
    made.check(reducing(333, 90), 1, WALLET)
    made.on_fill("r", USDC, 333, fill(0, amount_in=333, amount_out=90, fee=1))
    assert made.state.realised == {SOL: 90 - 66 - 1}
    assert made.state.leftovers == {USDC: Leftover(667, SOL, 134, 1)}


def test_on_paper_a_formula_is_enough_and_paper_is_what_a_gate_is_for_unless_told() -> None:
    pools = [PoolRef("A", min(UNPROVED_PROGRAMS)), PoolRef("B", min(UNPROVED_PROGRAMS))]
    assert isinstance(RiskGate(LIMITS, pools=pools).check(asked(), 1, WALLET), Approved)
    assert RiskGate(LIMITS, pools=pools, live=True).check(asked(), 1, WALLET) == Refused(1, Refusal.UNPROVED, "A:0")


def test_nobody_but_the_gate_makes_an_approval() -> None:
    with pytest.raises(TypeError, match="only RiskGate makes Approved"):
        Approved(asked(), maker=object())


def test_a_token_without_a_limit_may_lose_nothing() -> None:
    losses = Losses(msgspec.structs.replace(LIMITS, daily_loss={USDC: 1}), RiskState())
    assert losses.refusal(SOL, 0) == (Refusal.NO_LIMIT, SOL)


def test_what_sold_something_that_nobody_left_over_halts() -> None:
    made = gate()
    made.leave(USDC, 1_000, SOL, 200)
    made.check(reducing(), 1, WALLET)
    del made.state.leftovers[USDC]
    made.on_fill("r", USDC, 500, msgspec.structs.replace(fill(-9), net=None))
    assert "sold what was not left over" in made.state.halted
    assert (made.state.realised, made.state.open) == ({}, {})
