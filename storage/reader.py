"""The reading half of a session: read-only, bounded, and sceptical of what the file says about itself."""

from __future__ import annotations

import sqlite3
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

import msgspec
from backports import zstd

from cambist.model.events import HEADER, MAX_BODY, Channel
from storage.chunk import MAX_RAW
from storage.files import Lock, SessionError, open_read_only, require_database
from storage.keyframe import MAX_KEYFRAME, KeyframeInfo
from storage.writer import APPLICATION_ID, READABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATIO_ALARM = 200
"""A chunk that grows more than this is worth a look; what it may grow to is bounded in any case."""
MAX_WINDOW_LOG = 24
MAX_MARKERS = 100_000

_T = TypeVar("_T")
_INDEX = "first_seq, last_seq, first_ns, last_ns, records, codec, crc32, raw_size, digest, {keyframe}, length(blob)"
_TABLES = ("channel", "chunk", "marker", "meta")
_KEYFRAMES = "SELECT first_seq, recv_ns, step_ns, codec, crc32, raw_size, length(blob)"
KEYFRAMES_FROM = 3
"""The first schema that has keyframes."""


class ChunkInfo(NamedTuple):
    """A chunk without its block."""

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
    """Whether a keyframe follows, from whose digest the next chunk's begins."""
    stored_size: int


class Chunk(NamedTuple):
    """A chunk's block, checked against its size and crc32."""

    info: ChunkInfo
    block: bytes


class StoredMarker(NamedTuple):
    """A point of the timeline as stored."""

    at_ns: int
    seq: int
    kind: str
    label: str


class Break(NamedTuple):
    """A hole between two chunks: the last seq before it, the first after."""

    last_seq: int
    next_seq: int


class SessionReader:
    """Reads a session, also one that is being written or whose writer was killed.

    No call holds a read transaction when it returns, so a reader never keeps a writer from checkpointing. Every call
    may raise `SessionError`; opening also `OSError`.
    """

    def __init__(self, path: Path) -> None:
        """Opens the session at `path`."""
        self.path = path
        require_database(path, APPLICATION_ID, READABLE, "cambist session")
        try:
            self._database = open_read_only(path)
        except sqlite3.Error as error:
            raise SessionError(path, f"a damaged session ({error})", "one that opens") from error
        try:
            self._has_keyframes = self._version() >= KEYFRAMES_FROM
            self._index = _INDEX.format(keyframe="keyframe" if self._has_keyframes else "0")
            self._require_tables()
            self.meta = dict(self._pairs("SELECT key, value FROM meta LIMIT 1000"))
            self.channels = self._channels()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    @property
    def complete(self) -> bool:
        """Whether the writer closed it; False while it is written and after a kill."""
        return self.meta.get("complete") == "1"

    def index(self) -> list[ChunkInfo]:
        """Returns all chunks without their blocks, in order of seq."""
        return [self._info(row) for row in self._query(f"SELECT {self._index} FROM chunk ORDER BY first_seq")]

    def extent(self) -> tuple[ChunkInfo, ChunkInfo] | None:
        """Returns the first and the last chunk without reading those between; `None` if there are none."""
        ends = [
            self._query(f"SELECT {self._index} FROM chunk ORDER BY first_seq {order} LIMIT 1")
            for order in ("ASC", "DESC")
        ]
        return (self._info(ends[0][0]), self._info(ends[1][0])) if ends[0] and ends[1] else None

    def comparable(self) -> int:
        """Returns how many chunks have a decision digest."""
        return self._convert(self._query("SELECT count(*) FROM chunk WHERE digest <> ''")[0][0], int)

    def bookmarks(self) -> int:
        """Returns how many bookmarks there are."""
        return self._convert(self._query("SELECT count(*) FROM marker WHERE kind = 'bookmark'")[0][0], int)

    def breaks(self) -> list[Break]:
        """Returns where a chunk does not begin right after the one before it."""
        chunks = self.index()
        return [
            Break(before.last_seq, after.first_seq)
            for before, after in pairwise(chunks)
            if after.first_seq != before.last_seq + 1
        ]

    def markers(self) -> list[StoredMarker]:
        """Returns the timeline's points in order of time, at most `MAX_MARKERS`."""
        rows = self._query(
            "SELECT at_ns, seq, kind, substr(label, 1, 400) FROM marker ORDER BY at_ns, id LIMIT ?", (MAX_MARKERS,)
        )
        return [self._convert(row, StoredMarker) for row in rows]

    def blocks(self, from_seq: int = 0) -> Iterator[Chunk]:
        """Yields chunks in order, beginning with the one that holds `from_seq` or the first after it.

        On a session that is being written it ends at the newest committed chunk; call again from the next seq.
        """
        reached = self._query("SELECT max(first_seq) FROM chunk WHERE first_seq <= ?", (from_seq,))[0][0]
        at, compare = (from_seq if reached is None else self._convert(reached, int)), ">="
        while True:
            rows = self._query(
                f"SELECT {self._index}, CASE WHEN length(blob) <= ? THEN blob END FROM chunk "
                f"WHERE first_seq {compare} ? ORDER BY first_seq LIMIT 1",
                (MAX_BODY + MAX_RAW, at),
            )
            if not rows:
                return
            info, blob = self._info(rows[0][:-1]), rows[0][-1]
            at, compare = info.first_seq, ">"
            if info.last_seq >= from_seq:
                yield Chunk(info, self._block(info, blob))

    def keyframes(self) -> list[KeyframeInfo]:
        """Returns all keyframes without their bodies, in order of seq."""
        if not self._has_keyframes:
            return []
        return [
            self._convert(row, KeyframeInfo) for row in self._query(f"{_KEYFRAMES} FROM keyframe ORDER BY first_seq")
        ]

    def keyframe(self, first_seq: int) -> bytes:
        """Returns the body of the keyframe that the chunk at `first_seq` goes on from, checked against its crc32."""
        where = f"keyframe {first_seq}"
        rows = self._query(
            f"{_KEYFRAMES}, CASE WHEN length(blob) <= ? THEN blob END FROM keyframe WHERE first_seq = ?",
            (MAX_KEYFRAME, first_seq),
        )
        if not rows:
            raise SessionError(self.path, f"no {where}", "one")
        info = self._convert(rows[0][:-1], KeyframeInfo)
        return self._unpacked(where, info, rows[0][-1], MAX_KEYFRAME)

    def density(self, slices: int) -> tuple[int, ...]:
        """Returns records per equal slice of the session's time, a chunk's records spread over the time it covers."""
        counts = [0] * slices
        chunks = self.index()
        if chunks:
            first, last = chunks[0].first_ns, max(chunk.last_ns for chunk in chunks)
            span = last - first + 1
            for chunk in chunks:
                begin = (chunk.first_ns - first) * slices // span
                width = max(1, (chunk.last_ns - first) * slices // span - begin + 1)
                for k in range(width):
                    counts[begin + k] += chunk.records * (k + 1) // width - chunk.records * k // width
        return tuple(counts)

    def seq_at(self, at_ns: int) -> int | None:
        """Returns the first seq of the chunk to read for the state at a time, `None` if the session is empty."""
        row = self._query("SELECT max(first_seq) FROM chunk WHERE first_ns <= ?", (at_ns,))[0][0]
        if row is None:
            row = self._query("SELECT min(first_seq) FROM chunk")[0][0]
        return None if row is None else self._convert(row, int)

    def check(self) -> list[str]:
        """Returns what SQLite itself finds wrong with the file, at most ten lines; empty if nothing."""
        found = [str(row[0]) for row in self._query("PRAGMA quick_check(10)")]
        return [] if found == ["ok"] else found

    def _version(self) -> int:
        return self._convert(self._query("PRAGMA user_version")[0][0], int)

    def _require_tables(self) -> None:
        wanted = sorted((*_TABLES, "keyframe")) if self._has_keyframes else [*_TABLES]
        names = {str(row[0]) for row in self._query("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000")}
        found = [name for name in wanted if name in names]
        if found != wanted:
            raise SessionError(self.path, f"tables {', '.join(found) or 'none'}", f"tables {', '.join(wanted)}")

    def _channels(self) -> tuple[Channel, ...]:
        try:
            return tuple(
                msgspec.json.decode(text, type=Channel)
                for _, text in self._pairs("SELECT id, json FROM channel ORDER BY id LIMIT 65536")
            )
        except msgspec.MsgspecError as error:
            raise SessionError(self.path, f"a channel that can't be read ({error})", "channels") from error

    def _pairs(self, sql: str) -> list[tuple[str, str]]:
        return [(str(key), self._convert(value, str)) for key, value in self._query(sql)]

    def _block(self, info: ChunkInfo, blob: object) -> bytes:
        where = f"chunk {info.first_seq}–{info.last_seq}"
        limit = MAX_BODY + HEADER.size if info.records == 1 else MAX_RAW
        return self._unpacked(where, info, blob, limit)

    def _unpacked(self, where: str, info: ChunkInfo | KeyframeInfo, blob: object, limit: int) -> bytes:
        if info.codec != "zstd":
            raise SessionError(self.path, f"{where} in codec {info.codec[:20]!r}", "zstd")
        if not isinstance(blob, bytes):
            raise SessionError(self.path, f"{where} with {info.stored_size} stored bytes", f"at most {limit}")
        if not 0 < info.raw_size <= limit:
            raise SessionError(self.path, f"{where} that declares {info.raw_size} bytes", f"at most {limit}")
        try:
            decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})
            block = decompressor.decompress(blob, max_length=info.raw_size + 1)
        except (zstd.ZstdError, ValueError) as error:
            raise SessionError(self.path, f"{where} that does not decompress ({error})", "a zstd frame") from error
        if len(block) != info.raw_size or not decompressor.eof or decompressor.unused_data:
            found = f"{where} with {'more than ' if len(block) > info.raw_size else ''}{len(block)} bytes"
            raise SessionError(self.path, found, f"the declared {info.raw_size}")
        if zlib.crc32(block) != info.crc32:
            raise SessionError(self.path, f"{where} with crc32 {zlib.crc32(block):08x}", f"{info.crc32:08x}")
        return block

    def _info(self, row: tuple[object, ...]) -> ChunkInfo:
        info = self._convert(row, ChunkInfo)
        if info.last_seq < info.first_seq or info.records != info.last_seq - info.first_seq + 1:
            found = f"chunk {info.first_seq}–{info.last_seq} of {info.records} records"
            raise SessionError(self.path, found, "one record per seq")
        return info

    def _query(self, sql: str, values: tuple[int, ...] = ()) -> list[tuple[object, ...]]:
        try:
            return self._database.execute(sql, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SessionError(self.path, f"a damaged session ({error})", "one that reads") from error

    def _convert(self, row: object, kind: type[_T]) -> _T:
        try:
            return msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            raise SessionError(self.path, f"a row that can't be read ({error})", kind.__name__) from error


def add_bookmark(path: Path, at_ns: int, seq: int, label: str = "") -> None:
    """Adds a bookmark to a session that nobody is recording. Its writer is the one to ask otherwise.

    Raises `Busy` if it is being recorded, `SessionError`, `OSError`.
    """
    require_database(path, APPLICATION_ID, READABLE, "cambist session")
    lock = Lock(path)
    try:
        database = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "INSERT INTO marker (at_ns, seq, kind, label) VALUES (?,?,'bookmark',?)", (at_ns, seq, label)
            )
            database.execute("COMMIT")
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SessionError(path, f"a session that takes no bookmark ({error})", "a sound one") from error
    finally:
        lock.release()
