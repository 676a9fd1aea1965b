"""What a book is told, and what it says of itself."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import astuple

from cambist.engine.reference.book.order_book.pace import Pace
from cambist.engine.reference.book.order_book.used import UsedLevel
from cambist.engine.reference.exchanges import Continuity
from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale


class BookState(StrEnum):
    """Where a book is on its way to be quoted."""

    NO_BOOK = "no_book"
    """Nothing was heard yet, the venue said that there are no levels, or it doesn't trade the pair now."""
    RESEEDING = "reseeding"
    """A snapshot is on its way; deltas wait for it."""
    LIVE = "live"
    SUSPECT = "suspect"
    """A gap, a wrong sum or a crossed book: the levels are wrong."""
    STALE = "stale"
    """The connection is gone, or this book alone fell silent."""


class Source(StrEnum):
    """How a snapshot came."""

    STREAM = "stream"
    """In the stream of deltas: it holds all that came before it."""
    FETCHED = "fetched"
    """Fetched beside it: it may be older or newer than what the stream tells."""

    @classmethod
    def of(cls, protocol: str) -> Source:
        """Returns how the snapshots of a channel with this protocol come."""
        return cls.FETCHED if protocol.endswith(".depth") else cls.STREAM


class Anchor(StrEnum):
    """What the newest update in the levels was."""

    STREAMED = "streamed"
    FETCHED = "fetched"
    DELTA = "delta"


class Side(StrEnum):
    """Who waits at a level."""

    BID = "bid"
    ASK = "ask"


class Outcome(StrEnum):
    """What one call did to a book."""

    APPLIED = "applied"
    """The levels or the ticker are those of the message."""
    SEEDED = "seeded"
    """A snapshot, and what was buffered after it, is the book now."""
    IGNORED = "ignored"
    """Older than what is known, or meant for another state."""
    BUFFERED = "buffered"
    """Kept for the snapshot to come."""
    GAP = "gap"
    """Ids don't join up: SUSPECT."""
    CROSSED = "crossed"
    """Bid ≥ ask: not to be quoted; SUSPECT from the second message on."""
    TOO_OLD = "too_old"
    """The snapshot is older than the first delta that could follow it."""
    OVERFLOW = "overflow"
    """More deltas than the buffer holds: seeding starts anew."""
    SILENT = "silent"
    """Nothing was said for far longer than usual: STALE."""
    UNVERIFIED = "unverified"
    """The venue's sums fail on fresh books, so they are no longer asked."""


class BookChange(NamedTuple):
    """What one call did, and whether a snapshot has to be fetched because of it."""

    outcome: Outcome
    need_seed: bool


class Delta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One depth message."""

    first: int
    last: int
    prev: int | None
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    venue_ns: int = 0
    """When the venue sent it."""


class Ticker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Best bid and ask as the venue says them."""

    update_id: int
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int


class BookCounts(msgspec.Struct, forbid_unknown_fields=True):
    """Running totals of a book."""

    gaps: int = 0
    ignored: int = 0
    overflows: int = 0
    crossed: int = 0
    seeds: int = 0
    """Snapshots taken over."""
    silences: int = 0
    """Times that it fell silent."""
    unverified: int = 0
    """Sums that were no longer compared."""

    def after(self, before: BookCounts) -> BookCounts:
        """Returns these on top of those of the book before."""
        return BookCounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(before), strict=True)))


class BookParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All state of a book as plain fields, for the engine's snapshot; levels best first."""

    continuity: Continuity
    state: BookState
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    last: int
    prev: int | None
    anchor: Anchor
    buffer: list[Delta]
    ticker: Ticker | None
    crossed: int
    crossed_ns: int
    changed_ns: int | None
    pace: Pace
    silent: bool
    halted: bool
    kept: int
    digits: tuple[int, int]
    olds: int
    delta_ns: int | None = msgspec.field(name="told_ns")
    sums_failed: int
    asked_ns: int | None
    counts: BookCounts
    price_decimals: PriceScale = DECIMALS
    """Books that were kept without it have eight."""
    used_bids: list[UsedLevel] = []
    """What our own fills used up, ascending by price."""
    used_asks: list[UsedLevel] = []
