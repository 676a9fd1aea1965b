"""What changed is weighed, cycles are searched around it, those that earn most are sized and decided on."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.market.legs import waits
from cambist.engine.reference.engine.moved import take_moved, weigh_changed
from cambist.engine.reference.engine.needs import ask_transactions
from cambist.engine.reference.engine.ranking import Ranking
from cambist.engine.reference.engine.route import glanced, requoted, size
from cambist.engine.reference.search.multiverse import Search
from cambist.model.opportunity import End, encode

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.route import Sizing
    from cambist.engine.reference.engine.standing import Cycle, Moment
    from cambist.engine.reference.search.by_money import Ranked
    from cambist.model.opportunity import Opportunity

REQUOTED: Final = 32
"""Most cycles that are quoted where their legs moved, besides those that are sized and those that can't pay."""


@dataclass(slots=True)
class Output:
    """What one call hands out."""

    decisions: list[bytes] = field(default_factory=list)
    go: int = 0
    """Of the last record."""
    ends: list[bytes] = field(default_factory=list)
    watched_ns: int | None = None
    """Time of the last frame if it is one that is watched for."""


def settle(engine: ReferenceEngine, moment: Moment, out: Output) -> None:
    """Weighs what changed, searches around it and decides."""
    market = engine.market
    weigh_changed(engine, moment.now_ns)
    touched = take_moved(engine, moment.now_ns)
    if not touched and not market.promising:
        return
    standing = engine.standing.through(touched)
    if not standing and not market.promising:
        return
    ranking = Ranking(engine.setup, market, engine.prices, engine.judge)
    found = _search(engine, ranking)
    moved, waiting = _estimate_again(engine, moment, ranking, standing)
    cycles = {cycle.key: cycle for cycle in moved}
    for each in found:
        cycle = engine.standing.find(moment, each)
        cycles[cycle.key] = cycle
    _judge(engine, moment, ranking, list(cycles.values()), out)
    engine.counters.crowded_out += engine.standing.crowd_out(moment, ranking.bases)
    review(engine, moment, waiting, out)


def _search(engine: ReferenceEngine, ranking: Ranking) -> list[Ranked]:
    """Returns the cycles found around the edges that changed."""
    market, limits = engine.market, engine.setup.search
    promising = sorted(set(market.promising))
    market.promising.clear()
    if not promising or limits.keep == 0:
        return []
    rank = ranking.by_money()
    search = Search(market.graph, market.potentials, rank, limits.max_hops)
    for _, edges in groupby(promising, key=lambda edge: edge // 2):
        pool = list(edges)
        if search.through(pool, limits.budget_edges):
            engine.counters.budget_cuts += 1
            market.promising += pool
    found = [*rank.paying, *rank.losing, *rank.unvalued]
    engine.counters.cycles += len(found)
    engine.counters.expanded_edges += search.expanded
    return found


def _estimate_again(
    engine: ReferenceEngine, moment: Moment, ranking: Ranking, standing: list[Cycle]
) -> tuple[list[Cycle], list[str]]:
    """Returns the cycles that have moved, estimated anew, and the keys of those that wait for their state."""
    market, moved, waiting = engine.market, [], []
    rank = ranking.by_money().rank
    for cycle in standing:
        if any(waits(market, edge) for edge in cycle.edges):
            waiting.append(cycle.key)
            continue
        weight = market.graph.total(cycle.edges)
        found = None if weight is None else rank(cycle.edges, weight)
        if found is None:
            engine.standing.end(moment, cycle, End.GONE)
        else:
            engine.standing.estimate(moment, cycle, found)
            moved.append(cycle)
    return moved, waiting


def _judge(engine: ReferenceEngine, moment: Moment, ranking: Ranking, cycles: list[Cycle], out: Output) -> None:
    """Sizes the cycles that may be among the `keep` that earn most.

    The `REQUOTED` best of the others that may pay, or did, are quoted at one size. Of those that can't pay, and didn't,
    as many are quoted as are missing to `keep`; the rest is known by its estimate alone.
    """
    keep, standing = engine.setup.search.keep, engine.standing
    for cycle in cycles:
        cycle.sized = False
    order = {cycle.key: standing.order(cycle, ranking.bases) for cycle in cycles}
    earned: list[float] = []
    losing = again = 0
    for cycle in sorted(cycles, key=lambda cycle: (order[cycle.key], cycle.key)):
        reach = 0.0 if order[cycle.key][0] else ranking.reach(cycle)
        # Of equals the first by key stays: what only reaches the least of those kept is not sized.
        if reach > 0.0 and (len(earned) < keep or reach > earned[keep - 1]):
            if _size(engine, moment, ranking, cycle, out):
                earned = sorted([*earned, -standing.order(cycle, ranking.bases)[1]], reverse=True)
        elif reach <= 0.0 and not _paid(cycle):
            if len(earned) + losing < keep:
                losing += 1
                _requote(engine, moment, ranking, cycle, out)
        elif again < REQUOTED:
            again += 1
            _requote(engine, moment, ranking, cycle, out)
    for cycle in cycles:
        if not cycle.sized:
            cycle.last = None
            standing.ends.overlook(moment, cycle)


def _paid(cycle: Cycle) -> bool:
    """Whether a cycle paid when it was decided on last."""
    last = cycle.last
    return last is not None and (last.go or (last.net is not None and last.net > 0))


def _requote(engine: ReferenceEngine, moment: Moment, ranking: Ranking, cycle: Cycle, out: Output) -> None:
    """Quotes a cycle at one size and decides on it; sizes it where that is not enough."""
    sizing = _at_one_size(engine, ranking, cycle)
    if sizing is None:
        _size(engine, moment, ranking, cycle, out)
    else:
        cycle.sizing, cycle.sized = sizing, True
        _decide(engine, cycle, moment, out, quietly=True)


def _at_one_size(engine: ReferenceEngine, ranking: Ranking, cycle: Cycle) -> Sizing | None:
    """Returns what a cycle pays at the size that it has, or where it is estimated to earn most.

    `None` if that is refused, or loses though another size may pay.
    """
    market, edges = engine.market, cycle.edges
    if cycle.last is None:
        sizing = glanced(market, edges, engine.standing.cap(cycle.base), cycle.estimate.amount_in)
    else:
        sizing = requoted(market, edges, cycle.sizing)
    if sizing is None or ranking.reach(cycle) <= 0.0:
        return sizing
    return sizing if sizing.amount_out - sizing.amount_in > (engine.judge.cost(cycle, sizing).chain or 0) else None


def _size(engine: ReferenceEngine, moment: Moment, ranking: Ranking, cycle: Cycle, out: Output) -> bool:
    """Sizes a cycle and decides on it. Returns whether it can be traded at any size; it ends if not."""
    sizing = size(engine.market, cycle.edges, engine.standing.cap(cycle.base), ranking.starts(cycle))
    if sizing is None:
        engine.standing.end(moment, cycle, End.UNSIZED)
        return False
    cycle.sizing, cycle.sized = sizing, True
    engine.counters.opportunities += 1
    _decide(engine, cycle, moment, out)
    return True


def review_all(engine: ReferenceEngine, moment: Moment, out: Output) -> None:
    """Lets go of what has not paid for long, and decides again on all else that stands."""
    engine.standing.expire(moment)
    review(engine, moment, sorted(engine.standing.cycles), out)
    out.ends += engine.standing.ends.tell(moment, engine.judge)
    ask_transactions(engine, engine.standing.ends.take_wanted())


def review(engine: ReferenceEngine, moment: Moment, keys: list[str], out: Output) -> None:
    """Decides again on standing cycles that are sized, at the sizes they have; once at a moment."""
    for key in keys:
        cycle = engine.standing.cycles.get(key)  # it may have been crowded out meanwhile
        if cycle is not None and cycle.last is not None and cycle.judged < moment.number:
            _decide(engine, cycle, moment, out)


def _decide(engine: ReferenceEngine, cycle: Cycle, moment: Moment, out: Output, *, quietly: bool = False) -> None:
    """Decides, and hands the decision out if it is another: `quietly` only if not for its amounts alone."""
    before = cycle.last
    opportunity = engine.judge.decide(cycle, moment)
    cycle.take(moment, opportunity)
    engine.standing.ends.look(moment, cycle)
    if before is not None and _decision(before, quietly=quietly) == _decision(opportunity, quietly=quietly):
        engine.counters.unchanged += 1
        return
    out.decisions.append(encode(opportunity) + b"\n")
    if opportunity.go:
        out.go += 1
        engine.counters.go += 1
    else:
        engine.counters.refused[opportunity.reason] += 1
        engine.counters.stopped[opportunity.reason] += 1


def _decision(opportunity: Opportunity, *, quietly: bool) -> tuple[int, int, str, bool]:
    amounts = (0, 0) if quietly else (opportunity.amount_in, opportunity.amount_out)
    return *amounts, opportunity.reason, opportunity.go
