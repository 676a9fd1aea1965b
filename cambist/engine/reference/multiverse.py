"""Profitable 2-5 hop cycles around a touched edge, pruned by node potentials, best K kept.

A cycle's weight is the sum of its reduced costs, and outside the violated set these are ≥ 0 (see `cycle_finder`), so a
path is given up as soon as what it has used, plus the least the rest can cost, reaches the limit. The limit is the
margin, and once `keep` cycles are held, the worst of them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.cycle_finder import Potentials, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.graph import Graph


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
        self._closer_count = 0
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
        kept: list[tuple[int, int, int]] = []
        for closer in self.graph.in_edges(end):
            self._spend()
            last = self.potentials.reduced(self.graph, closer)
            if last is None or before + last >= self._limit or closer == twin or closer in self.banned:
                continue
            kept.append((self.graph.tails[closer], closer, last))
        self._closers = {}
        for node, closer, last in sorted(kept):
            self._closers.setdefault(node, []).append((closer, last))
        self._closer_count = len(kept)
        self._cheapest = min((last for _, _, last in kept), default=0)

    def _visit(self, node: int, cost: int) -> None:
        """Closes the path at its last node and, if hops are left, goes on from there."""
        for closer, last in self._closers.get(node, ()):
            self._spend()
            if cost + last < self._limit:
                self._record(closer, cost + last)
        left = self.params.max_hops - len(self._path) - 1
        if left <= 0:
            return
        if left == 1 and self._closer_count * 4 < len(self.graph.out_edges(node)):
            self._last_by_closers(node, cost)
        else:
            self._extend(node, cost, left)

    def _extend(self, node: int, cost: int, left: int) -> None:
        """Tries every edge out of `node`; `left` hops may follow the present path before the closing one."""
        for edge in self.graph.out_edges(node):
            self._spend()
            step = self.potentials.reduced(self.graph, edge)
            if step is not None:
                self._step(edge, self.graph.heads[edge], cost + step, left)

    def _last_by_closers(self, node: int, cost: int) -> None:
        """The same for the last hop before the closing one, from the closers' side: cheaper at a hub."""
        for before in self._closers:
            self._spend()
            for edge in self.graph.between(node, before):
                self._spend()
                step = self.potentials.reduced(self.graph, edge)
                if step is not None:
                    self._step(edge, before, cost + step, 1)

    def _step(self, edge: int, to: int, cost: int, left: int) -> None:
        """Follows one edge if the rest can still stay under the limit."""
        least = cost + self._slack(left - 1) + self._cheapest
        if least >= self._limit or to in self._nodes or edge in self.banned:
            return
        self._path.append(edge)
        self._nodes.append(to)
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
