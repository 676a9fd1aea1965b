"""What cycles may earn at this moment: bases with their values, the costs that no quote is needed for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.market.transfers import rebalancing
from cambist.engine.reference.engine.route import cap
from cambist.engine.reference.engine.standing import MOST, UNVALUED
from cambist.engine.reference.fees import SwapShape, base_fee, cu_limit, priority_fee
from cambist.engine.reference.search.by_money import PROBE_SHARE, Base, ByMoney, Limits, Places, money_of
from cambist.engine.reference.search.estimate import Range, starts
from cambist.engine.reference.search.log2 import log2_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.judging import Judge
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.prices import Prices
    from cambist.engine.reference.engine.standing import Cycle
    from cambist.engine.reference.search.estimate import Estimate, Hop

WIDENED: Final = 1.0 / 16.0
"""The part of its gain, before capped fees, that an estimate is raised by and then held against what was sized.

A cycle of constant products never earns more than its estimate. Of the cycles of every kind of pool and books fewer
than one in 200 earn more than that raised: those with a curve that was fitted to quotes and pays more between them, and
those whose costs grow with the input, where a smaller one leaves more than that of the most gain. `make ranking` counts
them.
"""
_WEIGHT_BITS: Final = 40
_MOST_BITS: Final = 62


class Ranking:
    """What ranking asks of the market, at one moment."""

    def __init__(self, setup: EngineSetup, market: Market, prices: Prices, judge: Judge) -> None:
        self._setup, self._market, self._judge = setup, market, judge
        self._per_lamport: dict[int, float] = {}
        """Atoms of a base token that cost what a lamport does, by its node; absent if unknown."""
        self.bases: dict[int, Base] = {}
        for mint, rank in prices.ranks.items():
            node = market.graph.find_node(mint)
            if node is not None:
                self.bases[node] = Base(rank, prices.atom_value(mint), _inputs(cap(setup, mint)))
                per_lamport = prices.per_lamport(mint)
                if per_lamport is not None:
                    self._per_lamport[node] = per_lamport
        self._bits: dict[int, int] = {}

    def by_money(self) -> ByMoney:
        """Returns what a search of this moment keeps."""
        search = self._setup.search
        limits = Limits(Places(MOST, search.keep, UNVALUED), search.max_hops, self._market.margin, self._least_cost())
        return ByMoney(self._market.graph, self._market.potentials, self, self.bases, limits)

    def _least_cost(self) -> float:
        """Returns what the cheapest trade costs in whole quote tokens; nothing where some settle off the chain."""
        if any(edge.kind is not Kind.POOL for edge in self._market.edges):
            return 0.0
        lamports = float(base_fee(self._setup.bidding.signatures) + self._judge.least_tip)
        costs = [
            lamports * self._per_lamport.get(node, 0.0) * base.value
            for node, base in self.bases.items()
            if base.value is not None
        ]
        return min(costs, default=0.0)

    def hop(self, edge: int) -> Hop | None:
        """Returns what an edge pays near its price, at the size that a trade of the cap has there."""
        return self._market.hop(edge, self._size_bits(self._market.graph.tails[edge]))

    def _size_bits(self, node: int) -> int:
        """Returns log2 of the cap in a token, by the potentials; of bases with different caps the greatest."""
        bits = self._bits.get(node)
        if bits is None:
            value = self._market.potentials.value
            sizes = [
                (log2_ratio(int(base.inputs.most), 1) or 0) - value(node) + value(start)
                for start, base in self.bases.items()
                if base.inputs
            ]
            bits = self._bits[node] = min(max(max(sizes, default=0) >> _WEIGHT_BITS, 0), _MOST_BITS)
        return bits

    def net(self, route: Sequence[int], base: int, found: Estimate) -> float | None:
        """Returns what an estimate leaves after costs, in atoms of the base token.

        `None` if one is not set. Of the chain's costs those are nothing that are not known yet: they will be.
        """
        gates, bidding = self._setup.gates, self._setup.bidding
        pools = [edge for edge in route if self._market.on_chain(edge)]
        legged = len(pools) < len(route)
        loan = gates.flash_loan_ppm if gates.flash_loan else 0
        moving = rebalancing(self._market, route) if legged else None
        rate = loan if moving is None else moving.ppm()
        if rate is None:
            return None
        net, per_lamport = found.gain - found.amount_in * float(rate) / float(PPM), self._per_lamport.get(base, 0.0)
        if moving is not None:
            net -= moving.flat(lambda hop: self._steepest(route[hop]))
        if pools:
            if not legged:
                share = max(found.gain, 0.0) * float(bidding.tip_ppm_of_gross) / float(PPM)
                net -= max(share, float(self._judge.least_tip) * per_lamport)
            net -= float(self._lamports(route, pools)) * per_lamport
        return net

    def reach(self, cycle: Cycle) -> float:
        """Returns the money that a cycle with a value may earn at most, by its estimate widened.

        See `WIDENED` for the few that earn more.
        """
        node = self._market.graph.find_node(cycle.base)
        value = None if node is None else self.bases[node].value
        more = max(cycle.estimate.gain + cycle.estimate.lost, 0.0) * WIDENED
        return money_of(value or 0.0, cycle.estimate.gain, None if cycle.net is None else cycle.net + more)

    def starts(self, cycle: Cycle) -> list[list[float]]:
        """Returns the sizes of a cycle that may earn most, by the pieces in which its profit is concave."""
        node = self._market.graph.find_node(cycle.base) if cycle.base else None
        inputs = None if node is None or node not in self.bases else self.bases[node].inputs
        hops = [hop for hop in map(self.hop, cycle.edges) if hop is not None]
        if inputs is None or len(hops) < len(cycle.edges):
            return []
        return starts(hops, inputs)

    def _steepest(self, edge: int) -> float:
        """Returns the most atoms that a hop pays for one: what it is worth less can't cost more."""
        hop = self.hop(edge)
        return math.inf if hop is None else hop.steepest

    def _lamports(self, route: Sequence[int], pools: Sequence[int]) -> int:
        """Returns base fee, priority fee and rent of swaps that cross no tick, as far as they are known."""
        units = cu_limit(SwapShape(self._market.venue(edge), 0, *self._market.extras(edge)) for edge in pools)
        bid, rent = self._judge.bid_on(route), self._judge.rent(route)
        priority = None if bid is None or units is None else priority_fee(bid, units)
        return base_fee(self._setup.bidding.signatures) + (priority or 0) + (rent or 0)


def _inputs(cap: int | None) -> Range | None:
    return None if cap is None else Range(float(max(1, cap // PROBE_SHARE)), float(cap))
