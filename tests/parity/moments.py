"""Blocks in which some frames are marked as moments."""

import random
from collections.abc import Iterator

from cambist.model.events import HEADER, MOMENT, RecordKind, records

DIRECTION_AT = 17


def marked(block: bytes, moments: Iterator[bool]) -> bytes:
    """Returns a block whose frames are marked as `moments` says, one after the other."""
    out = bytearray(block)
    for at, kind in places(block):
        if kind == RecordKind.FRAME:
            out[at + DIRECTION_AT] = (out[at + DIRECTION_AT] & ~MOMENT) | MOMENT * next(moments)
    return bytes(out)


def marked_last(block: bytes) -> bytes:
    """Returns a block whose last frame alone is a moment."""
    frames = sum(kind == RecordKind.FRAME for _, kind in places(block))
    return marked(block, iter([False] * (frames - 1) + [True]))


def at_random(seed: int, share: float) -> Iterator[bool]:
    """Yields truths, of which so many are true."""
    rng = random.Random(seed)
    while True:
        yield rng.random() < share


def places(block: bytes) -> list[tuple[int, int]]:
    """Returns offset and kind of each record."""
    found, at = [], 0
    for record in records(block):
        found.append((at, record.kind))
        at += HEADER.size + len(record.body)
    return found


def numbers(block: bytes) -> list[int]:
    """Returns the seqs of frames that are moments."""
    return [record.seq for record in records(block) if record.moment]
