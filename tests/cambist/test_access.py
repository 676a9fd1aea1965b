"""What a strategy may ask: each edge counts, to the last one that it may."""

from __future__ import annotations

import pytest

from cambist.kernel.access import Access
from cambist.strategies.base import OverBudget
from tests.fakes import SOL, EngineSetup, ScriptedEngine


class Booked(ScriptedEngine):
    def inspect_book(self, source: str, depth: int, now_ns: int) -> bytes:
        return b"null"


def access(max_edges: int | None) -> Access:
    found = Access(EngineSetup(), "auto", Booked, lambda venue: {venue: 7}, max_edges)
    found.begin()
    found.at_work = True
    return found


def test_a_route_counts_its_edges_gauges_each_and_a_book_one() -> None:
    found = access(None)
    assert found.quote(["a", "b", "c"], 1, 0).amount_out == 1_010_000_000
    assert found.edges == 3
    assert found.gauges([("price", SOL), ("rsi", SOL)], 0) == [None, None]
    assert found.edges == 5
    assert found.book("x:Y", 3, 0) is None
    assert found.edges == 6
    assert found.wallet("okx") == {"okx": 7}
    assert found.edges == 6


def test_the_last_edge_may_be_asked_about_and_none_after_it_before_the_next_moment() -> None:
    found = access(3)
    found.quote(["a", "b"], 1, 0)
    with pytest.raises(OverBudget, match=r"2 \+ 2 > 3 edges"):
        found.quote(["a", "b"], 1, 0)
    found.book("x:Y", 3, 0)
    with pytest.raises(OverBudget):
        found.gauges([("price", SOL)], 0)
    found.begin()
    found.quote(["a", "b", "c"], 1, 0)
