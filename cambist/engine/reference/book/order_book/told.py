"""What a frame says, taken over into its book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book.state import Delta, Ticker
from cambist.engine.reference.exchanges.event import BookChecksum, BookTicker, DepthDelta, DepthSnapshot, Gap

if TYPE_CHECKING:
    from cambist.engine.reference.book.order_book.book import OrderBook
    from cambist.engine.reference.book.order_book.state import BookChange, Source
    from cambist.engine.reference.exchanges.event import Event


def take(book: OrderBook, said: Event, source: Source, recv_ns: int) -> BookChange | None:
    """Takes over what an event says of this book, `None` if nothing. `source` says how a snapshot came."""
    match said:
        case BookTicker():
            ticker = Ticker(said.update_id, said.bid, said.bid_qty, said.ask, said.ask_qty)
            return book.apply_ticker(ticker, recv_ns)
        case DepthDelta():
            delta = Delta(said.first, said.last, said.prev, said.bids, said.asks, said.venue_ns)
            return book.apply_delta(delta, recv_ns)
        case DepthSnapshot():
            return book.apply_snapshot(said.last, (said.bids, said.asks), source, recv_ns)
        case BookChecksum():
            return book.verify(said.sum, said.digits)
        case Gap():
            return book.gap()
        case _:
            return None
