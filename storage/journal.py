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

from cambist.model.orders import Fill, Intent, Order, Refused
from storage.files import Lock, SessionError, create_private, open_read_only, private_folder, require_database, schema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

APPLICATION_ID = 0x43414D4A  # "CAMJ"
SCHEMA = 1
SYNCHRONOUS = {"paper": "NORMAL", "live": "FULL"}
"""Measured elsewhere: a FULL commit takes 3.7 ms at p50, a NORMAL one 12 µs. Only real money is worth it."""

Mode = Literal["paper", "live"]

_NOTE_HALT = "INSERT INTO halt (session, seq, at_ns, halted, reason) VALUES"
_LAST_HALT = "SELECT halted, session, seq, at_ns, reason FROM halt ORDER BY id DESC LIMIT 1"
_UNANSWERED = (
    "SELECT session, json FROM orders AS o WHERE NOT EXISTS (SELECT 1 FROM fill AS f "
    "WHERE f.session = o.session AND f.orders = o.id AND f.status <> 'unknown') ORDER BY at_ns, id LIMIT 10000"
)


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
        return self._add(seq, "INSERT INTO orders VALUES (?,?,?,?,?,?)", order.id, order.intent_id, seq, at_ns, text)

    def note_fill(self, seq: int, fill: Fill) -> bool:
        """Notes how an order ended."""
        text = msgspec.json.encode(fill).decode()
        sql = "INSERT INTO fill VALUES (?,?,?,?,?,?)"
        return self._add(seq, sql, fill.order_id, seq, fill.recv_ns, fill.status, text)

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

    def _add(self, seq: int, sql: str, *values: object) -> bool:
        if self.failure or self._closing or len(self._queue) + self._in_flight >= self._capacity:
            return False
        self._queue.append((seq, sql, (self._session, *values)))
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
        async with self._database.execute(_UNANSWERED) as cursor:
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
        if self.gate is not None and not (covered := await self.gate(max(seq for seq, _, _ in batch))):
            held = [await self.gate(seq) for seq, _, _ in batch]
            self.unrecorded += held.count(False)
            self._covered = covered
        else:
            self._covered = True

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
    require_database(path, APPLICATION_ID, (SCHEMA,), "cambist journal")
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


def _halt(row: tuple[object, ...] | None) -> Halt | None:
    if row is None or row[0] != 1:
        return None
    return msgspec.convert(row[1:], Halt)


def _unanswered(path: Path, row: sqlite3.Row) -> Unanswered:
    try:
        return Unanswered(str(row[0]), msgspec.json.decode(row[1], type=Order))
    except msgspec.MsgspecError as error:
        raise SessionError(path, f"an order that can't be read ({error})", "orders of this version") from error
