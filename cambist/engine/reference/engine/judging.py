"""What a standing cycle costs at its size, and the decision on it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.market.legs import leg
from cambist.engine.reference.engine.registry.torn import is_confirmed
from cambist.engine.reference.engine.route import cap, settlement
from cambist.engine.reference.fees import base_fee, priority_fee
from cambist.engine.reference.judge.scorer import Candidate, decide, needs_second
from cambist.model.ends import Fate
from cambist.model.opportunity import Cost, Lamports, Opportunity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.prices import Prices
    from cambist.engine.reference.engine.route import Sizing
    from cambist.engine.reference.engine.standing import Cycle, Moment
    from cambist.engine.reference.fees import Bid, FeeModel
    from cambist.engine.reference.fees.sources import Sources
    from cambist.model.ends import GapEnd

MOST_TOOK = 64
"""Orders of ours whose times are remembered."""
MEMORY_SLOTS = 1_500
"""Ten minutes of slots: the half-life of what outcomes taught."""


class Judge:
    """What trades cost now, how they ended so far, and the decisions that follow."""

    def __init__(self, setup: EngineSetup, market: Market, prices: Prices) -> None:
        self.setup, self.market, self.prices = setup, market, prices
        self.learned: dict[tuple[str, int], tuple[int, int]] = {}
        """(settlement, hops) → (landed, tried), of orders and of gaps that nothing was sent for."""
        self.took_ns: deque[int] = deque(maxlen=MOST_TOOK)
        """How long the last orders took from their decision until they landed, the oldest first."""
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

    def bid_on(self, edges: Sequence[int]) -> int | None:
        """Returns what a route bids: the price of the dearest of its accounts where that is above the chain's."""
        if self.bid is None:
            return None
        pools = [self.market.edges[edge] for edge in edges if self.market.on_chain(edge)]
        names = [self.market.registry.pools[pool.at].name for pool in pools]
        known = [self._account_bids[name] for name in names if name in self._account_bids]
        return max(self.bid.micro_lamports, *known) if known else self.bid.micro_lamports

    def cost(self, cycle: Cycle, sizing: Sizing) -> Cost:
        """Returns every cost of a trade of this size, once, in atoms of the base token."""
        return self._charges(cycle, sizing)[0]

    def _charges(self, cycle: Cycle, sizing: Sizing) -> tuple[Cost, Lamports]:
        """Returns every cost of a trade of this size, and what of it the chain asks for in lamports."""
        gates = self.setup.gates
        legged = settlement(self.market, cycle.edges) == "legged"
        loan = gates.flash_loan_ppm if gates.flash_loan and not legged else 0
        lamports, tip = self._lamports(cycle, sizing), 0 if legged or sizing.cu_limit == 0 else None
        if tip is None:
            tip, in_lamports = self._tip(cycle.base, sizing)
            lamports = msgspec.structs.replace(lamports, tip=in_lamports)
        cost = Cost(
            venue_fees=sizing.fees,
            transfer_fees=0,
            base_fee=self._convert(lamports.base_fee, cycle.base),
            priority_fee=self._convert(lamports.priority_fee, cycle.base),
            tip=tip,
            rent=self._convert(lamports.rent, cycle.base),
            rebalancing=sizing.rebalancing,
            flash_loan=None if loan is None else -(-sizing.amount_in * loan // PPM),
        )
        return cost, lamports

    def _lamports(self, cycle: Cycle, sizing: Sizing) -> Lamports:
        """Returns what the chain asks for whatever the gross is; no tip."""
        rent = self.rent(cycle.edges)
        if sizing.cu_limit == 0:
            return Lamports(0, 0, 0, rent)
        bid = self.bid_on(cycle.edges)
        priority = None if bid is None or sizing.cu_limit is None else priority_fee(bid, sizing.cu_limit)
        return Lamports(base_fee(self.setup.bidding.signatures), priority, 0, rent)

    def _tip(self, base: str, sizing: Sizing) -> tuple[int | None, int | None]:
        """Returns the tip in atoms of the base token and in lamports: a share of the gross, at least the floor."""
        gross = max(0, sizing.amount_out - sizing.amount_in)
        share = gross * self.setup.bidding.tip_ppm_of_gross // PPM
        floor = self.prices.from_lamports(self.least_tip, base) if base else None
        if floor is None:
            return None, None
        if share <= floor:
            return floor, self.least_tip
        in_lamports = self.prices.lamports_of(share, base)
        return (None, None) if in_lamports is None else (share, max(in_lamports, self.least_tip))

    def rent(self, edges: Sequence[int]) -> int | None:
        """Returns the lamports that token accounts cost which a route needs and the wallet has not.

        `None` if one of their mints is unknown.
        """
        held = self.setup.bidding.token_accounts
        if held is None or self.setup.bidding.rent_recoverable:
            return 0
        pools = [edge for edge in edges if self.market.on_chain(edge)]
        total = 0
        for mint in {mint for edge in pools for mint in self.market.ends(edge)} - set(held):
            rent = self.market.account_rent(mint)
            if rent is None:
                return None
            total += rent
        return total

    def _convert(self, lamports: int | None, base: str) -> int | None:
        if not lamports:
            return lamports
        return self.prices.from_lamports(lamports, base) if base else None

    def decide(self, cycle: Cycle, moment: Moment) -> Opportunity:
        """Returns the decision on a cycle as it stands."""
        sizing, (cost, lamports) = cycle.sizing, self._charges(cycle, cycle.sizing)
        settled = settlement(self.market, cycle.edges)
        legs = [leg(self.market, edge, moment.now_ns) for edge in cycle.edges]
        details = {problem: next((leg.detail for leg in legs if leg.problem == problem), "") for problem in _PROBLEMS}
        wins, tries = self.learned.get((settled, len(cycle.edges)), (0, 0))
        seen = _slots_seen(cycle.first_slot, moment.slots)
        verdict = decide(
            Candidate(
                amount_in=sizing.amount_in,
                amount_out=sizing.amount_out,
                settlement=settled,
                has_base=cap(self.setup, cycle.base) is not None,
                **details,
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
        return Opportunity(
            seq=moment.seq,
            recv_ns=moment.now_ns,
            slot=moment.slot,
            key=cycle.key,
            route=[self.market.graph.name(edge) for edge in cycle.edges],
            tokens=[*tokens, tokens[0]],
            settlement=settled,
            amount_in=sizing.amount_in,
            amount_out=sizing.amount_out,
            gross=sizing.amount_out - sizing.amount_in,
            cost=cost,
            net=verdict.net,
            oldest_ns=max(leg.age_ns for leg in legs),
            seen_slots=seen,
            landing_ppm=verdict.landing_ppm,
            score=verdict.score,
            go=verdict.go,
            reason=verdict.reason,
            detail=verdict.detail,
            miss=verdict.miss,
            miss_unit=verdict.miss_unit,
            judged_slots=moment.slots,
            lamports=lamports,
        )

    def _unconfirmed(self, cycle: Cycle) -> str:
        """Returns the first pool of a cycle that is too good to go on one endpoint's word, which is all there is."""
        sizing = cycle.sizing
        if not needs_second(sizing.amount_in, sizing.amount_out, self.setup.gates):
            return ""
        market = self.market
        behind = (market.edges[edge] for edge in cycle.edges)
        pools = [market.registry.pools[each.at] for each in behind if each.kind is Kind.POOL]
        return next((pool.name for pool in pools if not is_confirmed(market.registry, pool)), "")

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        """Counts how an order on a cycle ended, with all of its settlement and hop count."""
        if took_ns is not None:
            self.took_ns.append(took_ns)
        self._count(key, landed=landed)

    def watch(self, end: GapEnd, *, sent: bool) -> None:
        """Counts a gap that was worth an order, and that nothing was sent for, as one that was.

        It would have landed if the gap outlived the median of the times that our orders took: before any is known, or
        where it is not known when the gap ended, nothing is counted.
        """
        if sent or not end.go_ns or end.fate not in CLOSED or not self.took_ns:
            return
        own_ns = sorted(self.took_ns)[(len(self.took_ns) - 1) // 2]
        self._count(end.key, landed=end.ended_ns - end.go_ns > own_ns)

    def _count(self, key: str, *, landed: bool) -> None:
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


CLOSED: Final = frozenset({Fate.TAKEN, Fate.FADED})
"""Fates of gaps that were open to us until they ended."""
_PROBLEMS = ("fork", "torn", "stale", "depeg")
"""Of a leg, and the fields of a candidate that name it."""


def _slots_seen(first_slot: int | None, slots: int) -> int:
    """Returns in how many slots a cycle paid: 0 if it never did, 1 if it was found before the first announcement."""
    if first_slot is None:
        return 0
    return max(1, slots - first_slot + 1) if first_slot else 1
