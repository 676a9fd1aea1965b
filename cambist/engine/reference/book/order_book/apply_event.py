"""What a frame says, taken over into its book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book.state import Delta, Ticker
from cambist.engine.reference.exchanges.event import BookChecksum, BookTicker, DepthDelta, DepthSnapshot, Gap

if TYPE_CHECKING:
    from cambist.engine.reference.book.order_book.book import OrderBook
    from cambist.engine.reference.book.order_book.state import BookChange, Source
    from cambist.engine.reference.exchanges.event import Event


def take(book: OrderBook, event: Event, source: Source, recv_ns: int) -> BookChange | None:
    """Takes over what an event says of this book, `None` if nothing. `source` says how a snapshot came."""
    match event:
        case BookTicker():
            ticker = Ticker(event.update_id, event.bid, event.bid_qty, event.ask, event.ask_qty)
            return book.apply_ticker(ticker, recv_ns)
        case DepthDelta():
            delta = Delta(event.first, event.last, event.prev, event.bids, event.asks, event.venue_ns)
            return book.apply_delta(delta, recv_ns)
        case DepthSnapshot():
            return book.apply_snapshot(event.last, (event.bids, event.asks), source, recv_ns)
        case BookChecksum():
            return book.verify(event.sum, event.digits)
        case Gap():
            return book.gap()
        case _:
            return None
