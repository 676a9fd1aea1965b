"""A session's file below its reader and writer: its chunks and records, to be cut, changed and damaged."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from backports import zstd

from tests.replay.stepping import fresh_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

NET = Path(__file__).parents[1] / "net"
HEADER = struct.Struct("<QqBBHIII")
"""Of a record: seq, recv_ns, kind, direction, channel, conn, generation, bytes of the body."""
MOMENT = 0x80
"""In a frame's direction: what moved is judged after it."""
STATE, FRAME, TICK, COMMAND, GAP, CONNECTED, DISCONNECTED, FILL, CLOCK_STEP, CHANNEL = range(10)
KINDS = ["state", "frame", "tick", "command", "gap", "connected", "disconnected", "fill", "clock_step", "channel"]
COLUMNS = "first_seq, last_seq, first_ns, last_ns, records, codec, crc32, raw_size, digest, blob"
CHUNK = 120
"""Records of a chunk that is made here."""
FOUR = 'market.exchanges = ["binance", "kraken", "okx", "bybit", "coinbase"]\n'
EXCHANGES = "binance,kraken,okx,bybit,coinbase"
SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


class Record(NamedTuple):
    """A record apart."""

    seq: int
    recv_ns: int
    kind: int
    direction: int
    channel: int
    conn: int
    generation: int
    body: bytes

    def packed(self, seq: int) -> bytes:
        """Returns its bytes under a seq."""
        return HEADER.pack(seq, *self[1:7], len(self.body)) + self.body


class File:
    """A session's file, opened to be changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        # A file in WAL mode would get others beside it when it is read.
        self.database.execute("PRAGMA journal_mode=DELETE")
        self.database.execute("VACUUM")
        self.database.close()

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Returns the rows of a statement."""
        return self.database.execute(sql, values).fetchall()

    def cut(self, records: int) -> None:
        """Keeps the chunks up to the one that reaches so many records."""
        last = self.run("SELECT min(last_seq) FROM chunk WHERE last_seq >= ?", records)[0][0]
        if last is not None:
            end_ns = self.run("SELECT last_ns FROM chunk WHERE last_seq = ?", last)[0][0]
            self.run("DELETE FROM chunk WHERE first_seq > ?", last)
            self.run("DELETE FROM marker WHERE at_ns > ?", end_ns)
            self.forget_keyframes(last + 1)

    def forget_keyframes(self, after: int) -> None:
        """Removes the keyframes after a seq."""
        if self.run("SELECT name FROM sqlite_master WHERE name = 'keyframe'"):
            self.run("DELETE FROM keyframe WHERE first_seq > ?", after)

    def records(self) -> list[Record]:
        """Returns its records."""
        found = []
        for (blob,) in self.run("SELECT blob FROM chunk ORDER BY first_seq"):
            block, at = zstd.decompress(blob), 0
            while at < len(block):
                head = HEADER.unpack_from(block, at)
                at += HEADER.size + head[7]
                found.append(Record._make((*head[:7], block[at - head[7] : at])))
        return found

    def write(self, records: list[Record], *, digests: bool = True) -> None:
        """Puts other records in the place of its own, numbered from 1, with the digests that a kernel comes to."""
        kernel = fresh_kernel() if digests else None
        self.run("DELETE FROM chunk")
        self.forget_keyframes(0)
        for at in range(0, len(records), CHUNK):
            part = records[at : at + CHUNK]
            block = b"".join(record.packed(at + n + 1) for n, record in enumerate(part))
            if kernel is not None:
                kernel.step(block)
            self.chunk(at + 1, part, block, "" if kernel is None else kernel.digest)

    def chunk(self, first_seq: int, part: list[Record], block: bytes, digest: str) -> None:
        """Adds a chunk."""
        times = [record.recv_ns for record in part]
        last_seq, crc32, blob = first_seq + len(part) - 1, zlib.crc32(block), zstd.compress(block, level=19)
        row = (first_seq, last_seq, times[0], times[-1], len(part), "zstd", crc32, len(block), digest, blob)
        self.run(f"INSERT INTO chunk ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", *row)

    def reblock(self, first_seq: int, change: Callable[[bytes], bytes]) -> None:
        """Changes the block of a chunk, whose crc32 and size are then those of the new one."""
        blob = self.run("SELECT blob FROM chunk WHERE first_seq = ?", first_seq)[0][0]
        block = change(zstd.decompress(blob))
        sql = "UPDATE chunk SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = ?"
        self.run(sql, zstd.compress(block), len(block), zlib.crc32(block), first_seq)


def copied(path: Path, name: str) -> File:
    """Returns a copy of a session under another name."""
    out = NET / f"{name}.cambist"
    out.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(out)) as made:
        source.backup(made)  # with what is in a WAL beside it
    return File(out)
