import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search import cycle_finder
from cambist.engine.reference.search.cycle_finder import Potentials, PotentialsState, find_negative_cycles
from cambist.engine.reference.search.graph import Graph
from tests.engine.reference.search.graphs import ONE, markets, pools, simple_cycles


def check_invariant(graph: Graph, potentials: Potentials) -> None:
    violated = potentials.violated()
    costs = {edge: potentials.reduced(graph, edge) for edge in range(graph.edge_count())}
    assert all(cost is None or cost >= 0 for edge, cost in costs.items() if edge not in violated)
    assert all((cost := costs[edge]) is not None and cost < 0 for edge in violated)
    assert potentials.worst == min([0, *(costs[edge] or 0 for edge in violated)])


def has_negative_cycle(graph: Graph) -> bool:
    """Floyd and Warshall: knows nothing of potentials."""
    nodes = range(graph.node_count())
    distance: list[list[float]] = [[0 if a == b else float("inf") for b in nodes] for a in nodes]
    for edge in range(graph.edge_count()):
        weight = graph.weight(edge)
        if weight is not None:
            a, b = graph.tail(edge), graph.head(edge)
            distance[a][b] = min(distance[a][b], weight)
    for k in nodes:
        for a in nodes:
            for b in nodes:
                distance[a][b] = min(distance[a][b], distance[a][k] + distance[k][b])
    return any(distance[node][node] < 0 for node in nodes)


@settings(max_examples=100, deadline=None)
@given(markets())
def test_the_invariant_holds_after_every_move(market) -> None:
    graph, moves = market
    potentials = Potentials()
    for edge, weight in moves:
        graph.set_weight(edge, weight)
        potentials.update(graph, edge, 0)
        check_invariant(graph, potentials)
        assert bool(potentials.violated()) == has_negative_cycle(graph)


@settings(max_examples=100, deadline=None)
@given(markets())
def test_a_pool_moves_both_its_edges_at_once(market) -> None:
    graph, moves = market
    potentials = Potentials()
    for (edge, weight), (_, back) in zip(moves[::2], moves[1::2], strict=False):
        first = edge & ~1
        graph.set_weight(first, weight)
        graph.set_weight(first + 1, back)
        potentials.update_pool(graph, first, 0)
        check_invariant(graph, potentials)
        assert bool(potentials.violated()) == has_negative_cycle(graph)
        for closing in potentials.violated():
            cycle = potentials.evidence((closing, closing))
            assert cycle is not None
            assert cycle[0] == closing
            assert graph.total(cycle) < 0


@pytest.mark.parametrize("seed", range(60))
def test_no_repair_meets_the_new_price_of_the_other_direction(seed: int) -> None:
    # If only one of a pool's edges is known to have moved, a repair may go round the other's negative cycle for ever.
    rng = random.Random(seed)
    graph = pools(16, [tuple(rng.sample(range(16), 2)) for _ in range(24)])
    potentials = Potentials()
    for _ in range(200):
        first, gap, fee = 2 * rng.randrange(24), rng.randint(-100, 100), rng.randint(0, 30)
        here = rng.random() < 0.9
        graph.set_weight(first, gap + fee if here else None)
        graph.set_weight(first + 1, fee - gap if here else None)
        before = potentials.relaxed
        potentials.update_pool(graph, first, 0)
        assert potentials.relaxed - before < 2_000
        assert all(potentials.evidence((edge, edge)) for edge in potentials.violated())


@settings(max_examples=100, deadline=None)
@given(markets(), st.integers(0, 6))
def test_running_out_of_work_keeps_the_invariant(market, limit) -> None:
    graph, moves = market
    potentials, whole = Potentials(), cycle_finder.REPAIR_EDGES
    try:
        cycle_finder.REPAIR_EDGES = limit
        for edge, weight in moves:
            graph.set_weight(edge, weight)
            potentials.update(graph, edge, 0)
            check_invariant(graph, potentials)
    finally:
        cycle_finder.REPAIR_EDGES = whole


@settings(max_examples=100, deadline=None)
@given(markets())
def test_cold_potentials_hold_and_cycles_are_found_if_there_are_any(market) -> None:
    graph, moves = market
    for edge, weight in moves:
        graph.set_weight(edge, weight)
    potentials, first = Potentials.cold(graph)
    check_invariant(graph, potentials)
    cycles = find_negative_cycles(graph)
    assert bool(cycles) == (first is not None) == has_negative_cycle(graph)
    known = {tuple(graph.canonical(cycle)) for cycle in simple_cycles(graph, 8)}
    for cycle in cycles:
        total = graph.total(cycle)
        assert total is not None
        assert total < 0
        assert tuple(cycle) in known or (len(cycle) == 2 and graph.twin(cycle[0]) == cycle[1])


@settings(max_examples=50, deadline=None)
@given(markets(), st.integers(0, 40))
def test_a_restored_snapshot_goes_on_the_same_way(market, at) -> None:
    graph, moves = market
    potentials = Potentials()
    for index, (edge, weight) in enumerate(moves):
        if index == at:
            state = msgspec.json.decode(msgspec.json.encode(potentials.state()), type=PotentialsState)
            restored = Potentials.from_state(graph, state)
            assert restored is not None
            assert restored.worst == potentials.worst
            potentials, other = restored, potentials
        graph.set_weight(edge, weight)
        answer = potentials.update(graph, edge, 5)
        if index >= at:
            before = other.relaxed
            assert answer == other.update(graph, edge, 5)
            assert potentials.state() == other.state()
            assert other.relaxed >= before


def test_a_state_of_another_graph_is_refused() -> None:
    graph = pools(2, [(0, 1)])
    graph.set_weight(0, ONE)
    for state in (
        PotentialsState([0, 2 * ONE], []),
        PotentialsState([0, 0, 0], []),
        PotentialsState([1 << 62], []),
        PotentialsState([], [cycle_finder.Violation(2, [])]),
        PotentialsState([], [cycle_finder.Violation(0, [7])]),
        PotentialsState([], [cycle_finder.Violation(1, []), cycle_finder.Violation(0, [])]),
    ):
        assert Potentials.from_state(graph, state) is None


def test_potentials_do_not_sink_for_ever() -> None:
    graph = pools(2, [(0, 1)])
    potentials = Potentials()
    state = PotentialsState([cycle_finder.FLOOR + 1, cycle_finder.FLOOR], [])
    for edge, weight in ((0, -1), (1, 1)):
        graph.set_weight(edge, weight)
    restored = Potentials.from_state(graph, state)
    assert restored is not None
    potentials = restored
    graph.set_weight(1, 10 * ONE)
    potentials.update(graph, 1, 0)
    graph.set_weight(0, -9 * ONE)
    potentials.update(graph, 0, 0)
    assert min(potentials.values) > -100 * ONE
    check_invariant(graph, potentials)


def test_a_quiet_move_searches_nothing() -> None:
    graph = pools(3, [(0, 1), (1, 2), (2, 0)])
    potentials = Potentials()
    for edge in range(graph.edge_count()):
        graph.set_weight(edge, ONE // 300)
        assert not potentials.update(graph, edge, 0)
    assert potentials.relaxed == 0
