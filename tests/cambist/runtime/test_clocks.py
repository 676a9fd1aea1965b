import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cambist.clock import SystemClock
from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.commands import Arm, Disarm
from cambist.model.events import Channel, Record, RecordKind, records
from cambist.model.opportunity import Need
from cambist.runtime import clocks
from cambist.runtime.arming import Arming
from cambist.runtime.clocks import ClockGuard, Pauses
from cambist.runtime.hub import Hub
from cambist.runtime.inbox import Inbox
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.recorder import Recorder
from cambist.runtime.replay import Replayer
from feeds.base import FeedStatus
from storage.catalogue import list_sessions, session_path
from storage.reader import SessionReader
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(120)]
CHANNELS = tuple(Channel(n, "beat", "beat", protocol, "x") for n, protocol in ((1, "x.ws"), (2, "x.info")))
SECOND = 1_000 * MS


class Beat:
    """A feed that sends a frame every few milliseconds, and may hold up the loop or tell another time."""

    name = "beat"

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.block_s = 0.0
        self.begun = 0
        self.offset_ns: int | None = 0

    async def run(self) -> None:
        self.begun += 1
        for i in range(100_000):
            key = f"k{self.begun}.{i}"
            decide = [{"key": key, "route": [key]}] if i % 10 == 0 else []
            self._inbox.frame(1, 1, 1, 0, json.dumps({"decide": decide}).encode())
            if self.block_s:
                block_s, self.block_s = self.block_s, 0.0
                time.sleep(block_s)  # noqa: ASYNC251 - that is what is tried
            await asyncio.sleep(0.004)

    def need(self, need: Need) -> None:
        pass

    def retry(self) -> None:
        pass

    def channels(self) -> tuple[Channel, ...]:
        return CHANNELS

    def status(self) -> tuple[FeedStatus, ...]:
        return (FeedStatus("beat", 1, "live", "x", clock_offset_ns=self.offset_ns, clock_error_ns=MS),)


def make_kernel() -> Kernel:
    limits = Limits({SOL: 2_000_000_000}, {SOL: 5_000_000_000}, 8, 10_000)
    setup = EngineSetup(tokens=TOKENS, channels=CHANNELS)
    return Kernel(
        KernelSetup(setup, limits, PaperParams(20 * MS, 0, 0, 0), wallet={SOL: 10**12}),
        lambda name, engine_setup: ScriptedEngine(engine_setup),
    )


class Run:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.beat: Beat
        parts = Parts(feeds=self._feeds, recorder=lambda end: Recorder(folder, "test", {"app": "test"}, end))
        self.live = Hub(kernel := make_kernel(), LiveSource(kernel, parts))

    def _feeds(self, inbox: Inbox) -> list[Beat]:
        self.beat = Beat(inbox)
        return [self.beat]

    def until(self, condition: Any, seconds: float = 20) -> None:
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, "waited in vain"
            time.sleep(0.01)

    @property
    def halted(self) -> str:
        return self.live.view.status.halt_reason

    def records(self) -> list[Record]:
        """Ends it; returns what was recorded, once it replayed."""
        self.live.close()
        assert self.live.failure is None
        (row,) = list_sessions(self.folder)
        with SessionReader(session_path(self.folder, row.name)) as reader:
            replayer = Replayer(reader, make_kernel())
            replayer.run()
            assert replayer.match is True
            return [record for chunk in reader.blocks() for record in records(chunk.block)]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    made.live.start()
    yield made
    made.live.close()


def test_a_pause_is_told_once_and_slow_looks_are_none() -> None:
    now = [0]
    pauses = Pauses(lambda: now[0])
    found = []
    for passed in (SECOND // 4, 2 * SECOND, 2 * SECOND + 1, SECOND // 4, 60 * SECOND):
        now[0] += passed
        found.append(pauses.look())
    assert found == [0, 0, 2 * SECOND + 1, 0, 60 * SECOND]


def test_a_loop_that_stood_still_says_a_gap_of_every_channel_and_starts_its_feeds_anew(run: Run) -> None:
    run.until(lambda: run.live.view.headline.fills)
    begun = run.beat.begun
    run.beat.block_s = 2.4
    run.until(lambda: any("stopped for" in row.text for row in run.live.view.log.rows))
    run.until(lambda: run.beat.begun > begun)
    recorded = run.records()
    gaps = [at for at, record in enumerate(recorded) if record.kind == RecordKind.GAP]
    assert [recorded[at].channel for at in gaps] == [1, 2]
    found = [json.loads(recorded[at].body) for at in gaps]
    assert all("stopped for 2." in gap["reason"] for gap in found)
    assert [gap["count"] for gap in found] == [1, 0], "the frame that waited is not believed"
    frames = [record for record in recorded if record.kind == RecordKind.FRAME]
    assert not any(
        recorded[gaps[0]].recv_ns <= record.recv_ns < recorded[gaps[0]].recv_ns + 2 * SECOND for record in frames
    )


def test_what_comes_over_a_connection_of_before_a_stop_is_dropped_and_counted() -> None:
    inbox = Inbox(SystemClock(), lambda: None)
    inbox.connected(1, 1, 1, "x")
    inbox.frame(1, 1, 1, 0, b"before")
    inbox.frame(1, 1, 1, 1, b"sent")
    inbox.frame(2, 7, 1, 0, b"reply")
    inbox.stopped((1, 2), "stopped")
    inbox.frame(1, 1, 1, 0, b"waited in the socket")
    inbox.frame(2, 8, 1, 0, b"asked again")
    inbox.connected(1, 2, 2, "x")
    inbox.frame(1, 2, 2, 0, b"after")
    block, _ = inbox.drain(1, 100)
    assert [(RecordKind(r.kind).name, r.channel, r.body[:30]) for r in records(block)] == [
        ("GAP", 1, b'{"count":1,"reason":"stopped"}'), ("GAP", 2, b'{"count":1,"reason":"stopped"}'),
        ("CONNECTED", 1, b'{"label":"x"}'), ("FRAME", 1, b"sent"), ("FRAME", 2, b"asked again"),
        ("GAP", 1, b'{"count":1,"reason":"of before'), ("CONNECTED", 1, b'{"label":"x"}'), ("FRAME", 1, b"after"),
    ]  # fmt: skip
    assert inbox.dropped == {1: 2, 2: 1}


def test_a_step_of_the_wall_clock_disarms_until_it_has_settled(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "SETTLED_S", 1.0)
    run.until(lambda: run.live.view.headline.fills)
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() - 3_600 * SECOND)
    run.until(lambda: "the wall clock stepped by -3,600.0 s" in run.halted)
    before = run.live.view.headline.orders
    run.until(lambda: not run.halted)
    run.until(lambda: run.live.view.headline.orders > before)
    names = [json.loads(r.body)["name"] for r in run.records() if r.kind == RecordKind.COMMAND]
    assert names == ["disarm", "arm"]


def test_a_clock_that_differs_from_the_venues_disarms_until_it_agrees(run: Run) -> None:
    run.until(lambda: run.live.view.headline.fills)
    run.beat.offset_ns = 499 * MS
    time.sleep(0.6)
    assert not run.halted
    run.beat.offset_ns = -750 * MS
    run.until(lambda: "this clock is +750 ms off beat's" in run.halted)
    assert run.live.view.status.state == "REDUCING"
    run.beat.offset_ns = 3 * MS
    run.until(lambda: not run.halted)


class Stepping:
    """Stands for the system's clock."""

    def __init__(self) -> None:
        self.moved_ns = 0

    def step_ns(self) -> int:
        return self.moved_ns


def status(offset_ns: int | None, error_ns: int = 0) -> FeedStatus:
    return FeedStatus("kraken", 1, "live", "x", clock_offset_ns=offset_ns, clock_error_ns=error_ns)


def test_a_venue_has_to_tell_its_time_again_after_a_step() -> None:
    clock, now = Stepping(), [0.0]
    guard = ClockGuard(clock, lambda: now[0])  # type: ignore[arg-type]
    assert guard.fault([status(2 * MS)]) == ""
    clock.moved_ns = 300 * MS
    assert guard.step_ns() == 300 * MS
    assert guard.step_ns() == 0
    assert guard.fault([status(None)]) == "the wall clock stepped by +300 ms"
    now[0] = 11.0
    assert "kraken did not tell its time since" in guard.fault([status(None)])
    assert guard.fault([status(-300 * MS), status(None)]) == "", "its other connection tells no time"


def test_small_steps_are_recorded_and_disarm_nothing() -> None:
    clock = Stepping()
    guard = ClockGuard(clock)  # type: ignore[arg-type]
    for moved, step in ((40, 0), (60, 60), (-150, -210), (100, 250)):
        clock.moved_ns = moved * MS
        assert guard.step_ns() == step * MS
        assert guard.fault([]) == ""


@pytest.mark.parametrize(("offset", "error", "wrong"), [(900, 500, False), (1_100, 500, True), (-501, 0, True)])
def test_only_what_is_beyond_doubt_of_an_offset_counts(offset: int, error: int, wrong: bool) -> None:
    fault = ClockGuard(Stepping()).fault([status(offset * MS, error * MS)])  # type: ignore[arg-type]
    assert bool(fault) is wrong


def test_trading_is_armed_again_when_no_cause_is_left() -> None:
    submitted: list[Arm | Disarm] = []
    arming = Arming(submitted.append)
    assert arming.disarm("recording", "disk full")
    assert arming.disarm("clock", "stepped")
    assert not arming.disarm("clock", "stepped")
    assert not arming.clear("journal")
    assert arming.clear("recording")
    assert arming.clear("clock")
    assert submitted == [Disarm("disk full"), Disarm("disk full; stepped"), Disarm("stepped"), Arm()]
