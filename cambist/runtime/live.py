"""A live market as a runtime's source: what feeds send gets a seq, is stepped, then recorded, then acted on.

    feeds ─► inbox ─► drain ≤512, seq assigned ─► kernel.step ─► recorder ─► journal, feeds' needs, duel

A block is recorded before any of its effects leaves the house. A slow disk ends the recording and disarms trading, a
slow engine sheds frames before they get a seq.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, assert_never

from cambist.clock import SystemClock
from cambist.engine import unavailable
from cambist.model.commands import (
    AddBookmark,
    RetryFeed,
    SetMode,
    SetRule,
    StartRecording,
    StopRecording,
    SwitchEngine,
    TransportCommand,
    recorded,
)
from cambist.model.events import HEADER, ClockStep, RecordKind
from cambist.model.opportunity import encode
from cambist.runtime.arming import Arming
from cambist.runtime.clocks import ClockGuard, Pauses
from cambist.runtime.feed_tasks import FeedTasks
from cambist.runtime.inbox import Inbox
from cambist.runtime.malformed import Malformed, counts
from cambist.runtime.recording import Recording
from cambist.runtime.report import report
from cambist.runtime.source import Sections
from cambist.runtime.status import Rate, duel_section, live_gates, other_engine, rule_fault, status_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.kernel import Effects, Kernel
    from cambist.model.commands import HubCommand, RecordCommand
    from cambist.runtime.hub import Hub
    from cambist.runtime.parts import Duel, Parts
    from cambist.view import Gate, Runtime, SessionRow, Status
    from feeds.base import FeedStatus

DRAIN = 512
REFERENCE_DRAIN = 32
"""The reference engine takes about a millisecond a frame; in between the loop has sockets to read."""
TICK_S = 0.25
REST_S = 1 / 60
LOOK_S = 1.0
"""How often the counts of frames that can't be read are looked at."""
DUEL_BLOCK = 256 * 1024
FEEDS_END_S = 3.0
REFERENCE_QUEUE = 1_024
"""The reference engine sheds load early: a short queue keeps what it still sees fresh."""


class LiveSource:
    """Feeds, clock, recorder and journal of one run."""

    REPLAYS = False

    def __init__(self, kernel: Kernel, parts: Parts) -> None:
        self._kernel, self._parts = kernel, parts
        self.clock = SystemClock()
        self._seq = 1
        self._last_block = b""
        self._feeds = FeedTasks((), lambda *_: None)
        self._arming = Arming(self._record)
        self._pauses, self._clock_guard, self._malformed = Pauses(), ClockGuard(self.clock), Malformed()
        self._paused_ns = 0
        self._looked_at = 0.0
        self.beat = time.monotonic()
        """When the hub's loop last looked around; it does so four times a second."""
        self._rate = Rate()
        self._duel: Duel | None = None
        self._duel_at = 0.0
        self._trouble = ""
        self._switch: SwitchEngine | None = None
        """The engine to go on with, until its record is stepped."""
        self._aside = False
        """Whether a thread steps the kernel now, which nothing else may touch meanwhile."""
        self._suited = ""
        """The engine that the inbox's bound is for."""
        self._tick_task: asyncio.Task[None] | None = None

    def bind(self, hub: Hub[LiveSource]) -> None:
        """Takes the hub whose loop it runs in."""
        self._hub = hub
        self.inbox = Inbox(self.clock, hub.wake, keep=_answers(self._kernel))
        self._recording = Recording(self._kernel, self._parts, self._arming, hub.note, self.clock)

    @property
    def session(self) -> str:
        """Name of the session that is recorded now, or was last."""
        return self._recording.session

    @property
    def now_ns(self) -> int:
        """The time as records get it."""
        return self.clock.now_ns()

    @property
    def frames(self) -> int:
        """Frames taken from feeds so far."""
        return self.inbox.frames

    @property
    def dropped(self) -> Mapping[int, int]:
        """Frames dropped so far, by channel."""
        return self.inbox.dropped

    @property
    def not_recording(self) -> str:
        """Why nothing is being recorded; empty while it is."""
        return self._recording.not_recording

    def statuses(self) -> Mapping[int, FeedStatus]:
        """Returns how each connection is, by channel."""
        return self._feeds.statuses()

    def observe(self) -> None:
        """Says what happens when it happens, so has nothing left."""

    # From begin to end.

    async def begin(self) -> None:
        """Opens journal and recording, steps the STATE record, starts the feeds."""
        self._feeds = FeedTasks(self._parts.feeds(self.inbox), self._hub.note)
        await self._recording.open_journal()
        await self._begin_segment()
        if self._parts.duel is not None:
            try:
                self._duel = self._parts.duel()
            except OSError as error:
                self._hub.note("warn", "duel", f"both engines can't be timed: {error}")
        self._feeds.start()
        self._pauses.look()
        self._tick_task = asyncio.create_task(self._tick(), name="tick")
        self._tick_task.add_done_callback(self._ticked)

    async def advance(self) -> bool:
        """Steps a block, or ends or begins a segment; returns whether more may wait."""
        if not (len(self.inbox) or self._recording.due_acts or self._switch):
            return False
        self._look_for_pause()
        if self._switch is not None:
            await self._switch_engine(self._switch)
        else:
            self._step()
        if self._recording.due_acts:
            await self._segment()
        return True

    def rest_s(self) -> float:
        """Returns how long it may rest: until a View is due."""
        return REST_S

    async def end(self) -> None:
        """Ends feeds and ticks, steps what waits, closes recorder, journal and duel."""
        if self._tick_task is not None:
            self._tick_task.cancel()
        await self._feeds.stop(FEEDS_END_S)
        if self._tick_task is not None:
            await asyncio.wait([self._tick_task], timeout=FEEDS_END_S)
        self.inbox.close()
        try:
            if self._seq > 1:
                self._step_waiting()
        finally:
            for outcome in await asyncio.gather(self._recording.end(), self._end_duel(), return_exceptions=True):
                if isinstance(outcome, BaseException):
                    self._hub.failure = self._hub.failure or outcome
        if self._tick_task is not None and self._tick_task.done() and not self._tick_task.cancelled():
            self._tick_task.result()

    def abandon(self) -> None:
        """Ends what was started for this run outside of the hub."""
        self._parts.close()

    async def _end_duel(self) -> None:
        if self._duel is not None:
            await asyncio.to_thread(self._duel.close)

    # Stepping.

    async def _begin_segment(self) -> bool:
        """Begins a session: a segment if there is to be one, and its STATE record. Returns whether it is recorded.

        What waits in the inbox while the file is opened still belongs to the session before.
        """
        if not await self._recording.prepare() and self._seq > 1:
            return False
        if self._seq > 1:
            self._look_for_pause()
        self._step_waiting()
        old = self._recording.switch()
        self.inbox.first(RecordKind.STATE, self._kernel.state())
        self._step()
        self._hub.publisher.adopt(self._kernel)
        if old is not None:
            await old.close("the next segment goes on")
        return self._recording.on

    async def _segment(self) -> None:
        """Does what is due for the recording."""
        act = self._recording.due_acts.pop(0)
        if act == "rotate":
            await self._begin_segment()
        elif act == "begin" and not self._recording.on:
            if await self._begin_segment():
                self._recording.began()
        elif act == "end":
            await self._recording.stop()

    def _step_waiting(self) -> None:
        """Steps what waits now; what another thread adds meanwhile is left for later."""
        end = self._seq + len(self.inbox)
        while self._seq < end and self._step():
            pass

    def _step(self) -> int:
        """Steps a block and returns how many records it had."""
        block, count = self._drained()
        if count:
            self._stepped(block, count, self._kernel.step(block))
        return count

    def _drained(self) -> tuple[bytes, int]:
        slow = self._kernel.engine.name == "reference"
        return self.inbox.drain(self._seq, REFERENCE_DRAIN if slow else DRAIN)

    def _stepped(self, block: bytes, count: int, effects: Effects) -> None:
        """Records a stepped block, then lets out what it wants done."""
        first_seq, self._seq = self._seq, self._seq + count
        self._recording.put(block, first_seq, count, HEADER.unpack_from(block)[1])
        self._last_block = block if len(block) >= len(self._last_block) // 2 else self._last_block
        self._feeds.need(effects.needs)
        for at_ns, level, text in effects.notes:
            self._hub.publisher.note(at_ns, level, "kernel", text)
        for order, fill in effects.fills:
            text = f"order {order.id} {fill.status}" + (f": {fill.reason}" if fill.reason else "")
            self._hub.publisher.note(fill.recv_ns, "info", "paper", text)
        for at_ns, reason in effects.halts:
            self._hub.publisher.note(at_ns, "error" if reason else "info", "risk", reason or "halt cleared")
        self._recording.enter(effects)
        if self._kernel.engine.name != self._suited:
            self._suit_engine()

    async def _switch_engine(self, command: SwitchEngine) -> None:
        """Steps the record of a switch in a thread: to restore the reference from a large state takes a second.

        The loop reads sockets meanwhile; what they bring waits in the inbox, in its order.
        """
        self._step_waiting()
        self._switch = None
        self._record(command)
        block, count = self._drained()
        self._aside = True
        try:
            effects = await asyncio.to_thread(self._kernel.step, block)
        finally:
            self._aside = False
        self._stepped(block, count, effects)

    def _suit_engine(self) -> None:
        """Lets as many records wait as the engine that runs now is good for."""
        self._suited = self._kernel.engine.name
        self.inbox.limit(REFERENCE_QUEUE if self._suited == "reference" else None)

    # Four times a second.

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.beat = time.monotonic()
            if self._aside:
                self._paused_ns = max(self._paused_ns, self._pauses.look())
                continue
            self._look_for_pause()
            self.inbox.put(RecordKind.TICK)
            self._look_at_clocks()
            self._look_at_malformed()
            self._recording.rotate_if_due()
            trouble = self._parts.trouble()
            if trouble != self._trouble:
                self._trouble = trouble
                self._hub.note("error", "market", trouble or "goes on")
            self._offer_duel()

    def _ticked(self, task: asyncio.Task[None]) -> None:
        """Without ticks no time passes for the engine: the hub ends with what ended them."""
        self._hub.stopping = True
        self._hub.wake()

    def _look_for_pause(self) -> None:
        """If all stood still, lets nothing of before be believed: not what waits here, nor what waits in the sockets.

        Slots that waited in a socket made pools look current that were 8 slots old, so connections are made anew.
        """
        paused_ns, self._paused_ns = max(self._paused_ns, self._pauses.look()), 0
        if not paused_ns:
            return
        reason = f"stopped for {paused_ns / 1e9:.1f} s"
        self.inbox.stopped((channel.id for channel in self._kernel.setup.engine.channels), reason)
        self._hub.note("warn", "hub", f"{reason}: nothing of before is believed, all feeds connect anew")
        self._feeds.renew_all()

    def _look_at_clocks(self) -> None:
        if step := self._clock_guard.step_ns():
            self.inbox.put(RecordKind.CLOCK_STEP, encode(ClockStep(step)))
            self._hub.note("warn", "clock", f"the wall clock stepped by {step / 1e6:.0f} ms")
        # The embedded market has a time of its own.
        statuses = () if self._kernel.setup.demo else self._feeds.statuses().values()
        if fault := self._clock_guard.fault(statuses):
            known = "clock" in self._arming
            if self._arming.disarm("clock", fault) and not known:
                self._hub.note("error", "clock", f"{fault}. Trading is disarmed until that is over.")
        elif self._arming.clear("clock"):
            self._hub.note("info", "clock", "the clocks agree again")

    def _look_at_malformed(self) -> None:
        """Makes the connection of a channel anew, or switches its feed off, if too much of it can't be read."""
        if self.beat - self._looked_at < LOOK_S:
            return
        self._looked_at = self.beat
        for channel, act, many in self._malformed.take(counts(self._kernel.engine.present(self.now_ns))):
            feed = self._feeds.of(channel)
            if feed is None:
                continue
            why = f"{many} malformed frames in a minute"
            (self._feeds.disable if act == "disable" else self._feeds.renew)(feed, why)

    def _offer_duel(self) -> None:
        due = time.monotonic() - self._duel_at >= 1.0
        if due and self._last_block and self._duel is not None and self._duel.idle:
            self._duel_at = time.monotonic()
            self._duel.offer(self._kernel.engine.snapshot(), self._last_block[:DUEL_BLOCK])

    # Acts.

    def _record(self, command: RecordCommand) -> None:
        self.inbox.put(RecordKind.COMMAND, encode(recorded(command)))

    def halt(self, command: RecordCommand) -> None:
        """Halts, or clears a halt: a record at once."""
        self._record(command)

    def decide(self, command: RecordCommand) -> None:
        """Puts an act into the record stream, once it is known that it can be stepped, here and in a replay."""
        match command:
            case SetRule():
                self._set_rule(command)
            case SwitchEngine():
                wanted = command.engine or other_engine(self._kernel)
                if why := unavailable(wanted):
                    self._hub.note("warn", "engine", f"the Rust engine can't be used: {why}")
                else:
                    self._switch = SwitchEngine(wanted)
            case _:
                self._record(command)

    def _set_rule(self, command: SetRule) -> None:
        """Checks the rule before the command becomes a record; it counts from that record on."""
        if fault := rule_fault(self._kernel, command.text):
            self._hub.note("warn", "rule", f"the rule stays as it was: {fault}")
            return
        self._record(command)
        self._hub.note("info", "rule", f"trades must be: {command.text}" if command.text else "trades need no rule")

    def act(self, command: HubCommand) -> None:
        """Does what an operator wants of recorder, feeds or mode."""
        if isinstance(command, TransportCommand):
            return  # refused before it comes here
        match command:
            case StartRecording():
                self._recording.due_acts.append("begin")
            case StopRecording():
                self._recording.ask_stop("stopped by the operator")
            case AddBookmark():
                self._recording.mark(self.now_ns, self._seq - 1, "bookmark", command.label)
            case RetryFeed():
                for feed in self._feeds.retry(command.feed):
                    self._malformed.forget(channel.id for channel in feed.channels())
            case SetMode(mode="live"):
                why = ", ".join(gate.label for gate in self.live_checks() if not gate.passed)
                self._hub.note("warn", "mode", f"stays on paper: {why}")
            case SetMode():
                pass  # paper is the only mode
            case _:
                assert_never(command)

    # What is shown.

    def sections(self, status: Status) -> Sections:
        """Returns status bar and duel."""
        status = status_bar(
            status, self._kernel, self._recording.recorder, self._parts, now_ns=self.now_ns, queue=len(self.inbox),
            events_per_s=self._rate.of(self.inbox.frames),
        )  # fmt: skip
        return Sections(status, duel_section(self._duel, self._parts))

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        return self._parts.sessions()

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here; empty if nothing does."""
        return rule_fault(self._kernel, text)

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        return live_gates(self._kernel, recording=self._recording.on)

    def open_session(self, name: str, beside: Runtime) -> Runtime:
        """Returns a replaying runtime beside this one."""
        if self._parts.open_session is None:
            message = "no session folder is in use"
            raise ValueError(message)
        return self._parts.open_session(name, beside)

    def report(self, seconds_wall: float) -> dict[str, Any]:
        """Returns the run's report."""
        mismatches = None
        if self._duel is not None:
            mismatches = sum(row.mismatches for row in self._duel.rows())
        found = report(self._kernel, self.session, seconds_wall, mismatches)
        found["recorded_digest"] = self._recording.digest
        return found


def _answers(kernel: Kernel) -> frozenset[int]:
    """Returns the channels whose frames answer requests: a lost one is not followed by a newer one."""
    return frozenset(c.id for c in kernel.setup.engine.channels if not c.protocol.endswith(".ws"))
