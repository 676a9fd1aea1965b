"""The order that an approved cycle becomes: every cost in its own field, what is unknown or free as nothing."""

from __future__ import annotations

import msgspec
import pytest

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.events import RecordKind, pack
from cambist.model.opportunity import Cost, Lamports
from cambist.model.orders import Charges, Order
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine, frame

LIMITS = Limits({SOL: 2_000_000_000}, {SOL: 10**15})
PAPER = PaperParams(latency_ns=400 * MS, jitter_ns=0, failure_ppm=50_000, slippage_ppm=30)


def sent(cost: Cost, lamports: Lamports, paper: PaperParams = PAPER, **changes: object) -> Order:
    """Returns the order that a go with such costs becomes."""
    setup = KernelSetup(EngineSetup(tokens=TOKENS), LIMITS, paper, seed=3, wallet={SOL: 10**12})
    kernel = Kernel(setup, lambda name, engine_setup: ScriptedEngine(engine_setup))
    kernel.step(pack(1, 1, RecordKind.STATE, kernel.initial_state()))
    decide = {"cost": msgspec.to_builtins(cost), "lamports": msgspec.to_builtins(lamports), **changes}
    (order,) = kernel.step(frame(2, 5, decide=[decide])).orders
    return order


ALL = Cost(1_000, 200, 30, 4, 5_000, 60_000, 700_000, 8_000_000)


def test_each_cost_has_its_own_place() -> None:
    order = sent(ALL, Lamports(11, 22, 330, 4_400), net=-77)
    assert order.fee == 200 + 30 + 4 + 5_000 + 60_000 + 700_000 + 8_000_000
    assert order.miss_fee == 34
    assert (order.pool_fees, order.transfer, order.loan_fee) == (1_000, 200 + 700_000, 8_000_000)
    assert (order.charges, order.miss_charges) == (Charges(33, 330, 4_400), Charges(33))
    assert (order.expected_out, order.expected_net) == (1_010_000_000, -77)
    assert (order.amount_in, order.min_out) == (1_000_000_000, 1_000_000_000 + order.fee + 1)
    assert (order.settlement, order.strategy, order.sent_ns, order.due_ns) == (
        "atomic", "negative_cycle", 5, 5 + 400 * MS,
    )  # fmt: skip


def test_in_a_bundle_a_revert_costs_nothing_and_all_else_is_the_same() -> None:
    node = sent(ALL, Lamports(11, 22, 330, 4_400), net=-77)
    bundle = sent(ALL, Lamports(11, 22, 330, 4_400), msgspec.structs.replace(PAPER, protected=True), net=-77)
    assert (node.protected, bundle.protected) == (False, True)
    assert (bundle.miss_fee, bundle.miss_charges) == (0, Charges())
    assert bundle == msgspec.structs.replace(node, miss_fee=0, miss_charges=Charges(), protected=True)


@pytest.mark.parametrize(
    ("lamports", "charges"),
    [
        (Lamports(), Charges()),
        (Lamports(0, 0, 0, 0), Charges()),
        (Lamports(7, None, 3, None), Charges(7, 3)),
        (Lamports(None, 9, None, 2), Charges(9, 0, 2)),
    ],
)
def test_what_the_chain_does_not_ask_for_or_is_not_known_is_nothing(lamports: Lamports, charges: Charges) -> None:
    order = sent(ALL, lamports)
    assert order.charges == charges
    assert order.miss_charges == Charges(charges.network_fee)


def test_an_order_that_costs_nothing_owes_nothing() -> None:
    order = sent(Cost(0, 0, 0, 0, 0, 0, 0, 0), Lamports(), net=None)
    assert (order.fee, order.miss_fee, order.transfer, order.loan_fee, order.expected_net) == (0, 0, 0, 0, 0)
