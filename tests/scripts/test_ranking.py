"""The chore that holds the engine against every cycle: what it prints, and its exit code."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cambist.engine import build_info
from tests.ranking.errors import Miss

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "ranking.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ranking_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not build_info().native, reason="the Rust engine is not built")
def test_both_kinds_are_counted_and_a_missed_goal_ends_it_with_1(script: Any, capsys: Any) -> None:
    code = script.main(["--trades", "4", "--seed", "3", "--json"])
    kinds = json.loads(capsys.readouterr().out)
    assert list(kinds) == ["constant products", "mixed"]
    assert all(kind["figures"]["trades"] == 2 for kind in kinds.values())
    assert code == int(any(kind["missed"] for kind in kinds.values()))


def test_without_the_rust_engine_nothing_is_measured(script: Any, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(script, "build_info", lambda: type("Info", (), {"native": False}))
    assert script.main([]) == 2
    assert capsys.readouterr().out == "the Rust engine is not built\n"


def test_goals_that_are_missed_are_said(script: Any) -> None:
    found = script.Tally(trades=3, paid=2, stood=1, whole=2, shares=[1.0, 0.5], sizings=[4, 4, 9])
    assert found.missed() == [
        "the best cycle stands after 1 of 2 trades",
        "after 1 of 2 trades the share is below 0.99",
    ]
    assert found.missed(1) == ["the best cycle stands after 1 of 2 trades"]
    dear = script.Tally(trades=3, paid=1, stood=1, whole=1, shares=[1.0], sizings=[4, 9, 9])
    assert dear.missed() == ["2 of 3 trades size more than 8"]
    assert dear.missed(1) == []


def test_estimates_that_bound_nothing_are_said(script: Any) -> None:
    missed = script.Errors(misses=[Miss(0.0, "")] * 200, short=[Miss(-1.0, "")] * 2).missed()
    assert missed == ["2 of 200 estimates are below what is exact even when widened"]
    assert script.Errors(misses=[Miss(0.0, "")] * 200, short=[Miss(-1.0, "")]).missed() == []
