"""How long an operator's questions take at a journal of a million rows: a demo run's own rows, told again and again."""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        took = [] if sound.exit_code else [_asked(path, question) for _ in range(plan.times)]
        yield _row(f"cambist {question}, at a million journal rows, p50", took, note)
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


def _asked(path: Path, question: str) -> float:
    """Returns the milliseconds from a journal's path to the answer in JSON."""
    begun = time.perf_counter()
    with JournalReader(path) as reader, reader.one_look():
        answer = QUESTIONS[question](of_journal(reader, time.time_ns()), Wanted())
    msgspec.json.encode(answer)
    return (time.perf_counter() - begun) * 1000


def _row(name: str, took: list[float], note: str) -> Row:
    half = statistics.median(took) if took else None
    note += f"; at most {max(took):.3g} ms of {len(took)} times" if took else ""
    return judged(Row(name, half, "ms", note=note, better="less"), [most(LIMIT_MS)])


def _depth_row(config: Config, session: str, plan: Plan) -> Row:
    """Returns how long a book of the recorded session takes, from its path to the levels."""
    path = find(config.session_folder, session)
    with SessionReader(path) as reader:
        known = depth(reader, compose.fresh_kernel(), "", LEVELS).known
        keyframes, ends = len(reader.keyframes()), reader.extent()
    books = [source for source in known if not source.startswith("solana:")]
    took = []
    for turn in range(plan.times if books else 0):
        begun = time.perf_counter()
        with SessionReader(path) as reader:
            depth(reader, compose.fresh_kernel(), books[turn % len(books)], LEVELS)
        took.append((time.perf_counter() - begun) * 1000)
    records = ends[1].last_seq if ends else 0
    note = f"a session of {records:,} records at rate {plan.rate:g}, {keyframes} keyframes; from its path to the levels"
    return _row("cambist depth, of a session, p50", took, note)
