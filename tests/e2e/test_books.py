"""The books of real runs: asked while one is running, after it, and after a kill."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import Cambist, in_folder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def cambist(tmp_path_factory: pytest.TempPathFactory) -> Cambist:
    return in_folder(tmp_path_factory.mktemp("books"))


def until_filled(cambist: Cambist, outcomes: int) -> None:
    """Waits until a run that goes on has so many outcomes in its journal."""
    for _ in range(200):
        found = cambist("history", "--json")
        if found.code == 0 and len(found.json["outcomes"]) >= outcomes:
            return
        time.sleep(0.2)
    pytest.fail("nothing was traded")


def journal(cambist: Cambist) -> Path:
    return cambist.sessions / "journal" / "demo.journal"


@pytest.fixture(scope="module")
def report(cambist: Cambist) -> dict[str, Any]:
    """The report of a run that was asked while it went on; each process that has one of these tests makes one."""
    with cambist.start("run", "--headless", "--easy", "--for", "14", "--json") as process:
        until_filled(cambist, 1)
        for question in ("balance", "positions", "orders", "history"):
            found = cambist(question, "--json")
            assert (found.code, found.json["balanced"], found.json["kind"]) == (0, True, "journal"), found.err
        assert cambist("depth", "binance:SOLUSDT", "--json").json["state"] in ("live", "stale")
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def test_a_run_that_was_asked_while_it_went_on_tells_the_same_as_its_report(
    cambist: Cambist, report: dict[str, Any]
) -> None:
    net = {mint: each["atoms"] for mint, each in report["net"].items()}
    earned = {row["token"]: row["earned"] for row in cambist("positions", "--json").json["positions"]}
    assert {token: atoms for token, atoms in earned.items() if atoms != "0"} == net
    pnl = cambist("journal", "pnl", "--by", "strategy", "--json").json["rows"]
    assert {row["token"]: row["net"] for row in pnl if row["net"] != "0"} == net
    assert sum(int(row["worth"]) for row in pnl if row["worth"]) == int(report["valued"]["atoms"])
    fills = cambist("journal", "fills", "--status", "filled", "--json").json["rows"]
    assert len(fills) == report["fills"] > 0
    session = cambist("balance", report["session"], "--json").json
    assert [(row["token"], row["total"]) for row in session["holdings"]] == [
        (row["token"], row["total"]) for row in cambist("balance", "--json").json["holdings"]
    ], "the session's books end as the journal's"


@pytest.mark.usefixtures("report")
def test_verify_finds_both_sound_and_every_order_in_the_recording(cambist: Cambist) -> None:
    found = cambist("verify", str(journal(cambist)), "--json")
    assert (found.code, found.json["findings"], found.json["off"], found.json["unrecorded"]) == (0, [], {}, {}), (
        found.out
    )
    assert found.json["rows"]["orders"] > 0
    (session,) = (path.stem for path in cambist.sessions.glob("*.cambist"))
    checked = cambist("verify", session, "--json").json
    assert (checked["exit_code"], checked["books_off"]) == (0, 0)
    assert checked["books_balanced"] >= 2
    (cambist.sessions / f"{session}.cambist").rename(cambist.folder / "away.cambist")
    gone = cambist("verify", str(journal(cambist)), "--json")
    assert (gone.code, sum(gone.json["unrecorded"].values())) == (0, gone.json["rows"]["orders"])


@pytest.mark.usefixtures("report")
def test_after_a_kill_the_books_balance_and_the_next_run_ends_what_was_open(cambist: Cambist) -> None:
    before = len(cambist("journal", "orders", "--json").json["rows"])
    with cambist.start("run", "--headless", "--easy") as process:
        for _ in range(300):
            if len(cambist("journal", "orders", "--json").json["rows"]) > before:
                break
            time.sleep(0.1)
        else:
            pytest.fail("nothing was ordered")
        process.kill()
        process.communicate()
    assert cambist("verify", str(journal(cambist))).code == 0
    was_open = [(row["session"], row["order"]) for row in cambist("orders", "--open-only", "--json").json["orders"]]
    assert cambist("run", "--headless", "--easy", "--for", "3").code == 0
    found = cambist("verify", str(journal(cambist)), "--json").json
    assert (found["exit_code"], found["findings"]) == (0, [])
    rows = cambist("journal", "orders", "--json").json["rows"]
    ended = {(row["session"], row["order"]): row["status"] for row in rows}
    assert [ended[of] for of in was_open] == ["expired"] * len(was_open)
