"""What each venue's depth messages promise: one row per venue."""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import NamedTuple


class Continuity(StrEnum):
    """Whose rules a book follows."""

    SPOT = "spot"
    """Binance spot: `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old."""
    USDM = "usdm"
    """Binance USD-M: `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`."""
    OKX = "okx"
    """OKX: `prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that
    nothing changed."""
    KRAKEN = "kraken"
    """Kraken: no ids. The sum over the best ten levels of each side tells whether one is missing."""
    BYBIT = "bybit"
    """Bybit: `u` = previous `u` + 1."""
    COINBASE = "coinbase"
    """Coinbase: no ids of its own; a number that counts all messages of the connection (`Sequence`) does it."""
    PLAIN = "plain"
    """The normalised frames of plug-in venues: `prev` = previous `seq`."""

    @classmethod
    def of(cls, protocol: str) -> Continuity:
        """Returns whose rules the books of a channel with this protocol follow."""
        return next((rules for head, rules in PROTOCOLS if protocol.startswith(head)), cls.SPOT)

    @property
    def rules(self) -> Rules:
        """The venue's row."""
        return TABLE[self]


class Joins(Enum):
    """How one delta follows another."""

    OVERLAP = auto()
    """`first` ≤ previous `last` + 1; what ends no later is old."""
    PREVIOUS = auto()
    """`prev` = previous `last`, and around the snapshot an overlap."""
    CHAIN = auto()
    """`prev` = previous `last` and nothing else: the numbers may start anew."""
    ALWAYS = auto()
    """Something else tells of what is missing."""


class Seeds(Enum):
    """Where a full book comes from."""

    FETCHED = auto()
    """It is fetched, and joins the deltas that were kept meanwhile."""
    STREAMED = auto()
    """It comes in the stream after subscribing, and holds all deltas before it."""
    BOTH = auto()


class Sums(Enum):
    """Which sum over the levels the venue sends."""

    NONE = auto()
    OKX = auto()
    KRAKEN = auto()


class Rules(NamedTuple):
    """A venue's row."""

    joins: Joins
    seeds: Seeds
    sums: Sums = Sums.NONE
    tickers: bool = False
    """Whether the update ids of best bid and ask count with those of the depth. Where they don't, a ticker can't be
    told to be newer than the levels, and the levels alone are the book."""
    truncates: bool = False
    """Whether levels pushed out of the subscribed depth are never deleted by the venue."""

    @property
    def proves(self) -> bool:
        """Whether a message proves that its book lacks nothing: after a silence, which may have been a loss."""
        return self.joins is not Joins.ALWAYS or self.sums is not Sums.NONE


PROTOCOLS = (
    ("binance.usdm.", Continuity.USDM),
    ("binance.", Continuity.SPOT),
    ("okx.", Continuity.OKX),
    ("kraken.", Continuity.KRAKEN),
    ("bybit.", Continuity.BYBIT),
    ("coinbase.", Continuity.COINBASE),
    ("cambist.", Continuity.PLAIN),
)
"""Beginning of a channel's protocol → whose rules its books follow. The first one that fits counts."""

TABLE = {
    Continuity.SPOT: Rules(Joins.OVERLAP, Seeds.FETCHED, tickers=True),
    Continuity.USDM: Rules(Joins.PREVIOUS, Seeds.FETCHED, tickers=True),
    Continuity.OKX: Rules(Joins.CHAIN, Seeds.BOTH, Sums.OKX, tickers=True),
    Continuity.KRAKEN: Rules(Joins.ALWAYS, Seeds.STREAMED, Sums.KRAKEN, truncates=True),
    Continuity.BYBIT: Rules(Joins.OVERLAP, Seeds.STREAMED),
    Continuity.COINBASE: Rules(Joins.ALWAYS, Seeds.STREAMED),
    Continuity.PLAIN: Rules(Joins.CHAIN, Seeds.BOTH, tickers=True),
}
