"""How long an operator's questions take at a journal of a million rows: a demo run's own rows, told again and again."""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist import compose
from cambist.bench.goal import judged, most
from cambist.bench.replaying import recorded
from cambist.bench.row import Row
from cambist.model.ledger import DAY_NS
from cambist.runtime.depth import depth
from cambist.statements.asked import QUESTIONS, Wanted, of_journal
from storage.catalogue import find
from storage.journal_reader import JournalReader
from storage.journal_verify import verify_journal
from storage.reader import SessionReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cambist.config import Config

LIMIT_MS = 50
LEVELS = 10
_TABLES = {
    "intent": "session || '~' || k, id, seq, at_ns + k * :span, json",
    "refusal": "session || '~' || k, intent, seq, at_ns + k * :span, reason, detail",
    "orders": "session || '~' || k, id, intent, seq, at_ns + k * :span, strategy, purpose, settlement, base, route, "
    "json",
    "stage": "session || '~' || k, orders, n, attempt, stage, seq, at_ns + k * :span, reason, figure, unit",
    "fill": "NULL, session || '~' || k, orders, seq, at_ns + k * :span, status, json",
    "entry": "session || '~' || k, id, seq, at_ns + k * :span, (at_ns + k * :span) / :day, kind, orders, worth, json",
    "posting": "session || '~' || k, entry, n, account, venue, token, atoms",
}
"""The rows of a run once more, at a later time and as another run's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded, how large its journal is made, and how often each question is asked."""

    seconds: float = 15.0
    rate: float = 20.0
    rows: int = 1_000_000
    times: int = 25


def rows(config: Config, plan: Plan, notify: Callable[[str], None]) -> Iterator[Row]:
    """Yields the median of each question."""
    notify(f"recording {plan.seconds:.0f} s of the embedded market at rate {plan.rate:g}")
    session = recorded(config, plan.rate, plan.seconds)
    path = compose.journal_path(config)
    notify(f"making a journal of {plan.rows:,} rows")
    counted = lengthen(path, plan.rows)
    sound = verify_journal(path)
    note = f"a journal of {counted:,} rows, {path.stat().st_size / 1e6:,.0f} MB; from its path to the JSON"
    if sound.exit_code:
        note = f"the journal made is not sound: {sound.findings[0]}"
    for question in QUESTIONS:
        notify(f"asking for {question}")
        took = [] if sound.exit_code else [_timed(partial(_ask, path, question)) for _ in range(plan.times)]
        yield _row(f"cambist {question}, of a journal, p50", took, note)
    notify("asking for depth")
    yield _depth_row(config, session, plan)


def lengthen(path: Path, wanted: int) -> int:
    """Tells a journal's rows again at later times until there are so many; returns how many there are."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        counts = [int(database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in _TABLES]
        turns = -(-wanted // sum(counts)) - 1
        first, last = database.execute("SELECT min(at_ns), max(at_ns) FROM entry").fetchone()
        values = {"turns": turns, "span": last - first + 1_000_000_000, "day": DAY_NS}
        database.execute("BEGIN IMMEDIATE")
        for name, columns in _TABLES.items():
            database.execute(
                "WITH RECURSIVE turn(k) AS (VALUES (1) UNION ALL SELECT k + 1 FROM turn WHERE k < :turns) "
                f"INSERT INTO {name} SELECT {columns} FROM turn, {name} ORDER BY k",
                values,
            )
        _sum_up(database)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(counts) * (turns + 1)


def _sum_up(database: sqlite3.Connection) -> None:
    """Writes what accounts and days come to."""
    balances, flows = Counter[tuple[str, ...]](), Counter[tuple[object, ...]]()
    for day, account, venue, token, atoms in database.execute(
        "SELECT day, account, venue, token, atoms FROM posting AS p "
        "JOIN entry AS e ON (e.session, e.id) = (p.session, p.entry)"
    ):
        balances[account, venue, token] += int(atoms)
        flows[day, account, venue, token] += int(atoms)
    database.executemany(
        "INSERT OR REPLACE INTO balance VALUES (?,?,?,?)", [(*key, str(atoms)) for key, atoms in balances.items()]
    )
    database.executemany(
        "INSERT OR REPLACE INTO flow VALUES (?,?,?,?,?)", [(*key, str(atoms)) for key, atoms in flows.items()]
    )


class _Took(NamedTuple):
    """Milliseconds of one answer."""

    wall: float
    cpu: float
    """Of this process: what it takes on a machine that does nothing else."""


def _timed(answer: Callable[[], object]) -> _Took:
    begun, cpu = time.perf_counter(), time.process_time()
    answer()
    return _Took((time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000)


def _ask(path: Path, question: str) -> bytes:
    """Returns the answer in JSON."""
    with JournalReader(path) as reader, reader.one_look():
        return msgspec.json.encode(QUESTIONS[question](of_journal(reader, time.time_ns()), Wanted()))


def _read(path: Path, book: str) -> object:
    with SessionReader(path) as reader:
        return depth(reader, compose.fresh_kernel(), book, LEVELS)


def _row(name: str, took: list[_Took], note: str) -> Row:
    half = statistics.median(each.wall for each in took) if took else None
    if took:
        cpu, longest = statistics.median(each.cpu for each in took), max(each.wall for each in took)
        note += f"; {len(took)} times, at most {longest:.3g} ms; {cpu:.3g} ms of processor at the median"
    return judged(Row(name, half, "ms", note=note, better="less"), [most(LIMIT_MS)])


def _depth_row(config: Config, session: str, plan: Plan) -> Row:
    """Returns how long a book of the recorded session takes, from its path to the levels."""
    path = find(config.session_folder, session)
    with SessionReader(path) as reader:
        books = depth(reader, compose.fresh_kernel(), "", LEVELS).known
        keyframes, ends = len(reader.keyframes()), reader.extent()
    chosen = [books[turn % len(books)] for turn in range(plan.times)] if books else []
    took = [_timed(partial(_read, path, book)) for book in chosen]
    records = ends[1].last_seq if ends else 0
    note = f"a session of {records:,} records at rate {plan.rate:g}, {keyframes} keyframes; from its path to the levels"
    return _row("cambist depth, of a session, p50", took, note)
