"""The writing half of a session: blocks in, one committed chunk per MiB or quarter second.

What somebody waits for (`durable`) does not wait for its chunk: it goes into the tail at once, with all before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Literal

import aiosqlite
import msgspec

from storage.chunk import (
    CHUNK_BYTES,
    DELETE_TAIL,
    INSERT_CHUNK,
    MAX_RAW,
    TAIL_ROWS,
    Block,
    TailRow,
    compressed,
    insert_tail,
    split,
)
from storage.files import Lock, create_private, private_folder, schema
from storage.keyframe import INSERT_KEYFRAME, KeyframeRow, KeyframesStored, Missing, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cambist.model.events import Channel
    from storage.chunk import ChunkRow

APPLICATION_ID = 0x43414D42  # "CAMB"
SCHEMA = 4
READABLE = (1, 2, 3, SCHEMA)
"""In one of 1 no frame is marked as a moment, those before 3 have no keyframes, those before 4 no tail."""
Synchronous = Literal["NORMAL", "FULL"]
"""What a commit outlives: NORMAL the death of the process, FULL a loss of power as well."""
CHUNK_SECONDS = 0.25

_INSERT_MARKER = "INSERT INTO marker (at_ns, seq, kind, label) VALUES (?,?,?,?)"
_SET_META = "INSERT INTO meta VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class SessionWriter:
    """Records one session. Made by `open`, used from one event loop; `put` and `mark` never wait.

    Chunks are compressed, keyframes made and compressed in a thread: 4 ms for a busy market's.
    """

    def __init__(
        self, path: Path, lock: Lock, database: aiosqlite.Connection, *, buffer_bytes: int, level: int, min_free: int
    ) -> None:
        self.path = path
        self.failure = ""
        """Why nothing is written any more; empty while all is well."""
        self.stored = KeyframesStored()
        """What of it is chunks and what keyframes."""
        self.written_seq: int | None = None
        """Last seq that is on disk, in a chunk or in the tail."""
        self.written_digest = ""
        """Running digest after it; empty if its block had none."""
        self._written_ns = 0
        self._lock = lock
        self._database = database
        self._buffer_bytes = buffer_bytes
        self._level = level
        self._min_free = min_free
        self._parts: deque[Block] = deque()
        self._taken: list[Block] = []
        """What the chunk is made of that is being written."""
        self._disk = asyncio.Lock()
        """Held for a transaction: chunks and tail share one connection."""
        self._rows: list[tuple[str, tuple[object, ...]]] = []
        self._buffered = 0
        self._first_seq: int | None = None
        self._last_seq: int | None = None
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self._refused = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        meta: Mapping[str, str],
        channels: Iterable[Channel] = (),
        buffer_bytes: int = 64 << 20,
        level: int = 1,
        min_free_bytes: int = 1 << 30,
        synchronous: Synchronous = "NORMAL",
    ) -> SessionWriter:
        """Returns a writer on a new file. `meta` is stored as it is, beside `schema` and `complete`.

        Raises `FileExistsError` if there is a file, `Busy` if somebody is making it, `OSError`.
        """
        private_folder(path.parent)
        lock = Lock(path)
        try:
            create_private(path)
            database = await aiosqlite.connect(path, isolation_level=None)
        except BaseException:
            lock.release()
            raise
        writer = cls(path, lock, database, buffer_bytes=buffer_bytes, level=level, min_free=min_free_bytes)
        try:
            await writer._create(meta, channels, synchronous)
        except BaseException:
            await database.close()
            lock.release()
            raise
        writer._task = asyncio.create_task(writer._run(), name=f"record {path.name}")
        return writer

    @property
    def last_seq(self) -> int | None:
        """Last seq that was taken."""
        return self._last_seq

    @property
    def buffered(self) -> int:
        """Bytes taken and not yet on disk."""
        return self._buffered

    @property
    def bytes_written(self) -> int:
        """Compressed bytes committed."""
        return self.stored.chunk_bytes + self.stored.keyframe_bytes

    def put(self, block: Block) -> bool:
        """Takes a block to write.

        Returns False if the buffer is full or writing failed: the recording ends at the last seq taken, and no later
        block is taken either. Raises `ValueError` if seq does not go on where the last block ended.
        """
        if self.failure or self._closing or self._refused:
            return False
        if self._last_seq is not None and block.first_seq != self._last_seq + 1:
            message = f"block begins at seq {block.first_seq} after {self._last_seq}"
            raise ValueError(message)
        if self._buffered + len(block.data) > self._buffer_bytes:
            self._refused = True
            return False
        if self._first_seq is None:
            self._first_seq = block.first_seq
        self._parts.extend(split(block) if len(block.data) > MAX_RAW else (block,))
        self._last_seq = block.last_seq
        self._buffered += len(block.data)
        if block.keyframe is not None:
            self.stored = self.stored._replace(waiting=self.stored.waiting + 1)
        self._woken()
        if self._buffered >= CHUNK_BYTES:
            self._full.set()
        return True

    def mark(self, at_ns: int, seq: int, kind: str, label: str = "") -> None:
        """Adds a point of the timeline. Written with the next chunk."""
        self._rows.append((_INSERT_MARKER, (at_ns, seq, kind, label)))
        self._woken()

    def set_meta(self, key: str, value: str) -> None:
        """Sets one entry of `meta`. Written with the next chunk."""
        self._rows.append((_SET_META, (key, value)))
        self._woken()

    async def durable(self, seq: int) -> bool:
        """Returns whether `seq` is on disk, as soon as it is; False if it was not taken, or writing failed before it.

        Puts it and all that waits into the tail, unless a chunk that is being committed holds it.
        """
        while not self.failure and not self._holds(seq) and seq <= (self._last_seq or 0):
            async with self._disk:
                if not self.failure and not self._holds(seq):
                    await self._extend_tail()
        return self._holds(seq)

    def holds(self, seq: int) -> bool:
        """Returns whether a record of this session is on disk."""
        return self._first_seq is not None and seq >= self._first_seq and self._holds(seq)

    async def room(self, size: int) -> None:
        """Returns when a block of `size` bytes fits: for a source that can wait, such as a file."""
        while not self.failure and self._buffered and self._buffered + size > self._buffer_bytes:
            await self.flush()

    async def flush(self) -> None:
        """Returns when all that was taken is on disk, or `failure` says why not."""
        self._full.set()
        await self._idle.wait()

    async def close(self, reason: str = "") -> None:
        """Writes the rest, marks the session complete with `reason`, lets go of the file. May be called twice.

        A session that could not be written to its end is not complete; it gets a `cut` marker if the disk takes that.
        """
        if self._closing:
            return
        self.set_meta("end_reason", reason)
        self.set_meta("complete", "1")
        self._closing = True
        self._full.set()
        try:
            if self._task is not None:
                await self._task
            if self.failure:
                cut = (self._written_ns, self.written_seq or 0, "cut", self.failure)
                with contextlib.suppress(sqlite3.Error):
                    await self._commit(None, [(_INSERT_MARKER, cut), (_SET_META, ("end_reason", self.failure))])
            for pragma in ("wal_checkpoint(TRUNCATE)", "journal_mode=DELETE"):
                with contextlib.suppress(sqlite3.Error):  # a reader is attached, or the disk is full: WAL reads as well
                    await self._database.execute(f"PRAGMA {pragma}")
        finally:
            await self._database.close()
            self._lock.release()

    def _holds(self, seq: int) -> bool:
        return self.written_seq is not None and seq <= self.written_seq

    async def _extend_tail(self) -> None:
        """Commits what waits, up to `TAIL_ROWS` blocks: one statement, so one way to the disk's thread and back."""
        blocks = [block for block in chain(self._taken, self._parts) if not self._holds(block.last_seq)][:TAIL_ROWS]
        rows = [TailRow.of(block) for block in blocks]
        try:
            await self._database.execute(insert_tail(len(rows)), [*chain.from_iterable(rows)])
        except Exception as error:  # as for a chunk
            self.failure = _why(error)
        else:
            self._wrote(blocks[-1])

    def _wrote(self, last: Block) -> None:
        """Notes that all up to a block is on disk."""
        if not self._holds(last.last_seq):
            self.written_seq, self._written_ns, self.written_digest = last.last_seq, last.last_ns, last.digest

    def _woken(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def _create(self, meta: Mapping[str, str], channels: Iterable[Channel], synchronous: Synchronous) -> None:
        for pragma in (
            f"application_id={APPLICATION_ID}",
            f"user_version={SCHEMA}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "trusted_schema=OFF",
            "wal_autocheckpoint=1000",
        ):
            await self._database.execute(f"PRAGMA {pragma}")
        await self._database.executescript(f"BEGIN IMMEDIATE;\n{schema('session.sql')}\nCOMMIT;")
        rows = [(_SET_META, (key, value)) for key, value in {**meta, "schema": str(SCHEMA), "complete": "0"}.items()]
        await self._commit(None, [*rows, *map(_channel_row, channels)])

    async def _run(self) -> None:
        while not self.failure:
            await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHUNK_SECONDS):
                    await self._full.wait()
            self._wake.clear()
            self._full.clear()
            await self._drain()
            if not self._parts and not self._rows:
                self._idle.set()
                if self._closing:
                    return
        self._parts.clear()
        self._taken = []
        self._buffered = 0
        self._idle.set()

    async def _drain(self) -> None:
        while (self._parts or self._rows) and not self.failure:
            parts = self._take()
            self._taken = [*map(_without_body, parts)]
            rows, self._rows = self._rows, []
            try:
                self._check_space()
                made = asyncio.to_thread(_made, parts, self._level, self.stored.missing_ns) if parts else None
                chunk, keyframe = await made if made else (None, None)
                if isinstance(keyframe, KeyframeRow):
                    rows.append((INSERT_KEYFRAME, keyframe))
                async with self._disk:
                    await self._commit(chunk, rows)
                    if parts:
                        self._wrote(parts[-1])
            except Exception as error:  # whatever it is, the hub has to learn that nothing is recorded any more
                self.failure = _why(error)
                return
            self._taken = []
            if parts:
                self._buffered -= sum(len(part.data) for part in parts)
            if chunk is not None:
                self.stored = self.stored.after(len(chunk.blob), keyframe)

    def _take(self) -> list[Block]:
        """Returns the parts of the next chunk: up to CHUNK_BYTES or a keyframe, one larger part alone."""
        parts: list[Block] = []
        size = 0
        while self._parts and (not parts or size + len(self._parts[0].data) <= CHUNK_BYTES):
            part = self._parts.popleft()
            size += len(part.data)
            parts.append(part)
            if part.keyframe is not None:
                break
        return parts

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if free < self._min_free:
            message = f"{free >> 20} MiB free on the disk, {self._min_free >> 20} MiB are kept free"
            raise OSError(message)

    async def _commit(self, chunk: ChunkRow | None, rows: list[tuple[str, tuple[object, ...]]]) -> None:
        await self._database.execute("BEGIN IMMEDIATE")
        try:
            if chunk is not None:
                await self._database.execute(INSERT_CHUNK, chunk)
                await self._database.execute(DELETE_TAIL, (chunk.last_seq,))
            for sql, values in rows:
                await self._database.execute(sql, values)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                await self._database.execute("ROLLBACK")
            raise
        await self._database.execute("COMMIT")


def _made(parts: list[Block], level: int, missing_ns: int) -> tuple[ChunkRow, KeyframeRow | Missing | None]:
    """Returns the chunk of these blocks and what comes of the keyframe at its end; what that is made of is freed."""
    chunk, taken = compressed(parts, level), parts[-1].keyframe
    parts[-1] = parts[-1]._replace(keyframe=None)
    return chunk, None if taken is None else written(taken, missing_ns)


def _without_body(block: Block) -> Block:
    """Returns a block that still says that a keyframe follows, without holding what that is made of."""
    return block if block.keyframe is None else block._replace(keyframe=block.keyframe._replace(body=bytes))


def _why(error: Exception) -> str:
    """Returns an error in words for an operator."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, OSError | sqlite3.Error):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _channel_row(channel: Channel) -> tuple[str, tuple[object, ...]]:
    return "INSERT OR REPLACE INTO channel VALUES (?,?)", (channel.id, msgspec.json.encode(channel).decode())
