"""An engine that is loaded beside the one in use: what is taken over is what a switch at that record would make."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from cambist import compose
from cambist.engine import build_info
from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel
from cambist.model.commands import Pause, Play, Seek, SetSpeed, SwitchEngine
from cambist.model.events import RecordKind, pack, records
from cambist.runtime import beside, keyframes
from cambist.runtime.beside import TRAIL, Beside
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.pace import cut
from cambist.runtime.parts import Parts
from cambist.runtime.playing import RecordedSource
from cambist.runtime.recorder import Recorder
from cambist.runtime.replay import Replayer
from storage.catalogue import session_path
from storage.reader import SessionReader
from tests.cambist.runtime.test_commands import Named, kernel
from tests.cambist.runtime.test_hub import Beat, until
from tests.fakes import frame

pytestmark = pytest.mark.timeout(120)
SESSION = Path(__file__).parents[2] / "replay" / "net" / "demo-7.cambist"
FOREVER_NS = 2**63 - 1


def pieces(reader: SessionReader, size: int) -> Iterator[tuple[bytes, int]]:
    """Yields the records of a session, so many at a time."""
    for chunk in reader.blocks():
        offset = 0
        while offset < len(chunk.block):
            end, count, _ = cut(chunk.block, offset, FOREVER_NS, size)
            yield chunk.block[offset:end], count
            offset = end


def await_ready(other: Beside) -> None:
    until(lambda: other.ready)


@pytest.mark.parametrize(("runs", "wanted"), [("native", "reference"), ("reference", "native")])
def test_what_is_taken_over_is_what_a_switch_at_that_record_would_have_made(
    runs: str, wanted: Literal["native", "reference"]
) -> None:
    if not build_info().native:
        pytest.skip("the Rust engine is not built")
    with SessionReader(SESSION) as reader:
        mine = compose.replay_kernel(reader, runs)
        other: Beside | None = None
        inline: Kernel | None = None
        for at, (block, count) in enumerate(pieces(reader, 100)):
            mine.step(block)
            if inline is not None:
                inline.step(block)
            if at == 4:
                other = Beside(mine, wanted, lambda: None)
            elif other is not None and inline is None:
                other.offer(block, count)
                if at == 16:
                    await_ready(other)
                    inline = mine.at(mine.keyframe(), wanted)
                    mine.take_over(other.take())
                    assert other.trailed <= TRAIL
                    assert mine.engine.name == inline.engine.name == wanted
                    assert mine.state() == inline.state()
        assert inline is not None
        assert (mine.digest, mine.state()) == (inline.digest, inline.state())
        assert mine.digest == reader.index()[-1].digest


def test_a_kernel_that_decided_otherwise_is_not_taken_over() -> None:
    mine = kernel()
    mine.step(pack(1, 0, RecordKind.STATE, mine.initial_state()))
    other = mine.at(mine.keyframe(), "reference")
    engine = mine.engine
    mine.step(frame(2, 1, decide=[{}]))
    other.step(frame(2, 1))
    with pytest.raises(ValueError, match="reference decided otherwise than native by record 2"):
        mine.take_over(other)
    assert mine.engine is engine


class Held(Named):
    """A scripted engine whose reference is made when it is let, and then as it is told."""

    let = threading.Event()
    fails = False
    slow_s = 0.0

    def restore(self, state: bytes) -> None:
        if self.name == "reference":
            Held.let.wait(10)
            if Held.fails:
                message = "out of memory"
                raise MemoryError(message)
        name, setup = self.name, self.setup
        super(Named, self).restore(state)
        self.name, self.setup = name, setup

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Any:
        if self.name == "reference":
            time.sleep(Held.slow_s)
        return super().ingest(block, offset, until_ns)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Hub[LiveSource]]:
    Held.let, Held.fails, Held.slow_s = threading.Event(), False, 0.0

    def recorder(on_end: Callable[[str], None]) -> Recorder:
        return Recorder(tmp_path, "test", {"app": "test"}, on_end)

    mine = kernel()
    mine._make = lambda name, setup: Held(name, setup)
    made = Hub(mine, LiveSource(mine, Parts(feeds=lambda inbox: [Beat(inbox)], recorder=recorder, market="test")))
    made.start()
    until(lambda: made.source.frames > 20)
    yield made
    Held.let.set()
    made.close()
    assert made.failure is None


def said(hub: Hub[Any], text: str) -> bool:
    return any(text in row.text for row in hub.view.log.rows)


def test_a_second_ask_cancels_and_the_same_by_name_does_not(live: Hub[LiveSource]) -> None:
    live.submit(SwitchEngine())
    until(lambda: said(live, "loading reference beside native; e cancels"))
    live.submit(SwitchEngine("reference"))
    live.submit(SwitchEngine("native"))
    until(lambda: said(live, "reference is no longer loaded; native goes on"))
    assert sum("no longer" in row.text for row in live.view.log.rows) == 1
    live.submit(SwitchEngine("native"))
    until(lambda: said(live, "native runs already"))
    Held.let.set()
    live.submit(SwitchEngine())
    until(lambda: live.view.status.engine == "reference")
    until(lambda: said(live, "reference runs from record"))


def test_an_engine_that_fails_to_load_is_named_and_the_other_goes_on(live: Hub[LiveSource]) -> None:
    Held.fails = True
    Held.let.set()
    live.submit(SwitchEngine())
    until(lambda: said(live, "reference is given up: MemoryError: out of memory; native goes on"))
    frames = live.source.frames
    until(lambda: live.source.frames > frames + 20)
    assert live.view.status.engine == "native"


def test_an_engine_that_can_not_keep_up_is_given_up_with_both_rates(
    live: Hub[LiveSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "PATIENCE_S", 2.0)
    monkeypatch.setattr(beside, "TRAIL", 0)
    Held.slow_s = 0.5
    live.submit(SwitchEngine())
    until(lambda: live.view.status.loading == "reference")
    frames = live.source.frames
    until(lambda: live.source.frames > frames + 50)
    Held.let.set()
    until(lambda: said(live, "reference is given up: it steps"))
    (row,) = [row for row in live.view.log.rows if "given up" in row.text]
    assert "records/s where" in row.text
    assert row.text.endswith("come; native goes on")


def test_an_engine_that_decides_otherwise_is_not_switched_to_and_no_record_says_so(
    live: Hub[LiveSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = lambda self, *_: (b"", 0) if self.name == "reference" else Named._decide(self, *_)  # noqa: E731
    monkeypatch.setattr(Held, "_decide", silent)
    monkeypatch.setattr(beside, "TRAIL", 0)
    live.submit(SwitchEngine())
    until(lambda: said(live, "loading reference"))
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills > fills + 2)
    Held.let.set()
    until(lambda: said(live, "reference decided otherwise than native by record"))
    assert live.view.status.engine == "native"
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills > fills)
    live.close()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        found = [record.kind for chunk in reader.blocks() for record in records(chunk.block)]
        assert RecordKind.COMMAND not in found
        assert len(found) == live.report()["records"]


def test_no_keyframe_is_stored_while_an_engine_is_loaded(
    live: Hub[LiveSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    live.submit(SwitchEngine())
    until(lambda: live.view.status.loading == "reference")
    monkeypatch.setattr(keyframes, "EVERY_NS", 1)
    monkeypatch.setattr(keyframes, "SHARE", 0)
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills > fills + 2)
    Held.let.set()
    until(lambda: live.view.status.engine == "reference")


def test_a_session_goes_on_to_its_digest_through_a_switch_and_a_new_segment(
    live: Hub[LiveSource], tmp_path: Path
) -> None:
    Held.let.set()
    live.submit(SwitchEngine())
    live.source._run.recording.due_acts.append("rotate")
    until(lambda: live.view.status.engine == "reference")
    live.submit(SwitchEngine())
    until(lambda: live.view.status.engine == "native")
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills > fills)
    live.close()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        replayer = Replayer(reader, kernel())
        replayer.run()
    assert (replayer.match, replayer.kernel.digest) == (True, live.report()["digest"])


def test_a_replay_waits_for_its_other_engine_and_loads_anew_where_it_is_sent(
    live: Hub[LiveSource], tmp_path: Path
) -> None:
    until(lambda: live.view.headline.fills >= 2)
    live.close()
    Held.let = threading.Event()
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        mine = Kernel(kernel().setup, lambda name, setup: Held(name, setup))
        replay = Hub(mine, RecordedSource(reader, mine, name="s"))
        replay.start()
        replay.submit(Pause())
        replay.submit(SwitchEngine())
        until(lambda: replay.view.status.loading == "reference")
        last_ns = reader.index()[-1].last_ns
        replay.submit(Seek(last_ns))
        until(lambda: replay.view.replay is not None and replay.view.replay.finished)
        replay.submit(Seek(0))
        replay.submit(SetSpeed(None))
        replay.submit(Play())
        until(lambda: replay.view.replay is not None and not replay.view.replay.finished)
        record = mine.totals.records
        time.sleep(0.1)
        assert mine.totals.records == record
        Held.let.set()
        until(lambda: replay.view.status.engine == "reference")
        until(lambda: replay.view.replay is not None and replay.view.replay.finished)
        assert replay.view.replay is not None
        assert (replay.view.replay.digest, replay.view.replay.digest_match) == (live.report()["digest"], True)
        replay.close()
    assert isinstance(mine.setup.engine, EngineSetup)
