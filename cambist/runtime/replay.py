"""Stepping a session to the letter: recorded blocks in, with their own seq and time, and digests compared.

A seek goes on from the nearest keyframe, kept here or stored in the session, and compares nothing that it jumps over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.kernel import read_keyframe
from cambist.kernel.state import RULES
from cambist.model.events import HEADER
from cambist.runtime.pace import cut
from cambist.runtime.report import report
from storage.files import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cambist.kernel import Kernel, Keyframe
    from storage.session import Chunk, SessionReader

FOREVER_NS = 2**63 - 1
KEYFRAME_NS = 10_000_000_000
MAX_KEYFRAMES = 256
"""Of half a megabyte each on a busy market; ten hours then have one every three minutes."""


class _Mark(NamedTuple):
    """Where a replay may go on: a keyframe, or one that is stored and not read yet."""

    at_ns: int
    """From which time on it may be used."""
    first_seq: int
    """Of the chunk to go on with."""
    frame: Keyframe | None = None


class Replayer:
    """Steps a session through a kernel and compares digests chunk by chunk. No thread, no clock: the caller drives."""

    def __init__(self, reader: SessionReader, kernel: Kernel, *, keyframes: bool = True) -> None:
        self.reader, self.kernel = reader, kernel
        self._keeps = keyframes
        self.first_divergent_seq: int | None = None
        self.recorded_digest: str | None = None
        self._compared: set[int] = set()
        """First seq of each chunk whose digest was compared."""
        self.jumped = False
        """Whether it went ahead over records that it did not step."""
        self.unusable: list[str] = []
        """Stored keyframes that could not be gone on from, and why."""
        self.damage = ""
        """Why it ended before the session's end; empty if it did not."""
        self._next_seq: int | None = None
        self._keyframes: list[_Mark] = []
        self._stored: list[_Mark] = []
        self._chunks_with_digest = 0
        self._survey()
        self._spacing_ns = KEYFRAME_NS
        self._chunks: Iterator[Chunk] = iter(())
        self._chunk: Chunk | None = None
        self._offset = 0
        self._skip_to = 0
        self._open(0)

    def _survey(self) -> None:
        try:
            self._chunks_with_digest = self.reader.comparable()
            if self._keeps:
                self._stored = [_Mark(stored.recv_ns, stored.first_seq) for stored in self.reader.keyframes()]
        except SessionError as error:
            self.unusable.append(str(error))

    def _open(self, from_seq: int) -> None:
        self._chunks, self._next_seq = self.reader.blocks(from_seq=from_seq), from_seq or None
        self._advance()

    def _advance(self) -> None:
        self._chunk, self._offset = None, 0
        try:
            chunk = next(self._chunks, None)
        except SessionError as error:
            self._end(str(error))
            return
        if chunk is not None:
            if self._next_seq is not None and chunk.info.first_seq != self._next_seq:
                self._end(f"{self.reader.path}: records {self._next_seq} to {chunk.info.first_seq - 1} are missing")
                return
            self._chunk, self._next_seq = chunk, chunk.info.last_seq + 1

    @property
    def not_compared(self) -> str:
        """Why digests are not compared, empty if they are."""
        theirs = self.kernel.decided_by
        if theirs != RULES:
            return f"decided by rules {theirs}, this is {RULES}: not compared"
        otherwise = self.kernel.running.otherwise
        return f"{'; '.join(otherwise)}: not compared" if otherwise else ""

    def _end(self, why: str) -> None:
        """Ends here: what follows can't be read, so nothing can be said to be equal from here on."""
        self.damage, self._chunk = why, None
        if self.not_compared:
            return
        if self.first_divergent_seq is None:
            self.first_divergent_seq = self.kernel.last_seq + 1

    @property
    def finished(self) -> bool:
        """True when no record is left."""
        return self._chunk is None

    def step(self, until_ns: int, limit: int) -> tuple[int, int]:
        """Steps at most `limit` records of this chunk up to `until_ns`; returns (count, time of the next or −1)."""
        chunk = self._chunk
        if chunk is None:
            return 0, -1
        count, (end, next_ns) = 0, self._due(chunk.block, until_ns, limit)
        if end > self._offset:
            whole = self._offset == 0 and end == len(chunk.block)
            try:
                count = self.kernel.step(chunk.block if whole else chunk.block[self._offset : end]).records
            except ValueError as error:
                self._end(f"{self.reader.path}: after record {self.kernel.last_seq}: {error}")
                return 0, -1
            self._offset = end
        if end == len(chunk.block):
            self._compare(chunk)
            if chunk.info.keyframe:
                self.kernel.seal()
            self._advance()
            if self._chunk is not None:
                next_ns = self._chunk.info.first_ns
                self._keep()
        return count, next_ns

    def _due(self, block: bytes, until_ns: int, limit: int) -> tuple[int, int]:
        """Returns where what is due ends in a block, and the time of what follows or −1."""
        if until_ns >= FOREVER_NS and limit >= len(block) // HEADER.size:
            # All of it: to count its records ahead of the kernel takes a seventh of a replay at max.
            return len(block), -1
        end, _, next_ns = cut(block, self._offset, until_ns, limit)
        return end, next_ns

    def run(self, batch: int | None = None) -> None:
        """Steps all that is left, whole chunks at a time or `batch` records at a time."""
        limit = batch or 2**62
        while self._chunk is not None:
            self.step(FOREVER_NS, limit)

    def _compare(self, chunk: Chunk) -> None:
        if not chunk.info.digest:
            return
        self.recorded_digest = chunk.info.digest
        if self.not_compared:
            return
        self._compared.add(chunk.info.first_seq)
        if chunk.info.digest != self.kernel.digest and self.first_divergent_seq is None:
            self.first_divergent_seq = chunk.info.first_seq

    @property
    def match(self) -> bool | None:
        """True or false once a stored digest was compared."""
        return None if not (self._compared or self.first_divergent_seq) else self.first_divergent_seq is None

    @property
    def compared(self) -> int:
        """How many chunks' digests were compared."""
        return len(self._compared)

    @property
    def comparable(self) -> int:
        """How many chunks have a digest, of those that there were when it was opened and those that came since."""
        return max(self._chunks_with_digest, len(self._compared))

    def _keep(self) -> None:
        """Keeps a keyframe at a chunk's border now and then; halves their number when there are too many."""
        chunk = self._chunk
        if (
            chunk is None
            or not self._keeps
            or (self._keyframes and chunk.info.first_ns < self._keyframes[-1].at_ns + self._spacing_ns)
        ):
            return
        self._keyframes.append(_Mark(chunk.info.first_ns, chunk.info.first_seq, self.kernel.keyframe()))
        if len(self._keyframes) > MAX_KEYFRAMES:
            self._keyframes = self._keyframes[::2]
            self._spacing_ns *= 2

    def seek(self, at_ns: int) -> None:
        """Goes to a recorded time, from the nearest keyframe if that saves any step; the last steps are unshown."""
        past = at_ns < self.kernel.now_ns
        reached = 0 if past else self.kernel.last_seq + 1
        marks = [m for m in (*self._stored, *self._keyframes) if m.at_ns <= at_ns and m.first_seq > reached]
        marks.sort(key=lambda mark: (mark.first_seq, mark.frame is not None), reverse=True)
        if not any(self._go(mark) for mark in marks) and past:
            self._open(0)
        while self._chunk is not None:
            _, next_ns = self.step(at_ns, 2**62)
            if next_ns > at_ns or next_ns < 0:
                break

    def _go(self, mark: _Mark) -> bool:
        """Goes on from a keyframe, or from the beginning if that fails half-way; returns False if it can't be used.

        A stored one is what the recording's build came to: none to go on from once this one decided otherwise.
        """
        before = self.kernel.last_seq
        frame = self._read(mark) if mark.frame is None else mark.frame
        if frame is None:
            return False
        try:
            self.kernel.rewind(frame)
        except ValueError as error:
            self._unusable(mark, error)
            self._open(0)
            return True
        self.jumped = self.jumped or frame.last_seq > before
        self._open(mark.first_seq)
        return True

    def _read(self, mark: _Mark) -> Keyframe | None:
        if self.not_compared or self.first_divergent_seq is not None:
            return None
        try:
            return read_keyframe(self.reader.keyframe(mark.first_seq), mark.first_seq)
        except ValueError as error:
            self._unusable(mark, error)
            return None

    def _unusable(self, mark: _Mark, error: ValueError) -> None:
        self.unusable.append(f"keyframe {mark.first_seq} can't be used: {error}")
        self._stored = [stored for stored in self._stored if stored.first_seq != mark.first_seq]

    def report(self, session: str, seconds_wall: float) -> dict[str, Any]:
        """Returns the report with the comparison filled in."""
        found = report(self.kernel, session, seconds_wall)
        found.update(
            recorded_digest=self.recorded_digest,
            digest_match=self.match,
            chunks_compared=self.compared,
            chunks=self.comparable,
            first_divergent_seq=self.first_divergent_seq,
            not_compared=self.not_compared,
            damage=self.damage,
        )
        return found
