"""What each strategy did today, as a journal tells it: for the budgets that a run goes on with."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.model.ledger import DAY_NS, Entry
from storage.files import SessionError, open_read_only, require_database
from storage.journal import APPLICATION_ID, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WHAT = "cambist journal"
_SENT = "SELECT strategy, count(*) FROM orders WHERE at_ns >= ? AND purpose = 'open' GROUP BY strategy"
_ENTRIES = """SELECT orders.strategy, entry.json FROM entry
JOIN orders ON orders.session = entry.session AND orders.id = entry.orders
WHERE entry.day >= ? ORDER BY entry.day, entry.at_ns, entry.rowid"""


class Done(NamedTuple):
    """What strategies did on one day (UTC)."""

    orders: dict[str, int]
    """Strategy → orders that it sent to earn."""
    earned: dict[str, dict[str, int]]
    """Strategy → token → atoms."""


def read_strategies(path: Path, now_ns: int) -> Done:
    """Returns what each strategy did on the UTC day of `now_ns`, and on later ones if the clock was ahead.

    That is nothing without a file. Raises `SessionError` if it can't be read.
    """
    done = Done({}, {})
    if not path.exists() or path.stat().st_size == 0:
        return done
    require_database(path, APPLICATION_ID, (SCHEMA,), WHAT)
    day = now_ns // DAY_NS
    try:
        with contextlib.closing(open_read_only(path)) as database:
            done.orders.update({str(name): int(n) for name, n in database.execute(_SENT, (day * DAY_NS,)) if name})
            for name, text in database.execute(_ENTRIES, (day,)):
                net = msgspec.json.decode(text, type=Entry).net
                if name and net:  # what a start ended of an earlier run has that run's number of the order, and no net
                    _add(done.earned.setdefault(str(name), {}), net)
    except (sqlite3.Error, msgspec.MsgspecError, ValueError) as error:
        raise SessionError(path, f"a damaged journal ({error})", "one that reads") from error
    return done


def _add(earned: dict[str, int], net: Mapping[str, int]) -> None:
    for token, atoms in net.items():
        earned[token] = earned.get(token, 0) + atoms
