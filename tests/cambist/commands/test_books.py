"""The commands that answer from the books of a journal."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from cambist.cli import main
from cambist.commands import asked, tables
from cambist.model.ledger import DAY_NS
from storage.journal import UNSEEN
from tests.fakes import SOL, USDC
from tests.journals import HOUR, MEME, NOON, traded
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answer = Callable[..., Any]

NOON_OF_THE_THIRD_DAY = "2024-10-06 12:00:00.000 UTC"
QUESTIONS = ("balance", "positions", "orders", "history")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal that a run with `config` would write."""
    path = tmp_path / "sessions" / "journal" / "demo.journal"
    asyncio.run(traded(path))
    return path


@pytest.fixture
def answer(journal: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    """Asks a command with `--json` and returns what it answers, and its exit code is 0."""

    def ask(*args: str) -> Any:
        assert main([*args, "--json", "--config", str(config)]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def sums(journal: Path, where: str) -> dict[str, int]:
    """Returns postings by token, straight from the table."""
    database = sqlite3.connect(journal)
    found: dict[str, int] = {}
    for token, atoms in database.execute(f"SELECT token, atoms FROM posting WHERE {where}"):
        found[token] = found.get(token, 0) + int(atoms)
    database.close()
    return found


def test_balance_is_what_postings_sum_to(answer: Answer, journal: Path) -> None:
    found = answer("balance")
    assert (found["schema"], found["kind"], found["mode"], found["balanced"], found["off"]) == (
        1, "journal", "paper", True, [],
    )  # fmt: skip
    assert found["demo"] is True
    rows = {row["token"]: row for row in found["holdings"]}
    assert set(rows) == {SOL, USDC, MEME}
    for name in ("wallet", "in_flight", "rent_held"):
        expected = sums(journal, f"account = '{name}'")
        assert {token: int(row[name]) for token, row in rows.items()} == {t: expected.get(t, 0) for t in rows}, name
    for row in rows.values():
        assert int(row["total"]) == sum(int(row[name]) for name in ("wallet", "in_flight", "rent_held"))
    for account in ("pool_fee", "network_fee", "tip", "transfer", "loan_fee", "slippage"):
        mine = {row["token"]: int(row["atoms"]) for row in found["paid"] if row["account"] == account}
        assert mine == {token: atoms for token, atoms in sums(journal, f"account = '{account}'").items() if atoms}, (
            account
        )
    assert found["open_orders"] == 2


def test_what_has_no_price_is_named_and_never_nothing(answer: Answer) -> None:
    found = answer("balance")
    rows, worth = {row["token"]: row for row in found["holdings"]}, found["worth"]
    assert (rows[MEME]["worth"], rows[MEME]["price"], rows[MEME]["price_age_ms"]) == (None, None, None)
    assert [(row["token"], row["atoms"]) for row in worth["without"]] == [(MEME, rows[MEME]["total"])]
    assert rows[SOL]["worth"] == rows[SOL]["total"]
    assert rows[USDC]["price"] == 1.0
    at_ns = NOON + 2 * DAY_NS + 9  # of the newest entry that says what SOL is worth
    price = 150.0 + at_ns % 7
    usdc = round(int(rows[USDC]["total"]) / 1e6 / price * 1e9)
    assert int(rows[USDC]["worth"]) == usdc
    assert int(worth["atoms"]) == int(rows[SOL]["total"]) + usdc
    assert worth["token"] == SOL
    assert worth["oldest_price"]["token"] == SOL
    assert worth["oldest_price"]["age_ms"] == rows[USDC]["price_age_ms"] > 1_000_000_000


def test_positions_are_what_is_held_beside_what_was_put_in(answer: Answer, journal: Path) -> None:
    found = answer("positions")
    rows = {row["token"]: row for row in found["positions"]}
    put_in, held = (
        sums(journal, "account = 'opening'"),
        sums(journal, "account IN ('wallet', 'in_flight', 'rent_held')"),
    )
    flights = sums(journal, "account = 'in_flight'")
    costs = sums(journal, "account NOT IN ('wallet', 'in_flight', 'rent_held', 'opening')")
    assert {token: int(row["put_in"]) for token, row in rows.items()} == {token: -put_in[token] for token in rows}
    assert {token: int(row["held"]) for token, row in rows.items()} == held
    assert {token: int(row["in_flight"]) for token, row in rows.items()} == {t: flights.get(t, 0) for t in rows}
    assert {token: int(row["earned"]) for token, row in rows.items()} == {token: -costs.get(token, 0) for token in rows}
    assert [rows[token]["open_orders"] for token in (SOL, USDC, MEME)] == [2, 0, 0]
    assert rows[SOL]["oldest_open_ms"] > 0
    assert rows[USDC]["oldest_open_ms"] is None
    today = "account IN ('wallet', 'in_flight', 'rent_held', 'opening') AND session = 'run-2'"
    assert {token: int(row["earned_today"]) for token, row in rows.items()} == {
        token: sums(journal, today).get(token, 0) for token in rows
    }
    assert found["in_flight_of_unknown_orders"] == []


def test_open_orders_come_first_each_with_the_times_between_its_stages(answer: Answer) -> None:
    rows = answer("orders")["orders"]
    assert [(row["session"], row["order"], row["status"], row["open"]) for row in rows] == [
        ("run-2", 3, "sent", True),
        ("run-2", 2, "unknown", True),
        ("run-2", 1, "filled", False),
        ("run-1", 5, "expired", False),
        ("run-1", 4, "missed", False),
        ("run-1", 3, "filled", False),
        ("run-1", 2, "reverted", False),
        ("run-1", 1, "filled", False),
    ]
    assert [row["final"] for row in rows] == [False] * 5 + [True] * 3
    last = rows[-1]["stages"]
    assert [(stage["stage"], stage["after_ns"]) for stage in last] == [
        ("new", None), ("sent", 0), ("landed", 612_000_000), ("filled", 0), ("final", 82_799_388_000_050),
    ]  # fmt: skip
    assert [stage["stage"] for stage in rows[1]["stages"]] == ["new", "sent", "landed", "filled", "unknown"]
    reverted, unseen = rows[-2]["stages"][-2:]
    assert (unseen["stage"], unseen["reason"]) == ("final", UNSEEN), "nobody watched its slot after that run"
    assert (reverted["reason"], reverted["figure"], reverted["unit"]) == ("price moved", "12345", "atoms")
    assert (rows[1]["venues"], rows[1]["settlement"]) == (["binance", "orca"], "legged")
    assert [row["order"] for row in answer("orders", "--limit", "1")["orders"]] == [3, 2, 1]
    assert [row["order"] for row in answer("orders", "--open-only")["orders"]] == [3, 2]


def test_history_is_days_and_outcomes_newest_first(answer: Answer, journal: Path) -> None:
    found = answer("history")
    assert [day["day"] for day in found["days"]] == ["2024-10-06", "2024-10-05", "2024-10-04"]
    held = "account IN ('wallet', 'in_flight', 'rent_held', 'opening')"
    for day in found["days"]:
        number = NOON // DAY_NS + int(day["day"][-2:]) - 4
        of_day = f"(session, entry) IN (SELECT session, id FROM entry WHERE day = {number})"
        expected = {token: atoms for token, atoms in sums(journal, f"{held} AND {of_day}").items() if atoms}
        assert {part["token"]: int(part["atoms"]) for part in day["earned"]} == expected, day["day"]
        for account in ("network_fee", "tip"):
            paid = {part["token"]: int(part["atoms"]) for part in day["paid"] if part["account"] == account}
            assert paid == sums(journal, f"account = '{account}' AND {of_day}"), day["day"]
    assert {part["token"]: int(part["atoms"]) for part in found["days"][2]["put_in"]} == {
        SOL: 20 * 10**9, USDC: 5_000 * 10**6, MEME: 10**9,
    }  # fmt: skip
    assert [day["day"] for day in answer("history", "--days", "1")["days"]] == ["2024-10-06"]
    rows = found["outcomes"]
    assert [row["status"] for row in rows] == [
        "unknown", "filled", "filled", "partial", "expired", "missed", "filled", "reverted", "filled"
    ]  # fmt: skip
    assert rows[-1]["net"] == str(9_000_001 - 525_000)
    assert [row["status"] for row in answer("history", "--limit", "2")["outcomes"]] == ["unknown", "filled"]


def test_a_person_gets_a_table_that_says_how_old_it_is_and_whether_the_books_balance(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for question in QUESTIONS:
        assert main([question, "--config", str(config)]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert "books: balanced" in out
        assert "DEMO, paper " in out
        assert f"as of {NOON_OF_THE_THIRD_DAY}" in out
        assert "\x1b" not in out, "nothing of a symbol reaches the terminal"
    assert main(["balance", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert "without 10,000.0003 " in out
    assert "no price" in out


@pytest.mark.parametrize("question", QUESTIONS)
def test_books_that_do_not_balance_are_told_with_exit_code_1(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    tamper(journal, "UPDATE balance SET atoms = atoms + 7 WHERE account = 'tip' AND token = ?", SOL)
    assert main([question, "--json", "--config", str(config)]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["off"] == [{"token": SOL, "symbol": "SOL", "decimals": 9, "atoms": "7"}]
    assert "don't balance" in err
    assert main([question, "--config", str(config)]) == 1
    assert "NOT BALANCED" in capsys.readouterr().out


def test_money_in_flight_that_no_order_has_is_named(answer: Answer, journal: Path) -> None:
    tamper(journal, "UPDATE balance SET atoms = atoms + 5 WHERE account = 'in_flight' AND token = ?", SOL)
    tamper(journal, "UPDATE balance SET atoms = atoms - 5 WHERE account = 'wallet' AND token = ?", SOL)
    (row,) = answer("positions")["in_flight_of_unknown_orders"]
    assert (row["token"], row["atoms"]) == (SOL, "5")


@pytest.mark.parametrize("question", [*QUESTIONS, "journal"])
def test_no_journal_and_no_such_file_are_unusable(
    config: Path, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    assert main([question, "--config", str(config)]) == 2
    assert "nothing was traded here yet" in capsys.readouterr().err
    assert main([question, "--live", "--config", str(config)]) == 2
    assert "live.journal" in capsys.readouterr().err


def test_a_source_is_a_journal_by_its_path_and_no_two_are_named(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["balance", str(journal), "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == str(journal)
    assert main(["balance", str(journal), "--live", "--config", str(config)]) == 2
    assert main(["journal", "--file", str(journal), "--live", "--config", str(config)]) == 2
    assert main(["balance", "nobody", "--config", str(config)]) == 2


def test_a_journal_that_is_older_newer_or_damaged_is_named(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for question in (*QUESTIONS, "journal"):
        tamper(journal, "PRAGMA user_version = 4")
        assert main([question, "--config", str(config)]) == 2
        assert "found schema 4, expected a cambist journal, schema 3" in capsys.readouterr().err
        tamper(journal, "PRAGMA user_version = 3")
    tamper(journal, "UPDATE orders SET json = '{'")
    for question in (*QUESTIONS, "journal"):
        assert main([question, "--config", str(config)]) == 2, question
        assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        ("orders", "--limit", "0"),
        ("history", "--days", "-1"),
        ("journal", "--limit", "0"),
        ("journal", "--since", "noon"),
        ("journal", "--since", "2024-10-04T12:00:00"),
        ("journal", "--since", "2024-10-05", "--until", "2024-10-05"),
        ("journal", "--format", "parquet"),
        ("journal", "--status", "lost"),
        ("journal", "pnl", "--by", "moon"),
    ],
    ids=" ".join,
)
def test_options_that_mean_nothing_are_refused(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]
) -> None:
    assert main([*args, "--config", str(config)]) == 2
    assert capsys.readouterr().err.startswith("cambist: ")


def test_a_journal_is_listed_filtered_and_written_to_a_new_file(
    answer: Answer, journal: Path, config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = answer("journal", "fills", "--status", "reverted")
    assert [(row["order"], row["status"], row["net"]) for row in found["rows"]] == [(2, "reverted", "-25000")]
    assert [row["order"] for row in answer("journal", "--since", "2024-10-05", "--until", "2024-10-06")["rows"]] == [
        3,
        4,
        5,
    ]
    out = tmp_path / "pnl.csv"
    args = ["journal", "pnl", "--by", "day", "--out", str(out), "--config", str(config)]
    assert main(args) == 0
    text = out.read_text()
    assert text.startswith("by,group,orders")
    assert f"rows in {out}" in capsys.readouterr().err
    assert main(args) == 2, "an existing file is left as it is"
    assert out.read_text() == text
    assert main(["journal", "pnl", "--by", "day", "--format", "csv", "--config", str(config)]) == 0
    assert capsys.readouterr().out == text
    tamper(journal, "UPDATE entry SET json = '{' WHERE kind = 'reversed'")
    other = tmp_path / "entries.csv"
    assert main(["journal", "entries", "--out", str(other), "--config", str(config)]) == 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["cambist.toml", "pnl.csv"]


def test_tables_of_the_journal_show_the_newest_rows(
    journal: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for what, rows in (("orders", 8), ("fills", 9), ("entries", 18), ("postings", 82), ("pnl", 4)):
        assert main(["journal", what, "--limit", "2", "--config", str(config)]) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert f"DEMO, 2 of {rows} {what}" in out
    assert main(["journal", "orders", "--limit", "1", "--config", str(config)]) == 0
    assert "2024-10-06 12:00:00.000       3   negative_cycle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("2024-10-04", NOON - 12 * HOUR),
        ("2024-10-04T13:00:00+01:00", NOON),
        ("2024-10-04T12:00:00.000001Z", NOON + 1_000),
        ("90s", NOON - 90 * 10**9),
        ("2d", NOON - 2 * DAY_NS),
        ("999999999d", 0),
    ],
)
def test_times_are_utc_or_how_long_ago(text: str, at_ns: int) -> None:
    assert asked.at("since", text, NOON) == at_ns


@pytest.mark.parametrize(
    ("atoms", "decimals", "shown"),
    [
        ("-1500", 9, "−0.0000015"),
        ("0", 6, "0"),
        ("1000000", 6, "1"),
        ("1234567890", 0, "1,234,567,890"),
        ("7", None, "7 atoms"),
    ],
)
def test_amounts_keep_every_digit(atoms: str, decimals: int | None, shown: str) -> None:
    assert tables.whole({"atoms": atoms, "decimals": decimals}) == shown


def test_verify_takes_a_journal(journal: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(journal), "--config", str(config)]) == 0
    err = capsys.readouterr().err
    assert "books: balanced" in err
    assert "run-1: of 5 orders no session that is there holds the record" in err
    tamper(journal, "UPDATE posting SET atoms = atoms + 3 WHERE session = 'run-1' AND entry = 3 AND n = 1")
    assert main(["verify", str(journal), "--json", "--config", str(config)]) == 1
    assert json.loads(capsys.readouterr().out)["off"] == {SOL: "3"}
    tamper(journal, "PRAGMA user_version = 4")
    assert main(["verify", str(journal), "--config", str(config)]) == 2
