"""The timing of both engines on what a live run steps, once a second, in a process of its own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cambist.runtime.status import duel_section

if TYPE_CHECKING:
    from cambist.runtime.parts import Duel
    from cambist.runtime.run import Run
    from cambist.runtime.stepping import Stepper
    from cambist.view import DuelSection

DUEL_BLOCK = 256 * 1024
EVERY_S = 1.0


class Timing:
    """Gives the duel its work, if there is a duel."""

    def __init__(self, run: Run, stepper: Stepper) -> None:
        self._run, self._stepper = run, stepper
        self._duel: Duel | None = None
        self._offered_at = 0.0

    def begin(self) -> None:
        """Starts the duel that the run is to have; one that can't be started is noted."""
        if self._run.parts.duel is None:
            return
        try:
            self._duel = self._run.parts.duel()
        except OSError as error:
            self._run.hub.note("warn", "duel", f"both engines can't be timed: {error}")

    def offer(self) -> None:
        """Offers the engine's state and what was stepped last."""
        due, block = time.monotonic() - self._offered_at >= EVERY_S, self._stepper.last_block
        if due and block and self._duel is not None and self._duel.idle:
            self._offered_at = time.monotonic()
            self._duel.offer(self._run.kernel.engine.snapshot(), block[:DUEL_BLOCK])

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
