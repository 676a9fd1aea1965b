import pytest

from cambist.engine.reference.search.graph import MAX_WEIGHT, Graph, GraphError


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    for key in "abc":
        graph.add_node(key)
    for tail, head, name in [(0, 1, "p:0"), (1, 0, "p:1"), (0, 1, "q:0"), (1, 2, "r:0"), (2, 0, "B:0")]:
        graph.add_edge(tail, head, name)
    return graph


def test_parallel_edges_stay_and_twins_find_each_other(graph: Graph) -> None:
    assert list(graph.between(0, 1)) == [0, 2]
    assert list(graph.between(0, 2)) == []
    assert (graph.twin(0), graph.twin(1), graph.twin(2)) == (1, 0, None)
    assert list(graph.out_edges(0)) == [0, 2]
    assert list(graph.in_edges(0)) == [1, 4]
    assert graph.find_edge("r:0") == 3


def test_a_key_starts_with_the_smallest_name_in_byte_order(graph: Graph) -> None:
    assert graph.cycle_key([0, 3, 4]) == "B:0|p:0|r:0"
    assert graph.cycle_key([3, 4, 0]) == "B:0|p:0|r:0"


@pytest.mark.parametrize(
    ("tail", "head", "name", "reason"),
    [
        (0, 0, "x", "self_loop: x"),
        (0, 9, "x", "unknown_node: 9"),
        (0, 1, "p:0", "duplicate_edge: p:0"),
        (0, 1, "r:1", "twin_ends_differ: r:1"),
    ],
)
def test_a_bad_edge_is_named_and_changes_nothing(graph: Graph, tail: int, head: int, name: str, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        graph.add_edge(tail, head, name)
    assert graph.edge_count() == 5


def test_a_bad_weight_is_named_and_changes_nothing(graph: Graph) -> None:
    with pytest.raises(GraphError, match="weight_out_of_range"):
        graph.set_weight(0, MAX_WEIGHT + 1)
    with pytest.raises(GraphError, match="unknown_edge: 99"):
        graph.set_weight(99, 0)
    assert graph.weight(0) is None
