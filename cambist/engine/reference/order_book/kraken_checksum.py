"""The sum that Kraken sends with each book message: the only thing that tells whether one is missing."""

from __future__ import annotations

import zlib
from itertools import islice
from typing import TYPE_CHECKING

from cambist.engine.reference.decode.decimal import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.decode.event import Level

TOP = 10
"""Levels of a side that are summed, however deep the subscription."""


def kraken_checksum(bids: Iterable[Level], asks: Iterable[Level], price_decimals: int, quantity_decimals: int) -> int:
    """Returns the CRC-32 of the best ten asks, then the best ten bids.

    It is over price and quantity of each level as the wire writes them, without the point and without leading zeros.
    Levels are (price, quantity) × 10⁸, best first; the decimals are those of the wire's texts, at most 8.

    >>> bids = [(10140000000, 125000000), (10100000000, 75000000)]
    >>> asks = [(10150000000, 50000), (10160000000, 200000000)]
    >>> kraken_checksum(bids, asks, 1, 8)
    3737750847
    """
    price_unit, quantity_unit = _unit(price_decimals), _unit(quantity_decimals)
    levels = [level for side in (asks, bids) for level in islice(side, TOP)]
    texts = (f"{price // price_unit}{quantity // quantity_unit}" for price, quantity in levels)
    return zlib.crc32("".join(texts).encode())


def _unit(decimals: int) -> int:
    """Returns the last decimal of the wire's text, × 10⁸."""
    return int(10 ** max(0, DECIMALS - decimals))
