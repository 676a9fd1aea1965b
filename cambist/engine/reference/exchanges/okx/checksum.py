"""The sum that OKX sent with each push of `books` until 2026-06-23, to check recordings of that time.

The venue sums its texts. It writes every number without trailing zeros (as do all 8 264 levels recorded in May 2022),
so they are rebuilt from × 10⁸: no book has to keep texts for a sum that is retired.
"""

from __future__ import annotations

import zlib
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import DECIMALS, ONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.exchanges.event import Level

TOP = 25
"""Levels of a side that are summed."""


def okx_checksum(bids: Iterable[Level], asks: Iterable[Level]) -> int:
    """Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.

    Levels are (price, quantity) × 10⁸, best first; when one side runs out the other goes on alone.

    >>> bids = [(10140000000, 125000000), (10100000000, 75000000)]
    >>> asks = [(10150000000, 50000), (10160000000, 200000000), (10170000000, 300000000)]
    >>> okx_checksum(bids, asks)
    -2024795966
    """
    pairs = zip_longest(islice(bids, TOP), islice(asks, TOP))
    levels = [level for pair in pairs for level in pair if level]
    total = zlib.crc32(":".join(_text(number) for level in levels for number in level).encode())
    return total - (1 << 32) if total >= 1 << 31 else total


def _text(number: int) -> str:
    """Returns a number × 10⁸ in as few characters as it takes."""
    whole, fraction = divmod(number, ONE)
    return f"{whole}.{fraction:0{DECIMALS}}".rstrip("0").rstrip(".")
