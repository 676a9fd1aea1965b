"""What every file of this room shares: errors that say what was found, one writer per file, private folders."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUFFIX = ".cambist"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
SQLITE_MAGIC = b"SQLite format 3\x00"


class SessionError(ValueError):
    """A file that can't be used as what it is given for: its path, what was found, what was expected."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        super().__init__(f"{path}: found {found}, expected {expected}")
        self.path = path
        self.found = found
        self.expected = expected


class Busy(SessionError):
    """A file that another process, or another writer here, is writing."""


class Lock:
    """A lock file beside a database: one process writes it. Dies with its process, so kill -9 leaves nothing held."""

    def __init__(self, path: Path) -> None:
        """Takes the lock of the database at `path`. Raises `Busy`."""
        self._path = path.with_name(path.name + ".lock")
        while True:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
                os.close(self._fd)
                raise Busy(path, f"a writer at work (process {holder})", "no writer") from None
            if self._is_current():
                break
            os.close(self._fd)  # its holder unlinked it between our open and our lock
        os.ftruncate(self._fd, 0)
        os.write(self._fd, str(os.getpid()).encode())

    def _is_current(self) -> bool:
        try:
            return self._path.stat().st_ino == os.fstat(self._fd).st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Gives the lock back and removes its file."""
        self._path.unlink(missing_ok=True)
        os.close(self._fd)


def is_locked(path: Path) -> bool:
    """Returns whether somebody is writing the database at `path` now."""
    try:
        fd = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def private_folder(folder: Path) -> None:
    """Makes a folder that only its owner reads. An existing one is left as it is."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def create_private(path: Path) -> None:
    """Makes an empty file with mode 0600. Raises `FileExistsError`."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def schema(name: str) -> str:
    """Returns the text of a .sql file of this package."""
    return files("storage").joinpath(name).read_text(encoding="utf-8")


def application_of(path: Path) -> int | None:
    """Returns the `application_id` of a SQLite file, `None` if it is none. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(100)
    return int.from_bytes(head[68:72], "big") if head.startswith(SQLITE_MAGIC) and len(head) == 100 else None


def require_database(path: Path, application_id: int, versions: Sequence[int], what: str) -> None:
    """Checks the SQLite header without opening a database: its magic, `application_id` and a known `user_version`.

    Raises `OSError` if the file can't be read, `SessionError` if it is something else.
    """
    expected = f"a {what}, schema {' or '.join(map(str, versions))}"
    with path.open("rb") as file:
        head = file.read(100)
    if not head:
        raise SessionError(path, "an empty file", expected)
    if not head.startswith(SQLITE_MAGIC):
        raise SessionError(path, f"no SQLite file (it begins {head[:16]!r})", expected)
    if len(head) < 100:
        raise SessionError(path, f"{len(head)} bytes of a SQLite header", expected)
    found_version = int.from_bytes(head[60:64], "big")
    found_id = int.from_bytes(head[68:72], "big")
    if found_id != application_id:
        raise SessionError(path, f"a SQLite file of another application ({found_id:#010x})", expected)
    if found_version not in versions:
        raise SessionError(path, f"schema {found_version}", expected)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Returns a connection that can't write. Raises `sqlite3.Error`.

    A database whose WAL is gone and whose folder is not writable can't get its shared-memory file; nobody can be
    writing it, so it is opened as immutable.
    """
    uri = path.resolve().as_uri() + "?mode=ro"
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=5)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cell_size_check=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
