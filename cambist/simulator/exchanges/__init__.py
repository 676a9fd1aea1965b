"""Loopback exchanges in the wire formats of five real ones, over books around one fair price, with scripted faults.

`base` has what they share: `publishing` sends frames to listeners, counts them and lets `faults` bend them; `views` has
what a client should see and the true book at any sequence number. `floor` moves an exchange's books; `street` runs
several exchanges without a chain.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.books import Book
    from cambist.simulator.exchanges.base import Exchange

CLASSES = {"binance": "Binance", "kraken": "Kraken", "okx": "Okx", "bybit": "Bybit", "coinbase": "Coinbase"}


def make(
    venue: str, books: Mapping[str, Book], clock_ms: Callable[[], int], *, seed: int = 0, max_unsent: int = MAX_UNSENT
) -> Exchange:
    """Returns the exchange of that name. Raises `ValueError`."""
    if venue not in CLASSES:
        message = f"exchange was {venue!r}, known are {', '.join(CLASSES)}"
        raise ValueError(message)
    # Imported here because a market that serves one exchange need not load the others.
    module = import_module(f"cambist.simulator.exchanges.{venue}")
    found: Exchange = getattr(module, CLASSES[venue])(books, clock_ms, seed=seed, max_unsent=max_unsent)
    return found
