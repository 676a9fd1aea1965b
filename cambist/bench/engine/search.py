"""Graphs of pools: cycles from nothing, single pools that move, enumerations, whole scans."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cambist.bench.engine.case import Case, EngineRow, Plan, library, most_ns, native
from cambist.bench.engine.markets import ONE, PERCENT, Market, market
from cambist.bench.goal import judged
from cambist.config.settings import Gates
from cambist.engine.reference.library.scan import scan_pools
from cambist.engine.reference.search.pool_graph import PoolGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LARGE = (5_000, 10_000)
"""Tokens and pools."""
NONE_RATIO, MOST_PASSES = 2.2, 2.5
"""Where no cycle gains, numba's loop is done after a few passes over the edges, and nobody can say so after less than
one: ten times as fast as its loop would be less than a third of a pass."""
MOVED, TRIES = 400, 5
"""Random pools that move, and how often each: the least of its times counts, as caches are warm in a running engine."""


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    yield from _cold()
    yield from _enumeration()
    yield from _scan()


def _cold() -> Iterator[Case]:
    """A negative cycle from nothing; the shape is known, the weights are new."""
    large, sparse, dense = market(*LARGE), market(100, 1_000), market(100, 4_950, complete=True)
    graphs = (("5,000 tokens, 20,000 edges", large), ("100 tokens, 2,000 edges", sparse), ("100, 9,900", dense))
    for size, made in graphs:
        some = 20.0 if made is large else 8.0
        for what, weights, ratio in (("none", made.weights, NONE_RATIO), ("one", made.with_cycle(3), some)):
            mine, twin = _native_graph(made), PoolGraph(made.tails.tolist(), made.heads.tolist())
            name, peer = _fastest(made, weights, found=what == "one")
            column = weights.tolist()
            yield Case(
                f"negative cycle, {what} exists", size, 1,
                mine and _of(mine.negative_cycle, weights), _of(twin.negative_cycle, column), name, peer,
                (("peer", ratio),), 90_000.0 if made is large else 20_000.0,
                once=_numba(made, weights, most=1) if what == "none" else None,
                most_passes=MOST_PASSES if what == "none" else None,
            )  # fmt: skip


def _native_graph(made: Market) -> Any:
    extension = native()
    return extension.PoolGraph(made.tails, made.heads) if extension else None


def _of(call: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: call(*args)


def _fastest(made: Market, weights: NDArray[np.int64], *, found: bool) -> tuple[str, Callable[[], Any] | None]:
    """Returns the fastest of the libraries that tell whether there is a negative cycle, and its call."""
    timed = []
    for name, make in (("rustworkx", _rustworkx), ("networkx", _networkx), ("scipy", _scipy), ("numba", _numba)):
        call = make(made, weights)
        if call is None:
            continue
        answer = call()
        if answer is not found:
            message = f"{name} said {answer}"
            raise AssertionError(message)
        begun = time.perf_counter_ns()
        call()
        timed.append((time.perf_counter_ns() - begun, name, call))
    if not timed:
        return "", None
    _, name, call = min(timed, key=lambda each: each[0])
    return name, call


def _rustworkx(made: Market, weights: NDArray[np.int64]) -> Callable[[], bool] | None:
    rustworkx = library("rustworkx")
    if rustworkx is None:
        return None
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(made.tokens))
    ends = zip(made.tails.tolist(), made.heads.tolist(), weights.astype(float).tolist(), strict=True)
    graph.add_edges_from(list(ends))
    return lambda: bool(rustworkx.negative_edge_cycle(graph, float))


def _best_per_pair(made: Market, weights: NDArray[np.int64]) -> tuple[Any, Any, Any]:
    """Returns tails, heads and weights of the lightest edge of each pair."""
    order = np.lexsort((weights, made.heads, made.tails))
    tails, heads = made.tails[order].astype(np.int64), made.heads[order].astype(np.int64)
    first = np.ones(len(order), bool)
    first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    return tails[first], heads[first], weights[order][first]


def _networkx(made: Market, weights: NDArray[np.int64]) -> Callable[[], bool] | None:
    networkx = library("networkx")
    if networkx is None:
        return None
    graph = networkx.DiGraph()
    tails, heads, best = _best_per_pair(made, weights)
    graph.add_weighted_edges_from(zip(tails.tolist(), heads.tolist(), best.tolist(), strict=True))
    return lambda: bool(networkx.negative_edge_cycle(graph))


def _scipy(made: Market, weights: NDArray[np.int64]) -> Callable[[], bool] | None:
    csgraph, sparse = library("scipy.sparse.csgraph"), library("scipy.sparse")
    if csgraph is None or sparse is None:
        return None
    tails, heads, best = _best_per_pair(made, weights)
    graph = sparse.csr_matrix((best.astype(float), (tails, heads)), shape=(made.tokens, made.tokens))

    def call() -> bool:
        try:
            csgraph.bellman_ford(graph, indices=0)
        except csgraph.NegativeCycleError:
            return True
        return False

    return call


def _numba(made: Market, weights: NDArray[np.int64], most: int | None = None) -> Callable[[], bool] | None:
    """Bellman-Ford over edge columns as one writes it with numba: passes until nothing changes, or `most` of them."""
    if library("numba") is None:
        return None
    compiled = _compiled()
    tails, heads = made.tails.astype(np.int64), made.heads.astype(np.int64)
    most = made.tokens if most is None else most
    return lambda: bool(compiled(tails, heads, weights, made.tokens, most))


@functools.cache
def _compiled() -> Any:
    def passes(tails: Any, heads: Any, weights: Any, tokens: int, most: int) -> bool:
        distance = np.zeros(tokens, np.int64)
        for _ in range(most):
            changed = False
            for edge in range(len(tails)):
                reached = distance[tails[edge]] + weights[edge]
                if reached < distance[heads[edge]]:
                    distance[heads[edge]] = reached
                    changed = True
            if not changed:
                return False
        return True

    return library("numba").njit(passes)


def _enumeration() -> Iterator[Case]:
    made = market(*LARGE)
    mine, twin = _native_graph(made), PoolGraph(made.tails.tolist(), made.heads.tolist())
    column = made.weights.tolist()
    counts, _ = mine.cycles_through(made.weights, 0, 5, 32, 0) if mine else twin.cycles_through(column, 0, 5, 32, 0)
    yield Case(
        "all cycles of ≤ 5 hops by a base", f"{sum(counts):,} cycles", 1,
        mine and _of(mine.cycles_through, made.weights, 0, 5, 32, 0),
        _of(twin.cycles_through, column, 0, 5, 32, 0), goals=(("python", 20.0),),
    )  # fmt: skip


def _scan() -> Iterator[Case]:
    """500 tokens, 1,000 pools of which one in fifty is 1 % off."""
    made, rng = market(500, 1_000), np.random.default_rng(7)
    gap = (made.weights[1::2] - made.weights[::2]) / 2 / ONE
    gap[rng.random(1_000) < 0.02] += PERCENT / ONE
    size = rng.uniform(38, 42, 1_000)
    reserves_a, reserves_b = np.exp2(size - gap / 2), np.exp2(size + gap / 2)
    columns = reserves_a.astype(np.uint64), reserves_b.astype(np.uint64)
    bases = [(base, 10**12, 5_000) for base in range(3)]
    args: tuple[Any, ...] = ((25, 10_000), bases, 4, 100_000, 1 << 40, msgspec.json.encode(Gates(min_net_ppm=10)))
    extension = native()
    lists = made.tails.tolist(), made.heads.tolist(), columns[0].tolist(), columns[1].tolist()
    python: Any = scan_pools
    if extension:
        found, expanded, _ = extension.scan_pools(made.tails, made.heads, *columns, *args)
    else:
        found, expanded, _ = python(*lists, *args)
    yield Case(
        "full scan, 2 to 4 hops", f"500 tokens, {len(found):,} of {expanded:,} edges", 1,
        _of(extension.scan_pools, made.tails, made.heads, *columns, *args) if extension else None,
        _of(python, *lists, *args), limit_ns=10e6,
    )  # fmt: skip


def rows(plan: Plan) -> list[EngineRow]:
    """Returns the rows of single moves: percentiles over pools, each the least of some tries."""
    del plan
    made, extension = market(*LARGE), native()
    if extension is None:
        return []
    mine = extension.PoolGraph(made.tails, made.heads)
    mine.load(made.weights)
    rng = np.random.default_rng(7)
    found = []
    limits = {"random": (500.0, 220_000.0, None), "hub": (40_000.0, 250_000.0, 600_000.0)}
    for kind, pools in (("random", rng.integers(0, LARGE[1], MOVED).tolist()), ("hub", made.hub_pools)):
        moves, searches, negative = _moves(mine, made, pools)
        low, high, best = limits[kind]
        size = f"{len(pools)} {kind} pools, {negative} with a cycle"
        found += [
            _row("a pool moves 1 %: a cycle? p50", size, _percentile(moves, 50), low),
            _row("a pool moves 1 %: a cycle? p95", size, _percentile(moves, 95), high),
            _row("best 32 of ≤ 4 hops after it, p95", size, _percentile(searches, 95), best),
        ]
    return found


def _moves(mine: Any, made: Market, pools: list[int]) -> tuple[list[int], list[int], int]:
    """Returns ns of each pool's move and of the search after it, and how many moves closed a cycle."""
    moves, searches, negative = [], [], 0
    now = time.perf_counter_ns
    for pool in pools:
        sell, buy = (int(weight) for weight in made.weights[2 * pool : 2 * pool + 2])
        cheaper, dearer, times = sell - PERCENT, buy + PERCENT, []
        for _ in range(TRIES):
            begun = now()
            cycle = mine.move(pool, cheaper, dearer)
            moved = now()
            mine.search(pool, 4, 32, 1 << 40, 0)
            times.append((moved - begun, now() - moved))
            mine.move(pool, sell, buy)
        moves.append(min(each for each, _ in times))
        searches.append(min(each for _, each in times))
        negative += cycle is not None
    return moves, searches, negative


def _percentile(values: list[int], q: int) -> float:
    return float(sorted(values)[len(values) * q // 100])


def _row(name: str, size: str, ns: float, limit_ns: float | None) -> EngineRow:
    return judged(EngineRow(name, size, None, ns), [] if limit_ns is None else [most_ns(limit_ns)])
