"""A route of the graph as a trade: the size that earns most, what its hops pay, keep and compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cambist.engine.reference.engine.lots import in_lots
from cambist.engine.reference.engine.market import quotes
from cambist.engine.reference.engine.market.stocks import stocks_of
from cambist.engine.reference.engine.market.transfers import rebalancing
from cambist.engine.reference.fees import SwapShape, cu_limit
from cambist.engine.reference.search.by_money import PROBE_SHARE
from cambist.engine.reference.search.sizing import best_input, to_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.market.quotes import Hop
    from cambist.engine.reference.engine.market.stocks import Stocks


@dataclass(slots=True)
class Sizing:
    """What a cycle pays at its best size: all that costing needs without quoting again."""

    amount_in: int = 0
    amount_out: int = 0
    fees: int = 0
    """Venue and transfer fees, in atoms of the base token."""
    binds: str = ""
    """What stopped the size from growing; empty if no other was tried."""
    cu_limit: int | None = None
    """Compute units to ask for; 0 without a pool hop, `None` if unknown."""
    rebalancing: int | None = None
    """Atoms of the base token that moving back costs what it leaves elsewhere; `None` if unknown."""


def cap(setup: EngineSetup, base: str) -> int | None:
    """Returns the most atoms of a base token that one trade may put in."""
    cap = setup.gates.caps.get(base)
    return None if cap is None or cap <= 0 else cap


def size(market: Market, edges: list[int], most: int | None, starts: Sequence[Sequence[float]]) -> Sizing | None:
    """Returns the best size of a route and what it pays; of 0 without a cap, `None` if no size can be quoted.

    `starts` are inputs near which the best one may be, by concave piece.
    """
    if most is None:
        return Sizing(rebalancing=rebalancing(market, edges).cost(0, [0] * len(edges)))
    stocks = stocks_of(market, edges)
    found = None if stocks is None else _size(market, edges, most, starts, stocks)
    # Where what we hold allows for no size at all, the cycle is sized without: what lacks is then said by name.
    return found or _size(market, edges, most, starts, None)


def _size(
    market: Market, edges: list[int], most: int, starts: Sequence[Sequence[float]], stocks: Stocks | None
) -> Sizing | None:
    sized = best_input(Chain(market, edges, stocks), most, max(1, most // PROBE_SHARE), starts)
    if sized is None:
        return None
    amount_in: int | None = sized.amount_in
    if any(quotes.is_rounded(market, edge) for edge in edges):
        amount_in = in_lots(Chain(market, edges, stocks, in_lots=True), sized.amount_in, most)
    hops = "" if amount_in is None else walk(market, edges, amount_in)
    if isinstance(hops, str):
        return None
    return sizing_of(market, edges, hops, sized.binds)


def requoted(market: Market, edges: list[int], sizing: Sizing) -> Sizing | None:
    """Returns what a route pays now at the size it has, `None` if that is refused, or more than we hold at a venue."""
    if not sizing.amount_in:
        return sizing
    hops = walk(market, edges, sizing.amount_in)
    if isinstance(hops, str):
        return None
    stocks = stocks_of(market, edges)
    if stocks is not None and not all(stocks.is_held(at, hop.amount_in) for at, hop in enumerate(hops)):
        return None
    return sizing_of(market, edges, hops, sizing.binds)


def glanced(market: Market, edges: list[int], most: int | None, estimate: float) -> Sizing | None:
    """Returns what a route pays where it is estimated to earn most.

    `None` without a cap, or if that is refused or is no size that its venues take.
    """
    if most is None or any(quotes.is_rounded(market, edge) for edge in edges):
        return None
    amount_in = to_amount(estimate, max(1, most // PROBE_SHARE), most)
    return requoted(market, edges, Sizing(amount_in))


def sizing_of(market: Market, edges: list[int], hops: list[Hop], binds: str) -> Sizing:
    """Returns what the hops of a route pay together."""
    amount_in, taken = hops[0].amount_in, [hop.amount_in for hop in hops]
    units, back = compute_units(market, edges, hops), rebalancing(market, edges).cost(amount_in, taken)
    return Sizing(amount_in, hops[-1].amount_out, kept(hops), binds, units, back)


def walk(market: Market, edges: list[int], amount_in: int) -> list[Hop] | str:
    """Returns each hop of a route, or why one can't be quoted."""
    hops: list[Hop] = []
    for edge in edges:
        hop = quotes.quote(market, edge, amount_in)
        if isinstance(hop, str):
            return hop
        hops.append(hop)
        amount_in = hop.amount_out
    return hops


def kept(hops: list[Hop]) -> int:
    """Returns what all hops kept, each at the rate at which the route reached it, in atoms of the base token."""
    return sum(hop.fee * hops[0].amount_in // hop.amount_in for hop in hops)


def compute_units(market: Market, edges: list[int], hops: list[Hop]) -> int | None:
    """Returns the compute units of the pool hops, 0 if there is none, `None` if they don't fit a transaction."""
    swaps = [
        SwapShape(market.venue(edge), hop.ticks, *market.extras(edge))
        for edge, hop in zip(edges, hops, strict=True)
        if market.on_chain(edge)
    ]
    return cu_limit(swaps) if swaps else 0


def settlement(market: Market, edges: list[int]) -> str:
    """Returns `atomic` if all legs are pools, which one transaction settles, else `legged`."""
    return "atomic" if all(market.on_chain(edge) for edge in edges) else "legged"


@dataclass(slots=True, frozen=True)
class Chain:
    """A route as sizing sees it."""

    market: Market
    edges: list[int]
    stocks: Stocks | None = None
    """What each edge can be given; `None` for any amount."""
    in_lots: bool = False
    """Whether in orders that its venues take, and not of any quantity."""

    def __len__(self) -> int:
        return len(self.edges)

    def quote(self, hop: int, amount_in: int) -> int | None:
        """Returns what a hop pays, `None` if it refuses."""
        if self.stocks is not None and not self.stocks.is_held(hop, amount_in):
            return None
        quote = quotes.quote if self.in_lots else quotes.quote_unrounded
        paid = quote(self.market, self.edges[hop], amount_in)
        return None if isinstance(paid, str) else paid.amount_out

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) near the present price."""
        return quotes.virtual_reserves(self.market, self.edges[hop])
