"""The reading half of a session: read-only, bounded, and sceptical of what the file says about itself."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

import msgspec
from backports import zstd

from cambist.model.events import HEADER, MAX_BODY, Channel
from storage.chunk import MAX_RAW
from storage.files import SessionError, open_read_only, require_database
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
_Row = tuple[object, ...]
_INDEX = "first_seq, last_seq, first_ns, last_ns, records, codec, crc32, raw_size, digest, {keyframe}, length(blob)"
_TAIL = "first_seq, last_seq, first_ns, last_ns, records, 'none', crc32, raw_size, digest, keyframe, length(blob), 1"
_TABLES = ("channel", "chunk", "marker", "meta")
_END = "SELECT last_seq FROM chunk ORDER BY first_seq DESC LIMIT 1"
_KEYFRAMES = "SELECT first_seq, recv_ns, step_ns, codec, crc32, raw_size, length(blob)"
KEYFRAMES_FROM = 3
"""The first schema that has keyframes."""
TAIL_FROM = 4
"""The first schema that has a tail."""


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
    tail: int = 0
    """Whether it is a row of the tail, which reads as a chunk does: a block that no chunk holds yet."""

    @property
    def where(self) -> str:
        """What it is called in errors."""
        return f"{'tail' if self.tail else 'chunk'} {self.first_seq}–{self.last_seq}"


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
            version = self._version()
            self._has_keyframes, self._has_tail = version >= KEYFRAMES_FROM, version >= TAIL_FROM
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
        """Returns all chunks without their blocks, in order of seq, then what the tail has beyond them.

        The tail ends before a row that can't be read; `tail_faults` says which.
        """
        with self._one_look():
            rows = self._query(f"SELECT {self._index} FROM chunk ORDER BY first_seq")
            return [*map(self._info, rows), *self._tail_beyond(self._end())]

    def tail_faults(self) -> list[str]:
        """Returns what is wrong with the tail itself: rows that can't be read, or that the chunks already hold."""
        if not self._has_tail:
            return []
        faults = []
        with self._one_look():
            end = self._end()
            for row in self._query(f"SELECT {_TAIL} FROM tail ORDER BY first_seq"):
                try:
                    info = self._info(row)
                except SessionError as error:
                    faults.append(error.found)
                    continue
                if info.first_seq <= end:
                    how = "begins before" if info.last_seq > end else "is older than"
                    faults.append(f"{info.where}: {how} the end of the chunks, {end}")
        return faults

    def extent(self) -> tuple[ChunkInfo, ChunkInfo] | None:
        """Returns the first and the last chunk or row of the tail without those between; `None` if there are none."""
        with self._one_look():
            rows = [
                self._query(f"SELECT {self._index} FROM chunk ORDER BY first_seq {order} LIMIT 1")
                for order in ("ASC", "DESC")
            ]
            ends = [self._info(found[0]) for found in rows if found] + self._tail_beyond(self._end())
        return (ends[0], ends[-1]) if ends else None

    def comparable(self) -> int:
        """Returns how many chunks and rows of the tail have a decision digest."""
        with self._one_look():
            chunks = self._convert(self._query("SELECT count(*) FROM chunk WHERE digest <> ''")[0][0], int)
            return chunks + sum(info.digest != "" for info in self._tail_beyond(self._end()))

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
        """Yields chunks in order, beginning with the one that holds `from_seq` or the first after it, then the tail.

        On a session that is being written it ends with what is committed, or where a chunk has taken up the rows of the
        tail that it is in; call again from the next seq.
        """
        reached = self._query("SELECT max(first_seq) FROM chunk WHERE first_seq <= ?", (from_seq,))[0][0]
        at, compare = (from_seq if reached is None else self._convert(reached, int)), ">="
        while True:
            with self._one_look():
                rows = self._query(
                    f"SELECT {self._index}, CASE WHEN length(blob) <= ? THEN blob END FROM chunk "
                    f"WHERE first_seq {compare} ? ORDER BY first_seq LIMIT 1",
                    (MAX_BODY + MAX_RAW, at),
                )
                end = -1 if rows else self._end()
            if not rows:
                yield from self._tail_blocks(max(end + 1, from_seq))
                return
            info, blob = self._info(rows[0][:-1]), rows[0][-1]
            at, compare = info.first_seq, ">"
            if info.last_seq >= from_seq:
                yield Chunk(info, self._block(info, blob))

    def _tail_blocks(self, from_seq: int) -> Iterator[Chunk]:
        """Yields the tail's rows from the one that holds `from_seq` on, until a chunk holds where it is."""
        while self._has_tail:
            with self._one_look():
                if self._end() >= from_seq:
                    return
                rows = self._query(
                    f"SELECT {_TAIL}, CASE WHEN length(blob) <= ? THEN blob END FROM tail "
                    "WHERE last_seq >= ? AND first_seq > ? ORDER BY first_seq LIMIT 1",
                    (MAX_BODY + MAX_RAW, from_seq, self._end()),
                )
            if not rows:
                return
            info, blob = self._info(rows[0][:-1]), rows[0][-1]
            yield Chunk(info, self._block(info, blob))
            from_seq = info.last_seq + 1

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
        with self._one_look():
            row = self._query("SELECT max(first_seq) FROM chunk WHERE first_ns <= ?", (at_ns,))[0][0]
            if row is None:
                row = self._query("SELECT min(first_seq) FROM chunk")[0][0]
            tail = self._tail_beyond(self._end())
        known = [] if row is None else [self._convert(row, int)]
        known += [info.first_seq for info in tail if info.first_ns <= at_ns]
        return known[-1] if known else tail[0].first_seq if tail else None

    def check(self) -> list[str]:
        """Returns what SQLite itself finds wrong with the file, at most ten lines; empty if nothing."""
        found = [str(row[0]) for row in self._query("PRAGMA quick_check(10)")]
        return [] if found == ["ok"] else found

    @contextmanager
    def _one_look(self) -> Iterator[None]:
        """Lets several queries see one state of a file that is being written: a chunk takes rows out of the tail."""
        self._query("BEGIN")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def _end(self) -> int:
        """Returns the last seq that a chunk holds, −1 if there is none."""
        rows = self._query(_END)
        return self._convert(rows[0][0], int) if rows else -1

    def _tail_beyond(self, end: int) -> list[ChunkInfo]:
        """Returns the tail's rows after `end`, up to the first that can't be read."""
        found: list[ChunkInfo] = []
        if self._has_tail:
            rows = self._query(f"SELECT {_TAIL} FROM tail WHERE first_seq > ? ORDER BY first_seq", (end,))
            with suppress(SessionError):
                found.extend(map(self._info, rows))
        return found

    def _version(self) -> int:
        return self._convert(self._query("PRAGMA user_version")[0][0], int)

    def _require_tables(self) -> None:
        wanted = sorted(
            [*_TABLES, *(["keyframe"] if self._has_keyframes else []), *(["tail"] if self._has_tail else [])]
        )
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
        limit = MAX_BODY + HEADER.size if info.records == 1 else MAX_RAW
        if not info.tail:
            return self._unpacked(info.where, info, blob, limit)
        block = self._bounded(info.where, info, blob, limit)
        if len(block) != info.raw_size:
            raise SessionError(self.path, f"{info.where} with {len(block)} bytes", f"the declared {info.raw_size}")
        return self._summed(info.where, info, block)

    def _bounded(self, where: str, info: ChunkInfo | KeyframeInfo, blob: object, limit: int) -> bytes:
        if not isinstance(blob, bytes):
            raise SessionError(self.path, f"{where} with {info.stored_size} stored bytes", f"at most {limit}")
        if not 0 < info.raw_size <= limit:
            raise SessionError(self.path, f"{where} that declares {info.raw_size} bytes", f"at most {limit}")
        return blob

    def _unpacked(self, where: str, info: ChunkInfo | KeyframeInfo, blob: object, limit: int) -> bytes:
        if info.codec != "zstd":
            raise SessionError(self.path, f"{where} in codec {info.codec[:20]!r}", "zstd")
        stored = self._bounded(where, info, blob, limit)
        try:
            decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})
            block = decompressor.decompress(stored, max_length=info.raw_size + 1)
        except (zstd.ZstdError, ValueError) as error:
            raise SessionError(self.path, f"{where} that does not decompress ({error})", "a zstd frame") from error
        if len(block) != info.raw_size or not decompressor.eof or decompressor.unused_data:
            found = f"{where} with {'more than ' if len(block) > info.raw_size else ''}{len(block)} bytes"
            raise SessionError(self.path, found, f"the declared {info.raw_size}")
        return self._summed(where, info, block)

    def _summed(self, where: str, info: ChunkInfo | KeyframeInfo, block: bytes) -> bytes:
        if zlib.crc32(block) != info.crc32:
            raise SessionError(self.path, f"{where} with crc32 {zlib.crc32(block):08x}", f"{info.crc32:08x}")
        return block

    def _info(self, row: tuple[object, ...]) -> ChunkInfo:
        info = self._convert(row, ChunkInfo)
        if info.last_seq < info.first_seq or info.records != info.last_seq - info.first_seq + 1:
            found = f"{info.where} of {info.records} records"
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
