"""A bookmark for a session that nobody is recording."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from storage.files import Lock, SessionError, require_database
from storage.writer import APPLICATION_ID, READABLE

if TYPE_CHECKING:
    from pathlib import Path


def add_bookmark(path: Path, at_ns: int, seq: int, label: str = "") -> None:
    """Adds a bookmark to a session that nobody is recording. Its writer is the one to ask otherwise.

    Raises `Busy` if it is being recorded, `SessionError`, `OSError`.
    """
    require_database(path, APPLICATION_ID, READABLE, "cambist session")
    lock = Lock(path)
    try:
        database = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "INSERT INTO marker (at_ns, seq, kind, label) VALUES (?,?,'bookmark',?)", (at_ns, seq, label)
            )
            database.execute("COMMIT")
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SessionError(path, f"a session that takes no bookmark ({error})", "a sound one") from error
    finally:
        lock.release()
