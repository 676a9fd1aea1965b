"""Reads a journal, also one that is being written: its balances, days, entries, orders with their stages, and fills.

Every query that a question of the command line asks goes by an index (`INDEXED`), so it takes as long at a million rows
as at a thousand.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

import msgspec

from cambist.execution.order_life import ENDED
from cambist.model.ledger import DAY_NS, Account, Entry, Posting
from cambist.model.market import Listed
from cambist.model.orders import Fill, Order, Stage, StageTimes
from storage.files import SessionError, open_read_only, require_database
from storage.journal import APPLICATION_ID, READABLE, SCHEMA, RuleRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHAT = "cambist journal"
FOREVER_NS = 2**63 - 1
LOOK_BACK = 10_000
"""So many orders are looked through for open ones whose money is in flight, and no more."""
LEAST_LOOK = 64
"""So many of the newest are looked through although nothing is in flight."""

_ENDED = ", ".join(f"'{stage.value}'" for stage in sorted(ENDED))
INDEXED = {
    "balances": "SELECT account, venue, token, atoms FROM balance ORDER BY account, venue, token",
    "days": "SELECT day, account, venue, token, atoms FROM flow WHERE day BETWEEN ? AND ? ORDER BY day DESC",
    "last day": "SELECT max(day) FROM flow",
    "entries": "SELECT session, seq, at_ns, json FROM entry WHERE day BETWEEN ? AND ? AND at_ns >= ? AND at_ns < ? "
    "ORDER BY day, at_ns, rowid",
    "newest entries": "SELECT session, seq, at_ns, json FROM entry ORDER BY day DESC, at_ns DESC, rowid DESC LIMIT ?",
    "orders": "SELECT session, seq, at_ns, json FROM orders WHERE at_ns >= ? AND at_ns < ? ORDER BY at_ns, rowid",
    "newest orders": "SELECT session, seq, at_ns, json FROM orders WHERE at_ns >= ? AND at_ns < ? "
    "ORDER BY at_ns DESC, rowid DESC",
    "order": "SELECT session, seq, at_ns, json FROM orders WHERE session = ? AND id = ?",
    "seq of an intent": "SELECT json_extract(json, '$.opportunity.seq') FROM intent WHERE session = ? AND id = ?",
    "stages": "SELECT n, attempt, stage, seq, at_ns, reason, figure, unit FROM stage WHERE session = ? AND orders = ? "
    "ORDER BY n",
    "last stages": "SELECT stage FROM stage WHERE session = ? AND orders = ? ORDER BY n DESC LIMIT 2",
    "times": "SELECT json FROM took WHERE session = ? AND orders = ?",
    "fills": "SELECT session, seq, at_ns, json FROM fill WHERE at_ns >= ? AND at_ns < ? ORDER BY at_ns, id",
    "newest fills": "SELECT session, seq, at_ns, json FROM fill WHERE at_ns >= ? AND at_ns < ? "
    "ORDER BY at_ns DESC, id DESC",
    "entries of an order": "SELECT session, seq, at_ns, json FROM entry WHERE session = ? AND orders = ? ORDER BY id",
    "open orders": "SELECT session, seq, at_ns, json FROM "
    "(SELECT * FROM orders ORDER BY at_ns DESC, rowid DESC LIMIT ? OFFSET ?) AS o WHERE coalesce("
    "(SELECT stage FROM stage AS s WHERE s.session = o.session AND s.orders = o.id ORDER BY n DESC LIMIT 1), '') "
    f"NOT IN ({_ENDED})",
}
"""Each question in SQL."""
_T = TypeVar("_T")


class Span(NamedTuple):
    """A span of time: from the first nanosecond on, up to and without the last."""

    since_ns: int = 0
    until_ns: int = FOREVER_NS


class OrderRow(NamedTuple):
    """An order as it was approved."""

    session: str
    seq: int
    at_ns: int
    order: Order


class StageRow(NamedTuple):
    """A stage that an order came to."""

    n: int
    attempt: int
    stage: Stage
    seq: int
    at_ns: int
    reason: str
    figure: str | None
    unit: str


class FillRow(NamedTuple):
    """How an order, or a part of it, ended."""

    session: str
    seq: int
    at_ns: int
    fill: Fill


class EntryRow(NamedTuple):
    """An entry of the books."""

    session: str
    seq: int
    at_ns: int
    entry: Entry


class DayFlow(NamedTuple):
    """What an account moved by on a day (days since 1970, UTC)."""

    day: int
    posting: Posting


class OpenOrders(NamedTuple):
    """Orders without an end, newest first."""

    rows: list[OrderRow]
    unfound: dict[str, int]
    """Atoms in flight by token that belong to none of them nor to any order that was looked at."""


def require_current(path: Path) -> None:
    """Raises `SessionError` unless a file is a journal of this schema; of an older one it says what to do."""
    try:
        require_database(path, APPLICATION_ID, (SCHEMA,), WHAT)
    except SessionError as error:
        if error.found not in {f"schema {version}" for version in READABLE}:
            raise
        how = "`cambist run` brings an older one up to date and leaves a copy beside it"
        raise SessionError(path, error.found, f"a {WHAT}, schema {SCHEMA}; {how}") from error


class JournalReader:
    """Reads one journal. Every call may raise `SessionError`; opening also `OSError`."""

    def __init__(self, path: Path) -> None:
        """Opens the journal at `path`. One of an older or newer schema is refused with both versions named."""
        self.path = path
        require_current(path)
        with self._readable():
            self._database = open_read_only(path)
        try:
            meta = {str(key): str(value) for key, value in self._rows("SELECT key, value FROM meta LIMIT 1000")}
            if meta.get("mode") not in ("paper", "live"):
                raise SessionError(path, f"a journal of mode {meta.get('mode')!r}", "mode 'paper' or 'live'")
            self.mode = meta["mode"]
            listed = self._decoded(meta["listed"], Listed) if "listed" in meta else Listed()
            self.listed: Listed = listed
            """What tokens and pools of its rows are; empty in a journal of before that was noted."""
            self._rules = self._decoded(meta.get("rules", "[]"), list[RuleRow])
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    @contextmanager
    def one_look(self) -> Iterator[None]:
        """Lets several calls see one state of a journal that is being written."""
        with self._readable():
            self._database.execute("BEGIN")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def balances(self) -> list[Posting]:
        """Returns what each account holds, those of zero too."""
        return [self._posting(row) for row in self._rows(INDEXED["balances"])]

    def days(self, first: int, last: int) -> list[DayFlow]:
        """Returns what accounts moved by on each day from `first` to `last`, the newest day first."""
        rows = self._rows(INDEXED["days"], first, last)
        return [DayFlow(self._converted(row[0], int), self._posting(row[1:])) for row in rows]

    def last_day(self) -> int | None:
        """Returns the newest day that something was booked on."""
        return self._converted(next(self._rows(INDEXED["last day"]))[0], int | None)  # type: ignore[arg-type]

    def entries(self, span: Span) -> Iterator[EntryRow]:
        """Yields the entries of a span, oldest first."""
        days = span.since_ns // DAY_NS, max(span.since_ns, span.until_ns - 1) // DAY_NS
        for row in self._rows(INDEXED["entries"], *days, *span):
            yield EntryRow(*self._head(row), self._decoded(row[3], Entry))

    def newest_entries(self, limit: int) -> Iterator[EntryRow]:
        """Yields the last entries, newest first."""
        for row in self._rows(INDEXED["newest entries"], limit):
            yield EntryRow(*self._head(row), self._decoded(row[3], Entry))

    def entries_of(self, session: str, order: int) -> list[EntryRow]:
        """Returns the entries of an order."""
        rows = self._rows(INDEXED["entries of an order"], session, order)
        return [EntryRow(*self._head(row), self._decoded(row[3], Entry)) for row in rows]

    def orders(self, span: Span, *, newest_first: bool = False) -> Iterator[OrderRow]:
        """Yields the orders of a span, oldest first or newest first."""
        for row in self._rows(INDEXED["newest orders" if newest_first else "orders"], *span):
            yield self._order(row)

    def order(self, session: str, number: int) -> OrderRow | None:
        """Returns an order, `None` if there is none."""
        return next(map(self._order, self._rows(INDEXED["order"], session, number)), None)

    def rule(self, session: str, intent: int) -> str | None:
        """Returns the operator's rule that was in force when an intent was decided on, `None` if that is not known."""
        row = next(self._rows(INDEXED["seq of an intent"], session, intent), None)
        if row is None or row[0] is None:
            return None
        seq = self._converted(row[0], int)
        found = [rule.text for rule in self._rules if rule.session == session and rule.seq < seq]
        return found[-1] if found else None

    def stages(self, session: str, order: int) -> list[StageRow]:
        """Returns the stages of an order in the order in which it came to them."""
        return [self._converted(row, StageRow) for row in self._rows(INDEXED["stages"], session, order)]

    def times(self, session: str, order: int) -> StageTimes | None:
        """Returns how an order came about; `None` of one that turns back what is left over, and of older sessions."""
        row = next(self._rows(INDEXED["times"], session, order), None)
        return None if row is None else self._decoded(row[0], StageTimes)

    def last_stage(self, session: str, order: int) -> Stage:
        """Returns how far an order has come; of one that is final, how it ended."""
        last = [self._converted(row[0], Stage) for row in self._rows(INDEXED["last stages"], session, order)]
        return next((stage for stage in last if stage is not Stage.FINAL), Stage.NEW)

    def is_final(self, session: str, order: int) -> bool:
        """Returns whether nothing can take back how an order ended."""
        row = next(self._rows(INDEXED["last stages"], session, order), None)
        return row is not None and self._converted(row[0], Stage) is Stage.FINAL

    def fills(self, span: Span, *, newest_first: bool = False) -> Iterator[FillRow]:
        """Yields the outcomes of a span, oldest first or newest first."""
        for row in self._rows(INDEXED["newest fills" if newest_first else "fills"], *span):
            yield FillRow(*self._head(row), self._decoded(row[3], Fill))

    def open_orders(self) -> OpenOrders:
        """Returns the orders that have no end.

        Beyond the newest they are looked for only while money is in flight that is not found to be theirs, and through
        `LOOK_BACK` orders at most.
        """
        left: Counter[str] = Counter()
        for posting in self.balances():
            if posting.account == Account.IN_FLIGHT:
                left[posting.token] += posting.atoms
        found = [self._order(row) for row in self._rows(INDEXED["open orders"], LEAST_LOOK, 0)]
        for row in found:
            left.subtract(self._tied(row))
        if any(left.values()):
            for row in map(self._order, self._rows(INDEXED["open orders"], LOOK_BACK, LEAST_LOOK)):
                found.append(row)
                left.subtract(self._tied(row))
                if not any(left.values()):
                    break
        return OpenOrders(found, {token: atoms for token, atoms in sorted(left.items()) if atoms})

    def _tied(self, row: OrderRow) -> Counter[str]:
        """Returns what an order has in flight, by token."""
        tied: Counter[str] = Counter()
        for each in self.entries_of(row.session, row.order.id):
            for posting in each.entry.postings:
                if posting.account == Account.IN_FLIGHT:
                    tied[posting.token] += posting.atoms
        return tied

    def _order(self, row: tuple[object, ...]) -> OrderRow:
        return OrderRow(*self._head(row), self._decoded(row[3], Order))

    def _head(self, row: tuple[object, ...]) -> tuple[str, int, int]:
        session, seq, at_ns = row[:3]
        return str(session), self._converted(seq, int), self._converted(at_ns, int)

    def _posting(self, row: tuple[object, ...]) -> Posting:
        account, venue, token, atoms = row
        try:
            return Posting(Account(str(account)), str(venue), str(token), int(str(atoms)))
        except ValueError as error:
            raise SessionError(self.path, f"an account that can't be read ({error})", "one of this version") from error

    def _rows(self, sql: str, *values: object) -> Iterator[tuple[object, ...]]:
        with self._readable():
            for row in self._database.execute(sql, values):  # noqa: UP028 - that closes a cursor whose file is closed
                yield row

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SessionError(self.path, f"a damaged journal ({error})", "one that reads") from error

    def _decoded(self, text: object, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(str(text), type=kind)
        except msgspec.MsgspecError as error:
            found = f"{kind.__name__.lower()} that can't be read ({error})"
            raise SessionError(self.path, found, "rows of this version") from error

    def _converted(self, value: object, kind: type[_T]) -> _T:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise SessionError(self.path, f"a row that can't be read ({error})", kind.__name__) from error
