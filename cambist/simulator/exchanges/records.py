"""What is said about a pair beside its levels."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cambist.simulator.books import Book, Trade

RECENT = 50
"""Trades that a venue remembers for those who subscribe."""


class Grid(NamedTuple):
    """How a venue's numbers of one symbol are made."""

    tick: int
    step: int
    price_decimals: int
    size_decimals: int
    places: int
    """Decimals of prices as integers, and so of the tick."""


class Truth(NamedTuple):
    """A book as it is, whatever was sent. Levels are (price, quantity) as integers, best first."""

    sequence: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class Day:
    """What a pair's trades add up to since the venue was made."""

    def __init__(self, book: Book) -> None:
        self._tick, self._step = book.listing.tick, book.listing.step
        self.open = self.last = self.low = self.high = book.best_ask * self._tick
        """Prices as integers of the listing."""
        self.volume = 0
        """In 10^-8 base."""
        self.notional = 0
        """Prices times quantities."""
        self.trades: deque[tuple[Trade, int]] = deque(maxlen=RECENT)
        """The newest trades, newest last, with Unix milliseconds."""

    def add(self, trade: Trade, now_ms: int) -> None:
        """Counts a trade."""
        self.trades.append((trade, now_ms))
        self.last = trade.price
        self.low, self.high = min(self.low, trade.price), max(self.high, trade.price)
        self.volume += trade.quantity
        self.notional += trade.price * trade.quantity

    @property
    def average(self) -> int:
        """The price weighted by volume."""
        return self.notional // self.volume if self.volume else self.last
