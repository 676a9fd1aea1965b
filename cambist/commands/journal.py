"""`cambist journal`: what was ordered, filled, booked and earned, as a table or a file."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import msgspec
from cyclopts import Parameter

from cambist.commands.asked import at, positive
from cambist.commands.asked import journal as opened
from cambist.commands.console import OK, UNUSABLE, Stop, print_line
from cambist.model.ledger import EntryKind
from cambist.model.orders import Stage
from cambist.statements.by import By

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cambist.statements.called import Called
    from cambist.statements.sheet import Sheet, Type
    from cambist.statements.sheets import Journal
    from storage.journal_reader import Span

What = Literal["orders", "fills", "entries", "postings", "pnl"]
Format = Literal["table", "json", "jsonl", "csv", "parquet", "beancount"]
TABLE_ROWS = 50
SHOWN = {
    "orders": "at order strategy status venues pairs symbol amount_in expected_net took_ns",
    "fills": "at order status strategy venues symbol amount_in amount_out fee net reason",
    "entries": "at entry kind order strategy venues unit_symbol worth unvalued",
    "postings": "at entry kind order account venue symbol amount",
    "pnl": "group orders entries symbol gross pool_fee network_fee tip transfer loan_fee slippage net unvalued "
    "unit_symbol worth",
}
"""Columns that a table has room for; files have all."""


def journal(
    what: What = "orders",
    /,
    *,
    by: By = "strategy",
    since: str = "",
    until: str = "",
    strategy: str = "",
    venue: str = "",
    pair: str = "",
    route: str = "",
    rule: str = "",
    status: Stage | None = None,
    kind: EntryKind | None = None,
    format_: Annotated[Format, Parameter(name="--format")] = "table",
    out: Path | None = None,
    limit: int = TABLE_ROWS,
    live: bool = False,
    file: Path | None = None,
    json: bool = False,
    config: Path | None = None,
) -> int:
    """List, filter and export what the journal holds: orders, fills, entries, postings, or what was earned (`pnl`).

    Amounts in files are atoms. Each order is in one group of `pnl`, so the groups sum to the whole; what an entry is
    worth is at the prices of its own time.

    Args:
        what: What to list; a beancount file is always of entries.
        by: What `pnl` is grouped by.
        since: From this time on: 2026-11-24T12:00:00Z, a day (UTC), or how long ago (90s, 30m, 6h, 2d).
        until: Before this time.
        strategy: Of orders of this strategy.
        venue: Of orders with a leg there: a kind of pool or an exchange.
        pair: Of orders with a leg between two tokens, as SOL/USDC.
        route: Of orders over this cycle, by its canonical key.
        rule: Of orders that this rule of the operator let out.
        status: Of orders that have come to this stage.
        kind: Entries and postings of this kind.
        format_: A table, one JSON object, a JSON object a line, CSV, Parquet (needs pyarrow), or beancount text.
        out: Write to this new file, a table as CSV; without it to stdout.
        limit: A table shows at most this many rows, the newest.
        live: The journal of live trading instead of the paper one.
        file: Another journal.
        json: The same as --format json.
        config: The TOML file, for the session folder.
    """
    from cambist.statements import sheets
    from cambist.statements.called import Called
    from cambist.statements.chosen import Chosen

    positive("limit", limit)
    form: Format = "json" if json else format_
    if form == "parquet" and out is None:
        raise Stop(UNUSABLE, "--format parquet needs --out: it is no text")
    span = _span(since, until)
    with opened(file, live=live, config=config) as reader:
        chosen = Chosen(span, strategy, venue, pair, route, rule, status, kind)
        found = sheets.Journal(reader, Called(reader.listed), chosen)
        if form == "table" and out is None:
            _table(_sheet(found, what, by), found.called, limit)
            return OK
        with _target(out) as path:
            count = _export(found, what, by, "csv" if form == "table" else form, path)
    if out is not None:
        print_line(f"{count:,} rows in {out}")
    return OK


def _span(since: str, until: str) -> Span:
    from storage.journal_reader import FOREVER_NS, Span

    now_ns = time.time_ns()
    span = Span(at("since", since, now_ns) if since else 0, at("until", until, now_ns) if until else FOREVER_NS)
    if span.since_ns >= span.until_ns:
        raise Stop(UNUSABLE, f"--since {since} is not before --until {until or 'the end'}")
    return span


def _sheet(found: Journal, what: What, by: By) -> Sheet:
    from cambist.statements.earnings import earnings_sheet

    match what:
        case "orders":
            return found.orders()
        case "fills":
            return found.fills()
        case "entries":
            return found.entries()
        case "postings":
            return found.postings()
        case "pnl":
            return earnings_sheet(found, by)


def _export(found: Journal, what: What, by: By, form: Format, path: Path | None) -> int:
    """Writes one format to a file, or to stdout; returns how many rows."""
    from cambist.statements.exports import write_parquet

    if path is None:
        count = _write(found, what, by, form, sys.stdout)
        sys.stdout.flush()
        return count
    if form == "parquet":
        return write_parquet(_sheet(found, what, by), path)
    with path.open("w", encoding="utf-8", newline="") as text:
        return _write(found, what, by, form, text)


def _write(found: Journal, what: What, by: By, form: Format, text: TextIO) -> int:
    from cambist.statements import exports
    from cambist.statements.beancount import write_beancount

    match form:
        case "beancount":
            return write_beancount(found, text)
        case "jsonl":
            return exports.write_json_lines(_sheet(found, what, by), text)
        case "json":
            rows = list(exports.records(_sheet(found, what, by)))
            about = {
                "schema": 1,
                "journal": str(found.reader.path),
                "mode": found.reader.mode,
                "demo": found.called.demo,
            }
            text.write(msgspec.json.encode({**about, "what": what, "rows": rows}).decode() + "\n")
            return len(rows)
        case _:
            return exports.write_csv(_sheet(found, what, by), text)


@contextlib.contextmanager
def _target(out: Path | None) -> Iterator[Path | None]:
    """Gives the file to write; it gets its name when it is whole, so an export that fails leaves none."""
    if out is None:
        yield None
        return
    if out.exists():
        raise Stop(UNUSABLE, f"{out} exists; choose another --out")
    part = out.with_name(f"{out.name}.part{os.getpid()}")
    try:
        yield part
        os.link(part, out)
    except FileExistsError:
        raise Stop(UNUSABLE, f"{out} exists; choose another --out") from None
    finally:
        part.unlink(missing_ok=True)


def _table(sheet: Sheet, called: Called, limit: int) -> None:
    """Prints the last rows of a sheet, amounts in whole tokens where their decimals are known."""
    from cambist.commands.tables import print_table, print_text
    from cambist.statements.sheet import Type

    counted, last = 0, deque[dict[str, object]](maxlen=limit)
    for row in sheet.rows:
        counted += 1
        last.append({column.name: cell for column, cell in zip(sheet.columns, row, strict=True)})
    types, shown = {column.name: column.type for column in sheet.columns}, SHOWN[sheet.name].split()
    names = [f"{'' if types[name] in (Type.TEXT, Type.TIME) else '>'}{name}" for name in shown]
    unit_decimals = called.decimals(called.unit)
    rows = [[_shown(name, types[name], row, unit_decimals) for name in shown] for row in last]
    print_table([name.replace("_", " ") for name in names], rows)
    shown_of = f"{len(rows):,} of {counted:,}" if len(rows) < counted else f"{counted:,}"
    print_text(f"{'DEMO, ' if called.demo else ''}{shown_of} {sheet.name}")


def _shown(name: str, type_: Type, row: Mapping[str, Any], unit_decimals: int | None) -> str | None:
    from cambist.commands.tables import clock, lasted, whole
    from cambist.statements.sheet import Type

    cell = row[name]
    if cell is None:
        return ""
    if type_ is Type.TIME:
        return clock(cell)
    if type_ is Type.ATOMS:
        decimals = unit_decimals if name == "worth" else row["decimals"]
        return whole({"atoms": cell, "decimals": decimals})
    return lasted(cell) if name == "took_ns" else str(cell)
