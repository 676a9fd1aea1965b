import json
import signal
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.conftest import Cambist

pytestmark = pytest.mark.timeout(600)

REPORT = {
    "schema", "session", "records", "frames", "seconds_recorded", "seconds_wall", "gaps", "dropped", "cycles",
    "opportunities", "go", "refused", "unchanged", "inputs_refused", "not_taken", "declined", "ends", "landing",
    "fills", "net", "valued", "engine", "duel_mismatches",
    "recorded_digest", "chunks", "chunks_compared",
    "digest", "digest_match", "first_divergent_seq", "not_compared", "damage",
}  # fmt: skip


def test_a_run_reports_what_it_saw(recorded: dict[str, Any]) -> None:
    assert set(recorded) == REPORT
    assert recorded["frames"] > 500
    assert recorded["gaps"] == recorded["dropped"] == 0
    assert recorded["opportunities"] > 0
    assert 10 < recorded["seconds_recorded"] < 14


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--batch", "1"),
        ("--batch", "512"),
        ("--engine", "native"),
        ("--engine", "reference"),
        ("--from", "+4"),
        ("--speed", "8"),
    ],
    ids=" ".join,
)
def test_replay_makes_the_same_decisions(cambist: Cambist, recorded: dict[str, Any], args: tuple[str, ...]) -> None:
    if "native" in args:
        pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    result = cambist("replay", recorded["session"], "--headless", "--json", *args)
    assert result.code == 0, result.err
    assert result.json["digest"] == recorded["digest"]
    assert result.json["digest_match"] is True
    assert result.json["records"] == recorded["records"]
    assert result.json["fills"] == recorded["fills"]


def test_from_takes_a_time(cambist: Cambist, recorded: dict[str, Any]) -> None:
    row = next(r for r in cambist("sessions", "--json").json["sessions"] if r["name"] == recorded["session"])
    middle = datetime.fromtimestamp(row["started_ns"] / 1e9 + 5, UTC).isoformat()
    result = cambist("replay", recorded["session"], "--from", middle, "--headless", "--json")
    assert (result.code, result.json["digest"]) == (0, recorded["digest"])
    assert cambist("replay", recorded["session"], "--from", "noon", "--headless").code == 2


def test_verify_finds_it_sound_and_a_flipped_byte(cambist: Cambist, recorded: dict[str, Any]) -> None:
    assert cambist("verify", recorded["session"], "--json").json["exit_code"] == 0
    source = cambist.sessions / f"{recorded['session']}.cambist"
    broken = cambist.sessions / "broken.cambist"
    with sqlite3.connect(source) as database:
        database.execute("VACUUM INTO ?", (str(broken),))
    database.close()
    with sqlite3.connect(broken) as database:
        (blob,) = database.execute("SELECT blob FROM chunk ORDER BY first_seq LIMIT 1 OFFSET 3").fetchone()
        flipped = bytes([blob[0], *blob[1:-1], blob[-1] ^ 1])
        database.execute("UPDATE chunk SET blob = ? WHERE blob = ?", (flipped, blob))
    database.close()
    result = cambist("verify", "broken")
    assert result.code == 1, result.err
    assert cambist("replay", "broken", "--headless").code in (1, 2)


def test_a_foreign_file_is_named(cambist: Cambist) -> None:
    foreign = cambist.folder / "notes.txt"
    foreign.write_text("no session\n" * 100, encoding="utf-8")
    for command in ("replay", "verify"):
        result = cambist(command, str(foreign), *(("--headless",) if command == "replay" else ()))
        assert result.code == 2
        assert "notes.txt" in result.err
    assert cambist("replay", "nobody", "--headless").code == 2


def test_a_broken_config_starts_nothing(cambist: Cambist) -> None:
    bad = cambist.folder / "bad.toml"
    bad.write_text("[market]\nsauce = 1\n", encoding="utf-8")
    result = cambist("run", "--headless", "--config", str(bad))
    assert result.code == 2
    assert "bad.toml:2" in result.err
    assert "source" in result.err


def test_no_terminal_says_so(cambist: Cambist) -> None:
    result = cambist("run")
    assert result.code == 2
    assert "--headless" in result.err


def begun(cambist: Cambist, before: set[str]) -> None:
    """Waits until a session that was not there before is being written."""
    for _ in range(400):
        if {path.stem for path in cambist.sessions.glob("*.cambist")} - before:
            return
        time.sleep(0.05)
    pytest.fail("no session begins")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_prints_the_report_and_leaves_a_readable_session(cambist: Cambist, number: int) -> None:
    before = {path.stem for path in cambist.sessions.glob("*.cambist")}
    with cambist.start("run", "--headless", "--json") as process:
        begun(cambist, before)
        time.sleep(1)
        process.send_signal(number)
        out, err = process.communicate(timeout=90)
    assert process.returncode == 130, err
    name = out.partition('"session":"')[2].partition('"')[0]
    assert cambist("verify", name).code == 0
    assert cambist("replay", name, "--headless").code == 0


def test_kill_9_loses_at_most_the_open_chunk(cambist: Cambist) -> None:
    before = {r["name"] for r in cambist("sessions", "--json").json["sessions"]}
    with cambist.start("run", "--headless") as process:
        begun(cambist, before)
        time.sleep(3)
        process.kill()
        process.communicate()
    rows = [r for r in cambist("sessions", "--json").json["sessions"] if r["name"] not in before]
    assert len(rows) == 1
    assert rows[0]["complete"] is False
    assert rows[0]["seconds"] > 2
    assert cambist("replay", rows[0]["name"], "--headless").code == 0


def test_market_digest_depends_on_the_seed_alone(cambist: Cambist) -> None:
    one, two, other = (cambist("market", "--seed", s, "--slots", "20", "--digest").out for s in ("1", "1", "2"))
    assert one == two != other


def test_reference_engine_by_config_records_the_same_kind_of_session(cambist: Cambist) -> None:
    slow = cambist.folder / "slow.toml"
    slow.write_text("engine.use_rust_backend = false\n" + cambist.config.read_text(encoding="utf-8"), encoding="utf-8")
    result = cambist("run", "--headless", "--for", "6", "--json", "--config", str(slow))
    assert result.code == 0, result.err
    assert result.json["engine"] == "reference"
    again = cambist("replay", result.json["session"], "--headless", "--json")
    assert again.json["digest"] == result.json["digest"]


def test_the_market_alone_prints_its_endpoints_and_ends_on_a_signal(cambist: Cambist) -> None:
    with cambist.start("market", "--seed", "3") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert {"rpc", "pubsub", "exchange_rest", "exchange_ws", "pools"} <= set(facts)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode in (0, 130), out) == (True, ""), err
    assert "Traceback" not in err
