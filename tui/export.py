"""A table's rows as files: CSV for spreadsheets, JSON with every field as the View has it."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.view import Leg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(folder: Path, name: str, rows: Sequence[Any], at_ns: int) -> tuple[Path, Path]:
    """Returns the paths of the CSV and the JSON file written into `folder`, which is made if it is missing.

    Names carry `name` and the local time; a file that is there is never written over. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(at_ns // 1_000_000_000))}"
    taken = 1
    paths = (folder / f"{stem}.csv", folder / f"{stem}.json")
    while any(path.exists() for path in paths):
        taken += 1
        paths = (folder / f"{stem}-{taken}.csv", folder / f"{stem}-{taken}.json")
    for path, content in zip(paths, (as_csv(rows).encode(), as_json(rows)), strict=True):
        with path.open("xb") as file:
            file.write(content)
    return paths


def as_json(rows: Sequence[Any]) -> bytes:
    """Returns the rows as a JSON array, integers as they are, unknown as null."""
    return msgspec.json.format(msgspec.json.encode(list(rows)), indent=1)


def as_csv(rows: Sequence[Any]) -> str:
    """Returns the rows as CSV with a head line; unknown is an empty cell, a route is its tokens and venues."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if rows:
        writer.writerow(rows[0].__struct_fields__)
    for row in rows:
        writer.writerow([cell(getattr(row, name)) for name in row.__struct_fields__])
    return out.getvalue()


def cell(value: Any) -> str | int | float:
    """Returns a value as a CSV cell. Text a spreadsheet would take for a formula gets a leading `'`; numbers stay."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, tuple) and value and all(isinstance(part, Leg) for part in value):
        value = " ".join(f"{leg.token} {leg.venue}" for leg in value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
