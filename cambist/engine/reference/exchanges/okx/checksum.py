"""The sum that OKX sent with each push of `books` until 2026-06-23, to check recordings of that time.

The venue sums its texts. It writes every number without trailing zeros (as do all 8 264 levels recorded in May 2022),
so they are rebuilt from integers: no book has to keep texts for a sum that is retired.
"""

from __future__ import annotations

import zlib
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale, one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.exchanges.event import Level

TOP = 25
"""Levels of a side that are summed."""


def okx_checksum(bids: Iterable[Level], asks: Iterable[Level], scale: PriceScale = DECIMALS) -> int:
    """Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.

    Levels are best first, prices of a `scale`, quantities × 10⁸; when one side runs out the other goes on alone.

    >>> bids = [(10140000000, 125000000), (10100000000, 75000000)]
    >>> asks = [(10150000000, 50000), (10160000000, 200000000), (10170000000, 300000000)]
    >>> okx_checksum(bids, asks)
    -2024795966
    """
    pairs = zip_longest(islice(bids, TOP), islice(asks, TOP))
    levels = [level for pair in pairs for level in pair if level]
    texts = (text for price, qty in levels for text in (_text(price, scale), _text(qty, DECIMALS)))
    total = zlib.crc32(":".join(texts).encode())
    return total - (1 << 32) if total >= 1 << 31 else total


def _text(number: int, scale: PriceScale) -> str:
    """Returns a number of a scale in as few characters as it takes."""
    whole, fraction = divmod(number, one(scale))
    return f"{whole}.{fraction:0{scale}}".rstrip("0").rstrip(".")
