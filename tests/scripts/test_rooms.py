"""Coverage by room: what a room is, what counts as a fall, and a file that is none."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "rooms.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rooms_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def counts(lines: int, reached: int, branches: int = 0, taken: int = 0) -> dict[str, int]:
    return {"lines": lines, "reached": reached, "branches": branches, "taken": taken}


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("cambist/kernel.py", "cambist/kernel"),
        ("cambist/kernel/step.py", "cambist/kernel"),
        ("cambist/simulator/venues/orca.py", "cambist/simulator"),
        ("cambist/engine/duel.py", "cambist/engine"),
        ("cambist/engine/reference/venues/orca/pool.py", "cambist/engine/reference"),
        ("tui/panels/book.py", "tui"),
    ],
)
def test_a_file_is_in_one_room(script: Any, path: str, room: str) -> None:
    assert script.room(path) == room


def test_a_rooms_figures_are_the_sums_of_its_files(script: Any) -> None:
    files = {"tui/a.py": counts(10, 5, 4, 1), "tui/b/c.py": counts(30, 25, 4, 3), "tui/d/__init__.py": counts(0, 0)}
    assert script.rooms(files) == {"tui": counts(40, 30, 8, 4)}
    assert script.shares(counts(40, 30, 8, 4)) == (75.0, 50.0)
    assert script.shares(counts(40, 30)) == (75.0, 100.0)


@pytest.mark.parametrize(
    ("new", "fell"),
    [
        (counts(1000, 895, 100, 80), False),
        (counts(1000, 894, 100, 80), True),
        (counts(1000, 900, 1000, 794), True),
        (counts(10, 10, 1, 1), False),
    ],
    ids=["by half a point", "by more", "in branches", "rose"],
)
def test_a_room_that_falls_by_more_than_half_a_point_ends_it_with_1(
    script: Any, new: dict[str, int], fell: bool, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    for name, each in {"old": counts(1000, 900, 100, 80), "new": new}.items():
        (tmp_path / name).write_text(json.dumps({"rooms": {"tui": each}}))
    arguments = ["rooms.py", "--against", str(tmp_path / "old"), "--measured", str(tmp_path / "new")]
    monkeypatch.setattr("sys.argv", arguments)
    assert script.main() == int(fell)
    out, err = capsys.readouterr()
    assert ("fell" in out) is (err == "fell by more than 0.5 points: tui\n") is fell


def test_rooms_come_and_go(script: Any) -> None:
    text, fell = script.table({"new": counts(1, 0)}, {"old": counts(1, 1)})
    assert [line.split()[-1] for line in text.splitlines()[1:]] == ["new", "gone"]
    assert fell == []


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"rooms": {"tui": {}}}', '{"rooms": {"tui": 1}}', "\udcff"])
def test_a_file_that_has_no_rooms_ends_it_with_2(script: Any, text: str | None, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "kept"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SystemExit) as end:
        script.read(path)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"{path}: ")


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("rooms-*.json")), ids=lambda path: path.stem)
def test_kept_figures_can_be_compared(script: Any, path: Path) -> None:
    kept = script.read(path)
    assert {"cambist/engine/reference", "cambist/simulator", "feeds", "storage", "themes", "tui"} <= set(kept)
    assert script.table(kept, kept)[1] == []
