"""Profitable 2-5 hop cycles around a touched edge, pruned by node potentials, the best kept.

A cycle's weight is the sum of its reduced costs, and outside the violated set these are ≥ 0 (see `cycle_finder`), so a
path is given up as soon as what it has used, plus the least the rest can cost, can't be kept any more. What is kept is
for a `Rank` to say: the lightest here, in the engine what earns most (see `by_money`).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

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


P = TypeVar("P")
"""What a rank knows of a path besides its cost."""


class Rank(Protocol[P]):
    """What is kept of the cycles that a search meets."""

    def begin(self, edge: int) -> P | None:
        """Returns what is known of the path of one touched edge, `None` if no cycle through it can be kept."""
        ...

    def follow(self, path: P, edge: int) -> P:
        """Returns what is known of a path with one more edge."""
        ...

    def is_open(self, path: P, least: int) -> bool:
        """Returns whether a cycle that begins with the path and weighs `least` or more may still be kept.

        What is false for a weight is false for each greater one.
        """
        ...

    def meet(self, path: P, edges: Sequence[int], weight: int) -> None:
        """Takes a simple cycle, the touched edge first."""
        ...


class ByWeight:
    """Keeps the lightest, and of equals the first by edge names."""

    def __init__(self, graph: Graph, keep: int, margin: int) -> None:
        self._graph, self._keep, self._margin = graph, keep, margin
        self._limit = margin
        self._order: list[tuple[int, list[bytes]]] = []
        self.found: list[Found] = []

    def begin(self, edge: int) -> bool | None:
        """Returns that nothing else is known, and nothing can be kept if none is to be."""
        return True if self._keep > 0 else None

    def follow(self, path: bool, edge: int) -> bool:
        """Returns the same."""
        return path

    def is_open(self, path: bool, least: int) -> bool:
        """Returns whether it is lighter than the margin, and than the worst of those kept."""
        return least < self._limit

    def meet(self, path: bool, edges: Sequence[int], weight: int) -> None:
        """Keeps a cycle if it is among the best."""
        canonical = self._graph.canonical(edges)
        order = (weight, names_of(self._graph, canonical))
        at = bisect_left(self._order, order)
        if at >= self._keep:
            return
        self._order.insert(at, order)
        self.found.insert(at, Found(canonical, weight))
        del self._order[self._keep :], self.found[self._keep :]
        if len(self.found) == self._keep:
            self._limit = min(self._margin, self.found[-1].weight + 1)


class _Cut(Exception):
    """The budget is used up."""


def search(graph: Graph, potentials: Potentials, touched: Sequence[int], params: Params) -> tuple[list[Found], Work]:
    """Returns the best `keep` simple cycles of 2..=`max_hops` hops through a touched edge, lighter than the margin.

    Sorted by weight, then by edge names. No cycle uses both directions of one pool. Complete unless the budget cut it.
    """
    rank = ByWeight(graph, params.keep, params.margin)
    walk = Search(graph, potentials, rank, params.max_hops)
    cut = walk.through(touched, params.budget_edges)
    return rank.found, Work(walk.expanded, cut)


class Search(Generic[P]):
    """A search around what was touched, edge by edge: the path so far, the ways back."""

    def __init__(self, graph: Graph, potentials: Potentials, rank: Rank[P], max_hops: int) -> None:
        self.graph, self.potentials, self._rank, self._max_hops = graph, potentials, rank, max_hops
        self.banned: list[int] = []
        """Touched edges searched before: their cycles are found already."""
        self.expanded = 0
        self._budget = 0
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

    def through(self, touched: Sequence[int], budget_edges: int) -> bool:
        """Finds the cycles through any of these edges. Returns whether the budget cut it; then some may be missing."""
        self._budget = self.expanded + budget_edges
        try:
            for edge in touched:
                if edge not in self.banned:
                    self._through(edge)
                    self.banned.append(edge)
        except _Cut:
            return True
        return False

    def _through(self, edge: int) -> None:
        """Finds the cycles through one edge."""
        cost, path = self.potentials.reduced(self.graph, edge), self._rank.begin(edge)
        if cost is None or path is None:
            return
        hops = self._max_hops
        self._measure_others(edge)
        if hops < 2 or not self._rank.is_open(path, cost + self._slack(hops - 1)):
            return
        start, end = self.graph.heads[edge], self.graph.tails[edge]
        self._collect_closers(end, edge, cost, path)
        if not self._closers:
            return
        self._path, self._nodes = [edge], [end, start]
        self._visit(start, cost, path)

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
        if self.expanded >= self._budget:
            raise _Cut
        self.expanded += 1

    def _collect_closers(self, end: int, edge: int, cost: int, path: P) -> None:
        """Lists the edges into `end` that can still close a cycle, by the node they leave, in order."""
        twin = self.graph.twin(edge)
        before = cost + self._slack(self._max_hops - 2)
        self._closers, self._onward, self._closer_count = {}, {}, 0
        for closer in self.graph.in_edges(end):
            self._spend()
            last = self.potentials.reduced(self.graph, closer)
            if last is None or closer == twin or closer in self.banned or not self._rank.is_open(path, before + last):
                continue
            self._closers.setdefault(self.graph.tails[closer], []).append((closer, last))
            self._closer_count += 1
        self._ways = {node: min(last for _, last in closers) for node, closers in self._closers.items()}
        self._cheapest = min(self._ways.values(), default=0)

    def _visit(self, node: int, cost: int, path: P) -> None:
        """Closes the path at its last node and, if hops are left, goes on from there."""
        self._close(node, cost, path)
        left = self._max_hops - len(self._path) - 1
        if left == 1:
            self._last(node, cost, path)
        elif left > 1:
            self._extend(node, cost, path, left)

    def _close(self, node: int, cost: int, path: P) -> None:
        """Meets a cycle for each closer that leaves `node`."""
        for closer, last in self._closers.get(node, ()):
            self._spend()
            if self._rank.is_open(path, cost + last):
                self._rank.meet(path, [*self._path, closer], cost + last)

    def _extend(self, node: int, cost: int, path: P, left: int) -> None:
        """Tries the edges out of `node`, cheapest first so that little is left to look for early.

        `left` hops may follow the present path before the closing one.
        """
        least = cost + self._slack(left - 1) + self._cheapest
        steps: list[tuple[int, int]] = []
        for edge in self.graph.out_edges(node):
            self._spend()
            step = self.potentials.reduced(self.graph, edge)
            if step is not None and self._rank.is_open(path, least + step):
                steps.append((step, edge))
        for step, edge in sorted(steps):
            if not self._rank.is_open(path, least + step):
                return
            self._step(edge, cost + step, least + step, path, left)

    def _last(self, node: int, cost: int, path: P) -> None:
        """Tries the edges out of `node` as the last hop before the closing one, unless it is known that none can do."""
        if node in self._onward:
            known = self._onward[node]
            if known is None or not self._rank.is_open(path, cost + known):
                return
        few = self._closer_count * 4 < len(self.graph.out_edges(node))
        self._onward[node] = (self._last_by_closers if few else self._last_by_edges)(node, cost, path)

    def _last_by_edges(self, node: int, cost: int, path: P) -> int | None:
        """Returns the least that an edge out of `node` and a closer cost together."""
        onward: int | None = None
        for edge in self.graph.out_edges(node):
            self._spend()
            onward = self._through_last(edge, cost, path, onward)
        return onward

    def _last_by_closers(self, node: int, cost: int, path: P) -> int | None:
        """The same from the closers' side: cheaper at a hub."""
        onward: int | None = None
        for before in self._closers:
            self._spend()
            for edge in self.graph.between(node, before):
                self._spend()
                onward = self._through_last(edge, cost, path, onward)
        return onward

    def _through_last(self, edge: int, cost: int, path: P, onward: int | None) -> int | None:
        """Closes the path by way of `edge` if that can do. Returns the lesser of `onward` and what it costs."""
        way, step = self._ways.get(self.graph.heads[edge]), self.potentials.reduced(self.graph, edge)
        if way is None or step is None:
            return onward
        if self._rank.is_open(path, cost + step + way):
            self._step(edge, cost + step, cost + step + way, path, 1)
        return step + way if onward is None else min(onward, step + way)

    def _step(self, edge: int, cost: int, least: int, path: P, left: int) -> None:
        """Follows one edge, unless it leads back, is barred, or bends the path so that nothing can come of it."""
        to = self.graph.heads[edge]
        if to in self._nodes or edge in self.banned:
            return
        path = self._rank.follow(path, edge)
        if not self._rank.is_open(path, least):
            return
        self._path.append(edge)
        self._nodes.append(to)
        if left == 1:
            self._close(to, cost, path)
        else:
            self._visit(to, cost, path)
        self._path.pop()
        self._nodes.pop()
