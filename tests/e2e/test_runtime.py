"""The hub over the real loopback market: operator's acts in mid-session, and a market that dies or freezes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cambist import compose
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.engine import build_info
from cambist.model.commands import (
    AddBookmark,
    ClearHalt,
    Halt,
    RetryFeed,
    SetRule,
    StartRecording,
    StopRecording,
    SwitchEngine,
)
from cambist.runtime import keyframes
from cambist.runtime.headless import replay_all
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.stepping import REFERENCE_QUEUE
from storage.catalogue import list_sessions, session_path
from storage.reader import SessionReader
from storage.verify import verify
from tests.children import children

pytestmark = pytest.mark.timeout(500)
NATIVE = build_info().native


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def start(folder: Path, *, native: bool = True, rate: float = 1.0) -> Hub[LiveSource]:
    config = Config(
        market=Market(seed=7, rate=rate, level="easy"),
        recording=Recording(folder=str(folder)),
        engine=EngineChoice(use_rust_backend=native, duel=False),
    )
    runtime = compose.live(config, duel=False)
    runtime.start()
    return runtime


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Hub[LiveSource]]:
    before = children()
    runtime = start(tmp_path)
    yield runtime
    began = time.monotonic()
    runtime.close()
    runtime.close()
    assert time.monotonic() - began < 10
    assert not runtime.alive
    assert children() <= before


def logged(live: Hub[LiveSource], text: str) -> bool:
    return any(text in row.text for row in live.view.log.rows)


def digests(folder: Path, name: str, batches: tuple[int, ...] = (1, 512)) -> set[tuple[str, bool | None, int]]:
    """Digest, match and records of a session by each engine, in batches of these sizes."""
    found = set()
    for engine in ("native", "reference") if NATIVE else ("reference",):
        for batch in batches:
            with SessionReader(session_path(folder, name)) as reader:
                kernel = compose.replay_kernel(reader, engine)
                report = replay_all(reader, kernel, batch).report(name, 1.0)
            assert report["engine"] == engine
            found.add((report["digest"], report["digest_match"], report["records"]))
    return found


def test_acts_in_mid_session_replay_to_the_same_digest(
    live: Hub[LiveSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyframes, "EVERY_NS", 20_000_000)
    monkeypatch.setattr(keyframes, "SHARE", 0)
    until(lambda: live.view.cycles.rows)
    live.submit(StopRecording())
    until(lambda: not live.view.status.recording)
    time.sleep(1)
    live.submit(StartRecording())
    until(lambda: live.view.status.recording)
    time.sleep(1)
    live.submit(Halt("operator"))
    until(lambda: live.view.status.state == "HALTED")
    live.submit(AddBookmark("halted"))
    if NATIVE:
        live.submit(SwitchEngine())
        until(lambda: live.view.status.engine == "reference")
        time.sleep(0.7)
        live.submit(SwitchEngine())
        until(lambda: live.view.status.engine == "native")
        assert logged(live, "reference runs from record")
        assert logged(live, "native runs from record")
    live.submit(ClearHalt())
    until(lambda: live.view.status.state == "RUNNING")
    time.sleep(2)
    assert live.view.prices.rows
    live.close()
    assert live.failure is None
    report = live.report()
    second, first = list_sessions(tmp_path)
    assert second.name == live.session
    assert second.bookmarks == 1
    assert digests(tmp_path, second.name) == {(report["digest"], True, report["records"])}
    assert report["recorded_digest"] == report["digest"]
    (one,) = digests(tmp_path, first.name)
    assert one[1] is True
    for row in (first, second):
        assert row.complete
        assert verify(Path(row.path)).exit_code == 0
    assert verify(Path(second.path)).keyframes > 1


def test_a_rule_swapped_in_mid_session_refuses_by_name_and_replays_to_the_same_digest(tmp_path: Path) -> None:
    live = start(tmp_path, rate=4.0)
    try:
        until(lambda: live.view.prices.rows)
        live.submit(SetRule("net_bps > 8 and rsi(SOLL) < 70"))
        until(lambda: logged(live, "`SOLL` is no token here; did you mean `SOL`?"))
        live.submit(SetRule("price(SOL) > 1 and net_bps > 100000"))
        until(lambda: logged(live, "trades must be: price"))
        until(lambda: live.report()["not_taken"].get("rule"))
        live.submit(SetRule("net_bps > 0 and price(SOL) > 1"))
        until(lambda: live.view.headline.fills)
    finally:
        live.close()
    assert live.failure is None
    report = live.report()
    (row,) = list_sessions(tmp_path)
    assert digests(tmp_path, row.name, (512,)) == {(report["digest"], True, report["records"])}


def test_a_market_that_dies_is_named_and_the_rest_goes_on(live: Hub[LiveSource], tmp_path: Path) -> None:
    until(lambda: live.view.prices.rows)
    (market,) = [pid for pid in children() if b"cambist.simulator" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(market, signal.SIGKILL)
    until(lambda: logged(live, "the embedded market has ended"))
    lasting = {"solana", "solana rpc", "solana fees", "binance"}  # lists and snapshots are read when they are needed
    until(lambda: {row.name for row in live.view.feeds.rows if "refused" in row.note} >= lasting)
    assert live.alive
    assert live.view.status.recording
    live.submit(RetryFeed())
    time.sleep(0.5)
    live.close()
    assert live.failure is None
    (row,) = list_sessions(tmp_path)
    assert verify(Path(row.path)).exit_code == 0


def test_a_market_that_freezes_goes_stale_and_ends_with_its_parent(live: Hub[LiveSource]) -> None:
    until(lambda: live.view.prices.rows)
    (market,) = [pid for pid in children() if b"cambist.simulator" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(market, signal.SIGSTOP)
    until(lambda: any(row.state != "live" and row.note for row in live.view.feeds.rows))
    assert live.alive  # the fixture closes it within ten seconds, and nothing is left of the child


def test_a_reference_engine_sheds_before_seq_and_replays_to_the_same_digest(tmp_path: Path) -> None:
    live = start(tmp_path, native=False, rate=8.0)
    try:
        assert live.source.inbox._max_records == REFERENCE_QUEUE
        until(lambda: live.view.prices.rows)
        live.source.inbox.limit(40)
        until(lambda: sum(row.drops for row in live.view.feeds.rows) > 0)
        assert live.view.status.engine == "reference"
        live.submit(Halt("operator"))
        until(lambda: live.view.status.state == "HALTED")
        live.source.inbox.limit(REFERENCE_QUEUE)
        time.sleep(1)
    finally:
        live.close()
    live.wait(60)  # what waits is stepped to the end, however slow the machine is
    report = live.report()
    assert report["dropped"] > 0
    with SessionReader(session_path(tmp_path, live.session)) as reader:
        kernel = compose.replay_kernel(reader, "native" if NATIVE else "reference")
        again = replay_all(reader, kernel).report(live.session, 1.0)
    assert (again["digest"], again["digest_match"], again["dropped"]) == (report["digest"], True, report["dropped"])
