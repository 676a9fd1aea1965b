"""Answers at a time that is given: ages to the millisecond, spans from the first stage to the last."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cambist.model.ledger import CHAIN, DAY_NS, Account, Posting
from cambist.model.market import Listed
from cambist.statements import answers
from cambist.statements.asked import QUESTIONS, Wanted, of_journal
from cambist.statements.books import Books, Price
from cambist.statements.called import Called
from cambist.statements.chosen import Chosen
from cambist.statements.sheets import Journal
from storage.journal_reader import JournalReader
from tests.fakes import SOL, USDC
from tests.journals import MEME, NOON, SETUP, traded
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from pathlib import Path

NOW = NOON + 3 * DAY_NS
SETUP_LISTED = Listed(SETUP.tokens, SETUP.pools)
THIRD = NOON + 2 * DAY_NS
"""The run whose newest entry with a price is 9 ns later, of a price that is 7 ms old then."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    asyncio.run(traded(tmp_path / "paper.journal"))
    return tmp_path / "paper.journal"


def answer(path: Path, question: str, now_ns: int = NOW, **wanted: int) -> Any:
    with JournalReader(path) as reader:
        return QUESTIONS[question](of_journal(reader, now_ns), Wanted(**wanted))


def test_a_price_is_as_old_as_when_it_was_known_to_be_current(path: Path) -> None:
    found = answer(path, "balance")
    (usdc,) = (row for row in found["holdings"] if row["token"] == USDC)
    known_ns = THIRD + 9 - 7_000_000
    assert usdc["price_age_ms"] == (NOW - known_ns) // 10**6
    assert usdc["price_venue"] == "orca"
    assert found["worth"]["oldest_price"] == {
        "token": SOL, "symbol": "SOL", "decimals": 9, "age_ms": (NOW - known_ns) // 10**6,
    }  # fmt: skip


def test_an_open_order_is_as_old_as_when_it_was_sent(path: Path) -> None:
    (sol,) = (row for row in answer(path, "positions")["positions"] if row["token"] == SOL)
    assert sol["oldest_open_ms"] == (NOW - (THIRD + 20)) // 10**6
    (sol,) = (row for row in answer(path, "positions", THIRD)["positions"] if row["token"] == SOL)
    assert sol["oldest_open_ms"] == 0, "a clock that went back makes no age negative"


def test_the_price_in_use_is_the_newest_that_was_booked(path: Path) -> None:
    tamper(path, "UPDATE entry SET json = replace(json, '\"price\":15', '\"price\":95') WHERE session = 'run-1'")
    before = answer(path, "balance")
    (usdc,) = (row for row in before["holdings"] if row["token"] == USDC)
    price = 150.0 + (THIRD + 9) % 7
    assert int(usdc["worth"]) == round(int(usdc["total"]) / 1e6 / price * 1e9)


def test_an_order_took_from_its_first_stage_to_its_last(path: Path) -> None:
    tamper(path, "UPDATE stage SET at_ns = at_ns - 7 WHERE session = 'run-1' AND orders = 1 AND n = 1")
    with JournalReader(path) as reader:
        row = next(Journal(reader, Called(reader.listed), Chosen()).orders().rows)
        names = [column.name for column in Journal(reader, Called(reader.listed), Chosen()).orders().columns]
    assert row[names.index("took_ns")] == 612_000_007
    (first,) = (each for each in answer(path, "orders")["orders"] if (each["session"], each["order"]) == ("run-1", 1))
    assert [stage["after_ns"] for stage in first["stages"]][:4] == [None, 7, 612_000_000, 0]
    assert (first["status"], first["final"], first["stages"][-1]["stage"]) == ("filled", True, "final")


def test_days_are_counted_back_from_the_newest(path: Path) -> None:
    assert [len(answer(path, "history", days=days)["days"]) for days in (1, 2, 3, 4)] == [1, 2, 3, 3]
    assert answer(path, "history", limit=0)["outcomes"] == []


def test_a_journal_with_nothing_in_it_answers(tmp_path: Path) -> None:
    from storage.journal import Journal as Writer

    async def made() -> None:
        await (await Writer.open(tmp_path / "paper.journal", "paper", "run-1")).close()

    asyncio.run(made())
    for question in QUESTIONS:
        found = answer(tmp_path / "paper.journal", question)
        assert (found["as_of_ns"], found["balanced"], found["demo"]) == (None, True, False)
    assert answer(tmp_path / "paper.journal", "balance")["worth"]["atoms"] == "0"
    assert answer(tmp_path / "paper.journal", "history")["days"] == []


def test_of_several_prices_in_a_sum_the_oldest_is_told() -> None:
    wallets = [
        Posting(Account.WALLET, CHAIN, token, atoms) for token, atoms in ((SOL, 5), (USDC, 6 * 10**6), (MEME, 10**5))
    ]
    opened = [Posting(Account.OPENING, CHAIN, posting.token, -posting.atoms) for posting in wallets]
    for ages in ({SOL: 5, MEME: 9}, {SOL: 9, MEME: 5}):
        prices = {mint: Price(2.0, "orca", NOW - age * 10**6) for mint, age in ages.items()} | {
            USDC: Price(1.0, "", NOW)
        }
        books = Books("it", "journal", "paper", NOW, Called(SETUP_LISTED), [*wallets, *opened], {}, prices, [])
        found = answers.balance(books, NOW)
        rows = {row["token"]: row for row in found["holdings"]}
        oldest = max(ages, key=lambda mint: ages[mint])
        assert found["worth"]["oldest_price"]["token"] == oldest
        assert found["worth"]["oldest_price"]["age_ms"] == 9
        assert (rows[USDC]["price_age_ms"], rows[MEME]["price_age_ms"]) == (ages[SOL], 9)
        assert (rows[USDC]["worth"], rows[MEME]["worth"]) == (str(3 * 10**9), str(10**9))
        assert found["worth"]["atoms"] == str(5 + 3 * 10**9 + 10**9)
        assert found["worth"]["without"] == []


def test_without_a_price_of_the_unit_only_the_unit_is_in_a_sum() -> None:
    wallets = [Posting(Account.WALLET, CHAIN, token, 7) for token in (SOL, USDC)]
    prices = {USDC: Price(1.0, "", NOW)}
    books = Books("it", "journal", "paper", NOW, Called(SETUP_LISTED), wallets, {}, prices, [])
    found = answers.balance(books, NOW)
    assert found["worth"]["atoms"] == "7"
    assert [(row["token"], row["atoms"]) for row in found["worth"]["without"]] == [(USDC, "7")]
    assert found["worth"]["oldest_price"] is None
    assert not found["balanced"]
