"""What a room says of how its program's pools are found: where an account holds what a search looks at, and its terms.

A search asks for a slice that holds mints, vaults and price only: 156 bytes of a 904-byte DLMM pair, 196 of the 1544
of a CLMM pool. Fields are read by the engine's layouts.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from cambist.engine.reference.chain.reader import key, unsigned

Price = Callable[[bytes, tuple[int, int]], Fraction | None]
"""Atoms of B per atom of A, from a padded account and both vaults' balances."""
_Q128 = 1 << 128


class PoolLayout(NamedTuple):
    """The search's view of a venue's pool account. Pairs are (token A, token B) as the engine calls them."""

    venue: str
    size: int | None
    """Bytes of the account; `None` where old ones are shorter than new ones."""
    mints: tuple[int, int]
    vaults: tuple[int, int]
    window: tuple[int, int]
    """First and last+1 byte of the slice."""
    price: Price
    sorted_mints: bool = False
    """Whether the program keeps its mints in order, so that a pair stands one way round only."""
    discriminator: str = ""
    """Base58, for the filter; needed where the size doesn't tell."""

    @property
    def least(self) -> int:
        """Bytes without which mints and vaults can't be read."""
        return max(*self.mints, *self.vaults) + 32

    def pad(self, piece: bytes) -> bytes:
        """Returns a slice as the account it was cut from, zero before it."""
        return bytes(self.window[0]) + piece

    def pair(self, data: bytes) -> tuple[bytes, bytes]:
        """Returns the mints."""
        return key(data, self.mints[0]), key(data, self.mints[1])

    def vault_keys(self, data: bytes) -> tuple[bytes, bytes]:
        """Returns the vaults."""
        return key(data, self.vaults[0]), key(data, self.vaults[1])


class Terms(NamedTuple):
    """How a pool trades."""

    fee_ppm: float | None
    fee_note: str = ""
    closed: str = ""
    """Why nothing can be swapped; empty if it can."""
    recorded: bool = True
    """Whether its form of the quote was recorded from the program, where its venue was."""


Read = Callable[[bytes, bytes | None, int], Terms]
"""Terms of a pool's account, its configuration and the time in seconds. Raises `LayoutError`."""


class Venue(NamedTuple):
    """A pool program, as a search needs it."""

    layout: PoolLayout
    terms: Read
    config_at: int | None = None
    """Where a pool names the account that holds its fee; `None` where the pool has it itself."""


def reserves(_: bytes, held: tuple[int, int]) -> Fraction | None:
    """Returns the rate of what two vaults hold."""
    return Fraction(held[1], held[0]) if all(held) else None


def square(at: int) -> Price:
    """Returns a reader of the rate from a √price of 64.64 bits at that byte."""

    def price(data: bytes, _: tuple[int, int]) -> Fraction | None:
        root = unsigned(data, at, 16)
        return Fraction(root * root, _Q128) if root else None

    return price


def opens(at_s: int, now_s: int) -> str:
    """Returns when a pool opens; empty if it has."""
    return f"opens in {(at_s - now_s) / 3600:.1f} h" if at_s > now_s else ""
