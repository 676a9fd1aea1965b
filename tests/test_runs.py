"""How a run of tests itself behaves: what it says of data that are missing, and that it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import shared

ROOT = Path(__file__).resolve().parents[1]


def run(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a file of tests as its own run, beneath the project's conftest."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "conftest.py").write_text("from tests.conftest import *  # noqa: F403\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), str(folder / "test_it.py")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=folder, env=env)


WANTS = """
from pathlib import Path
from tests import shared

shared.DATA = Path({data!r})

def test_one():
    shared.shared_data("serum", "one.json")

def test_other():
    shared.shared_data("serum", "one.json")
"""


def test_what_lacks_the_data_is_skipped_by_name_and_counted_last(tmp_path: Path) -> None:
    found = run(tmp_path, WANTS.format(data=str(tmp_path / "nowhere")), CI="1")
    assert found.returncode == 0, found.stdout
    *_, listed, last = found.stdout.strip().splitlines()
    assert listed.split() == ["2", "serum/one.json"]
    assert last == "2 tests skipped: ../shared/data is not beside this checkout"


def test_where_the_data_are_a_file_that_is_missing_fails(tmp_path: Path) -> None:
    found = run(tmp_path, WANTS.format(data=str(tmp_path)))
    assert found.returncode == 1, found.stdout
    assert "has no serum/one.json" in found.stdout
    assert "2 failed" in found.stdout


def test_data_that_are_there_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "DATA", tmp_path)
    (tmp_path / "here.json").write_text("{}", encoding="utf-8")
    assert shared.shared_data("here.json").read_text(encoding="utf-8") == "{}"


def test_a_run_with_a_thread_that_never_ends_ends_and_keeps_its_failure(tmp_path: Path) -> None:
    text = """
import threading
from tests import conftest

conftest.END_S = 0.5

def test_it():
    threading.Thread(target=threading.Event().wait, name="journal of a test").start()
    raise OSError
"""
    found = run(tmp_path, text)
    assert found.returncode == 1, found.stdout
    assert "1 failed" in found.stdout
    assert "threads left when the tests were done: journal of a test" in found.stderr
