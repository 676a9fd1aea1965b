"""Stepping what waits in the inbox: it gets a seq, is stepped, then recorded, and only then acted on."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cambist.model.commands import SwitchEngine, recorded
from cambist.model.events import RecordKind
from cambist.model.opportunity import encode
from cambist.runtime.latency import Latencies
from cambist.runtime.words import order_times
from feeds.loop_time import loop_s

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from cambist.kernel import Effects, Kernel
    from cambist.runtime.loading import Loading
    from cambist.runtime.run import Run

DRAIN = 512
GATHER_S = 0.001
"""Longest that what came waits for what comes with it."""
REFERENCE_DRAIN = 32
"""The reference engine takes about a millisecond a frame; in between the loop has sockets to read."""
REFERENCE_QUEUE = 1_024
"""The reference engine sheds load early: a short queue keeps what it still sees fresh."""


class Stepper:
    """Numbers records and steps them through the kernel."""

    def __init__(self, run: Run) -> None:
        self._run = run
        run.kernel.laps.clock = run.clock.now_ns
        self.next_seq = 1
        self.last_block = b""
        """The block that was stepped last."""
        self.watch: Callable[[bytes, int], None] | None = None
        """Gets each block that was stepped and how many records it has."""
        self.loading: Loading | None = None
        """Is given each block that was stepped. While it is on, nothing is sealed."""
        self.latencies = Latencies()
        self._suited = ""
        """The engine that the inbox's bound is for."""

    @property
    def begun(self) -> bool:
        """Whether a record was stepped."""
        return self.next_seq > 1

    def step_waiting(self) -> None:
        """Steps what waits now; what another thread adds meanwhile is left for later."""
        end = self.next_seq + len(self._run.inbox)
        while self.next_seq < end and self.step():
            pass

    def step(self) -> int:
        """Steps a block and returns how many records it had."""
        block, count = self._drained()
        if count:
            begun = time.perf_counter_ns()
            effects = self._run.kernel.step(block)
            self._run.recording.keyframes.spent(time.perf_counter_ns() - begun)
            if effects.decided:
                self.latencies.take(block, self._run.clock.now_ns())
            self._stepped(block, count, effects)
        return count

    def switch_engine(self, name: Literal["native", "reference"], other: Kernel) -> None:
        """Steps the record of a switch ahead of all that waits, and goes on with the engine of a kernel that is as far.

        Raises `ValueError` if that has decided otherwise; nothing has changed then.
        """
        run = self._run
        run.kernel.require_same(other)
        run.inbox.first(RecordKind.COMMAND, encode(recorded(SwitchEngine(name))))
        block, count = run.inbox.drain(self.next_seq, 1)
        other.step(block)
        effects = run.kernel.step(block)
        run.kernel.take_over(other)
        self._stepped(block, count, effects)

    async def gather(self) -> None:
        """Returns once a pass of the loop brought nothing more, so that what waits is judged as one."""
        inbox, waiting, until = self._run.inbox, len(self._run.inbox), loop_s() + GATHER_S
        while waiting < DRAIN:
            await asyncio.sleep(0)
            before, waiting = waiting, len(inbox)
            if waiting == before or loop_s() >= until:
                return

    def _drained(self) -> tuple[bytes, int]:
        """Returns a block of what waits; its last frame is a moment unless more is left behind."""
        inbox = self._run.inbox
        limit = REFERENCE_DRAIN if self._run.kernel.engine.name == "reference" else DRAIN
        return inbox.drain(self.next_seq, limit, moment=len(inbox) <= limit)

    def _stepped(self, block: bytes, count: int, effects: Effects) -> None:
        """Records a stepped block, then lets out what it wants done."""
        run, note = self._run, self._run.hub.publisher.note
        first_seq, self.next_seq = self.next_seq, self.next_seq + count
        run.recording.put(
            block, first_seq, count, keyframes=run.parts.keyframes and (self.loading is None or not self.loading.on)
        )
        if self.loading is not None:
            self.loading.offer(block, count)
        self.last_block = block
        if self.watch is not None:
            self.watch(block, count)
        run.feeds.need(effects.needs)
        for at_ns, level, text in effects.notes:
            note(at_ns, level, "kernel", text)
        for number, times in effects.times.items():
            note(times.moment_ns, "info", "paper", order_times(number, times))
        for order, fill in effects.fills:
            text = f"order {order.id} {fill.status}" + (f": {fill.reason}" if fill.reason else "")
            note(fill.recv_ns, "info", "paper", text)
        for at_ns, reason in effects.halts:
            note(at_ns, "error" if reason else "info", "risk", reason or "halt cleared")
        run.recording.enter(effects)
        if run.kernel.engine.name != self._suited:
            self._suit_engine()

    def _suit_engine(self) -> None:
        """Lets as many records wait as the engine that runs now is good for."""
        self._suited = self._run.kernel.engine.name
        self._run.inbox.limit(REFERENCE_QUEUE if self._suited == "reference" else None)
