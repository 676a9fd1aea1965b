"""The journal: what was intended, refused, ordered and filled, and whether trading is halted. Paper and live apart.

A row is committed only once the recording holds the record that it came of (`gate`). Where it never will, because the
recording has ended or was cut, the row is entered all the same, and counted: what was done with money is not forgotten
for want of the market around it. `flush` is False then, so no order is sent on such a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import TYPE_CHECKING, Literal, NamedTuple

import aiosqlite
import msgspec

from cambist.execution.order_life import ENDED
from cambist.model.ledger import DAY_NS
from cambist.model.orders import Fill, Intent, Order, Refused, Stage, StageChange, StageTimes
from storage.files import Lock, SessionError, create_private, open_read_only, private_folder, require_database, schema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from cambist.execution.risk import RiskState
    from cambist.model.ledger import Entry
    from cambist.model.market import Listed

APPLICATION_ID = 0x43414D4A  # "CAMJ"
SCHEMA = 3
READABLE = (1, 2, SCHEMA)
"""1 had neither books nor stages, 2 no times of what went before an order was sent; `storage.journal_books.upgrade`
brings them up to date."""
SYNCHRONOUS = {"paper": "NORMAL", "live": "FULL"}
"""Measured elsewhere: a FULL commit takes 3.7 ms at p50, a NORMAL one 12 µs. Only real money is worth it."""

MAX_RULES = 1_000

Mode = Literal["paper", "live"]

_NOTE_HALT = "INSERT INTO halt (session, seq, at_ns, halted, reason) VALUES"
_NOTE_STAGE = (
    "INSERT INTO stage SELECT ?, ?, (SELECT count(*) + 1 FROM stage WHERE session = ? AND orders = ?), ?,?,?,?,?,?,?"
)
_NOTE_RISK = "INSERT INTO meta VALUES ('risk', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_NOTE_WALLET = "INSERT INTO meta VALUES ('wallet', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_NOTE_RULES = "INSERT INTO meta VALUES ('rules', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_NOTE_LISTED = "INSERT INTO meta VALUES ('listed', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_LAST_HALT = "SELECT halted, session, seq, at_ns, reason FROM halt ORDER BY id DESC LIMIT 1"
_ENDS = ", ".join(f"'{stage}'" for stage in sorted(ENDED))
UNANSWERED = (
    "SELECT session, json FROM orders AS o WHERE coalesce((SELECT f.status FROM fill AS f WHERE f.session = o.session "
    f"AND f.orders = o.id ORDER BY f.id DESC LIMIT 1), '') NOT IN ({_ENDS}) "
    "ORDER BY at_ns, id LIMIT 10000"
)
"""Orders of which no end stands: of some nothing was said, of some that a part was filled or their end taken back."""


_NOTE_UNSEEN = f"""
INSERT INTO stage
SELECT s.session, s.orders, s.n + 1, s.attempt, '{Stage.FINAL}', 0, ?, ?, json_extract(f.json, '$.slot'),
    iif(json_extract(f.json, '$.slot') IS NULL, '', 'slot')
FROM orders AS o
JOIN stage AS s ON s.session = o.session AND s.orders = o.id
    AND s.n = (SELECT max(n) FROM stage WHERE session = o.session AND orders = o.id)
JOIN fill AS f ON f.id = (SELECT max(id) FROM fill WHERE session = o.session AND orders = o.id)
WHERE s.stage IN ('{Stage.FILLED}', '{Stage.REVERTED}') AND f.status = s.stage
"""
UNSEEN = "the run ended before its end was seen to be final"
"""Reason of an order that is final because nobody watches its slot any more."""


class RuleRow(NamedTuple):
    """The operator's rule after a record of a session; empty for none."""

    session: str
    seq: int
    text: str


class Halt(NamedTuple):
    """A halt that nobody cleared."""

    session: str
    seq: int
    at_ns: int
    reason: str


class Unanswered(NamedTuple):
    """An order whose end is not known: ask the venue, never send it again."""

    session: str
    order: Order


class Journal:
    """The only writer of one journal. Made by `open`; the `note_…` calls never wait, `flush` makes them durable.

    They return False if the queue is full or writing failed: then nothing may be sent any more.
    """

    def __init__(self, path: Path, lock: Lock, database: aiosqlite.Connection, session: str, capacity: int) -> None:
        self.path = path
        self.failure = ""
        """Why nothing is written any more; empty while all is well."""
        self.halt: Halt | None = None
        """The halt in force, from this session or an earlier one."""
        self.unanswered: tuple[Unanswered, ...] = ()
        """Orders of earlier sessions without an outcome, as found at the start."""
        self.gate: Callable[[int], Awaitable[bool]] | None = None
        """Returns whether a seq is on disk, as soon as it is; False if it never will be. `None` without a recording."""
        self.unrecorded = 0
        """Rows that were entered without their record."""
        self._covered = True
        """Whether the recording holds the records of all rows of the last commit."""
        self._lock = lock
        self._database = database
        self._session = session
        self._capacity = capacity
        self._queue: list[tuple[int, str, tuple[object, ...]]] = []
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self._balances: dict[tuple[str, ...], int] = {}
        self._flows: dict[tuple[object, ...], int] = {}
        """Of the days that were booked on, (day, account, venue, token)."""
        self._rules: list[RuleRow] = []
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, mode: Mode, session: str, *, capacity: int = 8192) -> Journal:
        """Returns the journal at `path`, made if it is missing.

        Raises `Busy` if another process writes it, `SessionError` if it is no journal, of another mode, or damaged.
        """
        private_folder(path.parent)
        lock = Lock(path)
        try:
            fresh = _claim(path)
            database = await aiosqlite.connect(path, isolation_level=None, timeout=5)
        except BaseException:
            lock.release()
            raise
        journal = cls(path, lock, database, session, capacity)
        try:
            await journal._prepare(mode, fresh=fresh)
        except BaseException as error:
            await database.close()
            lock.release()
            if isinstance(error, sqlite3.Error):
                raise SessionError(path, f"a damaged journal ({error})", "one that reads") from error
            raise
        journal._task = asyncio.create_task(journal._run(), name=f"journal {path.name}")
        return journal

    def note_intent(self, seq: int, at_ns: int, intent: Intent) -> bool:
        """Notes what a strategy wants."""
        text = msgspec.json.encode(intent).decode()
        return self._add(seq, "INSERT INTO intent VALUES (?,?,?,?,?)", intent.id, seq, at_ns, text)

    def note_refused(self, seq: int, at_ns: int, refused: Refused) -> bool:
        """Notes why RiskGate said no."""
        sql = "INSERT INTO refusal VALUES (?,?,?,?,?,?)"
        return self._add(seq, sql, refused.intent_id, seq, at_ns, refused.reason, refused.detail)

    def note_order(self, seq: int, at_ns: int, order: Order) -> bool:
        """Notes an order. Await `flush` before it is sent."""
        text = msgspec.json.encode(order).decode()
        kinds = order.strategy, order.purpose.value, order.settlement, order.base, order.key
        sql = "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?)"
        return self._add(seq, sql, order.id, order.intent_id, seq, at_ns, *kinds, text)

    def note_times(self, seq: int, order: int, times: StageTimes) -> bool:
        """Notes how an order came about."""
        return self._add(seq, "INSERT INTO took VALUES (?,?,?)", order, msgspec.json.encode(times).decode())

    def note_stage(self, seq: int, change: StageChange, session: str = "") -> bool:
        """Notes that an order came to a stage. `session` is the order's, if that is an earlier one."""
        figure = None if change.figure is None else str(change.figure)
        of = session or self._session, change.order_id
        values = (change.attempt, change.stage.value, seq, change.at_ns, change.reason, figure, change.unit)
        return self._put(seq, _NOTE_STAGE, (*of, *of, *values))

    def note_fill(self, seq: int, fill: Fill, session: str = "") -> bool:
        """Notes how an order, or a part of it, ended. `session` is the order's, if that is an earlier one."""
        text = msgspec.json.encode(fill).decode()
        sql = "INSERT INTO fill (session, orders, seq, at_ns, status, json) VALUES (?,?,?,?,?,?)"
        values = (session or self._session, fill.order_id, seq, fill.recv_ns, fill.status.value, text)
        return self._put(seq, sql, values)

    def note_entry(self, seq: int, entry: Entry, session: str = "") -> bool:
        """Notes an entry of the books, its postings, and what accounts and the day come to with it.

        `session` is that of the entry's order, if it is an earlier one; the entry is numbered as one of those then.
        """
        of = session or self._session
        day, worth = entry.at_ns // DAY_NS, None if entry.worth is None else str(entry.worth)
        text = msgspec.json.encode(entry).decode()
        sql = "INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?)"
        about = (entry.id, seq, entry.at_ns, day, entry.kind.value, entry.order_id, worth, text)
        taken = self._put(seq, sql, (of, *about))
        for n, posting in enumerate(entry.postings, 1):
            key = posting.account.value, posting.venue, posting.token
            row = (of, entry.id, n, *key, str(posting.atoms))
            taken &= self._put(seq, "INSERT INTO posting VALUES (?,?,?,?,?,?,?)", row)
            balance = self._balances[key] = self._balances.get(key, 0) + posting.atoms
            taken &= self._put(seq, "INSERT OR REPLACE INTO balance VALUES (?,?,?,?)", (*key, str(balance)))
            flow = self._flows[day, *key] = self._flows.get((day, *key), 0) + posting.atoms
            taken &= self._put(seq, "INSERT OR REPLACE INTO flow VALUES (?,?,?,?,?)", (day, *key, str(flow)))
        return taken

    def note_unseen(self, at_ns: int) -> bool:
        """Notes of orders that traded or reverted in earlier runs that they are final: nothing takes that back now."""
        return self._put(0, _NOTE_UNSEEN, (at_ns, UNSEEN))

    def note_wallet(self, wallet: Mapping[str, int]) -> bool:
        """Notes what the config gave the wallet (mint → atoms): the next start posts what it changed since."""
        return self._put(0, _NOTE_WALLET, (msgspec.json.encode(dict(sorted(wallet.items()))).decode(),))

    def note_risk(self, seq: int, state: RiskState) -> bool:
        """Notes what the gate remembers: its day and what is left over go on over restarts."""
        return self._put(seq, _NOTE_RISK, (msgspec.json.encode(state).decode(),))

    def note_listed(self, listed: Listed) -> bool:
        """Notes what the tokens and pools are that rows speak of by mint and address."""
        return self._put(0, _NOTE_LISTED, (msgspec.json.encode(listed).decode(),))

    def note_rule(self, seq: int, text: str) -> bool:
        """Notes the operator's rule that counts after a record, 0 for the start; the last `MAX_RULES` are kept."""
        self._rules = [*self._rules, RuleRow(self._session, seq, text)][-MAX_RULES:]
        return self._put(seq, _NOTE_RULES, (msgspec.json.encode(self._rules).decode(),))

    def note_halt(self, seq: int, at_ns: int, reason: str) -> bool:
        """Notes that trading is halted; it stays so over restarts until `clear_halt`."""
        self.halt = Halt(self._session, seq, at_ns, reason)
        return self._add(
            seq, "INSERT INTO halt (session, seq, at_ns, halted, reason) VALUES (?,?,?,1,?)", seq, at_ns, reason
        )

    def clear_halt(self, seq: int, at_ns: int) -> bool:
        """Notes that the operator cleared the halt."""
        self.halt = None
        return self._add(seq, f"{_NOTE_HALT} (?,?,?,0,'')", seq, at_ns)

    async def flush(self) -> bool:
        """Returns when all that was noted is committed; False if `failure` says why not, or if a record is missing."""
        await self._idle.wait()
        return not self.failure and self._covered

    async def close(self) -> None:
        """Commits the rest and lets go of the file. May be called twice."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        try:
            if self._task is not None:
                await self._task
        finally:
            await self._database.close()
            self._lock.release()

    @property
    def waiting(self) -> int:
        """Rows that were entered and are not on disk."""
        return len(self._queue) + self._in_flight

    def _add(self, seq: int, sql: str, *values: object) -> bool:
        return self._put(seq, sql, (self._session, *values))

    def _put(self, seq: int, sql: str, values: tuple[object, ...]) -> bool:
        if self.failure or self._closing or len(self._queue) + self._in_flight >= self._capacity:
            return False
        self._queue.append((seq, sql, values))
        self._idle.clear()
        self._wake.set()
        return True

    async def _prepare(self, mode: Mode, *, fresh: bool) -> None:
        run = self._database.execute
        if fresh:  # before there is a WAL: a kill must not leave a header that names nobody
            await run(f"PRAGMA application_id={APPLICATION_ID}")
            await run(f"PRAGMA user_version={SCHEMA}")
        for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS[mode]}", "trusted_schema=OFF"):
            await run(f"PRAGMA {pragma}")
        if fresh:
            await self._database.executescript(
                f"BEGIN IMMEDIATE;\n{schema('journal.sql')}\nINSERT INTO meta VALUES ('mode', '{mode}');\nCOMMIT;"
            )
        found = await self._one("SELECT value FROM meta WHERE key = 'mode'")
        if found is None or found[0] != mode:
            raise SessionError(self.path, f"a journal of mode {found[0] if found else None!r}", f"mode {mode!r}")
        sound = await self._one("PRAGMA quick_check(1)")
        if sound is None or sound[0] != "ok":
            raise SessionError(self.path, f"a damaged journal ({sound and sound[0]})", "a sound one")
        self.halt = _halt(await self._one(_LAST_HALT))
        async with self._database.execute("SELECT account, venue, token, atoms FROM balance") as cursor:
            self._balances = {tuple(row[:3]): int(row[3]) for row in await cursor.fetchall()}
        rules = await self._one("SELECT value FROM meta WHERE key = 'rules'")
        self._rules = _rules(self.path, "[]" if rules is None else str(rules[0]))
        newest = "SELECT day, account, venue, token, atoms FROM flow WHERE day >= (SELECT max(day) - 1 FROM flow)"
        async with self._database.execute(newest) as cursor:
            self._flows = {tuple(row[:4]): int(row[4]) for row in await cursor.fetchall()}
        async with self._database.execute(UNANSWERED) as cursor:
            self.unanswered = tuple(_unanswered(self.path, row) for row in await cursor.fetchall())

    async def _one(self, sql: str) -> tuple[object, ...] | None:
        async with self._database.execute(sql) as cursor:
            row = await cursor.fetchone()
        return None if row is None else tuple(row)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and not self.failure:
                batch, self._queue = self._queue, []
                self._in_flight = len(batch)
                await self._wait_for_records(batch)
                await self._write(batch)
                self._in_flight = 0
            self._idle.set()
            if self._closing:
                return

    async def _wait_for_records(self, batch: list[tuple[int, str, tuple[object, ...]]]) -> None:
        """Returns once the recording holds what these rows came of, or never will, which is counted."""
        caused = [seq for seq, _, _ in batch if seq]  # what a start itself makes has no record
        if self.gate is None or not caused:
            self._covered = True
            return
        self._covered = await self.gate(max(caused))
        if not self._covered:
            held = [await self.gate(seq) for seq in caused]
            self.unrecorded += held.count(False)

    async def _write(self, batch: list[tuple[int, str, tuple[object, ...]]]) -> None:
        try:
            await self._database.execute("BEGIN IMMEDIATE")
            for _, sql, values in batch:
                await self._database.execute(sql, values)
            await self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self.failure = f"{type(error).__name__}: {error}"
            with contextlib.suppress(sqlite3.Error):
                await self._database.execute("ROLLBACK")


def read_halt(path: Path) -> Halt | None:
    """Returns the halt in force in a journal that nobody need be writing; `None` if there is none or no journal.

    Raises `SessionError` if the file is there and can't be read: an unreadable halt state is not "no halt".
    """
    if not path.exists():
        return None
    require_database(path, APPLICATION_ID, READABLE, "cambist journal")
    try:
        database = open_read_only(path)
        with contextlib.closing(database):
            return _halt(database.execute(_LAST_HALT).fetchone())
    except sqlite3.Error as error:
        raise SessionError(path, f"a damaged journal ({error})", "one that reads") from error


def _claim(path: Path) -> bool:
    """Returns whether the journal is to be made; an existing one was checked, a missing one is an empty file now."""
    if not path.exists():
        create_private(path)
    if path.stat().st_size == 0:  # also what a kill between the two steps leaves
        return True
    require_database(path, APPLICATION_ID, (SCHEMA,), "cambist journal")
    return False


def _rules(path: Path, text: str) -> list[RuleRow]:
    try:
        return msgspec.json.decode(text, type=list[RuleRow])
    except msgspec.MsgspecError as error:
        raise SessionError(path, f"rules that can't be read ({error})", "rules of this version") from error


def _halt(row: tuple[object, ...] | None) -> Halt | None:
    if row is None or row[0] != 1:
        return None
    return msgspec.convert(row[1:], Halt)


def _unanswered(path: Path, row: sqlite3.Row) -> Unanswered:
    try:
        return Unanswered(str(row[0]), msgspec.json.decode(row[1], type=Order))
    except msgspec.MsgspecError as error:
        raise SessionError(path, f"an order that can't be read ({error})", "orders of this version") from error
