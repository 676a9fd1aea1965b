"""What is shown before it is on disk says so: with the disk held back, let go, and gone for good."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.execution.paper_model import PaperParams
from cambist.kernel import Effects, Kernel
from cambist.model.commands import StartRecording, StopRecording
from cambist.model.orders import Stage
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.recorder import Recorder
from cambist.runtime.unrecorded import MOST, Unrecorded
from storage.writer import SessionWriter
from tests import orders
from tests.cambist.runtime.test_hub import Beat, make_kernel, runtime, until
from tests.fakes import MS, ScriptedEngine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(120)


def told(seq: int, *sent: int, filled: tuple[int, ...] = ()) -> Effects:
    fills = [(orders.order(number), orders.ended(orders.order(number))) for number in filled]
    return Effects(last_seq=seq, orders=[orders.order(number) for number in sent], fills=fills)


def test_an_order_waits_for_its_newest_record() -> None:
    found = Unrecorded()
    found.take(told(10, 1, 2))
    found.take(told(20, 3, filled=(1,)))
    assert found.orders(lambda seq: seq <= 9) == {1, 2, 3}
    assert found.orders(lambda seq: seq <= 10) == {1, 3}
    assert found.orders(lambda seq: seq <= 19) == {1, 3}
    assert found.orders(lambda seq: seq <= 20) == frozenset()
    assert found.orders(lambda seq: False) == frozenset(), "what was on disk stays there"
    found.take(told(30, filled=(2,)))
    assert found.orders(lambda seq: seq <= 20) == {2}


def test_what_a_segment_begins_with_says_all_of_it_again() -> None:
    found = Unrecorded()
    found.take(told(10, 1, 2))
    found.restate(20)
    assert found.orders(lambda seq: seq == 10) == {1, 2}
    found.take(told(21, filled=(2,)))
    assert found.orders(lambda seq: seq == 20) == {2}


def test_it_keeps_no_more_than_a_screen_may_show() -> None:
    found = Unrecorded()
    for number in range(MOST + 1):
        found.take(told(number, number))
    found.take(told(MOST + 1, filled=(1,)))
    waiting = found.orders(lambda seq: False)
    assert len(waiting) == MOST
    assert 0 not in waiting
    found.take(told(MOST + 2, MOST + 1))
    assert 1 in found.orders(lambda seq: False), "it was told of last but one"


class Disk:
    """Stands between every session and its file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = threading.Event()
        """Cleared, it takes nothing."""
        self.free.set()
        commit, tail = SessionWriter._commit, SessionWriter._extend_tail

        async def committed(writer: SessionWriter, *args: object) -> None:
            await asyncio.to_thread(self.free.wait)
            await commit(writer, *args)  # type: ignore[arg-type]  # handed on as it came

        async def extended(writer: SessionWriter) -> None:
            await asyncio.to_thread(self.free.wait)
            await tail(writer)

        monkeypatch.setattr(SessionWriter, "_commit", committed)
        monkeypatch.setattr(SessionWriter, "_extend_tail", extended)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def waiting(live: Hub[LiveSource]) -> set[int]:
    return {row.id for row in live.view.trades.rows if not row.recorded}


def test_rows_are_shown_at_once_and_marked_until_the_disk_has_them(tmp_path: Path, disk: Disk) -> None:
    live = runtime(tmp_path)
    live.start()
    try:
        until(lambda: live.view.status.recorded_seq > 0 and bool(live.view.trades.rows))
        disk.free.clear()
        before = {row.id for row in live.view.trades.rows}
        until(lambda: any(row.id not in before and row.status == Stage.FILLED for row in live.view.trades.rows))
        fresh = next(row for row in live.view.trades.rows if row.id not in before and row.status == Stage.FILLED)
        assert not fresh.recorded
        seq = live.view.status.recorded_seq
        until(lambda: len(waiting(live)) > 5)
        assert live.view.status.recorded_seq == seq, "nothing came to the disk"
        marked = waiting(live)
        live.submit(StopRecording())
        recorder = live.source._run.recording.recorder
        assert recorder is not None
        until(lambda: not recorder.open)
        disk.free.set()
        until(lambda: not live.view.status.recording)
        # On a busy market some have left the rows by then.
        until(lambda: not marked & waiting(live))
        until(lambda: live.view.status.recorded_seq > seq)
    finally:
        disk.free.set()
        live.close()
    assert live.failure is None


def test_what_no_session_took_stays_marked_until_the_next_one_says_what_is_still_true(tmp_path: Path) -> None:
    live = runtime(tmp_path)
    live.start()
    try:
        until(lambda: bool(live.view.trades.rows))
        live.submit(StopRecording())
        until(lambda: not live.view.status.recording)
        last = max(row.id for row in live.view.trades.rows)
        until(lambda: sum(row.id > last + 3 for row in live.view.trades.rows) > 3)
        time.sleep(0.6)  # longer than a chunk waits: nothing comes
        lost = {row.id for row in live.view.trades.rows if row.id > last + 3 and row.status == Stage.FILLED}
        assert lost
        assert lost <= waiting(live)
        live.submit(StartRecording())
        until(lambda: live.view.status.recording)
        until(lambda: bool(live.view.trades.rows) and not waiting(live))
    finally:
        live.close()


def test_an_order_that_is_still_open_when_a_session_begins_is_on_disk_with_its_state(tmp_path: Path) -> None:
    parts = Parts(
        feeds=lambda inbox: [Beat(inbox)],
        recorder=lambda on_end: Recorder(tmp_path, "test", {"app": "test"}, on_end),
        market="x",
    )
    slow = msgspec.structs.replace(make_kernel().setup, paper=PaperParams(3_600_000 * MS, 0, 0, 0))
    kernel = Kernel(slow, lambda name, engine_setup: ScriptedEngine(engine_setup))
    live = Hub(kernel, LiveSource(kernel, parts))
    live.start()
    try:
        live.submit(StopRecording())
        until(lambda: not live.view.status.recording)
        until(lambda: len(live.view.trades.rows) == slow.limits.max_open_orders)
        assert waiting(live)
        live.submit(StartRecording())
        until(lambda: live.view.status.recording and not waiting(live))
        assert {row.status for row in live.view.trades.rows} == {"open"}
    finally:
        live.close()


def test_where_nothing_is_to_be_recorded_nothing_is_marked(tmp_path: Path) -> None:
    live = runtime(tmp_path, parts={"recorder": None})
    live.start()
    try:
        until(lambda: any(row.status == Stage.FILLED for row in live.view.trades.rows))
        assert waiting(live) == set()
        assert live.view.status.recorded_seq == 0
    finally:
        with contextlib.suppress(Exception):
            live.close()
