"""The sum that Kraken sends with each message of `book`, the only sign that one is missing.

The venue sums its texts: the dot and the zeros before the first other digit go, those after the last one stay. What is
left of a number is the integer that counts its last decimal, so levels as integers and the decimals that the venue
writes are enough.
"""

from __future__ import annotations

import zlib
from itertools import chain, islice
from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.exchanges.event import Level

TOP = 10
"""Levels of a side that are summed, whatever the depth of the book."""


def kraken_checksum(
    bids: Iterable[Level],
    asks: Iterable[Level],
    price_decimals: int,
    quantity_decimals: int,
    scale: PriceScale = DECIMALS,
) -> int:
    """Returns the CRC-32 of the best 10 levels of each side: asks, then bids, of each its price, then its quantity.

    Levels are best first, prices of a `scale`, quantities × 10⁸. The decimals say how many the venue writes; what a
    level has beyond them is cut off.

    >>> bids = [(10140000000, 125000000), (10100000000, 75000000)]
    >>> asks = [(10150000000, 50000), (10160000000, 200000000)]
    >>> kraken_checksum(bids, asks, 1, 8)
    3737750847
    """
    levels = chain(islice(asks, TOP), islice(bids, TOP))
    texts = (_text(price, scale, price_decimals) + _text(qty, DECIMALS, quantity_decimals) for price, qty in levels)
    return zlib.crc32("".join(texts).encode())


def _text(number: int, scale: PriceScale, decimals: int) -> str:
    """Returns a number of a scale in units of its last decimal; 0 is nothing but zeros, so nothing is left of it."""
    units = number // 10 ** max(scale - decimals, 0)
    return str(units) + "0" * max(decimals - scale, 0) if units else ""
