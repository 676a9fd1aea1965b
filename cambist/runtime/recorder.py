"""Recording as the hub sees it: segments that begin with a STATE record, and what to say when one ends."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from storage.catalogue import session_path
from storage.keyframe import KeyframesStored
from storage.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cambist.kernel import Kernel
    from storage.chunk import Block

SEGMENT_BYTES = 256 << 20
DAY_NS = 86_400 * 1_000_000_000
AGAIN_NS = 60 * 1_000_000_000
MIN_FREE_BYTES = 1 << 30


def session_name(prefix: str, now_ns: int) -> str:
    """Returns a session's name: what it shows and when it began, UTC."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_ns // 1_000_000_000))
    return f"{prefix}-{stamp}"


class Recorder:
    """Writes one segment at a time. A segment that can't go on ends at its last contiguous seq, with a marker.

    A new segment is opened beside the old one, then takes over between two records, so that nothing falls between.
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        meta: Mapping[str, str],
        on_end: Callable[[str], None],
        *,
        retain: Callable[[], object] = lambda: None,
        segment_bytes: int = SEGMENT_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
        name: str = "",
    ) -> None:
        """`name` is the first segment's, further ones count on from it; without one they are called by their start.

        `retain` removes what is too old or too much; it is called in a thread before each segment.
        """
        self._folder, self._prefix, self._meta, self._on_end = folder, prefix, dict(meta), on_end
        self._retain, self._segment_bytes, self._min_free = retain, segment_bytes, min_free_bytes
        self._given = name
        self._writer: SessionWriter | None = None
        self._before: SessionWriter | None = None
        """The segment before: what it has taken may still be on its way to disk."""
        self._next: tuple[SessionWriter, str, int] | None = None
        self._cut = ""
        self._not_before_ns = 0
        self.name = ""
        self.began_ns = 0
        self.note = "not recording"
        self.digest = ""
        """Decision digest after the last record that this or the last segment took to disk."""

    @property
    def recording(self) -> bool:
        """Whether a segment is open and takes records."""
        return self._writer is not None and not self._cut

    @property
    def open(self) -> bool:
        """Whether a segment is open, even one that takes no more records."""
        return self._writer is not None

    @property
    def prepared(self) -> bool:
        """Whether the next segment's file is open."""
        return self._next is not None

    @property
    def bytes_written(self) -> int:
        """Compressed bytes of this segment."""
        return self._writer.bytes_written if self._writer else 0

    @property
    def stored(self) -> KeyframesStored:
        """What of this segment is chunks and what keyframes."""
        return self._writer.stored if self._writer else KeyframesStored()

    @property
    def buffered(self) -> int:
        """Bytes taken and not yet on disk."""
        return self._writer.buffered if self._writer else 0

    def due(self, now_ns: int) -> bool:
        """Returns whether the segment has grown enough, or a day (UTC) has ended: time for the next one."""
        if not self.recording or now_ns < self._not_before_ns:
            return False
        return self.bytes_written >= self._segment_bytes or now_ns // DAY_NS > self.began_ns // DAY_NS

    async def prepare(self, kernel: Kernel, now_ns: int) -> None:
        """Opens the next segment's file. Raises `OSError`, `SessionError`, `sqlite3.Error`."""
        await asyncio.to_thread(self._retain)
        name = base = self._given or session_name(self._prefix, now_ns)
        number = 1
        while session_path(self._folder, name).exists():
            number += 1
            name = f"{base}-{number}"
        writer = await SessionWriter.open(
            session_path(self._folder, name),
            meta={**self._meta, "started_ns": str(now_ns), "demo": "1" if kernel.setup.demo else "0"},
            channels=kernel.setup.engine.channels,
            min_free_bytes=self._min_free,
        )
        self._next = writer, name, now_ns

    def failed(self, reason: str, now_ns: int) -> None:
        """Notes that no segment could be prepared; an open one goes on, and the next is tried for in a while."""
        self._not_before_ns = now_ns + AGAIN_NS
        if not self.recording:
            self.note = reason

    def switch(self) -> SessionWriter | None:
        """Makes the prepared segment the current one; the next block put has to begin with the STATE record.

        Returns the writer of the segment before it, to be closed.
        """
        assert self._next is not None
        old = self._before = self._writer
        (self._writer, self.name, self.began_ns), self._next = self._next, None
        self.note = self._cut = self.digest = ""
        return old

    def put(self, block: Block) -> None:
        """Takes a stepped block; ends the segment if it can't be taken."""
        writer = self._writer
        if writer is None or self._cut:
            return
        if not writer.put(block):
            reason = self._cut = writer.failure or "the disk is too slow"
            writer.mark(block.last_ns, block.first_seq - 1, "cut", reason)
            self._on_end(reason)

    async def durable(self, seq: int) -> bool:
        """Returns whether a record is on disk, as soon as it is; False if no segment took it."""
        before = self._before
        if before is not None and before.last_seq is not None and seq <= before.last_seq:
            return await before.durable(seq)
        return self._writer is not None and await self._writer.durable(seq)

    def holds(self, seq: int) -> bool:
        """Returns whether a record is on disk in this segment or the one before: never if neither took it."""
        return any(segment is not None and segment.holds(seq) for segment in (self._writer, self._before))

    @property
    def written_seq(self) -> int:
        """Last seq that is on disk, 0 before any."""
        before = self._before.written_seq if self._before else None
        return (self._writer.written_seq if self._writer else None) or before or 0

    def mark(self, at_ns: int, seq: int, kind: str, label: str = "") -> None:
        """Adds a point to the timeline."""
        if self._writer is not None:
            self._writer.mark(at_ns, seq, kind, label)

    def set_meta(self, key: str, value: str) -> None:
        """Sets one entry of the segment's `meta`, if one is open."""
        if self._writer is not None:
            self._writer.set_meta(key, value)

    async def end(self, note: str = "recording stopped") -> None:
        """Closes the segment; it can be read by then."""
        writer, self._writer = self._writer, None
        self._before = writer or self._before
        self.note = note
        if self._next is not None:
            (unused, _, _), self._next = self._next, None
            await unused.close("never begun")
        if writer is not None:
            await writer.close(note)
            self.digest = writer.written_digest
