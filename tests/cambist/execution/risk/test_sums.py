"""What each cap and each distance adds up: of its own token, venue and strategy alone, from zero, to the atom."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cambist.config.risk import Unwind
from cambist.execution.risk import Account, Exposure, Leftover, Limits, RiskState
from cambist.execution.risk.caps import afforded, capped, counted
from cambist.execution.risk.day import DAY_NS, MINUTE_NS, roll, see_balance
from cambist.execution.risk.distances import Distance, distances
from cambist.execution.risk.limits import ANY, cap_of
from cambist.execution.risk.unwind import worst_out
from cambist.model.orders import Purpose
from cambist.model.refusals import Refusal
from tests.fakes import SOL, USDC


def exposure(amount: int, token: str = SOL, venues: str = "ray4 kraken", strategy: str = "s", **more: Any) -> Exposure:
    return Exposure(token, amount, more.pop("fee", 3), more.pop("worst", 2), venues.split(), strategy, **more)


OPEN = {
    "a": exposure(100),
    "b": exposure(20, USDC),
    "c": exposure(3, venues="okx"),
    "d": exposure(4_000, strategy="t"),
}
NEW = exposure(50_000)


@pytest.mark.parametrize(
    ("limits", "used", "reason", "name"),
    [
        ({"open_cap": {SOL: 0}}, 100 + 3 + 4_000, Refusal.TOKEN_CAP, ""),
        ({"venue_cap": {"kraken": {SOL: 0}}}, 100 + 4_000, Refusal.VENUE_CAP, "kraken"),
        ({"venue_cap": {ANY: {SOL: 0}, "kraken": {}}}, 100 + 4_000, Refusal.VENUE_CAP, "ray4"),
        ({"route_cap": {"k": {SOL: 0}}}, 0, Refusal.ROUTE_CAP, ""),
        ({"strategy_cap": {"s": {SOL: 0}}}, 100 + 3, Refusal.STRATEGY_CAP, "s"),
        ({"day_cap": {SOL: 0}}, 7, Refusal.DAY_CAP, ""),
    ],
)
def test_a_cap_counts_what_is_its_own_and_no_more(
    limits: dict[str, Any], used: int, reason: Refusal, name: str
) -> None:
    state = RiskState(open=dict(OPEN), day_in={SOL: 7, USDC: 9})
    before = f"{name}: " if name else ""
    assert capped(Limits(**limits), state, "k", NEW) == (reason, f"{before}{used} + 50000 > 0")

    def raised(value: Any, to: int) -> Any:
        return {key: raised(each, to) for key, each in value.items()} if isinstance(value, dict) else to

    enough = {key: raised(value, used + 50_000) for key, value in limits.items()}
    assert capped(Limits(**enough), state, "k", NEW) is None
    short = {key: raised(value, used + 49_999) for key, value in limits.items()}
    assert capped(Limits(**short), state, "k", NEW) == (reason, f"{before}{used} + 50000 > {used + 49_999}")


@pytest.mark.parametrize("limit", ["open_cap", "day_cap"])
def test_a_cap_of_a_token_that_nothing_is_in_yet_counts_from_zero(limit: str) -> None:
    assert capped(Limits(**{limit: {SOL: 50_000}}), RiskState(), "k", NEW) is None
    assert capped(Limits(**{limit: {SOL: 49_999}}), RiskState(), "k", NEW) is not None


def test_a_venue_that_is_not_known_closes_the_caps_by_venue_alone() -> None:
    strange = exposure(1, venues="ray4")
    strange = msgspec.structs.replace(strange, venues=["", "ray4"])
    assert capped(Limits(), RiskState(), "k", strange) is None
    assert capped(Limits(venue_cap={"okx": {SOL: 1}}), RiskState(), "k", strange) == (Refusal.UNKNOWN_VENUE, "k")


def test_a_cap_by_name_is_its_own_else_that_of_any() -> None:
    caps = {"okx": {SOL: 1}, ANY: {SOL: 2, USDC: 3}}
    assert [cap_of(caps, name, SOL) for name in ("okx", "kraken")] == [1, 2]
    assert [cap_of(caps, name, USDC) for name in ("okx", "kraken")] == [None, 3]
    assert cap_of({}, "okx", SOL) is None


def test_counts_say_their_numbers() -> None:
    state = RiskState(open=dict(OPEN), recent_ns=[1, 2, 3], day_orders=5)
    wide = {"max_open_orders": 5, "max_orders_per_minute": 4, "max_orders_per_day": 6}
    assert counted(Limits(**wide), state, "k") is None
    assert counted(Limits(**wide), state, "a") == (Refusal.OPEN_ORDER, "")
    assert counted(Limits(**{**wide, "max_open_orders": 4}), state, "k") == (Refusal.OPEN_ORDERS, "4 open")
    assert counted(Limits(**{**wide, "max_orders_per_minute": 3}), state, "k") == (Refusal.RATE, "3 in a minute")
    assert counted(Limits(**{**wide, "max_orders_per_day": 5}), state, "k") == (Refusal.DAY_RATE, "5 in a day")
    assert counted(Limits(**{**wide, "max_orders_per_day": None}), state, "k") is None


@pytest.mark.parametrize(
    ("wallet", "why"),
    [
        ({SOL: 1_000}, None),
        ({SOL: 999}, "53 > 52"),
        ({}, "53 > -947"),
    ],
)
def test_what_is_free_is_what_no_order_holds_and_no_floor_keeps(wallet: dict[str, int], why: str | None) -> None:
    state = RiskState(open={"a": exposure(40, fee=7)})
    found = afforded(Limits(balance_floor={SOL: 900}), state, wallet, exposure(50))
    assert found == (None if why is None else (Refusal.BALANCE, why))


def test_a_floor_of_another_token_is_kept_though_the_order_needs_none_of_it() -> None:
    limits = Limits(balance_floor={USDC: 5})
    assert afforded(limits, RiskState(), {SOL: 53, USDC: 5}, exposure(50)) is None
    assert afforded(limits, RiskState(), {SOL: 53, USDC: 4}, exposure(50)) == (Refusal.BALANCE, "0 > -1")
    assert afforded(limits, RiskState(), {SOL: 53}, exposure(50)) == (Refusal.BALANCE, "0 > -5")


def test_an_unknown_balance_is_forgotten_and_the_highest_end_of_a_day_stays() -> None:
    state = RiskState()
    see_balance(state, SOL, None)
    assert (state.balance, state.day_end) == ({}, {})
    see_balance(state, SOL, 70)
    see_balance(state, SOL, 90)
    assert (state.balance, state.day_end) == ({SOL: 90}, {SOL: 70})
    see_balance(state, SOL, None)
    assert (state.balance, state.day_end) == ({}, {SOL: 70})


def test_a_day_and_a_minute_end_at_their_last_nanosecond() -> None:
    assert (DAY_NS, MINUTE_NS) == (86_400 * 10**9, 60 * 10**9)
    start = 5 * DAY_NS
    state = RiskState(
        day=5, realised={SOL: -1}, peak={SOL: 2}, day_in={SOL: 3}, day_orders=4, recent_ns=[start, start + 1]
    )
    roll(state, start + MINUTE_NS)
    assert state.recent_ns == [start + 1]
    roll(state, start + DAY_NS - 1)
    assert (state.day, state.realised, state.day_orders, state.recent_ns) == (5, {SOL: -1}, 4, [])
    state.balance = {SOL: 60, USDC: 5}
    state.day_end = {SOL: 70}
    roll(state, start + DAY_NS)
    assert (state.day, state.realised, state.peak, state.day_in, state.day_orders) == (6, {}, {}, {}, 0)
    assert state.day_end == {SOL: 70, USDC: 5}
    state.balance = {SOL: 80}
    roll(state, start + 3 * DAY_NS)
    assert state.day_end == {SOL: 80, USDC: 5}


@pytest.mark.parametrize(
    ("used", "of", "ppm"),
    [
        (0, 1, 0), (1, 3, 333_333), (2, 3, 666_666), (3, 3, 1_000_000), (0, 3, 0), (-1, 3, -333_334), (1, 1, 1_000_000),
        (5, 0, 1_000_000), (0, 0, 1_000_000), (0, -4, 1_000_000), (None, 7, None), (7, 2, 3_500_000),
    ],
)  # fmt: skip
def test_a_share_is_rounded_down_and_whole_where_nothing_is_allowed(used: int | None, of: int, ppm: int | None) -> None:
    assert Distance("x", used, of, "orders").share_ppm == ppm


def test_distances_of_every_kind_are_sums_of_their_own() -> None:
    limits = Limits(
        cap={SOL: 1}, daily_loss={SOL: 1_000, USDC: 2_000}, max_open_orders=5, max_orders_per_minute=6,
        max_orders_per_day=7,
        open_cap={SOL: 10_000, USDC: 20_000}, day_cap={SOL: 11_000, USDC: 21_000},
        venue_cap={"okx": {SOL: 12_000}, ANY: {USDC: 22_000}}, route_cap={"d": {SOL: 13_000}, "z": {SOL: 1}},
        strategy_cap={ANY: {SOL: 14_000}}, balance_floor={SOL: 500},
        account=Account({SOL: 1_500}, {SOL: 1_600, USDC: 1_700}),
    )  # fmt: skip
    state = RiskState(
        realised={SOL: -40}, peak={SOL: 10}, recent_ns=[1, 2], day_in={SOL: 77}, day_orders=3,
        open=dict(OPEN),
        balance={SOL: 900}, day_end={SOL: 950},
    )  # fmt: skip
    rows = distances(limits, state, {SOL: 6_000})
    assert {(row.limit, row.scope, row.unit): (row.used, row.of) for row in rows} == {
        ("max_open_orders", "", "orders"): (4, 5),
        ("max_orders_per_minute", "", "orders"): (2, 6),
        ("max_orders_per_day", "", "orders"): (3, 7),
        ("daily_loss", "", SOL): (50 + 6, 1_000),
        ("daily_loss", "", USDC): (2, 2_000),
        ("open_cap", "", SOL): (4_103, 10_000),
        ("open_cap", "", USDC): (20, 20_000),
        ("day_cap", "", SOL): (77, 11_000),
        ("day_cap", "", USDC): (0, 21_000),
        ("account.daily_loss", "", SOL): (40 + 6, 1_500),
        ("account.max_loss", "", SOL): (50 + 6, 1_600),
        ("account.max_loss", "", USDC): (None, 1_700),
        ("venue_cap", "okx", SOL): (3, 12_000),
        ("venue_cap", "kraken", USDC): (20, 22_000),
        ("venue_cap", "ray4", USDC): (20, 22_000),
        ("route_cap", "d", SOL): (4_000, 13_000),
        ("route_cap", "z", SOL): (0, 1),
        ("strategy_cap", "s", SOL): (103, 14_000),
        ("strategy_cap", "t", SOL): (4_000, 14_000),
        ("balance_floor", "", SOL): (4_103 + 9, 5_500),
    }
    order = [(row.share_ppm is not None, -(row.share_ppm or 0), row.limit, row.unit) for row in rows]
    assert order == sorted(order)
    assert rows[0].limit == "account.max_loss"


def test_of_a_wallet_that_is_not_known_a_floor_is_as_far_as_it_is_below_nothing() -> None:
    rows = distances(Limits(balance_floor={SOL: 500}), RiskState(), {})
    assert [(row.used, row.of) for row in rows if row.limit == "balance_floor"] == [(None, -500)]


def test_what_reduces_is_held_and_loses_nothing_more() -> None:
    state = RiskState(open={"r": exposure(9, purpose=Purpose.REDUCE, worst=0, fee=0)})
    assert (state.held(SOL), state.held(USDC), state.at_risk(SOL)) == (9, 0, 0)


def test_what_no_limit_is_set_for_is_little_and_nothing_is_known_at_first() -> None:
    limits = Limits()
    assert (limits.max_open_orders, limits.max_orders_per_minute, limits.max_orders_per_day) == (4, 60, None)
    assert (limits.band_ppm, limits.band_closed) == (None, True)
    assert (Account().daily_stop_ppm, Account().reserve_ppm) == (750_000, 100_000)
    assert (Unwind().max_tries > 0, Unwind().when_halted) == (True, False)
    state = RiskState()
    assert (state.halted, state.disarmed, state.day, state.day_orders, state.open_keys) == ("", "", 0, 0, [])
    assert Leftover(5, SOL, 7) == Leftover(5, SOL, 7, 0)


@pytest.mark.parametrize(("balance", "day_end"), [({}, {}), ({}, {SOL: 9}), ({SOL: 9}, {})])
def test_how_far_the_largest_loss_is_is_unknown_without_both_balances(
    balance: dict[str, int], day_end: dict[str, int]
) -> None:
    limits = Limits(account=Account({}, {SOL: 100}))
    rows = distances(limits, RiskState(balance=balance, day_end=day_end), {})
    assert [(row.used, row.of) for row in rows if row.limit == "account.max_loss"] == [(None, 100)]


def test_where_all_may_be_lost_an_atom_is_still_asked_for() -> None:
    assert worst_out(Leftover(10, "b", 7), 10, 1_000_000) == 1
    assert worst_out(Leftover(10, "b", 7), 10, 999_999) == 1
    assert worst_out(Leftover(10, "b", 7), 5, 0) == 4, "rounded up"
