"""What the duel is given: the state at a moment and what was stepped from there to another one, once a second."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cambist.engine.reference.engine.snapshot import Keyframe
from cambist.model.events import RecordKind, last_moment, pack
from cambist.runtime import timing
from cambist.runtime.timing import ENOUGH, MOST, RECORDS, Timing


class FakeDuel:
    """Takes what it is offered while it is idle."""

    def __init__(self) -> None:
        self.idle = True
        self.taken: list[tuple[bytes, bytes]] = []

    def offer(self, keyframe: Keyframe, block: bytes) -> None:
        self.taken.append((keyframe.encode(), block))


class Live:
    """A hub that steps blocks; its engine's state is what was stepped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.duel, self.now, self.stepped = FakeDuel(), 100.0, b""
        monkeypatch.setattr(timing.time, "monotonic", lambda: self.now)
        engine = SimpleNamespace(keyframe=lambda: Keyframe(self.stepped))
        run: Any = SimpleNamespace(parts=SimpleNamespace(duel=lambda: self.duel), kernel=SimpleNamespace(engine=engine))
        self.stepper: Any = SimpleNamespace(last_block=b"", watch=None)
        self.timing = Timing(run, self.stepper)
        self.timing.begin()

    def step(self, block: bytes, count: int = 1) -> None:
        self.stepped += block
        self.stepper.last_block = block
        if self.stepper.watch is not None:
            self.stepper.watch(block, count)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(monkeypatch)


def frame(seq: int, *, moment: bool = True, size: int = 1) -> bytes:
    return pack(seq, seq, RecordKind.FRAME, b"x" * size, moment=moment)


TICK = pack(1, 1, RecordKind.TICK, b"")


def test_the_last_moment_is_a_marked_frame_or_what_is_no_frame() -> None:
    plain, marked = frame(1, moment=False, size=7), frame(2, size=9)
    assert last_moment(b"") == last_moment(plain) == 0
    assert last_moment(plain + marked + plain) == len(plain + marked)
    assert last_moment(plain + TICK + plain) == len(plain + TICK)
    assert last_moment(marked + plain + TICK) == len(marked + plain + TICK)


def test_it_begins_where_the_engine_is_at_a_moment(live: Live) -> None:
    live.timing.look()
    live.step(frame(1, moment=False))
    live.timing.look()
    assert live.stepper.watch is None
    live.step(frame(2))
    began = live.stepped
    live.timing.look()
    live.step(frame(3, moment=False), RECORDS)
    assert not live.duel.taken
    live.step(TICK)
    assert live.duel.taken == [(began, frame(3, moment=False) + TICK)]
    assert live.stepper.watch is None
    assert len(live.timing.stops_ns) == 1
    assert live.timing.stops_ns[0] > 0


def test_it_ends_at_the_last_moment_of_what_is_enough(live: Live) -> None:
    live.step(TICK)
    live.timing.look()
    live.step(frame(1), RECORDS - 1)
    live.step(frame(2) + frame(3, moment=False), 2)
    assert live.duel.taken == [(TICK, frame(1) + frame(2))]


def test_bytes_are_enough_too_and_without_a_moment_it_is_given_up(live: Live) -> None:
    live.step(TICK)
    live.timing.look()
    large = frame(1, size=ENOUGH)
    live.step(large)
    assert live.duel.taken == [(TICK, large)]
    live.now += 2
    live.timing.look()
    for _ in range(MOST // ENOUGH):
        assert live.stepper.watch is not None
        live.step(frame(1, moment=False, size=ENOUGH))
    assert live.stepper.watch is None
    assert len(live.duel.taken) == 1


def test_once_a_second_and_only_if_it_would_be_taken(live: Live) -> None:
    live.duel.idle = False
    live.step(TICK)
    live.timing.look()
    assert live.stepper.watch is None
    live.duel.idle = True
    live.timing.look()
    live.step(TICK, RECORDS)
    live.timing.look()
    assert live.stepper.watch is None
    live.now += timing.EVERY_S
    live.timing.look()
    live.timing.look()
    live.step(TICK, RECORDS)
    assert [block for _, block in live.duel.taken] == [TICK, TICK]
