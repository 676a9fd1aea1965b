"""What a live run keeps: the session's segments and the journal; what can't be written disarms trading."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Literal

from cambist.model.events import HEADER
from cambist.runtime.books import enter_carried
from cambist.runtime.keyframes import Keyframes
from cambist.runtime.ledger import enter
from cambist.runtime.unrecorded import Unrecorded
from storage.chunk import Block
from storage.files import SessionError

if TYPE_CHECKING:
    from cambist.clock import Clock
    from cambist.kernel import Effects, Kernel
    from cambist.runtime.arming import Arming
    from cambist.runtime.parts import Parts
    from cambist.runtime.recorder import Recorder
    from feeds.base import Note
    from storage.journal import Journal
    from storage.writer import SessionWriter

BEHIND_BYTES, BEHIND_ROWS = 4 << 20, 1_000
SegmentAct = Literal["begin", "rotate", "end"]


class Recording:
    """Recorder and journal of a run, either of which may be absent."""

    def __init__(self, kernel: Kernel, parts: Parts, arming: Arming, note: Note, clock: Clock) -> None:
        self._kernel, self._parts, self._arming, self._note, self._clock = kernel, parts, arming, note, clock
        self.recorder: Recorder | None = None
        self._journal: Journal | None = None
        self.due_acts: list[SegmentAct] = []
        """What is to be done between two blocks."""
        self._end_reason = ""
        self._unrecorded = Unrecorded()
        self._begins = False
        """Whether the next block is the first one of a segment."""
        self.keyframes = Keyframes()
        self._fault = ""
        """Why a keyframe of this segment is missing, as it was noted."""
        self.session = ""
        """Name of the segment that is written now, or was last."""

    @property
    def on(self) -> bool:
        """Whether a segment takes records."""
        return self.recorder is not None and self.recorder.recording

    @property
    def not_recording(self) -> str:
        """Why nothing is being recorded; empty while it is."""
        if self.recorder is None:
            return "recording is off"
        return "" if self.recorder.recording else self.recorder.note or "recording stopped"

    @property
    def unrecorded(self) -> frozenset[int]:
        """Orders whose newest record is not on disk; none where nothing is to be recorded."""
        return frozenset() if self.recorder is None else self._unrecorded.orders(self.recorder.holds)

    @property
    def behind(self) -> bool:
        """Whether recorder or journal have a good part of what may wait for them."""
        recorder, journal = self.recorder, self._journal
        return (recorder is not None and recorder.buffered > BEHIND_BYTES) or (
            journal is not None and journal.waiting > BEHIND_ROWS
        )

    @property
    def digest(self) -> str | None:
        """Decision digest after the last record that was taken to disk."""
        return (self.recorder.digest or None) if self.recorder is not None else None

    async def open_journal(self) -> None:
        """Opens the journal. A folder that can't be written disarms; another writer or a foreign file is raised."""
        if self._parts.journal is None:
            return
        try:
            self._journal = await self._parts.journal()
            if self._parts.recorder is not None:
                self._journal.gate = self.durable
            if self._parts.carried is not None:
                enter_carried(self._journal, self._parts.carried)
        except OSError as error:
            reason = f"no journal: {error.strerror or error}"
            self._arming.hold("journal", reason)
            self._kernel.risk.state.disarmed = reason
            self._note("error", "journal", f"{reason}. Trading is disarmed.")

    async def prepare(self) -> bool:
        """Opens the next segment's file beside the one in use; False if that can't be done, which is noted."""
        if self.recorder is None and self._parts.recorder is not None:
            self.recorder = self._parts.recorder(self._cut)
        if self.recorder is None:
            return True
        try:
            await self.recorder.prepare(self._kernel, self._clock.now_ns())
        except (OSError, SessionError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._note("error", "recorder", f"can't record: {reason}.")
            self.recorder.failed(reason, self._clock.now_ns())
            return False
        return True

    def switch(self) -> SessionWriter | None:
        """Makes the prepared segment the one in use; returns the one before it, to be closed."""
        if self.recorder is None or not self.recorder.prepared:
            return None
        self._note_fault()
        old = self.recorder.switch()
        if old is not None:
            self._tell_tail(old)
        self.keyframes.begin()
        self._begins = True
        self._fault = ""
        self.session = self.recorder.name
        return old

    def began(self) -> None:
        """Arms again what a recording that had ended disarmed."""
        self._arming.clear("recording")
        if self._journal is not None:
            self._arming.clear("journal")  # a write that fails again disarms again
        self._note("info", "recorder", f"recording to {self.session}")

    def rotate_if_due(self) -> None:
        """Asks for the next segment when this one is old or large enough."""
        if self.recorder is not None and self.recorder.due(self._clock.now_ns()) and not self.due_acts:
            self.due_acts.append("rotate")

    def put(self, data: bytes, first_seq: int, count: int, *, keyframes: bool = True) -> None:
        """Takes the records that the kernel stepped last; seals it if a keyframe is due and may be stored."""
        if self.on and self.recorder is not None:
            first_ns, last_ns, digest = HEADER.unpack_from(data)[1], self._kernel.now_ns, self._kernel.digest
            self._note_fault()
            if self._begins:
                self._unrecorded.restate(first_seq)
                self._begins = False
            keyframe = self.keyframes.due(self._kernel, self.recorder.stored) if keyframes else None
            if keyframe is not None:
                self._kernel.seal()
            self.recorder.put(
                Block(
                    data=data,
                    first_seq=first_seq,
                    last_seq=first_seq + count - 1,
                    first_ns=first_ns,
                    last_ns=last_ns,
                    records=count,
                    digest=digest,
                    keyframe=keyframe,
                )
            )

    async def durable(self, seq: int) -> bool:
        """Returns whether a record is on disk, as soon as it is; False if none will be written of it."""
        return self.recorder is not None and await self.recorder.durable(seq)

    def enter(self, effects: Effects) -> None:
        """Marks fills and halts on the timeline, and enters what a step decided about money into the journal."""
        self._unrecorded.take(effects)
        for order, fill in effects.fills:
            if fill.status == "filled":
                kind = "loss" if fill.net is not None and fill.net <= 0 else "fill"
                self.mark(fill.recv_ns, effects.last_seq, kind, f"order {order.id}")
        for at_ns, reason in effects.halts:
            self.mark(at_ns, effects.last_seq, "halt", reason or "cleared")
        if self._journal is not None and not enter(self._journal, effects):
            self._arming.disarm("journal", f"journal: {self._journal.failure or 'its queue is full'}")

    def mark(self, at_ns: int, seq: int, kind: str, label: str) -> None:
        """Adds a point to the timeline."""
        if self.recorder is not None:
            self.recorder.mark(at_ns, seq, kind, label)

    def ask_stop(self, reason: str) -> None:
        """Asks for the end of the segment between two blocks."""
        self._end_reason = reason
        self.due_acts.append("end")

    async def stop(self) -> None:
        """Ends the segment."""
        if self.recorder is not None and self.recorder.open:
            self._tell_tail(self.recorder)
            await self.recorder.end(self._end_reason or "stopped")
            self._note("warn", "recorder", f"recording stopped: {self.recorder.name}")

    def _cut(self, reason: str) -> None:
        """Ends a recording that can't go on; trading disarms, feeds go on."""
        self._note("error", "recorder", f"{reason}: recording stopped, trading disarmed. Free space or press R.")
        self._arming.disarm("recording", f"{reason}: recording stopped")
        self.ask_stop(reason)

    def _tell_tail(self, session: SessionWriter | Recorder) -> None:
        session.set_meta("tail_step_ns", str(self.keyframes.tail_ns(session.stored)))

    def _note_fault(self) -> None:
        """Notes why a keyframe is missing, once a segment."""
        fault = self.recorder.stored.fault if self.recorder is not None else ""
        if fault and not self._fault:
            self._fault = fault
            self._note("warn", "recorder", f"{self.session}: {fault}. It goes on without keyframes.")

    async def end(self) -> None:
        """Closes both."""
        if self.recorder is not None:
            self._tell_tail(self.recorder)
        parts = [part.end("the run ended") for part in (self.recorder,) if part is not None]
        parts += [part.close() for part in (self._journal,) if part is not None]
        for outcome in await asyncio.gather(*parts, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
