"""One column of a block: which numbers stand for its values, and their bits."""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEAD = struct.Struct("<BQQ")
"""What is ahead of the packed numbers: kind, base, step."""
_GROUP = 64
_SPARSE = 0x80
"""Set in a group's first byte where zeros are left out."""
_MASK = (1 << 64) - 1


class CodecError(ValueError):
    """Why quotes can't be written or a file can't be read."""


def write(values: Sequence[int]) -> bytes:
    """Returns the bytes of a column; `values` aren't empty."""
    step = math.gcd(*(after - before for before, after in pairwise(values)))
    if step == 0:
        return HEAD.pack(0, values[0], 0)
    changes = [0, *((after - before) // step & _MASK for before, after in pairwise(values))]
    turns = [after - before & _MASK for before, after in pairwise([0, *changes])]
    least = min(values)
    kinds = [[(value - least) // step for value in values], [*map(_zigzag, changes)], [*map(_zigzag, turns)]]
    packed = [b"".join(map(_write_group, _groups(numbers))) for numbers in kinds]
    best = min(range(3), key=lambda kind: len(packed[kind]))
    return HEAD.pack(best, values[0] if best else least, step) + packed[best]


def read(data: bytes, at: int, rows: int) -> tuple[list[int], int]:
    """Returns `rows` values of the column at `at`, and where the next begins. Raises `CodecError` if it is damaged."""
    _need(data, at, HEAD.size)
    kind, base, step = HEAD.unpack_from(data, at)
    at += HEAD.size
    if kind > 2:
        why = f"kind was {kind}, not 0 to 2"
        raise CodecError(why)
    if step == 0:
        return [base] * rows, at
    numbers: list[int] = []
    while len(numbers) < rows:
        group, at = _read_group(data, at, min(_GROUP, rows - len(numbers)))
        numbers += group
    return list(_restored(kind, base, step, numbers)), at


def _restored(kind: int, base: int, step: int, numbers: Sequence[int]) -> Iterator[int]:
    """Yields the values that numbers stand for."""
    last, change = base, 0
    for number in numbers:
        match kind:
            case 0:
                last = base + number * step & _MASK
            case 1:
                last = last + _unzigzag(number) * step & _MASK
            case _:
                change = change + _unzigzag(number) & _MASK
                last = last + change * step & _MASK
        yield last


def _zigzag(value: int) -> int:
    """Returns 0, 1, 2, 3 … for 0, −1, 1, −2 … modulo 2⁶⁴."""
    return value << 1 if value < 1 << 63 else (value << 1 & _MASK) ^ _MASK


def _unzigzag(value: int) -> int:
    return value >> 1 ^ (_MASK if value & 1 else 0)


def _groups(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(numbers), _GROUP):
        yield numbers[at : at + _GROUP]


def _write_group(group: Sequence[int]) -> bytes:
    width, others = max(group).bit_length(), [number for number in group if number]
    dense = _write_bits(group, width)
    sparse = _write_bits([number != 0 for number in group], 1) + _write_bits(others, width)
    return bytes([width]) + dense if len(dense) <= len(sparse) else bytes([width | _SPARSE]) + sparse


def _write_bits(numbers: Sequence[int], width: int) -> bytes:
    packed = 0
    for number in reversed(numbers):
        packed = packed << width | number
    return packed.to_bytes((len(numbers) * width + 7) // 8, "little")


def _read_group(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    _need(data, at, 1)
    width = data[at] & ~_SPARSE
    if width > 64:
        why = f"width was {width} bits, more than 64"
        raise CodecError(why)
    if not data[at] & _SPARSE:
        return _read_bits(data, at + 1, width, count)
    marks, at = _read_bits(data, at + 1, (count + 7) // 8 * 8, 1)
    mask = marks[0]
    if mask >> count:
        why = f"mask {mask:x} of a group of {count}"
        raise CodecError(why)
    others, at = _read_bits(data, at, width, mask.bit_count())
    left = iter(others)
    return [next(left) if mask >> place & 1 else 0 for place in range(count)], at


def _read_bits(data: bytes, at: int, width: int, count: int) -> tuple[list[int], int]:
    size = (count * width + 7) // 8
    _need(data, at, size)
    packed = int.from_bytes(data[at : at + size], "little")
    mask = (1 << width) - 1
    return [packed >> place * width & mask for place in range(count)], at + size


def _need(data: bytes, at: int, size: int) -> None:
    if len(data) - at < size:
        why = f"{len(data) - at} bytes left, {size} needed"
        raise CodecError(why)
