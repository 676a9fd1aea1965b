"""What a book is told, and what it says of itself."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Continuity(StrEnum):
    """How a venue's update ids join up."""

    SPOT = "spot"
    """Binance spot: `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old."""
    USDM = "usdm"
    """Binance USD-M: `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`."""
    OKX = "okx"
    """OKX: `prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that
    nothing changed. Snapshots come in the stream and replace at any time."""


class BookState(StrEnum):
    """Where a book is on its way to be quoted."""

    EMPTY = "empty"
    """Nothing was heard yet."""
    SEEDING = "seeding"
    """Deltas are buffered until a snapshot joins them up."""
    LIVE = "live"
    SUSPECT = "suspect"
    """A gap or a crossed book: the levels are wrong."""
    STALE = "stale"
    """The connection is gone."""


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


class Ticker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Best bid and ask as the venue says them."""

    update_id: int
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int


class BookCounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Running totals of a book."""

    gaps: int = 0
    ignored: int = 0
    overflows: int = 0
    crossed: int = 0
    seeds: int = 0
    """Snapshots taken over."""


class BookParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All state of a book as plain fields, for the engine's snapshot; levels best first."""

    continuity: Continuity
    state: BookState
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    last: int
    bridged: bool
    buffer: list[Delta]
    ticker: Ticker | None
    crossed: int
    crossed_ns: int
    changed_ns: int | None
    counts: BookCounts
