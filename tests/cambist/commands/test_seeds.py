"""`cambist seeds`: sums of what sessions came to, the same again for the same seeds, and no row run twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.bench.seeds import Row, Sums, sums_of
from cambist.commands import seeds
from cambist.commands.console import Stop

if TYPE_CHECKING:
    from pathlib import Path


def row(seed: int, net: int, sent: int = 4, earned: int = 1, *, minutes: float = 6.0) -> Row:
    return Row(
        seed=seed,
        minutes=minutes,
        level="honest",
        digest="d",
        seconds_wall=1.0,
        opportunities=10,
        go=5,
        sent=sent,
        filled=earned,
        earned=earned,
        net=net,
        wallet=200_000_000_000,
        without=0,
    )


def test_sums_count_sessions_that_lost_and_orders_that_earned() -> None:
    rows = [row(1, 2_000_000), row(2, -10_000, earned=0), row(3, 0, sent=0, earned=0), row(4, -1, sent=6, earned=2)]
    assert sums_of(rows) == Sums(
        sessions=4,
        losing=2,
        idle=1,
        losing_share=0.5,
        mean_hourly=pytest.approx((2_000_000 - 10_000 - 1) / 200e9 * 10.0 / 4),
        median_hourly=pytest.approx((0.0 - 1 / 200e9 * 10.0) / 2),
        sent=14,
        earned=3,
        hit_rate=pytest.approx(3 / 14),
    )
    assert sums_of([row(1, 0, sent=0, earned=0)]).hit_rate is None
    with pytest.raises(ValueError, match="no session"):
        sums_of([])


def test_an_hour_s_return_is_of_the_time_that_was_run() -> None:
    assert row(1, 2_000_000_000, minutes=60.0).hourly == pytest.approx(0.01)
    assert row(1, 2_000_000_000, minutes=6.0).hourly == pytest.approx(0.1)


def test_rows_that_are_kept_are_not_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real sessions, short ones: a first run of one seed, then one of two of which the first is kept."""
    keep = tmp_path / "rows"
    asked = {"first": 3, "minutes": 0.05, "easy": True, "jobs": 1, "json": True, "keep": keep}
    assert seeds.seeds(seeds=1, **asked) == 0
    once = msgspec.json.decode(capsys.readouterr().out)
    assert seeds.seeds(seeds=2, **asked) == 0
    printed = capsys.readouterr()
    twice = msgspec.json.decode(printed.out)
    assert [each["seed"] for each in twice["rows"]] == [3, 4]
    assert twice["rows"][0] == once["rows"][0], "with its wall time: it was not run again"
    assert printed.err.count("of 2") == 1
    assert len(keep.read_bytes().splitlines()) == 2
    assert seeds.seeds(seeds=1, **(asked | {"keep": None})) == 0
    again = msgspec.json.decode(capsys.readouterr().out)["rows"][0]
    assert again["digest"] == once["rows"][0]["digest"], "one seed, the same decisions in every process"
    assert {**again, "seconds_wall": 0} == {**once["rows"][0], "seconds_wall": 0}
    assert again["wallet"] > 150_000_000_000, "100 SOL and 20,000 USDC"


def test_what_no_run_can_be_is_refused(tmp_path: Path) -> None:
    for wrong in (
        {"seeds": 0},
        {"minutes": 0.0},
        {"minutes": float("nan")},
        {"jobs": -1},
        {"easy": True, "hard": True},
    ):
        with pytest.raises(Stop):
            seeds.seeds(**wrong)
    broken = tmp_path / "rows"
    broken.write_bytes(msgspec.json.encode(row(1, 0)) + b"\n{}\n")
    with pytest.raises(Stop, match="line 2"):
        seeds.seeds(seeds=1, keep=broken)
