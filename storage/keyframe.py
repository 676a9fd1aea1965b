"""Keyframes of a session: states at the borders of chunks, which a reader goes on from instead of the beginning.

A chunk whose column `keyframe` is set ends at one; the digests of the chunks after it begin anew from its own. So that
stays known when the row itself can't be read.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from backports import zstd

from cambist.model.events import MAX_BODY
from storage.chunk import MAX_RAW

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_KEYFRAME = MAX_BODY + MAX_RAW
"""Largest body, before compression."""


class KeyframeTaken(NamedTuple):
    """A keyframe between the one that takes it and the one that writes it."""

    first_seq: int
    recv_ns: int
    step_ns: int
    body: Callable[[], bytes]
    """Makes what is stored, on any thread."""


class Missing(NamedTuple):
    """What comes of a keyframe that can't be stored: the chunk before it is marked all the same."""

    why: str
    step_ns: int
    """For how long the records since the newest that is stored were stepped."""


class KeyframesStored(NamedTuple):
    """What a session has of keyframes, and is to have."""

    chunk_bytes: int = 0
    """Stored bytes of its chunks."""
    keyframe_bytes: int = 0
    """Those of its keyframes."""
    last_bytes: int = 0
    """Those of the newest; 0 before one."""
    waiting: int = 0
    """How many were taken and are not stored yet."""
    missing_ns: int = 0
    """For how long records were stepped since the newest, up to one that is missing."""
    fault: str = ""
    """Which is missing and why; empty if none is."""

    def after(self, chunk_bytes: int, outcome: KeyframeRow | Missing | None) -> KeyframesStored:
        """Returns the same once a chunk is stored, and what came of the keyframe at its end."""
        counted = self._replace(chunk_bytes=self.chunk_bytes + chunk_bytes)
        match outcome:
            case None:
                return counted
            case Missing(why, step_ns):
                return counted._replace(waiting=self.waiting - 1, missing_ns=step_ns, fault=why)
            case KeyframeRow(blob=blob):
                size = len(blob)
                return counted._replace(
                    keyframe_bytes=self.keyframe_bytes + size,
                    last_bytes=size,
                    waiting=self.waiting - 1,
                    missing_ns=0,
                )


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


def written(taken: KeyframeTaken, missing_ns: int) -> KeyframeRow | Missing:
    """Returns a keyframe's row, or why it has none; `missing_ns` is the stepping before it that no keyframe tells."""
    step_ns = taken.step_ns + missing_ns
    try:
        return packed(taken._replace(step_ns=step_ns))
    except Exception as error:  # whatever it is, the records are worth more
        return Missing(f"keyframe {taken.first_seq} is missing: {type(error).__name__}: {error}", step_ns)


def packed(taken: KeyframeTaken, level: int = 3) -> KeyframeRow:
    """Returns the row of a keyframe. A body of 0.9 MB takes 2 ms and becomes 291 kB (323 kB at level 1).

    Raises `ValueError` if it is larger than may be stored, and whatever making it raises.
    """
    body = taken.body()
    if len(body) > MAX_KEYFRAME:
        message = f"{len(body)} bytes, at most {MAX_KEYFRAME} are stored"
        raise ValueError(message)
    return KeyframeRow(
        first_seq=taken.first_seq,
        recv_ns=taken.recv_ns,
        step_ns=taken.step_ns,
        codec="zstd",
        crc32=zlib.crc32(body),
        raw_size=len(body),
        blob=zstd.compress(body, level),
    )
