"""Capture files of exchanges → sessions: `scan` says what is in them, `write` merges them by receive time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.model.events import HEADER, MOMENT, Channel, Connected, Direction, Disconnected, RecordKind
from storage.capture_files import (
    CONNECT,
    DISCONNECT,
    HTTP,
    RECV,
    SEND,
    ImportProblem,
    Line,
    depth_symbol,
    is_instrument_list,
    lines,
)
from storage.chunk import CHUNK_BYTES, Block
from storage.import_plan import ImportPlan, Source, scan
from storage.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from storage.keyframe import KeyframesStored, KeyframeTaken

__all__ = ["ImportPlan", "ImportProblem", "ImportReport", "scan", "write", "write_session"]

GENERATION = 1
BUFFERED = 8 << 20
"""Bytes that may wait to be written: what may be a keyframe depends on what is written by then."""
Decided = Callable[[bytes, "KeyframesStored"], "tuple[str, KeyframeTaken | None]"]
"""Given a block and what is stored by then: the decision digest after it, and its keyframe or none."""


class ImportReport(msgspec.Struct, frozen=True):
    """What was written."""

    session: str
    lines: int
    frames: int
    records: int
    """Frames, the state, connections made and lost."""
    skipped: int
    """Lines of a kind that carries no frame (a header, a type not known here)."""
    clamped: int
    """Frames with a receive time before the one ahead of them on the same connection; given that one's."""
    first_ns: int
    last_ns: int
    by_file: dict[str, int]
    """Frames by file name."""


def write(
    plan: ImportPlan,
    out: Path,
    state: bytes,
    decided: Decided | None = None,
    meta: Mapping[str, str] | None = None,
) -> ImportReport:
    """Writes the session `out` from a plan, outside an event loop. See `write_session`."""
    return asyncio.run(write_session(plan, out, state, decided, meta))


async def write_session(
    plan: ImportPlan,
    out: Path,
    state: bytes,
    decided: Decided | None = None,
    meta: Mapping[str, str] | None = None,
) -> ImportReport:
    """Writes the session `out`: a STATE record with body `state`, then all frames by receive time, ties in file order.

    The last of the frames that share a receive time is a moment.

    `decided` gets every block in order; without it no digest and no keyframe is stored.
    Raises `ImportProblem`, `FileExistsError`, `OSError`.
    """
    facts = {"imported": "1", "started_ns": str(plan.first_ns), "demo": "0", **(meta or {})}
    writer = await SessionWriter.open(out, meta=facts, channels=plan.setup.channels)
    builder = _Builder(writer, decided)
    complete = False
    try:
        builder.add(plan.first_ns, RecordKind.STATE, state)
        streams = [_streams(source) for source in plan.sources]
        for event in heapq.merge(*(stream for group in streams for stream in group), key=_receive_time):
            if event.recv_ns > builder.last_ns:
                builder.mark()
                if builder.size >= CHUNK_BYTES:
                    await builder.flush()
            elif builder.size >= 2 * CHUNK_BYTES:
                await builder.flush()
            builder.take(event)
        builder.mark()
        await builder.flush()
        complete = True
    finally:
        await writer.close("imported" if complete else "import failed")
        if not complete or writer.failure:
            await asyncio.to_thread(out.unlink, missing_ok=True)
    if writer.failure:
        raise OSError(writer.failure)
    return ImportReport(
        session=str(out),
        lines=plan.lines,
        frames=sum(builder.by_file.values()),
        records=builder.seq - 1,
        skipped=plan.lines - sum(builder.by_file.values()) - builder.control_lines,
        clamped=builder.clamped,
        first_ns=plan.first_ns,
        last_ns=plan.last_ns,
        by_file=dict(builder.by_file),
    )


class _Event(NamedTuple):
    recv_ns: int
    source: Source
    line: Line
    channel: Channel


def _receive_time(event: _Event) -> int:
    return event.recv_ns


class _Builder:
    """Packs events into blocks for the writer."""

    def __init__(self, writer: SessionWriter, decided: Decided | None) -> None:
        self.seq = 1
        self.size = 0
        self.clamped = 0
        self.control_lines = 0
        self.by_file: dict[str, int] = {}
        self._writer = writer
        self._decided = decided
        self._parts: list[bytes] = []
        self._times: list[int] = []
        self._generation: dict[int, int] = {}
        self._requests: dict[int, int] = {}

    def take(self, event: _Event) -> None:
        recv_ns, _, line, channel = event
        self.clamped += recv_ns != line.recv_ns
        if line.kind == HTTP:
            conn = self._requests[channel.id] = self._requests.get(channel.id, 0) + 1
            self._frame(event, recv_ns, conn, GENERATION)
            return
        if line.kind == DISCONNECT:
            self.control_lines += 1
            if channel.id in self._generation:
                body = msgspec.json.encode(Disconnected("recorded"))
                self.add(recv_ns, RecordKind.DISCONNECTED, body, channel.id, generation=self._generation[channel.id])
            return
        if line.kind == CONNECT or channel.id not in self._generation:
            generation = self._generation[channel.id] = self._generation.get(channel.id, 0) + 1
            body = msgspec.json.encode(Connected(channel.label))
            self.add(recv_ns, RecordKind.CONNECTED, body, channel.id, conn=generation, generation=generation)
        if line.kind == CONNECT:
            self.control_lines += 1
            return
        generation = self._generation[channel.id]
        self._frame(event, recv_ns, generation, generation)

    def _frame(self, event: _Event, recv_ns: int, conn: int, generation: int) -> None:
        name = event.source.path.name
        self.by_file[name] = self.by_file.get(name, 0) + 1
        direction = Direction.OUT if event.line.kind == SEND else Direction.IN
        self.add(recv_ns, RecordKind.FRAME, event.line.body, event.channel.id, conn, generation, direction=direction)

    def add(
        self,
        recv_ns: int,
        kind: int,
        body: bytes,
        channel: int = 0,
        conn: int = 0,
        generation: int = 0,
        *,
        direction: int = Direction.IN,
    ) -> None:
        self._parts.append(HEADER.pack(self.seq, recv_ns, kind, direction, channel, conn, generation, len(body)))
        self._parts.append(body)
        self._times.append(recv_ns)
        self.seq += 1
        self.size += HEADER.size + len(body)

    @property
    def last_ns(self) -> int:
        """Receive time of the last record; 0 at the beginning of a block."""
        return self._times[-1] if self._times else 0

    def mark(self) -> None:
        """Marks the last record as a moment if it is a frame."""
        if self._times:
            seq, recv_ns, kind, direction, *rest = HEADER.unpack(self._parts[-2])
            if kind == RecordKind.FRAME:
                self._parts[-2] = HEADER.pack(seq, recv_ns, kind, direction | MOMENT, *rest)

    async def flush(self) -> None:
        if not self._times:
            return
        data, count = b"".join(self._parts), len(self._times)
        digest, keyframe = self._decided(data, self._writer.stored) if self._decided else ("", None)
        block = Block(
            data,
            first_seq=self.seq - count,
            last_seq=self.seq - 1,
            first_ns=self._times[0],
            last_ns=self._times[-1],
            records=count,
            digest=digest,
            keyframe=keyframe,
        )
        if self._writer.buffered >= BUFFERED:
            await self._writer.flush()
        await self._writer.room(len(data))
        if not self._writer.put(block):
            raise OSError(self._writer.failure or f"a block of {len(data)} bytes does not fit the buffer")
        self._parts, self._times, self.size = [], [], 0


def _streams(source: Source) -> list[Iterator[_Event]]:
    """Returns one iterator per connection, each in its own order; one in all if the file is in order of time."""
    if not source.conns:
        return [_events(source, None)]
    return [_events(source, conn) for conn in source.conns]


def _events(source: Source, conn: str | None) -> Iterator[_Event]:
    reached = 0
    symbol = next(iter(source.depth), "")
    for line in lines(source.path, source.format):
        if conn is not None and line.conn != conn:
            continue
        channel = source.stream
        if line.kind == HTTP:
            if source.format == "cryptofeed":
                channel = source.info if is_instrument_list(line.url) else source.depth.get(depth_symbol(line.url))
            else:
                channel = source.depth.get(symbol)
        elif line.kind not in (RECV, SEND, CONNECT, DISCONNECT):
            continue
        if channel is not None:
            reached = max(reached, line.recv_ns)  # the merge needs each stream sorted; order within it is kept
            yield _Event(reached, source, line, channel)
