"""Loopback exchanges in the wire formats of real ones, over books around one fair price, with scripted faults.

One room each, found by the names of `cambist.model.exchanges`; its `SIMULATED` is its row. `base` has what they share:
`publishing` sends frames to listeners, counts them and lets `faults` bend them; `views` has what a client should see
and the true book at any sequence number. `floor` moves an exchange's books; `street` runs several exchanges without a
chain.
"""

from __future__ import annotations

import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cambist.model.exchanges import EXCHANGES
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.books import Book
    from cambist.simulator.exchanges.base import Exchange
    from cambist.simulator.exchanges.simulated import Simulated


SIMULATED: tuple[Simulated, ...] = tuple(
    import_module(f"{__name__}.{facts.name}").SIMULATED
    for facts in EXCHANGES
    if find_spec(f"{__name__}.{facts.name}") is not None
)
"""Each exchange of `cambist.model.exchanges` that has a room here."""
SIMULATED_OF = {exchange.name: exchange for exchange in SIMULATED}
FIRST = next(exchange.name for exchange in SIMULATED if exchange.first)
"""Always served: the traders look at it."""


def make(
    venue: str,
    books: Mapping[str, Book],
    clock_ms: Callable[[], int],
    *,
    seed: int = 0,
    max_unsent: int = MAX_UNSENT,
    seconds: Callable[[], float] = time.monotonic,
) -> Exchange:
    """Returns the exchange of that name, whose limits on clients follow `seconds`. Raises `ValueError`."""
    if venue not in SIMULATED_OF:
        message = f"exchange was {venue!r}, known are {', '.join(SIMULATED_OF)}"
        raise ValueError(message)
    # Imported here because a market that serves one exchange need not load the others.
    module = import_module(f"cambist.simulator.exchanges.{venue}.exchange")
    kind = getattr(module, SIMULATED_OF[venue].kind)
    found: Exchange = kind(books, clock_ms, seed=seed, max_unsent=max_unsent, seconds=seconds)
    return found
