"""A recording that was decided by other rules is replayed, and not compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cambist.cli import main
from cambist.commands.console import OK, summary
from cambist.kernel.state import RULES, read_state
from cambist.model.events import records
from storage.reader import SessionReader

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = Path(__file__).with_name("yesterday") / "rules-1.cambist"
NOW = Path(__file__).with_name("net") / "slow-11.cambist"


def replayed(path: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Returns the report of a headless replay that ended well."""
    assert main(["replay", str(path), "--headless", "--json", "--engine", engine]) == OK
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def first_state(path: Path) -> Iterator[int]:
    """Yields the rules that a session's STATE records were decided by."""
    for chunk in SessionReader(path).blocks():
        yield from (read_state(each.body).rules for each in records(chunk.block) if each.kind == 0)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_session_of_older_rules_is_replayed_and_not_compared(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(first_state(OLD)) == {1}
    report = replayed(OLD, engine, capsys)
    assert report["records"] > 1_000
    assert (report["digest_match"], report["first_divergent_seq"]) == (None, None)
    assert report["recorded_digest"] != report["digest"]
    assert report["not_compared"] == f"decided by rules 1, this is {RULES}: not compared"
    assert summary(report).endswith(report["not_compared"])


def test_a_session_of_these_rules_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(first_state(NOW)) == {RULES}
    report = replayed(NOW, "native", capsys)
    assert (report["digest_match"], report["not_compared"]) == (True, "")


def test_both_engines_decide_alike_on_it(capsys: pytest.CaptureFixture[str]) -> None:
    found = [replayed(OLD, engine, capsys)["digest"] for engine in ("native", "reference")]
    assert found[0] == found[1]
