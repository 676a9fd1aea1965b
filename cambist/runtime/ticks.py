"""What a live run looks after four times a second: its clock, its feeds, its recording, and whether it stood still."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cambist.model.events import ClockStep, RecordKind
from cambist.model.opportunity import encode
from cambist.runtime.clocks import ClockGuard, Pauses
from cambist.runtime.malformed import Malformed, counts
from cambist.runtime.measuring import Measuring
from feeds.loop_time import loop_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.runtime.run import Run
    from cambist.runtime.stepping import Stepper
    from cambist.runtime.timing import Timing

TICK_S = 0.25
LOOK_S = 1.0
"""How often the counts of frames that can't be read are looked at."""


class Ticks:
    """Puts TICK records among the others."""

    def __init__(self, run: Run, stepper: Stepper, timing: Timing) -> None:
        self._run, self._stepper, self._timing = run, stepper, timing
        self._pauses, self._clock_guard = Pauses(run.clock.elapsed_ns), ClockGuard(run.clock, loop_s)
        self._malformed = Malformed(loop_s)
        self._measuring = Measuring(run.kernel.setup.engine.channels, run.record, loop_s())
        self._looked_at = 0.0
        self._trouble = ""
        self._task: asyncio.Task[None] | None = None
        self.beat = loop_s()
        """When the loop last looked around."""

    def start(self) -> None:
        """Begins to tick."""
        self._pauses.look()
        self._task = asyncio.create_task(self._tick(), name="tick")
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Asks for the end."""
        if self._task is not None:
            self._task.cancel()

    async def wait(self, timeout_s: float) -> None:
        """Returns once it has ended, or after `timeout_s`."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=timeout_s)

    def check(self) -> None:
        """Raises what ended it, if that was no cancel."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def forget_malformed(self, channels: Iterable[int]) -> None:
        """Lets channels begin anew: what they sent before no longer counts."""
        self._malformed.forget(channels)

    def look_for_pause(self) -> None:
        """If all stood still, lets nothing of before be believed: not what waits here, nor what waits in the sockets.

        Slots that waited in a socket made pools look current that were 8 slots old, so connections are made anew.
        """
        run = self._run
        paused_ns = self._pauses.look()
        if not paused_ns:
            return
        reason = f"stopped for {paused_ns / 1e9:.1f} s"
        run.inbox.stopped((channel.id for channel in run.kernel.setup.engine.channels), reason)
        run.hub.note("warn", "hub", f"{reason}: nothing of before is believed, all feeds connect anew")
        run.feeds.renew_all()

    async def _tick(self) -> None:
        run = self._run
        while True:
            await asyncio.sleep(TICK_S)
            self.beat = loop_s()
            self.look_for_pause()
            run.inbox.put(RecordKind.TICK)
            self._look_at_clocks()
            self._look_at_malformed()
            run.recording.rotate_if_due()
            trouble = run.parts.trouble()
            if trouble != self._trouble:
                self._trouble = trouble
                run.hub.note("error", "market", trouble or "goes on")
            self._timing.look()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Without ticks no time passes for the engine: the hub ends with what ended them."""
        self._run.hub.stopping = True
        self._run.hub.wake()

    def _look_at_clocks(self) -> None:
        run = self._run
        if step := self._clock_guard.step_ns():
            run.inbox.put(RecordKind.CLOCK_STEP, encode(ClockStep(step)))
            run.hub.note("warn", "clock", f"the wall clock stepped by {step / 1e6:.0f} ms")
        # The embedded market has a time of its own, and no way there.
        statuses = {} if run.kernel.setup.demo else run.feeds.statuses()
        self._measuring.look(statuses, self.beat)
        if fault := self._clock_guard.fault(statuses.values()):
            known = "clock" in run.arming
            if run.arming.disarm("clock", fault) and not known:
                run.hub.note("error", "clock", f"{fault}. Trading is disarmed until that is over.")
        elif run.arming.clear("clock"):
            run.hub.note("info", "clock", "the clocks agree again")

    def _look_at_malformed(self) -> None:
        """Makes the connection of a channel anew, or switches its feed off, if too much of it can't be read."""
        if self.beat - self._looked_at < LOOK_S:
            return
        self._looked_at = self.beat
        feeds, kernel = self._run.feeds, self._run.kernel
        for channel, act, many in self._malformed.take(counts(kernel.engine.present(self._run.clock.now_ns()))):
            feed = feeds.of(channel)
            if feed is None:
                continue
            why = f"{many} malformed frames in a minute"
            (feeds.disable if act == "disable" else feeds.renew)(feed, why)
