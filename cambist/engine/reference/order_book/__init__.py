"""Per-venue book state machine with that venue's sequence rule.

`EMPTY → SEEDING → LIVE → SUSPECT → SEEDING …`, and `STALE` while its connection is gone. Only a LIVE book that isn't
crossed quotes: everything else shows its last levels and is not to be traded on. A snapshot replaces, never merges.
"""

from cambist.engine.reference.order_book.book import MAX_BUFFER, MAX_CROSSED_NS, OrderBook
from cambist.engine.reference.order_book.checksum import okx_checksum
from cambist.engine.reference.order_book.consolidated import ConsolidatedBook, Crossing, NetLevel, Taken, VenueBook
from cambist.engine.reference.order_book.kraken_checksum import kraken_checksum
from cambist.engine.reference.order_book.levels import MAX_LEVELS, Levels
from cambist.engine.reference.order_book.state import (
    BookChange,
    BookCounts,
    BookParts,
    BookState,
    Continuity,
    Delta,
    Outcome,
    Side,
    Ticker,
)
from cambist.engine.reference.order_book.told import take

__all__ = [
    "MAX_BUFFER",
    "MAX_CROSSED_NS",
    "MAX_LEVELS",
    "BookChange",
    "BookCounts",
    "BookParts",
    "BookState",
    "ConsolidatedBook",
    "Continuity",
    "Crossing",
    "Delta",
    "Levels",
    "NetLevel",
    "OrderBook",
    "Outcome",
    "Side",
    "Taken",
    "Ticker",
    "VenueBook",
    "kraken_checksum",
    "okx_checksum",
    "take",
]
