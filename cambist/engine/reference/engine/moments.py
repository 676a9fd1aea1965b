"""Moments: when what frames changed is searched, sized and decided on. In between it is only remembered what moved.

A frame whose header says so is one, every record that is no frame, and every frame of a session without moments.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.detect import review, review_all, settle
from cambist.engine.reference.engine.picture import take_picture
from cambist.engine.reference.engine.standing import Moment

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.detect import Output
    from cambist.model.events import Record

MOST_UNJUDGED: Final = 512
"""After so many frames without a moment the engine makes one."""


def note_frame(engine: ReferenceEngine, record: Record, out: Output) -> None:
    """Notes a frame that was applied, and judges if it is a moment."""
    moved = engine.moved
    moved.frames += 1
    if not engine.setup.moments or record.moment or moved.frames >= MOST_UNJUDGED:
        judge(engine, record, out)


def judge(engine: ReferenceEngine, record: Record, out: Output) -> None:
    """Searches around what moved since the last moment, sizes and decides; on all that stands where a slot began."""
    begun_ns = time.perf_counter_ns()
    before, registry = engine.moved.slot, engine.market.registry
    moment = begin_moment(engine, record)
    settle(engine, moment, out)
    vouched, registry.vouched = registry.vouched, False
    if engine.market.slot != before:
        review_all(engine, moment, out)
    elif vouched:
        review(engine, moment, engine.standing.unconfirmed(), out)
    engine.judged_ns = time.perf_counter_ns() - begun_ns
    take_picture(engine, record)


def begin_moment(engine: ReferenceEngine, record: Record) -> Moment:
    """Returns the moment of a record."""
    moved, slot = engine.moved, engine.market.slot
    moved.frames = 0
    engine.counters.moments += 1
    if slot is not None and (moved.slot is None or slot > moved.slot):
        moved.slot, moved.slots = slot, moved.slots + 1
    return Moment(engine.counters.moments, record.seq, record.recv_ns, slot or 0, moved.slots)
