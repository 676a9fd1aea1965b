import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.events import Channel, Command
from cambist.model.opportunity import Need
from cambist.runtime.hub import LiveRuntime, Parts
from cambist.runtime.inbox import Inbox
from cambist.runtime.recorder import Recorder
from cambist.runtime.replay import Replayer, ReplayRuntime
from feeds.base import FeedStatus
from storage.catalogue import list_sessions, session_path
from storage.reader import SessionReader
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine

pytestmark = pytest.mark.timeout(40)


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


def runtime(folder: Path, **feed: int) -> LiveRuntime:
    def recorder(on_end: Callable[[str], None]) -> Recorder:
        return Recorder(folder, "test", {"app": "test"}, on_end)

    parts = Parts(feeds=lambda inbox: [Beat(inbox, **feed)], recorder=recorder, market="test")
    return LiveRuntime(make_kernel(), parts)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRuntime]:
    made = runtime(tmp_path)
    made.start()
    yield made
    made.close()


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_live_session_replays_to_the_same_digest(live: LiveRuntime, tmp_path: Path) -> None:
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


def test_halt_takes_effect_and_clears(live: LiveRuntime) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.submit(Command("halt", {"reason": "operator"}))
    until(lambda: live.view.status.state == "HALTED")
    orders = live.view.headline.orders
    time.sleep(0.2)
    assert live.view.headline.orders == orders
    live.submit(Command("clear_halt"))
    until(lambda: live.view.status.state == "RUNNING")


def test_recording_stops_and_a_new_session_begins_with_its_own_state(live: LiveRuntime, tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.submit(Command("record_stop"))
    until(lambda: not live.view.status.recording)
    live.submit(Command("record_start"))
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


def test_a_replay_pauses_steps_seeks_and_ends_where_the_session_did(live: LiveRuntime, tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 3)
    live.close()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        replay = ReplayRuntime(reader, make_kernel(), name="s", speed=1.0)
        replay.start()
        until(lambda: (replay.view.replay or 0) and replay.view.replay.record > 5)  # type: ignore[union-attr]
        replay.submit(Command("pause"))
        until(lambda: not replay.view.replay.playing)  # type: ignore[union-attr]
        at = replay.view.replay.record  # type: ignore[union-attr]
        replay.submit(Command("step", {"records": "1"}))
        until(lambda: replay.view.replay.record == at + 1)  # type: ignore[union-attr]
        first = replay.view.replay.first_ns  # type: ignore[union-attr]
        replay.submit(Command("seek", {"ns": str(first)}))
        until(lambda: replay.view.replay.record <= 3)  # type: ignore[union-attr]
        replay.submit(Command("speed", {"x": "max"}))
        replay.submit(Command("play"))
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
