"""What we hold at exchanges, as far as it bounds what a route can be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.market.kind import Kind

if TYPE_CHECKING:
    from cambist.engine.reference.engine.market import Market

_UNBOUND: Final = (1 << 64) - 1


def stocks_of(market: Market, edges: list[int]) -> list[int] | None:
    """Returns the most that each edge can be given of what we hold; `None` if nothing bounds any of them.

    The first one's token pays for moving inventory back, too.
    """
    most = [_stock(market, edge) for edge in edges] if market.stocks else []
    if most and most[0] < _UNBOUND:
        most[0] = most[0] * PPM // (PPM + (market.rebalancing_ppm or 0))
    return most if any(each < _UNBOUND for each in most) else None


def _stock(market: Market, edge: int) -> int:
    behind = market.edges[edge]
    if behind.kind is not Kind.BOOK:
        return _UNBOUND
    held = market.stocks.get(market.books.entries[behind.at].venue)
    return _UNBOUND if held is None else held.get(market.ends(edge)[0], 0)
