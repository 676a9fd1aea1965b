"""What becomes of orders whose slot falls out of the chain, before they end and after, and of those in it for good."""

from __future__ import annotations

import msgspec
import pytest

from cambist.model.ledger import Account
from cambist.model.orders import Charges, Fill, Stage
from tests.on_its_way import OnItsWay
from tests.parity.markets import SOL
from tests.small_market import ENGINES, LIMITS, SLOW

ROOT = 32
"""Slots from one to its root."""
ONE = msgspec.structs.replace(LIMITS, max_orders_per_minute=1)
"""What pays after it pays for nobody."""


def wallets(way: OnItsWay) -> dict[str, int]:
    return dict(way.kernel.wallet)


def in_flight(way: OnItsWay) -> int:
    return way.kernel.ledger.balance(Account.IN_FLIGHT, SOL)


def sums(way: OnItsWay) -> set[int]:
    """Returns what all accounts of each token come to."""
    balances = way.kernel.desk.ledger.state().balances
    return {sum(each.atoms for each in balances if each.token == token) for token in {each.token for each in balances}}


@pytest.mark.parametrize("engine", ENGINES)
def test_one_whose_slot_is_none_of_the_chain_s_lands_in_the_next_that_is(engine: str) -> None:
    way = OnItsWay(engine)
    aimed = way.aimed
    assert way.next_slot(parent=aimed - 1) == []
    assert way.next_slot() == []
    (working,) = way.kernel.desk.working
    assert working.landing is not None
    assert working.landing.slot == aimed + 2
    way.trade(10**8)
    ((_, fill),) = [*way.next_slot(), *way.next_slot()]
    assert (fill.status, fill.slot) == (Stage.FILLED, aimed + 2)
    assert fill.amount_out == min(way.quoted[-2:])


@pytest.mark.parametrize("engine", ENGINES)
def test_one_that_had_landed_is_taken_back_and_everything_with_it(engine: str) -> None:
    way = OnItsWay(engine, limits=ONE)
    begun = {token: atoms for token, atoms in wallets(way).items() if token != SOL}
    before = wallets(way)[SOL] + in_flight(way)
    fill = way.landed()
    assert (fill.status, fill.slot) == (Stage.FILLED, way.aimed)
    assert wallets(way)[SOL] - before == fill.amount_out - fill.amount_in - fill.charges.total != 0
    assert way.tick(250).fills == []
    way.next_slot(parent=way.aimed - 1)
    done = way.tick(250)
    reason = f"slot {way.aimed} fell out of the chain"
    assert [(each.status, each.reason, each.net) for _, each in done.fills] == [
        (Stage.UNKNOWN, reason, None),
        (Stage.EXPIRED, reason, 0),
    ]
    assert [change.stage for change in done.stages] == [Stage.UNKNOWN, Stage.EXPIRED]
    assert (wallets(way)[SOL], in_flight(way)) == (before, 0)
    assert {token: atoms for token, atoms in wallets(way).items() if token != SOL} == begun
    assert sums(way) == {0}
    assert (way.kernel.totals.filled, way.kernel.totals.missed) == (0, 1)
    assert sum(day.realised.get(SOL, 0) for day in way.kernel.risk.state.strategies.values()) == 0
    assert way.kernel.desk.working == []
    assert [way.tick(250).fills for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_in_the_chain_for_good_is_final_once_and_nothing_takes_it_back(engine: str) -> None:
    way = OnItsWay(engine, limits=ONE)
    fill = way.landed()
    for _ in range(ROOT - 3):
        way.next_slot()
    assert way.market.slot - ROOT == way.aimed - 1
    assert way.tick(250).stages == []
    way.next_slot()
    (change,) = way.tick(250).stages
    assert (change.order_id, change.stage, change.reason) == (fill.order_id, Stage.FINAL, "rooted")
    assert (change.figure, change.unit, change.at_ns) == (way.aimed, "slot", way.market.now_ns)
    assert way.tick(250).stages == []
    earned = wallets(way)
    told = way.trading.told(Fill(fill.order_id, way.market.now_ns, Stage.UNKNOWN, 0, 0, 0, None))
    assert "not open" in told.notes[-1][2]
    assert wallets(way) == earned


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_sender_told_of_waits_for_its_own_word_and_is_final_too(engine: str) -> None:
    way = OnItsWay(engine, SLOW, reach=False, limits=ONE)
    order, slot = way.order, way.market.slot
    told = Fill(order.id, way.market.now_ns, Stage.REVERTED, 0, 0, 7, -7, charges=Charges(network_fee=7), slot=slot)
    assert [fill for _, fill in way.trading.told(told).fills] == [told]
    way.next_slot(parent=slot - 1)
    way.next_slot()
    assert way.tick(250).fills == []
    assert [closed.fill for closed in way.kernel.desk.closed] == [told]
    way.next_slot(parent=slot)
    for _ in range(ROOT):
        way.next_slot()
    (change,) = way.tick(250).stages
    assert (change.order_id, change.stage) == (order.id, Stage.FINAL)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_landed_when_its_slot_was_there_and_is_filled_when_all_of_it_is_known(engine: str) -> None:
    way = OnItsWay(engine, limits=ONE)
    there_ns = way.market.now_ns
    assert way.next_slot() == []
    way.market.next_slot()
    landed, filled = way.trading.step().stages
    assert (landed.stage, landed.at_ns) == (Stage.LANDED, there_ns)
    assert (landed.figure, landed.unit) == (way.aimed, "slot")
    assert filled.stage is Stage.FILLED
    assert filled.at_ns > there_ns
