"""The segments of a live session: each begins with a STATE record, and nothing falls between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.events import RecordKind

if TYPE_CHECKING:
    from cambist.runtime.run import Run
    from cambist.runtime.stepping import Stepper
    from cambist.runtime.ticks import Ticks


class Segments:
    """Begins, changes and ends segments, between two blocks."""

    def __init__(self, run: Run, stepper: Stepper, ticks: Ticks) -> None:
        self._run, self._stepper, self._ticks = run, stepper, ticks

    async def begin(self) -> bool:
        """Begins a session: a segment if there is to be one, and its STATE record. Returns whether it is recorded.

        What waits in the inbox while the file is opened still belongs to the session before.
        """
        run, stepper = self._run, self._stepper
        if not await run.recording.prepare() and stepper.begun:
            return False
        if stepper.begun:
            self._ticks.look_for_pause()
        stepper.step_waiting()
        old = run.recording.switch()
        run.inbox.first(RecordKind.STATE, run.kernel.state())
        stepper.step()
        run.hub.publisher.adopt(run.kernel)
        if old is not None:
            await old.close("the next segment goes on")
        return run.recording.on

    async def act(self) -> None:
        """Does what is due for the recording, if anything is."""
        recording = self._run.recording
        if not recording.due_acts:
            return
        act = recording.due_acts.pop(0)
        if act == "rotate":
            await self.begin()
        elif act == "begin" and not recording.on:
            if await self.begin():
                recording.began()
        elif act == "end":
            await recording.stop()
