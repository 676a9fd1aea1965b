"""Keyframes of a session: states at the borders of chunks, which a reader goes on from instead of the beginning.

A chunk whose column `keyframe` is set ends at one; the digests of the chunks after it begin anew from its own. So that
stays known when the row itself can't be read.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from backports import zstd

from cambist.model.events import MAX_BODY
from storage.chunk import MAX_RAW

MAX_KEYFRAME = MAX_BODY + MAX_RAW
"""Largest body, before compression."""


class KeyframeRow(NamedTuple):
    """A row of the table `keyframe`, its columns by name."""

    first_seq: int
    recv_ns: int
    step_ns: int
    codec: str
    crc32: int
    raw_size: int
    blob: bytes


class KeyframeInfo(NamedTuple):
    """A keyframe without its body."""

    first_seq: int
    """Of the chunk that goes on from it."""
    recv_ns: int
    """Time of the last record before it."""
    step_ns: int
    """For how long the records since the keyframe before were stepped when they were recorded."""
    codec: str
    crc32: int
    raw_size: int
    stored_size: int


INSERT_KEYFRAME = (
    f"INSERT INTO keyframe ({', '.join(KeyframeRow._fields)}) VALUES ({', '.join('?' * len(KeyframeRow._fields))})"
)


def packed(body: bytes, first_seq: int, recv_ns: int, step_ns: int, level: int = 3) -> KeyframeRow:
    """Returns the row of a keyframe. A body of 0.9 MB takes 2 ms and becomes 291 kB (323 kB at level 1).

    Raises `ValueError` if it is larger than may be stored.
    """
    if len(body) > MAX_KEYFRAME:
        message = f"a keyframe of {len(body)} bytes, at most {MAX_KEYFRAME} are stored"
        raise ValueError(message)
    return KeyframeRow(
        first_seq=first_seq,
        recv_ns=recv_ns,
        step_ns=step_ns,
        codec="zstd",
        crc32=zlib.crc32(body),
        raw_size=len(body),
        blob=zstd.compress(body, level),
    )
