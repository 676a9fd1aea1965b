"""The exchanges that come with cambist: one row each, in the order in which they are shown."""

from __future__ import annotations

import msgspec


class Exchange(msgspec.Struct, frozen=True):
    """What the house knows of an exchange besides its own room in `feeds`, engine and simulator."""

    name: str
    feed: str
    """Where its feed is: module and attribute."""
    taker_ppm: int | None = None
    """What a taker without volume paid in 2026, where regions differ the most; `None` is unknown: no trade over it."""
    letter: str = ""
    """Its letter in a route of single letters, where another venue has the first one of its name."""
    seeds: tuple[str, ...] = ()
    """Where a config may have the first picture of a book come from."""
    colour: str = ""
    """The role of themes that it is shown in; empty for none."""
    rank: int = 0
    """Of the venues that a price is shown of, the lowest comes first."""


EXCHANGES = (
    Exchange("binance", "feeds.binance:SPOT", 1_000, colour="binance", rank=-3),
    Exchange("kraken", "feeds.kraken:VENUE", 4_000),
    Exchange("okx", "feeds.okx:VENUE", 1_500, "x", ("rest", "stream")),
    Exchange("bybit", "feeds.bybit:VENUE", 1_000, "y"),
    Exchange("coinbase", "feeds.coinbase:VENUE", 12_000, "n"),
    Exchange("binance-usdm", "feeds.binance:USDM", None, "u"),
)
EXCHANGE_OF = {exchange.name: exchange for exchange in EXCHANGES}
PLUGINS = "cambist.feed"
"""Entry point group of further exchanges."""


def known_exchanges() -> tuple[str, ...]:
    """Returns the names of all exchanges that can be watched here, those of installed packages last."""
    from importlib.metadata import entry_points  # loads the email package; few configs need it

    return (*EXCHANGE_OF, *(point.name for point in entry_points(group=PLUGINS)))
