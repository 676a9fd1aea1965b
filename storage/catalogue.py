"""The folder of sessions: names, list, retention."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from cambist.model.units import NS_PER_S
from cambist.view import SessionRow
from storage.files import NAME, SUFFIX, Lock, SessionError, is_locked
from storage.reader import SessionReader

RETENTION_BYTES = 5 << 30
RETENTION_NS = 14 * 24 * 3600 * NS_PER_S
SIDE_FILES = ("-wal", "-shm", ".lock")


class Removed(NamedTuple):
    """A session that retention removed."""

    name: str
    bytes: int


def session_path(folder: Path, name: str) -> Path:
    """Returns the file of the session called `name` (with or without suffix) in `folder`.

    Raises `ValueError` unless the name is 1–64 of `[A-Za-z0-9._-]`, does not begin with a dot and stays in the folder.
    """
    stem = name.removesuffix(SUFFIX)
    if not NAME.fullmatch(stem):
        message = f"session name {name[:80]!r}, expected 1–64 of A–Z a–z 0–9 . _ - and no dot first"
        raise ValueError(message)
    path = folder / (stem + SUFFIX)
    if path.is_symlink() or path.resolve().parent != folder.resolve():
        message = f"session {name!r} leads out of {folder}"
        raise ValueError(message)
    return path


def find(folder: Path, session: str) -> Path:
    """Returns the file of a stored session's name, or of a path. Raises `ValueError` if there is none."""
    path = Path(session)
    if path.is_file():
        return path
    if "/" in session or session in (".", ".."):
        message = f"{session}: {'a folder, expected a session file' if path.is_dir() else 'no such file'}"
        raise ValueError(message)
    path = session_path(folder, session)
    if not path.exists():
        message = f"no session {session!r} in {folder}; `cambist sessions` lists them"
        raise ValueError(message)
    return path


def stored_bytes(path: Path) -> int:
    """Returns what a session takes on disk, its write-ahead log included."""
    total = 0
    for suffix in ("", "-wal"):
        with contextlib.suppress(OSError):
            total += path.with_name(path.name + suffix).stat().st_size
    return total


def describe(path: Path) -> SessionRow:
    """Returns the row of one session; its `records` count from first to last seq. Raises `SessionError`, `OSError`.

    Reads two chunk heads whatever the size: a day has some 300,000 chunks.
    """
    with SessionReader(path) as reader:
        extent = reader.extent()
        started = int(meta) if (meta := reader.meta.get("started_ns", "")).isdecimal() else None
        first_ns, last_ns = (extent[0].first_ns, extent[1].last_ns) if extent else (started or 0, started or 0)
        return SessionRow(
            name=path.name.removesuffix(SUFFIX),
            path=str(path),
            started_ns=first_ns if started is None else started,
            seconds=(last_ns - first_ns) / NS_PER_S,
            bytes=stored_bytes(path),
            records=extent[1].last_seq - extent[0].first_seq + 1 if extent else 0,
            bookmarks=reader.bookmarks(),
            imported=reader.meta.get("imported") == "1",
            open=is_locked(path),
            demo=reader.meta.get("demo") == "1",
            complete=reader.complete,
            made_ns=int(made) if (made := reader.meta.get("made_ns", "")).isdecimal() else 0,
        )


def list_sessions(folder: Path) -> tuple[SessionRow, ...]:
    """Returns the sessions of a folder that can be read, newest first. A missing folder has none."""
    rows = []
    for path in folder.glob("*" + SUFFIX):
        with contextlib.suppress(SessionError, OSError):
            rows.append(describe(path))
    return tuple(sorted(rows, key=lambda row: (row.started_ns, row.name), reverse=True))


def retain(
    folder: Path, now_ns: int, *, max_bytes: int = RETENTION_BYTES, max_age_ns: int = RETENTION_NS
) -> tuple[Removed, ...]:
    """Removes sessions, oldest first, until the folder fits, and those too old; returns what was removed.

    Never removes a session that is open, bookmarked or imported, nor a file it can't read.
    """
    rows = list_sessions(folder)
    total = sum(row.bytes for row in rows)
    removed = []
    for row in reversed(rows):
        ended_ns = row.made_ns or row.started_ns + int(row.seconds * NS_PER_S)
        too_old = ended_ns < now_ns - max_age_ns
        if not (too_old or total > max_bytes) or row.open or row.bookmarks or row.imported:
            continue
        if remove(session_path(folder, row.name)):
            total -= row.bytes
            removed.append(Removed(row.name, row.bytes))
    return tuple(removed)


def remove(path: Path) -> bool:
    """Removes a session and the files beside it; False if somebody is writing it."""
    try:
        lock = Lock(path)
    except SessionError:
        return False
    try:
        for suffix in ("", *SIDE_FILES[:2]):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    finally:
        lock.release()
    return True
