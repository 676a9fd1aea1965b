"""The chores that judge the tree: `make audit` where tools are absent or find something, and `make cost`."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cargo-deny", "pip-audit")
UNREACHED = "echo 'failed to fetch advisory database: could not resolve host' >&2; exit 1"


def audit(folder: Path, tools: dict[str, str]) -> tuple[int, str]:
    """Returns exit code and output of an audit that finds these tools alone; each is the shell text it runs."""
    for name, text in tools.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    command = [sys.executable, "scripts/audit.py"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_is_not_installed_is_said_and_is_not_sound(tmp_path: Path) -> None:
    code, output = audit(tmp_path, {})
    assert code == 2
    assert output.count("not checked") == 3
    assert all(f"{tool} is not installed" in output for tool in TOOLS)


def test_data_out_of_reach_is_said_and_is_not_sound(tmp_path: Path) -> None:
    offline = f'case "$*" in *licenses*) exit 0;; esac; {UNREACHED}'
    code, output = audit(tmp_path, {"cargo-deny": offline, "pip-audit": UNREACHED})
    assert code == 2
    assert "Rust: licences, duplicates, sources: nothing found" in output
    assert output.count("can't be reached: failed to fetch advisory database") == 2


def test_a_finding_counts_more_than_what_could_not_be_checked(tmp_path: Path) -> None:
    found = "echo 'error[vulnerability]: a connection may be kept open'; exit 1"
    code, output = audit(tmp_path, {"cargo-deny": found})
    assert code == 1
    assert "Rust: advisories: found" in output
    assert "Python: advisories: not checked" in output


def test_nothing_found_is_sound(tmp_path: Path) -> None:
    code, output = audit(tmp_path, dict.fromkeys(TOOLS, "exit 0"))
    assert (code, output.count("nothing found")) == (0, 3)


def test_the_checks_that_ask_nobody_never_pass_for_want_of_data(tmp_path: Path) -> None:
    code, output = audit(tmp_path, dict.fromkeys(TOOLS, UNREACHED))
    assert code == 1
    assert "Rust: licences, duplicates, sources: found" in output


@pytest.fixture(scope="module")
def cost():
    spec = importlib.util.spec_from_file_location("cost_of_change", ROOT / "scripts/cost_of_change.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_count_is_over_its_goal(cost) -> None:
    over = {each.subject: each.needed for each in cost.count(ROOT) if each.over}
    assert not over


def test_who_names_one_without_need_is_there(cost) -> None:
    paths = [path for kind in cost.OPTIONAL.values() for path in kind]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_a_tree_over_a_goal_is_told_apart(cost, tmp_path: Path) -> None:
    for name in ("a.py", "b.rs", "c.toml", "d.py", "README.md", "pump/e.py", "tests/f.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Pump\n")
    pool = cost.count(tmp_path)[0]
    assert (pool.rooms, pool.needed, pool.optional) == (
        ["pump/e.py"],
        ["a.py", "b.rs", "c.toml", "d.py"],
        ["README.md"],
    )
    assert pool.over
