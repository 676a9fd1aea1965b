"""Each limit of RiskGate alone, with costs that aren't zero: just inside, on and just outside of its bound."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from cambist.config.risk import Unwind
from cambist.engine.protocol import PriceView, RouteQuote
from cambist.execution.risk import ANY, Account, Approved, Limits, RiskGate, RiskState
from cambist.execution.risk.band import fair_prices, fair_rate
from cambist.execution.risk.unwind import WayBack
from cambist.model.market import PoolRef, Token
from cambist.model.opportunity import Cost
from cambist.model.orders import Charges, Fill, Intent, Purpose
from cambist.model.refusals import Refusal
from cambist.model.venues import POOL_VENUES
from cambist.runtime.words import DECLINED, REFUSED
from tests.fakes import SOL, USDC, ScriptedEngine, opportunity
from tests.orders import order as made_order

DAY = 86_400 * 10**9
MINUTE = 60 * 10**9
CHAIN, MISS = 2 + 10 + 20 + 30 + 40 + 50 + 60, 10 + 20
"""All costs of `COST` on top of the venues' own, and what a miss owes."""
COST = Cost(7, 2, 10, 20, 30, 40, 50, 60)
LOOSE = Limits(cap={SOL: 10**6}, daily_loss={SOL: 10**7}, max_open_orders=99, max_orders_per_minute=99)
RAY = next(venue for venue in POOL_VENUES if venue.name == "ray4")
POOLS = (PoolRef("A", RAY.programs[0]), PoolRef("B", "no program"))


def asked(key: str = "k", amount: int = 1_000, *, min_out: int | None = None, **changes: Any) -> Intent:
    """An order over Raydium and an exchange unless told otherwise; its least output pays input and costs."""
    strategy, purpose = changes.pop("strategy", "s"), changes.pop("purpose", Purpose.OPEN)
    changes = {"route": ["A:0", "kraken:SOLUSD:buy"], "cost": COST, "amount_in": amount, **changes}
    floor = amount + CHAIN if min_out is None else min_out
    return Intent(1, strategy, opportunity(key=key, **changes), amount, floor, purpose)


def fill(net: int, at_ns: int = 1, status: str = "filled", sold: int = 1_000, got: int = 0, fee: int = 0) -> Fill:
    return Fill(1, at_ns, status, sold, got, fee, net)


@dataclass
class Case:
    """What is set, what went before, and the values of one figure that pass and that don't."""

    reason: Refusal
    limits: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    before: tuple[dict[str, Any], ...] = ()
    nets: tuple[int, ...] = ()
    wallet: dict[str, int] = field(default_factory=lambda: {SOL: 10**9})
    at_ns: int = 1


LEGGED = {"settlement": "legged"}
ACCOUNT = {"daily_loss": {SOL: 10**7}}
TRIED = [
    # (case that passes, what changes so that it is refused)
    (Case(Refusal.SIZE, order={"amount": 1}), {"order": {"amount": 0, "min_out": 10**6}}),
    (Case(Refusal.SIZE, order={"amount": 1}), {"order": {"amount": -(10**18), "min_out": 10**6}}),
    (Case(Refusal.SIZE, order={"min_out": 2**64 - 1}), {"order": {"min_out": 2**64}}),
    (Case(Refusal.MIN_OUT, order={"min_out": 1_000 + CHAIN}), {"order": {"min_out": 1_000 + CHAIN - 1}}),
    (Case(Refusal.SIZE), {"order": {"min_out": 0}}),
    (Case(Refusal.UNKNOWN_COST), {"order": {"cost": msgspec.structs.replace(COST, tip=None)}}),
    (Case(Refusal.OPEN_ENDED), {"order": {"tokens": [SOL, USDC]}}),
    (Case(Refusal.CAP, {"cap": {SOL: 1_000}}), {"limits": {"cap": {SOL: 999}}}),
    (Case(Refusal.NO_LIMIT), {"limits": {"cap": {}}}),
    (Case(Refusal.NO_LIMIT), {"limits": {"daily_loss": {USDC: 1}}}),
    (Case(Refusal.OPEN_ORDER, before=({"key": "a"},)), {"before": ({"key": "k"},)}),
    (Case(Refusal.OPEN_ORDERS, {"max_open_orders": 2}, before=({"key": "a"},)), {"limits": {"max_open_orders": 1}}),
    (Case(Refusal.RATE, {"max_orders_per_minute": 2}, before=({"key": "a"},)),
     {"limits": {"max_orders_per_minute": 1}}),
    (
        Case(Refusal.RATE, {"max_orders_per_minute": 1}, before=({"key": "a"},), at_ns=MINUTE + 1),
        {"at_ns": MINUTE},
    ),
    (Case(Refusal.DAY_RATE, {"max_orders_per_day": 2}, before=({"key": "a"},)), {"limits": {"max_orders_per_day": 1}}),
    (Case(Refusal.DAY_RATE, {"max_orders_per_day": 1}, before=({"key": "a"},), at_ns=DAY), {"at_ns": DAY - 1}),
    (Case(Refusal.TOKEN_CAP, {"open_cap": {SOL: 1_500}}, before=({"key": "a", "amount": 500},)),
     {"limits": {"open_cap": {SOL: 1_499}}}),
    (Case(Refusal.DAY_CAP, {"day_cap": {SOL: 1_500}}, before=({"key": "a", "amount": 500},), nets=(0,)),
     {"limits": {"day_cap": {SOL: 1_499}}}),
    (Case(Refusal.DAY_CAP, {"day_cap": {SOL: 1_499}}, before=({"key": "a", "amount": 500},), at_ns=DAY),
     {"at_ns": DAY - 1}),
    (Case(Refusal.VENUE_CAP, {"venue_cap": {"kraken": {SOL: 1_500}}}, before=({"key": "a", "amount": 500},)),
     {"limits": {"venue_cap": {"kraken": {SOL: 1_499}}}}),
    (Case(Refusal.VENUE_CAP, {"venue_cap": {"ray4": {SOL: 1_000}, ANY: {SOL: 10**6}}}),
     {"limits": {"venue_cap": {"ray4": {SOL: 999}, ANY: {SOL: 10**6}}}}),
    (Case(Refusal.VENUE_CAP, {"venue_cap": {"ray4": {}, ANY: {SOL: 1_000}}}),
     {"limits": {"venue_cap": {"ray4": {}, ANY: {SOL: 999}}}}),
    (Case(Refusal.UNKNOWN_VENUE, {"venue_cap": {"orca": {SOL: 1}}}), {"order": {"route": ["A:0", "B:1"]}}),
    (Case(Refusal.ROUTE_CAP, {"route_cap": {"k": {SOL: 1_000}}}), {"limits": {"route_cap": {"k": {SOL: 999}}}}),
    (Case(Refusal.ROUTE_CAP, {"route_cap": {"a": {SOL: 1}}}), {"limits": {"route_cap": {ANY: {SOL: 999}}}}),
    (Case(Refusal.STRATEGY_CAP, {"strategy_cap": {"s": {SOL: 1_500}}}, before=({"key": "a", "amount": 500},)),
     {"limits": {"strategy_cap": {"s": {SOL: 1_499}}}}),
    (Case(Refusal.STRATEGY_CAP, {"strategy_cap": {"s": {SOL: 1_000}}},
          before=({"key": "a", "amount": 500, "strategy": "t"},)), {"before": ({"key": "a", "amount": 1},)}),
    (Case(Refusal.BALANCE, wallet={SOL: 1_000 + CHAIN}), {"wallet": {SOL: 1_000 + CHAIN - 1}}),
    (Case(Refusal.BALANCE), {"wallet": {}}),
    (Case(Refusal.BALANCE, before=({"key": "a", "amount": 500},), wallet={SOL: 1_500 + 2 * CHAIN}),
     {"wallet": {SOL: 1_500 + 2 * CHAIN - 1}}),
    (Case(Refusal.BALANCE, {"balance_floor": {SOL: 100}}, wallet={SOL: 1_100 + CHAIN}),
     {"wallet": {SOL: 1_099 + CHAIN}}),
    (Case(Refusal.BALANCE, {"balance_floor": {USDC: 5}}, wallet={SOL: 10**9, USDC: 5}),
     {"wallet": {SOL: 10**9, USDC: 4}}),
    (Case(Refusal.LOSS, {"daily_loss": {SOL: MISS}}), {"limits": {"daily_loss": {SOL: MISS - 1}}}),
    (Case(Refusal.LOSS, {"daily_loss": {SOL: 1_000 + CHAIN}}, order=LEGGED),
     {"limits": {"daily_loss": {SOL: 1_000 + CHAIN - 1}}}),
    (Case(Refusal.LOSS, {"daily_loss": {SOL: 2 * MISS}}, before=({"key": "a"},)),
     {"limits": {"daily_loss": {SOL: 2 * MISS - 1}}}),
    (Case(Refusal.LOSS, {"daily_loss": {SOL: MISS + 50}}, nets=(80, -50)),
     {"limits": {"daily_loss": {SOL: MISS + 49}}}),
    (Case(Refusal.LOSS, {"daily_loss": {SOL: MISS + 49}}, nets=(-50,), at_ns=DAY), {"at_ns": DAY - 1}),
    (Case(Refusal.ACCOUNT_UNKNOWN, {"account": Account(ACCOUNT["daily_loss"])}),
     {"limits": {"account": Account({USDC: 1})}}),
    (Case(Refusal.ACCOUNT_UNKNOWN, {"account": Account({}, {SOL: 10**7})}),
     {"limits": {"account": Account({}, {USDC: 1})}}),
    (Case(Refusal.ACCOUNT_DAY, {"account": Account({SOL: 1_000})}, nets=(-749,)), {"nets": (-750,)}),
    (Case(Refusal.ACCOUNT_DAY, {"account": Account({SOL: MISS + 1})}), {"limits": {"account": Account({SOL: MISS})}}),
    (Case(Refusal.ACCOUNT_LOSS, {"account": Account({}, {SOL: MISS + 1})}),
     {"limits": {"account": Account({}, {SOL: MISS})}}),
]  # fmt: skip


def verdict(case: Case) -> Any:
    gate = RiskGate(msgspec.structs.replace(LOOSE, **case.limits), pools=POOLS)
    for order in case.before:
        if case.reason is not Refusal.OPEN_ORDERS or len(gate.state.open) < gate.limits.max_open_orders:
            assert isinstance(gate.check(asked(**order), 1, {SOL: 10**9, USDC: 10**9}), Approved)
    for net in case.nets:
        gate.on_fill("a", SOL, 0, fill(net))
    return gate.check(asked(**case.order), case.at_ns, case.wallet)


@pytest.mark.parametrize(("case", "change"), TRIED, ids=lambda value: getattr(value, "reason", ""))
def test_a_limit_may_be_used_up_and_no_more(case: Case, change: dict[str, Any]) -> None:
    assert isinstance(verdict(case), Approved)
    refused = verdict(Case(**{**case.__dict__, **change, "limits": {**case.limits, **change.get("limits", {})}}))
    assert getattr(refused, "reason", "approved") == case.reason


def test_another_size_than_was_priced_is_refused_with_both() -> None:
    other = msgspec.structs.replace(asked(), amount_in=999)
    refused = RiskGate(LOOSE).check(other, 1, {SOL: 10**9})
    assert (refused.reason, refused.detail) == (Refusal.UNPRICED, "999 asked, 1000 priced")


@pytest.mark.parametrize("wrong", [True, 1.0, float("nan")])
def test_a_size_that_is_no_integer_is_refused(wrong: Any) -> None:
    assert RiskGate(LOOSE).check(asked(amount=wrong, min_out=10**6), 1, {SOL: 10**9}).reason == Refusal.SIZE


def test_a_halt_by_loss_stays_until_the_limit_or_the_day_changes_and_an_operators_does_not() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 50}))
    gate.halt("by hand")
    assert (gate.clear_halt(1), gate.mode) == ("", "RUNNING")
    gate.on_fill("k", SOL, 0, fill(-49))
    assert gate.mode == "RUNNING"
    gate.on_fill("k", SOL, 0, fill(-1))
    assert "50 of 50" in gate.clear_halt(DAY - 1)
    assert gate.mode == "HALTED"
    raised = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 51}), gate.state)
    assert raised.clear_halt(1) == ""
    gate.halt("again")
    assert (gate.clear_halt(DAY), gate.mode) == ("", "RUNNING")


def test_an_operators_halt_over_a_broken_limit_says_the_limit_once_cleared() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 50}))
    gate.halt("by hand")
    gate.on_fill("k", SOL, 0, fill(-50))
    assert gate.state.halted == "by hand"
    assert gate.clear_halt(2)
    assert gate.mode == "HALTED"


@pytest.mark.parametrize("rules", [{"daily_loss": {SOL: 0}}, {"account": Account({SOL: 0})}])
def test_a_limit_of_zero_lets_nothing_out_and_is_not_broken_by_nothing(rules: dict[str, Any]) -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, **rules))
    gate.halt("by hand")
    assert (gate.clear_halt(1), gate.mode) == ("", "RUNNING")
    assert gate.check(asked(), 1, {SOL: 10**9}).reason in (Refusal.LOSS, Refusal.ACCOUNT_DAY)
    gate.on_fill("k", SOL, 0, fill(-1))
    assert gate.mode == "HALTED"


def test_a_broken_limit_refuses_even_an_order_that_can_lose_nothing_and_without_a_halt() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 50}))
    gate.on_fill("k", SOL, 0, fill(-50))
    gate.state.halted = ""
    assert gate.check(asked(cost=Cost(0, 0, 0, 0, 0, 0, 0)), 1, {SOL: 10**9}).reason == Refusal.LOSS


def test_a_clock_that_steps_back_begins_no_day_anew() -> None:
    gate = RiskGate(LOOSE)
    gate.on_fill("k", SOL, 0, fill(-49, 3 * DAY))
    gate.on_fill("k", SOL, 0, fill(7, DAY))
    assert (gate.state.day, gate.state.realised, gate.from_peak(SOL)) == (3, {SOL: -42}, -42)
    gate.on_fill("k", SOL, 0, fill(-1, 4 * DAY))
    assert (gate.state.day, gate.from_peak(SOL)) == (4, -1)


def test_an_order_whose_end_is_unknown_counts_on() -> None:
    gate = RiskGate(LOOSE)
    gate.check(asked(), 1, {SOL: 10**9})
    gate.on_fill("k", SOL, 1_000, fill(0, status="unknown"))
    assert (gate.state.at_risk(SOL), gate.state.held(SOL)) == (MISS, 1_000 + CHAIN)
    gate.on_fill("k", SOL, 1_000, fill(-5))
    assert (gate.state.at_risk(SOL), gate.state.held(SOL), gate.from_peak(SOL)) == (0, 0, -5)


def test_the_largest_loss_is_from_the_highest_balance_that_a_day_ended_with() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, account=Account({}, {SOL: 100_000})))
    gate.check(asked("a"), 1, {SOL: 500_000})
    gate.on_fill("a", SOL, 0, fill(50_000))
    assert gate.state.day_end == {SOL: 500_000}
    gate.on_fill("b", SOL, 0, fill(0, DAY))
    assert gate.state.day_end == {SOL: 550_000}
    assert isinstance(gate.check(asked("c"), DAY, {SOL: 460_000}), Approved)
    assert gate.check(asked("d"), DAY, {SOL: 459_999}).reason == Refusal.ACCOUNT_LOSS
    gate.on_fill("c", SOL, 0, fill(-9_998, DAY))
    assert gate.mode == "RUNNING"
    gate.on_fill("c", SOL, 0, fill(-1, DAY))
    assert gate.state.balance == {SOL: 450_000}
    assert "450000 must not be" in gate.state.halted
    assert gate.clear_halt(9 * DAY)


def test_the_accounts_day_halts_at_its_limit_though_the_day_had_a_peak() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, account=Account({SOL: 100})))
    gate.on_fill("a", SOL, 0, fill(40))
    gate.on_fill("a", SOL, 0, fill(-139))
    assert gate.mode == "RUNNING"
    gate.on_fill("a", SOL, 0, fill(-1))
    assert "100 of 100" in gate.state.halted


def reducing(amount: int = 500, min_out: int = 98, key: str = "r") -> Intent:
    return asked(key, amount, min_out=min_out, tokens=[USDC, SOL], route=["A:1"], purpose=Purpose.REDUCE)


def left(**unwind: Any) -> RiskGate:
    rules = Unwind(**{"max_loss_ppm": 20_000, "max_tries": 2, **unwind})
    gate = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 150}, unwind=rules))
    gate.leave(USDC, 1_000, SOL, 200)
    return gate


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (reducing(), None),
        (reducing(1_000, 196), None),
        (reducing(1_001, 300), Refusal.NOT_REDUCING),
        (reducing(min_out=97), Refusal.WORST_PRICE),
        (reducing(501, 98), Refusal.WORST_PRICE),
        (msgspec.structs.replace(reducing(), opportunity=asked(amount=500).opportunity), Refusal.NOT_REDUCING),
    ],
)
def test_what_reduces_has_its_own_bounds_and_passes_those_of_loss(intent: Intent, reason: Refusal | None) -> None:
    gate = left()
    assert gate.check(asked("x"), 1, {SOL: 10**9}).reason == Refusal.LOSS
    assert getattr(gate.check(intent, 1, {USDC: 1_001, SOL: 10**9}), "reason", None) == reason


def test_what_reduces_never_sells_more_than_is_left_and_is_tried_so_often() -> None:
    gate, wallet = left(), {USDC: 10**6}
    assert isinstance(gate.check(reducing(600, 118), 1, wallet), Approved)
    assert gate.check(reducing(401, 79, "q"), 1, wallet).reason == Refusal.NOT_REDUCING
    gate.on_fill("r", USDC, 600, fill(0, sold=600, got=110, fee=3))
    assert gate.state.leftovers[USDC].atoms == 400
    assert gate.state.realised == {SOL: 110 - 120 - 3}
    assert gate.state.at_risk(SOL) == 80
    assert isinstance(gate.check(reducing(400, 79), 1, wallet), Approved)
    gate.on_fill("r", USDC, 400, fill(0, status="missed", sold=0))
    assert gate.check(reducing(400, 79), 1, wallet).reason == Refusal.TRIES
    gate.leave(USDC, 1, SOL, 1)
    assert isinstance(gate.check(reducing(401, 80), 1, wallet), Approved)
    gate.on_fill("r", USDC, 401, fill(0, sold=401, got=81))
    assert gate.state.leftovers == {}


@pytest.mark.parametrize(
    ("charges", "chain"),
    [
        (Charges(), 0),
        (Charges(network_fee=1), 1),
        (Charges(25, 70, 5), 7),
        (Charges(network_fee=15), 2),
        (Charges(network_fee=14), 1),
        (Charges(25, 71, 5), 8),
    ],
)
@pytest.mark.parametrize("counts", ["", "base"])
def test_what_the_chain_takes_for_the_way_back_counts_at_the_rate_of_the_trade_rounded_up(
    charges: Charges, chain: int, counts: str
) -> None:
    way = WayBack((), Charges(25, 70, 5), 1, 2, counts and "base", 400, fee=7)
    for landed in (True, False):
        gate = RiskGate(msgspec.structs.replace(LOOSE, daily_loss={SOL: 10**7, "base": 10**7}))
        gate.leave(USDC, 1_000, SOL, 200, way)
        assert isinstance(gate.check(reducing(1_000, 200), 1, {USDC: 10**6}), Approved)
        end = fill(0, got=230, fee=3) if landed else fill(0, status="reverted", sold=0, fee=3)
        gate.on_fill("r", USDC, 1_000, msgspec.structs.replace(end, net=None, charges=charges))
        made = (30 * (2 if counts else 1) if landed else 0) - 3 - chain
        assert gate.state.realised == {"base" if counts else SOL: made}


@pytest.mark.parametrize("may", [True, False])
def test_under_a_halt_only_what_reduces_goes_and_only_if_it_may(may: bool) -> None:
    gate = left(when_halted=may)
    gate.halt("by hand")
    assert isinstance(gate.check(reducing(), 1, {USDC: 10**6}), Approved) is may
    assert gate.check(asked("x"), 1, {SOL: 10**9}).reason == Refusal.HALTED
    gate.state.disarmed = "no journal"
    assert gate.check(reducing(key="q"), 1, {USDC: 10**6}).reason == (Refusal.DISARMED if may else Refusal.HALTED)


@pytest.mark.parametrize("wrong", [(USDC, 0, SOL, 1), (USDC, 1, SOL, -1), (SOL, 1, SOL, 1), (USDC, 1, "other", 1)])
def test_what_can_not_be_left_over_is_an_error(wrong: tuple[str, int, str, int]) -> None:
    gate = left()
    with pytest.raises(ValueError, match="left over"):
        gate.leave(*wrong)


def test_an_order_of_its_own_in_what_is_left_over_is_booked_as_itself() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, cap={USDC: 10**6}, daily_loss={USDC: 10**6}))
    gate.leave(USDC, 1_000, SOL, 0)
    assert isinstance(gate.check(asked(tokens=[USDC, SOL, USDC]), 1, {USDC: 10**6}), Approved)
    gate.on_fill("k", USDC, 1_000, fill(-7))
    gate.on_fill("unheard of", USDC, 1_000, fill(-1))
    assert (gate.state.realised, gate.state.leftovers[USDC].atoms) == ({USDC: -8}, 1_000)


def test_what_else_is_open_takes_nothing_from_what_may_be_reduced() -> None:
    gate = RiskGate(msgspec.structs.replace(LOOSE, cap={USDC: 10**6}, daily_loss={USDC: 10**6}))
    wallet = {USDC: 10**6, "other": 10**6}
    gate.leave(USDC, 1_000, SOL, 0)
    gate.leave("other", 1_000, SOL, 0)
    assert isinstance(gate.check(asked(tokens=[USDC, SOL, USDC]), 1, wallet), Approved)
    other = reducing(1_000, 1, "o")
    found = msgspec.structs.replace(other.opportunity, tokens=["other", SOL])
    assert isinstance(gate.check(msgspec.structs.replace(other, opportunity=found), 1, wallet), Approved)
    assert isinstance(gate.check(reducing(1_000, 1), 1, wallet), Approved)


class Priced(ScriptedEngine):
    """Pays what is asked of it, leg by leg, and shows prices of two venues."""

    def __init__(self, usdc: float = 100.0, usable: bool = True) -> None:
        super().__init__()
        self.price, self.usable = usdc, usable

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> Any:
        self.pays = {1: 100_000, 2: 1_000_000_000}.get(len(route), 0)
        return super().quote_route(route, amount_in, now_ns)

    def present(self, now_ns: int) -> bytes:
        row = {"mint": SOL, "symbol": "SOL", "channel": 1, "current_ns": 1, "changed_ns": 1, "state": "live",
               "unit": USDC, "usable": self.usable}  # fmt: skip
        far = {**row, "venue": "kraken", "source": "kraken:SOLUSD", "bid": 1.0, "ask": 1.0, "usable": True}
        near = {**row, "venue": "okx", "source": "okx:SOLUSD", "bid": self.price - 0.5, "ask": self.price + 0.5}
        return json.dumps({"prices": [far, near]}).encode()


@pytest.mark.parametrize(
    ("engine", "limits", "reason"),
    [
        (Priced(100.0), {"band_ppm": 0}, None),
        (Priced(80.0), {"band_ppm": 250_000}, None),
        (Priced(80.0), {"band_ppm": 249_999}, Refusal.BAND),
        (Priced(125.0), {"band_ppm": 250_000}, None),
        (Priced(125.0), {"band_ppm": 249_999}, Refusal.BAND),
        (Priced(100.0, usable=False), {"band_ppm": 10**6}, Refusal.BAND_UNKNOWN),
        (Priced(100.0, usable=False), {"band_ppm": 0, "band_closed": False}, None),
    ],
)
def test_a_leg_may_be_as_far_from_other_venues_as_the_band(engine: Priced, limits: Any, reason: Refusal | None) -> None:
    tokens = [Token(SOL, "SOL", 9), Token(USDC, "USDC", 3)]
    limits = msgspec.structs.replace(LOOSE, cap={SOL: 10**9}, **limits)
    gate = RiskGate(limits, pools=POOLS, tokens=tokens, engine=lambda: engine)
    found = gate.check(asked(amount=10**9), 1, {SOL: 10**12})
    assert getattr(found, "reason", None) == reason


class Silent(Priced):
    """Gives no output and no reason."""

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> Any:
        return RouteQuote(0, "")


@pytest.mark.parametrize("closed", [True, False])
def test_a_leg_that_gives_nothing_has_no_price(closed: bool) -> None:
    limits = msgspec.structs.replace(LOOSE, band_ppm=10**6, band_closed=closed)
    tokens = [Token(SOL, "SOL", 9), Token(USDC, "USDC", 3)]
    gate = RiskGate(limits, pools=POOLS, tokens=tokens, engine=Silent)
    assert getattr(gate.check(asked(), 1, {SOL: 10**9}), "reason", None) == (Refusal.BAND_UNKNOWN if closed else None)


def shown(bid: float | None, ask: float | None, **changes: Any) -> PriceView:
    row = PriceView(SOL, "SOL", "okx", "okx:SOLUSD", 1, bid, ask, 1, 1, True, "live", unit=USDC)
    return msgspec.structs.replace(row, **changes)


@pytest.mark.parametrize(
    ("row", "mid"),
    [
        (shown(1.0, 2.0), 1.5),
        (shown(2.0, 2.0), 2.0),
        (shown(2.0, 1.0), None),
        (shown(0.0, 1.0), None),
        (shown(None, 1.0), None),
        (shown(1.0, None), None),
        (shown(1.0, math.inf), None),
        (shown(math.nan, 1.0), None),
        (shown(1.0, 2.0, usable=False), None),
        (shown(1.0, 2.0, synthetic="model"), None),
        (shown(1.0, 2.0, venue="kraken"), None),
        (shown(1.0, 2.0, unit=""), None),
        (shown(1.0, 2.0, mint=""), None),
    ],
)
def test_only_a_price_that_can_be_used_of_another_venue_is_one(row: PriceView, mid: float | None) -> None:
    assert fair_prices([row], ["kraken"]) == ({} if mid is None else {(SOL, USDC): Fraction(mid)})


def test_two_tokens_have_a_rate_in_a_unit_that_both_are_priced_in() -> None:
    prices = {("x", "u"): Fraction(6), ("y", "u"): Fraction(4), ("y", "a"): Fraction(9)}
    assert fair_rate(prices, "x", "y") == Fraction(3, 2)
    assert fair_rate(prices, "u", "y") == Fraction(1, 4)
    assert fair_rate(prices, "x", "u") == 6
    assert fair_rate(prices, "x", "a") is None


def test_an_older_state_takes_up_its_open_orders_at_their_worst_case() -> None:
    old = {"halted": "", "day": 3, "realised": {SOL: -4}, "open_keys": ["k", "l"], "held": {SOL: 2_000}}
    gate = RiskGate(LOOSE, msgspec.convert(old, RiskState), pools=POOLS)
    orders = [
        made_order(key=key, route=route, amount_in=1_000, min_out=1_200, fee=CHAIN, miss_fee=MISS)
        for key, route in (("k", ["A:0", "A:1"]), ("l", ["A:0", "kraken:SOLUSD:buy"]))
    ]
    gate.adopt(orders)
    gate.adopt(orders)
    assert gate.state.open_keys == ["k", "l"]
    assert gate.state.held(SOL) == 2 * (1_000 + CHAIN)
    assert gate.state.at_risk(SOL) == MISS + 1_000 + CHAIN


def test_every_reason_has_words_of_at_most_sixteen_cells() -> None:
    for reason in Refusal:
        assert 0 < len(REFUSED[reason]) <= 16, reason
        assert DECLINED[f"risk:{reason}"][1] == REFUSED[reason]


def test_distances_say_what_is_used_nearest_first_and_change_nothing() -> None:
    limits = msgspec.structs.replace(
        LOOSE, daily_loss={SOL: 10_000}, venue_cap={ANY: {SOL: 4_000}}, balance_floor={USDC: 5}, max_orders_per_day=9
    )
    gate = RiskGate(limits, pools=POOLS)
    gate.on_fill("z", SOL, 0, fill(-20))
    gate.check(asked(), 1, {SOL: 10**9, USDC: 10})
    before = msgspec.json.encode(gate.state)
    rows = gate.distances(2 * DAY, {SOL: 10**9})
    assert msgspec.json.encode(gate.state) == before
    assert rows[0].limit == "balance_floor"
    assert rows[0].used is None
    used = {(row.limit, row.scope): (row.used, row.of) for row in gate.distances(2, {SOL: 10**9, USDC: 10})}
    assert used == {
        ("balance_floor", ""): (0, 5),
        ("venue_cap", "ray4"): (1_000, 4_000),
        ("venue_cap", "kraken"): (1_000, 4_000),
        ("max_orders_per_day", ""): (1, 9),
        ("max_open_orders", ""): (1, 99),
        ("max_orders_per_minute", ""): (1, 99),
        ("daily_loss", ""): (20 + MISS, 10_000),
    }
    shares = [row.share_ppm or 0 for row in gate.distances(2, {SOL: 10**9, USDC: 10})]
    assert shares == sorted(shares, reverse=True)


def test_distances_tell_tokens_and_names_apart_and_know_an_accounts_rules() -> None:
    limits = msgspec.structs.replace(
        LOOSE,
        cap={SOL: 10**6, USDC: 10**6},
        daily_loss={SOL: 10**7, USDC: 10**7},
        open_cap={SOL: 5_000, USDC: 6_000},
        day_cap={SOL: 7_000},
        venue_cap={"kraken": {SOL: 4_000, USDC: 3_000}},
        strategy_cap={"t": {SOL: 0}},
        account=Account({SOL: 900, USDC: 800}, {SOL: 700, USDC: 600}),
    )
    gate = RiskGate(limits, pools=POOLS)
    wallet = {SOL: 10**6, USDC: 10**6}
    assert isinstance(gate.check(asked(), 1, wallet), Approved)
    assert isinstance(gate.check(asked("u", 300, tokens=[USDC, SOL, USDC]), 1, wallet), Approved)
    gate.on_fill("z", SOL, 0, fill(-11))
    used = {(row.limit, row.scope, row.unit): row.used for row in gate.distances(2, wallet)}
    assert used["open_cap", "", SOL] == 1_000
    assert used["open_cap", "", USDC] == 300
    assert used["day_cap", "", SOL] == 1_000
    assert used["venue_cap", "kraken", SOL] == 1_000
    assert used["venue_cap", "kraken", USDC] == 300
    assert used["account.daily_loss", "", SOL] == used["account.max_loss", "", SOL] == MISS + 11
    assert used["account.daily_loss", "", USDC] == used["account.max_loss", "", USDC] == MISS
    rows = {row.limit: row for row in gate.distances(2, wallet)}
    assert rows["strategy_cap"].share_ppm == 1_000_000
    unknown = {row.limit: row.used for row in RiskGate(limits).distances(2, wallet)}
    assert unknown["account.max_loss"] is None
