"""RiskGate alone: what live trading refuses beyond the limits."""

from typing import Any

import msgspec
import pytest

from cambist.execution.risk import Approved, Exposure, Limits, RiskGate, StrategyDay
from cambist.execution.risk import gate as gate_module
from cambist.model.market import PoolRef
from cambist.model.opportunity import Cost, Opportunity
from cambist.model.orders import Fill, Intent, Purpose, Refused, Stage
from cambist.model.venues import POOL_VENUES, UNPROVED_PROGRAMS, VENUE_OF_PROGRAM
from tests import orders
from tests.fakes import SOL, USDC

TOKEN, POOL, PROGRAM = "SOL", "pool", "made up"
LIMITS = Limits(cap={TOKEN: 100}, daily_loss={TOKEN: 50})


def intent() -> Intent:
    cost = Cost(0, 0, 0, 0, 0, 0, 0)
    found = Opportunity(
        seq=1,
        recv_ns=1,
        slot=1,
        key="k",
        route=[f"{POOL}:0", "other:1"],
        tokens=[TOKEN, "USDC", TOKEN],
        settlement="atomic",
        amount_in=10,
        amount_out=12,
        gross=2,
        cost=cost,
        net=2,
        oldest_ns=0,
        seen_slots=3,
        landing_ppm=500_000,
        score=50,
        go=True,
        reason="go",
    )
    return Intent(1, "test", found, 10, 11)


@pytest.mark.parametrize("live", [False, True])
def test_live_refuses_a_pool_proved_by_its_formula_only(live: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gate_module, "UNPROVED_PROGRAMS", frozenset({PROGRAM}))
    gate = RiskGate(LIMITS, live=live, pools=[PoolRef(POOL, PROGRAM), PoolRef("other", "proved")])
    verdict = gate.check(intent(), 1, {TOKEN: 1_000})
    if live:
        assert verdict == Refused(1, "unproved", f"{POOL}:0")
        assert gate.state.open_keys == []
    else:
        assert isinstance(verdict, Approved)


def test_each_program_belongs_to_one_venue_and_the_unproved_are_those_of_a_formula():
    programs = [program for venue in POOL_VENUES for program in venue.programs]
    assert len(programs) == len(set(programs)) == len(VENUE_OF_PROGRAM)
    for venue in POOL_VENUES:
        assert set(venue.programs) & UNPROVED_PROGRAMS == (set(venue.programs) if venue.proof == "formula" else set())


@pytest.mark.parametrize("live", [False, True])
def test_live_refuses_a_pool_whose_form_of_the_quote_was_never_recorded(live: bool):
    asked = []

    def unrecorded(pools: list[str]) -> list[str]:
        asked.append(pools)
        return ["other"]

    pools = [PoolRef(POOL, "proved"), PoolRef("other", "proved")]
    verdict = RiskGate(LIMITS, live=live, pools=pools, unrecorded=unrecorded).check(intent(), 1, {TOKEN: 1_000})
    if live:
        assert verdict == Refused(1, "unproved", "other:1")
        assert asked == [["other", POOL]]
    else:
        assert isinstance(verdict, Approved)
        assert asked == []


def test_a_venue_that_is_proved_in_part_says_which_part():
    forms = {venue.name: dict(venue.forms) for venue in POOL_VENUES if venue.forms}
    assert list(forms) == ["damm2"]
    assert list(forms["damm2"].values()) == ["program"] + ["formula"] * 4


def fill(net: int) -> Fill:
    return Fill(1, 1, Stage.FILLED if net >= 0 else Stage.REVERTED, 10, 10 + net, 0, net)


def test_a_cap_and_a_balance_may_be_used_up_and_no_more() -> None:
    asked = intent()
    assert isinstance(RiskGate(Limits(cap={TOKEN: 10}, daily_loss={TOKEN: 50})).check(asked, 1, {TOKEN: 10}), Approved)
    much = RiskGate(Limits(cap={TOKEN: 9}, daily_loss={TOKEN: 50})).check(asked, 1, {TOKEN: 10})
    assert isinstance(much, Refused)
    assert much.reason == "cap"
    short = RiskGate(LIMITS).check(asked, 1, {TOKEN: 9})
    assert isinstance(short, Refused)
    assert short.reason == "balance"


def test_what_an_open_order_holds_is_not_free_until_it_ends() -> None:
    gate = RiskGate(LIMITS)
    assert isinstance(gate.check(intent(), 1, {TOKEN: 19}), Approved)
    other = msgspec.structs.replace(intent(), opportunity=msgspec.structs.replace(intent().opportunity, key="other"))
    held = gate.check(other, 1, {TOKEN: 19})
    assert isinstance(held, Refused)
    assert held.reason == "balance"
    gate.on_fill("k", TOKEN, 10, fill(0))
    assert isinstance(gate.check(other, 1, {TOKEN: 19}), Approved)


@pytest.mark.parametrize(("nets", "lost"), [((-49,), 49), ((-50,), 50), ((30, -49), 49), ((30, -50), 50)])
def test_a_loss_counts_from_the_peak_and_halts_at_its_limit(nets: tuple[int, ...], lost: int) -> None:
    gate = RiskGate(LIMITS)
    for net in nets:
        gate.on_fill("k", TOKEN, 0, fill(net))
    assert gate.from_peak(TOKEN) == -lost
    assert gate.mode == ("HALTED" if lost >= 50 else "RUNNING")


def test_what_comes_of_an_order_that_fell_out_is_its_own_and_not_of_the_one_that_its_cycle_has_open() -> None:
    gate = RiskGate(Limits({SOL: 10**10}, {SOL: 10**10}))
    first, second = orders.order(1, strategy="a"), orders.order(2, strategy="b", amount_in=7)
    gate.reopen(second)
    gate.reopen(first)
    assert list(gate.state.open) == [second.key, f"{first.key} #1"]
    part = orders.fill(first, 300, status=Stage.PARTIAL, amount_in=200, fee=0, net=100)
    gate.on_part(first.key, SOL, part)
    assert gate.state.strategies == {"a": StrategyDay(0, {SOL: 100})}
    gate.on_fill(first.key, SOL, first.amount_in, orders.ended(first))
    assert gate.state.strategies == {"a": StrategyDay(0, {SOL: 100 - first.miss_fee})}
    assert [each.strategy for each in gate.state.open.values()] == ["b"]
    gate.reopen(first)
    gate.forget(first)
    assert [each.strategy for each in gate.state.open.values()] == ["b"]


@pytest.mark.parametrize(
    ("changes", "worst"),
    [({}, 25_000), ({"tokens": [SOL, USDC, "T"]}, 10**9 + 525_000), ({"route": ["A:0", "x:S:1"]}, 10**9 + 525_000)],
)
def test_an_order_that_is_counted_again_can_lose_all_of_it_unless_it_is_one_transaction_around(
    changes: dict[str, Any], worst: int
) -> None:
    gate = RiskGate(Limits())
    order = orders.order(**changes, purpose=Purpose.REDUCE)
    gate.reopen(order)
    assert gate.state.open == {
        order.key: Exposure(SOL, 10**9, 525_000, worst, gate.state.open[order.key].venues, "negative_cycle")
    }
