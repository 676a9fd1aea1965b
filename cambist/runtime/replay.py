"""Stepping a session to the letter: recorded blocks in, with their own seq and time, and digests compared."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from cambist.kernel.state import RULES
from cambist.runtime.pace import cut
from cambist.runtime.report import report
from storage.files import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cambist.kernel import Kernel, Keyframe
    from storage.session import Chunk, SessionReader

KEYFRAME_NS = 10_000_000_000
MAX_KEYFRAMES = 256
"""Of half a megabyte each on a busy market; ten hours then have one every three minutes."""


class Replayer:
    """Steps a session through a kernel and compares digests chunk by chunk. No thread, no clock: the caller drives."""

    def __init__(self, reader: SessionReader, kernel: Kernel, *, keyframes: bool = True) -> None:
        self.reader, self.kernel = reader, kernel
        self._keeps = keyframes
        self.first_divergent_seq: int | None = None
        self.recorded_digest: str | None = None
        self.compared = 0
        self.damage = ""
        """Why it ended before the session's end; empty if it did not."""
        self._next_seq: int | None = None
        self._keyframes: list[tuple[int, int, Keyframe]] = []
        """(recv_ns, first seq of the chunk to go on with, frame)."""
        self._spacing_ns = KEYFRAME_NS
        self._chunks: Iterator[Chunk] = iter(())
        self._chunk: Chunk | None = None
        self._offset = 0
        self._skip_to = 0
        self._open(0)

    def _open(self, from_seq: int) -> None:
        self._chunks, self._next_seq = self.reader.blocks(from_seq=from_seq), None
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
        return "" if theirs == RULES else f"decided by rules {theirs}, this is {RULES}: not compared"

    def _end(self, why: str) -> None:
        """Ends here: what follows can't be read, so nothing can be said to be equal from here on."""
        self.damage, self._chunk = why, None
        if self.not_compared:
            return
        self.compared += 1
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
        end, count, next_ns = cut(chunk.block, self._offset, until_ns, limit)
        if count:
            whole = self._offset == 0 and end == len(chunk.block)
            try:
                self.kernel.step(chunk.block if whole else chunk.block[self._offset : end])
            except ValueError as error:
                self._end(f"{self.reader.path}: after record {self.kernel.last_seq}: {error}")
                return 0, -1
            self._offset = end
        if end == len(chunk.block):
            self._compare(chunk)
            self._advance()
            if self._chunk is not None:
                next_ns = self._chunk.info.first_ns
                self._keep()
        return count, next_ns

    def run(self, batch: int | None = None) -> None:
        """Steps all that is left, whole chunks at a time or `batch` records at a time."""
        limit = batch or 2**62
        while self._chunk is not None:
            self.step(2**63 - 1, limit)

    def _compare(self, chunk: Chunk) -> None:
        if not chunk.info.digest:
            return
        self.recorded_digest = chunk.info.digest
        if self.not_compared:
            return
        self.compared += 1
        if chunk.info.digest != self.kernel.digest and self.first_divergent_seq is None:
            self.first_divergent_seq = chunk.info.first_seq

    @property
    def match(self) -> bool | None:
        """True or false once a stored digest was compared."""
        return None if not self.compared else self.first_divergent_seq is None

    def _keep(self) -> None:
        """Keeps a keyframe at a chunk's border now and then; halves their number when there are too many."""
        chunk = self._chunk
        if (
            chunk is None
            or not self._keeps
            or (self._keyframes and chunk.info.first_ns < self._keyframes[-1][0] + self._spacing_ns)
        ):
            return
        self._keyframes.append((chunk.info.first_ns, chunk.info.first_seq, self.kernel.keyframe()))
        if len(self._keyframes) > MAX_KEYFRAMES:
            self._keyframes = self._keyframes[::2]
            self._spacing_ns *= 2

    def seek(self, at_ns: int) -> None:
        """Goes to a recorded time: back to the keyframe before it if it is past, then forward unshown."""
        if at_ns < self.kernel.now_ns:
            times = [k[0] for k in self._keyframes]
            found = bisect.bisect_right(times, at_ns) - 1
            if found >= 0:
                _, seq, frame = self._keyframes[found]
                self.kernel.rewind(frame)
                self._open(seq)
            else:
                self._open(0)
        while self._chunk is not None:
            _, next_ns = self.step(at_ns, 2**62)
            if next_ns > at_ns or next_ns < 0:
                break

    def report(self, session: str, seconds_wall: float) -> dict[str, Any]:
        """Returns the report with the comparison filled in."""
        found = report(self.kernel, session, seconds_wall)
        found.update(
            recorded_digest=self.recorded_digest,
            digest_match=self.match,
            first_divergent_seq=self.first_divergent_seq,
            not_compared=self.not_compared,
            damage=self.damage,
        )
        return found
