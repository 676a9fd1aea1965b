"""One exchange book opened up: its state, its touch and its best levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.protocol import BookInspection
from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.engine.market.legs import book_state

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine


def inspect_book(engine: ReferenceEngine, source: str, depth: int, now_ns: int) -> BookInspection | None:
    """Returns a book (`venue:symbol`) opened up, `None` if there is none of this name."""
    at = engine.market.books.named(source)
    if at is None:
        return None
    entry = engine.market.books.entries[at]
    book = entry.book
    return BookInspection(
        source=entry.name,
        state=book_state(engine.market, at, now_ns),
        last_update_id=book.last_update_id,
        best_bid=book.best(Side.BID),
        best_ask=book.best(Side.ASK),
        bids=tuple(book.updated(Side.BID, depth)),
        asks=tuple(book.updated(Side.ASK, depth)),
        as_of_ns=entry.as_of_ns,
        silent_ns=book.pace.silent_ns,
        seeds=book.counts.seeds,
        gaps=book.counts.gaps,
        tick=entry.rules.tick,
        step=entry.rules.step,
        min_notional=entry.rules.min_notional,
        price_decimals=book.scale,
    )
