"""Two venues, one token: their books as one and the spread between them, by Rust where it is built, else its twin."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.backend import is_native
from cambist.engine.reference.library.spread import FeeEstimate, Spread, SpreadConfig, SpreadState, VenueQuote
from cambist.engine.reference.library.spread import detect_spread as by_reference
from cambist.engine.twins import twin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import BookInspection

__all__ = ["Meeting", "Spread", "SpreadConfig", "VenueQuote", "meet", "spread_of"]


class Meeting(NamedTuple):
    """Where one book asks less than another pays, after taker fees."""

    base: int
    """× 10⁸: most that can be bought at the one and sold at the other at a gain."""
    prices: tuple[int, int] | None
    """Depth-weighted (to buy, to sell) for the size that was asked about; `None` if that is more than `base`."""


def meet(
    buy: BookInspection, sell: BookInspection, taker_ppm: tuple[int, int], base: int, backend: str = "auto"
) -> Meeting | None:
    """Returns where two books meet for a size (base × 10⁸), `None` if they don't in that direction.

    `taker_ppm` is of (the one to buy at, the one to sell at). Raises `ValueError` for what is no book.
    """
    books = [(fee, book.bids, book.asks) for fee, book in zip(taker_ppm, (buy, sell), strict=True)]
    scales = [buy.price_decimals, sell.price_decimals]
    _, _, taken, crossing = twin("consolidate_books", backend)(books, [base], scales)
    if crossing is None:
        return None
    most, _, _, bought_from, sold_to = crossing
    if (list(bought_from), list(sold_to)) != ([0], [1]):
        return None
    sale, purchase = taken[0]
    if base > most or sale is None or purchase is None:
        return Meeting(most, None)
    return Meeting(most, (purchase[1], sale[1]))


def spread_of(quotes: Sequence[VenueQuote], config: SpreadConfig, backend: str = "auto") -> Spread | None:
    """Returns the spread between the cheapest and the dearest venue, `None` where there is none worth a name.

    The same bits whoever computes; see `library.spread`.
    """
    if not is_native(backend):
        return by_reference(quotes, config)
    native = importlib.import_module("cambist.engine._native")
    (found,) = native.detect_spreads([[tuple(quote) for quote in quotes]], tuple(config))
    if found is None:
        return None
    buy, sell, percent, size, gross, fees, friction, net, state = found
    return Spread(buy, sell, percent, size, gross, FeeEstimate(*fees), friction, net, SpreadState(state))
