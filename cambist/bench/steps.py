"""Blocks that a session's kernel stepped, with their times: how long frames waited, and when they were judged.

A frame is judged when the step with its moment is over; all times are of the session's own clock, as its records are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cambist.engine.protocol import EngineView
from cambist.model.events import Direction, RecordKind, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.kernel import Effects

MOST_UNJUDGED = 512
"""After so many frames without a moment the engine makes one."""


class Step(NamedTuple):
    """A block, and when its step began and was over."""

    begun_ns: int
    done_ns: int
    block: bytes


class Steps:
    """Stands before the kernel of a live session: notes each block and its times."""

    def __init__(self, live: Any) -> None:
        self._step, self._clock = live.kernel.step, live.source.clock
        self._taken: list[Step] = []
        live.kernel.step = self

    def __call__(self, block: bytes) -> Effects:
        """Steps a block as the kernel does."""
        begun_ns = self._clock.now_ns()
        effects: Effects = self._step(block)
        self._taken.append(Step(begun_ns, self._clock.now_ns(), block))
        return effects

    def forget(self) -> None:
        """Begins anew."""
        self._taken = []

    def taken(self) -> list[Step]:
        """Returns what was stepped since, and begins anew."""
        taken, self._taken = self._taken, []
        return taken


def waited_us(steps: Sequence[Step]) -> list[float]:
    """Returns µs from each received frame's time until the kernel's step with it began, ascending."""
    return sorted(
        (step.begun_ns - record.recv_ns) / 1e3
        for step in steps
        for record in records(step.block)
        if record.kind == RecordKind.FRAME and record.direction == Direction.IN
    )


def judged_of(steps: Sequence[Step]) -> tuple[list[float], list[int]]:
    """Returns µs from each received frame's time until it was judged, and how many frames each moment had; ascending.

    Frames at the end that had no moment yet are left out.
    """
    waits, moments, waiting = list[float](), list[int](), list[tuple[int, int]]()
    for step in steps:
        for record in records(step.block):
            if record.kind == RecordKind.FRAME:
                waiting.append((record.recv_ns, record.direction))
            if waiting and (record.kind != RecordKind.FRAME or record.moment or len(waiting) == MOST_UNJUDGED):
                waits += [(step.done_ns - recv_ns) / 1e3 for recv_ns, direction in waiting if direction == Direction.IN]
                moments.append(len(waiting))
                waiting.clear()
    return sorted(waits), sorted(moments)


def stepped_us(steps: Sequence[Step]) -> list[float]:
    """Returns µs that the step of each received frame took, ascending: what a frame shares with all of its block."""
    return sorted(
        (step.done_ns - step.begun_ns) / 1e3
        for step in steps
        for record in records(step.block)
        if record.kind == RecordKind.FRAME and record.direction == Direction.IN
    )


def budget_cuts(live: Any) -> int:
    """Returns how many moments of a session ended for want of budget."""
    told = live.kernel.engine.present(live.kernel.now_ns)
    return msgspec.json.decode(told, type=EngineView).counters.budget_cuts
