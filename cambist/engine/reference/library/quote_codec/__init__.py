"""Lossless compressed quote history, read block by block.

For users of the engine: no screen and no order uses this.

A quote is five whole numbers below 2⁶⁴: time in ns, bid price, bid size, ask price, ask size (prices and sizes × 10⁸,
as elsewhere). Quotes are in time order. All numbers of a file are little-endian:

    head        3 + 1   `CQH`, version 1
                4       number of blocks
                4       CRC-32 (IEEE) of the directory
    directory,  8       time of its first quote
    a block     8       where it begins in the file
    each        4       how many quotes it has, 1 to 1,024
                4       CRC-32 of the block
    blocks              five columns each, end to end

A column is its kind (1 byte), base (8) and step (8), then packed numbers. The step is the greatest common divisor of
the changes from quote to quote; 0 means that there were none: all values are the base, and nothing is packed. With
kind 0 a number is (value − base) ÷ step, and the base the least value; with kind 1 it is the change since the value
before (first: the base) ÷ step; with kind 2 how much that changed since the number before (first: 0). Numbers of kinds
1 and 2 are zigzag. Sums and products are modulo 2⁶⁴, so that every change fits. The kind that packs smallest is used,
the lowest of equals.

Numbers lie in groups of 64, the last may be shorter: one byte tells how many bits a number has, 0 to 64, then they
follow, lowest bit first, filled up to whole bytes with zeros. If its highest bit is set, a bit for each number comes
first, which tells whether it isn't 0, and only those follow: where that is shorter, as most prices repeat.

A damaged file is refused in words that tell what was found where. What a file claims about sizes is checked against
its length before it is used: quotes take at most 376 times the bytes of their file.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.library.quote_codec import pack
from cambist.engine.reference.library.quote_codec.pack import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "BLOCK_ROWS",
    "COLUMNS",
    "MAX_BLOCKS",
    "CodecError",
    "QuoteBlock",
    "decode_quote_block",
    "decode_quotes",
    "encode_quotes",
    "quote_blocks",
    "quotes_between",
]

COLUMNS = 5
"""Columns of a quote: time, bid price, bid size, ask price, ask size."""
BLOCK_ROWS = 1_024
"""Quotes of a block; only the last of a file may have fewer where this module wrote it."""
MAX_BLOCKS = 1 << 20
"""The most blocks of a file: 2³⁰ quotes."""

_MAGIC = b"CQH"
_VERSION = 1
_HEAD = struct.Struct("<3sBII")
_ENTRY = struct.Struct("<QQII")


class QuoteBlock(NamedTuple):
    """A block as the directory tells of it."""

    first_ns: int
    """Time of its first quote."""
    offset: int
    """Where it begins in the file."""
    rows: int
    """How many quotes it has."""
    crc32: int


def encode_quotes(columns: Sequence[Sequence[int]]) -> bytes:
    """Returns a file of quotes, the same bytes for the same quotes.

    Raises `CodecError` for columns of different lengths, values outside 64 bits and quotes that aren't in time order.

    >>> file = encode_quotes([[10, 20, 30], [100, 101, 101], [5, 5, 5], [102, 102, 103], [7, 7, 9]])
    >>> decode_quotes(file)[1]
    [100, 101, 101]
    """
    _check(columns)
    rows = len(columns[0])
    begins = range(0, rows, BLOCK_ROWS)
    blocks = [b"".join(pack.write(column[at : at + BLOCK_ROWS]) for column in columns) for at in begins]
    offset, directory = _HEAD.size + _ENTRY.size * len(blocks), b""
    for at, block in zip(begins, blocks, strict=True):
        directory += _ENTRY.pack(columns[0][at], offset, min(BLOCK_ROWS, rows - at), zlib.crc32(block))
        offset += len(block)
    head = _HEAD.pack(_MAGIC, _VERSION, len(blocks), zlib.crc32(directory))
    return b"".join([head, directory, *blocks])


def _check(columns: Sequence[Sequence[int]]) -> None:
    if len(columns) != COLUMNS:
        why = f"{len(columns)} columns, not {COLUMNS}"
        raise CodecError(why)
    expected = len(columns[0])
    for at, values in enumerate(columns):
        if len(values) != expected:
            why = f"column {at} has {len(values)} values, time has {expected}"
            raise CodecError(why)
        for row, value in enumerate(values):
            if not 0 <= value < 1 << 64:
                why = f"column {at}, quote {row} was {value}, not 0 to {(1 << 64) - 1}"
                raise CodecError(why)
    if expected > MAX_BLOCKS * BLOCK_ROWS:
        why = f"{expected} quotes, more than {MAX_BLOCKS * BLOCK_ROWS}"
        raise CodecError(why)
    _in_order(columns[0], "quote")


def _in_order(times: Sequence[int], what: str) -> None:
    for row, (before, time) in enumerate(pairwise(times), 1):
        if time < before:
            why = f"{what} {row} at {time} is before the one at {before}"
            raise CodecError(why)


def quote_blocks(file: bytes) -> list[QuoteBlock]:
    """Returns the blocks of a file. Only its head and directory are read. Raises `CodecError` if those are damaged.

    >>> [(block.first_ns, block.rows) for block in quote_blocks(encode_quotes([[10, 20], *[[1, 2]] * 4]))]
    [(10, 2)]
    """
    if len(file) < _HEAD.size:
        why = f"file of {len(file)} bytes, at least {_HEAD.size} needed"
        raise CodecError(why)
    magic, version, count, stored = _HEAD.unpack_from(file)
    if magic != _MAGIC:
        why = f"file begins with [{', '.join(f'{byte:02x}' for byte in magic)}], not 43 51 48"
        raise CodecError(why)
    if version != _VERSION:
        why = f"version was {version}, not {_VERSION}"
        raise CodecError(why)
    if count > MAX_BLOCKS:
        why = f"{count} blocks, more than {MAX_BLOCKS}"
        raise CodecError(why)
    end = _HEAD.size + count * _ENTRY.size
    if len(file) < end:
        why = f"file of {len(file)} bytes, at least {end} needed"
        raise CodecError(why)
    directory = file[_HEAD.size : end]
    if (found := zlib.crc32(directory)) != stored:
        why = f"directory has the sum {found:08x}, not {stored:08x}"
        raise CodecError(why)
    blocks = [QuoteBlock(*each) for each in _ENTRY.iter_unpack(directory)]
    _check_blocks(blocks, len(file))
    return blocks


def _check_blocks(blocks: Sequence[QuoteBlock], length: int) -> None:
    # The first block begins where the directory ends, each further one where there is room for one before it.
    least = most = _HEAD.size + len(blocks) * _ENTRY.size
    before = 0
    for at, block in enumerate(blocks):
        why = ""
        if not 1 <= block.rows <= BLOCK_ROWS:
            why = f"block {at} has {block.rows} quotes, not 1 to {BLOCK_ROWS}"
        elif not least <= block.offset <= most:
            why = f"block {at} begins at {block.offset}, not in {least} to {most}"
        elif block.first_ns < before:
            why = f"block {at} begins at time {block.first_ns}, the one before it at {before}"
        if why:
            raise CodecError(why)
        least = block.offset + COLUMNS * pack.HEAD.size
        most = max(length, least)
        before = block.first_ns
    if not blocks and length > _HEAD.size:
        why = f"block 0: {length - _HEAD.size} bytes after its last column"
        raise CodecError(why)
    if blocks and least > length:
        why = f"file of {length} bytes, at least {least} needed"
        raise CodecError(why)


def decode_quotes(file: bytes) -> list[list[int]]:
    """Returns all quotes of a file as five columns. Raises `CodecError` if it is damaged.

    >>> decode_quotes(encode_quotes([[10, 20], [1, 2], [3, 3], [4, 4], [5, 6]]))
    [[10, 20], [1, 2], [3, 3], [4, 4], [5, 6]]
    """
    blocks = quote_blocks(file)
    return _joined(_read_blocks(file, blocks, range(len(blocks))))


def decode_quote_block(file: bytes, block: int) -> list[list[int]]:
    """Returns the quotes of one block as five columns; no other is read. Raises `CodecError` if it or it is damaged.

    >>> decode_quote_block(encode_quotes([[10], [1], [2], [3], [4]]), 0)
    [[10], [1], [2], [3], [4]]
    """
    return _read(file, quote_blocks(file), block)


def quotes_between(file: bytes, from_ns: int, to_ns: int) -> list[list[int]]:
    """Returns the quotes from `from_ns` on and before `to_ns` as five columns.

    Only blocks that can hold some are read. Raises `CodecError` if the directory or one of those is damaged.

    >>> quotes_between(encode_quotes([[10, 20, 30], *[[1, 2, 3]] * 4]), 20, 30)
    [[20], [2], [2], [2], [2]]
    """
    blocks = quote_blocks(file)
    times = [block.first_ns for block in blocks]
    # Quotes of the very time at which a block begins may be the last of the block before it.
    begin = max(bisect_left(times, from_ns) - 1, 0)
    parts = []
    for columns in _read_blocks(file, blocks, range(begin, bisect_left(times, to_ns))):
        part = slice(bisect_left(columns[0], from_ns), bisect_left(columns[0], to_ns))
        parts.append([column[part] for column in columns])
    return _joined(parts)


def _joined(parts: Iterable[list[list[int]]]) -> list[list[int]]:
    whole: list[list[int]] = [[] for _ in range(COLUMNS)]
    for part in parts:
        for column, values in zip(whole, part, strict=True):
            column += values
    return whole


def _read_blocks(file: bytes, blocks: Sequence[QuoteBlock], wanted: Iterable[int]) -> Iterable[list[list[int]]]:
    """Yields blocks, each of which must begin no earlier than the one before it ended."""
    before = 0
    for block in wanted:
        columns = _read(file, blocks, block)
        if (time := columns[0][0]) < before:
            why = f"block {block}, quote 0 at {time} is before the one at {before}"
            raise CodecError(why)
        before = columns[0][-1]
        yield columns


def _read(file: bytes, blocks: Sequence[QuoteBlock], block: int) -> list[list[int]]:
    if not 0 <= block < len(blocks):
        why = f"block {block} of {len(blocks)}"
        raise CodecError(why)
    listed = blocks[block]
    data = file[listed.offset : blocks[block + 1].offset if block + 1 < len(blocks) else len(file)]
    if (found := zlib.crc32(data)) != listed.crc32:
        why = f"block {block} has the sum {found:08x}, not {listed.crc32:08x}"
        raise CodecError(why)
    columns, at = [], 0
    for column in range(COLUMNS):
        try:
            values, at = pack.read(data, at, listed.rows)
        except CodecError as error:
            why = f"block {block}, column {column}: {error}"
            raise CodecError(why) from None
        columns.append(values)
    if at < len(data):
        why = f"block {block}: {len(data) - at} bytes after its last column"
        raise CodecError(why)
    if columns[0][0] != listed.first_ns:
        why = f"block {block} begins at {columns[0][0]}, its directory says {listed.first_ns}"
        raise CodecError(why)
    _in_order(columns[0], f"block {block}, quote")
    return columns
