"""Random multigraphs, moves on them, and brute force to compare with."""

from collections.abc import Iterator

from hypothesis import strategies as st

from cambist.engine.reference.search.graph import Graph
from cambist.engine.reference.search.multiverse import Found

ONE = 1 << 40


def pools(nodes: int, ends: list[tuple[int, int]]) -> Graph:
    """Returns a graph of pools between nodes; both directions of pool i are named `p<i>:0` and `p<i>:1`."""
    graph = Graph()
    for node in range(nodes):
        graph.add_node(f"t{node}")
    for index, (a, b) in enumerate(ends):
        graph.add_edge(a, b, f"p{index}:0")
        graph.add_edge(b, a, f"p{index}:1")
    return graph


@st.composite
def markets(draw: st.DrawFn) -> tuple[Graph, list[tuple[int, int | None]]]:
    """Draws a graph and a list of (edge, weight) moves around fair prices, with torn pools between."""
    nodes = draw(st.integers(2, 7))
    end = st.integers(0, nodes - 1)
    ends = draw(st.lists(st.tuples(end, end).filter(lambda p: p[0] != p[1]), min_size=1, max_size=12))
    graph = pools(nodes, ends)
    level = draw(st.lists(st.integers(-20 * ONE, 20 * ONE), min_size=nodes, max_size=nodes))
    spread = draw(st.sampled_from([3, 1_000, ONE // 100]))
    edge = st.integers(0, 2 * len(ends) - 1)
    move = st.one_of(st.integers(-spread, 3 * spread), st.none())
    moves = draw(st.lists(st.tuples(edge, move), min_size=1, max_size=40))
    return graph, [(e, None if m is None else m + level[graph.head(e)] - level[graph.tail(e)]) for e, m in moves]


def simple_cycles(graph: Graph, max_hops: int) -> Iterator[list[int]]:
    """Yields each simple cycle of 2..=max_hops weighted edges once, never both directions of one pool."""

    def extend(path: list[int], nodes: list[int]) -> Iterator[list[int]]:
        for edge in range(graph.edge_count()):
            if graph.weight(edge) is None or graph.tail(edge) != nodes[-1]:
                continue
            head = graph.head(edge)
            if head == nodes[0] and path and not (len(path) == 1 and graph.twin(path[0]) == edge):
                yield [*path, edge]
            elif head > nodes[0] and head not in nodes and len(path) + 1 < max_hops:
                yield from extend([*path, edge], [*nodes, head])

    for node in range(graph.node_count()):
        yield from extend([], [node])


def brute_force(graph: Graph, touched: list[int], max_hops: int, keep: int, margin: int) -> list[Found]:
    """Returns what a search must find."""
    found = []
    for cycle in simple_cycles(graph, max_hops):
        total = graph.total(cycle)
        assert total is not None
        if total < margin and set(cycle) & set(touched):
            found.append(Found(graph.canonical(cycle), total))
    found.sort(key=lambda f: (f.weight, [graph.name(edge).encode() for edge in f.edges]))
    return found[:keep]
