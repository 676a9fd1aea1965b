r"""Bytes with their zeros counted: a run of 1 to 256 of them is a zero and its length less one.

Nine in ten bytes of what accounts hold are zeros; no byte read makes more than 128.

>>> pack(b"ab" + bytes(258) + b"c").hex(" ")
'61 62 00 ff 00 01 63'
>>> unpack(bytes.fromhex("61 00 02 62"))
b'a\x00\x00\x00b'
"""

from __future__ import annotations

import re

_RUN = re.compile(rb"\0{1,256}")
_COUNTED = re.compile(rb"\0(.?)", re.DOTALL)
_WRITTEN = [b"", *(bytes((0, run)) for run in range(256))]
_RUNS = [bytes(run + 1) for run in range(256)]


def pack(plain: bytes) -> bytes:
    """Returns bytes with their zeros counted."""
    return _RUN.sub(lambda run: _WRITTEN[run.end() - run.start()], plain)


def unpack(packed: bytes) -> bytes:
    """Returns the bytes that were packed. Raises `ValueError` if they end within a run."""
    try:
        return _COUNTED.sub(lambda run: _RUNS[run[1][0]], packed)
    except IndexError:
        message = "it ends within zeros"
        raise ValueError(message) from None
