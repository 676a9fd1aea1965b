"""Whether a stored session is what it says: chunks, crc32, seq, times, keyframes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from cambist.model.events import HEADER, BlockError, RecordKind, unpack
from cambist.model.units import NS_PER_S
from storage.files import SessionError
from storage.reader import RATIO_ALARM, Chunk, ChunkInfo, SessionReader

if TYPE_CHECKING:
    from pathlib import Path

    from cambist.model.events import Record
    from storage.keyframe import KeyframeInfo

SOUND, DAMAGED, UNUSABLE = 0, 1, 2
MAX_FINDINGS = 100
_T = TypeVar("_T")
GoesOn = Callable[[bytes, ChunkInfo], object]
"""Given a keyframe's body and the chunk that ends there: raises `ValueError` if no replay can go on from it."""


class BookCheck(Protocol):
    """Adds up the books of a session. Both raise `ValueError` where they don't balance, or can't be read."""

    def state(self, body: bytes) -> object:
        """Looks at the books in the body of a STATE record."""
        ...

    def end(self, reader: SessionReader) -> object:
        """Looks at the books after the last record."""
        ...


class Verification(msgspec.Struct, frozen=True):
    """What `verify` found."""

    session: str
    exit_code: int
    """0 sound, 1 damaged, 2 unusable."""
    chunks: int = 0
    records: int = 0
    raw_bytes: int = 0
    stored_bytes: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    tail_rows: int = 0
    """Blocks at its end that no chunk holds: what was on disk ahead of its chunk when the writer was killed."""
    damaged_chunks: int = 0
    """Chunks, and rows of the tail, whose crc32, size, codec or records are wrong."""
    seq_breaks: int = 0
    backward_times: int = 0
    """Records with an earlier `recv_ns` than the record before."""
    starts_with_state: bool = False
    frames: int = 0
    moments: int = 0
    """Frames that are marked as moments."""
    moments_misplaced: int = 0
    """Records marked so that are no frames: not looked at."""
    frames_per_moment: tuple[int, int, int] | None = None
    """Median, 99 % and most of the frames from one moment to the next."""
    markers: int = 0
    keyframes: int = 0
    keyframe_bytes: int = 0
    """Stored bytes of keyframes; those of chunks are `stored_bytes`."""
    damaged_keyframes: int = 0
    """Keyframes that can't be read or gone on from, or are missing: what they stand for is stepped instead."""
    longest_stretch_ns: int | None = None
    """Longest time it took to step from one keyframe to the next or to the end, when it was recorded."""
    ratio_alarms: int = 0
    """Chunks that grow more than 200-fold: allowed, bounded, worth a look."""
    complete: bool = False
    """False if the writer never closed it: it may end before its market did, but what is there can be sound."""
    last_digest: str = ""
    books_balanced: int = 0
    """States at which the books were added up and balance: STATE records, keyframes, the end."""
    books_off: int = 0
    """Those at which they don't, or can't be told."""
    findings: tuple[str, ...] = ()
    """Each damage in words, at most 100."""

    @property
    def books(self) -> str:
        """The trial balance in words."""
        if self.books_off:
            states = self.books_balanced + self.books_off
            return f"books: NOT BALANCED, or not known, at {self.books_off:,} of {states:,} states"
        return f"books: balanced at {self.books_balanced:,} states, the end among them"

    @property
    def reached(self) -> str:
        """How far its records are from a keyframe, in words."""
        share = 100 * self.keyframe_bytes / max(1, self.keyframe_bytes + self.stored_bytes)
        found = f"{self.keyframes:,} keyframes, {share:.1f} % of what is stored"
        apart_s = (self.longest_stretch_ns or 0) / NS_PER_S
        return found if self.longest_stretch_ns is None else f"{found}, {apart_s:.2f} s of replay apart at most"

    @property
    def judged(self) -> str:
        """When its frames are judged, in words."""
        beside = f"; {self.moments_misplaced:,} marks on records that are no frames count for nothing"
        beside = beside if self.moments_misplaced else ""
        if self.frames_per_moment is None:
            return f"{self.frames:,} frames, none a moment{beside}"
        if self.moments == self.frames:
            return f"{self.frames:,} frames, each a moment{beside}"
        half, most, longest = self.frames_per_moment
        each = f"{half:,} frames each at the median, {most:,} at 99 %, {longest:,} at most"
        return f"{self.frames:,} frames, {self.moments:,} moments: {each}{beside}"


class _Tally:
    """Counts while chunks pass by."""

    def __init__(self, books: BookCheck | None) -> None:
        self.findings: list[str] = []
        self.records = self.damaged = self.breaks = self.backward = 0
        self.next_seq: int | None = None
        self.last_ns: int | None = None
        self.starts_with_state = False
        self.frames = self.unjudged = self.misplaced = 0
        self.runs: Counter[int] = Counter()
        """How many moments had so many frames."""
        self.books = books
        self.balanced = self.off = 0

    def note(self, text: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(text)

    def head(self, info: ChunkInfo) -> None:
        if self.next_seq is not None and info.first_seq != self.next_seq:
            self.breaks += 1
            self.note(f"seq {info.first_seq} follows {self.next_seq - 1}")
        self.next_seq = info.last_seq + 1

    def chunk(self, chunk: Chunk, *, first: bool) -> None:
        info, block = chunk
        offset, seq = 0, info.first_seq
        while offset < len(block):
            record, offset = unpack(block, offset)
            if first and seq == info.first_seq:
                self.starts_with_state = record.kind == RecordKind.STATE
            if record.seq != seq:
                message = f"record {record.seq} where {seq} belongs"
                raise BlockError(offset - HEADER.size - len(record.body), message)
            if self.last_ns is not None and record.recv_ns < self.last_ns:
                self.backward += 1
                self.note(f"seq {seq}: time goes back by {self.last_ns - record.recv_ns} ns")
            self.last_ns = record.recv_ns
            if record.kind == RecordKind.STATE and self.books is not None:
                self.add_up(f"the STATE at seq {seq}", self.books.state, record.body)
            self._moment(record)
            seq += 1
        if seq != info.last_seq + 1:
            raise BlockError(len(block), f"{seq - info.first_seq} records instead of {info.records}")
        self.records += info.records

    def add_up(self, where: str, look: Callable[[_T], object], at: _T) -> None:
        """Counts a state whose books were looked at."""
        try:
            look(at)
            self.balanced += 1
        except ValueError as error:
            self.off += 1
            self.note(f"{where}: {getattr(error, 'found', error)}")

    def _moment(self, record: Record) -> None:
        is_frame = record.kind == RecordKind.FRAME
        self.frames += is_frame
        self.unjudged += is_frame
        self.misplaced += record.moment and not is_frame
        if record.moment and is_frame:
            self.runs[self.unjudged] += 1
        if record.moment or not is_frame:
            self.unjudged = 0

    def per_moment(self) -> tuple[int, int, int] | None:
        """Returns median, 99 % and most of the frames of a moment."""
        runs = sorted(self.runs.elements())
        return (runs[len(runs) // 2], runs[len(runs) * 99 // 100], runs[-1]) if runs else None


class _Keyframes:
    """Reads each keyframe, and looks for those that chunks speak of."""

    def __init__(self, reader: SessionReader, infos: list[ChunkInfo], tally: _Tally, goes_on: GoesOn | None) -> None:
        self.found: list[KeyframeInfo] = []
        self.damaged = 0
        self._tally = tally
        try:
            self.found = reader.keyframes()
        except SessionError as error:
            tally.note(error.found)
        ends = {info.last_seq + 1: info for info in infos if info.keyframe and not info.tail}
        for seq in sorted(ends.keys() - {info.first_seq for info in self.found}):
            self._damage(f"keyframe {seq}: missing")
        for info in self.found:
            if info.first_seq not in ends:
                self._damage(f"keyframe {info.first_seq}: no chunk ends there")
                continue
            try:
                body = reader.keyframe(info.first_seq)
                if goes_on is not None:
                    goes_on(body, ends[info.first_seq])
            except ValueError as error:
                self._damage(f"keyframe {info.first_seq}: {getattr(error, 'found', error)}")
        tail = reader.meta.get("tail_step_ns", "")
        stretches = [info.step_ns for info in self.found] + ([int(tail)] if tail.isdecimal() and len(tail) < 20 else [])
        self.longest_ns: int | None = max(stretches, default=None)

    def _damage(self, text: str) -> None:
        self.damaged += 1
        self._tally.note(text)


def verify(path: Path, goes_on: GoesOn | None = None, books: BookCheck | None = None) -> Verification:
    """Returns what is right and wrong with the session at `path`. Never raises for what the file holds.

    Without `goes_on` keyframes are read, but nobody looks whether they are states; without `books` nobody adds up.
    """
    try:
        reader = SessionReader(path)
    except (SessionError, OSError) as error:
        return Verification(session=str(path), exit_code=UNUSABLE, findings=(str(error),))
    with reader:
        return _verify(reader, goes_on, books)


def _verify(reader: SessionReader, goes_on: GoesOn | None, books: BookCheck | None) -> Verification:
    tally = _Tally(books)
    infos: list[ChunkInfo] = []
    markers = 0
    try:
        for finding in reader.check():
            tally.note(finding)
        infos = reader.index()
        for finding in reader.tail_faults():
            tally.note(finding)
        markers = len(reader.markers())
    except SessionError as error:
        tally.note(error.found)
    for info in infos:
        tally.head(info)
        try:
            chunk = next(reader.blocks(info.first_seq))
            if chunk.info.tail != info.tail:
                break  # it is being written, and a chunk has taken up the tail since
            tally.chunk(chunk, first=info is infos[0])
        except (SessionError, BlockError, StopIteration) as error:
            tally.damaged += 1
            tally.note(f"{info.where}: {getattr(error, 'found', error)}")
    keyframes = _Keyframes(reader, infos, tally, goes_on)
    if infos and books is not None and tally.starts_with_state:
        tally.add_up("at the end", books.end, reader)
    if infos and not tally.starts_with_state and not tally.damaged:
        tally.note("the first record is no STATE")
    return Verification(
        session=str(reader.path),
        exit_code=(DAMAGED if tally.findings else SOUND) if infos or tally.findings else UNUSABLE,
        chunks=sum(not info.tail for info in infos),
        tail_rows=sum(info.tail for info in infos),
        records=tally.records,
        raw_bytes=sum(info.raw_size for info in infos),
        stored_bytes=sum(info.stored_size for info in infos),
        first_seq=infos[0].first_seq if infos else None,
        last_seq=infos[-1].last_seq if infos else None,
        first_ns=infos[0].first_ns if infos else None,
        last_ns=max((info.last_ns for info in infos), default=None),
        damaged_chunks=tally.damaged,
        seq_breaks=tally.breaks,
        backward_times=tally.backward,
        starts_with_state=tally.starts_with_state,
        frames=tally.frames,
        moments=tally.runs.total(),
        moments_misplaced=tally.misplaced,
        frames_per_moment=tally.per_moment(),
        markers=markers,
        keyframes=len(keyframes.found),
        keyframe_bytes=sum(info.stored_size for info in keyframes.found),
        damaged_keyframes=keyframes.damaged,
        longest_stretch_ns=keyframes.longest_ns,
        ratio_alarms=sum(info.raw_size > RATIO_ALARM * info.stored_size for info in infos),
        books_balanced=tally.balanced,
        books_off=tally.off,
        complete=reader.complete,
        last_digest=next((info.digest for info in reversed(infos) if info.digest), ""),
        findings=tuple(tally.findings) or (() if infos else ("no records",)),
    )
