"""What an exchange is to the engine: a row of the table, and what its depth messages promise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.engine.reference.exchanges.decimal import PriceScale, PriceScales
    from cambist.engine.reference.exchanges.event import Event, Level

    Sum = Callable[[Iterable[Level], Iterable[Level], PriceScale, tuple[int, int]], int]


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


class Rules(NamedTuple):
    """What the depth messages of one kind of channel promise."""

    joins: Joins
    seeds: Seeds
    sum: Sum | None = None
    """The sum that the venue sends: of bids and asks, best first, the scale of their prices, and the decimals that the
    venue writes of a price and a quantity."""
    tickers: bool = False
    """Whether the update ids of best bid and ask count with those of the depth. Where they don't, a ticker can't be
    told to be newer than the levels, and the levels alone are the book."""
    truncates: bool = False
    """Whether levels pushed out of the subscribed depth are never deleted by the venue."""

    @property
    def proves(self) -> bool:
        """Whether a message proves that its book lacks nothing: after a silence, which may have been a loss."""
        return self.joins is not Joins.ALWAYS or self.sum is not None


class Books(NamedTuple):
    """The books of one kind of channel."""

    continuity: str
    """The name of their rules."""
    head: str
    """What the protocols of these channels begin with."""
    rules: Rules
    perpetual: bool = False
    """Whether they are of perpetual contracts."""


@dataclass(frozen=True)
class Exchange:
    """One row of the table."""

    name: str
    """The first word of its channels' protocols."""
    protocols: tuple[str, ...]
    """All that it decodes."""
    decode: Callable[[str, str, bytes, PriceScales], list[Event]]
    """Protocol, symbol of a channel whose frames don't name it, frame, scales of the venue's prices → what it says.

    Raises `DecodeError`."""
    books: tuple[Books, ...]
    """The first whose head fits counts."""
    proof: str
    """What it was tried on."""
