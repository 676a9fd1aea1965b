"""Lossless compressed quote history by the Rust engine where it is built, else by the reference.

A quote is five whole numbers: time in ns, bid price, bid size, ask price, ask size (prices and sizes × 10⁸ by
custom). Arrays are 5 × n, a row for each of these; they may have any type of whole numbers from 0 to 2⁶⁴ − 1 when
written and are `uint64` when read: take care with differences. Contiguous 64-bit arrays are read where they lie. Both
backends write the same bytes; the format is described in `reference.quote_codec`. Calls raise `CodecError`, a
`ValueError` that says what was found where, for numbers out of range, quotes that aren't in time order and damaged
files; the native ones release the GIL.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cambist.engine.backend import is_native
from cambist.engine.reference.library import quote_codec
from cambist.engine.reference.library.quote_codec import BLOCK_ROWS, COLUMNS, CodecError, QuoteBlock

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Columns: TypeAlias = NDArray[np.uint64]

__all__ = [
    "BLOCK_ROWS",
    "CodecError",
    "QuoteBlock",
    "QuoteCodec",
    "decode_quote_block",
    "decode_quotes",
    "encode_quotes",
    "quote_blocks",
    "quotes_between",
]

_END = 1 << 64


class QuoteCodec:
    """The functions of this module by one backend: `native`, `reference`, or `auto` for the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """

    def __init__(self, backend: str = "auto") -> None:
        self._is_native = is_native(backend)
        self.name = "native" if self._is_native else "reference"
        """Which backend it is."""

    def encode_quotes(self, columns: ArrayLike) -> bytes:
        """Returns a file of quotes, the same bytes for the same quotes.

        >>> file = encode_quotes([[10, 20, 20], [100, 101, 101], [5, 5, 5], [102, 102, 103], [7, 7, 9]])
        >>> decode_quotes(file)[3].tolist()
        [102, 102, 103]
        """
        table = _whole(columns)
        if not self._is_native:
            return quote_codec.encode_quotes(table.tolist())
        try:
            return _native.encode_quotes(table)
        except ValueError as error:
            raise CodecError(str(error)) from None

    def decode_quotes(self, file: bytes) -> Columns:
        """Returns all quotes of a file.

        >>> decode_quotes(encode_quotes([[10, 20], [1, 2], [3, 3], [4, 4], [5, 6]])).tolist()
        [[10, 20], [1, 2], [3, 3], [4, 4], [5, 6]]
        """
        if not self._is_native:
            return _array(quote_codec.decode_quotes(file))
        try:
            return _native.decode_quotes(file)
        except ValueError as error:
            raise CodecError(str(error)) from None

    def decode_quote_block(self, file: bytes, block: int) -> Columns:
        """Returns the quotes of one block, counted from 0; no other is read.

        >>> decode_quote_block(encode_quotes([[10], [1], [2], [3], [4]]), 0).tolist()
        [[10], [1], [2], [3], [4]]
        """
        if not 0 <= block < _END:
            message = f"block was {block}"
            raise CodecError(message)
        if not self._is_native:
            return _array(quote_codec.decode_quote_block(file, block))
        try:
            return _native.decode_quote_block(file, block)
        except ValueError as error:
            raise CodecError(str(error)) from None

    def quote_blocks(self, file: bytes) -> list[QuoteBlock]:
        """Returns the blocks of a file: first time, where each begins, quotes, CRC-32. Quotes are not read.

        >>> file = encode_quotes([range(10, 2010), *[[1] * 2000] * 4])
        >>> [(block.first_ns, block.rows) for block in quote_blocks(file)]
        [(10, 1024), (1034, 976)]
        """
        if not self._is_native:
            return quote_codec.quote_blocks(file)
        try:
            return [QuoteBlock(*block) for block in _native.quote_blocks(file)]
        except ValueError as error:
            raise CodecError(str(error)) from None

    def quotes_between(self, file: bytes, from_ns: int, to_ns: int) -> Columns:
        """Returns the quotes from `from_ns` on and before `to_ns`; only blocks that can hold some are read.

        >>> quotes_between(encode_quotes([[10, 20, 30], *[[1, 2, 3]] * 4]), 20, 30).tolist()
        [[20], [2], [2], [2], [2]]
        """
        for bound in (from_ns, to_ns):
            if not 0 <= bound < _END:
                message = f"time was {bound}, not 0 to {_END - 1}"
                raise CodecError(message)
        if not self._is_native:
            return _array(quote_codec.quotes_between(file, from_ns, to_ns))
        try:
            return _native.quotes_between(file, from_ns, to_ns)
        except ValueError as error:
            raise CodecError(str(error)) from None


_auto = QuoteCodec()
encode_quotes = _auto.encode_quotes
decode_quotes = _auto.decode_quotes
decode_quote_block = _auto.decode_quote_block
quote_blocks = _auto.quote_blocks
quotes_between = _auto.quotes_between


def _whole(columns: ArrayLike) -> Columns:
    found = np.asarray(columns)
    if found.ndim != 2 or (found.size and found.dtype.kind not in "iu"):
        message = f"quotes were {found.ndim}-dimensional {found.dtype}, expected {COLUMNS} rows of whole numbers"
        raise CodecError(message)
    if found.dtype.kind == "i" and found.size and found.min() < 0:
        column, row = (int(place) for place in np.argwhere(found < 0)[0])
        message = f"column {column}, quote {row} was {found[column, row]}, not 0 to {_END - 1}"
        raise CodecError(message)
    table = np.ascontiguousarray(found)
    return table.view(np.uint64) if table.dtype == np.int64 else table.astype(np.uint64, copy=False)


def _array(columns: Sequence[Sequence[int]]) -> Columns:
    return np.array(columns, dtype=np.uint64).reshape(COLUMNS, -1)
