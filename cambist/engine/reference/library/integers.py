"""Integers in a call's arguments, as `engine_rs/src/integers.rs` takes them.

One that is out of range is a `ValueError`, as every other value that is refused is, and what is no integer a
`TypeError`.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote import ChainTime

if TYPE_CHECKING:
    from collections.abc import Iterable


def u16(value: int) -> int:
    """Returns an integer of 16 bits. Raises `ValueError` or `TypeError`."""
    return _within(value, 0, (1 << 16) - 1)


def i32(value: int) -> int:
    """Returns a signed integer of 32 bits. Raises `ValueError` or `TypeError`."""
    return _within(value, -(1 << 31), (1 << 31) - 1)


def u64(value: int) -> int:
    """Returns an integer of 64 bits. Raises `ValueError` or `TypeError`.

    >>> u64(-1)
    Traceback (most recent call last):
    ValueError: integer was -1, expected 0 to 18446744073709551615
    """
    return _within(value, 0, (1 << 64) - 1)


def i64(value: int) -> int:
    """Returns a signed integer of 64 bits. Raises `ValueError` or `TypeError`."""
    return _within(value, -(1 << 63), (1 << 63) - 1)


def u128(value: int) -> int:
    """Returns an integer of 128 bits. Raises `ValueError` or `TypeError`."""
    return _within(value, 0, (1 << 128) - 1)


def u64s(values: Iterable[int]) -> list[int]:
    """Returns integers of 64 bits. Raises `ValueError` or `TypeError`."""
    return [u64(value) for value in values]


def chain_time(time: tuple[int, int, int]) -> ChainTime:
    """Returns (slot, unix timestamp, epoch) as the clock that it is. Raises `ValueError` or `TypeError`."""
    slot, now, epoch = time
    return ChainTime(u64(slot), i64(now), u64(epoch))


def _within(value: int, least: int, most: int) -> int:
    number = index(value)
    if not least <= number <= most:
        message = f"integer was {number}, expected {least} to {most}"
        raise ValueError(message)
    return number
