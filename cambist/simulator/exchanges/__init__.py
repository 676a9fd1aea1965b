"""Loopback exchanges in the wire formats of real ones, over books around one fair price, with scripted faults.

One room each, one row each. `base` has what they share: `publishing` sends frames to listeners, counts them and lets
`faults` bend them; `views` has what a client should see and the true book at any sequence number. `floor` moves an
exchange's books; `street` runs several exchanges without a chain.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from cambist.model.exchanges import EXCHANGE_OF
from cambist.simulator.exchanges.binance.listings import LISTINGS as BINANCE
from cambist.simulator.exchanges.bybit.listings import LISTINGS as BYBIT
from cambist.simulator.exchanges.coinbase.listings import LISTINGS as COINBASE
from cambist.simulator.exchanges.kraken.listings import LISTINGS as KRAKEN
from cambist.simulator.exchanges.okx.listings import LISTINGS as OKX
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.model.exchanges import Exchange as Facts
    from cambist.simulator.books import Book, Listing
    from cambist.simulator.exchanges.base import Exchange


class Simulated(NamedTuple):
    """An exchange of the market."""

    facts: Facts
    kind: str
    """Its class, in module `exchange` of its room."""
    listings: tuple[Listing, ...]
    levels: int | None = None
    """Levels of a side that the book channel shows which feeds ask for, where that is less than there are."""
    first: bool = False
    """Whether it is the one that is always there. Its draws have no name of their own."""

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        return self.facts.name

    @property
    def label(self) -> str:
        """What names its draws."""
        return "" if self.first else self.name


SIMULATED = (
    Simulated(EXCHANGE_OF["binance"], "Binance", BINANCE, first=True),
    Simulated(EXCHANGE_OF["kraken"], "Kraken", KRAKEN, levels=10),
    Simulated(EXCHANGE_OF["okx"], "Okx", OKX),
    Simulated(EXCHANGE_OF["bybit"], "Bybit", BYBIT, levels=50),
    Simulated(EXCHANGE_OF["coinbase"], "Coinbase", COINBASE),
)
SIMULATED_OF = {exchange.name: exchange for exchange in SIMULATED}
FIRST = next(exchange.name for exchange in SIMULATED if exchange.first)
"""Always served: the traders look at it."""


def make(
    venue: str, books: Mapping[str, Book], clock_ms: Callable[[], int], *, seed: int = 0, max_unsent: int = MAX_UNSENT
) -> Exchange:
    """Returns the exchange of that name. Raises `ValueError`."""
    if venue not in SIMULATED_OF:
        message = f"exchange was {venue!r}, known are {', '.join(SIMULATED_OF)}"
        raise ValueError(message)
    # Imported here because a market that serves one exchange need not load the others.
    module = import_module(f"cambist.simulator.exchanges.{venue}.exchange")
    found: Exchange = getattr(module, SIMULATED_OF[venue].kind)(books, clock_ms, seed=seed, max_unsent=max_unsent)
    return found
