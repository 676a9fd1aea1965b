"""Pictures of the market for readers on other threads: what `Engine.picture` gives, and the types that cross.

A page of its own beside `cambist.engine.protocol`: who reads pictures asks nothing else of an engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from cambist.engine.protocol import RouteQuote


class PoolPicture(msgspec.Struct, frozen=True):
    """One pool of a picture."""

    address: str
    venue: str
    state: str
    """`loading`, `live`, `torn`, `gap`, `fork`, `closed` or `refused`."""
    problem: str
    """Why it could not be believed at the moment: `torn`, `fork` or `stale`; empty if it could."""
    mints: tuple[str, ...]
    """Of tokens A and B; empty while they are unknown."""
    changed_ns: int


class BookPicture(msgspec.Struct, frozen=True):
    """One book of a picture. Prices are integers of `price_decimals`, quantities × 10⁸."""

    source: str
    """`venue:symbol`."""
    state: str
    """As in `BookInspection`, at the moment."""
    last_update_id: int
    best_bid: tuple[int, int] | None
    """(price, quantity); of a ticker where that is newer than the levels."""
    best_ask: tuple[int, int] | None
    bids: tuple[tuple[int, int], ...]
    """Levels as of the last update, best first."""
    asks: tuple[tuple[int, int], ...]
    as_of_ns: int
    """When its last change was true at the venue."""
    cut: bool
    """Whether more levels were asked for than a picture holds, and there were more."""
    price_decimals: int


class FeesPicture(msgspec.Struct, frozen=True):
    """What fees rest on; as in `EngineView`."""

    congestion: int | None
    bid_micro_lamports: int | None
    bid_percentile: int
    trade_lamports: tuple[int | None, int | None, int | None]


class Picture(Protocol):
    """The market as it was at a moment. Any thread may read it; it never touches the engine.

    Its answers are those that the engine would have given at that moment, with the age that states had then.
    """

    @property
    def at(self) -> tuple[int, int]:
        """Seq and receive time of the moment's record."""
        ...

    @property
    def clock(self) -> tuple[int, int, int] | None:
        """The chain's clock as (slot, unix timestamp, epoch), `None` if it was not told yet."""
        ...

    def fees(self) -> bytes:
        """Returns JSON of a `FeesPicture`."""
        ...

    def value(self, mint: str) -> float | None:
        """Returns what a whole token is worth in whole quote tokens, `None` if that is unknown."""
        ...

    def pools(self) -> list[str]:
        """Returns the addresses of all pools, in the order of the setup."""
        ...

    def pool(self, address: str) -> bytes:
        """Returns JSON of a `PoolPicture`, or `null` if there is no such pool."""
        ...

    def book(self, source: str, depth: int) -> bytes:
        """Returns JSON of a `BookPicture` with at most `depth` levels a side, or `null` if there is no such book.

        400 levels a side are held; `source` is `venue:symbol`.
        """
        ...

    def quote(self, name: str, token_in: str, amount_in: int) -> RouteQuote:
        """Returns what atoms of a token buy in a pool (its address) or a book (`venue:symbol`).

        As `Engine.quote_route` over that edge. The reason is `cut` where the book goes on beyond the levels that are
        held and these are not enough.
        """
        ...
