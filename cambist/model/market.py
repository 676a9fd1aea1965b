"""What is traded: tokens, instruments, pools, and the tables that tie venues together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

FIAT = re.compile(r"fiat:[A-Z]{3}")
"""What stands in a mint's place for money that is no token; it has no account, so nothing on chain settles it."""
MAX_LISTED = 4_096
_MULTIPLE = re.compile(r"1M[A-Z].{2,}|10{3,}[A-Z].*|[A-Z].*10{3,}", re.DOTALL)


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token. The mint is its identity; the symbol is only a label, sanitised at ingest."""

    mint: str
    """Base58, or `fiat:USD` and the like for money that is no token on chain."""
    symbol: str
    """Its label."""
    decimals: int
    """Of its smallest unit, as its mint has them."""
    verified: bool = False
    """Whether the symbol may stand alone; any other is shown with its mint."""
    base: int = 0
    """0: no base token. Otherwise its rank (1 first) as the token a cycle starts and ends in."""


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that `asset` on `venue` is the token `mint`. Nothing else ties a ticker to a mint.

    A ticker of many tokens at once (`1000BONK`) is never the token: quantities and prices are not scaled.
    """

    venue: str
    """Name of the exchange."""
    asset: str
    """Its ticker there."""
    mint: str
    """Base58, or `fiat:USD` and the like."""


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pair traded on an exchange. `base`/`quote` come from the venue's list, never from splitting the symbol."""

    venue: str
    symbol: str
    base: str
    quote: str
    kind: str = "spot"
    """`spot` or `perp`. A perp is never an edge: spot against perp is basis, not arbitrage."""
    price_decimals: int = 8
    """Of its integer prices, at least; the tick of the venue's list may need more. From 8 to 14."""
    quantity_decimals: int = 8


class VenueFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Taker fee of an exchange, from config or account, never from a library's default."""

    venue: str
    """Name of the exchange."""
    taker_ppm: int
    """What a taker pays, of the amount; a venue without one is never traded over."""


class Equivalence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that tokens `a` and `b` stand for one another at par, as a dollar on an exchange and USDC there.

    Their two edges exist while the book of `pair` is live, no older than `max_age_ms`, and its mid within `band_ppm` of
    1; once it left that band, only after it was within half of it for `hold_ms`. They pay at par or at that book's
    touch, whichever is less, keep `cost_ppm`, and take no more than the touch.
    """

    a: str
    """Mint of the one."""
    b: str
    """Mint of the other."""
    cost_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    """What turning one into the other costs."""
    pair: str
    """`venue:SYMBOL` of the spot book that prices `a` in `b`."""
    band_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    """How far that book's mid may be from 1."""
    max_age_ms: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    """How old that book may be."""
    hold_ms: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 60_000
    """How long a mid that left the band has to be within half of it before the two stand for one another again."""


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to move a token from one place to another: an exchange, or `solana`. Nothing is moved by itself."""

    origin: str
    target: str
    mint: str
    network: str
    """What it goes over, for display."""
    flat: int
    """Atoms that a transfer costs whatever the amount."""
    ppm: int
    """Of the amount, besides."""
    minutes: int | None
    """How long it takes; `None` if that is unknown."""
    least: int
    """Atoms that are let out at least."""


class PoolRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A watched pool. Everything else about it is read from its accounts."""

    address: str
    """Of its account."""
    program: str
    """Program id that must own it."""


class Listed(msgspec.Struct, frozen=True):
    """What tokens and pools were when amounts of them were written down: their decimals, symbols and programs."""

    tokens: tuple[Token, ...] = ()
    pools: tuple[PoolRef, ...] = ()
    """At most `MAX_LISTED`, those seen last at the end."""
    demo: bool = False
    """Whether amounts are of the embedded market: no money."""

    def then(self, tokens: Iterable[Token], pools: Iterable[PoolRef], *, demo: bool) -> Listed:
        """Returns the same with later ones; of a mint and of an address the later row counts."""
        mints, addresses = {token.mint: token for token in self.tokens}, {pool.address: pool for pool in self.pools}
        for token in tokens:
            mints.pop(token.mint, None)
            mints[token.mint] = token
        for pool in pools:
            addresses.pop(pool.address, None)
            addresses[pool.address] = pool
        return Listed(tuple(mints.values())[-MAX_LISTED:], tuple(addresses.values())[-MAX_LISTED:], demo)


def is_multiple(asset: str) -> bool:
    """Returns whether a ticker is of many tokens at once, as `1000BONK`, `1MBABYDOGE` and `SHIB1000`."""
    return _MULTIPLE.fullmatch(asset) is not None
