"""How hard the embedded market is, as commands are told, and its runs on a given clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cambist.commands import console, market, record, run
from cambist.commands.console import Stop
from cambist.config import Config, Market
from storage.catalogue import list_sessions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("easy", "hard", "level"), [(True, False, "easy"), (False, True, "hard")])
def test_an_option_sets_the_level_and_nothing_else(easy: bool, hard: bool, level: str) -> None:
    chosen = Config(market=Market(seed=9, rivals={"blind": 0.5}))
    found = console.at_level(chosen, easy=easy, hard=hard)
    assert found.market == Market(seed=9, rivals={"blind": 0.5}, level=level)  # type: ignore[arg-type]
    assert console.at_level(chosen, easy=False, hard=False) is chosen


def test_two_levels_or_one_for_a_network_are_refused() -> None:
    with pytest.raises(Stop, match="two levels"):
        console.at_level(Config(), easy=True, hard=True)
    with pytest.raises(Stop, match="embedded market"):
        console.at_level(Config(market=Market(source="network")), easy=True, hard=False)


def test_the_market_alone_is_another_at_each_level(capsys: pytest.CaptureFixture[str]) -> None:
    digests = []
    for how in ({}, {"easy": True}, {"hard": True}, {}):
        assert market.market(seed=5, slots=8, digest=True, **how) == 0
        digests.append(msgspec.json.decode(capsys.readouterr().out)["digest"])
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


def test_a_fast_run_needs_an_end_and_no_screen(config: Path) -> None:
    for how in ({"headless": True}, {"for_": 1.0}):
        with pytest.raises(Stop, match="--fast needs"):
            run.run(config=config, fast=True, **how)  # type: ignore[arg-type]
    for wrong in ({}, {"for_": "1", "feeds": "binance"}):
        with pytest.raises(Stop, match="--fast needs"):
            record.record(config=config, fast=True, **wrong)  # type: ignore[arg-type]


def test_a_fast_run_ends_by_its_own_clock_and_trades_where_a_fast_recording_does_not(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reported(command: Any, **how: Any) -> dict[str, Any]:
        assert command(config=config, fast=True, easy=True, json=True, **how) == 0
        found: dict[str, Any] = msgspec.json.decode(capsys.readouterr().out)
        return found

    ran = reported(run.run, headless=True, for_=6.0, seed=3)
    kept = reported(record.record, for_="6s", out="six")
    assert ran["seconds_recorded"] == kept["seconds_recorded"] == 6.0
    assert kept["ended"] == "time"
    assert kept["session"] == "six"
    assert ran["recorded_digest"] == ran["digest"]
    rows = list_sessions(config.parent / "sessions")
    assert sorted(row.name for row in rows) == sorted([ran["session"], "six"])
    assert all(row.complete and row.demo for row in rows)
    assert all(row.made_ns > row.started_ns for row in rows), "kept by when they were made: they tell of another time"
