import asyncio
import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.commands import ClearHalt, Halt, Pause, Play, Seek, SetSpeed, StartRecording, Step, StopRecording
from cambist.model.events import Channel, RecordKind, records
from cambist.model.opportunity import Need
from cambist.runtime.hub import Hub
from cambist.runtime.inbox import Inbox
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.playing import RecordedSource
from cambist.runtime.recorder import Recorder
from cambist.runtime.replay import FOREVER_NS, Replayer
from feeds.base import FeedStatus
from storage.catalogue import list_sessions, session_path
from storage.reader import SessionReader
from storage.verify import verify
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine

pytestmark = pytest.mark.timeout(240)


class Beat:
    """A feed that sends a frame every few milliseconds; each tenth decides a go on a new cycle."""

    name = "beat"

    def __init__(self, inbox: Inbox, fail_at: int = 0) -> None:
        self._inbox, self._fail_at = inbox, fail_at
        self.needs: list[Need] = []

    async def run(self) -> None:
        self._inbox.connected(1, 1, 1, "loopback")
        for i in range(100_000):
            if self._fail_at and i == self._fail_at:
                message = "the venue hung up"
                raise RuntimeError(message)
            decide = [{"key": f"k{i}", "route": [f"k{i}"]}] if i % 10 == 0 else []
            self._inbox.frame(1, 1, 1, 0, json.dumps({"decide": decide}).encode())
            await asyncio.sleep(0.004)

    def need(self, need: Need) -> None:
        self.needs.append(need)

    def retry(self) -> None:
        self._fail_at = 0

    def channels(self) -> tuple[Channel, ...]:
        return ()

    def status(self) -> tuple[FeedStatus, ...]:
        return (FeedStatus("beat", 1, "live", "loopback"),)


def make_kernel() -> Kernel:
    limits = Limits({SOL: 2_000_000_000}, {SOL: 5_000_000_000}, 8, 10_000)
    paper = PaperParams(20 * MS, 10 * MS, 0, 0)
    setup = KernelSetup(EngineSetup(tokens=TOKENS), limits, paper, wallet={SOL: 10**12})
    return Kernel(setup, lambda name, engine_setup: ScriptedEngine(engine_setup))


def runtime(
    folder: Path, *, limits: dict[str, Any] | None = None, parts: dict[str, Any] | None = None, **feed: int
) -> Hub[LiveSource]:
    def recorder(on_end: Callable[[str], None]) -> Recorder:
        return Recorder(folder, "test", {"app": "test"}, on_end, **(limits or {}))

    made = Parts(feeds=lambda inbox: [Beat(inbox, **feed)], recorder=recorder, market="test")
    return Hub(kernel := make_kernel(), LiveSource(kernel, replace(made, **(parts or {}))))


def all_replay(folder: Path) -> int:
    """Replays each session of a folder; returns how many records they hold together."""
    records = 0
    for row in list_sessions(folder):
        with SessionReader(session_path(folder, row.name)) as reader:
            assert reader.breaks() == []
            replayer = Replayer(reader, make_kernel())
            replayer.run(batch=3)
        assert replayer.match is True
        records += row.records
    return records


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Hub[LiveSource]]:
    made = runtime(tmp_path)
    made.start()
    yield made
    made.close()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_live_session_replays_to_the_same_digest(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 3)
    live.close()
    report = live.report()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        assert reader.complete
        replayer = Replayer(reader, make_kernel())
        replayer.run()
    found = replayer.report("s", 1.0)
    assert found["digest_match"] is True
    assert (found["digest"], found["fills"], found["records"]) == (report["digest"], report["fills"], report["records"])


def test_what_is_stepped_of_a_chunk_is_counted_alike_in_one_go_or_in_parts(
    live: Hub[LiveSource], tmp_path: Path
) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.close()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        sizes = [chunk.records for chunk in reader.index()]
        whole, parts = Replayer(reader, make_kernel()), Replayer(reader, make_kernel())
        for size in sizes:
            assert whole.step(FOREVER_NS, 2**62)[0] == size
            first = parts.step(FOREVER_NS, size // 2)[0]
            assert (first, parts.step(FOREVER_NS, 2**62)[0]) == (size // 2, size - size // 2)
        assert whole.finished
        assert parts.finished
        assert whole.report("s", 1.0) == parts.report("s", 1.0)


def test_halt_takes_effect_and_clears(live: Hub[LiveSource]) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.submit(Halt("operator"))
    until(lambda: live.view.status.state == "HALTED")
    orders = live.view.headline.orders
    time.sleep(0.2)
    assert live.view.headline.orders == orders
    live.submit(ClearHalt())
    until(lambda: live.view.status.state == "RUNNING")


def test_recording_stops_and_a_new_session_begins_with_its_own_state(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.submit(StopRecording())
    until(lambda: not live.view.status.recording)
    live.submit(StartRecording())
    until(lambda: live.view.status.recording)
    until(lambda: live.view.headline.fills >= 3)
    live.close()
    rows = list_sessions(tmp_path)
    assert len(rows) == 2
    for row in rows:
        with SessionReader(session_path(tmp_path, row.name)) as reader:
            replayer = Replayer(reader, make_kernel())
            replayer.run(batch=1)
        assert replayer.match is True


def test_a_broken_feed_is_named_and_the_hub_goes_on(tmp_path: Path) -> None:
    live = runtime(tmp_path, fail_at=5)
    live.start()
    try:
        until(lambda: any("the venue hung up" in row.text for row in live.view.log.rows))
        assert live.alive
    finally:
        live.close()


def test_a_replay_pauses_steps_seeks_and_ends_where_the_session_did(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 3)
    live.close()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        replay = Hub(kernel := make_kernel(), RecordedSource(reader, kernel, name="s", speed=1.0))
        replay.start()
        until(lambda: (replay.view.replay or 0) and replay.view.replay.record > 5)  # type: ignore[union-attr]
        replay.submit(Pause())
        until(lambda: not replay.view.replay.playing)  # type: ignore[union-attr]
        at = replay.view.replay.record  # type: ignore[union-attr]
        replay.submit(Step(1))
        until(lambda: replay.view.replay.record == at + 1)  # type: ignore[union-attr]
        first = replay.view.replay.first_ns  # type: ignore[union-attr]
        replay.submit(Seek(first))
        until(lambda: replay.view.replay.record <= 3)  # type: ignore[union-attr]
        replay.submit(SetSpeed(None))
        replay.submit(Play())
        until(lambda: replay.view.replay.finished)  # type: ignore[union-attr]
        assert replay.view.replay.digest == live.report()["digest"]  # type: ignore[union-attr]
        assert replay.view.replay.digest_match is True  # type: ignore[union-attr]
        assert replay.view.status.mode == "REPLAY"
        replay.close()


def test_a_folder_that_cannot_be_written_does_not_stop_the_watch(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    live = runtime(blocked)
    live.start()
    try:
        until(lambda: live.view.headline.fills >= 1)
        assert not live.view.status.recording
        assert live.view.status.recording_note
    finally:
        live.close()


def test_a_long_run_goes_on_in_the_next_segment_and_nothing_falls_between(tmp_path: Path) -> None:
    tidied: list[int] = []
    live = runtime(tmp_path, limits={"segment_bytes": 3_000, "retain": lambda: tidied.append(1)})
    live.start()
    until(lambda: len(list_sessions(tmp_path)) >= 3, 10)
    live.close()
    assert live.failure is None
    rows = list_sessions(tmp_path)
    assert len(tidied) == len(rows) >= 3
    assert all(row.complete for row in rows)
    assert all_replay(tmp_path) == live.report()["records"] + sum(row.records for row in rows[1:])
    edges = []
    for row in reversed(rows):
        with SessionReader(session_path(tmp_path, row.name)) as reader:
            first, last = reader.extent() or pytest.fail("empty")
            edges.append((first.first_seq, last.last_seq))
    assert all(before[1] + 1 == after[0] for before, after in pairwise(edges))


def test_a_day_ends_a_segment() -> None:
    day = 86_400 * 10**9
    recorder = Recorder(Path("/nowhere"), "x", {}, lambda reason: None)
    recorder._writer = SimpleNamespace(bytes_written=0)  # type: ignore[assignment]  # a writer's one used part
    recorder.began_ns = day * 20_000 - 1
    assert not recorder.due(recorder.began_ns)
    assert recorder.due(recorder.began_ns + 1)


def test_a_full_disk_ends_the_recording_disarms_and_leaves_the_feeds_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = runtime(tmp_path, limits={"min_free_bytes": 1 << 20})
    live.start()
    usage = shutil.disk_usage(tmp_path)
    until(lambda: live.view.status.recorded_bytes > 0)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
        until(lambda: not live.view.status.recording)
        until(lambda: bool(live.view.status.halt_reason))
        assert "free on the disk" in live.view.status.recording_note
        frames = live.source.frames
        until(lambda: live.source.frames > frames + 20)
        orders = live.view.headline.orders
        time.sleep(0.2)
        assert live.view.headline.orders == orders
    live.submit(StartRecording())
    until(lambda: live.view.status.recording and not live.view.status.halt_reason)
    until(lambda: live.view.headline.fills >= 1)
    live.close()
    assert live.failure is None
    second, first = list_sessions(tmp_path)
    assert not first.complete
    assert second.complete
    all_replay(tmp_path)
    with SessionReader(session_path(tmp_path, first.name)) as reader:
        (cut,) = [m for m in reader.markers() if m.kind == "cut"]
        extent = reader.extent()
        assert extent is not None
        assert cut.seq == extent[1].last_seq
        assert "free on the disk" in reader.meta["end_reason"]
    assert [r.text for r in live.view.log.rows].count("recording stopped: " + first.name) == 1


def test_a_step_that_fails_ends_the_hub_and_closes_the_session(tmp_path: Path) -> None:
    live = runtime(tmp_path)
    live.start()
    until(lambda: live.view.headline.fills >= 1)

    def broken(*_: object) -> None:
        message = "the engine broke"
        raise RuntimeError(message)

    live.kernel.step = broken  # type: ignore[assignment, method-assign]  # the fault under test
    until(lambda: not live.alive)
    assert "the engine broke" in str(live.failure)
    live.close()
    (row,) = list_sessions(tmp_path)
    assert row.complete
    all_replay(tmp_path)


def test_ticks_that_fail_end_the_hub_loudly(tmp_path: Path) -> None:
    def broken() -> str:
        message = "the tick broke"
        raise RuntimeError(message)

    live = runtime(tmp_path, parts={"trouble": broken})
    live.start()
    until(lambda: not live.alive)
    assert "the tick broke" in str(live.failure)


def test_close_is_idempotent_and_ends_what_was_never_started(tmp_path: Path) -> None:
    closed: list[int] = []
    never = runtime(tmp_path, parts={"close": lambda: closed.append(1)})
    never.close()
    assert closed == [1]
    live = runtime(tmp_path, parts={"close": lambda: closed.append(2)})
    live.start()
    for _ in range(3):
        live.close()
    assert closed == [1, 2]
    assert not live.alive


def test_a_feed_that_hangs_at_its_end_does_not_keep_the_hub(tmp_path: Path) -> None:
    class Stubborn(Beat):
        async def run(self) -> None:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.1)
                if stop.is_set():
                    return

    stop = threading.Event()
    live = runtime(tmp_path, parts={"feeds": lambda inbox: [Stubborn(inbox), Beat(inbox)]})
    live.start()
    until(lambda: live.view.headline.fills >= 1)
    began = time.monotonic()
    threading.Timer(4, stop.set).start()
    live.close()
    assert time.monotonic() - began < 10
    assert list_sessions(tmp_path)[0].complete


def test_a_wall_clock_that_steps_is_a_record_and_time_does_not_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = runtime(tmp_path)
    live.start()
    until(lambda: live.view.headline.fills >= 1)
    now = time.time_ns
    for hours in (-5, 3):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: now() + hours * 3_600 * 10**9)
        forward = hours > 0
        until(lambda forward=forward: any(_stepped(r.text, forward=forward) for r in live.view.log.rows))
    live.close()
    (row,) = list_sessions(tmp_path)
    found = verify(session_path(tmp_path, row.name))
    assert (found.exit_code, found.backward_times) == (0, 0)
    with SessionReader(session_path(tmp_path, row.name)) as reader:
        steps = [
            json.loads(record.body)["step_ns"] / 3.6e12
            for chunk in reader.blocks()
            for record in records(chunk.block)
            if record.kind == RecordKind.CLOCK_STEP
        ]
    assert [round(step, 3) for step in steps] == [-5, 8]
    all_replay(tmp_path)


def _stepped(text: str, *, forward: bool) -> bool:
    return "stepped by" in text and ("by -" not in text) == forward


def test_a_journal_that_cannot_be_written_disarms_and_the_watch_goes_on(tmp_path: Path) -> None:
    async def journal() -> Any:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    live = runtime(tmp_path, parts={"journal": journal})
    live.start()
    try:
        until(lambda: live.source.frames > 50)
        until(lambda: "no journal" in live.view.status.halt_reason)
        assert live.view.headline.orders == 0
        assert live.view.status.recording
    finally:
        live.close()
    all_replay(tmp_path)
