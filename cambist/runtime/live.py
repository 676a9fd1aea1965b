"""A live market as a runtime's source: what feeds send gets a seq, is stepped, then recorded, then acted on.

    feeds ─► inbox ─► drain ≤512, seq and moment assigned ─► kernel.step ─► recorder ─► journal, feeds' needs, duel

A row of the journal is committed once the block that it came of is on disk, in the session's tail or in a chunk; an
order has to wait for `Journal.flush`. Tasks and threads wait for that, the hub's loop does not. A slow disk ends
the recording and disarms trading, a slow engine sheds frames before they get a seq. Stepping, segments, ticks and
the operator's acts have a module each.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cambist.clock import SystemClock
from cambist.runtime.acts import Acts
from cambist.runtime.loading import Loading
from cambist.runtime.report import report
from cambist.runtime.run import Run
from cambist.runtime.segments import Segments
from cambist.runtime.source import Sections
from cambist.runtime.status import Rate, rule_fault, status_bar
from cambist.runtime.stepping import Stepper
from cambist.runtime.ticks import Ticks
from cambist.runtime.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.clock import SessionClock
    from cambist.kernel import Kernel
    from cambist.model.commands import HubCommand, RecordCommand
    from cambist.runtime.hub import Hub
    from cambist.runtime.inbox import Inbox
    from cambist.runtime.parts import Parts
    from cambist.view import Gate, Runtime, SessionRow, Status
    from feeds.base import FeedStatus

REST_S = 1 / 60
FEEDS_END_S = 3.0


class LiveSource:
    """Feeds, clock, recorder and journal of one run."""

    REPLAYS = False

    def __init__(self, kernel: Kernel, parts: Parts, clock: SessionClock | None = None) -> None:
        """Without a clock, on the system's; one that is given must be that of the hub's loop."""
        self._kernel, self._parts = kernel, parts
        self.clock: SessionClock = clock or SystemClock()
        self._rate = Rate()

    def bind(self, hub: Hub[LiveSource]) -> None:
        """Takes the hub whose loop it runs in."""
        self._hub = hub
        run = self._run = Run.of(hub, self._kernel, self._parts, self.clock)
        self._stepper = Stepper(run)
        self._timing = Timing(run, self._stepper)
        self._ticks = Ticks(run, self._stepper, self._timing)
        self._segments = Segments(run, self._stepper, self._ticks)
        self._loading = Loading(hub, self._kernel, self._stepper.switch_engine)
        self._stepper.loading = self._loading
        self._acts = Acts(run, self._stepper, self._ticks, self._loading)

    @property
    def session(self) -> str:
        """Name of the session that is recorded now, or was last."""
        return self._run.recording.session

    @property
    def inbox(self) -> Inbox:
        """Where records wait."""
        return self._run.inbox

    @property
    def now_ns(self) -> int:
        """The time as records get it."""
        return self.clock.now_ns()

    @property
    def beat(self) -> float:
        """When the hub's loop last looked around, by the monotonic clock; it does so four times a second."""
        return self._ticks.beat

    @property
    def duel_stops_ns(self) -> tuple[int, ...]:
        """For how long this loop was held for each of the duel's latest inputs."""
        return tuple(self._timing.stops_ns)

    @property
    def frames(self) -> int:
        """Frames taken from feeds so far."""
        return self.inbox.frames

    @property
    def dropped(self) -> Mapping[int, int]:
        """Frames dropped so far, by channel."""
        return self.inbox.dropped

    @property
    def behind(self) -> bool:
        """Whether so much waits to be written that a clock which can stand should."""
        return self._run.recording.behind

    @property
    def not_recording(self) -> str:
        """Why nothing is being recorded; empty while it is."""
        return self._run.recording.not_recording

    @property
    def unrecorded(self) -> frozenset[int]:
        """Orders whose newest record is not on disk yet."""
        return self._run.recording.unrecorded

    def statuses(self) -> Mapping[int, FeedStatus]:
        """Returns how each connection is, by channel."""
        return self._run.feeds.statuses()

    def observe(self) -> None:
        """Says what happens when it happens, so has nothing left."""

    async def begin(self) -> None:
        """Opens journal and recording, steps the STATE record, starts the feeds."""
        self._run.feeds.take(self._parts.feeds(self.inbox))
        await self._run.recording.open_journal()
        await self._segments.begin()
        self._timing.begin()
        self._run.feeds.start()
        self._ticks.start()

    async def advance(self) -> bool:
        """Steps a block, switches the engine, ends or begins a segment; returns whether more may wait."""
        if not (len(self.inbox) or self._run.recording.due_acts or self._loading.due):
            return False
        self._ticks.look_for_pause()
        if self._loading.due:
            self._loading.act()
        await self._stepper.gather()
        self._stepper.step()
        await self._segments.act()
        return True

    def rest_s(self) -> float:
        """Returns how long it may rest: until a View is due."""
        return REST_S

    async def end(self) -> None:
        """Ends feeds and ticks, steps what waits, closes recorder, journal and duel."""
        self._ticks.cancel()
        self._loading.cancel()
        await self._run.feeds.stop(FEEDS_END_S)
        await self._ticks.wait(FEEDS_END_S)
        self.inbox.close()
        try:
            if self._stepper.begun:
                self._stepper.step_waiting()
        finally:
            parts = self._run.recording.end(), self._timing.end()
            for outcome in await asyncio.gather(*parts, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    self._hub.failure = self._hub.failure or outcome
        self._ticks.check()

    def abandon(self) -> None:
        """Ends what was started for this run outside of the hub."""
        self._parts.close()

    def halt(self, command: RecordCommand) -> None:
        """Halts, or clears a halt: a record at once."""
        self._run.record(command)

    def decide(self, command: RecordCommand) -> None:
        """Puts an act into the record stream, once it is known that it can be stepped, here and in a replay."""
        self._acts.decide(command)

    def act(self, command: HubCommand) -> None:
        """Does what an operator wants of recorder, feeds or mode."""
        self._acts.act(command)

    def sections(self, status: Status) -> Sections:
        """Returns status bar and duel."""
        status = status_bar(
            status, self._kernel, self._run.recording.recorder, self._parts, now_ns=self.now_ns, queue=len(self.inbox),
            events_per_s=self._rate.of(self.inbox.frames), loading=self._loading.shown,
        )  # fmt: skip
        return Sections(status, self._timing.section(), latency=self._stepper.latencies.shown(self.now_ns))

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        return self._parts.sessions()

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here; empty if nothing does."""
        return rule_fault(self._kernel, text)

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        return self._acts.live_checks()

    def open_session(self, name: str, beside: Runtime) -> Runtime:
        """Returns a replaying runtime beside this one."""
        if self._parts.open_session is None:
            message = "no session folder is in use"
            raise ValueError(message)
        return self._parts.open_session(name, beside)

    def report(self, seconds_wall: float) -> dict[str, Any]:
        """Returns the run's report."""
        found = report(self._kernel, self.session, seconds_wall, self._timing.mismatches)
        found["recorded_digest"] = self._run.recording.digest
        return found
