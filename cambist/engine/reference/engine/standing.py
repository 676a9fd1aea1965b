"""Cycles that stand: found by a search, sized exactly, priced, decided on; kept until a search no longer finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.lots import in_lots
from cambist.engine.reference.engine.market import quotes
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.market.legs import leg
from cambist.engine.reference.engine.registry.torn import is_confirmed
from cambist.engine.reference.fees import SwapShape, base_fee, cu_limit, priority_fee
from cambist.engine.reference.judge.scorer import Candidate, decide, needs_second
from cambist.engine.reference.search.sizing import best_input
from cambist.model.opportunity import Cost, Opportunity

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.market.quotes import Hop
    from cambist.engine.reference.engine.prices import Prices
    from cambist.engine.reference.fees import Bid, FeeModel
    from cambist.engine.reference.fees.sources import Sources

PROBE_SHARE = 1_000
"""The smallest size tried is the cap over this, so that a near miss shows a size one would trade."""


MEMORY_SLOTS = 1_500
"""Ten minutes of slots: the half-life of what outcomes taught."""


@dataclass(slots=True)
class Moment:
    """The record being decided on."""

    seq: int
    now_ns: int
    slot: int


@dataclass(slots=True)
class Sizing:
    """What a cycle pays at its best size: all that costing needs without quoting again."""

    amount_in: int = 0
    amount_out: int = 0
    fees: int = 0
    """Venue and transfer fees, in atoms of the base token."""
    binds: str = ""
    cu_limit: int | None = None
    """Compute units to ask for; 0 without a pool hop, `None` if unknown."""


@dataclass(slots=True)
class Cycle:
    """One standing cycle."""

    key: str
    edges: list[int]
    """In the order of execution: the first one sells the base token, if there is one."""
    base: str
    """Mint, or empty."""
    weight: int
    first_slot: int | None
    """Since when it gains at the margin, over gaps that are bridged; `None` if it does not."""
    sizing: Sizing
    last: Opportunity | None = None


class Standing:
    """All standing cycles of one engine."""

    def __init__(self, setup: EngineSetup, market: Market, prices: Prices) -> None:
        self.setup = setup
        self.market = market
        self.prices = prices
        self.cycles: dict[str, Cycle] = {}
        self.learned: dict[tuple[str, int], tuple[int, int]] = {}
        """(settlement, hops) → (landed, tried)."""
        self.gaps: dict[str, tuple[int, int]] = {}
        """(since which slot, until which) by key, of cycles that paid and don't, as long as the gap may be bridged."""
        self.bid: Bid | None = None
        """Micro-lamports per compute unit and where from; kept because a percentile costs more than a quote."""
        self.least_tip = 0
        """Lamports that a tip is not below."""
        self._account_bids: dict[str, int] = {}
        """Prices of single accounts at the percentile that is bid."""

    def reprice(self, fees: FeeModel, sources: Sources) -> None:
        """Takes over what the sources say of bids and tips."""
        bidding = self.setup.bidding
        self.bid = sources.offer(fees, bidding)
        percent = sources.percent(bidding)
        prices = {account: sources.account_price(account, percent) for account in sources.accounts}
        self._account_bids = {account: price for account, price in prices.items() if price is not None}
        self.least_tip = max(bidding.min_tip_lamports, sources.least_tip(bidding))

    def bid_on(self, cycle: Cycle) -> int | None:
        """Returns what a route bids: the price of the dearest of its accounts where that is above the chain's."""
        if self.bid is None:
            return None
        pools = [self.market.edges[edge] for edge in cycle.edges if self.market.on_chain(edge)]
        names = [self.market.registry.pools[pool.at].name for pool in pools]
        known = [self._account_bids[name] for name in names if name in self._account_bids]
        return max(self.bid.micro_lamports, *known) if known else self.bid.micro_lamports

    # -- finding

    def found(self, moment: Moment, edges: list[int], weight: int) -> Cycle | None:
        """Returns the cycle of canonical `edges`, sized at the state as it is; `None` if no size can be quoted."""
        key = "|".join(self.market.graph.name(edge) for edge in edges)
        cycle = self.cycles.get(key)
        if cycle is None:
            route, base = self._rotate(edges)
            cycle = self.cycles[key] = Cycle(key, route, base, weight, None, Sizing())
        cycle.weight = weight
        sizing = self.size(cycle)
        if sizing is None:
            self.lose(cycle, moment.slot)
            return None
        cycle.sizing = sizing
        if weight >= 0:
            self._interrupt(cycle, moment.slot)
        elif not cycle.first_slot:  # slot 0 is one before any was announced: nothing can be counted from it
            cycle.first_slot = self._since(key, moment.slot)
        return cycle

    def lose(self, cycle: Cycle, slot: int) -> None:
        """Drops a cycle that no longer stands."""
        self._interrupt(cycle, slot)
        del self.cycles[cycle.key]

    def _interrupt(self, cycle: Cycle, slot: int) -> None:
        """Ends a cycle's count; it is kept aside for as long as `max_gap_slots` lets it go on."""
        most = self.setup.gates.max_gap_slots
        if most and cycle.first_slot:
            self.gaps = {key: kept for key, kept in self.gaps.items() if slot - kept[1] - 1 <= most}
            self.gaps[cycle.key] = cycle.first_slot, slot
        cycle.first_slot = None

    def _since(self, key: str, slot: int) -> int:
        """Returns since which slot a cycle counts that pays now: as `signal_persistence.Runs`, over bridged gaps."""
        first, last = self.gaps.pop(key, (slot, slot))
        return first if slot - last - 1 <= self.setup.gates.max_gap_slots else slot

    def unconfirmed(self) -> list[str]:
        """Returns the keys of the cycles that wait for a second endpoint."""
        return [key for key, c in sorted(self.cycles.items()) if c.last is not None and c.last.reason == "unconfirmed"]

    def through(self, touched: set[int]) -> list[Cycle]:
        """Returns the cycles that use one of the edges, by key."""
        return [c for _, c in sorted(self.cycles.items()) if not touched.isdisjoint(c.edges)]

    def _rotate(self, edges: list[int]) -> tuple[list[int], str]:
        """Returns the route that starts with the best-ranked base token in it, and that token's mint."""
        starts = [self.market.ends(edge)[0] for edge in edges]
        ranked = [(self.prices.ranks[mint], at) for at, mint in enumerate(starts) if mint in self.prices.ranks]
        if not ranked:
            return edges, ""
        at = min(ranked)[1]
        return edges[at:] + edges[:at], starts[at]

    # -- sizing

    def cap(self, base: str) -> int | None:
        """Returns the most atoms of a base token that one trade may put in."""
        cap = self.setup.gates.caps.get(base)
        return None if cap is None or cap <= 0 else cap

    def size(self, cycle: Cycle) -> Sizing | None:
        """Returns the best size of a cycle and what it pays; of 0 without a cap, `None` if no size can be quoted."""
        cap = self.cap(cycle.base)
        if cap is None:
            return Sizing()
        sized = best_input(Chain(self.market, cycle.edges), cap, max(1, cap // PROBE_SHARE))
        if sized is None:
            return None
        amount_in: int | None = sized.amount_in
        if any(quotes.is_rounded(self.market, edge) for edge in cycle.edges):
            amount_in = in_lots(Chain(self.market, cycle.edges, in_lots=True), sized.amount_in, cap)
        hops = "" if amount_in is None else self.walk(cycle.edges, amount_in)
        if isinstance(hops, str):
            return None
        amount_out = hops[-1].amount_out
        return Sizing(hops[0].amount_in, amount_out, self.kept(hops), sized.binds, self.cu_limit(cycle, hops))

    def walk(self, edges: list[int], amount_in: int) -> list[Hop] | str:
        """Returns each hop of a route, or why one can't be quoted."""
        hops: list[Hop] = []
        for edge in edges:
            hop = quotes.quote(self.market, edge, amount_in)
            if isinstance(hop, str):
                return hop
            hops.append(hop)
            amount_in = hop.amount_out
        return hops

    def kept(self, hops: list[Hop]) -> int:
        """Returns what all hops kept, each at the rate at which the route reached it, in atoms of the base token."""
        return sum(hop.fee * hops[0].amount_in // hop.amount_in for hop in hops)

    def cu_limit(self, cycle: Cycle, hops: list[Hop]) -> int | None:
        """Returns the compute units of the pool hops, 0 if there is none, `None` if they don't fit a transaction."""
        swaps = [
            SwapShape(self.market.venue(edge), hop.ticks, *self.market.extras(edge))
            for edge, hop in zip(cycle.edges, hops, strict=True)
            if self.market.on_chain(edge)
        ]
        return cu_limit(swaps) if swaps else 0

    # -- deciding

    def settlement(self, cycle: Cycle) -> str:
        """Returns `atomic` if all legs are pools, which one transaction settles, else `legged`."""
        return "atomic" if all(self.market.on_chain(edge) for edge in cycle.edges) else "legged"

    def cost(self, cycle: Cycle, sizing: Sizing, settlement: str) -> Cost:
        """Returns every cost of a trade of this size, once, in atoms of the base token."""
        gross = sizing.amount_out - sizing.amount_in
        gates = self.setup.gates
        legged = settlement == "legged"
        loan = gates.flash_loan_ppm if gates.flash_loan and not legged else 0
        on_chain = sizing.cu_limit != 0
        bid = self.bid_on(cycle)
        priority = None if bid is None or sizing.cu_limit is None else priority_fee(bid, sizing.cu_limit)
        rate = gates.rebalancing_ppm if legged else 0
        rent = self._rent(cycle)
        return Cost(
            venue_fees=sizing.fees,
            transfer_fees=0,
            base_fee=self._convert(base_fee(self.setup.bidding.signatures), cycle.base) if on_chain else 0,
            priority_fee=self._convert(priority, cycle.base) if on_chain else 0,
            tip=self._tip(cycle, gross) if on_chain and not legged else 0,
            rent=self._convert(rent, cycle.base) if rent else rent,
            rebalancing=None if rate is None else -(-sizing.amount_in * rate // PPM),
            flash_loan=None if loan is None else -(-sizing.amount_in * loan // PPM),
        )

    def _rent(self, cycle: Cycle) -> int | None:
        """Returns the lamports that token accounts cost which a route needs and the wallet has not.

        `None` if one of their mints is unknown.
        """
        held = self.setup.bidding.token_accounts
        if held is None or self.setup.bidding.rent_recoverable:
            return 0
        pools = [edge for edge in cycle.edges if self.market.on_chain(edge)]
        total = 0
        for mint in {mint for edge in pools for mint in self.market.ends(edge)} - set(held):
            rent = self.market.account_rent(mint)
            if rent is None:
                return None
            total += rent
        return total

    def _convert(self, lamports: int | None, base: str) -> int | None:
        return None if lamports is None or not base else self.prices.from_lamports(lamports, base)

    def _tip(self, cycle: Cycle, gross: int) -> int | None:
        floor = self._convert(self.least_tip, cycle.base)
        share = max(0, gross) * self.setup.bidding.tip_ppm_of_gross // PPM
        return None if floor is None else max(floor, share)

    def decide(self, cycle: Cycle, moment: Moment) -> tuple[Opportunity, bool]:
        """Returns the decision on a cycle as it stands, and whether it says something new."""
        sizing, settlement = cycle.sizing, self.settlement(cycle)
        cost = self.cost(cycle, sizing, settlement)
        legs = [leg(self.market, edge, moment.now_ns) for edge in cycle.edges]
        torn = next((leg.detail for leg in legs if leg.problem == "torn"), "")
        stale = next((leg.detail for leg in legs if leg.problem == "stale"), "")
        depeg = next((leg.detail for leg in legs if leg.problem == "depeg"), "")
        fork = next((leg.detail for leg in legs if leg.problem == "fork"), "")
        wins, tries = self.learned.get((settlement, len(cycle.edges)), (0, 0))
        seen = _slots_seen(cycle.first_slot, moment.slot)
        oldest = max(leg.age_ns for leg in legs)
        verdict = decide(
            Candidate(
                amount_in=sizing.amount_in,
                amount_out=sizing.amount_out,
                settlement=settlement,
                has_base=self.cap(cycle.base) is not None,
                fork=fork,
                torn=torn,
                stale=stale,
                depeg=depeg,
                unconfirmed=self._unconfirmed(cycle),
                transfer_fees=cost.transfer_fees,
                base_fee=cost.base_fee,
                priority_fee=cost.priority_fee,
                tip=cost.tip,
                rent=cost.rent,
                flash_loan=cost.flash_loan,
                rebalancing=cost.rebalancing,
                seen_slots=seen,
                wins=wins,
                tries=tries,
            ),
            self.setup.gates,
        )
        tokens = [self.market.ends(edge)[0] for edge in cycle.edges]
        opportunity = Opportunity(
            seq=moment.seq,
            recv_ns=moment.now_ns,
            slot=moment.slot,
            key=cycle.key,
            route=[self.market.graph.name(edge) for edge in cycle.edges],
            tokens=[*tokens, tokens[0]],
            settlement=settlement,
            amount_in=sizing.amount_in,
            amount_out=sizing.amount_out,
            gross=sizing.amount_out - sizing.amount_in,
            cost=cost,
            net=verdict.net,
            oldest_ns=oldest,
            seen_slots=seen,
            landing_ppm=verdict.landing_ppm,
            score=verdict.score,
            go=verdict.go,
            reason=verdict.reason,
            detail=verdict.detail,
            miss=verdict.miss,
            miss_unit=verdict.miss_unit,
        )
        before, cycle.last = cycle.last, opportunity
        return opportunity, before is None or _decision(before) != _decision(opportunity)

    def _unconfirmed(self, cycle: Cycle) -> str:
        """Returns the first pool of a cycle that is too good to go on one endpoint's word, which is all there is."""
        sizing = cycle.sizing
        if not needs_second(sizing.amount_in, sizing.amount_out, self.setup.gates):
            return ""
        market = self.market
        behind = (market.edges[edge] for edge in cycle.edges)
        pools = [market.registry.pools[each.at] for each in behind if each.kind is Kind.POOL]
        return next((pool.name for pool in pools if not is_confirmed(market.registry, pool)), "")

    def learn(self, key: str, *, landed: bool) -> None:
        """Counts how an order on a cycle ended, with all of its settlement and hop count."""
        names = key.split("|")
        kind = ("legged" if any(name.count(":") > 1 for name in names) else "atomic", len(names))
        wins, tries = self.learned.get(kind, (0, 0))
        self.learned[kind] = (wins + landed, tries + 1)

    def forget(self, before: int | None, slot: int | None) -> int:
        """Halves what was learned once every `MEMORY_SLOTS`: a losing streak does not close the gate for good.

        Returns how many times.
        """
        if slot is None:
            return 0
        by = min(max(slot // MEMORY_SLOTS - (slot if before is None else before) // MEMORY_SLOTS, 0), 63)
        if by > 0:
            halved = {kind: (wins >> by, tries >> by) for kind, (wins, tries) in self.learned.items()}
            self.learned = {kind: (wins, tries) for kind, (wins, tries) in halved.items() if tries}
        return by

    def ranked(self) -> list[Opportunity]:
        """Returns the last decisions, go first, then by net."""
        last = [c.last for c in self.cycles.values() if c.last is not None]
        return sorted(last, key=lambda o: (not o.go, o.net is None, -(o.net or 0), o.key))


@dataclass(slots=True, frozen=True)
class Chain:
    """A route as sizing sees it."""

    market: Market
    edges: list[int]
    in_lots: bool = False
    """Whether in orders that its venues take, and not of any quantity."""

    def __len__(self) -> int:
        return len(self.edges)

    def quote(self, hop: int, amount_in: int) -> int | None:
        """Returns what a hop pays, `None` if it refuses."""
        quote = quotes.quote if self.in_lots else quotes.quote_unrounded
        paid = quote(self.market, self.edges[hop], amount_in)
        return None if isinstance(paid, str) else paid.amount_out

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) near the present price."""
        return quotes.virtual_reserves(self.market, self.edges[hop])


def _decision(opportunity: Opportunity) -> tuple[int, int, str, bool]:
    return opportunity.amount_in, opportunity.amount_out, opportunity.reason, opportunity.go


def _slots_seen(first_slot: int | None, slot: int) -> int:
    """Returns in how many slots a cycle paid: 0 if it never did, 1 if it was found before the first announcement."""
    if first_slot is None:
        return 0
    return max(1, slot - first_slot + 1) if first_slot else 1
