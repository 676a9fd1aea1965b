"""A whole market of constant-product pools in one call: weighed, searched, sized and scored.

For users of the engine: no screen and no order uses this.

Of the pools between two tokens the best two are looked at in each direction. Every cycle through a base token whose
marginal prices gain is sized exactly and decided on; what a trade costs is told in atoms of its base token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from cambist.config.settings import Gates
from cambist.engine.reference.judge.scorer import Candidate, Decision, decide
from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.search.pool_graph import NO_WEIGHT, PoolGraph, PoolGraphError
from cambist.engine.reference.search.sizing import best_input
from cambist.engine.reference.venues.constant_product import exact_in
from cambist.engine.reference.venues.quote_error import QuoteError, RoundingRule

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEST: Final = 2
"""Pools of one pair and direction that are looked at."""
_PROBE_SHARE: Final = 1_000
"""The least input tried is the cap's part of this."""

Row = tuple[list[int], int, int, int, int | None, bool, str, int | None]
"""(edges, weight, amount in, amount out, net, go, reason, score)"""


class Base(NamedTuple):
    """A token that trades start from; the first of several in a cycle counts."""

    token: int
    cap: int
    """Most atoms that one trade may put in."""
    cost: int
    """What one trade costs, in its atoms."""


def scan_pools(
    tails: Sequence[int],
    heads: Sequence[int],
    reserves_a: Sequence[int],
    reserves_b: Sequence[int],
    fee: tuple[int, int],
    bases: Sequence[tuple[int, int, int]],
    max_hops: int,
    keep: int,
    budget_edges: int,
    gates: bytes,
) -> tuple[list[Row], int, bool]:
    """Returns every gaining cycle through a base token, edges expanded, and whether the budget cut it.

    Edges 2k and 2k+1 sell token a and token b of pool k, of reserves a and b. `fee` is (numerator, denominator) of the
    input, `bases` are (token, cap, cost), `gates` is JSON of `Gates`. Best net first, then by edges; a cycle begins at
    its base token. Raises `ValueError` for columns that don't fit each other, an unknown base, or a fee of 1 or more.

    >>> market = [0, 1, 0, 1], [1, 0, 1, 0], [10**9, 10**9], [10**9, 2 * 10**9]
    >>> gates = msgspec.json.encode(Gates(min_net_ppm=10))
    >>> scan_pools(*market, (25, 10_000), [(0, 10**9, 0)], 3, 9, 999, gates)[0]
    [([2, 1], -1091570397232, 137464873, 193918674, 56453801, True, 'go', 75)]
    """
    graph = PoolGraph(tails, heads)
    tokens = max(map(int, tails), default=-1) + 1
    known = [Base(*base) for base in bases]
    for base in known:
        if base.token >= tokens:
            message = f"token was {base.token}, expected less than 16384"
            raise PoolGraphError(message)
    weights = _weights(graph, [int(a) for a in reserves_a], [int(b) for b in reserves_b], fee)
    graph.load(weights)
    touched = [edge for base in known for edge in graph.edges_from(base.token) if weights[edge] != NO_WEIGHT]
    found, expanded, cut = graph.search_edges(touched, max_hops, keep, budget_edges, 0)
    passed = msgspec.json.decode(gates, type=Gates)
    rows: list[Row] = []
    for edges, weight in found:
        first = _first(graph, edges, known)
        if first is None:
            continue
        base, at = first
        route = [*edges[at:], *edges[:at]]
        chain = _Chain([_sides(edge, reserves_a, reserves_b) for edge in route], fee)
        best = best_input(chain, base.cap, max(base.cap // _PROBE_SHARE, 1))
        if best is None:
            continue
        decision = _decision(best.amount_in, best.amount_out, base.cost, passed)
        rows.append(
            (
                route,
                weight,
                best.amount_in,
                best.amount_out,
                decision.net,
                decision.go,
                decision.reason,
                decision.score,
            ),
        )
    rows.sort(key=lambda row: (row[4] is None, -(row[4] or 0), row[0]))
    return rows, expanded, cut


def _first(graph: PoolGraph, edges: list[int], bases: list[Base]) -> tuple[Base, int] | None:
    """Returns the first base token in a cycle, and at which edge it is sold."""
    sold = [graph.tail(edge) for edge in edges]
    return next(((base, sold.index(base.token)) for base in bases if base.token in sold), None)


def _decision(amount_in: int, amount_out: int, cost: int, gates: Gates) -> Decision:
    candidate = Candidate(
        amount_in=amount_in,
        amount_out=amount_out,
        has_base=True,
        base_fee=cost,
        priority_fee=0,
        tip=0,
        rent=0,
        flash_loan=0,
        seen_slots=gates.min_seen_slots,
    )
    return decide(candidate, gates)


def _weights(graph: PoolGraph, reserves_a: list[int], reserves_b: list[int], fee: tuple[int, int]) -> list[int]:
    """Returns the weights of the best edges of each pair; all others have none."""
    num, den = fee
    if not len(reserves_a) == len(reserves_b) == graph.pools():
        message = f"{min(len(reserves_a), len(reserves_b))} weights for {graph.pools()} edges"
        raise PoolGraphError(message)
    if num >= den:
        message = f"weight was {num}, expected within 2^47"
        raise PoolGraphError(message)

    def weight(reserve_in: int, reserve_out: int) -> int:
        log = log2_ratio(reserve_out * (den - num), reserve_in * den)
        return NO_WEIGHT if log is None else -log

    sides = zip(reserves_a, reserves_b, strict=True)
    weights = [each for a, b in sides for each in (weight(a, b), weight(b, a))]
    for parallel in graph.parallel():
        for edge in sorted(parallel, key=lambda edge: (weights[edge], edge))[_BEST:]:
            weights[edge] = NO_WEIGHT
    return weights


def _sides(edge: int, reserves_a: Sequence[int], reserves_b: Sequence[int]) -> tuple[int, int]:
    a, b = int(reserves_a[edge // 2]), int(reserves_b[edge // 2])
    return (b, a) if edge % 2 else (a, b)


class _Chain:
    """A route as sizing sees it."""

    def __init__(self, sides: list[tuple[int, int]], fee: tuple[int, int]) -> None:
        self._sides, self._fee = sides, fee

    def __len__(self) -> int:
        return len(self._sides)

    def quote(self, hop: int, amount_in: int) -> int | None:
        try:
            return exact_in(self._sides[hop], self._fee, amount_in, RoundingRule.TRUE_CEIL)[0]
        except QuoteError:
            return None

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        (reserve_in, reserve_out), (num, den) = self._sides[hop], self._fee
        return float(reserve_in), float(reserve_out), float(den - num) / float(den)
