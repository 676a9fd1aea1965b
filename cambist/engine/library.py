"""The engine as a library: graphs, cycles, signals and races by the names that users of such engines know.

Everything computes in Rust where it is built, else in the reference; `backend` asks for one of them. A rate is what
one in gives out, net of fees; inside, weights are −log2 of rates as integers, so both backends agree.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.engine.backend import is_native
from cambist.engine.reference.aggregate import wss_aggregator
from cambist.engine.reference.aggregate.wss_aggregator import EndpointStats, Verdict
from cambist.engine.reference.library import modules, signal_scorer
from cambist.engine.reference.library.signal_scorer import Signal, SignalConfig, SignalReason, TokenSignal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WEIGHT_UNIT = 1 << 40
"""Weight of a factor of two."""
RATE_SCALE = 1 << 64
MAX_RATE = 2.0**63
STALE_SLOTS = 150


def backend_module(backend: str = "auto") -> Any:
    """Returns what computes: `native`, `reference`, or the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """
    return importlib.import_module("cambist.engine._native") if is_native(backend) else modules


class PoolEdge(NamedTuple):
    """One direction of a pool."""

    source: str
    """Token given."""
    target: str
    """Token got."""
    pool: str
    rate: float
    """Out for one in, net of the fee; not above 0 there is no way through."""
    fee_bps: float = 25.0
    """As told; the rate holds it already."""
    liquidity: float | None = None
    slot: int = 0
    dex: str = ""


class Cycle(NamedTuple):
    """Edges that lead back to where they began, gaining at the margin."""

    edges: tuple[PoolEdge, ...]
    weight: int
    """Sum of −log2 of the rates, 2⁴⁰ for each factor of two; below 0 it gains."""

    @property
    def profit_percent(self) -> float:
        """Returns what one round gains, of what goes in."""
        return (math.exp2(-self.weight / WEIGHT_UNIT) - 1.0) * 100.0

    @property
    def dexes(self) -> tuple[str, ...]:
        """Returns the venue of each leg."""
        return tuple(edge.dex for edge in self.edges)


class HopGraph:
    """Pools as edges. Both directions of a pool and parallel pools are kept apart.

    >>> graph = HopGraph([PoolEdge("SOL", "USDC", "a", 150.0), PoolEdge("USDC", "SOL", "b", 0.0068)])
    >>> graph.stats()
    {'tokens': 2, 'edges': 2, 'sources': 2}
    >>> [round(cycle.profit_percent, 6) for cycle in CycleFinder(graph).find()]
    [2.0]
    """

    def __init__(self, edges: Iterable[PoolEdge] = ()) -> None:
        self._pairs: dict[tuple[str, str, str], list[PoolEdge | None]] = {}
        for edge in edges:
            self.update(edge)

    def update(self, edge: PoolEdge) -> None:
        """Takes an edge in, in the place of the same pool's in the same direction.

        Raises `ValueError` for a rate that is no number below 2⁶³, or an edge from a token to itself.
        """
        if not math.isfinite(edge.rate) or edge.rate >= MAX_RATE:
            message = f"rate of {edge.pool} was {edge.rate}, expected a number below 2^63"
            raise ValueError(message)
        if edge.source == edge.target:
            message = f"{edge.pool} leads from {edge.source} to itself"
            raise ValueError(message)
        low, high = sorted((edge.source, edge.target))
        pair = self._pairs.setdefault((edge.pool, low, high), [None, None])
        pair[edge.source == high] = edge

    def prune(self, slot: int, stale_slots: int = STALE_SLOTS) -> int:
        """Drops what is older than `stale_slots` before `slot`; returns how many edges."""
        dropped = 0
        for key, pair in list(self._pairs.items()):
            kept = [edge if edge is not None and edge.slot >= slot - stale_slots else None for edge in pair]
            dropped += sum(edge is not None for edge in pair) - sum(edge is not None for edge in kept)
            self._pairs[key] = kept
            if kept == [None, None]:
                del self._pairs[key]
        return dropped

    def stats(self) -> dict[str, int]:
        """Returns how many tokens, edges, and tokens that lead somewhere there are."""
        edges = self.edges()
        sources = {edge.source for edge in edges}
        return {
            "tokens": len(sources | {edge.target for edge in edges}),
            "edges": len(edges),
            "sources": len(sources),
        }

    def edges(self) -> list[PoolEdge]:
        """Returns all edges, pool by pool as they first came."""
        return [edge for edge in self.slots() if edge is not None]

    def slots(self) -> list[PoolEdge | None]:
        """Returns both directions of each pool, `None` where one is not known: as engines number edges."""
        return [edge for pair in self._pairs.values() for edge in pair]

    def weighted(self, backend: str = "auto") -> list[tuple[int, int, int | None]]:
        """Returns (tail, head, weight) of each of `slots`, tokens numbered as they come; no weight, no way through."""
        log2_ratio = backend_module(backend).log2_ratio
        numbers: dict[str, int] = {}
        found: list[tuple[int, int, int | None]] = []
        for (_, low, high), pair in self._pairs.items():
            tail, head = (numbers.setdefault(token, len(numbers)) for token in (low, high))
            for ends, edge in (((tail, head), pair[0]), ((head, tail), pair[1])):
                scaled = int(edge.rate * RATE_SCALE) if edge is not None and edge.rate > 0 else 0
                gain = log2_ratio(scaled, RATE_SCALE) if scaled else None
                found.append((*ends, None if gain is None else -gain))
        return found


class CycleFinder:
    """Finds negative cycles anywhere in a graph (Bellman-Ford family)."""

    def __init__(self, graph: HopGraph, backend: str = "auto") -> None:
        self._graph, self._backend = graph, backend

    def find(self) -> list[Cycle]:
        """Returns cycles that gain, best first; empty if and only if there is none."""
        edges, weighted = self._graph.slots(), self._graph.weighted(self._backend)
        found = backend_module(self._backend).find_cycles(weighted)
        return _cycles(edges, weighted, found)


class MultiverseScanner:
    """Finds every gaining cycle of 2 to `max_hops` hops through given pools, and keeps the best.

    >>> graph = HopGraph([PoolEdge("SOL", "USDC", "a", 150.0), PoolEdge("USDC", "SOL", "b", 0.0068)])
    >>> found = MultiverseScanner(graph).scan()
    >>> [cycle.dexes for cycle in found.cycles], found.cut
    ([('', '')], False)
    """

    def __init__(
        self,
        graph: HopGraph,
        max_hops: int = 5,
        keep: int = 50,
        budget_edges: int = 1_000_000,
        min_profit_percent: float = 0.0,
        backend: str = "auto",
    ) -> None:
        """Raises `ValueError` for hops other than 2 to 5, or a wanted profit at or below −100 %."""
        if not 2 <= max_hops <= 5:
            message = f"max_hops was {max_hops}, expected 2 to 5"
            raise ValueError(message)
        if not min_profit_percent > -100.0:
            message = f"min_profit_percent was {min_profit_percent}, expected more than -100"
            raise ValueError(message)
        self._graph, self._backend = graph, backend
        self._limits = (max_hops, keep, budget_edges)
        self._margin = -round(math.log2(1.0 + min_profit_percent / 100.0) * WEIGHT_UNIT)

    def scan(self, pools: Iterable[str] | None = None) -> Scan:
        """Returns the best cycles through `pools`, or through any."""
        edges, weighted = self._graph.slots(), self._graph.weighted(self._backend)
        wanted = None if pools is None else set(pools)
        touched = [at for at, edge in enumerate(edges) if edge and (wanted is None or edge.pool in wanted)]
        hops, keep, budget = self._limits
        found, expanded, cut = backend_module(self._backend).search(weighted, touched, hops, keep, budget, self._margin)
        return Scan(_cycles(edges, weighted, [cycle for cycle, _ in found]), expanded, cut)


class Scan(NamedTuple):
    """What a scan found."""

    cycles: list[Cycle]
    """Best first."""
    expanded: int
    """Edges looked at."""
    cut: bool
    """The budget ended it: there may be more."""


class SignalScorer:
    """Judges signals of tokens, and counts why they were refused.

    >>> scorer = SignalScorer()
    >>> scorer.score_trade(TokenSignal(True, False, 50_000.0, 0.03, 250.0)).reason.name
    'GO'
    >>> scorer.counts["GO"]
    1
    """

    def __init__(self, config: SignalConfig | None = None, backend: str = "auto") -> None:
        self._config, self._backend = config or SignalConfig(), backend
        self.counts = dict.fromkeys((reason.name for reason in SignalReason), 0)

    def score_trade(self, token: TokenSignal) -> Signal:
        """Returns the judgement on one token."""
        return self.score_batch([token])[0]

    def score_batch(self, tokens: Sequence[TokenSignal]) -> list[Signal]:
        """Returns one judgement for each token."""
        judge = backend_module(self._backend)
        if judge is modules:
            signals, counts = signal_scorer.score_signals(self._config, tokens)
        else:
            rows, counts = judge.score_signals(self._config, list(tokens))
            signals = [Signal(SignalReason(reason), *rest) for reason, *rest in rows]
        for reason, count in zip(SignalReason, counts, strict=True):
            self.counts[reason.name] += count
        return signals


class WssAggregator:
    """Merges the streams of several endpoints: the first copy passes.

    See `reference.aggregate.wss_aggregator` for each call.

    >>> race = WssAggregator()
    >>> [race.signature(endpoint, bytes(64), failed=False, at_ns=0).name for endpoint in (0, 1)]
    ['FIRST', 'DUPLICATE']
    >>> race.stats(0).led
    1
    """

    def __init__(self, window: int = wss_aggregator.WINDOW, backend: str = "auto") -> None:
        """Raises `ValueError` for a window of 0."""
        made = backend_module(backend)
        self._race = (wss_aggregator if made is modules else made).WssAggregator(window)

    def signature(self, endpoint: int, signature: bytes, *, failed: bool, at_ns: int) -> Verdict:
        """Takes a transaction; returns what becomes of it."""
        return Verdict(self._race.signature(endpoint, signature, failed=failed, at_ns=at_ns))

    def signatures(self, endpoint: int, signatures: bytes, failed: bytes, at_ns: int) -> bytes:
        """Takes many transactions, 64 bytes each; returns a verdict's number for each."""
        found: bytes = self._race.signatures(endpoint, signatures, failed, at_ns)
        return found

    def account(
        self,
        endpoint: int,
        account: bytes,
        slot: int,
        write_version: int | None,
        lamports: int,
        data: bytes,
        at_ns: int,
    ) -> Verdict:
        """Takes an account as it was told; returns what becomes of it."""
        return Verdict(self._race.account(endpoint, account, slot, write_version, lamports, data, at_ns))

    def sequence(self, endpoint: int, stream: int, sequence: int) -> Verdict:
        """Takes a numbered message of a venue; returns what becomes of it."""
        return Verdict(self._race.sequence(endpoint, stream, sequence))

    def disconnected(self, endpoint: int) -> None:
        """Lets others advance what a lost connection led."""
        self._race.disconnected(endpoint)

    def stats(self, endpoint: int) -> EndpointStats:
        """Returns how an endpoint does in the race."""
        return EndpointStats(*self._race.stats(endpoint))


def find_cycles(edges: Iterable[PoolEdge], backend: str = "auto") -> list[Cycle]:
    """Returns cycles of `edges` that gain, best first; empty if and only if there is none."""
    return CycleFinder(HopGraph(edges), backend).find()


def _cycles(
    edges: list[PoolEdge | None], weighted: list[tuple[int, int, int | None]], found: Iterable[Sequence[int]]
) -> list[Cycle]:
    cycles = []
    for cycle in map(list, found):
        legs = tuple(edge for at in cycle if (edge := edges[at]) is not None)
        cycles.append(Cycle(legs, sum(weighted[at][2] or 0 for at in cycle)))
    return sorted(cycles, key=lambda cycle: cycle.weight)
