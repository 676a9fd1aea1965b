"""A given clock: what is decided depends on the seed alone, at any pace."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from cambist import compose
from cambist.cli import main
from cambist.clock import GivenClock
from cambist.config import Config, Market, Recording
from cambist.engine import build_info
from cambist.model.events import RecordKind, records
from cambist.runtime.given import GivenLoop

if TYPE_CHECKING:
    from pathlib import Path

S = 1_000_000_000


def run(loop: GivenLoop, work) -> object:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work())


def test_waits_end_in_the_order_of_their_times_and_work_takes_none() -> None:
    clock, told = GivenClock(5 * S), []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        told.append((seconds, clock.now_ns()))
        time.sleep(0.01)  # noqa: ASYNC251 - work that takes real time

    async def work() -> None:
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(wait(seconds) for seconds in (3_600.0, 0.25, 60.0, 0.5)))
        assert asyncio.get_running_loop().time() - begun == 3_600.0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(86_400.0):
                await asyncio.Event().wait()

    run(GivenLoop(clock), work)
    assert [seconds for seconds, _ in told] == [0.25, 0.5, 60.0, 3_600.0]
    assert [at for _, at in told] == [5 * S + round(seconds * S) for seconds, _ in told]
    assert clock.passed_ns == 90_000 * S


def test_what_another_thread_does_takes_no_given_time_while_it_is_all_that_is_waited_for() -> None:
    clock = GivenClock(0)

    async def work() -> None:
        await asyncio.to_thread(time.sleep, 0.05)

    run(GivenLoop(clock), work)
    assert clock.passed_ns == 0


def test_a_clock_that_is_held_stands_until_it_is_let_go() -> None:
    clock, asked = GivenClock(0), []

    def held() -> bool:
        asked.append(clock.passed_ns)
        return len(asked) < 20

    run(GivenLoop(clock, held=held), lambda: asyncio.sleep(1.0))
    assert asked == [0] * 20
    assert clock.passed_ns == S


def test_what_holds_a_clock_and_waits_for_it_does_not_hold_it_for_ever() -> None:
    clock = GivenClock(0)
    run(GivenLoop(clock, held=lambda: True), lambda: asyncio.sleep(0.001))
    assert clock.passed_ns == 1_000_000


def test_a_pace_waits_in_real_time_for_the_same() -> None:
    clock = GivenClock(0)
    began = time.monotonic()
    run(GivenLoop(clock, pace=100.0), lambda: asyncio.sleep(10.0))
    assert clock.passed_ns == 10 * S
    assert time.monotonic() - began >= 0.1, "ten seconds at a hundred times the pace"


def session(folder: Path, seed: int = 3, seconds: float = 8.0, pace: float | None = None) -> tuple[list[bytes], dict]:
    """Returns the records of eight seconds, if not of more, and the report."""
    config = Config(market=Market(seed=seed, level="easy"), recording=Recording(folder=str(folder)))
    runtime = compose.given(config, seconds, pace=pace)
    runtime.start()
    runtime.wait(60.0)
    runtime.close()
    assert runtime.failure is None
    with contextlib.closing(compose.open_reader(config, runtime.session)) as reader:
        return [block.block for block in reader.blocks()], runtime.report()


def test_a_seed_gives_one_session_byte_by_byte_at_any_pace(tmp_path: Path) -> None:
    fast, first = session(tmp_path / "fast")
    paced, second = session(tmp_path / "paced", pace=4.0)
    assert b"".join(fast) == b"".join(paced)
    for key in ("records", "digest", "recorded_digest", "opportunities", "go", "refused", "net", "fills"):
        assert first[key] == second[key], key
    assert first["digest"] == first["recorded_digest"]
    kinds = {record.kind for block in fast for record in records(block)}
    assert kinds >= {RecordKind.STATE, RecordKind.FRAME, RecordKind.TICK, RecordKind.CONNECTED}
    times = [record.recv_ns for block in fast for record in records(block)]
    assert times == sorted(times)
    assert times[-1] - times[0] == 8 * S
    assert first["go"] > 0
    other, third = session(tmp_path / "other", seed=4)
    assert b"".join(other) != b"".join(fast)
    assert third["digest"] != first["digest"]


def test_who_paid_to_take_gaps_is_known_and_a_replay_knows_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, live = session(tmp_path, seconds=20.0)
    assert live["ends"]["payers"]
    for payer in live["ends"]["payers"]:
        assert payer["fee_lamports"] >= 5_000
        assert payer["tip_lamports"] >= 0
    assert sum(payer["taken"] for payer in live["ends"]["payers"]) <= live["ends"]["worth_an_order"]
    for engine in ("native", "reference") if build_info().native else ("reference",):
        assert main(["replay", str(next(tmp_path.glob("*.cambist"))), "--headless", "--json", "--engine", engine]) == 0
        again = json.loads(capsys.readouterr().out)
        assert (again["digest_match"], again["ends"]) == (True, live["ends"])


def test_the_level_is_said_in_the_label_and_the_view(tmp_path: Path) -> None:
    config = Config(market=Market(seed=3, level="easy"), recording=Recording(folder=str(tmp_path)))
    runtime = compose.given(config, 2.0)
    runtime.start()
    runtime.wait(60.0)
    runtime.close()
    assert runtime.kernel.setup.easy
    assert runtime.kernel.setup.market == "seed 3, easy"
    honest = compose.given(Config(market=Market(seed=3), recording=Recording(folder=str(tmp_path))), 2.0)
    assert not honest.kernel.setup.easy
    assert honest.kernel.setup.market == "seed 3"
    assert honest.kernel.setup.seed == runtime.kernel.setup.seed != 3, "paper draws from a seed of its own"
    honest.close()
