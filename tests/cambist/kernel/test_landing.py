"""Paper's transactions on the way into a block of a real market, on both engines: which states of which slot count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.execution.paper_landing import MOST_LATE, SETTLE_SLOTS, UNPROVED, WAIT_NS
from cambist.execution.paper_model import PPM, PaperParams
from cambist.kernel import Kernel, KernelSetup
from cambist.model.events import RecordKind
from cambist.model.orders import Charges, Fill, Stage
from cambist.strategies.base import API, Kind, StrategySetup, Wish
from tests.fakes import MS
from tests.on_its_way import POOL, SURE, OnItsWay
from tests.parity.markets import SOL, Market, key, setup
from tests.small_market import ENGINES, LIMITS, WALLET, Trading
from tests.snapshots import all_state

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Order


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_paid_by_the_worst_state_of_its_slot_and_says_that_its_place_is_not_proved(engine: str) -> None:
    way = OnItsWay(engine)
    way.trade(10**8, sells_sol=False)
    way.trade(3 * 10**8)
    fill = way.landed()
    first, worst, last = way.quoted
    assert worst < last < first
    assert (fill.status, fill.amount_out, fill.slot, fill.reason) == (Stage.FILLED, worst, way.slot, UNPROVED)
    assert way.kernel.ledger.off() == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_happens_before_it_is_there_and_after_its_slot_is_nothing_to_it(engine: str) -> None:
    way = OnItsWay(engine)
    assert way.next_slot() == []
    way.trade(10**8, sells_sol=False)
    ((_, fill),) = way.next_slot()
    assert (fill.amount_out, fill.slot, fill.reason) == (way.quoted[0], way.slot, "")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gap_that_somebody_closes_in_its_slot_reverts_and_one_closed_before_is_known_to_be_lost(engine: str) -> None:
    way = OnItsWay(engine)
    way.trade(20 * 10**9, sells_sol=False)
    lost = way.landed()
    assert (lost.status, lost.reason, lost.slot) == (Stage.REVERTED, UNPROVED, way.slot)
    assert lost.charges == way.order.miss_charges != Charges()
    assert lost.miss == way.order.min_out - way.quoted[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_that_is_late_meets_the_market_as_its_slot_finds_it(engine: str) -> None:
    late = PaperParams(100 * MS, 0, 0, 0, late_ppm=700_000, late_full_ppm=700_000)
    way = OnItsWay(engine, late, seed=4)
    assert 0 < way.aimed - way.slot < 6
    way.trade(2 * 10**8)
    way.trade(10**8, sells_sol=False)
    way.trade(10**8)
    while way.market.slot < way.aimed + 1:
        assert way.next_slot() == []
    ((_, fill),) = way.next_slot()
    assert (fill.amount_out, fill.slot, fill.reason) == (way.quoted[-1], way.aimed, "")
    assert min(way.quoted) < way.quoted[-1]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_the_later_the_fuller_the_chain_is_seen_to_be(engine: str) -> None:
    full = PaperParams(100 * MS, 0, 0, 0, late_ppm=0, late_full_ppm=PPM)
    assert OnItsWay(engine, full).aimed == OnItsWay(engine).aimed + MOST_LATE, "how full it is nobody said"
    trading = Trading(engine, full)
    trading.market.logs(POOL, 1_000, trading.market.slot)
    trading.market.next_slot()
    trading.order()
    trading.market.record(RecordKind.TICK, b"{}", step_ns=100 * MS)
    trading.step()
    (working,) = trading.kernel.desk.working
    assert working.landing is not None
    assert working.landing.slot == trading.market.slot


@pytest.mark.parametrize("engine", ENGINES)
def test_where_no_slot_comes_any_more_it_ends_by_what_was_seen(engine: str) -> None:
    way = OnItsWay(engine)
    assert way.tick(WAIT_NS // MS - 101).fills == []
    ((_, fill),) = way.tick(101).fills
    assert (fill.status, fill.amount_out, fill.slot) == (Stage.FILLED, way.quoted[0], way.slot)
    assert way.kernel.desk.working == []


@pytest.mark.parametrize("engine", ENGINES)
def test_one_whose_slot_never_begins_says_none(engine: str) -> None:
    late = PaperParams(100 * MS, 0, 0, 0, late_ppm=700_000, late_full_ppm=700_000)
    way = OnItsWay(engine, late, seed=4)
    way.trade(10**8, sells_sol=False)
    ((_, fill),) = way.tick(WAIT_NS // MS).fills
    assert (fill.status, fill.amount_out, fill.slot) == (Stage.FILLED, way.quoted[-1], None)


def test_the_latest_of_all_is_waited_for_where_slots_take_twice_as_long() -> None:
    assert (MOST_LATE + SETTLE_SLOTS) * 2 * 400 * MS < WAIT_NS


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bundle_that_would_revert_takes_nothing_from_the_wallet(engine: str) -> None:
    way = OnItsWay(engine, PaperParams(100 * MS, 0, 0, 0, late_ppm=0, late_full_ppm=0, protected=True))
    before = way.kernel.ledger.wallet()[SOL]
    way.trade(20 * 10**9, sells_sol=False)
    missed = way.landed()
    assert (missed.status, missed.charges, missed.net) == (Stage.MISSED, Charges(), 0)
    tied = way.order.amount_in + way.order.transfer + way.order.loan_fee + way.order.charges.total
    assert way.kernel.ledger.wallet()[SOL] - before == tied


@pytest.mark.parametrize("engine", ENGINES)
def test_one_whose_end_a_record_tells_is_waited_for_no_more(engine: str) -> None:
    way = OnItsWay(engine)
    told = Fill(way.order.id, way.market.now_ns, Stage.REVERTED, 0, 0, 7, -7, charges=Charges(network_fee=7))
    assert [fill for _, fill in way.trading.told(told).fills] == [told]
    way.market.trade(POOL, 10**8, a_to_b=True)
    done = way.kernel.engine.ingest(way.market.take(), 0, 2**63 - 1)
    assert (done.records, done.watched_ns) == (3, None)
    assert way.next_slot() == way.next_slot() == way.tick(9_000).fills == []


class Picked(msgspec.Struct, frozen=True):
    """Cycles that are taken, by key."""

    keys: str = ""


class Picking:
    """Takes the first go of each cycle that it is to take, whatever is open."""

    def __init__(self, keys: str) -> None:
        self._left = keys.split()

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        if opportunity.key not in self._left:
            return []
        self._left.remove(opportunity.key)
        return [Wish(opportunity, opportunity.amount_in, opportunity.amount_in + (opportunity.cost.chain or 0) + 1)]

    def on_order(self, order: Order) -> None:
        pass

    def on_fill(self, order: Order, fill: Fill) -> None:
        pass

    def state(self) -> dict[str, int]:
        return {}

    def restore(self, state: dict[str, int]) -> None:
        pass


@pytest.mark.parametrize("engine", ENGINES)
def test_what_one_order_took_of_a_pool_is_missing_to_the_next_of_the_same_slot(engine: str) -> None:
    kind = Kind(API, "picking", lambda settings, _: Picking(settings.keys), Picked, "1")

    def fills(*keys: str) -> dict[str, tuple[Order, Fill]]:
        strategy = StrategySetup("picking", "picking", {"keys": " ".join(keys)}, version="1")
        wanted = KernelSetup(setup(), LIMITS, SURE, seed=3, wallet=WALLET, strategies=(strategy,))
        kernel, market = Kernel(wanted, make_engine, engine, lambda _: kind), Market()
        market.record(RecordKind.STATE, kernel.initial_state())
        market.open()
        market.tips("1e-05")
        market.trade(POOL, 200 * 10**9, a_to_b=True)
        market.next_slot()
        market.record(RecordKind.TICK, b"{}", step_ns=150 * MS)
        market.next_slot()
        market.trade(POOL, 10**6, a_to_b=True)
        market.next_slot()
        found = kernel.step(market.take())
        return {order.key: (order, fill) for order, fill in found.fills}

    trading = Trading(engine, SURE)
    trading.moved()
    shared = base58.encode(key(POOL))
    rows = json.loads(trading.kernel.engine.present(trading.market.now_ns))["cycles"]
    pooled = [row["key"] for row in rows if row["go"] and shared in row["key"] and row["key"].count(":") == 2]
    first, second = pooled[:2]
    alone, both = fills(second), fills(first, second)
    assert list(both) == [first, second]
    assert both[first] == fills(first)[first]
    (order, fill), (lonely, undisturbed) = both[second], alone[second]
    assert lonely.amount_in == order.amount_in
    assert (fill.status, undisturbed.status) == (Stage.FILLED, Stage.FILLED)
    assert fill.reason == "", "what we took ourselves needs no proof"
    assert fill.amount_out < undisturbed.amount_out


@pytest.mark.parametrize("engine", ENGINES)
def test_records_cut_anywhere_and_a_state_while_it_is_on_its_way_come_to_the_same(engine: str) -> None:
    def run(cut: int) -> tuple[str, list[tuple[Order, Fill]]]:
        trading = Trading(engine, PaperParams(100 * MS, 90 * MS, 100_000, 300))
        kernel, market = trading.kernel, trading.market
        for number in range(60):
            market.trade(POOL, (200, 30, 90, 400)[number % 4] * 10**9, a_to_b=number % 3 != 1)
            if number % 2:
                market.next_slot()
            market.record(RecordKind.TICK, b"{}", step_ns=70 * MS)
        fills, following = [], 0
        for at, record in enumerate(market.records):
            if cut and at % cut == 0:
                other = Kernel(kernel.setup, make_engine, "reference" if at % 2 else engine)
                other.rewind(kernel.keyframe())
                following += bool(other.desk.landing())
                kernel = other
            fills += kernel.step(record).fills
        assert not cut or following > 1
        return kernel.digest, fills

    whole = run(0)
    assert len(whole[1]) > 3
    assert run(1) == run(7) == whole


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_learns_how_long_it_took_until_its_slot_was_open(engine: str) -> None:
    on_way = OnItsWay(engine)
    state = all_state(on_way.kernel.engine)
    (gone,) = [cycle["gap"] for cycle in state["cycles"] if cycle["key"] == on_way.order.key]
    assert gone["sent"]
    assert 0 < gone["go_ns"] <= on_way.order.sent_ns
    fill = on_way.landed()
    assert all_state(on_way.kernel.engine)["took_ns"] == [101 * MS], "a record takes one"
    assert fill.recv_ns - on_way.order.sent_ns > 100 * MS, "its end is known two slots later"
    assert all_state(on_way.kernel.engine)["learned"] == [("atomic", len(on_way.order.legs), 1, 1)]
