"""`cambist verify`: whether a session or a journal is sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cambist.commands.console import print_line, put, settings

if TYPE_CHECKING:
    from storage.journal_verify import JournalVerification
    from storage.verify import Verification

RUNS = 5
"""So many runs whose sessions are gone are named; the JSON has all."""


def verify(session: str, *, json: bool = False, config: Path | None = None) -> int:
    """Check a session: sizes, checksums, order, keyframes, books; or a journal: books, sums, the life of each order.

    Nothing is changed. Exit code 0 sound, 1 damaged, 2 unusable.

    Args:
        session: Name of a stored session, or the path of a session or a journal.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist import compose
    from storage.catalogue import find
    from storage.files import application_of
    from storage.journal import APPLICATION_ID
    from storage.journal_verify import verify_journal
    from storage.verify import verify as check

    folder = settings(config).session_folder
    path = find(folder, session)
    found: Verification | JournalVerification
    if application_of(path) == APPLICATION_ID:
        found = verify_journal(path, compose.session_holds(folder))
        lines = _of_journal(found)
    else:
        found = check(path, compose.keyframe_check(), compose.BooksOfSession())
        lines = _of_session(found)
    if json:
        put(found)
    else:
        for line in (*lines, *(f"  {finding}" for finding in found.findings)):
            print_line(line)
    return int(found.exit_code)


def _of_session(found: Verification) -> list[str]:
    tail = f" and {found.tail_rows:,} blocks of its tail" if found.tail_rows else ""
    lines = [
        f"{found.session}: {found.records:,} records in {found.chunks:,} chunks{tail}, {found.damaged_chunks} damaged"
    ]
    if found.frames:
        lines.append(f"  {found.judged}")
    if found.chunks:
        lines.append(f"  {found.reached}")
    if found.books_balanced or found.books_off:
        lines.append(f"  {found.books}")
    return lines


def _of_journal(found: JournalVerification) -> list[str]:
    if not found.rows:
        return [f"{found.journal}: not read to its end"]
    rows = found.rows
    lines = [
        f"{found.journal}: {found.mode}, {rows['orders']:,} orders, {rows['fill']:,} outcomes, {rows['refusal']:,} "
        f"refusals of {rows['intent']:,} intents, by {found.runs:,} runs",
        f"  {found.balance}",
        f"  {found.open_orders:,} open orders",
    ]
    for run, orders in list(found.unrecorded.items())[:RUNS]:
        lines.append(f"  {run}: of {orders:,} orders no session that is there holds the record")
    if len(found.unrecorded) > RUNS:
        lines.append(f"  nor of {sum(found.unrecorded.values()):,} in all, of {len(found.unrecorded):,} runs")
    return lines
