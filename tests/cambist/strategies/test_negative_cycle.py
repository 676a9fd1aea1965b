"""What is wished for, at which least output, and when an edge of ours that is open stands in the way."""

from __future__ import annotations

import msgspec
import pytest

from cambist.model.opportunity import Cost
from cambist.model.orders import Fill, Stage
from cambist.strategies.negative_cycle import OPEN_EDGE, NegativeCycle
from tests import orders
from tests.fakes import opportunity


def test_the_least_output_pays_input_and_all_costs_and_an_atom() -> None:
    (wish,) = NegativeCycle().on_opportunity(opportunity(cost=Cost(7, 1, 10, 20, 300, 4_000, 50_000, 600_000)))
    assert (wish.amount_in, wish.min_out, wish.skip) == (1_000_000_000, 1_000_000_000 + 654_331 + 1, "")


def test_a_cost_that_is_not_known_adds_nothing() -> None:
    unknown = msgspec.structs.replace(opportunity().cost, tip=None)
    (wish,) = NegativeCycle().on_opportunity(opportunity(cost=unknown))
    assert wish.min_out == 1_000_000_001


@pytest.mark.parametrize("status", [Stage.FILLED, Stage.MISSED, Stage.REVERTED])
def test_each_edge_waits_until_every_order_on_it_has_ended(status: Stage) -> None:
    strategy = NegativeCycle()
    first, second = orders.order(1, route=["A:0", "B:1"]), orders.order(2, route=["B:1", "C:0"])

    def skip(*route: str) -> str:
        (wish,) = strategy.on_opportunity(opportunity(route=list(route)))
        return wish.skip

    def end(order: object) -> None:
        strategy.on_fill(order, Fill(1, 1, status, 0, 0, 0, 0))  # type: ignore[arg-type]

    strategy.on_order(first)
    strategy.on_order(second)
    assert [skip("A:0", "X:1"), skip("X:1", "B:1"), skip("C:0"), skip("A:1", "X:0")] == [OPEN_EDGE] * 3 + [""]
    end(first)
    assert [skip("A:0"), skip("B:1"), skip("C:0")] == ["", OPEN_EDGE, OPEN_EDGE]
    end(second)
    assert [skip("A:0"), skip("B:1"), skip("C:0")] == ["", "", ""]
    end(second)
    strategy.on_order(second)
    assert skip("B:1") == OPEN_EDGE, "an end that is told twice owes nothing"


def test_it_has_nothing_to_remember() -> None:
    strategy = NegativeCycle()
    strategy.restore({"A:0": 5})
    assert (strategy.state(), OPEN_EDGE) == ({}, "open_edge")
    assert strategy.on_opportunity(opportunity())[0].skip == ""
