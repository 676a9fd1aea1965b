"""Nothing of the folder that cambist is started in is executed: not by it, and not by what it starts."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import cambist
from cambist.child import ROOT, command, environment
from cambist.engine import build_info
from cambist.engine.duel import Duel
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.engine.snapshot import Keyframe
from cambist.simulator.process import spawn

pytestmark = pytest.mark.timeout(120)
STRANGERS = ("msgspec", "json", "socket", "websockets", "numpy", "cambist")


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder whose modules tell that they were executed; returns the file they tell it in."""
    executed = tmp_path / "executed"
    folder = tmp_path / "here"
    folder.mkdir()
    for name in STRANGERS:
        (folder / f"{name}.py").write_text(f"open({str(executed)!r}, 'a').write({name!r})\nraise SystemExit(9)\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", f"{os.pathsep}{ROOT}{os.pathsep}")
    return executed


def test_the_market_executes_nothing_of_the_current_folder(hostile: Path) -> None:
    with spawn(7) as handle:
        assert handle.endpoints["rpc"]
    assert not hostile.exists()


@pytest.mark.skipif(not build_info().native, reason="without the Rust engine nothing is timed")
def test_the_duel_executes_nothing_of_the_current_folder(hostile: Path) -> None:
    duel = Duel.start(msgspec.json.encode(EngineSetup()))
    try:
        duel.offer(Keyframe(b""), b"")
        end = time.monotonic() + 30
        while not duel.rows() and duel.state.kind != "error" and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        duel.close()
    assert not hostile.exists()


STARTS = {
    "-m": lambda args: command("cambist", *args),
    "-c": lambda args: [sys.executable, "-P", "-c", f"from cambist.cli import main; raise SystemExit(main({args!r}))"],
}


@pytest.mark.parametrize("start", list(STARTS))
def test_a_session_executes_nothing_of_the_current_folder(hostile: Path, tmp_path: Path, start: str) -> None:
    config = tmp_path / "cambist.toml"
    config.write_text(f"[recording]\nfolder = {json.dumps(str(tmp_path / 'sessions'))}\n", encoding="utf-8")
    args = ["run", "--headless", "--for", "2", "--json", "--config", str(config)]
    done = subprocess.run(STARTS[start](args), capture_output=True, env=environment(), check=True)
    assert json.loads(done.stdout)["records"] > 0
    assert not hostile.exists()


def test_python_m_cambist_drops_the_current_folder(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it can: `-m` looks for `cambist` itself there first."""
    (Path.cwd() / "cambist.py").unlink()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    done = subprocess.run([sys.executable, "-m", "cambist", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cambist ")
    assert not hostile.exists()


def test_where_packages_are_installed_does_not_come_before_the_standard_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{os.pathsep}/given{os.pathsep}")
    assert environment()["PYTHONPATH"] == f"{ROOT}{os.pathsep}/given"
    monkeypatch.setattr("cambist.child.ROOT", Path("/venv/lib/python3/site-packages"))
    assert environment()["PYTHONPATH"] == "/given"


def test_no_other_file_starts_python_by_itself() -> None:
    folder = Path(cambist.__path__[0])
    for path in folder.rglob("*.py"):
        if path != folder / "child.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"sys\.executable|multiprocessing|os\.(exec|spawn|fork|system)", text), path
