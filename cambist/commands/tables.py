"""Tables for people. Nothing of them is markup: symbols and reasons come from strangers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cambist.model.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNKNOWN = "–"
PIPED_CELLS = 240
"""Width where nobody looks at it: nothing is cut."""
CELLS = 96


def print_table(names: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> int:
    """Prints rows beneath column names, those that begin with `>` to the right; returns how many rows.

    A cell of `None` is shown as unknown.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in names:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(UNKNOWN if cell is None else sanitise(str(cell), CELLS)) for cell in row])
    if title:
        print_text(title)
    if table.row_count:
        _console().print(table)
    return table.row_count


def print_text(text: str, style: str = "") -> None:
    """Prints a line of results."""
    _console().print(Text(text, style=style), soft_wrap=True)


def whole(about: Mapping[str, Any], key: str = "atoms", *, sign: bool = False) -> str | None:
    """Returns an answer's amount in whole tokens without idle zeros, `None` if it is null; atoms without decimals."""
    if about[key] is None:
        return None
    atoms, decimals = int(about[key]), about["decimals"]
    plus = "+" if sign and atoms > 0 else ""
    if decimals is None:
        return f"{plus}{atoms:,} atoms"
    head, tail = divmod(abs(atoms), 10**decimals)
    digits = f"{tail:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{plus}{'−' if atoms < 0 else ''}{head:,}{'.' + digits if digits else ''}"


def amounts(parts: Iterable[Mapping[str, Any]], *, sign: bool = False) -> str:
    """Returns amounts with their symbols in one cell."""
    return ", ".join(f"{whole(part, sign=sign)} {part['symbol']}" for part in parts)


def lasted(ns: int | None) -> str | None:
    """Returns a time span in the unit that suits it.

    >>> lasted(1_500_000), lasted(90_000_000_000)
    ('1.5 ms', '1.5 min')
    """
    if ns is None:
        return None
    for size, unit in ((86_400 * 10**9, "d"), (3_600 * 10**9, "h"), (60 * 10**9, "min"), (10**9, "s"), (10**6, "ms")):
        if abs(ns) >= size:
            return f"{ns / size:.1f} {unit}"
    return f"{ns / 1000:g} µs"


def clock(at_ns: int | None) -> str | None:
    """Returns a time (UTC) to the millisecond."""
    from cambist.statements.sheet import moment

    return None if at_ns is None else moment(at_ns)[:23].replace("T", " ")


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PIPED_CELLS, highlight=False, markup=False, emoji=False)
