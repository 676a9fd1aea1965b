"""What a journal says of money before a run: balances, the day so far, orders that never got an end.

A journal of an older schema is brought up to date first, with a copy of it left beside.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cambist.execution.legged import Filled
from cambist.execution.order_life import ENDED
from cambist.execution.risk import RiskState
from cambist.model.earlier import order_with_legs
from cambist.model.ledger import CHAIN, DAY_NS, Account, Entry, EntryKind, Posting, earned
from cambist.model.market import Listed
from cambist.model.orders import Charges, Fill, Order, Stage, Working
from storage.files import Lock, SessionError, open_read_only, require_database, schema
from storage.journal import APPLICATION_ID, READABLE, SCHEMA, UNANSWERED, Unanswered

if TYPE_CHECKING:
    from pathlib import Path

WHAT = "cambist journal"
_COMMENT = re.compile(r"--.*")
ADDED = "took"
"""Table that schema 2 lacks."""
_PARTS = ("meta", "intent", "refusal", "orders", "fill", "halt")
"""Tables of schema 1."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a journal holds that a run goes on from."""

    balances: list[Posting] = field(default_factory=list)
    """What each account holds."""
    wallet: dict[str, int] = field(default_factory=dict)
    """What the config gave the wallets when they were opened last; see `KernelSetup.given`."""
    today: list[Entry] = field(default_factory=list)
    """Entries of the newest day that is not later than asked for, in order of time."""
    unanswered: list[Unanswered] = field(default_factory=list)
    working: dict[tuple[str, int], Working] = field(default_factory=dict)
    """(session, number) of each of them → what of it was filled."""
    risk: RiskState | None = None
    """What the gate remembered last; `None` in a journal that none was noted in."""
    cut: list[list[tuple[Order, Filled]]] = field(default_factory=list)
    """Legged trades that were on: their orders, and what of each was filled."""
    last_entries: dict[str, int] = field(default_factory=dict)
    """Of each session that has such an order: the number of its last entry."""
    listed: Listed = field(default_factory=Listed)
    """What tokens and pools of its rows are."""


def read_books(path: Path, now_ns: int) -> Read:
    """Returns what a journal holds; nothing if there is no file.

    Of the entries those of the UTC day of `now_ns`, or of a later one if the clock was ahead then. Raises
    `SessionError` if the file can't be read: unknown books are not empty ones.
    """
    if not path.exists() or path.stat().st_size == 0:
        return Read()
    require_database(path, APPLICATION_ID, (SCHEMA,), WHAT)
    try:
        with contextlib.closing(open_read_only(path)) as database:
            return _read(path, database, now_ns // DAY_NS)
    except (sqlite3.Error, msgspec.MsgspecError, ValueError) as error:
        raise SessionError(path, f"a damaged journal ({error})", "one that reads") from error


def _read(path: Path, database: sqlite3.Connection, day: int) -> Read:
    balances = [
        Posting(Account(account), venue, token, int(atoms))
        for account, venue, token, atoms in database.execute("SELECT * FROM balance ORDER BY account, venue, token")
    ]
    meta = dict(database.execute("SELECT key, value FROM meta LIMIT 1000"))
    days = "SELECT json FROM entry WHERE day >= ? ORDER BY day, at_ns, rowid"
    entries = [msgspec.json.decode(row[0], type=Entry) for row in database.execute(days, (day,))]
    left = [Unanswered(str(row[0]), msgspec.json.decode(row[1], type=Order)) for row in database.execute(UNANSWERED)]
    working = {(u.session, u.order.id): _filled(database, u.session, [u.order])[0].working for u in left}
    trades = [
        _trade(database, *key) for key in dict.fromkeys((u.session, u.order.trade) for u in left if u.order.trade)
    ]
    return Read(
        balances,
        msgspec.json.decode(meta["wallet"], type=dict[str, int]) if "wallet" in meta else {},
        entries,
        left,
        working,
        None if "risk" not in meta else msgspec.json.decode(meta["risk"], type=RiskState),
        [trade for trade in trades if trade],
        _last_entries(database, {session for session, _ in left}),
        msgspec.json.decode(meta["listed"], type=Listed) if "listed" in meta else Listed(),
    )


def _trade(database: sqlite3.Connection, session: str, first: int) -> list[tuple[Order, Filled]]:
    """Returns the orders of a trade, whose ids follow each other, and what of each was filled.

    Nothing of one whose orders had all ended: it was settled, and what was taken back since is none of it.
    """
    orders = []
    for (text,) in database.execute(
        "SELECT json FROM orders WHERE session = ? AND id >= ? ORDER BY id", (session, first)
    ):
        order = msgspec.json.decode(text, type=Order)
        if order.trade != first:
            break
        orders.append(order)
    found = _filled(database, session, orders)
    return [] if found[0].settled else [(each.working.order, each.filled) for each in found]


class _Filled(NamedTuple):
    """What of an order was filled, without what was taken back."""

    working: Working
    filled: Filled
    settled: bool
    """Whether this order, and those asked for with it, had all ended at one time."""


def _filled(database: sqlite3.Connection, session: str, orders: list[Order]) -> list[_Filled]:
    """Returns what of orders, whose ids follow each other, was filled."""
    rows = "SELECT json FROM fill WHERE session = ? AND orders BETWEEN ? AND ? ORDER BY id"
    kept: dict[int, list[Fill]] = {order.id: [] for order in orders}
    open_, settled = set(kept), False
    for (text,) in database.execute(rows, (session, orders[0].id, orders[-1].id)):
        fill = msgspec.json.decode(text, type=Fill)
        if fill.status == Stage.UNKNOWN:
            open_.add(fill.order_id)
            del kept[fill.order_id][-1:]
            continue
        kept[fill.order_id].append(fill)
        if fill.status in ENDED:
            open_.discard(fill.order_id)
        settled = settled or not open_
    return [_sum(order, kept[order.id], settled=settled) for order in orders]


def _sum(order: Order, fills: list[Fill], *, settled: bool) -> _Filled:
    spent, paid = sum(fill.amount_in for fill in fills), sum(fill.amount_out for fill in fills)
    charged = Charges(
        sum(fill.charges.network_fee for fill in fills),
        sum(fill.charges.tip for fill in fills),
        sum(fill.charges.rent for fill in fills),
    )
    working = Working(order, Stage.PARTIAL if spent else Stage.SENT, spent, paid, charged)
    return _Filled(working, Filled(spent, paid, sum(fill.fee for fill in fills)), settled)


def _last_entries(database: sqlite3.Connection, sessions: set[str]) -> dict[str, int]:
    newest = "SELECT coalesce(max(id), 0) FROM entry WHERE session = ?"
    return {session: int(database.execute(newest, (session,)).fetchone()[0]) for session in sorted(sessions)}


def upgrade(path: Path) -> Path | None:
    """Brings a journal of an older schema up to date; returns the copy of it that is left, `None` if there was no need.

    Raises `SessionError` for a newer schema, naming both, for one that can't be read, or `Busy` while it is written.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    require_database(path, APPLICATION_ID, READABLE, WHAT)
    lock = Lock(path)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as database:
            found = int(database.execute("PRAGMA user_version").fetchone()[0])
            if found == SCHEMA:
                return None
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept = path.with_name(f"{path.name}.schema{found}")
            shutil.copy2(path, kept)
            _upgraded(database, found)
            return kept
    except (sqlite3.Error, msgspec.MsgspecError, KeyError, ValueError, TypeError) as error:
        raise SessionError(path, f"a journal that can't be brought up to date ({error})", "a sound one") from error
    finally:
        lock.release()


def _upgraded(database: sqlite3.Connection, found: int) -> None:
    """Makes the tables of today: fills them from those of schema 1, adds to those of 2 what they lack."""
    database.execute("BEGIN IMMEDIATE")
    try:
        if found == 1:
            _fill_from_1(database)
        else:
            database.execute(next(each for each in _statements() if f"CREATE TABLE {ADDED} " in each))
        database.execute(f"PRAGMA user_version={SCHEMA}")
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def _statements() -> list[str]:
    return [each.strip() for each in _COMMENT.sub("", schema("journal.sql")).split(";") if each.strip()]


def _fill_from_1(database: sqlite3.Connection) -> None:
    """Fills the tables of today from those of schema 1: as if one wallet had been kept all along."""
    for table in _PARTS:
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    for statement in _statements():
        database.execute(statement)
    for table in ("meta", "intent", "refusal", "halt"):
        database.execute(f"INSERT INTO {table} SELECT * FROM {table}_1")
    orders = _orders(database)
    _outcomes(database, orders)
    for table in _PARTS:
        database.execute(f"DROP TABLE {table}_1")


def _orders(database: sqlite3.Connection) -> dict[tuple[str, int], dict[str, Any]]:
    """Takes over orders; returns them by session and id."""
    found = {}
    for session, number, intent, seq, at_ns, text in database.execute("SELECT * FROM orders_1").fetchall():
        old = msgspec.json.decode(text)
        order = order_with_legs(old)
        msgspec.convert(order, Order)
        kinds = "", "open", order["settlement"], order["legs"][0]["token_in"], order["key"]
        text = msgspec.json.encode(order).decode()
        row = (session, number, intent, seq, at_ns, *kinds, text)
        database.execute("INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)
        _stage(database, session, number, 1, "sent", seq, at_ns, "")
        found[session, number] = order
    return found


class _Books:
    """Writes entries of old outcomes, and what they come to."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._balances: dict[tuple[str, ...], int] = {}
        self._flows: dict[tuple[object, ...], int] = {}
        self._numbers: dict[str, int] = {}

    def enter(self, of: tuple[str, int], seq: int, at_ns: int, kind: EntryKind, token: str, **parts: int) -> None:
        """Enters what moved between accounts, by their names, for the order `of` (session, id)."""
        (session, number), day, run = of, at_ns // DAY_NS, self._database.execute
        postings = tuple(Posting(Account(account), CHAIN, token, atoms) for account, atoms in parts.items() if atoms)
        entry_id = self._numbers[session] = self._numbers.get(session, 0) + 1
        net = earned(postings)
        entry = Entry(entry_id, at_ns, kind, number, postings, {}, None if net else 0, net)
        worth, text = None if net else "0", msgspec.json.encode(entry).decode()
        values = (session, entry_id, seq, at_ns, day, kind.value, number, worth, text)
        run("INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?)", values)
        for n, posting in enumerate(postings, 1):
            key = posting.account.value, posting.venue, posting.token
            run("INSERT INTO posting VALUES (?,?,?,?,?,?,?)", (session, entry_id, n, *key, str(posting.atoms)))
            self._balances[key] = self._balances.get(key, 0) + posting.atoms
            self._flows[day, *key] = self._flows.get((day, *key), 0) + posting.atoms

    def close(self) -> None:
        """Writes balances and flows."""
        rows = [(*key, str(atoms)) for key, atoms in self._balances.items()]
        self._database.executemany("INSERT INTO balance VALUES (?,?,?,?)", rows)
        flows = [(*key, str(atoms)) for key, atoms in self._flows.items()]
        self._database.executemany("INSERT INTO flow VALUES (?,?,?,?,?)", flows)


def _outcomes(database: sqlite3.Connection, orders: dict[tuple[str, int], dict[str, Any]]) -> None:
    """Takes over outcomes; what an order without one may have to pay is in flight."""
    books, left = _Books(database), dict(orders)
    for session, number, seq, at_ns, status, text in database.execute("SELECT * FROM fill_1 ORDER BY at_ns").fetchall():
        row = (session, number, seq, at_ns, status, text)
        database.execute("INSERT INTO fill (session, orders, seq, at_ns, status, json) VALUES (?,?,?,?,?,?)", row)
        old = msgspec.json.decode(text)
        _stage(database, session, number, 2, status, seq, at_ns, old.get("reason", ""))
        order = None if status == "unknown" else left.pop((session, number), None)
        if order is not None:
            net, fee, token = int(old["net"]), int(old["fee"]), order["legs"][0]["token_in"]
            of = session, number
            books.enter(of, seq, at_ns, EntryKind.FILLED, token, wallet=net, network_fee=fee, result=-net - fee)
    for of, order in left.items():
        tied, token = order["amount_in"] + order["transfer"], order["legs"][0]["token_in"]
        books.enter(of, 0, order["sent_ns"], EntryKind.SENT, token, wallet=-tied, in_flight=tied)
    books.close()


def _stage(
    database: sqlite3.Connection, session: str, number: int, n: int, stage: str, seq: int, at_ns: int, reason: str
) -> None:
    database.execute(
        "INSERT OR IGNORE INTO stage VALUES (?,?,?,1,?,?,?,?,NULL,'')", (session, number, n, stage, seq, at_ns, reason)
    )
