"""The table of commands, and what loads with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cambist import commands
from cambist.cli import COMMANDS, app

HEAVY = ("textual", "numpy", "aiohttp", "websockets", "solders", "sqlite3", "asyncio")
ROOMS = (
    "bench", "compose", "doctor", "engine", "execution", "fault_table", "kernel", "market", "runtime", "simulator",
    "strategies",
)  # fmt: skip
SHARED = {"__init__", "asked", "console", "pools_table", "scaffold", "tables"}


def loaded_by(code: str) -> set[str]:
    """Returns the modules of cambist, by their rooms, and the heavy ones of others, that code loads."""
    code += "\nimport sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stderr.split()
    rooms = {room for room in ROOMS if any(f"{m}.".startswith(f"cambist.{room}.") for m in modules)}
    return rooms | {name for name in HEAVY if name in modules} | {"tui" for m in modules if m.startswith("tui")}


def test_every_file_is_a_command_of_the_table() -> None:
    files = {path.stem for path in Path(commands.__path__[0]).glob("*.py")}
    assert files - SHARED == {where.partition(":")[0] for where in COMMANDS.values()}
    assert set(COMMANDS) <= set(app)


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["bench", "--help"]], ids=" ".join)
def test_help_loads_no_room(args: list[str]) -> None:
    assert loaded_by(f"from cambist.cli import main; main({args!r})") == set()


def test_the_version_loads_the_engine_alone() -> None:
    assert loaded_by("from cambist.cli import main; main(['--version'])") <= {"engine", "numpy"}
