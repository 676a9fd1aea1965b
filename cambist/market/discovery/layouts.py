"""Where each venue's pool accounts hold what a search looks at; fields are read by `cambist.engine.reference.accounts`.

A search asks for a slice that holds mints, vaults and price only: 156 bytes of a 904-byte DLMM pair, 196 of the 1544
of a CLMM pool.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.reader import key, signed, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

_Q128 = 1 << 128
_MAX_BIN = 443_636


class PoolLayout(NamedTuple):
    """The search's view of a venue's pool account. Pairs are (token A, token B) as the engine calls them."""

    venue: str
    size: int | None
    """Bytes of the account; `None` where old ones are shorter than new ones."""
    mints: tuple[int, int]
    vaults: tuple[int, int]
    window: tuple[int, int]
    """First and last+1 byte of the slice."""
    price: Callable[[bytes, tuple[int, int]], Fraction | None]
    """Atoms of B per atom of A, from a padded account and both vaults' balances."""
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


def _reserves(_: bytes, held: tuple[int, int]) -> Fraction | None:
    return Fraction(held[1], held[0]) if all(held) else None


def _square(at: int) -> Callable[[bytes, tuple[int, int]], Fraction | None]:
    def price(data: bytes, _: tuple[int, int]) -> Fraction | None:
        root = unsigned(data, at, 16)
        return Fraction(root * root, _Q128) if root else None

    return price


def _bins(data: bytes, _: tuple[int, int]) -> Fraction | None:
    active, step = signed(data, 76, 4), unsigned(data, 80, 2)
    if not 0 < step <= 10_000 or abs(active) > _MAX_BIN:
        return None
    try:
        price = (1.0 + step / 10_000.0) ** active
    except OverflowError:
        return None
    return Fraction(price) if price else None


def _virtual(data: bytes, held: tuple[int, int]) -> Fraction | None:
    quote = held[1] + (signed(data, 245, 16) if len(data) >= 261 else 0)
    return Fraction(quote, held[0]) if held[0] and quote > 0 else None


def _none(_: bytes, __: tuple[int, int]) -> Fraction | None:
    return None


LAYOUTS = {
    layout.venue: layout
    for layout in (
        PoolLayout("ray4", 752, (400, 432), (336, 368), (336, 464), _reserves),
        PoolLayout("cpmm", 637, (168, 200), (72, 104), (72, 232), _reserves, sorted_mints=True),
        PoolLayout("orca", 653, (101, 181), (133, 213), (65, 245), _square(65), sorted_mints=True),
        PoolLayout("saber", 395, (203, 235), (107, 139), (107, 267), _none),
        PoolLayout("damm2", 1112, (168, 200), (232, 264), (168, 472), _square(456)),
        PoolLayout("dlmm", 904, (88, 120), (152, 184), (76, 216), _bins),
        PoolLayout("clmm", 1544, (73, 105), (137, 169), (73, 269), _square(253), sorted_mints=True),
        PoolLayout("pump", None, (43, 75), (139, 171), (43, 261), _virtual, discriminator="hQrXeCntzbV"),
    )
}
"""By venue name, as in `cambist.model.venues`."""
