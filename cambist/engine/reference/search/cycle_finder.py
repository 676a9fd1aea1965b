"""Negative cycles: Bellman-Ford with subtree disassembly, and node potentials that are kept warm.

The *reduced cost* of an edge a→b is `weight + potential(a) − potential(b)`. Around a cycle potentials cancel, so a
cycle's total weight is the sum of its reduced costs.

**Invariant** after `cold`, and after each `update`: every edge that has a weight and is not in the `violated` set has a
reduced cost ≥ 0. So the rest of a path with at most h hops left weighs at least
`potential(end) − potential(start) + min(h, |violated|) · min(0, worst)`, `worst` being the most negative reduced cost
among violated edges. It holds whatever the reason an edge is in the set, so giving up on a repair is safe.

A change that leaves the edge's reduced cost ≥ 0 needs no work. One that makes it negative is repaired by a Dijkstra on
reduced costs that lowers potentials (Cotton and Maler 2006). If that comes back to the edge's tail the edge closes a
negative cycle: nothing is changed, and the edge joins the set together with that cycle. It is tried again when an edge
of the cycle moves so that the cycle's total is ≥ 0, and leaves when its reduced cost is ≥ 0.

A pool moves both its edges at once: they join the set before either is repaired, since a repair that meets an edge of
negative reduced cost outside the set need not end.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.search.graph import Graph

REPAIR_EDGES: Final = 1 << 16
"""Most edges that the repairs of one update relax; an edge whose repair does not fit stays violated."""
EVIDENCE: Final = 16
"""Most negative cycles that one pass over the whole graph collects."""
FLOOR: Final = -(1 << 61)
"""Repairs only ever lower potentials; at this depth they are computed afresh, long before an i64 could wrap."""


class Violation(msgspec.Struct):
    """An edge outside the invariant, with the negative cycle it closed when last tried (empty if the work ran out)."""

    edge: int
    cycle: list[int]


class PotentialsState(msgspec.Struct):
    """What a snapshot keeps of `Potentials`; the same in both engines."""

    values: list[int]
    violated: list[Violation]


class _OutOfWork(Exception):
    """A repair met the limit of edges."""


class _Closed(Exception):
    """A repair met a negative cycle."""

    def __init__(self, cycle: list[int]) -> None:
        self.cycle = cycle


class Potentials:
    """One potential per node, in units of 2^-40 of log2, kept so that a search can prune exactly."""

    def __init__(self) -> None:
        self.values: list[int] = []
        """By node; an update extends it to the graph's nodes."""
        self.worst = 0
        """The most negative reduced cost among violated edges, 0 if there are none."""
        self.relaxed = 0
        """How many edges repairs have relaxed since this was made."""
        self._violated: dict[int, list[int]] = {}
        self._work = 0
        self._deep = False

    @classmethod
    def cold(cls, graph: Graph) -> tuple[Potentials, list[int] | None]:
        """Returns potentials of the whole graph from nothing, and the first negative cycle met, canonical."""
        this = cls()
        this.values, found, first = _shortest(graph)
        this._violated = {violation.edge: violation.cycle for violation in found}
        this._sweep(graph)
        return this, graph.canonical(first) if first else None

    @classmethod
    def from_state(cls, graph: Graph, state: PotentialsState) -> Potentials | None:
        """Restores a snapshot. `None` if it can't be of this graph, or breaks the invariant."""
        edges = [v.edge for v in state.violated]
        named = [*edges, *(edge for v in state.violated for edge in v.cycle)]
        if (
            len(state.values) > graph.node_count()
            or any(abs(value) > -FLOOR for value in state.values)
            or edges != sorted(set(edges))
            or any(not 0 <= edge < graph.edge_count() for edge in named)
        ):
            return None
        this = cls()
        this.values = list(state.values)
        this._violated = {v.edge: list(v.cycle) for v in state.violated}
        this.fit(graph)
        if any(this._breaks(graph, edge) and edge not in this._violated for edge in range(graph.edge_count())):
            return None
        this.worst = min([0, *(this.reduced(graph, edge) or 0 for edge in edges)])
        return this

    def state(self) -> PotentialsState:
        """Returns what a snapshot keeps; nodes after the last one whose potential isn't 0 need no mention."""
        known = max((node + 1 for node, value in enumerate(self.values) if value), default=0)
        violated = [Violation(edge, list(self._violated[edge])) for edge in sorted(self._violated)]
        return PotentialsState(self.values[:known], violated)

    def value(self, node: int) -> int:
        """Returns the potential of a node, 0 if no update has met it yet."""
        return self.values[node] if node < len(self.values) else 0

    def violated(self) -> list[int]:
        """Returns the edges outside the invariant, ascending."""
        return sorted(self._violated)

    def is_violated(self, edge: int) -> bool:
        """Returns whether an edge is outside the invariant."""
        return edge in self._violated

    def evidence(self, edges: tuple[int, int]) -> list[int] | None:
        """Returns the negative cycle that one of `edges` closes, else one that any closes; `None` if there is none.

        Empty if the work ran out before it was known.
        """
        known = self.violated()
        own = [edge for edge in known if edge in edges]
        return list(self._violated[(own or known)[0]]) if known else None

    def reduced(self, graph: Graph, edge: int) -> int | None:
        """Returns the reduced cost of an edge, `None` if it has no weight."""
        weight = graph.weights[edge]
        if weight is None:
            return None
        return weight + self.values[graph.tails[edge]] - self.values[graph.heads[edge]]

    def update(self, graph: Graph, edge: int, margin: int) -> bool:
        """Takes over a changed weight. Returns whether a cycle lighter than `margin` may go through the edge."""
        return self._move(graph, (edge,), margin)[0]

    def update_pool(self, graph: Graph, first: int, margin: int) -> list[bool]:
        """Takes over both weights of a pool, whose edges are `first` and the next one, as `update` does."""
        return self._move(graph, (first, first + 1), margin)

    def _move(self, graph: Graph, edges: tuple[int, ...], margin: int) -> list[bool]:
        self.fit(graph)
        if self._violated or any(self._breaks(graph, edge) for edge in edges):
            self._settle(graph, edges)
        costs = [(self.reduced(graph, edge), edge in self._violated) for edge in edges]
        most = graph.edge_count()
        return [cost is not None and cost + self.slack(most, inside=inside) < margin for cost, inside in costs]

    def slack(self, hops: int, *, inside: bool) -> int:
        """Returns the least that `hops` further hops can add, ≤ 0; `inside` if the path has a violated edge already."""
        others = len(self._violated) - (1 if inside and self._violated else 0)
        return self.worst * min(hops, others)

    def fit(self, graph: Graph) -> None:
        """Gives each node of the graph a potential."""
        self.values.extend([0] * (graph.node_count() - len(self.values)))

    def _breaks(self, graph: Graph, edge: int) -> bool:
        cost = self.reduced(graph, edge)
        return cost is not None and cost < 0

    def _settle(self, graph: Graph, moved: tuple[int, ...]) -> None:
        """Restores the invariant after the weights of `moved` changed."""
        self._work = REPAIR_EDGES
        for edge in moved:
            self._violated.pop(edge, None)
            if self._breaks(graph, edge):
                self._violated[edge] = []
        for edge in moved:
            self._try_again(graph, edge)
        due = [edge for edge in sorted(self._violated) if edge not in moved and self._is_due(graph, edge, moved)]
        for edge in due:
            self._try_again(graph, edge)
        self._sweep(graph)
        if self._deep:
            fresh, _ = Potentials.cold(graph)
            fresh.relaxed += self.relaxed
            self.__dict__ = fresh.__dict__

    def _is_due(self, graph: Graph, edge: int, moved: tuple[int, ...]) -> bool:
        """Returns whether a violated edge should be tried again, now that `moved` have other weights."""
        cycle = self._violated[edge]
        if not cycle:
            return True
        return any(each in cycle for each in moved) and ((total := graph.total(cycle)) is None or total >= 0)

    def _try_again(self, graph: Graph, edge: int) -> None:
        """Repairs the potentials around a violated edge, which then is one no more, or notes why it still is.

        Does nothing if its reduced cost isn't negative.
        """
        if not self._breaks(graph, edge):
            return
        try:
            self._repair(graph, edge)
            self._violated.pop(edge, None)
        except _Closed as closed:
            self._violated[edge] = closed.cycle
        except _OutOfWork:
            self._violated[edge] = []

    def _repair(self, graph: Graph, edge: int) -> None:
        """Lowers potentials so that the reduced cost of `edge` is 0, over the edges that are not violated."""
        cost = self.reduced(graph, edge)
        if cost is None:
            return
        tail, head = graph.tails[edge], graph.heads[edge]
        drops, parents = {head: cost}, {head: edge}
        heap = [(cost, head)]
        values = self.values
        while heap:
            drop, node = heappop(heap)
            if drop != drops[node]:
                continue
            base = values[node] + drop
            for following in graph.outward[node]:
                if self._work == 0:
                    raise _OutOfWork
                self._work -= 1
                self.relaxed += 1
                weight = graph.weights[following]
                if weight is None:
                    continue
                to = graph.heads[following]
                drop = base + weight - values[to]
                if drop >= drops.get(to, 0) or following in self._violated:
                    continue
                drops[to], parents[to] = drop, following
                heappush(heap, (drop, to))
                if to == tail:
                    raise _Closed(_walk_back(graph, parents, tail, edge))
        for node, drop in drops.items():
            values[node] += drop
            self._deep = self._deep or values[node] < FLOOR

    def _sweep(self, graph: Graph) -> None:
        """Lets edges go that keep to the invariant again, and measures the rest."""
        self.worst = 0
        for edge in list(self._violated):
            cost = self.reduced(graph, edge)
            if cost is None or cost >= 0:
                del self._violated[edge]
            else:
                self.worst = min(self.worst, cost)


def _walk_back(graph: Graph, parents: dict[int, int], tail: int, edge: int) -> list[int]:
    """Returns the cycle that ends in `tail`, `edge` (which leaves it) first.

    Raises `_OutOfWork` if the parents lead round and round, which the invariant rules out.
    """
    cycle = [parents[tail]]
    while cycle[-1] != edge:
        if len(cycle) >= graph.node_count():
            raise _OutOfWork
        cycle.append(parents[graph.tails[cycle[-1]]])
    return cycle[::-1]


def find_negative_cycles(graph: Graph) -> list[list[int]]:
    """Returns up to `EVIDENCE` negative cycles of the whole graph, each simple and canonical, sorted by key.

    Empty exactly if there is none.
    """
    found = _relax(graph, _Tree([0] * graph.node_count()), set())
    cycles: list[tuple[list[bytes], list[int]]] = []
    for cycle in map(graph.canonical, found):
        entry = (names_of(graph, cycle), cycle)
        if entry not in cycles:
            insort(cycles, entry)
    return [cycle for _, cycle in cycles]


def _shortest(graph: Graph) -> tuple[list[int], list[Violation], list[int] | None]:
    """Returns potentials that hold for all edges but the violated ones, these in the order found, and the first cycle.

    Each round leaves out the edge that most of the round's negative cycles share (the lowest id of equals): one
    mispriced pool closes thousands of cycles and is to blame for all.
    """
    tree = _Tree([0] * graph.node_count())
    violated: list[Violation] = []
    excluded: set[int] = set()
    first: list[int] | None = None
    while cycles := _relax(graph, tree, set(excluded)):
        first = first or cycles[0]
        counts = Counter(edge for cycle in cycles for edge in cycle)
        blamed = min(counts, key=lambda edge: (-counts[edge], edge))
        cycle = next(cycle for cycle in cycles if blamed in cycle)
        at = cycle.index(blamed)
        violated.append(Violation(blamed, [*cycle[at:], *cycle[:at]]))
        excluded.add(blamed)
        sunk = any(distance < FLOOR for distance in tree.distance)
        tree = _Tree([0] * graph.node_count() if sunk else tree.distance)
    return tree.distance, violated, first


def _relax(graph: Graph, tree: _Tree, excluded: set[int]) -> list[list[int]]:
    """Lowers the tree's distances until every edge but the excluded ones holds, or `EVIDENCE` negative cycles are met.

    An edge that closes one is excluded for the rest of the round. Bellman-Ford with a queue and Tarjan's subtree
    disassembly.
    """
    cycles: list[list[int]] = []
    while tree.queue:
        node = tree.queue.popleft()
        tree.queued[node] = False
        if tree.depth[node] == 0:
            continue
        for edge in graph.outward[node]:
            weight = graph.weights[edge]
            if weight is None:
                continue
            to = graph.heads[edge]
            distance = tree.distance[node] + weight
            if distance >= tree.distance[to] or edge in excluded:
                continue
            if not tree.holds(to, node):
                tree.hang(to, node, edge, distance)
                continue
            excluded.add(edge)
            cycles.append(tree.walk_back(graph, to, edge))
            if len(cycles) == EVIDENCE:
                return cycles
    return cycles


class _Tree:
    """The shortest-path forest as a preorder list; depth 0 is outside the tree, the virtual root is node `nodes`."""

    def __init__(self, distance: list[int]) -> None:
        nodes = len(distance)
        self.distance = distance
        self.depth = [1] * nodes + [0]
        self.next = [*range(1, nodes + 1), 0]
        self.previous = [nodes, *range(nodes)]
        self.parent = [-1] * nodes
        self.queue = deque(range(nodes))
        self.queued = [True] * nodes

    def holds(self, top: int, node: int) -> bool:
        """Returns whether `node` is in the subtree under `top` (or is it)."""
        floor = self.depth[top]
        if floor == 0:
            return False
        at = top
        while at != node:
            at = self.next[at]
            if self.depth[at] <= floor:
                return False
        return True

    def hang(self, node: int, parent: int, edge: int, distance: int) -> None:
        """Takes the subtree of `node` apart and hangs the node alone under `parent`."""
        floor = self.depth[node]
        if floor > 0:
            after = self.next[node]
            while self.depth[after] > floor:
                self.depth[after] = 0
                after = self.next[after]
            self._join(self.previous[node], after)
        after = self.next[parent]
        self._join(parent, node)
        self._join(node, after)
        self.depth[node] = self.depth[parent] + 1
        self.parent[node] = edge
        self.distance[node] = distance
        if not self.queued[node]:
            self.queued[node] = True
            self.queue.append(node)

    def _join(self, before: int, after: int) -> None:
        self.next[before], self.previous[after] = after, before

    def walk_back(self, graph: Graph, top: int, edge: int) -> list[int]:
        """Returns the tree path from `top` down to the tail of `edge`, then `edge`."""
        cycle = [edge]
        while (node := graph.tails[cycle[-1]]) != top:
            cycle.append(self.parent[node])
        return cycle[::-1]


def names_of(graph: Graph, cycle: Sequence[int]) -> list[bytes]:
    """Returns what cycles of equal weight are ordered by."""
    return [graph.names[edge].encode() for edge in cycle]
