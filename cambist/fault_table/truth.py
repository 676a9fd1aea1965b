"""The books of a loopback exchange as they truly were, to hold those of the engine against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.exchanges import SIMULATED_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.fault_table.sink import Levels, Shown
    from cambist.simulator.books import Book
    from cambist.simulator.exchanges.base import Exchange

WHOLE = 1 << 30


class Truth:
    """Every book of an exchange, as of every step of its floor since the last `forget`."""

    def __init__(self, exchange: Exchange, symbols: tuple[str, ...]) -> None:
        self._exchange, self._symbols = exchange, symbols
        self._depth = SIMULATED_OF[exchange.venue].levels or WHOLE
        self._known: dict[str, dict[int, int]] = {symbol: {} for symbol in symbols}
        """Symbol → hash of a book as it was → step at which it was so last."""
        self._step = 0
        self.compared = self.wrong = 0
        self.first_wrong = ""

    def note(self) -> None:
        """Remembers the books as they are."""
        self._step += 1
        for symbol in self._symbols:
            self._known[symbol][hash(self._now(symbol))] = self._step

    def compare(self, shown: Mapping[str, Shown]) -> None:
        """Counts the books that can be traded on and are none that the venue ever had."""
        for symbol in self._symbols:
            book = shown.get(symbol)
            if book is None or not book.usable:
                continue
            self.compared += 1
            if hash((book.bids, book.asks)) not in self._known[symbol]:
                self.wrong += 1
                self.first_wrong = self.first_wrong or f"{symbol} at {book.last}"

    def equal(self, shown: Mapping[str, Shown]) -> bool:
        """Returns whether every book can be traded on and is the venue's of now."""
        return all(
            symbol in shown and shown[symbol].usable and (shown[symbol].bids, shown[symbol].asks) == self._now(symbol)
            for symbol in self._symbols
        )

    def _now(self, symbol: str) -> tuple[Levels, Levels]:
        book: Book = self._exchange.books[symbol]
        tick, step = book.listing.tick, book.listing.step
        bids = sorted(book.bids.items(), reverse=True)[: self._depth]
        asks = sorted(book.asks.items())[: self._depth]
        return (
            tuple((at * tick, lots * step) for at, lots in bids),
            tuple((at * tick, lots * step) for at, lots in asks),
        )
