"""A journal that is sound, and every way in which it can be made wrong by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from storage.journal_verify import verify_journal
from tests.fakes import SOL, USDC
from tests.journals import MEME, traded
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "session = 'run-1' AND"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    asyncio.run(traded(tmp_path / "paper.journal"))
    return tmp_path / "paper.journal"


def test_what_the_writer_wrote_is_sound(path: Path) -> None:
    before = path.read_bytes()
    found = verify_journal(path)
    assert (found.exit_code, found.findings, found.off, found.mode) == (0, (), {}, "paper")
    assert {name: found.rows[name] for name in ("intent", "refusal", "orders", "fill", "halt")} == {
        "intent": 9, "refusal": 1, "orders": 8, "fill": 9, "halt": 0,
    }  # fmt: skip
    assert (found.open_orders, found.runs) == (2, 2)
    assert found.in_flight == {SOL: str(2 * (10**9 + 525_000))}
    assert found.balance == f"books: balanced, {found.rows['posting']} postings of {found.rows['entry']} entries"
    assert path.read_bytes() == before


DAMAGE = {
    "a posting of another amount": (
        f"UPDATE posting SET atoms = atoms + 1 WHERE {FIRST} entry = 3 AND n = 1",
        ["entry 3 of run-1: its postings are not those that it was made with", "balance of ", "flow of day "],
    ),
    "a posting that is gone": (
        f"DELETE FROM posting WHERE {FIRST} entry = 2 AND n = 1",
        ["entry 2 of run-1: its postings are not those that it was made with"],
    ),
    "a posting of no entry": (
        "INSERT INTO posting VALUES ('run-1', 999, 1, 'wallet', 'solana', 'x', '0')",
        ["postings of entry 999 of run-1, which is not there"],
    ),
    "a posting of no run": (
        "INSERT INTO posting VALUES ('run-9', 1, 1, 'wallet', 'solana', 'x', '0')",
        ["postings of entry 1 of run-9, which is not there"],
    ),
    "an entry that does not balance": (
        "UPDATE entry SET json = replace(json, '\"atoms\":500000}', '\"atoms\":500001}') "
        f"WHERE {FIRST} id = 3",
        ["entry 3 of run-1: its postings are not", f"entry 3 of run-1: does not balance: 1 of {SOL}"],
    ),
    "an entry of another day": (
        f"UPDATE entry SET day = day + 1 WHERE {FIRST} id = 3",
        ["entry 3 of run-1: its columns say something else than the entry", "flow of day "],
    ),
    "an entry of another order": (
        f"UPDATE entry SET orders = 2 WHERE {FIRST} id = 3",
        ["entry 3 of run-1: its columns", f"order 1 of run-1: is final and has 1000525000 of {SOL} in flight"],
    ),
    "an entry of another worth": (
        f"UPDATE entry SET worth = worth + 1 WHERE {FIRST} id = 3",
        ["entry 3 of run-1: its columns say something else than the entry"],
    ),
    "an entry of another kind": (
        f"UPDATE entry SET kind = 'ended' WHERE {FIRST} id = 3",
        ["entry 3 of run-1: its columns say something else than the entry"],
    ),
    "an entry that can't be read": (
        f"UPDATE entry SET json = '[' WHERE {FIRST} id = 3",
        ["entry 3 of run-1: can't be read"],
    ),
    "a balance that is no sum": (
        f"UPDATE balance SET atoms = atoms - 1 WHERE account = 'tip' AND token = '{SOL}'",
        [f"balance of tip solana {SOL}: "],
    ),
    "a balance that is gone": ("DELETE FROM balance WHERE account = 'tip'", [f"balance of tip solana {SOL}: 0, "]),
    "a balance of nothing": (
        "INSERT INTO balance VALUES ('wallet', 'kraken', 'x', '5')",
        ["balance of wallet kraken x: 5, its postings sum to 0"],
    ),
    "a flow that is no sum": (
        f"UPDATE flow SET atoms = atoms + 1 WHERE account = 'pool_fee' AND token = '{USDC}'",
        ["flow of day 20001 pool_fee solana"],
    ),
    "an order without stages": (
        f"DELETE FROM stage WHERE {FIRST} orders = 1",
        ["order 1 of run-1: has no stage", "outcome of order 1 of run-1: is filled, a stage that"],
    ),
    "a stage that can't follow": (
        f"UPDATE stage SET stage = 'signed' WHERE {FIRST} orders = 1 AND n = 3",
        ["order 1 of run-1: signed can't follow sent", "order 1 of run-1: filled can't follow signed"],
    ),
    "a first stage that can't be": (
        f"UPDATE stage SET stage = 'landed' WHERE {FIRST} orders = 1 AND n = 1",
        ["order 1 of run-1: landed can't follow nothing", "order 1 of run-1: sent can't follow landed"],
    ),
    "a stage that is missing": (
        f"DELETE FROM stage WHERE {FIRST} orders = 1 AND n = 3",
        ["order 1 of run-1: stage 3 is missing"],
    ),
    "stages of no order": (
        "INSERT INTO stage VALUES ('run-1', 99, 1, 1, 'new', 1, 1, '', NULL, '')",
        ["stages of order 99 of run-1, which is not there"],
    ),
    "an order that is gone": (
        "DELETE FROM orders WHERE session = 'run-2' AND id = 3",
        ["stages of order 3 of run-2, which is", f"order 3 of run-2, which is not there, has 1000525000 of {SOL}"],
    ),
    "an order of another number": (
        f"UPDATE orders SET json = replace(json, '\"id\":1,', '\"id\":7,') WHERE {FIRST} id = 1",
        ["order 1 of run-1: its columns say something else than the order"],
    ),
    "an outcome that never was": (
        f"UPDATE fill SET status = 'missed' WHERE {FIRST} orders = 1",
        ["outcome of order 1 of run-1: is missed, a stage that", "outcome of order 1 of run-1: its columns say"],
    ),
    "an outcome of no order": (
        f"UPDATE fill SET orders = 77 WHERE {FIRST} orders = 1",
        ["outcome of order 77 of run-1, which is not there"],
    ),
    "an outcome that doesn't add up": (
        f"UPDATE fill SET json = replace(json, '\"net\":', '\"net\":1') WHERE {FIRST} orders = 1",
        ["outcome of order 1 of run-1: net is "],
    ),
    "an intent that is gone": (
        f"DELETE FROM intent WHERE {FIRST} id IN (1, 6)",
        ["order 1 of run-1: its intent 1 is not there", "refusal 6 of run-1: its intent 6 is not there"],
    ),
    "a number that is none": (f"UPDATE posting SET atoms = '1e3' WHERE {FIRST} entry = 3", ["it can't be read"]),
    "a table that is gone": ("DROP TABLE stage", ["it can't be read further: no such table: stage"]),
    "a mode that is none": ("UPDATE meta SET value = 'play' WHERE key = 'mode'", ["a journal of mode 'play'"]),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_and_nothing_is_changed(path: Path, what: str) -> None:
    sql, expected = DAMAGE[what]
    tamper(path, sql)
    before = path.read_bytes()
    found = verify_journal(path)
    assert found.exit_code == 1
    for text in expected:
        assert any(text in finding for finding in found.findings), (text, found.findings)
    assert path.read_bytes() == before


def test_the_trial_balance_names_what_is_off(path: Path) -> None:
    tamper(path, f"UPDATE posting SET atoms = atoms + 3 WHERE {FIRST} entry = 3 AND n = 1")
    tamper(path, "UPDATE posting SET atoms = atoms - 2 WHERE token = ? AND account = 'result'", MEME)
    found = verify_journal(path)
    assert found.off == {SOL: "3", MEME: "-4"}
    assert found.balance == f"books: NOT BALANCED: -4 of {MEME}, 3 of {SOL}"


def test_orders_whose_session_is_gone_are_counted_and_are_no_damage(path: Path) -> None:
    asked = []

    def holds(seq: int, at_ns: int) -> bool:
        asked.append((seq, at_ns))
        return len(asked) != 2

    found = verify_journal(path, holds)
    assert (found.exit_code, found.unrecorded, len(asked)) == (0, {"run-1": 1}, 8)


@pytest.mark.parametrize(
    ("sql", "found"), [("PRAGMA user_version = 4", "schema 4"), ("PRAGMA user_version = 1", "schema 1")]
)
def test_another_schema_is_unusable_and_both_are_named(path: Path, sql: str, found: str) -> None:
    tamper(path, sql)
    verified = verify_journal(path)
    assert verified.exit_code == 2
    assert f"found {found}, expected a cambist journal, schema 3" in verified.findings[0]


def test_what_is_no_journal_is_unusable(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no journal\n" * 20)
    assert verify_journal(text).exit_code == 2
    assert verify_journal(tmp_path / "nothing").exit_code == 2


def test_pages_that_are_overwritten_are_damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(data)
    assert verify_journal(path).exit_code == 1
