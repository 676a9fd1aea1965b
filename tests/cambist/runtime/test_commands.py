"""Every command is sent to both modes: it does what it says, or the log says that it has no meaning there."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.commands import (
    AddBookmark,
    Arm,
    ClearHalt,
    Command,
    Disarm,
    Halt,
    InjectPrice,
    InspectCycle,
    InspectPrice,
    Measured,
    Pause,
    Play,
    RetryFeed,
    Seek,
    SeekBy,
    SetMode,
    SetRule,
    SetSpeed,
    StartRecording,
    Step,
    StopRecording,
    SwitchEngine,
    name_of,
)
from cambist.model.events import RecordKind, pack, records
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.playing import RecordedSource
from storage.catalogue import session_path
from storage.reader import SessionReader
from tests.cambist.runtime.test_hub import Beat, runtime, until
from tests.fakes import MS, SOL, TOKENS, ScriptedEngine

EACH: tuple[Command, ...] = (
    Halt("test"), ClearHalt(), Disarm("test"), Arm(), Measured("solana", 1, 2), SwitchEngine(), SetRule("hops <= 3"),
    InjectPrice(SOL, 2.0), StartRecording(), AddBookmark("here"), RetryFeed(), SetMode("live"), SetMode("paper"),
    Play(), Pause(), Step(1), SetSpeed(None), Seek(0), SeekBy(-1), InspectCycle("k"), InspectPrice("p"),
    StopRecording(),
)  # fmt: skip


class Named(ScriptedEngine):
    """A scripted engine by either name; the reference takes its time to take over a state."""

    def __init__(self, name: str, setup: EngineSetup) -> None:
        super().__init__(setup)
        self.name = name

    def restore(self, state: bytes) -> None:
        name, setup = self.name, self.setup
        super().restore(state)
        self.name, self.setup = name, setup
        if name == "reference":
            time.sleep(RESTORE_S)


RESTORE_S = 1.0


def kernel() -> Kernel:
    limits = Limits({SOL: 2_000_000_000}, {SOL: 5_000_000_000}, 8, 10_000)
    setup = KernelSetup(EngineSetup(tokens=TOKENS), limits, PaperParams(20 * MS, 10 * MS, 0, 0), wallet={SOL: 10**12})
    return Kernel(setup, Named)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Hub[LiveSource]]:
    made = runtime(tmp_path)
    made.start()
    yield made
    made.close()


def refused(hub: Hub[Any]) -> list[str]:
    return [row.text.split("`")[1] for row in hub.view.log.rows if "has no meaning" in row.text]


def test_there_is_one_of_each() -> None:
    assert {type(command) for command in EACH} == set(get_args(Command))


def test_a_live_market_takes_its_commands_and_refuses_a_replays_by_name(live: Hub[LiveSource]) -> None:
    until(lambda: live.view.headline.fills >= 1)
    for command in EACH:
        live.submit(command)
    wanted = [name_of(command) for command in EACH if not type(command).LIVE]
    until(lambda: refused(live) == wanted)
    until(lambda: not live.view.status.recording)
    assert any("stays on paper: network executor" in row.text for row in live.view.log.rows)
    assert live.alive
    assert live.failure is None


def test_a_replay_takes_its_commands_and_refuses_the_markets_by_name(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 2)
    live.close()
    digest, marks = live.report()["digest"], []
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        mine = kernel()
        source = RecordedSource(reader, mine, name="s", bookmark=lambda at_ns, seq: marks.append((at_ns, seq)))
        replay = Hub(mine, source)
        replay.start()
        for command in EACH:
            replay.submit(command)
        wanted = [name_of(command) for command in EACH if not type(command).REPLAY]
        until(lambda: refused(replay) == wanted)
        until(lambda: sum("can't be halted" in row.text for row in replay.view.log.rows) == 2)
        replay.submit(SetSpeed(None))
        replay.submit(Play())
        until(lambda: replay.view.replay is not None and replay.view.replay.finished)
        assert replay.view.replay is not None
        assert (replay.view.replay.digest, replay.view.replay.digest_match) == (digest, True)
        replay.close()
    assert len(marks) == 1
    assert replay.failure is None


def test_a_halt_in_a_replay_halts_the_market_beside_it(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.headline.fills >= 1)
    live.submit(StopRecording())
    until(lambda: not live.view.status.recording)
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        mine = kernel()
        replay = Hub(mine, RecordedSource(reader, mine, name="s", background=live))
        replay.start()
        replay.submit(Halt("from the replay"))
        until(lambda: live.view.status.halt_reason == "from the replay")
        replay.submit(ClearHalt())
        until(lambda: live.view.status.state == "RUNNING")
        replay.close()


@pytest.mark.parametrize("mode", ["live", "replay"])
def test_what_is_no_command_is_an_error_in_the_log(live: Hub[LiveSource], tmp_path: Path, mode: str) -> None:
    until(lambda: live.view.headline.fills >= 1)
    hub: Hub[Any] = live
    if mode == "replay":
        live.close()
        mine = kernel()
        hub = Hub(mine, RecordedSource(SessionReader(session_path(tmp_path, live.session)), mine, name="s"))
        hub.start()
    hub.submit("self-destruct")  # type: ignore[arg-type]  # what is under test
    until(lambda: any(row.level == "error" and "unknown command 'str'" in row.text for row in hub.view.log.rows))
    assert hub.alive
    hub.close()


def test_an_unknown_command_in_a_record_is_noted_and_decides_nothing() -> None:
    mine, same = kernel(), kernel()
    for one in (mine, same):
        one.step(pack(1, 0, RecordKind.STATE, one.initial_state()))
    effects = mine.step(pack(2, 1, RecordKind.COMMAND, b'{"name":"self_destruct","args":{}}'))
    assert [(level, "self_destruct" in text) for _, level, text in effects.notes] == [("error", True)]
    same.step(pack(2, 1, RecordKind.TICK, b""))
    assert mine.digest == same.digest


def test_an_engine_is_switched_by_its_record_and_records_are_stepped_while_it_is_loaded(tmp_path: Path) -> None:
    made: list[str] = []
    beats: list[float] = []

    def make(name: str, setup: EngineSetup) -> Named:
        made.append(f"{name} in {threading.current_thread().name}")
        return Named(name, setup)

    class Timed(Beat):
        async def run(self) -> None:
            beats.append(time.monotonic())
            await super().run()

    def recorder(on_end: Any) -> Any:
        from cambist.runtime.recorder import Recorder

        return Recorder(tmp_path, "test", {"app": "test"}, on_end)

    mine = kernel()
    mine._make = make
    hub = Hub(mine, LiveSource(mine, Parts(feeds=lambda inbox: [Timed(inbox)], recorder=recorder, market="test")))
    hub.start()
    until(lambda: hub.source.frames > 20)
    made.clear()
    before = hub.source.frames
    hub.submit(SwitchEngine("reference"))
    until(lambda: any("reference" in name for name in made))
    first = hub.source.frames
    until(lambda: hub.view.status.loading == "reference")
    stepped = mine.totals.records
    until(lambda: hub.view.status.engine == "reference")
    assert hub.source.frames - first >= 20, "frames came in while the state was taken over"
    assert mine.totals.records - stepped >= 20, "and were stepped"
    assert first >= before
    assert hub.view.status.loading == ""
    hub.close()
    assert set(made) == {"reference in beside reference"}, "not on the hub's thread"
    with SessionReader(session_path(tmp_path, hub.session)) as reader:
        bodies = [r.body for chunk in reader.blocks() for r in records(chunk.block) if r.kind == RecordKind.COMMAND]
    assert bodies == [b'{"name":"engine","args":{"name":"reference"}}']
