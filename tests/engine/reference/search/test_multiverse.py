from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search.cycle_finder import Potentials
from cambist.engine.reference.search.multiverse import Params, Work, search
from tests.engine.reference.search.graphs import ONE, brute_force, markets, pools

UNBOUNDED = 1 << 60


@settings(max_examples=150, deadline=None)
@given(
    markets(),
    st.integers(2, 5),
    st.integers(1, 6),
    st.sampled_from([0, 1, 500, ONE // 200, -3]),
)
def test_a_search_finds_what_brute_force_finds(market, max_hops, keep, margin) -> None:
    graph, moves = market
    potentials = Potentials()
    for edge, weight in moves:
        graph.set_weight(edge, weight)
        maybe = potentials.update(graph, edge, margin)
        twin = graph.twin(edge)
        touched = [edge] if twin is None or edge % 3 == 0 else [edge, twin]
        found, work = search(graph, potentials, touched, Params(max_hops, keep, UNBOUNDED, margin))
        assert found == brute_force(graph, touched, max_hops, keep, margin)
        assert not work.cut
        assert maybe or not brute_force(graph, [edge], max_hops, 1, margin)


@settings(max_examples=60, deadline=None)
@given(markets(), st.integers(0, 60))
def test_a_budget_counts_edges_and_what_is_found_is_real(market, budget) -> None:
    graph, moves = market
    potentials = Potentials()
    for edge, weight in moves:
        graph.set_weight(edge, weight)
        potentials.update(graph, edge, ONE)
    everything = brute_force(graph, [moves[-1][0]], 4, UNBOUNDED, ONE)
    whole, cost = search(graph, potentials, [moves[-1][0]], Params(4, 3, UNBOUNDED, ONE))
    found, work = search(graph, potentials, [moves[-1][0]], Params(4, 3, budget, ONE))
    assert work.expanded <= budget
    assert work.cut == (cost.expanded > budget)
    assert work.cut or found == whole
    assert all(cycle in everything for cycle in found)


def test_a_quiet_pool_is_not_searched() -> None:
    graph = pools(3, [(0, 1), (1, 2), (2, 0)])
    potentials = Potentials()
    for edge in range(graph.edge_count()):
        graph.set_weight(edge, ONE // 300)
        potentials.update(graph, edge, 0)
    assert search(graph, potentials, [0, 1], Params(4, 6, 100, 0)) == ([], Work(0, False))


def test_a_pool_never_closes_a_cycle_with_itself() -> None:
    graph = pools(2, [(0, 1), (0, 1)])
    potentials = Potentials()
    for edge, weight in ((0, -5), (1, 4)):
        graph.set_weight(edge, weight)
        potentials.update(graph, edge, 0)
    assert search(graph, potentials, [0, 1], Params(4, 6, 100, 0)).__getitem__(0) == []
    graph.set_weight(3, 4)
    potentials.update(graph, 3, 0)
    found, _ = search(graph, potentials, [3], Params(4, 6, 100, 0))
    assert [(graph.cycle_key(f.edges), f.weight) for f in found] == [("p0:0|p1:1", -1)]


def test_equal_weights_are_ordered_by_name() -> None:
    graph = pools(2, [(0, 1)] * 4)
    potentials = Potentials()
    for edge in range(graph.edge_count()):
        graph.set_weight(edge, -1 if edge % 2 == 0 else 0)
        potentials.update(graph, edge, 0)
    found, _ = search(graph, potentials, [7], Params(3, 2, 100, 0))
    assert [graph.cycle_key(f.edges) for f in found] == ["p0:0|p3:1", "p1:0|p3:1"]


def test_hubs_are_closed_from_the_cheaper_side() -> None:
    """A wide hub: the last hop is looked up between two nodes, not scanned."""
    spokes = 40
    graph = pools(spokes + 2, [(0, 1), *((1, n) for n in range(2, spokes + 2)), (2, 0)])
    potentials = Potentials()
    for edge in range(graph.edge_count()):
        graph.set_weight(edge, ONE // 1_000)
        potentials.update(graph, edge, 0)
    graph.set_weight(0, -ONE // 100)
    potentials.update(graph, 0, 0)
    found, work = search(graph, potentials, [0, 1], Params(3, 6, 1_000, 0))
    assert found == brute_force(graph, [0, 1], 3, 6, 0)
    assert len(found) == 1
    assert work.expanded < 10
