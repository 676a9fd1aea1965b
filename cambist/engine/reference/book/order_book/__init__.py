"""Per-venue book state machine with that venue's sequence and checksum rule.

`NO_BOOK → RESEEDING → LIVE → SUSPECT → RESEEDING …`, and `STALE` while its connection is gone or it alone says nothing.
Only a LIVE book that isn't crossed quotes: everything else shows its last levels and is not to be traded on. A snapshot
replaces, never merges.
"""

from cambist.engine.reference.book.order_book.apply_event import take
from cambist.engine.reference.book.order_book.book import MAX_BUFFER, MAX_CROSSED_NS, SEED_PATIENCE_NS, OrderBook
from cambist.engine.reference.book.order_book.consolidated import ConsolidatedBook, Crossing, NetLevel, Taken, VenueBook
from cambist.engine.reference.book.order_book.levels import MAX_LEVELS, Levels
from cambist.engine.reference.book.order_book.numbering import Numbered, Numbering
from cambist.engine.reference.book.order_book.pace import FIRST_SILENCE_NS, LEAST_SILENCE_NS, Pace
from cambist.engine.reference.book.order_book.state import (
    Anchor,
    BookChange,
    BookCounts,
    BookParts,
    BookState,
    Delta,
    Outcome,
    Side,
    Source,
    Ticker,
)
from cambist.engine.reference.exchanges import Continuity

__all__ = [
    "FIRST_SILENCE_NS",
    "LEAST_SILENCE_NS",
    "MAX_BUFFER",
    "MAX_CROSSED_NS",
    "MAX_LEVELS",
    "SEED_PATIENCE_NS",
    "Anchor",
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
    "Numbered",
    "Numbering",
    "OrderBook",
    "Outcome",
    "Pace",
    "Side",
    "Source",
    "Taken",
    "Ticker",
    "VenueBook",
    "take",
]
