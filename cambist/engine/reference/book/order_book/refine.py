"""What a book holds, carried over to a finer scale of prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.exchanges.decimal import U64_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.book.order_book.state import Delta, Ticker
    from cambist.engine.reference.exchanges.event import Level


def fine_levels(levels: Iterable[Level], units: int) -> list[Level]:
    """Returns levels with their prices times `units`, without those that do not fit."""
    return [(price * units, qty) for price, qty in levels if price * units <= U64_MAX]


def fine_delta(delta: Delta, units: int) -> Delta:
    """Returns a depth message with its prices times `units`, without levels that do not fit."""
    return replace(delta, bids=fine_levels(delta.bids, units), asks=fine_levels(delta.asks, units))


def fine_ticker(ticker: Ticker, units: int) -> Ticker | None:
    """Returns a best bid and ask times `units`, `None` if one does not fit."""
    bid, ask = ticker.bid * units, ticker.ask * units
    return replace(ticker, bid=bid, ask=ask) if max(bid, ask) <= U64_MAX else None
