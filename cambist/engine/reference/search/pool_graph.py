"""Pools as a graph of fixed shape: weighed anew at each call, or kept while single pools move.

Edges 2k and 2k+1 are the two directions of pool k. Weights are in units of 2⁻⁴⁰ of −log2 of the rate; `NO_WEIGHT` in
a column, `None` alone, takes an edge out.

**Negative cycles.** Prices of one market nearly agree, so a spanning tree from the token with most pools prices all
others almost right. One pass over the pools then tells which edges would lower a price. None does: there is no negative
cycle. Else Bellman-Ford goes on from the tails of those alone, with Tarjan's subtree disassembly: an edge into an
ancestor of its own tail closes a negative cycle.
"""

from __future__ import annotations

from collections import deque
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.search.cycle_finder import Potentials
from cambist.engine.reference.search.graph import MAX_NODES, MAX_WEIGHT, Graph
from cambist.engine.reference.search.multiverse import Params, search

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NO_WEIGHT: Final = (1 << 63) - 1
"""The weight of an edge that is out of detection."""
MAX_HOPS: Final = 5
"""Most hops that an enumeration takes."""

Cycle = tuple[list[int], int]
"""(edges, weight)"""


class PoolGraphError(ValueError):
    """A shape or a call that was refused; the text says what it was."""


class PoolGraph:
    """Which pools join which tokens, both by number, and perhaps their weights.

    >>> graph = PoolGraph([0, 1, 0, 1], [1, 0, 1, 0])
    >>> graph.negative_cycle([-5, 8, -7, 8]), graph.negative_cycle([-5, 8, -7, 4])
    (None, [0, 3])
    >>> graph.cycles_through([-5, 8, -7, 4], base=0, max_hops=3, keep=1, margin=0)
    ([0, 0], [])
    >>> graph.load([-5, 8, -7, 8])
    >>> graph.move(1, -3, 4)
    [3, 0]
    >>> graph.search(1, max_hops=3, keep=1, budget_edges=100, margin=0)
    ([([0, 3], -1)], 5, False)
    """

    def __init__(self, tails: Sequence[int], heads: Sequence[int]) -> None:
        """Takes the tail and head of each edge. Raises `PoolGraphError`."""
        tails, heads = [int(token) for token in tails], [int(token) for token in heads]
        if len(tails) != len(heads) or len(tails) % 2:
            message = f"edges were {len(tails)} tails and {len(heads)} heads, expected two directions of each pool"
            raise PoolGraphError(message)
        self._tails, self._heads = tails, heads
        for pool in range(len(tails) // 2):
            self._check_pool(pool)
        self._tokens = max(tails, default=-1) + 1
        self._arcs: list[list[tuple[int, int]]] = [[] for _ in range(self._tokens)]
        """(head, edge) by tail, sorted."""
        for edge, (tail, head) in enumerate(zip(tails, heads, strict=True)):
            self._arcs[tail].append((head, edge))
        for arcs in self._arcs:
            arcs.sort()
        self._tree = list(self._branches())
        self._graph = Graph()
        self._potentials: Potentials | None = None

    def _check_pool(self, pool: int) -> None:
        first, second = 2 * pool, 2 * pool + 1
        for token in self._tails[first : first + 2]:
            if token >= MAX_NODES:
                message = f"token was {token}, expected less than {MAX_NODES}"
                raise PoolGraphError(message)
        a, b = self._tails[first], self._heads[first]
        if a == b or (self._tails[second], self._heads[second]) != (b, a):
            message = f"pool {pool} does not join two tokens both ways"
            raise PoolGraphError(message)

    def _parallel(self, token: int) -> Iterator[tuple[int, list[int]]]:
        """Yields (head, edges) of each token that can be bought."""
        for head, arcs in groupby(self._arcs[token], key=lambda arc: arc[0]):
            yield head, [edge for _, edge in arcs]

    def _branches(self) -> Iterator[tuple[int, int, list[int]]]:
        """Yields (parent, child, edges) of a spanning forest, breadth first, from the tokens with most edges."""
        met: set[int] = set()
        for root in sorted(range(self._tokens), key=lambda token: (-len(self._arcs[token]), token)):
            if root in met:
                continue
            met.add(root)
            row = deque([root])
            while row:
                parent = row.popleft()
                for child, edges in self._parallel(parent):
                    if child not in met:
                        met.add(child)
                        row.append(child)
                        yield parent, child, edges

    def _check(self, weights: Sequence[int]) -> list[int]:
        """Returns the weights as integers."""
        if len(weights) != len(self._tails):
            message = f"{len(weights)} weights for {len(self._tails)} edges"
            raise PoolGraphError(message)
        known = [int(weight) for weight in weights]
        for weight in known:
            if weight != NO_WEIGHT and abs(weight) > MAX_WEIGHT:
                message = f"weight was {weight}, expected within 2^47"
                raise PoolGraphError(message)
        return known

    def negative_cycle(self, weights: Sequence[int]) -> list[int] | None:
        """Returns one simple negative cycle, its lowest edge first; `None` if and only if there is none.

        Raises `PoolGraphError` for a weight beyond 2⁴⁷, or of another number than edges.
        """
        known = self._check(weights)
        distance = [0] * self._tokens
        for parent, child, edges in self._tree:
            # An edge without a weight counts as the dearest.
            distance[child] = distance[parent] + min(MAX_WEIGHT, *(known[edge] for edge in edges))
        queue: dict[int, None] = {}
        for edge, weight in enumerate(known):
            tail = self._tails[edge]
            if weight < distance[self._heads[edge]] - distance[tail]:
                queue.setdefault(tail)
        return _Forest(distance, queue).relax(self._arcs, known, self._tails) if queue else None

    def cycles_through(
        self, weights: Sequence[int], base: int, max_hops: int, keep: int, margin: int
    ) -> tuple[list[int], list[Cycle]]:
        """Returns how many simple cycles of 2, 3, … `max_hops` hops go through `base`, and the best below `margin`.

        Over the best pool of each pair of tokens (the lowest edge of equals). No cycle uses both directions of one
        pool. The time grows with what there is; `search` is pruned. Raises `PoolGraphError`.
        """
        known = self._check(weights)
        if not 0 <= base < self._tokens:
            message = f"token was {base}, expected less than {MAX_NODES}"
            raise PoolGraphError(message)
        if not 2 <= max_hops <= MAX_HOPS:
            message = f"hops were {max_hops}, expected 2 to {MAX_HOPS}"
            raise PoolGraphError(message)
        steps: list[list[tuple[int, int, int]]] = [[] for _ in range(self._tokens)]
        back: dict[int, tuple[int, int]] = {}
        for tail in range(self._tokens):
            for head, edges in self._parallel(tail):
                weight, edge = min((known[edge], edge) for edge in edges)
                if weight == NO_WEIGHT:
                    continue
                if head == base:
                    back[tail] = weight, edge
                else:
                    steps[tail].append((head, weight, edge))
        counts, best = [0] * (max_hops - 1), _Best(keep, margin)
        _walk(steps, back, [], base, 0, max_hops, counts, best)
        return counts, best.held

    def load(self, weights: Sequence[int]) -> None:
        """Loads all weights, and potentials from nothing. Raises `PoolGraphError`."""
        known = self._check(weights)
        graph = Graph()
        for token in range(self._tokens):
            graph.add_node(str(token))
        for edge, weight in enumerate(known):
            graph.add_edge(self._tails[edge], self._heads[edge], f"{edge // 2}:{edge % 2}")
            graph.set_weight(edge, None if weight == NO_WEIGHT else weight)
        self._graph, (self._potentials, _) = graph, Potentials.cold(graph)

    def move(self, pool: int, sell: int | None, buy: int | None) -> list[int] | None:
        """Moves a pool; returns a negative cycle, `None` if there is none.

        Both weights are taken over at once: one at a time, the new price would close a cycle with the old one of its
        other direction. The cycle begins with the moved pool, or is one that was there before. Raises `PoolGraphError`.
        """
        potentials, first = self._kept(pool)
        for weight in (sell, buy):
            if weight is not None and weight != NO_WEIGHT and abs(weight) > MAX_WEIGHT:
                message = f"weight was {weight}, expected within 2^47"
                raise PoolGraphError(message)
        for edge, weight in ((first, sell), (first + 1, buy)):
            self._graph.set_weight(edge, None if weight == NO_WEIGHT else weight)
        potentials.update_pool(self._graph, first, 0)
        return potentials.evidence((first, first + 1))

    def search(
        self, pool: int, max_hops: int, keep: int, budget_edges: int, margin: int
    ) -> tuple[list[Cycle], int, bool]:
        """Returns the best cycles through a pool, edges expanded, and whether the budget cut it.

        See `cambist.engine.reference.search.multiverse`. Raises `PoolGraphError`.
        """
        _, first = self._kept(pool)
        return self.search_edges([first, first + 1], max_hops, keep, budget_edges, margin)

    def search_edges(
        self, touched: Sequence[int], max_hops: int, keep: int, budget_edges: int, margin: int
    ) -> tuple[list[Cycle], int, bool]:
        """Returns the same of the best cycles through any of these edges. Weights were loaded."""
        params = Params(max_hops, keep, budget_edges, margin)
        found, work = search(self._graph, self._potentials or Potentials(), touched, params)
        return [(list(each.edges), each.weight) for each in found], work.expanded, work.cut

    def pools(self) -> int:
        """Returns how many pools there are."""
        return len(self._tails) // 2

    def tail(self, edge: int) -> int:
        """Returns the token that an edge sells."""
        return self._tails[edge]

    def edges_from(self, token: int) -> list[int]:
        """Returns the edges that sell a token, by the token bought, then by number."""
        return [edge for _, edge in self._arcs[token]]

    def parallel(self) -> Iterator[list[int]]:
        """Yields the parallel edges of each pair of tokens and direction."""
        for token in range(self._tokens):
            for _, edges in self._parallel(token):
                yield edges

    def _kept(self, pool: int) -> tuple[Potentials, int]:
        if self._potentials is None:
            message = "no weights were loaded"
            raise PoolGraphError(message)
        if not 0 <= 2 * pool < len(self._tails):
            message = f"pool was {pool}"
            raise PoolGraphError(message)
        return self._potentials, 2 * pool


class _Forest:
    """The shortest-path forest as a preorder list; depth 0 is outside it, the virtual root is the last node."""

    def __init__(self, distance: list[int], tails: dict[int, None]) -> None:
        nodes = len(distance)
        self.distance = distance
        self.depth = [1] * nodes + [0]
        self.next = [*range(1, nodes + 1), 0]
        self.previous = [nodes, *range(nodes)]
        self.parent = [-1] * nodes
        self.queue = deque(tails)
        self.queued = [node in tails for node in range(nodes)]

    def relax(self, arcs: list[list[tuple[int, int]]], weights: list[int], tails: list[int]) -> list[int] | None:
        """Lowers distances until every edge holds, or one closes a negative cycle."""
        while self.queue:
            tail = self.queue.popleft()
            self.queued[tail] = False
            if self.depth[tail] == 0:
                continue
            base = self.distance[tail]
            for head, edge in arcs[tail]:
                if weights[edge] == NO_WEIGHT or base + weights[edge] >= self.distance[head]:
                    continue
                if not self._hang(head, tail, edge, base + weights[edge]):
                    return self._cycle(tails, head, edge)
        return None

    def _hang(self, head: int, tail: int, edge: int, distance: int) -> bool:
        """Takes the subtree of `head` apart and hangs it alone under `tail`; false if `tail` is in that subtree."""
        floor = self.depth[head]
        if floor > 0:
            before, after = self.previous[head], self.next[head]
            while self.depth[after] > floor:
                if after == tail:
                    return False
                self.depth[after] = 0
                after = self.next[after]
            self.next[before], self.previous[after] = after, before
        after = self.next[tail]
        self.next[tail], self.previous[head] = head, tail
        self.next[head], self.previous[after] = after, head
        self.depth[head] = self.depth[tail] + 1
        self.parent[head], self.distance[head] = edge, distance
        if not self.queued[head]:
            self.queued[head] = True
            self.queue.append(head)
        return True

    def _cycle(self, tails: list[int], top: int, edge: int) -> list[int]:
        """Returns the cycle of the tree path from `top` to the tail of `edge`, and `edge`."""
        cycle = [edge]
        while tails[cycle[-1]] != top:
            cycle.append(self.parent[tails[cycle[-1]]])
        cycle.reverse()
        lowest = cycle.index(min(cycle))
        return [*cycle[lowest:], *cycle[:lowest]]


class _Best:
    """The best cycles met so far, by weight, then by edges."""

    def __init__(self, keep: int, margin: int) -> None:
        self.held: list[Cycle] = []
        self._keep = keep
        self.limit = margin if keep else -(1 << 63)

    def take(self, edges: list[int], weight: int) -> None:
        """Keeps a cycle if it is among the best."""
        self.held.append((edges, weight))
        self.held.sort(key=lambda each: (each[1], each[0]))
        del self.held[self._keep :]
        if len(self.held) == self._keep:
            self.limit = min(self.limit, self.held[-1][1] + 1)


def _walk(
    steps: list[list[tuple[int, int, int]]],
    back: dict[int, tuple[int, int]],
    path: list[tuple[int, int]],
    token: int,
    cost: int,
    left: int,
    counts: list[int],
    best: _Best,
) -> None:
    """Closes and goes on from each token after `token`; `left` hops are left, `path` holds (token, edge)."""
    met = {each for each, _ in path}
    hops = len(path)
    for head, weight, edge in steps[token]:
        if head in met:
            continue
        closing = back.get(head)
        if closing is not None and (hops or edge ^ 1 != closing[1]):
            counts[hops] += 1
            total = cost + weight + closing[0]
            if total < best.limit:
                best.take([*(each for _, each in path), edge, closing[1]], total)
        if left > 2:
            path.append((head, edge))
            _walk(steps, back, path, head, cost + weight, left - 1, counts, best)
            path.pop()
