"""Rows of numbers in a snapshot as columns, each as its first number and how it went on.

Prices that are near each other are told in seven bytes, times in five, what stands still in one.

Binary: the number of rows (u32), then of each column the first number (u64), the bytes of a step (u8, 1 to 8) and the
steps: difference to the row before, zigzag, little-endian like all of it. No rows are no bytes.

>>> pack([(-1, 7), (1, 4), (258, 5)], "tb").hex(" ")
'03 00 00 00 ff ff ff ff ff ff ff ff 02 04 00 02 02 07 00 00 00 00 00 00 00 01 05 02'
>>> unpack(pack([(-1, 7), (1, 4), (258, 5)], "tb"), "tb")
[(-1, 7), (1, 4), (258, 5)]
"""

from __future__ import annotations

import struct
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = "columns"
"""Annotates a list of rows that a snapshot tells as columns."""
_COUNT = struct.Struct("<I")
_FIRST = struct.Struct("<QB")
_MASK = (1 << 64) - 1


def pack(rows: Sequence[Sequence[Any]], kinds: str) -> bytes:
    """Returns rows as columns of these kinds: `t` a signed time, `b` the bits of a float, `m` those or `None`."""
    if not rows:
        return b""
    parts = [_COUNT.pack(len(rows))]
    for kind, column in zip(kinds, zip(*rows, strict=True), strict=True):
        numbers = [0 if each is None else each + 1 for each in column] if kind == "m" else column
        steps = [_zigzag((after - before) & _MASK) for before, after in pairwise(numbers)]
        width = (max(steps, default=0).bit_length() + 7) // 8 or 1
        parts.append(_FIRST.pack(numbers[0] & _MASK, width))
        parts += [step.to_bytes(width, "little") for step in steps]
    return b"".join(parts)


def unpack(data: bytes, kinds: str) -> list[tuple[Any, ...]]:
    """Returns the rows that these columns are. Raises `ValueError` if they are none."""
    if not data:
        return []
    try:
        count, at = _COUNT.unpack_from(data)[0], _COUNT.size
        columns = []
        for kind in kinds:
            first, width = _FIRST.unpack_from(data, at)
            at, end = at + _FIRST.size, at + _FIRST.size + width * (count - 1)
            if not (count and 1 <= width <= 8 and end <= len(data)):
                raise _none(kinds)
            steps = [int.from_bytes(data[each : each + width], "little") for each in range(at, end, width)]
            numbers = accumulate(map(_unzigzag, steps), initial=first)
            columns.append([_KINDS[kind](number & _MASK) for number in numbers])
            at = end
    except struct.error:
        raise _none(kinds) from None
    if at != len(data):
        raise _none(kinds)
    return list(zip(*columns, strict=True))


def _none(kinds: str) -> ValueError:
    return ValueError(f"{len(kinds)} columns of a table")


def _zigzag(step: int) -> int:
    return (step << 1 ^ -(step >> 63)) & _MASK


def _unzigzag(step: int) -> int:
    return step >> 1 ^ -(step & 1)


def _signed(number: int) -> int:
    return number - (number >> 63 << 64)


def _bits(number: int) -> int:
    return number


def _mark(number: int) -> int | None:
    return number - 1 if number else None


_KINDS = {"t": _signed, "b": _bits, "m": _mark}
