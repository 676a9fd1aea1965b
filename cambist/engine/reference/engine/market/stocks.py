"""What we hold at exchanges, as far as it bounds what a route can be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.market.transfers import rebalancing

if TYPE_CHECKING:
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.market.transfers import Rebalancing

_UNBOUND: Final = (1 << 64) - 1


@dataclass(slots=True, frozen=True)
class Stocks:
    """The most that each edge of a route can be given of what we hold."""

    most: list[int]
    beside: Rebalancing | None
    """What the first one's token pays beside, where that goes by what each edge is given."""
    given: list[int] = field(default_factory=list)
    """What the edges were given since the first one was asked about last."""

    def is_held(self, hop: int, amount_in: int) -> bool:
        """Returns whether we hold what an edge is given, and at the last one also what moving back costs.

        To be asked from the first edge on.
        """
        if amount_in > self.most[hop]:
            return False
        if self.beside is None:
            return True
        del self.given[hop:]
        self.given.append(amount_in)
        if hop + 1 < len(self.most):
            return True
        return self.given[0] + (self.beside.cost(self.given[0], self.given) or 0) <= self.most[0]


def stocks_of(market: Market, edges: list[int]) -> Stocks | None:
    """Returns the most that each edge can be given of what we hold; `None` if nothing bounds any of them.

    The first one's token pays for moving inventory back, too.
    """
    most = [_stock(market, edge) for edge in edges] if market.stocks else []
    if all(each == _UNBOUND for each in most):
        return None
    beside = None
    if most[0] < _UNBOUND:
        if market.transfers:
            beside = rebalancing(market, edges)
        else:
            most[0] = most[0] * PPM // (PPM + (market.setup.gates.rebalancing_ppm or 0))
    return Stocks(most, beside)


def _stock(market: Market, edge: int) -> int:
    behind = market.edges[edge]
    if behind.kind is not Kind.BOOK:
        return _UNBOUND
    held = market.stocks.get(market.books.entries[behind.at].venue)
    return _UNBOUND if held is None else held.get(market.ends(edge)[0], 0)
