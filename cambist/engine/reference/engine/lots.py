"""The size of a route whose venues take orders in whole steps only.

Steps make saw teeth of a route's curve, on which no search for its top can rest. So the best input is found as if
orders could be of any quantity, and moved from there to where a tooth begins: the least input that pays as much. Where
that is far below, the steps are coarse, and the next tooth above may earn more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.search.sizing import chain_out

if TYPE_CHECKING:
    from cambist.engine.reference.search.sizing import Hops

_PRECISION_BITS: Final = 20
"""A tooth's beginning is found to 2^-this of the input."""
_COARSE_BITS: Final = 4
"""Steps are coarse if the tooth begins more than 2^-this of the input below it."""


def in_lots(orders: Hops, start: int, cap: int) -> int | None:
    """Returns the input to trade near `start`, the best one but for the steps, and not above `cap`.

    `None` if every one tried is refused.
    """
    paid = chain_out(orders, start) or 0
    down = _least_that_pays(orders, start, paid) if paid else None
    if down is not None and start - down <= start >> _COARSE_BITS:
        return down
    up = _more(orders, start, cap, paid)
    if down is None or up is None:
        return up if down is None else down
    return up if (chain_out(orders, up) or 0) - up > (chain_out(orders, down) or 0) - down else down


def _least_that_pays(orders: Hops, start: int, paid: int) -> int:
    """Returns the least input that pays `paid` as `start` does."""
    enough, reach = start, max(start >> _PRECISION_BITS, 1)
    short = max(start - reach, 0)
    while short > 0 and _pays(orders, short, paid):
        enough = short
        reach *= 4
        short = max(start - reach, 0)
    return _close(orders, short, enough, paid)


def _more(orders: Hops, start: int, cap: int, paid: int) -> int | None:
    """Returns the least input above `start`, which pays `paid` or is refused, that pays more; `None` if none is met."""
    short, reach = start, max(start >> _COARSE_BITS, 1)
    while short < cap:
        enough = min(start + reach, cap)
        if _pays(orders, enough, paid + 1):
            return _close(orders, short, enough, paid + 1)
        short = enough
        reach *= 2
    return None


def _close(orders: Hops, short: int, enough: int, paid: int) -> int:
    """Halves the gap between an input that pays less and one that pays enough. Returns the latter."""
    while enough - short > max(enough >> _PRECISION_BITS, 1):
        middle = short + (enough - short) // 2
        if _pays(orders, middle, paid):
            enough = middle
        else:
            short = middle
    return enough


def _pays(orders: Hops, amount: int, paid: int) -> bool:
    out = chain_out(orders, amount)
    return out is not None and out >= paid
