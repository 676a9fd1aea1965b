"""Recording as the hub sees it: segments that begin with a STATE record, and what to say when one ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from storage.catalogue import session_path
from storage.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cambist.kernel import Kernel


def session_name(prefix: str, now_ns: int) -> str:
    """Returns a session's name: what it shows and when it began, UTC."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_ns // 1_000_000_000))
    return f"{prefix}-{stamp}"


class Recorder:
    """Writes one segment at a time. A segment that can't go on ends at its last contiguous seq, with a marker."""

    def __init__(self, folder: Path, prefix: str, meta: Mapping[str, str], on_end: Callable[[str], None]) -> None:
        self._folder, self._prefix, self._meta, self._on_end = folder, prefix, dict(meta), on_end
        self._writer: SessionWriter | None = None
        self.name = ""
        self.began_ns = 0
        self.note = "not recording"

    @property
    def recording(self) -> bool:
        """Whether a segment is open."""
        return self._writer is not None

    @property
    def bytes_written(self) -> int:
        """Compressed bytes of this segment."""
        return self._writer.bytes_written if self._writer else 0

    @property
    def buffered(self) -> int:
        """Bytes taken and not yet on disk."""
        return self._writer.buffered if self._writer else 0

    async def begin(self, kernel: Kernel, now_ns: int) -> None:
        """Opens a new segment; the next block put has to begin with the STATE record. Raises `OSError`."""
        name = base = session_name(self._prefix, now_ns)
        number = 1
        while session_path(self._folder, name).exists():
            number += 1
            name = f"{base}-{number}"
        self._writer = await SessionWriter.open(
            session_path(self._folder, name),
            meta={**self._meta, "started_ns": str(now_ns), "demo": "1" if kernel.setup.demo else "0"},
            channels=kernel.setup.engine.channels,
        )
        self.name, self.began_ns, self.note = name, now_ns, ""

    def put(self, block: bytes, first_seq: int, records: int, first_ns: int, last_ns: int, digest: str) -> None:
        """Takes a stepped block; ends the segment if it can't be taken."""
        writer = self._writer
        if writer is None:
            return
        if not writer.put(block, first_seq, first_seq + records - 1, first_ns, last_ns, records, digest):
            reason = writer.failure or "the disk is too slow"
            writer.mark(last_ns, first_seq - 1, "cut", reason)
            self._on_end(f"{reason}: recording stopped")

    def mark(self, at_ns: int, seq: int, kind: str, label: str = "") -> None:
        """Adds a point to the timeline."""
        if self._writer is not None:
            self._writer.mark(at_ns, seq, kind, label)

    async def end(self, note: str = "recording stopped") -> None:
        """Closes the segment; it can be read by then."""
        writer, self._writer = self._writer, None
        self.note = note
        if writer is not None:
            await writer.close()
