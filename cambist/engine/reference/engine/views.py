"""What screens are shown of an engine: the whole of it, and one cycle or price opened up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.engine.protocol import (
    BarView,
    Counters,
    CycleEnd,
    CycleHistory,
    CycleInspection,
    EngineView,
    EquivalenceView,
    FeeInput,
    HopView,
    MoveView,
    PriceInspection,
    PriceView,
)
from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.engine.endpoints import slots_behind
from cambist.engine.reference.engine.market import equivalence, quotes
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.market.legs import book_state, leg, pool_leg
from cambist.engine.reference.engine.market.transfers import moves
from cambist.engine.reference.engine.route import sizing_of, walk
from cambist.engine.reference.engine.standing import Ended
from cambist.engine.reference.exchanges.decimal import real
from cambist.engine.reference.fees import SwapShape, base_fee, cu_limit, priority_fee
from cambist.engine.reference.fees.sources import level
from cambist.engine.reference.judge.scorer import landing_ppm
from cambist.engine.reference.venues import TYPICAL

if TYPE_CHECKING:
    from cambist.engine.protocol import ChannelView
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.market.equivalence import Guard, Tie
    from cambist.engine.reference.engine.market.legs import Leg
    from cambist.engine.reference.engine.market.quotes import Hop
    from cambist.engine.reference.engine.prices import Row
    from cambist.engine.reference.engine.standing import Cycle
    from cambist.engine.reference.fees.sources import Fullest

CURVE_POINTS = 64
TYPICAL_CU = cu_limit([SwapShape(venue) for venue in TYPICAL]) or 0
"""Of a typical trade."""


@dataclass(slots=True)
class Tally:
    """Running totals."""

    frames: int = 0
    malformed: int = 0
    gaps: int = 0
    cycles: int = 0
    opportunities: int = 0
    go: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    expanded_edges: int = 0
    budget_cuts: int = 0
    torn: int = 0
    crowded_out: int = 0
    moments: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0

    def take(self, counters: Counters) -> None:
        """Goes on from totals of a snapshot."""
        for name in counters.__struct_fields__:
            setattr(self, name, getattr(counters, name))
        self.refused, self.stopped = Counter(counters.refused), Counter(counters.stopped)

    def view(self) -> Counters:
        """Returns the totals as shown."""
        return Counters(
            frames=self.frames,
            malformed=self.malformed,
            gaps=self.gaps,
            cycles=self.cycles,
            opportunities=self.opportunities,
            go=self.go,
            refused=dict(sorted(self.refused.items())),
            expanded_edges=self.expanded_edges,
            budget_cuts=self.budget_cuts,
            torn=self.torn,
            crowded_out=self.crowded_out,
            moments=self.moments,
            stopped=dict(sorted(self.stopped.items())),
            unchanged=self.unchanged,
        )


def present(engine: ReferenceEngine, now_ns: int) -> EngineView:
    """Returns all that is shown."""
    market, fees = engine.market, engine.fees
    bidding, bid, full = engine.setup.bidding, engine.judge.bid, _fullest(engine)
    return EngineView(
        slot=market.slot,
        slot_ns=market.slot_ns if market.slot is not None else None,
        prices=_prices(engine, now_ns),
        cycles=tuple(engine.standing.ranked()),
        channels=_channels(engine),
        fees=tuple(fees.rows()),
        fee_source=fees.source(),
        congestion=congestion(engine),
        bid_micro_lamports=None if bid is None else bid.micro_lamports,
        trade_lamports=trade_lamports(engine),
        sol_price=engine.prices.mid(engine.setup.sol_mint),
        counters=engine.counters.view(),
        bid_percentile=engine.sources.percent(bidding),
        fullness_ppm=None if full is None else full.ppm,
        fee_inputs=_fee_inputs(engine),
        equivalences=_equivalences(engine, now_ns),
    )


def _equivalences(engine: ReferenceEngine, now_ns: int) -> tuple[EquivalenceView, ...]:
    market = engine.market
    found = [(tie, equivalence.guard(market, tie, now_ns)) for tie in market.ties]
    return tuple(_equivalence(market, tie, guard) for tie, guard in found)


def _equivalence(market: Market, tie: Tie, guard: Guard) -> EquivalenceView:
    entry = equivalence.pair_book(market, tie)
    return EquivalenceView(
        a=tie.facts.a,
        b=tie.facts.b,
        pair=tie.facts.pair,
        state=guard.peg,
        detail="" if equivalence.holds(market, tie, guard) else equivalence.words(market, tie, guard),
        bid=_shown(entry, Side.BID),
        ask=_shown(entry, Side.ASK),
        deviation_ppm=guard.deviation_ppm,
        widened_ppm=guard.widened_ppm,
        cost_ppm=tie.facts.cost_ppm,
        band_ppm=tie.facts.band_ppm,
        age_ns=guard.age_ns,
    )


def _shown(entry: BookEntry | None, side: Side) -> float | None:
    best = None if entry is None else entry.book.best(side)
    return None if entry is None or best is None else real(best[0], entry.book.scale)


def _fullest(engine: ReferenceEngine) -> Fullest | None:
    return None if engine.market.slot is None else engine.sources.fullest(engine.market.slot)


def trade_lamports(engine: ReferenceEngine) -> tuple[int, int | None, int]:
    """Returns (base fee, priority fee, tip) of a typical trade now."""
    bid = engine.judge.bid
    priority = None if bid is None else priority_fee(bid.micro_lamports, TYPICAL_CU)
    return base_fee(engine.setup.bidding.signatures), priority, engine.judge.least_tip


def congestion(engine: ReferenceEngine) -> int | None:
    """Returns the higher of what prices and what the fullness of accounts say, 0-100."""
    full, priced = _fullest(engine), engine.fees.congestion()
    if full is None:
        return priced
    return max(min(full.ppm // 10_000, 100), 0 if priced is None else priced)


def _fee_inputs(engine: ReferenceEngine) -> tuple[FeeInput, ...]:
    """Returns the figures that fees rest on, each with where it comes from and when it was heard."""
    sources, bid, full = engine.sources, engine.judge.bid, _fullest(engine)
    percent = sources.percent(engine.setup.bidding)
    inputs = [
        FeeInput("bid", bid.source if bid else "", bid.micro_lamports if bid else None, engine.fees.newest_ns),
        *(
            FeeInput("account", account, sources.account_price(account, percent), row.recv_ns)
            for account, row in sorted(sources.accounts.items())
        ),
        *(
            FeeInput("estimate", source, level(each.levels, percent), each.recv_ns)
            for source, each in sorted(sources.estimates.items())
        ),
    ]
    if sources.tips is not None:
        least = sources.least_tip(engine.setup.bidding)
        inputs.append(FeeInput("tip", "tip_floor", least, sources.tips.recv_ns))
    if full is not None:
        inputs.append(FeeInput("fullness", "logs", full.ppm, full.recv_ns))
    if percent in sources.outcomes:
        inputs.append(FeeInput("landing", "outcomes", landing_ppm(*sources.outcomes[percent]), None))
    return tuple(inputs)


def _channels(engine: ReferenceEngine) -> tuple[ChannelView, ...]:
    return tuple(
        channel.view(engine.race.view(at), slots_behind(engine, channel))
        for at, channel in sorted(engine.channels.items())
    )


def _prices(engine: ReferenceEngine, now_ns: int) -> tuple[PriceView, ...]:
    found = [(row, source(engine, row, now_ns)) for _, row in sorted(engine.prices.rows.items())]
    tokens: dict[str, list[tuple[Row, str]]] = {}
    for row, (_, _, (state,)) in found:
        tokens.setdefault(row.key[0], []).append((row, state))
    chosen = {token: deepest(rows, believed=True) for token, rows in tokens.items()}
    return tuple(
        _price(row, known, now_ns, _unit(engine, row), reference=chosen[row.key[0]] is row and not row.is_apart)
        for row, known in found
    )


def _unit(engine: ReferenceEngine, row: Row) -> str:
    """Returns the mint of what a row's prices are in, empty where no identity says."""
    return engine.market.books.entries[row.at].quote_mint if row.own else engine.setup.quote_mint


def _price(
    row: Row, known: tuple[int, int | None, tuple[str]], now_ns: int, unit: str, *, reference: bool
) -> PriceView:
    channel, current_ns, leg = known
    hour_ago, span = row.series.hour_ago(now_ns)
    bands = row.series.bands.value
    return PriceView(
        mint=row.mint,
        symbol=row.symbol,
        venue=row.venue,
        source=row.source,
        channel=channel,
        bid=row.bid,
        ask=row.ask,
        current_ns=current_ns,
        changed_ns=row.changed_ns,
        usable=leg[0] == "live",
        state=leg[0],
        first_price=row.series.first,
        hour_ago=hour_ago,
        hour_span_ns=span,
        closes=row.series.sparkline(now_ns),
        rsi=row.series.rsi.value,
        ema=row.series.ema.value,
        band_low=None if bands is None else bands.low,
        band_high=None if bands is None else bands.high,
        synthetic=row.synthetic,
        depth=row.depth,
        reference=reference,
        quote=row.quote,
        unit=unit,
    )


def deepest(rows: list[tuple[Row, str]], *, believed: bool) -> Row | None:
    """Returns the deepest of (row, state) pairs, of equals the first; if `believed`, of those that can be believed."""
    best: Row | None = None
    for row, state in rows:
        if believed and (row.synthetic or state not in ("live", "injected")):
            continue
        if best is None or row.depth > best.depth:
            best = row
    return best


def reference_row(engine: ReferenceEngine, token: str, now_ns: int, *, believed: bool = True) -> Row | None:
    """Returns a token on its reference venue: the deepest that can be believed now, of equals the first by name."""
    rows = [row for key, row in sorted(engine.prices.rows.items()) if key[0] == token]
    return deepest([(row, source(engine, row, now_ns)[2][0]) for row in rows], believed=believed)


def inspect_price(engine: ReferenceEngine, token: str, now_ns: int) -> PriceInspection | None:
    """Returns a token's price opened up, `None` if it has none."""
    row = reference_row(engine, token, now_ns) or reference_row(engine, token, now_ns, believed=False)
    if row is None:
        return None
    _, current_ns, leg = source(engine, row, now_ns)
    ahead = row.series.provisional()
    return PriceInspection(
        mint=row.mint,
        symbol=row.symbol,
        venue=row.venue,
        source=row.source,
        state=leg[0],
        synthetic=row.synthetic,
        depth=row.depth,
        current_ns=current_ns,
        changed_ns=row.changed_ns,
        bars=tuple(BarView(*point) for point in row.series.trail),
        provisional=None if ahead is None else BarView(*ahead[0]),
        rsi=None if ahead is None else ahead[1],
    )


def source(engine: ReferenceEngine, row: Row, now_ns: int) -> tuple[int, int | None, tuple[str]]:
    """Returns (channel, when it was last known to be current, (state,))."""
    market = engine.market
    if row.at < 0:
        return 0, row.changed_ns, ("injected",)
    if row.book:
        entry = market.books.entries[row.at]
        return entry.channel or 0, entry.as_of_ns, (book_state(market, row.at, now_ns),)
    pool = market.registry.pools[row.at]
    leg: Leg = pool_leg(market, row.at, now_ns)
    channel = None if pool.carrier is None else engine.channels.get(pool.carrier)
    state = pool.state if pool.state != "live" else (leg.problem or "live")
    if channel is None or channel.slot is None:
        return pool.carrier or 0, None, (state,)
    return channel.info.id, channel.slot_ns, (state,)


def inspect(engine: ReferenceEngine, key: str, now_ns: int) -> CycleInspection | None:
    """Returns a cycle opened up: one that stands, or one that ended lately; `None` if it is neither.

    Of one that ended or is not sized now there is only the history.
    """
    cycle = engine.standing.cycles.get(key)
    known = cycle or engine.standing.ended_last(key)
    if cycle is None or cycle.last is None:
        return None if known is None else CycleInspection(None, (), (), None, _history(known), ())
    hops = walk(engine.market, cycle.edges, cycle.sizing.amount_in) if cycle.sizing.amount_in else []
    if isinstance(hops, str):
        hops = []
    shown = tuple(_hop(engine, edge, hop, now_ns) for edge, hop in zip(cycle.edges, hops, strict=False))
    cap = engine.standing.cap(cycle.base)
    left = _moves(engine, cycle.edges, hops) if hops else ()
    return CycleInspection(cycle.last, shown, _curve(engine, cycle), cap, _history(cycle), left)


def _history(cycle: Cycle | Ended) -> CycleHistory:
    """Returns when a cycle was found, its best and its end; a snapshot may not have known a time, which is 0 then."""
    end = CycleEnd(cycle.last_ns, cycle.last_slot or None, cycle.how) if isinstance(cycle, Ended) else None
    found_ns = cycle.first_ns if cycle.first_ns > 0 else None
    return CycleHistory(cycle.base, found_ns, cycle.found_slot or None, cycle.best_net, cycle.best_ns, end)


def _hop(engine: ReferenceEngine, edge: int, hop: Hop, now_ns: int) -> HopView:
    market = engine.market
    mint_in, mint_out = market.ends(edge)
    behind = market.edges[edge]
    if behind.kind is Kind.EQUIVALENCE:
        pool = market.ties[behind.at].facts.pair
    else:
        pool = (market.registry.pools if behind.kind is Kind.POOL else market.books.entries)[behind.at].name
    return HopView(
        edge=market.graph.name(edge),
        venue=market.venue(edge),
        pool=pool,
        mint_in=mint_in,
        mint_out=mint_out,
        amount_in=hop.amount_in,
        amount_out=hop.amount_out,
        fee_bps=float(hop.fee) * 1e4 / float(hop.amount_in),
        impact_bps=_impact(engine, edge, hop),
        age_ns=leg(market, edge, now_ns).age_ns,
    )


def _moves(engine: ReferenceEngine, edges: list[int], hops: list[Hop]) -> tuple[MoveView, ...]:
    """Returns what a trade leaves to be moved, in the order of its hops."""
    shown = []
    for each in moves(engine.market, edges):
        amount, mint = hops[each.hop].amount_in, engine.market.ends(edges[each.hop])[0]
        fee, cost = each.costs(hops[0].amount_in, amount) or (None, None)
        shown.append(MoveView(each.origin, each.target, mint, amount, fee, cost))
    return tuple(shown)


def _impact(engine: ReferenceEngine, edge: int, hop: Hop) -> float:
    """Returns how much less a hop paid than its marginal rate promises, in bps; 0 where there is no rate."""
    rate = quotes.rate(engine.market, edge)
    if rate is None:
        return 0.0
    promised = float(hop.amount_in) * (float(rate[0]) / float(rate[1]))
    return 0.0 if promised <= 0.0 else (1.0 - float(hop.amount_out) / promised) * 1e4


def _curve(engine: ReferenceEngine, cycle: Cycle) -> tuple[tuple[int, int], ...]:
    """Returns (amount in, net) for sizes up to twice the best; sizes that can't be quoted or costed are left out."""
    best = cycle.sizing.amount_in
    if not best:
        return ()
    sizes = sorted({max(1, 2 * best * step // CURVE_POINTS) for step in range(1, CURVE_POINTS + 1)})
    points = []
    for size in sizes:
        hops = walk(engine.market, cycle.edges, size)
        if isinstance(hops, str):
            continue
        sizing = sizing_of(engine.market, cycle.edges, hops, "")
        chain = engine.judge.cost(cycle, sizing).chain
        if chain is not None:
            points.append((size, sizing.amount_out - size - chain))
    return tuple(points)
