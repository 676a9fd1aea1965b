"""What `make mutants` changes, how it counts, and that its list of what can't be told apart is of this tree."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

import pytest

from scripts.mutants import page
from scripts.mutants.__main__ import Count, counted, drawn, missed
from scripts.mutants.equivalents import Equivalents
from scripts.mutants.rooms import PYTHON, ROOT, Room
from scripts.mutants.sites import Mutant, mutants
from scripts.mutants.trying import Reach, Result

if TYPE_CHECKING:
    from pathlib import Path


def changed(tmp_path: Path, source: str) -> set[str]:
    """Returns what each mutant of a source makes of the lines that it touches."""
    (tmp_path / "one.py").write_text(source, encoding="utf-8")
    return {mutant.after for mutant in mutants(tmp_path, "one.py")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a is not b", {"x = a is b"}),
        ("x = a not  in b", {"x = a in b"}),
        ("x = a in (b, c)", {"x = a not in (b, c)", "x = a in (c, c)", "x = a in (b, b)"}),
        ("x = {a, b}", {"x = {b, b}", "x = {a, a}"}),
        ("x = a // b", {"x = a * b", "x = (-(-(a) // (b)))"}),
        ("x = (a + b) // c", {"x = (a - b) // c", "x = (a + b) * c"}),
        ("x = -a", {"x = (a)"}),
        ("x = a and b", {"x = (a or b)", "x = (a)", "x = (b)"}),
        ("x = a or b or c",
         {"x = (a and b and c)", "x = ((b) or (c))", "x = ((a) or (c))", "x = ((a) or (b))"}),
        ("x = 7", {"x = 8", "x = 6"}),
        ("x = 0", {"x = 1"}),
        ("x = True", {"x = False"}),
        ("x = 0.5", {"x = 1.5"}),
        ("x = max(a, b)", {"x = min(a, b)"}),
        ("x = m.ceil(a)", {"x = m.floor(a)"}),
        ("x = a if b else c", {"x = a if (not (b)) else c"}),
        ("x = a if not b else c", {"x = a if (b) else c"}),
        ("x = [a for a in b if a.c]", {"x = [a for a in b if True]"}),
        ("x += a", {"pass", "x -= a", "x = a"}),
        ("x.y = a", {"pass"}),
        ("f(a)", {"pass"}),
        ("x = y", set()),
        ("x: int | str = y", set()),
        ("x = a | None", set()),
        ("'''Says 5 + 5.'''", set()),
        ("x = f'{a + 1}'", set()),
        ("if TYPE_CHECKING:\n    x = 1", set()),
        ("for x in a:\n    pass", {"for x in ():"}),
        ("while a:\n    break", {"while (not (a)):", "continue"}),
        ("def f(x: int = 5) -> int:\n    return x", {"def f(x: int = 6) -> int:", "def f(x: int = 4) -> int:"}),
        ("def f(x):\n    if x:\n        return a\n    return b", {"if (not (x)):", "pass"}),
        ("try:\n    a\nexcept E:\n    raise", {"pass", "except ():"}),
    ],
)  # fmt: skip
def test_each_kind_of_place_is_changed(tmp_path: Path, source: str, expected: set[str]) -> None:
    assert changed(tmp_path, source) == expected


def test_every_mutant_of_the_rooms_is_python_in_as_many_lines_and_another_text() -> None:
    for room in PYTHON:
        for path in room.files():
            original = (ROOT / path).read_bytes()
            texts = set()
            for mutant in mutants(ROOT, path)[:: 3 if room.name == "risk" else 23]:
                text = mutant.source(original)
                ast.parse(text)
                assert text.count(b"\n") == original.count(b"\n")
                texts.add(text)
            assert original not in texts


def test_a_mutant_knows_its_place_and_whether_a_call_runs_it(tmp_path: Path) -> None:
    source = "A = 1\nclass C:\n    b: int = 2\n    def f(self, d=3):\n        return 4\n"
    (tmp_path / "one.py").write_text(source, encoding="utf-8")
    found = {(each.line, each.within, each.called) for each in mutants(tmp_path, "one.py")}
    assert found == {(1, "", False), (3, "C", False), (4, "C", False), (5, "C.f", True)}


def test_every_room_has_sources_and_tests_and_no_source_is_in_two() -> None:
    files = [path for room in PYTHON for path in room.files()]
    assert len(files) == len(set(files))
    for room in PYTHON:
        assert room.files(), room.name
        assert room.test_files(), room.name
    assert {room.name for room in PYTHON if room.goal >= 0.97} == {"risk", "ledger", "paper"}


def test_a_draw_is_the_same_by_its_seed_and_another_by_another() -> None:
    rooms = [room for room in PYTHON if room.name in ("risk", "books")]
    first, of = drawn(rooms, 20, 7)
    assert (len(first), first) == (20, drawn(rooms, 20, 7)[0])
    assert first != drawn(rooms, 20, 8)[0]
    assert of == {room.name: sum(len(mutants(ROOT, path)) for path in room.files()) for room in rooms}


def test_a_draw_of_each_room_has_as_many_of_each_and_goes_by_the_seed() -> None:
    rooms = [room for room in PYTHON if room.name in ("risk", "books")]
    first, _ = drawn(rooms, None, 7, 9)
    assert [room.name for room, _ in first] == ["risk"] * 9 + ["books"] * 9
    assert first == drawn(rooms, None, 7, 9)[0] != drawn(rooms, None, 8, 9)[0]
    assert len(drawn(rooms, 5, 7, 9)[0]) == 5


def test_what_does_not_compile_is_not_counted() -> None:
    rooms = [room for room in PYTHON if room.name == "books"]
    wanted, of = drawn(rooms, 3, 1)
    found = {mutant: None if at else Result(killed=True) for at, (_, mutant) in enumerate(wanted)}
    (count,) = counted(wanted, of, found, Equivalents({}))
    assert (count.total, count.killed, count.survivors) == (1, 1, [])


def test_what_can_not_be_told_apart_is_not_counted_and_only_if_nothing_noticed_it() -> None:
    rooms = [room for room in PYTHON if room.name == "books"]
    wanted, of = drawn(rooms, 4, 1)
    found = {mutant: Result(killed=at < 2) for at, (_, mutant) in enumerate(wanted)}
    known = Equivalents({wanted[at][1].key: "why" for at in (0, 2)})
    (count,) = counted(wanted, of, found, known)
    assert (count.total, count.killed, count.equivalent, count.share) == (4, 2, 1, 2 / 3)
    assert [each["before"] for each in count.survivors] == [wanted[3][1].before]


def test_a_goal_is_of_each_room_and_in_a_sample_of_all_with_the_same() -> None:
    counts = [Count("a", 0.92, 100, 100, 92), Count("b", 0.92, 100, 100, 91), Count("c", 0.97, 10, 10, 9, 1)]
    assert missed(counts, sampled=False) == ["b: 91 of 100 killed, 92% are asked for"]
    assert missed(counts, sampled=True) == ["rooms with a goal of 92%: 183 of 200 killed, 92% are asked for"]
    assert missed([Count("c", 0.97, 10, 10, 10)], sampled=False) == []


def test_every_entry_of_the_list_is_a_mutant_of_this_tree_and_says_why() -> None:
    known = Equivalents.read()
    assert known.strange() == []
    assert all(len(reason) > 20 for reason in known.reasons.values())


def test_an_entry_that_is_no_mutant_any_more_is_named() -> None:
    key = ("cambist/execution/risk/day.py", "roll", "if day > state.day + 9:", "if day < state.day + 9:")
    gone = ("cambist/nowhere.py", "", "x", "y")
    assert Equivalents({key: "why", gone: "why"}).strange() == [key, gone]


@pytest.mark.parametrize(("killed", "met"), [(97, "yes"), (96, "**no**")])
def test_the_page_has_a_row_for_each_room_that_was_tried_and_keeps_the_others(
    killed: int, met: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Count("risk", 0.97, 700, 102, killed, 2, seconds=51.0)
    written, kept = tmp_path / "page.md", tmp_path / "mutants.json"
    other = "| books | 1 | 1 | 1 | 0 | 100.0% | 92% | yes | 0.10 |\n"
    written.write_text(f"before\n<!-- mutants -->\n{page.HEAD}{other}<!-- /mutants -->\nafter\n", encoding="utf-8")
    kept.write_text(json.dumps([count.row(), Count("fees", 0.92, 5).row()]), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", written)
    monkeypatch.setattr(page, "FOUND", kept)
    page.main()
    row = f"| risk | 700 | 102 | {killed} | 2 | {killed / 100:.1%} | 97% | {met} | 0.50 |\n"
    assert written.read_text(encoding="utf-8") == (
        f"before\n<!-- mutants -->\n{page.HEAD}{other}{row}<!-- /mutants -->\nafter\n"
    )


def test_the_page_of_figures_has_the_place() -> None:
    assert "<!-- mutants -->" in (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8")


def test_what_runs_when_a_module_is_read_is_tried_with_the_tests_beside_it_first() -> None:
    source = "cambist/engine/reference/fees/cost.py"
    mutant = Mutant(source, 1, "", 0, 1, "x", "a", "b", called=False)
    near, beside, far = (
        "tests/parity/test_cost.py::n",
        "tests/engine/reference/fees/test_fees.py::b",
        "tests/parity/x.py::f",
    )
    reach = Reach(dict.fromkeys((far, beside, near), 3.0), {source: {1: {far, beside}, 2: {far}}})
    room = Room("fees", (source,), ())
    assert reach.of(mutant, room) == [near, beside], "8 s are two tests of 3 s"
