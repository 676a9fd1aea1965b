"""The live runtime: a thread with its own loop, where frames become records, records become decisions and a View.

    feeds ─► inbox ─► drain ≤512, seq assigned ─► kernel.step ─► recorder ─► journal, feeds' needs, duel ─► View

A block is recorded before any of its effects leaves the house. Nothing here blocks: a slow disk ends the recording and
disarms trading, a slow screen asks less often, a slow engine sheds frames before they get a seq.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.clock import SystemClock
from cambist.model.events import HEADER, ClockStep, Command, RecordKind
from cambist.model.opportunity import encode
from cambist.runtime.arming import Arming
from cambist.runtime.clocks import ClockGuard, Pauses
from cambist.runtime.feed_tasks import FeedTasks
from cambist.runtime.inbox import Inbox
from cambist.runtime.ledger import enter
from cambist.runtime.malformed import Malformed, counts
from cambist.runtime.publish import Publisher, bump
from cambist.runtime.report import report
from cambist.runtime.status import Rate, duel_section, live_gates, rule_fault, status_bar
from cambist.runtime.wake import Wake
from cambist.view import View
from storage.files import SessionError

if TYPE_CHECKING:
    from cambist.kernel import Effects, Kernel
    from cambist.runtime.parts import Duel, Parts
    from cambist.runtime.recorder import Recorder
    from cambist.view import Gate, Runtime, SessionRow
    from storage.journal import Journal

DRAIN = 512
REFERENCE_DRAIN = 32
"""The reference engine takes about a millisecond a frame; in between the loop has sockets to read."""
TICK_S = 0.25
VIEW_S = 1 / 60
"""Views are made when one was read, at most this often: screens read thirty a second, and half their period of slack
keeps the two clocks from missing every other turn."""
LOOK_S = 1.0
"""How often the counts of frames that can't be read are looked at."""
DUEL_BLOCK = 256 * 1024
CLOSE_S = 8.0
FEEDS_END_S = 3.0
REFERENCE_QUEUE = 1_024
"""The reference engine sheds load early: a short queue keeps what it still sees fresh."""


class LiveRuntime:
    """A `Runtime` on live feeds."""

    def __init__(self, kernel: Kernel, parts: Parts) -> None:
        self._kernel, self._parts = kernel, parts
        self._clock = SystemClock()
        self._publisher = Publisher(kernel)
        self._view = View()
        self._wanted = True
        self._shown = 0.0
        self._seq = 1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = Wake()
        self._stopping = False
        self._ended = threading.Event()
        self._ready = threading.Event()
        self._inbox = Inbox(self._clock, self._wake, keep=_answers(kernel))
        self._recorder: Recorder | None = None
        self._journal: Journal | None = None
        self._duel: Duel | None = None
        self._last_block = b""
        self._feeds = FeedTasks((), self.note)
        self._arming = Arming(lambda command: self._inbox.put(RecordKind.COMMAND, encode(command)))
        self._pauses, self._clock_guard, self._malformed = Pauses(), ClockGuard(self._clock), Malformed()
        self._looked_at = 0.0
        self.beat = time.monotonic()
        """When the hub's loop last looked around; it does so four times a second."""
        self._rate = Rate()
        self._to_record: list[str] = []
        self._trouble = ""
        self._started = time.monotonic()
        self._duel_at = 0.0
        self.failure: BaseException | None = None
        self.session = ""
        self._thread = threading.Thread(target=self._main, name="hub", daemon=True)

    def start(self, timeout: float = 10.0) -> None:
        """Starts the hub and returns when its session has begun. Raises what kept it from starting."""
        self._thread.start()
        self._ready.wait(timeout)
        if self.failure is not None:
            raise self.failure

    @property
    def view(self) -> View:
        """The latest View."""
        self._wanted = True
        return self._view

    def submit(self, command: Command) -> None:
        """Takes an operator's act; returns at once."""
        if command.name in ("halt", "clear_halt"):
            self._inbox.put(RecordKind.COMMAND, encode(command))
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._do, command)

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        return self._parts.sessions()

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here; empty if nothing does."""
        return rule_fault(self._kernel, text)

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        recording = self._recorder is not None and self._recorder.recording
        return live_gates(self._kernel, recording=recording)

    def open_session(self, name: str) -> Runtime:
        """Returns a replaying runtime beside this one."""
        if self._parts.open_session is None:
            message = "no session folder is in use"
            raise ValueError(message)
        return self._parts.open_session(name, self)

    def close(self) -> None:
        """Stops feeds, recorder and executors, in that order; the session is readable when it returns."""
        self._stopping = True
        if self._thread.ident is None:
            self._parts.close()
            return
        self._wake()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self._parts.close()

    @property
    def frames(self) -> int:
        """Frames taken from feeds so far."""
        return self._inbox.frames

    @property
    def alive(self) -> bool:
        """Whether the hub runs."""
        return self._thread.is_alive()

    @property
    def not_recording(self) -> str:
        """Why nothing is being recorded; empty while it is."""
        if self._recorder is None:
            return "recording is off"
        return "" if self._recorder.recording else self._recorder.note or "recording stopped"

    def wait(self, seconds: float | None) -> None:
        """Waits until the hub ends by itself or `seconds` are over."""
        self._ended.wait(seconds)

    def report(self) -> dict[str, Any]:
        """Returns the run's report. Call it after `close`."""
        mismatches = None
        if self._duel is not None:
            mismatches = sum(row.mismatches for row in self._duel.rows())
        found = report(self._kernel, self.session, time.monotonic() - self._started, mismatches)
        found["recorded_digest"] = (self._recorder.digest or None) if self._recorder is not None else None
        return found

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self.failure = self.failure or error
        finally:
            with contextlib.suppress(Exception):
                self._parts.close()
            self._ready.set()
            self._ended.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake.bind()
        tasks: list[asyncio.Task[None]] = []
        try:
            self._feeds = FeedTasks(self._parts.feeds(self._inbox), self.note)
            await self._open_journal()
            await self._begin()
            if self._parts.duel is not None:
                try:
                    self._duel = self._parts.duel()
                except OSError as error:
                    self._note("warn", "duel", f"both engines can't be timed: {error}")
            self._feeds.start()
            self._pauses.look()
            tick = asyncio.create_task(self._tick(), name="tick")
            tick.add_done_callback(self._ticked)
            tasks.append(tick)
            self._ready.set()
            await self._drain()
            if tick.done() and not tick.cancelled():
                tick.result()
        finally:
            for task in tasks:
                task.cancel()
            await self._feeds.stop(FEEDS_END_S)
            if tasks:
                await asyncio.wait(tasks, timeout=FEEDS_END_S)
            await self._end()

    def _ticked(self, task: asyncio.Task[None]) -> None:
        """Without ticks no time passes for the engine: the hub ends with what ended them."""
        self._stopping = True
        self._wake()

    async def _open_journal(self) -> None:
        """Opens the journal. A folder that can't be written disarms; another writer or a foreign file is raised."""
        if self._parts.journal is None:
            return
        try:
            self._journal = await self._parts.journal()
        except OSError as error:
            reason = f"no journal: {error.strerror or error}"
            self._arming.hold("journal", reason)
            self._kernel.risk.state.disarmed = reason
            self._note("error", "journal", f"{reason}. Trading is disarmed.")

    async def _begin(self) -> bool:
        """Begins a session: a segment if there is to be one, and its STATE record. Returns whether it is recorded.

        What waits in the inbox while the file is opened still belongs to the session before.
        """
        recorder, old = self._recorder, None
        if recorder is None and self._parts.recorder is not None:
            recorder = self._recorder = self._parts.recorder(self._cut)
        if recorder is not None:
            try:
                await recorder.prepare(self._kernel, self._clock.now_ns())
            except (OSError, SessionError, sqlite3.Error) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._note("error", "recorder", f"can't record: {reason}.")
                recorder.failed(reason, self._clock.now_ns())
                if self._seq > 1:
                    return False
        if self._seq > 1:
            self._look_for_pause()
        self._step_waiting()
        if recorder is not None and recorder.prepared:
            old = recorder.switch()
            self.session = recorder.name
        self._inbox.first(RecordKind.STATE, self._kernel.state())
        self._step()
        self._publisher.adopt(self._kernel)
        self._suit_engine()
        if old is not None:
            await old.close("the next segment goes on")
        return recorder is not None and recorder.recording

    async def _end(self) -> None:
        """Steps what waits and closes each part, whatever happens to the others."""
        self._inbox.close()
        try:
            if self._seq > 1:
                self._step_waiting()
        finally:
            closing = [part() for part in (self._end_recorder, self._end_journal, self._end_duel)]
            for outcome in await asyncio.gather(*closing, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    self.failure = self.failure or outcome

    async def _end_recorder(self) -> None:
        if self._recorder is not None:
            await self._recorder.end("the run ended")

    async def _end_journal(self) -> None:
        if self._journal is not None:
            await self._journal.close()

    async def _end_duel(self) -> None:
        if self._duel is not None:
            await asyncio.to_thread(self._duel.close)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.beat = time.monotonic()
            self._look_for_pause()
            self._inbox.put(RecordKind.TICK)
            self._look_at_clocks()
            self._look_at_malformed()
            if self._recorder is not None and self._recorder.due(self._clock.now_ns()) and not self._to_record:
                self._to_record.append("rotate")
            trouble = self._parts.trouble()
            if trouble != self._trouble:
                self._trouble = trouble
                self._note("error", "market", trouble or "goes on")
            self._offer_duel()

    def _look_for_pause(self) -> None:
        """If all stood still, lets nothing of before be believed: not what waits here, nor what waits in the sockets.

        Slots that waited in a socket made pools look current that were 8 slots old, so connections are made anew.
        """
        paused_ns = self._pauses.look()
        if not paused_ns:
            return
        reason = f"stopped for {paused_ns / 1e9:.1f} s"
        self._inbox.stopped((channel.id for channel in self._kernel.setup.engine.channels), reason)
        self._note("warn", "hub", f"{reason}: nothing of before is believed, all feeds connect anew")
        self._feeds.renew_all()

    def _look_at_clocks(self) -> None:
        if step := self._clock_guard.step_ns():
            self._inbox.put(RecordKind.CLOCK_STEP, encode(ClockStep(step)))
            self._note("warn", "clock", f"the wall clock stepped by {step / 1e6:.0f} ms")
        # The embedded market has a time of its own.
        statuses = () if self._kernel.setup.demo else self._feeds.statuses().values()
        if fault := self._clock_guard.fault(statuses):
            known = "clock" in self._arming
            if self._arming.disarm("clock", fault) and not known:
                self._note("error", "clock", f"{fault}. Trading is disarmed until that is over.")
        elif self._arming.clear("clock"):
            self._note("info", "clock", "the clocks agree again")

    def _look_at_malformed(self) -> None:
        """Makes the connection of a channel anew, or switches its feed off, if too much of it can't be read."""
        if self.beat - self._looked_at < LOOK_S:
            return
        self._looked_at = self.beat
        for channel, act, many in self._malformed.take(counts(self._kernel.engine.present(self._clock.now_ns()))):
            feed = self._feeds.of(channel)
            if feed is None:
                continue
            why = f"{many} malformed frames in a minute"
            (self._feeds.disable if act == "disable" else self._feeds.renew)(feed, why)

    async def _drain(self) -> None:
        while not self._stopping:
            self._wake.anew()
            while (len(self._inbox) or self._to_record) and not self._stopping:
                self._look_for_pause()
                self._step()
                if self._to_record:
                    await self._segment(self._to_record.pop(0))
                self._publish()
                await asyncio.sleep(0)
            self._publish()
            await self._wake.wait(VIEW_S)

    def _step_waiting(self) -> None:
        """Steps what waits now; what another thread adds meanwhile is left for later."""
        end = self._seq + len(self._inbox)
        while self._seq < end and self._step():
            pass

    def _step(self) -> int:
        """Steps a block and returns how many records it had."""
        slow = self._kernel.engine.name == "reference"
        block, count = self._inbox.drain(self._seq, REFERENCE_DRAIN if slow else DRAIN)
        if not count:
            return 0
        first_seq, self._seq = self._seq, self._seq + count
        first_ns = HEADER.unpack_from(block)[1]
        effects = self._kernel.step(block)
        if self._recorder is not None and self._recorder.recording:
            last_ns = self._kernel.now_ns
            self._recorder.put(block, first_seq, count, first_ns, last_ns, self._kernel.digest)
        self._last_block = block if len(block) >= len(self._last_block) // 2 else self._last_block
        self._act(effects)
        return count

    def _act(self, effects: Effects) -> None:
        self._feeds.need(effects.needs)
        for at_ns, level, text in effects.notes:
            self._publisher.note(at_ns, level, "kernel", text)
        for order, fill in effects.fills:
            won = fill.net > 0
            text = f"order {order.id} {fill.status}" + (f": {fill.reason}" if fill.reason else "")
            self._publisher.note(fill.recv_ns, "info", "paper", text)
            if self._recorder is not None and fill.status == "filled":
                self._recorder.mark(fill.recv_ns, effects.last_seq, "fill" if won else "loss", f"order {order.id}")
        for at_ns, reason in effects.halts:
            self._publisher.note(at_ns, "error" if reason else "info", "risk", reason or "halt cleared")
            if self._recorder is not None:
                self._recorder.mark(at_ns, effects.last_seq, "halt", reason or "cleared")
        if self._journal is not None and not enter(self._journal, effects):
            self._arming.disarm("journal", f"journal: {self._journal.failure or 'its queue is full'}")

    def _cut(self, reason: str) -> None:
        """Ends a recording that can't go on; trading disarms, feeds go on."""
        self._note("error", "recorder", f"{reason}: recording stopped, trading disarmed. Free space or press R.")
        self._arming.disarm("recording", f"{reason}: recording stopped")
        self._to_record.append(f"end {reason}")
        self._wake()

    async def _segment(self, what: str) -> None:
        recorder = self._recorder
        if what == "rotate":
            await self._begin()
        elif what == "begin" and (recorder is None or not recorder.recording):
            if await self._begin():
                self._arming.clear("recording")
                if self._journal is not None:
                    self._arming.clear("journal")  # a write that fails again disarms again
                self._note("info", "recorder", f"recording to {self.session}")
        elif what.startswith("end") and recorder is not None and recorder.open:
            await recorder.end(what.removeprefix("end ") or "stopped")
            self._note("warn", "recorder", f"recording stopped: {recorder.name}")

    def _do(self, command: Command) -> None:
        name = command.name
        if name == "engine":
            self._switch_engine()
        elif name == "record_stop":
            self._to_record.append("end stopped by the operator")
        elif name == "record_start":
            self._to_record.append("begin")
        elif name == "bookmark" and self._recorder is not None:
            self._recorder.mark(self._clock.now_ns(), self._seq - 1, "bookmark", command.args.get("label", ""))
        elif name == "inspect":
            self._publisher.inspect(command.args)
        elif name == "retry":
            for feed in self._feeds.retry(command.args.get("feed")):
                self._malformed.forget(channel.id for channel in feed.channels())
        elif name == "rule":
            self._change_rule(command)
        elif name == "inject_price":
            self._inbox.put(RecordKind.COMMAND, encode(command))
        self._wake()

    def _change_rule(self, command: Command) -> None:
        """Checks the rule before the command becomes a record; it counts from that record on."""
        text = command.args.get("text", "")
        if fault := rule_fault(self._kernel, text):
            self._note("warn", "rule", f"the rule stays as it was: {fault}")
            return
        self._inbox.put(RecordKind.COMMAND, encode(command))
        self._note("info", "rule", f"trades must be: {text}" if text else "trades need no rule")

    def _switch_engine(self) -> None:
        """Checks that the other engine can be had before the command becomes a record: a record must replay."""
        other = "reference" if self._kernel.engine.name == "native" else "native"
        try:
            self._kernel.use_engine(other)
        except ImportError as error:
            self._note("warn", "engine", f"the Rust engine can't be used: {error}")
            return
        self._inbox.put(RecordKind.COMMAND, encode(Command("engine", {"name": other})))
        self._suit_engine()

    def _suit_engine(self) -> None:
        self._inbox.limit(REFERENCE_QUEUE if self._kernel.engine.name == "reference" else None)

    def _offer_duel(self) -> None:
        due = time.monotonic() - self._duel_at >= 1.0
        if due and self._last_block and self._duel is not None and self._duel.idle:
            self._duel_at = time.monotonic()
            self._duel.offer(self._kernel.engine.snapshot(), self._last_block[:DUEL_BLOCK])

    def _note(self, level: str, source: str, text: str) -> None:
        self._publisher.note(self._clock.now_ns(), level, source, text)

    def note(self, level: str, source: str, text: str) -> None:
        """Adds a line to the log from another room (a feed)."""
        self._note(level, source, text)

    def _publish(self) -> None:
        """Publishes a View if the last one was read and a frame's time has passed."""
        now = time.monotonic()
        if not self._wanted or now - self._shown < VIEW_S:
            return
        self._wanted, self._shown = False, now
        now_ns = self._clock.now_ns()
        view = self._publisher.build(self._kernel, now_ns, self._inbox.dropped, self._feeds.statuses())
        status = status_bar(
            view.status, self._kernel, self._recorder, self._parts, now_ns=now_ns, queue=len(self._inbox),
            events_per_s=self._rate.of(self._inbox.frames),
        )  # fmt: skip
        self._view = msgspec.structs.replace(
            view,
            status=bump(self._view.status, status),
            duel=bump(self._view.duel, duel_section(self._duel, self._parts)),
        )


def _answers(kernel: Kernel) -> frozenset[int]:
    """Returns the channels whose frames answer requests: a lost one is not followed by a newer one."""
    return frozenset(c.id for c in kernel.setup.engine.channels if not c.protocol.endswith(".ws"))
