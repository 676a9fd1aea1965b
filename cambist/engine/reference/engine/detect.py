"""What changed is weighed, cycles are searched around it, each one that stands is decided on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.engine.reference.engine.market.legs import waits
from cambist.engine.reference.search.multiverse import Params, search
from cambist.model.opportunity import encode

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.standing import Cycle, Moment


@dataclass(slots=True)
class Output:
    """What one call hands out."""

    decisions: list[bytes] = field(default_factory=list)
    go: int = 0
    """Of the last record."""


def settle(engine: ReferenceEngine, moment: Moment, out: Output) -> None:
    """Weighs what changed, searches around it and decides."""
    market = engine.market
    registry = market.registry
    if not (registry.dirty or registry.aged or market.dirty_books or market.is_due(moment.now_ns)):
        return
    books = sorted(market.dirty_books)
    touched, pools, torn = market.settle(moment.now_ns)
    engine.counters.torn += torn
    for at in pools:
        engine.prices.pool(at, moment.now_ns)
    for at in books:
        engine.prices.book(at, moment.now_ns)
    if not touched:
        return
    moment.slot = market.slot or 0
    found = _search(engine)
    keys = {market.graph.cycle_key(edges) for edges, _ in found}
    waiting: list[str] = []
    for cycle in engine.standing.through(set(touched)):
        if any(waits(market, edge) for edge in cycle.edges):
            waiting.append(cycle.key)
        elif cycle.key not in keys:
            engine.standing.lose(cycle, moment.slot)
    for edges, weight in found:
        standing = engine.standing.found(moment, edges, weight)
        if standing is not None:
            engine.counters.opportunities += 1
            _decide(engine, standing, moment, out)
    review(engine, moment, waiting, out)


def _search(engine: ReferenceEngine) -> list[tuple[list[int], int]]:
    """Returns the cycles found around the edges that changed, as (canonical edges, weight), best first."""
    market, limits = engine.market, engine.setup.search
    promising = sorted(set(market.promising))
    market.promising.clear()
    if not promising:
        return []
    params = Params(limits.max_hops, limits.keep, limits.budget_edges, market.margin)
    found, work = search(market.graph, market.potentials, promising, params)
    engine.counters.cycles += len(found)
    engine.counters.expanded_edges += work.expanded
    engine.counters.budget_cuts += work.cut
    return [(list(each.edges), each.weight) for each in found]


def review(engine: ReferenceEngine, moment: Moment, keys: list[str], out: Output) -> None:
    """Decides again on standing cycles, at the sizes they have."""
    moment.slot = engine.market.slot or 0
    for key in keys:
        _decide(engine, engine.standing.cycles[key], moment, out)


def _decide(engine: ReferenceEngine, cycle: Cycle, moment: Moment, out: Output) -> None:
    opportunity, is_new = engine.standing.decide(cycle, moment)
    if not is_new:
        return
    out.decisions.append(encode(opportunity) + b"\n")
    if opportunity.go:
        out.go += 1
        engine.counters.go += 1
    else:
        engine.counters.refused[opportunity.reason] += 1
        engine.counters.stopped[opportunity.reason] += 1
