"""A whole run of `make mutants` in a tree of two files: what is killed in a fork or anew, what lives, what is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from scripts.mutants.rooms import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(120)
SOURCE = """LIMIT = 3
NAMES = {"a": 1}


def above(n):
    return n > LIMIT


def unseen(n):
    return n + 1


class Box:
    def __init__(self, n):
        self.n = n

    def half(self):
        return self.n // 2
"""
TESTS = """from cambist.runtime.books import Box, above


def test_above():
    assert above(4)
    assert not above(3)


def test_half():
    assert Box(4).half() == 2
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Returns a tree with a source of the room `books`, a file of tests and the runner."""
    files = {
        "cambist/__init__.py": "", "cambist/runtime/__init__.py": "", "cambist/runtime/books.py": SOURCE,
        "tests/cambist/runtime/test_books.py": TESTS,
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "scripts" / "mutants", tmp_path / "scripts" / "mutants")
    return tmp_path


def run(tree: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Returns the exit code, the row of the room and what was said."""
    command = [sys.executable, "-P", "-m", "scripts.mutants", "--room", "books", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    (row,) = json.loads((tree / "build" / "mutants.json").read_bytes())
    return done.returncode, row, done.stderr


def survivors(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((each["place"], each["before"], each["after"]) for each in row["survivors"])


UNSEEN = [("cambist/runtime/books.py:10", "return n + 1", f"return {after}") for after in ("n + 0", "n + 2", "n - 1")]
ROUNDED = ("cambist/runtime/books.py:18", "return self.n // 2", "return (-(-(self.n) // (2)))")
NUMBERS = [("cambist/runtime/books.py:2", 'NAMES = {"a": 1}', f'NAMES = {{"a": {number}}}') for number in (0, 2)]


def test_what_lives_is_told_and_what_is_tested_then_is_killed(tree: Path) -> None:
    code, row, said = run(tree)
    assert survivors(row) == sorted([*UNSEEN, ROUNDED, *NUMBERS])
    assert (code, row["room"], row["total"], row["killed"], row["equivalent"]) == (1, "books", 14, 8, 0)
    assert "14 mutants: 0 known, 3 that no test reaches, 7 in forks, 4 in runs of their own" in said
    assert (tree / "cambist/runtime/books.py").read_text(encoding="utf-8") == SOURCE

    (tree / "tests/mutants").mkdir()
    lines = [f"path = 'cambist/runtime/books.py'\nwithin = ''\nbefore = '{b}'\nafter = '{a}'" for _, b, a in NUMBERS]
    text = "".join(f"[[mutant]]\n{line}\nreason = 'nobody reads it'\n" for line in lines)
    (tree / "tests/mutants/equivalent.toml").write_text(text, encoding="utf-8")
    more = "\n\ndef test_odd():\n    assert Box(5).half() == 2\n"
    (tree / "tests/cambist/runtime/test_books.py").write_text(TESTS + more, encoding="utf-8")
    code, row, said = run(tree)
    assert (code, survivors(row), row["killed"], row["equivalent"]) == (1, UNSEEN, 9, 2)

    code, again, said = run(tree)
    assert "14 mutants: 11 known, 3 that no test reaches, 0 in forks, 0 in runs of their own" in said
    assert {**again, "seconds": 0} == {**row, "seconds": 0}
