"""What is traded: tokens, instruments, pools, and the tables that tie venues together."""

from __future__ import annotations

import msgspec


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token. The mint is its identity; the symbol is only a label, sanitised at ingest."""

    mint: str
    symbol: str
    decimals: int
    verified: bool = False
    base: int = 0
    """0: no base token. Otherwise its rank (1 first) as the token a cycle starts and ends in."""


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that `asset` on `venue` is the token `mint`. Nothing else ties a ticker to a mint."""

    venue: str
    asset: str
    mint: str


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pair traded on an exchange. `base`/`quote` come from the venue's list, never from splitting the symbol."""

    venue: str
    symbol: str
    base: str
    quote: str
    kind: str = "spot"
    """`spot` or `perp`. A perp is never an edge: spot against perp is basis, not arbitrage."""
    price_decimals: int = 8
    quantity_decimals: int = 8


class VenueFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Taker fee of an exchange, from config or account, never from a library's default."""

    venue: str
    taker_ppm: int


class PoolRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A watched pool. Everything else about it is read from its accounts."""

    address: str
    program: str
    """Program id that must own it."""
