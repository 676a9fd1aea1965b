"""A sheet as CSV, lines of JSON, or Parquet. Amounts are whole numbers of atoms in each of them."""

from __future__ import annotations

import csv
from decimal import Decimal
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from cambist.statements.sheet import Type, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cambist.statements.sheet import Cell, Sheet

BATCH = 8_192
"""Rows of a Parquet row group: its columns are in memory at once, the sheet is not."""
INSTALL = "Parquet needs pyarrow, which is not installed: pip install 'cambist[parquet]'"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


class Unavailable(ValueError):
    """A format that something is missing for; says what to install."""


def records(sheet: Sheet) -> Iterator[dict[str, object]]:
    """Yields rows as JSON says them: atoms as text, since they may leave what other readers hold in a number."""
    names = [column.name for column in sheet.columns]
    atoms = [column.type is Type.ATOMS for column in sheet.columns]
    for row in sheet.rows:
        yield {
            name: str(cell) if big and cell is not None else cell
            for name, cell, big in zip(names, row, atoms, strict=True)
        }


def write_json_lines(sheet: Sheet, out: TextIO) -> int:
    """Writes a JSON object a row; returns how many."""
    count = 0
    for record in records(sheet):
        out.write(msgspec.json.encode(record).decode() + "\n")
        count += 1
    return count


def write_csv(sheet: Sheet, out: TextIO) -> int:
    """Writes a header and a line a row, times as RFC 3339; returns how many rows.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: symbols come from strangers.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in sheet.columns])
    types, count = [column.type for column in sheet.columns], 0
    for row in sheet.rows:
        writer.writerow([_cell(cell, type_) for cell, type_ in zip(row, types, strict=True)])
        count += 1
    return count


def write_parquet(sheet: Sheet, path: Path) -> int:
    """Writes a Parquet file: atoms as decimals of 38 digits, times as UTC timestamps; returns how many rows.

    Raises `Unavailable` without pyarrow, `ValueError` for an amount of more than 38 digits.
    """
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    kinds: dict[Type, Any] = {
        Type.TEXT: pyarrow.string(),
        Type.COUNT: pyarrow.int64(),
        Type.ATOMS: pyarrow.decimal128(38, 0),
        Type.TIME: pyarrow.timestamp("ns", tz="UTC"),
    }
    schema, count = pyarrow.schema([(column.name, kinds[column.type]) for column in sheet.columns]), 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(sheet.rows, BATCH)):
            made = [
                pyarrow.array(_decimals(cells) if column.type is Type.ATOMS else cells, kinds[column.type])
                for column, cells in zip(sheet.columns, zip(*batch, strict=True), strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(made, schema=schema))
            count += len(batch)
    return count


def _cell(cell: Cell, type_: Type) -> Cell:
    if type_ is Type.TIME and isinstance(cell, int):
        return moment(cell)
    if type_ is Type.TEXT and isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    """Whether a text is an amount, which no spreadsheet computes anything from."""
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def _decimals(cells: Iterable[Cell]) -> list[Decimal | None]:
    return [None if cell is None else Decimal(cell) for cell in cells]
