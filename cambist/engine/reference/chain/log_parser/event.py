"""A swap as a program reports it.

Events are an 8-byte discriminator and fields, little-endian. Programs share discriminators, so the program decides
first. Events grow at their end: more bytes are no error, and what an older program didn't say is `None`.
"""

from __future__ import annotations

from typing import NamedTuple

CPI_EVENT = bytes.fromhex("e445a52e51cb9a1d")
"""Stands before an event that a program hands to itself as an instruction."""


class SwapEvent(NamedTuple):
    """A swap as its program reports it."""

    venue: str
    amount_in: int
    """Atoms that left the trader; the mint's transfer fee and the venue's fees are in it where the event names them."""
    amount_out: int
    """Atoms sent to the trader, the mint's transfer fee not yet taken."""
    pool: bytes | None = None
    mint_in: bytes | None = None
    mint_out: bytes | None = None
    a_to_b: bool | None = None
    """Whether token a (coin, 0, x, base) is sold."""
    transfer_fees: tuple[int, int] | None = None
    """Transfer fees that the mints kept, of the input and of the output."""
    fees: tuple[int, int] | None = None
    """The venue's fees, in atoms of the input and of the output."""
    reserves: tuple[int, int] | None = None
    """Reserves of the input and of the output before the swap."""
    sqrt_price: int | None = None
    """√price after the swap, Q64.64, token b per token a."""
