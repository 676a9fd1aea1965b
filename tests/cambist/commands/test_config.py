"""`cambist config`: every key once, and what a file sets."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from cambist.cli import main
from cambist.config import Config
from cambist.config.describe import keys, settings_keys
from cambist.strategies.kinds import BUILT_IN

SET = """
[market]
seed = 11
rate = 2.5
exchanges = ["kraken"]
[risk.cap]
SOL = 1.5
[recording]
max_bytes = 123456789
[screen]
ascii = true
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "cambist.toml"
    made.write_text(SET, encoding="utf-8")
    return made


def test_a_script_gets_every_key_once_with_what_it_is_set_to(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json", "--config", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    rows: dict[tuple[str, str], dict[str, Any]] = {(row["table"], row["name"]): row for row in found["keys"]}
    assert len(rows) == len(found["keys"])
    own = [(key.table, key.name) for key in keys(Config())]
    assert list(rows)[: len(own)] == own
    assert {table for table, _ in list(rows)[len(own) :]} == {
        f"[strategies.settings] of {name}" for name in ("rule", "cross_venue")
    }, "and what each strategy can be set to"
    assert rows["[strategies.settings] of cross_venue", "decay_ppm_per_s"]["high"] == 1_000_000
    assert "spread is taken to shrink" in rows["[strategies.settings] of cross_venue", "decay_ppm_per_s"]["meaning"]
    changed = {key: row["value"] for key, row in rows.items() if row["value"] not in (None, row["default"])}
    assert changed == {
        ("[market]", "seed"): 11,
        ("[market]", "rate"): 2.5,
        ("[market]", "exchanges"): ["kraken"],
        ("[risk]", "cap"): {"SOL": 1.5},
        ("[recording]", "max_bytes"): 123456789,
        ("[screen]", "ascii"): True,
    }
    assert (rows["[market]", "rate"]["low"], rows["[market]", "rate"]["high"]) == (0, 1_000)
    assert rows["[recording]", "max_bytes"]["unit"] == "bytes"
    assert all(
        row["required"] for key, row in rows.items() if key in (("[[solana]]", "name"), ("[[pools]]", "address"))
    )


def test_a_person_gets_a_table_under_the_name_of_each(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--config", str(path)]) == 0
    listed: dict[str, dict[str, str]] = {}
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("["):
            assert line not in listed
            table = listed[line] = {}
        else:
            assert line == line.rstrip()
            table[line.split()[0]] = line
    expected: dict[str, list[str]] = {}
    own = [settings_keys(kind.settings, f"[strategies.settings] of {name}") for name, kind in BUILT_IN.items()]
    for key in chain(keys(Config()), *own):
        expected.setdefault(key.table, []).append(key.name)
    assert {name: list(rows) for name, rows in listed.items()} == expected
    assert "→ 11" in listed["[market]"]["seed"]
    assert "→" not in listed["[market]"]["source"]
    assert "0 to 1,000 " in listed["[market]"]["rate"]
    assert "→ 123456789" in listed["[recording]"]["max_bytes"]
    assert "0 to 1,125,899,906,842,624" in listed["[recording]"]["max_bytes"]
    assert " required " in listed["[[solana]]"]["name"]
