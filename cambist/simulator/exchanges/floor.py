"""An exchange's floor: its books, and how often something happens in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cambist.simulator.books import Book, Listing, Trade
from cambist.simulator.draw import Draw
from cambist.simulator.exchanges import SIMULATED_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

STEP_MS = 50


class Listener(Protocol):
    """Who hears what happens in the books."""

    def trade(self, book: Book, trade: Trade) -> None:
        """A taker's fill."""

    def ticker(self, book: Book) -> None:
        """The touch has changed."""

    def depth(self, book: Book, *, whole_second: bool) -> None:
        """It is time to tell changed levels."""

    def flush(self) -> None:
        """The step is over."""


class Floor:
    """The books of one exchange."""

    diff_steps = 1
    """Steps between two updates of changed levels; the listener says."""

    def __init__(
        self, venue: str, listings: tuple[Listing, ...], seed: int, usd: Mapping[str, float], rate: float = 1.0
    ) -> None:
        self.venue = venue
        self.listener: Listener | None = None
        self._rate = rate
        label = SIMULATED_OF[venue].label
        self._draw = Draw(seed, "exchange pace", *filter(None, (label,)))
        self.books = {
            item.symbol: Book(item, seed, fair(item, usd), dollars(item.quote_token, usd), venue=label)
            for item in listings
        }

    def listen(self, listener: Listener, diff_steps: int) -> None:
        """Takes on who hears what happens."""
        self.listener, self.diff_steps = listener, diff_steps

    def step(self, usd: Mapping[str, float], storm: float, *, diffs: bool, whole_second: bool) -> None:
        """Moves by 50 ms; `diffs` says whether changed levels are told."""
        pace = self._rate * (1.0 + 1.5 * storm) * STEP_MS / 1_000.0
        listener = self.listener
        for book in self.books.values():
            listing = book.listing
            moves = self._draw.count(listing.moves * pace)
            if moves:
                target = fair(listing, usd)
                for _ in range(moves):
                    before = book.top()
                    trades = book.move(target, storm)
                    if listener is not None:
                        for trade in trades:
                            listener.trade(book, trade)
                        if book.top() != before:
                            listener.ticker(book)
            if diffs and listener is not None:
                listener.depth(book, whole_second=whole_second)
        if listener is not None:
            listener.flush()


def dollars(token: str, usd: Mapping[str, float]) -> float:
    """Returns the fair dollars per whole token; the dollar itself is no token."""
    return 1.0 if token == "USD" else usd[token]


def fair(listing: Listing, usd: Mapping[str, float]) -> float:
    """Returns the fair price of a pair."""
    return dollars(listing.base_token, usd) / dollars(listing.quote_token, usd) * listing.scale
