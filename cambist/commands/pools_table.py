"""The table of `cambist pools`. Nothing of it is markup: symbols come from strangers."""

from __future__ import annotations

import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cambist.market.discovery import age

UNKNOWN = "–"
PIPED_CELLS = 240
"""Width where nobody looks at it: nothing is cut."""
_STYLES = {True: "green", False: "yellow"}


def print_pools(found: dict[str, Any], limit: int | None) -> None:
    """Prints the pools of an answer, and where and when it was given."""
    console = Console(width=None if sys.stdout.isatty() else PIPED_CELLS, highlight=False, markup=False, emoji=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    unit = found["unit"]
    held = f"holds, in {unit['label']}" if unit else "holds"
    for name, right in (
        ("venue", False), ("pair", False), ("pool", False), ("decimals", True), ("fee bps", True), (held, True),
        ("quoted by", False), ("state", False), ("from", False),
    ):  # fmt: skip
        table.add_column(name, justify="right" if right else "left", overflow="fold" if name == "pool" else "ellipsis")
    rows = found["pools"][:limit]
    for pool in rows:
        table.add_row(*_cells(pool, unit))
    console.print(table)
    total = len(found["pools"])
    what = "pool" if total == 1 else "pools"
    shown = f"{len(rows)} of {total} {what}" if len(rows) < total else f"{total} {what}"
    when = "just now" if not found["cached"] else f"{age(int(found['age_s'] * 1e9))} ago (cache)"
    demo = "DEMO market, " if found["demo"] else ""
    console.print(Text(f"{shown}; {demo}{found['node']}, slot {found['slot']}, asked {when}", style="dim"))


def _cells(pool: dict[str, Any], unit: dict[str, Any] | None) -> list[Text]:
    pair = pool["pair"]
    names = UNKNOWN if pair is None else "/".join(side["label"] for side in pair)
    places = UNKNOWN if pair is None else "/".join(str(_known(side["decimals"])) for side in pair)
    fee = "" if pool["fee_ppm"] is None else f"{pool['fee_ppm'] / 100:g}"
    fee = " ".join(part for part in (fee, pool["fee_note"]) if part) or UNKNOWN
    worth = pool["liquidity_atoms"]
    held = UNKNOWN if worth is None or unit is None else f"{int(worth) / 10 ** unit['decimals']:,.1f}"
    state = Text(pool["state"], style=_STYLES[pool["usable"]])
    by = {"program": "program", "fixture": "fixture", "formula": "formula only"}.get(pool["proof"], UNKNOWN)
    texts = [pool["title"] or UNKNOWN, names, pool["address"], places, fee, held, by]
    return [*map(Text, texts), state, Text(pool["from"])]


def _known(value: int | None) -> object:
    return UNKNOWN if value is None else value
