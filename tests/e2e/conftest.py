"""Runs the real command in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
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
        return json.loads(self.out)


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
        named = {"run", "record", "replay", "import", "sessions", "verify", "doctor", "pools"}
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


@pytest.fixture(scope="session")
def cambist(tmp_path_factory: pytest.TempPathFactory) -> Cambist:
    folder = tmp_path_factory.mktemp("cambist")
    made = Cambist(folder)
    made.config.write_text(f'engine.duel = false\n[recording]\nfolder = "{made.sessions}"\n', encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def recorded(cambist: Cambist) -> dict[str, Any]:
    """The report of a short recorded run on the embedded market."""
    result = cambist("run", "--headless", "--for", "11", "--seed", "7", "--json")
    assert result.code == 0, result.err
    return result.json


Run = Callable[..., Result]
