"""The timing of both engines on what a live run steps, once a second, in a process of its own.

Its input is the engine's state at a moment and the records from there to another moment, so that nothing in it is
half-way: all that moved in it is judged in it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.model.events import last_moment
from cambist.runtime.status import duel_section

if TYPE_CHECKING:
    from cambist.engine.protocol import Keyframe
    from cambist.runtime.parts import Duel
    from cambist.runtime.run import Run
    from cambist.runtime.stepping import Stepper
    from cambist.view import DuelSection

RECORDS = 48
"""Enough for an input: the reference engine needs about a millisecond for each."""
ENOUGH = 256 * 1024
"""Bytes that are enough of fewer records."""
MOST = 4 * ENOUGH
"""Bytes without a moment at which an input is given up."""
EVERY_S = 1.0
KEPT = 512
"""Stops that are remembered."""


@dataclass(slots=True)
class Input:
    """What the duel gets, as it comes together."""

    keyframe: Keyframe
    blocks: list[bytes] = field(default_factory=list)
    count: int = 0
    size: int = 0
    end: int = 0
    """Where the last moment is in what came; 0 before one."""
    held_ns: int = 0

    def add(self, block: bytes, count: int) -> None:
        """Takes what was stepped next."""
        if found := last_moment(block):
            self.end = self.size + found
        self.blocks.append(block)
        self.count += count
        self.size += len(block)

    @property
    def enough(self) -> bool:
        """Whether nothing more is to be added: there is enough up to a moment, or too much without one."""
        return (self.count >= RECORDS or self.size >= ENOUGH) and (self.end > 0 or self.size >= MOST)

    def records(self) -> bytes:
        """Returns what came, up to the last moment."""
        return b"".join(self.blocks)[: self.end]


class Timing:
    """Gives the duel its work, if there is a duel."""

    def __init__(self, run: Run, stepper: Stepper) -> None:
        self._run, self._stepper = run, stepper
        self._duel: Duel | None = None
        self._offered_at = 0.0
        self._input: Input | None = None
        self.stops_ns: deque[int] = deque(maxlen=KEPT)
        """For how long the hub's thread was held for each of the latest inputs."""

    def begin(self) -> None:
        """Starts the duel that the run is to have; one that can't be started is noted."""
        if self._run.parts.duel is None:
            return
        try:
            self._duel = self._run.parts.duel()
        except OSError as error:
            self._run.hub.note("warn", "duel", f"both engines can't be timed: {error}")

    def look(self) -> None:
        """Begins an input if one is due and the engine is at a moment."""
        due, block = time.monotonic() - self._offered_at >= EVERY_S, self._stepper.last_block
        if not due or self._input is not None or self._duel is None or not self._duel.idle:
            return
        began = time.perf_counter_ns()
        if block and last_moment(block) == len(block):
            self._offered_at = time.monotonic()
            self._input = Input(self._run.kernel.engine.keyframe())
            self._stepper.watch = self._take
            self._input.held_ns += time.perf_counter_ns() - began

    def _take(self, block: bytes, count: int) -> None:
        """Adds what was stepped to the input, and offers it once it is enough."""
        made, duel = self._input, self._duel
        if made is None or duel is None:
            return
        began = time.perf_counter_ns()
        made.add(block, count)
        if not made.enough:
            made.held_ns += time.perf_counter_ns() - began
            return
        self._input = self._stepper.watch = None
        if made.end:
            duel.offer(made.keyframe, made.records())
            self.stops_ns.append(made.held_ns + time.perf_counter_ns() - began)

    def section(self) -> DuelSection:
        """Returns panel 4."""
        return duel_section(self._duel, self._run.parts)

    @property
    def mismatches(self) -> int | None:
        """How often both engines differed; `None` without a duel."""
        return None if self._duel is None else sum(row.mismatches for row in self._duel.rows())

    async def end(self) -> None:
        """Ends the child."""
        if self._duel is not None:
            await asyncio.to_thread(self._duel.close)
