"""What a running dashboard has loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cambist.child import environment

pytestmark = pytest.mark.timeout(120)
CODE = """
import sys
from cambist import compose
from cambist.cli import main
compose.load_screen()
assert main(sys.argv[1:]) == 0
print(*sorted(name for name in sys.modules if name.startswith("cambist.")), file=sys.stderr)
"""
PROCESS = {"cambist.simulator", "cambist.simulator.process"}
"""What starts the market and ends it; the market itself is a process of its own."""


@pytest.mark.parametrize("duel", ["true", "false"])
def test_it_has_no_bench_no_fault_table_and_nothing_of_the_market(tmp_path: Path, duel: str) -> None:
    config = tmp_path / "cambist.toml"
    config.write_text(f"engine.duel = {duel}\n[recording]\nfolder = {json.dumps(str(tmp_path))}\n", encoding="utf-8")
    args = ["run", "--headless", "--for", "2", "--json", "--config", str(config)]
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE, *args], capture_output=True, text=True, check=True, env=environment()
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "cambist.runtime.live" in loaded
    for room in ("bench", "fault_table", "doctor"):
        assert not {name for name in loaded if f"{name}.".startswith(f"cambist.{room}.")}
    assert {name for name in loaded if f"{name}.".startswith("cambist.simulator.")} <= PROCESS
