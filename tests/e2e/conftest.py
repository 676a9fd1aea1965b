"""Runs the real command in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        found = json.loads(self.out)
        if isinstance(found, dict) and "opportunities" in found:
            require_sums(found)
        return found


def require_sums(report: dict[str, Any]) -> None:
    """Fails unless each counter of a report is the sum of its parts, and all that was earned is valued or named."""
    assert report["opportunities"] == report["go"] + sum(report["refused"].values()) + report["unchanged"]
    declined = sum(sum(reasons.values()) for reasons in report["declined"].values())
    assert sum(report["not_taken"].values()) == declined
    landing = report["landing"]
    rows = [*landing["by_tenth"], landing["not_predicted"]]
    assert [sum(row[count] for row in rows) for count in ("orders", "landed")] == [landing["orders"], landing["landed"]]
    assert landing["landed"] == report["fills"] <= landing["orders"]
    assert set(report["valued"]["without"]) <= set(report["net"])
    oldest = report["valued"]["oldest_price"]
    assert oldest is None or (oldest["mint"] and oldest["age_ms"] >= 0)


@dataclass
class Cambist:
    """`cambist` with its own config and sessions."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "cambist.toml"

    @property
    def sessions(self) -> Path:
        return self.folder / "sessions"

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cambist", *args]
        named = {
            *("run", "record", "replay", "import", "sessions", "verify", "doctor", "pools"),
            *("balance", "positions", "orders", "history", "depth", "journal"),
        }
        if args[0] in named and "--config" not in args:
            command += ["--config", str(self.config)]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(self.folder / "home")}
        env["XDG_CACHE_HOME"] = str(self.folder / "cache")
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env
        )

    def __call__(self, *args: str, timeout: float = 300) -> Result:
        with self.start(*args) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            finally:
                process.kill()
        return Result(process.returncode, out, err)


def in_folder(folder: Path) -> Cambist:
    """Returns a command with a config that records beneath a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Cambist(folder)
    made.config.write_text(f'engine.duel = false\n[recording]\nfolder = "{made.sessions}"\n', encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def cambist(tmp_path_factory: pytest.TempPathFactory) -> Cambist:
    return in_folder(tmp_path_factory.mktemp("cambist"))


@pytest.fixture(scope="session")
def recorded(cambist: Cambist, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a short recorded run on the embedded market: one run for all processes that share these tests."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "recorded"
    shared.mkdir(exist_ok=True)
    report = shared / "report.json"
    with (shared / "lock").open("w", encoding="utf-8") as lock:
        flock(lock, LOCK_EX)
        if not report.exists():
            made = in_folder(shared)("run", "--headless", "--easy", "--for", "11", "--seed", "7", "--json")
            assert made.code == 0, made.err
            report.write_text(made.out, encoding="utf-8")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    require_sums(found)
    name = f"{found['session']}.cambist"
    cambist.sessions.mkdir(exist_ok=True)
    shutil.copy(shared / "sessions" / name, cambist.sessions / name)
    return found


Run = Callable[..., Result]
