import subprocess
import sys

import pytest

HEAVY = {"textual", "rich", "websockets", "aiohttp", "solders", "sqlite3", "aiosqlite", "asyncio"}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in out.stdout.split()}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("cambist.model.events", set()),
        ("cambist.view", set()),
        ("themes", set()),
        ("cambist.engine.protocol", set()),
        ("cambist.kernel", set()),
        ("storage.reader", {"sqlite3", "asyncio", "aiosqlite"}),
    ],
)
def test_a_room_loads_only_what_it_may(module: str, allowed: set[str]) -> None:
    assert loaded_by(module) & HEAVY <= allowed
