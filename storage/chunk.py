"""What a session is written in: blocks of whole records, and the chunks that they become."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from backports import zstd

from cambist.model.events import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.keyframe import KeyframeTaken

CHUNK_BYTES = 1 << 20
MAX_RAW = 4 << 20
"""Largest block of several records. One record alone may be as large as `MAX_BODY`."""


class Block(NamedTuple):
    """A block to be written, and what is known of its records without a look at them."""

    data: bytes
    """Whole records, in order of seq."""
    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int
    records: int
    digest: str
    """Running decision digest after its last record; empty where it has none."""
    keyframe: KeyframeTaken | None = None
    """The state after its last record: a chunk ends there, and the digest of the next block begins from this one's."""


class ChunkRow(NamedTuple):
    """A row of the table `chunk`, its columns by name."""

    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int
    records: int
    codec: str
    crc32: int
    raw_size: int
    digest: str
    keyframe: int
    blob: bytes


INSERT_CHUNK = f"INSERT INTO chunk ({', '.join(ChunkRow._fields)}) VALUES ({', '.join('?' * len(ChunkRow._fields))})"


class TailRow(NamedTuple):
    """A row of the table `tail`, its columns by name: a block that is on disk before its chunk is."""

    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int
    records: int
    crc32: int
    raw_size: int
    digest: str
    keyframe: int
    blob: bytes

    @classmethod
    def of(cls, block: Block) -> TailRow:
        """Returns the row of a block."""
        return cls(
            first_seq=block.first_seq,
            last_seq=block.last_seq,
            first_ns=block.first_ns,
            last_ns=block.last_ns,
            records=block.records,
            crc32=zlib.crc32(block.data),
            raw_size=len(block.data),
            digest=block.digest,
            keyframe=block.keyframe is not None,
            blob=block.data,
        )


TAIL_ROWS = 1_000
"""Most rows of one statement: SQLite takes 32,766 values."""
DELETE_TAIL = "DELETE FROM tail WHERE last_seq <= ?"


def insert_tail(rows: int) -> str:
    """Returns the statement that inserts so many rows of `tail`: alone it is a transaction of its own."""
    values = f"({', '.join('?' * len(TailRow._fields))})"
    return f"INSERT INTO tail ({', '.join(TailRow._fields)}) VALUES {', '.join([values] * rows)}"


def compressed(blocks: Sequence[Block], level: int) -> ChunkRow:
    """Returns the chunk that holds these blocks, which follow one another."""
    data = blocks[0].data if len(blocks) == 1 else b"".join(block.data for block in blocks)
    first, last = blocks[0], blocks[-1]
    return ChunkRow(
        first_seq=first.first_seq,
        last_seq=last.last_seq,
        first_ns=first.first_ns,
        last_ns=last.last_ns,
        records=sum(block.records for block in blocks),
        codec="zstd",
        crc32=zlib.crc32(data),
        raw_size=len(data),
        digest=last.digest,
        keyframe=last.keyframe is not None,
        blob=zstd.compress(data, level),
    )


def split(block: Block) -> Iterator[Block]:
    """Yields an oversized block in pieces of whole records. Only the last piece keeps digest and keyframe."""
    data = block.data
    begin = offset = 0
    heads: list[tuple[int, int]] = []
    while offset < len(data):
        seq, recv_ns, *_, size = HEADER.unpack_from(data, offset)
        end = offset + HEADER.size + size
        if heads and end - begin > CHUNK_BYTES:
            yield _piece(data[begin:offset], heads, "")
            begin, heads = offset, []
        heads.append((seq, recv_ns))
        offset = end
    yield _piece(data[begin:], heads, block.digest)._replace(keyframe=block.keyframe)


def _piece(data: bytes, heads: list[tuple[int, int]], digest: str) -> Block:
    (first_seq, first_ns), (last_seq, last_ns) = heads[0], heads[-1]
    return Block(
        data=data,
        first_seq=first_seq,
        last_seq=last_seq,
        first_ns=first_ns,
        last_ns=last_ns,
        records=len(heads),
        digest=digest,
    )
