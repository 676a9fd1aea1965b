"""What the kernel hands to the gate, the engine and the books: wants, stocks, values, orders to reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cambist.config.risk import Unwind
from cambist.engine.protocol import EngineSetup
from cambist.execution.legged import Filled, Part
from cambist.execution.risk import Leftover
from cambist.execution.risk.caps import Want
from cambist.execution.routes import legs_of, turned
from cambist.kernel import Kernel, KernelSetup, unwinding
from cambist.kernel.effects import Effects, Totals
from cambist.kernel.trades import Trade
from cambist.model.ends import Fate
from cambist.model.ledger import CHAIN, TokenValue
from cambist.model.market import Equivalence
from cambist.model.opportunity import Cost, Lamports, encode
from cambist.model.orders import Charges, Intent, Purpose
from tests import orders
from tests.cambist.test_ends import ended
from tests.fakes import SOL, TOKENS, USDC, ScriptedEngine, frame, opportunity

if TYPE_CHECKING:
    from cambist.engine.protocol import Ingested


def kernel(setup: EngineSetup | None = None, **changes: Any) -> Kernel:
    fields: dict[str, Any] = {"wallet": {SOL: 500, USDC: 70}} | changes
    return Kernel(KernelSetup(setup or EngineSetup(tokens=TOKENS), **fields), lambda _, each: ScriptedEngine(each))


COST = Cost(0, 40, 5, 6, 7, 8, 3_000)
PAID = Lamports(1, 20, 300, 4_000)
LEGS = legs_of(["A:0", "x:S:1"], [SOL, USDC, SOL])


def test_a_trade_takes_each_part_of_its_venue_what_is_paid_beside_of_the_first_and_the_chains_fees_on_chain() -> None:
    found = opportunity(route=["A:0", "x:S:1"], settlement="legged", cost=COST, lamports=PAID)
    parts = (Part(LEGS[:1], 100, 9, 8), Part(LEGS[1:], 9, 110, 105))
    made = kernel(inventory={"x": {USDC: 11}})
    intent = Intent(1, "s", found, 100, 101)
    assert made._wants(intent, parts) == [Want(CHAIN, SOL, 4_321 + 100 + 3_040, 500), Want("x", USDC, 9, 11)]
    assert made._wants(intent, ()) is None, "one transaction is paid from the chain's wallet"


@pytest.mark.parametrize(
    ("paid", "lamports"),
    [(Lamports(1, 0, 0, 0), 1), (Lamports(0, 20, 0, 0), 20), (Lamports(0, 0, 300, 0), 300), (Lamports(0, 0, 0, 4), 4)],
)
def test_an_order_to_reduce_takes_what_it_sells_and_the_lamports_that_it_pays(paid: Lamports, lamports: int) -> None:
    found = opportunity(route=["x:S:0"], tokens=[SOL, USDC], lamports=paid)
    intent = Intent(1, "unwind", found, 30, 2, Purpose.REDUCE)
    made = kernel(inventory={"x": {SOL: 31}})
    assert made._wants(intent, ()) == [Want(CHAIN, SOL, lamports, 500), Want("x", SOL, 30, 31)]


@pytest.mark.parametrize("paid", [Lamports(), Lamports(0, 0, 0, 0)])
def test_an_order_that_pays_no_lamports_takes_nothing_on_chain(paid: Lamports) -> None:
    found = opportunity(route=["x:S:0"], tokens=[SOL, USDC], lamports=paid)
    intent = Intent(1, "unwind", found, 30, 2, Purpose.REDUCE)
    assert kernel()._wants(intent, ()) == [Want("x", SOL, 30, 0)]


@pytest.mark.parametrize(("held", "told"), [(2**64 - 1, 2**64 - 1), (2**64, 2**64 - 1), (2**63, 2**63), (1, 1)])
def test_the_engine_is_told_what_an_exchange_holds_within_64_bits(held: int, told: int) -> None:
    made = kernel(inventory={"x": {USDC: held}})
    assert made.engine.stocks == {("x", USDC): (told, False)}  # type: ignore[attr-defined]  # a scripted engine's


@pytest.mark.parametrize(("a", "b"), [(SOL, USDC), (USDC, SOL)])
def test_either_token_of_a_tie_is_worth_what_the_other_is_where_it_has_no_price(a: str, b: str) -> None:
    tie = Equivalence(a, b, cost_ppm=0, pair="x:P", band_ppm=500, max_age_ms=1_500, hold_ms=0)
    made = kernel(EngineSetup(tokens=TOKENS, equivalences=(tie,)))
    made.engine.values = {USDC: 3.5}  # type: ignore[attr-defined]  # the same
    assert made._values([SOL, USDC, "other"], 7) == [TokenValue(3.5, "orca", 0), TokenValue(3.5, "orca", 0), None]


def test_the_way_back_is_hedged_where_the_rules_say_so_and_pays_the_chain_where_it_goes_over_it() -> None:
    first = orders.order(1, route=["A:0"], tokens=[SOL, USDC], amount_in=100, expected_out=200, trade=1)
    last = orders.order(
        2, route=["x:S:1"], tokens=[USDC, SOL], amount_in=200, expected_out=107, trade=1, charges=Charges()
    )
    trade = Trade("k", SOL, 100, 107, [first, last], [Filled(100, 198), Filled()], [])
    (left,) = trade.settled().left
    back = unwinding.way_back(left, trade, Unwind(), 9)
    assert (back.legs, back.charges, back.due_ns) == (turned(first.legs), first.charges, 9)
    hedged = unwinding.way_back(left, trade, Unwind(policy="hedge"), 9)
    assert (hedged.legs, hedged.charges, hedged.due_ns) == (last.legs, Charges(), 9)
    held = unwinding.way_back(left, trade, Unwind(policy="hold"), 9)
    assert (held.legs, held.due_ns) == (turned(first.legs), unwinding.FOREVER_NS)
    assert (back.counts, back.worst, back.strategy, back.now_ns) == (SOL, 100, "negative_cycle", 9)


def test_a_wish_to_reduce_claims_no_gain_no_age_and_no_cost_but_what_the_chain_takes() -> None:
    engine: Any = ScriptedEngine()
    left = Leftover(90, SOL, 45, legs=legs_of(["A:1"], [USDC, SOL]), charges=Charges(7, 8, 9))
    wish = unwinding.intent(5, left, Unwind(max_loss_ppm=0), engine, 6, 4)
    assert wish is not None
    assert (wish.id, wish.strategy, wish.amount_in, wish.min_out, wish.purpose) == (5, "unwind", 90, 45, "reduce")
    found = wish.opportunity
    assert (found.seq, found.recv_ns, found.slot, found.oldest_ns, found.seen_slots) == (6, 4, 0, 0, 0)
    assert (found.gross, found.cost, found.net, found.landing_ppm, found.score) == (
        0,
        Cost(0, 0, 0, 0, 0, 0, 0),
    ) + (None,) * 3
    assert (found.lamports, found.amount_in, found.amount_out) == (Lamports(7, 0, 8, 9), 90, engine.pays)
    assert (found.go, found.reason, found.settlement, found.tokens) == (False, "unwind", "atomic", [USDC, SOL])
    engine.pays = 0
    assert unwinding.intent(5, left, Unwind(), engine, 6, 4) is None


def test_what_ends_at_several_records_of_a_block_is_all_handed_on() -> None:
    class Ending(ScriptedEngine):
        def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
            end = ended(Fate.FADED, number=self.frames)
            return super().ingest(block, offset, until_ns)._replace(ends=encode(end) + b"\n")

    made = Kernel(KernelSetup(EngineSetup(tokens=TOKENS)), lambda _, each: Ending(each))
    later = frame(1, 0, decide=[{}]) + frame(2, 1)
    effects: Effects = made.step(later)
    assert [end.number for end in effects.ends] == [0, 1]
    assert made.totals.gaps.fates == {"faded": 2}


def test_what_nothing_was_said_of_is_nothing() -> None:
    assert (Totals().first_ns, Totals().records, Totals().filled, Totals().missed) == (0, 0, 0, 0)
    setup = KernelSetup(EngineSetup())
    assert (setup.demo, setup.easy, setup.watch_only, setup.given, setup.seed) == (False, False, False, {}, 0)
