"""Whether a journal is what it says: every entry balances, sums are sums, orders lived as orders do.

It is read in two passes, through entries with their postings and through orders with their stages; of each only what is
added up is kept.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from cambist.execution.order_life import ENDED, NEXT
from cambist.model.ledger import DAY_NS, Account, Entry, trial_balance
from cambist.model.orders import Fill, Order, Stage
from storage.files import SessionError, open_read_only
from storage.journal_reader import require_current
from storage.verify import DAMAGED, MAX_FINDINGS, SOUND, UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FIRST = frozenset({Stage.NEW, Stage.SENT})
"""Stages that an order may begin with; those of schema 1 begin at `SENT`."""
_TABLES = ("intent", "refusal", "orders", "stage", "fill", "entry", "posting", "halt")


class JournalVerification(msgspec.Struct, frozen=True):
    """What was found in a journal."""

    journal: str
    exit_code: int
    """0 sound, 1 damaged, 2 unusable."""
    mode: str = ""
    rows: dict[str, int] = {}
    """By table."""
    off: dict[str, str] = {}
    """The trial balance: by token the atoms that all postings sum to where that is not zero."""
    open_orders: int = 0
    in_flight: dict[str, str] = {}
    """Atoms by token that orders without an end tie up."""
    runs: int = 0
    """Runs that wrote it."""
    unrecorded: dict[str, int] = {}
    """Orders by run whose record no session that is there holds; no damage: sessions are removed with age."""
    findings: tuple[str, ...] = ()
    """Each damage in words, at most 100."""

    @property
    def balance(self) -> str:
        """The trial balance in words."""
        if not self.off:
            return f"books: balanced, {self.rows.get('posting', 0):,} postings of {self.rows.get('entry', 0):,} entries"
        return "books: NOT BALANCED: " + ", ".join(f"{atoms} of {token}" for token, atoms in self.off.items())


def verify_journal(path: Path, holds: Callable[[int, int], bool] | None = None) -> JournalVerification:
    """Returns what is right and wrong with the journal at `path`. Changes nothing, never raises for what it holds.

    `holds` says whether a session is there that has a record of a seq and a time; without it nobody looks.
    """
    try:
        require_current(path)
        database = open_read_only(path)
    except (SessionError, OSError, sqlite3.Error) as error:
        return JournalVerification(str(path), UNUSABLE, findings=(str(error),))
    with contextlib.closing(database):
        check = _Check(database, holds)
        try:
            database.execute("BEGIN")
            return check.run(path)
        except (sqlite3.Error, UnicodeDecodeError, msgspec.MsgspecError, ValueError, TypeError) as error:
            check.note(f"it can't be read further: {error}")
            return JournalVerification(str(path), DAMAGED, findings=tuple(check.findings))


class _Check:
    """Adds up while rows pass by."""

    def __init__(self, database: sqlite3.Connection, holds: Callable[[int, int], bool] | None) -> None:
        self._run, self._holds = database.execute, holds
        self.findings: list[str] = []
        self._balances: Counter[tuple[str, ...]] = Counter()
        self._flows: Counter[tuple[object, ...]] = Counter()
        self._tied: dict[tuple[str, int], Counter[str]] = {}
        """Atoms in flight by order and token."""
        self._unrecorded: Counter[str] = Counter()

    def note(self, text: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(text)

    def run(self, path: Path) -> JournalVerification:
        """Looks at all of it."""
        for (found,) in self._run("PRAGMA quick_check(10)"):
            if found != "ok":
                self.note(str(found))
        meta = dict(self._run("SELECT key, value FROM meta LIMIT 1000"))
        mode = str(meta.get("mode"))
        if mode not in ("paper", "live"):
            self.note(f"a journal of mode {mode!r}")
        self._entries()
        self._sums()
        open_orders, in_flight = self._orders()
        self._fills()
        self._answers()
        rows = {name: int(self._run(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in _TABLES}
        off: Counter[str] = Counter()
        for (_, _, token), atoms in self._balances.items():
            off[token] += atoms
        return JournalVerification(
            journal=str(path),
            exit_code=DAMAGED if self.findings else SOUND,
            mode=mode,
            rows=rows,
            off={token: str(atoms) for token, atoms in sorted(off.items()) if atoms},
            open_orders=open_orders,
            in_flight={token: str(atoms) for token, atoms in sorted(in_flight.items()) if atoms},
            runs=len(self._run("SELECT DISTINCT session FROM entry UNION SELECT session FROM orders").fetchall()),
            unrecorded=dict(sorted(self._unrecorded.items())),
            findings=tuple(self.findings),
        )

    def _entries(self) -> None:
        """Compares each entry with its postings, and adds those up by account, day and order."""
        postings = _Grouped(self._run("SELECT session, entry, account, venue, token, atoms FROM posting"))
        columns = "session, id, at_ns, day, kind, orders, worth, json"
        for session, number, *row in self._run(f"SELECT {columns} FROM entry ORDER BY session, id"):
            at_ns, day, kind, order, worth, text = row
            where = f"entry {number} of {session}"
            for stray in postings.before((session, number)):
                self.note(f"postings of entry {stray[1]} of {stray[0]}, which is not there")
            mine = postings.of((session, number))
            for account, venue, token, atoms in mine:
                self._add(day, (session, order), (str(account), str(venue), str(token)), int(str(atoms)))
            try:
                entry = msgspec.json.decode(text, type=Entry)
            except msgspec.MsgspecError as error:
                self.note(f"{where}: can't be read ({error})")
                continue
            said = [(p.account.value, p.venue, p.token, str(p.atoms)) for p in entry.postings]
            if said != mine:
                self.note(f"{where}: its postings are not those that it was made with")
            if off := trial_balance(entry.postings):
                self.note(f"{where}: does not balance: {_atoms(off)}")
            about = (entry.id, entry.kind.value, entry.order_id, None if entry.worth is None else str(entry.worth))
            if about != (number, kind, order, worth) or day != at_ns // DAY_NS:
                self.note(f"{where}: its columns say something else than the entry")
        for stray in postings.rest():
            self.note(f"postings of entry {stray[1]} of {stray[0]}, which is not there")

    def _add(self, day: int, order: tuple[str, int], key: tuple[str, ...], atoms: int) -> None:
        self._balances[key] += atoms
        self._flows[(day, *key)] += atoms
        if key[0] == Account.IN_FLIGHT:
            self._tied.setdefault(order, Counter())[key[2]] += atoms

    def _sums(self) -> None:
        """Compares balances and flows with the sums of postings."""
        kept = {tuple(row[:3]): int(row[3]) for row in self._run("SELECT account, venue, token, atoms FROM balance")}
        for key in sorted({*kept, *self._balances}):
            if kept.get(key, 0) != self._balances[key]:
                name = " ".join(map(str, key))
                self.note(f"balance of {name}: {kept.get(key, 0)}, its postings sum to {self._balances[key]}")
        days = {tuple(row[:4]): int(row[4]) for row in self._run("SELECT day, account, venue, token, atoms FROM flow")}
        for at in sorted({*days, *self._flows}, key=str):
            if days.get(at, 0) != self._flows[at]:
                name = " ".join(map(str, at))
                self.note(f"flow of day {name}: {days.get(at, 0)}, its postings sum to {self._flows[at]}")

    def _orders(self) -> tuple[int, Counter[str]]:
        """Looks at each order's stages and at what it ties up; returns how many are open, and what those tie up."""
        stages = _Grouped(self._run("SELECT session, orders, n, stage, attempt FROM stage"))
        open_orders, in_flight = 0, Counter[str]()
        for session, number, seq, at_ns, text in self._run(
            "SELECT session, id, seq, at_ns, json FROM orders ORDER BY session, id"
        ):
            where, of = f"order {number} of {session}", (session, number)
            for stray in stages.before(of):
                self.note(f"stages of order {stray[1]} of {stray[0]}, which is not there")
            last, tied = self._life(where, stages.of(of)), self._tied.pop(of, Counter())
            if msgspec.json.decode(text, type=Order).id != number:
                self.note(f"{where}: its columns say something else than the order")
            if last not in ENDED:
                open_orders += 1
                in_flight.update(tied)
            elif left := {token: atoms for token, atoms in sorted(tied.items()) if atoms}:
                self.note(f"{where}: is {last.value} and has {_atoms(left)} in flight")
            if self._holds is not None and seq and not self._holds(seq, at_ns):
                self._unrecorded[session] += 1
        for stray in stages.rest():
            self.note(f"stages of order {stray[1]} of {stray[0]}, which is not there")
        for (session, number), tied in self._tied.items():
            if left := {token: atoms for token, atoms in sorted(tied.items()) if atoms}:
                self.note(f"order {number} of {session}, which is not there, has {_atoms(left)} in flight")
        return open_orders, in_flight

    def _life(self, where: str, rows: list[tuple[object, ...]]) -> Stage:
        """Returns the last stage of an order; notes each that can't follow the one before."""
        if not rows:
            self.note(f"{where}: has no stage")
            return Stage.NEW
        at: Stage | None = None
        for place, (n, name, _) in enumerate(rows, 1):
            stage = Stage(str(name))
            if n != place:
                self.note(f"{where}: stage {place} is missing")
            if stage not in (_FIRST if at is None else NEXT[at]):
                self.note(f"{where}: {stage.value} can't follow {'nothing' if at is None else at.value}")
            at = stage
        assert at is not None
        return at

    def _fills(self) -> None:
        """Looks whether each outcome is of an order that came to such a stage, and adds up."""
        rows = self._run(
            "SELECT f.session, f.orders, f.status, f.json, "
            "EXISTS (SELECT 1 FROM orders AS o WHERE o.session = f.session AND o.id = f.orders), "
            "EXISTS (SELECT 1 FROM stage AS s WHERE (s.session, s.orders, s.stage) = (f.session, f.orders, f.status)) "
            "FROM fill AS f ORDER BY f.id"
        )
        for session, number, status, text, has_order, has_stage in rows:
            where, fill = f"outcome of order {number} of {session}", msgspec.json.decode(text, type=Fill)
            if not has_order:
                self.note(f"{where}, which is not there")
            elif not has_stage:
                self.note(f"{where}: is {status}, a stage that the order never came to")
            if (fill.order_id, fill.status.value) != (number, status):
                self.note(f"{where}: its columns say something else than the outcome")
            if fill.net != fill.amount_out - fill.amount_in - fill.fee:
                self.note(f"{where}: net is {fill.net}, out − in − fee {fill.amount_out - fill.amount_in - fill.fee}")

    def _answers(self) -> None:
        """Looks whether each order and each refusal is of an intent that is there."""
        for what, table, column in (("order", "orders", "id"), ("refusal", "refusal", "intent")):
            rows = self._run(
                f"SELECT t.session, t.{column}, t.intent FROM {table} AS t WHERE NOT EXISTS "
                "(SELECT 1 FROM intent AS i WHERE i.session = t.session AND i.id = t.intent)"
            )
            for session, number, intent in rows:
                self.note(f"{what} {number} of {session}: its intent {intent} is not there")


class _Grouped:
    """Rows in order of their first two columns, handed out group by group."""

    def __init__(self, rows: Iterator[tuple[object, ...]]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def before(self, key: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
        """Yields the keys of groups ahead of one, and passes over them."""
        while self._next is not None and self._next[:2] < key:
            found = self._next[:2]
            self.of(found)
            yield found

    def of(self, key: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Returns the rows of a group without their key."""
        found = []
        while self._next is not None and self._next[:2] == key:
            found.append(self._next[2:])
            self._next = next(self._rows, None)
        return found

    def rest(self) -> Iterator[tuple[object, ...]]:
        """Yields the keys of what is left."""
        while self._next is not None:
            found = self._next[:2]
            self.of(found)
            yield found


def _atoms(sums: dict[str, int]) -> str:
    return ", ".join(f"{atoms} of {token}" for token, atoms in sums.items())
