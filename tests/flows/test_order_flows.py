"""A short run of random order flows, and that the witness sees what it is there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cambist.engine import build_info
from cambist.execution import order_life, postings
from cambist.execution.risk import gate, loss
from cambist.execution.risk.gate import RiskGate
from cambist.model.orders import Charges, Stage, Working
from tests.flows import world
from tests.flows.held import Held
from tests.flows.machine import BothEngines, OrderFlows, outcome
from tests.flows.restarts import OverRestarts
from tests.flows.runs import run
from tests.orders import order

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(not build_info().native, reason="the Rust engine is not built")
FLOWS, WITH_BOTH, OVER_RESTARTS = 80, 8, 12
PARTS, PART = (4, 6, 1, 2, 3, 5, *range(7, 11)), 60
"""Parts within which each fault is seen, and flows of a part."""


def test_no_flow_passes_a_limit_or_counts_anything_twice() -> None:
    seen = run(OrderFlows, FLOWS, 1)
    assert seen["flows"] >= FLOWS
    reached = {"sent: a leg", "sent: one transaction", "told: filled", "told: reverted", "booked: reversed"}
    assert reached <= seen.keys()


def test_nor_does_one_in_which_engines_change() -> None:
    assert run(BothEngines, WITH_BOTH, 2)["flows"] >= WITH_BOTH


def no_limit(*_: Any, **__: Any) -> None:
    """Stands in for a limit that is forgotten."""


def whole(of: Callable[..., Any]) -> Callable[..., Any]:
    """Posts an outcome as if nothing of its order had been filled before."""
    return lambda working, fill, sol: of(Working(working.order, working.stage), fill, sol)


FAULTS: dict[str, tuple[object, str, object]] = {
    "an order that may lose too much": (loss.Losses, "refusal", no_limit),
    "too many orders": (gate, "counted", no_limit),
    "a cap": (gate, "capped", no_limit),
    "a budget": (gate, "within", no_limit),
    "a wallet": (gate, "afforded", no_limit),
    "an exchange's wallet": (gate, "stocked", no_limit),
    "a halt": (RiskGate, "_barred", no_limit),
    "an order that fell out of the chain": (RiskGate, "reopen", no_limit),
    "a second outcome": (order_life, "NEXT", dict.fromkeys(Stage, frozenset(Stage))),
    "a part that was filled before": (postings, "of", whole(postings.of)),
}


def test_nor_does_one_that_goes_on_from_the_journal_of_a_killed_process() -> None:
    seen = run(OverRestarts, OVER_RESTARTS, 3)
    assert seen["flows"] >= OVER_RESTARTS
    assert seen["killed"] > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    for number in PARTS:
        try:
            run(OrderFlows, PART, number, shrink=False)
        except (AssertionError, KeyError, ExceptionGroup):  # an order that nobody sent is looked up
            return
    pytest.fail(f"{fault} was forgotten, and no flow showed it")


def test_a_world_has_pools_and_names_for_all_of_them() -> None:
    setup = world.kernel_setup("caps")
    edges = [f"{pool.address}:0" for pool in setup.engine.pools]
    assert {world.pool_of(edge) for edge in edges} == set(world.VENUES)
    assert world.pool_of("binance-us:SOLUSD:1") == ""


def test_an_outcome_is_of_what_is_left_and_owes_once_what_the_chain_takes() -> None:
    whole = Held(order())
    first = outcome(whole, "part", 4, 7)
    assert (first.status, first.amount_in, first.charges) == (Stage.PARTIAL, 250_000_000, Charges())
    rest = outcome(Held(order(), Stage.PARTIAL, 250_000_000), "fill", 16, 8)
    assert (rest.amount_in, rest.charges, rest.net) == (
        750_000_000, order().charges, rest.amount_out - 750_000_000 - order().fee,
    )  # fmt: skip
    assert rest.amount_out >= order().min_out
    assert outcome(whole, "too much", 1, 7).amount_in == order().amount_in + 1
