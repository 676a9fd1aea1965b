"""Whoever says a goal says whether it was met."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from cambist.bench import goal, suite
from cambist.bench.engine import EngineRow
from cambist.bench.engine import line as engine_line
from cambist.bench.goal import Goal, Judged, Of, judged, least, most
from cambist.bench.row import Row

BENCH = Path(goal.__file__).parent


class Some(Judged, frozen=True):
    value: float | None = None
    ratio: float | None = None

    def figures(self) -> Mapping[Of, float | None]:
        return {Of.VALUE: self.value, Of.PEER: self.ratio}


TWICE = Goal(Of.PEER, 2.0, "≥ 2× x")


@pytest.mark.parametrize(
    ("row", "goals", "met"),
    [
        (Some(value=5.0), [], None),
        (Some(value=5.0), [least(5)], True),
        (Some(value=4.9), [least(5)], False),
        (Some(value=5.0), [most(5)], True),
        (Some(value=5.1), [most(5)], False),
        (Some(value=0.0), [most(5)], True),
        (Some(value=0.0), [least(5)], False),
        (Some(), [least(5)], None),
        (Some(value=5.0, ratio=2.0), [least(5), TWICE], True),
        (Some(value=5.0, ratio=1.9), [least(5), TWICE], False),
        (Some(value=4.0, ratio=2.0), [least(5), TWICE], False),
        (Some(value=5.0), [least(5), TWICE], None),
        (Some(value=4.0), [least(5), TWICE], None),
    ],
)
def test_every_goal_has_to_be_met(row: Some, goals: list[Goal], met: bool | None) -> None:
    said = judged(row, goals)
    assert said.met is met
    assert said.goal == ", ".join(each.words for each in goals)


def test_a_goal_reads_as_its_bound() -> None:
    assert [each.words for each in (least(800_000), most(29.5), least(1, "equal"))] == ["≥ 800,000", "≤ 29.5", "equal"]


def test_a_line_says_what_became_of_the_goal() -> None:
    for value, word in ((5.0, "≥ 5 met"), (4.0, "≥ 5 missed"), (None, "≥ 5 not judged")):
        assert word in suite.line(judged(Row("x", value, "s"), [least(5)]))
        assert word in engine_line(judged(EngineRow("x", "", None, value), [least(5)]))
    for line in (suite.line(Row("x", 5.0, "s")), engine_line(EngineRow("x", "", None, 5.0))):
        assert not any(word in line for word in ("met", "missed", "judged"))


def test_no_row_is_given_a_goal_elsewhere() -> None:
    """What sets a goal or a verdict past `judged` could leave out the other."""
    found = {
        (path.name, node.lineno)
        for path in BENCH.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and {"goal", "met"} & {each.arg for each in node.keywords}
    }
    assert {name for name, _ in found} == {"goal.py"}
    assert len(found) == 1
