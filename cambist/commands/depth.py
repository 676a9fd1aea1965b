"""`cambist depth`: one book."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cambist.commands.asked import positive
from cambist.commands.console import OK, UNUSABLE, Stop, put, settings

if TYPE_CHECKING:
    from cambist.engine.protocol import BookInspection
    from cambist.runtime.depth import Depth

QUANTITY_DECIMALS = 8


def depth(
    book: str,
    session: str = "",
    /,
    *,
    levels: int = 10,
    json: bool = False,
    config: Path | None = None,
) -> int:
    """Show the book of VENUE:SYMBOL as a session's end knew it; of one that is being recorded, as it is on disk.

    A book that may not be traded on says why: `stale`, as all are once their feed has ended, `suspect`, …
    Exit code 2 if there is no such book.

    Args:
        book: Exchange and symbol, as `binance:SOLUSDC`.
        session: Name of a stored session, or the path of one; without it the one being recorded, or the newest.
        levels: At most this many a side.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist import compose
    from cambist.runtime.depth import depth as found_in
    from storage.files import is_locked
    from storage.reader import SessionReader

    positive("levels", levels)
    path = _session(session, config)
    with SessionReader(path) as reader:
        found = found_in(reader, compose.fresh_kernel(), book, levels)
        now_ns = time.time_ns() if is_locked(path) else found.last_ns
    if found.book is None:
        known = ", ".join(found.known[:20]) or "none"
        raise Stop(UNUSABLE, f"no book {book!r} in {path}; it has {known}")
    answer = _answer(found, found.book, str(path), now_ns)
    if json:
        put(answer)
    else:
        _show(answer)
    return OK


def _session(session: str, config: Path | None) -> Path:
    from storage.catalogue import find, list_sessions

    folder = settings(config).session_folder
    if session:
        return find(folder, session)
    rows = list_sessions(folder)
    if not rows:
        raise Stop(UNUSABLE, f"no session in {folder}")
    return Path(next((row for row in rows if row.open), rows[0]).path)


def _answer(found: Depth, book: BookInspection, path: str, now_ns: int) -> dict[str, Any]:
    def side(levels: tuple[tuple[int, int], ...]) -> list[list[str]]:
        return [[_decimal(price, book.price_decimals), _decimal(size, QUANTITY_DECIMALS)] for price, size in levels]

    return {
        "schema": 1,
        "session": path,
        "book": book.source,
        "state": book.state,
        "last_update_id": book.last_update_id,
        "best_bid": side((book.best_bid,))[0] if book.best_bid else None,
        "best_ask": side((book.best_ask,))[0] if book.best_ask else None,
        "bids": side(book.bids),
        "asks": side(book.asks),
        "as_of_ns": book.as_of_ns,
        "age_ms": max(0, now_ns - book.as_of_ns) // 1_000_000 if book.as_of_ns else None,
        "session_end_ns": found.last_ns,
        "seeds": book.seeds,
        "gaps": book.gaps,
    }


def _show(answer: dict[str, Any]) -> None:
    from cambist.commands.tables import clock, lasted, print_table, print_text
    from cambist.model.text import sanitise

    sides, none = (answer["bids"], answer["asks"]), (None, None)
    rows = []
    for n in range(max(map(len, sides))):
        (bid, bid_size), (ask, ask_size) = (side[n] if n < len(side) else none for side in sides)
        rows.append([*("" if cell is None else cell for cell in (bid_size, bid, ask, ask_size))])
    print_table((">bid size", ">bid", ">ask", ">ask size"), rows)
    age = "never updated" if answer["age_ms"] is None else f"{lasted(answer['age_ms'] * 10**6)} old"
    print_text(
        f"{sanitise(answer['book'])}: {answer['state'].upper()}, {age}, in {answer['session']} "
        f"(ends {clock(answer['session_end_ns'])} UTC)"
    )


def _decimal(value: int, decimals: int) -> str:
    head, tail = divmod(value, 10**decimals)
    digits = f"{tail:0{decimals}d}".rstrip("0")
    return f"{head}.{digits}" if digits else str(head)
