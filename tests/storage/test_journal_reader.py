"""What is read of a journal, and that every question goes by an index."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from cambist.model.ledger import DAY_NS, Account
from cambist.model.orders import Stage
from storage.files import SessionError
from storage.journal_reader import INDEXED, LEAST_LOOK, JournalReader, Span
from tests import orders
from tests.fakes import SOL, USDC
from tests.journals import MEME, NOON, Run, traded
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


IN_ORDER = {
    "balances": ("SCAN balance",),
    "open orders": ("CO-ROUTINE o", "SCAN o", "CORRELATED SCALAR SUBQUERY 2"),
}
"""Steps that go by no index and need none: by a primary key up to a limit, and over what a limit left."""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await traded(tmp_path / "paper.journal")
    return tmp_path / "paper.journal"


@pytest.mark.parametrize("name", INDEXED)
async def test_a_question_goes_by_an_index_and_sorts_nothing(path: Path, name: str) -> None:
    sql = INDEXED[name]
    database = sqlite3.connect(path)
    plan = [str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))]
    database.close()
    assert plan, sql
    for step in plan:
        by_index = step.startswith("SEARCH") or "USING INDEX" in step or "USING COVERING INDEX" in step
        assert by_index or step in IN_ORDER.get(name, ()), f"{name}: {step}"
        assert "TEMP B-TREE" not in step, f"{name}: {step}"


async def test_spans_begin_with_their_first_nanosecond_and_end_before_their_last(path: Path) -> None:
    with JournalReader(path) as reader:
        every = list(reader.orders(Span()))
        assert [(row.session, row.order.id) for row in every] == [
            *(("run-1", n) for n in range(1, 6)), ("run-2", 1), ("run-2", 2), ("run-2", 3),
        ]  # fmt: skip
        assert list(reader.orders(Span(), newest_first=True)) == every[::-1]
        first, second = every[0].at_ns, every[1].at_ns
        assert list(reader.orders(Span(first, second))) == every[:1]
        assert list(reader.orders(Span(first + 1, second + 1))) == every[1:2]
        entries = list(reader.entries(Span()))
        assert [row for row in entries if row.at_ns < second] == list(reader.entries(Span(0, second)))
        assert [row for row in entries if row.at_ns >= second] == list(reader.entries(Span(second)))
        assert list(reader.newest_entries(3)) == entries[:-4:-1]
        fills = list(reader.fills(Span()))
        assert len(fills) == 9
        assert list(reader.fills(Span(fills[2].at_ns, fills[4].at_ns))) == fills[2:4]
        assert list(reader.fills(Span(), newest_first=True)) == fills[::-1]


async def test_days_are_the_newest_first_and_only_those_asked_for(path: Path) -> None:
    day = NOON // DAY_NS
    with JournalReader(path) as reader:
        assert reader.last_day() == day + 2
        assert [flow.day for flow in reader.days(day + 1, day + 2)] == sorted(
            (flow.day for flow in reader.days(0, 1 << 40) if flow.day > day), reverse=True
        )
        assert {flow.day for flow in reader.days(day, day)} == {day}


async def test_open_orders_are_found_by_what_is_in_flight(path: Path) -> None:
    with JournalReader(path) as reader:
        found = reader.open_orders()
        assert [(row.session, row.order.id) for row in found.rows] == [("run-2", 3), ("run-2", 2)]
        assert found.unfound == {}
        assert [reader.last_stage("run-2", n) for n in (1, 2, 3)] == [Stage.FILLED, Stage.UNKNOWN, Stage.SENT]


async def test_one_that_is_final_ended_as_it_did(path: Path) -> None:
    with JournalReader(path) as reader:
        assert [reader.last_stage("run-1", n) for n in (1, 3)] == [Stage.FILLED, Stage.FILLED]
        assert [reader.is_final("run-1", n) for n in (1, 3, 5, 9)] == [True, True, False, False]
        assert [each.stage for each in reader.stages("run-1", 1)][-2:] == [Stage.FILLED, Stage.FINAL]


@pytest.mark.parametrize("later", [LEAST_LOOK - 1, LEAST_LOOK, LEAST_LOOK + 40])
async def test_an_open_order_of_long_ago_is_found_while_its_money_is_in_flight(tmp_path: Path, later: int) -> None:
    path = tmp_path / "paper.journal"
    run = await Run.begin(path, "run-1", NOON)
    run.send(1, NOON)
    for number in range(2, 2 + later):
        of = run.send(number, NOON + number)
        run.book(orders.ended(of, Stage.EXPIRED, recv_ns=of.sent_ns))
    await run.journal.close()
    with JournalReader(path) as reader:
        assert [row.order.id for row in reader.open_orders().rows] == [1]


async def test_money_in_flight_without_an_order_is_named(path: Path) -> None:
    tamper(path, "UPDATE balance SET atoms = atoms + 5 WHERE account = 'in_flight' AND token = ?", SOL)
    with JournalReader(path) as reader:
        assert reader.open_orders().unfound == {SOL: 5}


async def test_it_says_what_its_tokens_are(path: Path) -> None:
    with JournalReader(path) as reader:
        assert [token.mint for token in reader.listed.tokens] == [SOL, USDC, MEME]
        assert [pool.address for pool in reader.listed.pools] == ["A", "B", "C"]
        held = {(p.account, p.token) for p in reader.balances() if p.atoms}
        assert (Account.RENT_HELD, SOL) in held


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("PRAGMA user_version = 9", "found schema 9, expected a cambist journal, schema 3$"),
        (
            "PRAGMA user_version = 1",
            "found schema 1, expected a cambist journal, schema 3; `cambist run` brings an older one up to date",
        ),
        ("PRAGMA application_id = 7", "another application"),
        ("DELETE FROM meta WHERE key = 'mode'", "a journal of mode None"),
        ("UPDATE meta SET value = '{' WHERE key = 'listed'", "listed that can't be read"),
        ("DROP TABLE meta", "a damaged journal"),
    ],
)
async def test_what_is_no_journal_of_this_version_is_refused(path: Path, sql: str, found: str) -> None:
    tamper(path, sql)
    with pytest.raises(SessionError, match=found):
        JournalReader(path)


@pytest.mark.parametrize(
    ("sql", "ask"),
    [
        ("UPDATE balance SET atoms = 'x'", JournalReader.balances),
        ("UPDATE OR REPLACE balance SET account = 'mattress'", JournalReader.balances),
        ("UPDATE orders SET json = '{}'", JournalReader.open_orders),
        ("UPDATE entry SET json = '{}'", JournalReader.open_orders),
        ("UPDATE stage SET stage = 'lost'", lambda reader: reader.stages("run-1", 1)),
        ("UPDATE stage SET stage = 'lost'", lambda reader: reader.last_stage("run-1", 1)),
        ("UPDATE fill SET json = '{}'", lambda reader: list(reader.fills(Span()))),
    ],
)
async def test_a_row_that_cannot_be_read_is_an_error(
    path: Path, sql: str, ask: Callable[[JournalReader], object]
) -> None:
    tamper(path, sql)
    with JournalReader(path) as reader, pytest.raises(SessionError, match=r"paper\.journal: found"):
        ask(reader)


async def test_one_look_sees_one_state_while_the_journal_is_written(tmp_path: Path) -> None:
    path = tmp_path / "paper.journal"
    run = await Run.begin(path, "run-1", NOON)
    assert await run.journal.flush()
    with JournalReader(path) as reader:
        with reader.one_look():
            before = reader.balances()
            run.send(1, NOON + 1)
            assert await run.journal.flush()
            assert reader.balances() == before
            assert list(reader.orders(Span())) == []
        assert reader.balances() != before
        assert len(list(reader.orders(Span()))) == 1
    await run.journal.close()
