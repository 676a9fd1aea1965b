"""What the commands that ask for books share: where they are read from, and what is said of them."""

from __future__ import annotations

import contextlib
import re
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cambist.commands.console import DIFFERENT, OK, UNUSABLE, Stop, print_line, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.statements.asked import Asked, Wanted
    from storage.journal_reader import JournalReader

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@contextlib.contextmanager
def asked(source: str, *, live: bool, config: Path | None) -> Iterator[Asked]:
    """Gives the books of a session, of a journal, or, without a source, of the journal that a run here writes.

    A journal that is being written is read as it is on disk. Raises `Stop`, `OSError`, `ValueError`.
    """
    from cambist.statements.asked import of_journal
    from storage.catalogue import find
    from storage.files import application_of
    from storage.journal import APPLICATION_ID

    if source:
        if live:
            raise Stop(UNUSABLE, "--live names a journal already; leave out the file")
        path = Path(source)
        if path.is_file() and application_of(path) == APPLICATION_ID:
            with _journal(path) as reader:
                yield of_journal(reader, time.time_ns())
        else:
            yield _of_session(find(settings(config).session_folder, source))
        return
    with journal(None, live=live, config=config) as reader:
        yield of_journal(reader, time.time_ns())


@contextlib.contextmanager
def journal(file: Path | None, *, live: bool, config: Path | None) -> Iterator[JournalReader]:
    """Opens a journal: a file, or the one that a run with this config writes."""
    from cambist.compose import journal_path

    if file is not None and live:
        raise Stop(UNUSABLE, "--live names a journal already; leave out --file")
    path = journal_path(settings(config), live=live) if file is None else file
    if not path.is_file():
        hint = "" if file is not None else ": nothing was traded here yet"
        raise Stop(UNUSABLE, f"no journal {path}{hint}")
    with _journal(path) as reader:
        yield reader


def answered(
    question: str, source: str, wanted: Wanted, *, live: bool, config: Path | None
) -> tuple[dict[str, Any], int]:
    """Returns the answer to a question, and the time that ages in it are counted to."""
    from cambist.statements.asked import QUESTIONS

    with asked(source, live=live, config=config) as found:
        return QUESTIONS[question](found, wanted), found.now_ns


def code(answer: dict[str, Any]) -> int:
    """Returns the exit code of an answer: 0 if the books balance, 1 if not, which is said on stderr."""
    from cambist.commands.tables import amounts

    if answer["balanced"]:
        return OK
    print_line(f"cambist: the books don't balance: {amounts(answer['off'])} too much in {answer['source']}")
    return DIFFERENT


def about(answer: dict[str, Any], now_ns: int) -> str:
    """Returns a line on where an answer is from, how old it is, and whether the books balance."""
    from cambist.commands.tables import clock, lasted

    as_of_ns = answer["as_of_ns"]
    when = "nothing is booked yet" if as_of_ns is None else f"as of {clock(as_of_ns)} UTC"
    if answer["kind"] == "journal" and as_of_ns is not None:
        when += f", {lasted(max(0, now_ns - as_of_ns))} ago"
    demo, books = "DEMO, " if answer["demo"] else "", "balanced" if answer["balanced"] else "NOT BALANCED"
    return f"{demo}{answer['mode']} {answer['source']}, {when}; books: {books}"


def positive(name: str, value: int) -> int:
    """Returns a count that an option gave. Raises `Stop` unless it is from 1 to 1,000,000."""
    if not 1 <= value <= 1_000_000:
        raise Stop(UNUSABLE, f"--{name} was {value}, expected 1 to 1,000,000")
    return value


def at(name: str, text: str, now_ns: int) -> int:
    """Returns the time that an option gave: RFC 3339, a day (UTC), or how long ago: 90s, 30m, 6h, 2d."""
    if ago := re.fullmatch(r"(\d{1,9})([smhd])", text):
        return max(0, now_ns - int(ago[1]) * _UNITS_S[ago[2]] * 10**9)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        text += "T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        expected = "a time with its zone (2026-11-24T12:00:00Z), a day, or how long ago (90s, 30m, 6h, 2d)"
        raise Stop(UNUSABLE, f"--{name} was {text[:40]!r}, expected {expected}")
    return max(0, int(moment.timestamp()) * 10**9 + moment.microsecond * 1_000)


@contextlib.contextmanager
def _journal(path: Path) -> Iterator[JournalReader]:
    from storage.journal_reader import JournalReader

    with JournalReader(path) as reader, reader.one_look():
        yield reader


def _of_session(path: Path) -> Asked:
    from cambist.compose import at_end
    from cambist.statements.asked import of_session
    from storage.reader import SessionReader

    with SessionReader(path) as reader:
        replayer = at_end(reader)
    if replayer.damage:
        print_line(f"cambist: read up to record {replayer.kernel.last_seq} only: {replayer.damage}")
    return of_session(replayer.kernel, str(path))
