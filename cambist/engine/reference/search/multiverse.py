"""Profitable 2-5 hop cycles around a touched edge, pruned by node potentials, best K kept.

A cycle's weight is the sum of its reduced costs, and outside the violated set these are ≥ 0 (see `cycle_finder`), so a
path is given up as soon as what it has used, plus the least the rest can cost, reaches the limit. The limit is the
margin, and once `keep` cycles are held, the worst of them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.search.cycle_finder import Potentials, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.search.graph import Graph


class Params(NamedTuple):
    """How far to look. `margin` is in units of 2^-40 of log2: a cycle is found iff its weight is below it."""

    max_hops: int
    keep: int
    budget_edges: int
    margin: int


class Found(NamedTuple):
    """A simple cycle, smallest edge name first, and its total weight."""

    edges: list[int]
    weight: int


class Work(NamedTuple):
    """What a search cost: edges looked at, and whether the budget ended it."""

    expanded: int
    cut: bool


class _Cut(Exception):
    """The budget is used up."""


def search(graph: Graph, potentials: Potentials, touched: Sequence[int], params: Params) -> tuple[list[Found], Work]:
    """Returns the best `keep` simple cycles of 2..=`max_hops` hops through a touched edge, lighter than the margin.

    Sorted by weight, then by edge names. No cycle uses both directions of one pool. Complete unless the budget cut it.
    """
    state = _Search(graph, potentials, params)
    cut = False
    try:
        if params.keep > 0:
            for edge in touched:
                if edge not in state.banned:
                    state.through(edge)
                    state.banned.append(edge)
    except _Cut:
        cut = True
    return state.found, Work(state.expanded, cut)


class _Search:
    """One search: the path so far, the ways back, the best cycles."""

    def __init__(self, graph: Graph, potentials: Potentials, params: Params) -> None:
        self.graph, self.potentials, self.params = graph, potentials, params
        self.banned: list[int] = []
        """Touched edges searched before: their cycles are found already."""
        self.found: list[Found] = []
        self.expanded = 0
        self._order: list[tuple[int, list[bytes]]] = []
        self._closers: dict[int, list[tuple[int, int]]] = {}
        """By the node they leave: (edge, cost), in edge-id order; nodes in the order of their first closers."""
        self._closer_count = 0
        self._ways: dict[int, int] = {}
        """By node: what its cheapest closer costs."""
        self._onward: dict[int, int | None] = {}
        """By node: the least that one more hop and a closer cost, `None` if that is no way; absent if not known."""
        self._cheapest = 0
        self._others = 0
        self._worst = 0
        self._path: list[int] = []
        self._nodes: list[int] = []
        self._limit = params.margin

    def through(self, edge: int) -> None:
        """Finds the cycles through one edge."""
        cost = self.potentials.reduced(self.graph, edge)
        if cost is None:
            return
        hops = self.params.max_hops
        self._measure_others(edge)
        if hops < 2 or cost + self._slack(hops - 1) >= self._limit:
            return
        start, end = self.graph.heads[edge], self.graph.tails[edge]
        self._collect_closers(end, edge, cost)
        if not self._closers:
            return
        self._path, self._nodes = [edge], [end, start]
        self._visit(start, cost)

    def _measure_others(self, edge: int) -> None:
        """Counts the violated edges that may share a cycle with `edge`, and notes the worst of them."""
        barred = {edge, self.graph.twin(edge), *self.banned}
        costs = [
            self.potentials.reduced(self.graph, other) or 0
            for other in self.potentials.violated()
            if other not in barred
        ]
        self._others, self._worst = len(costs), min(costs, default=0)

    def _slack(self, hops: int) -> int:
        """Returns the least that `hops` further hops can add, ≤ 0."""
        return self._worst * min(hops, self._others)

    def _spend(self) -> None:
        """Counts one edge looked at."""
        if self.expanded >= self.params.budget_edges:
            raise _Cut
        self.expanded += 1

    def _collect_closers(self, end: int, edge: int, cost: int) -> None:
        """Lists the edges into `end` that can still close a cycle, by the node they leave, in order."""
        twin = self.graph.twin(edge)
        before = cost + self._slack(self.params.max_hops - 2)
        self._closers, self._onward, self._closer_count = {}, {}, 0
        for closer in self.graph.in_edges(end):
            self._spend()
            last = self.potentials.reduced(self.graph, closer)
            if last is None or before + last >= self._limit or closer == twin or closer in self.banned:
                continue
            self._closers.setdefault(self.graph.tails[closer], []).append((closer, last))
            self._closer_count += 1
        self._ways = {node: min(last for _, last in closers) for node, closers in self._closers.items()}
        self._cheapest = min(self._ways.values(), default=0)

    def _visit(self, node: int, cost: int) -> None:
        """Closes the path at its last node and, if hops are left, goes on from there."""
        self._close(node, cost)
        left = self.params.max_hops - len(self._path) - 1
        if left == 1:
            self._last(node, cost)
        elif left > 1:
            self._extend(node, cost, left)

    def _close(self, node: int, cost: int) -> None:
        """Records a cycle for each closer that leaves `node`."""
        for closer, last in self._closers.get(node, ()):
            self._spend()
            if cost + last < self._limit:
                self._record(closer, cost + last)

    def _extend(self, node: int, cost: int, left: int) -> None:
        """Tries the edges out of `node`, cheapest first so that the limit falls early.

        `left` hops may follow the present path before the closing one.
        """
        least = cost + self._slack(left - 1) + self._cheapest
        steps: list[tuple[int, int]] = []
        for edge in self.graph.out_edges(node):
            self._spend()
            step = self.potentials.reduced(self.graph, edge)
            if step is not None and least + step < self._limit:
                steps.append((step, edge))
        for step, edge in sorted(steps):
            if least + step >= self._limit:
                return
            self._step(edge, self.graph.heads[edge], cost + step, left)

    def _last(self, node: int, cost: int) -> None:
        """Tries the edges out of `node` as the last hop before the closing one, unless it is known that none can do."""
        if node in self._onward:
            known = self._onward[node]
            if known is None or cost + known >= self._limit:
                return
        few = self._closer_count * 4 < len(self.graph.out_edges(node))
        self._onward[node] = self._last_by_closers(node, cost) if few else self._last_by_edges(node, cost)

    def _last_by_edges(self, node: int, cost: int) -> int | None:
        """Returns the least that an edge out of `node` and a closer cost together."""
        onward: int | None = None
        for edge in self.graph.out_edges(node):
            self._spend()
            onward = self._through_last(edge, cost, onward)
        return onward

    def _last_by_closers(self, node: int, cost: int) -> int | None:
        """The same from the closers' side: cheaper at a hub."""
        onward: int | None = None
        for before in self._closers:
            self._spend()
            for edge in self.graph.between(node, before):
                self._spend()
                onward = self._through_last(edge, cost, onward)
        return onward

    def _through_last(self, edge: int, cost: int, onward: int | None) -> int | None:
        """Closes the path by way of `edge` if that can do. Returns the lesser of `onward` and what it costs."""
        to = self.graph.heads[edge]
        way, step = self._ways.get(to), self.potentials.reduced(self.graph, edge)
        if way is None or step is None:
            return onward
        if cost + step + way < self._limit:
            self._step(edge, to, cost + step, 1)
        return step + way if onward is None else min(onward, step + way)

    def _step(self, edge: int, to: int, cost: int, left: int) -> None:
        """Follows one edge, unless it leads back or is barred."""
        if to in self._nodes or edge in self.banned:
            return
        self._path.append(edge)
        self._nodes.append(to)
        if left == 1:
            self._close(to, cost)
        else:
            self._visit(to, cost)
        self._path.pop()
        self._nodes.pop()

    def _record(self, closer: int, weight: int) -> None:
        """Keeps a cycle if it is among the best."""
        edges = self.graph.canonical([*self._path, closer])
        order = (weight, names_of(self.graph, edges))
        at = bisect_left(self._order, order)
        keep = self.params.keep
        if at >= keep:
            return
        self._order.insert(at, order)
        self.found.insert(at, Found(edges, weight))
        del self._order[keep:], self.found[keep:]
        if len(self.found) == keep:
            self._limit = min(self.params.margin, self.found[-1].weight + 1)
