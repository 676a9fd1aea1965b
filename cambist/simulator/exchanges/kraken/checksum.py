"""The CRC-32 that each message of a book carries."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from cambist.simulator.exchanges.digits import fixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.exchanges.records import Grid
    from cambist.simulator.exchanges.views import View

CHECKED = 10
"""Levels of a side that it covers."""
MAX_DIGITS = 65_536
SIZE_DECIMALS = 8


def checksum(asks: Iterable[tuple[str, str]], bids: Iterable[tuple[str, str]]) -> int:
    """Returns the CRC-32 of the best levels, given as (price, quantity) in wire text, best first.

    >>> asks = [("101.5", "0.00050000"), ("101.6", "2.00000000")]
    >>> checksum(asks, [("101.4", "1.25000000"), ("101.0", "0.75000000")])
    3737750847
    """
    return zlib.crc32(
        "".join([_digits(number) for side in (asks, bids) for level in side for number in level]).encode()
    )


def _digits(number: str) -> str:
    """Returns what the checksum takes of a number."""
    return number.replace(".", "").lstrip("0")


def _price(price: int, grid: Grid) -> str:
    return fixed(price, grid.price_decimals, grid.places)


class Digits(dict[tuple[int, int], str]):
    """(ticks, lots) → what the checksum takes of that level; kept, as most levels stay from one message to the next."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self._grid = grid

    def __missing__(self, level: tuple[int, int]) -> str:
        if len(self) >= MAX_DIGITS:
            self.clear()
        price, size = level[0] * self._grid.tick, level[1] * self._grid.step
        found = self[level] = _digits(_price(price, self._grid)) + _digits(fixed(size, SIZE_DECIMALS))
        return found

    def checksum(self, seen: View) -> int:
        """Returns the checksum of a book."""
        best = sorted(seen.asks.items())[:CHECKED] + sorted(seen.bids.items(), reverse=True)[:CHECKED]
        return zlib.crc32("".join([self[level] for level in best]).encode())
