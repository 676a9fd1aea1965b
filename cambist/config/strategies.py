"""`[[strategies]]`: what runs, in which order it is offered a go, and what each may tie up, send, lose and ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from cambist.config.numbers import Amount, Count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class StrategyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One strategy. Without any table, `negative_cycle` runs, or `rule` where `[strategy]` has a rule."""

    name: str
    """What orders, limits and screens call it."""
    kind: str = ""
    """Which strategy it is, as `cambist doctor` lists them; empty: the one of its name."""
    enabled: bool = True
    """Whether it runs."""
    capital: dict[str, Amount] = {}
    """Most that its open orders may tie up, in whole tokens by symbol; a token that is not named is then refused."""
    max_open_orders: Count | None = None
    """Orders of it that may be open at a time."""
    max_orders_per_day: Count | None = None
    """Orders that it may send in a day (UTC)."""
    daily_loss: dict[str, Amount] = {}
    """Most that it may lose in a day (UTC), with what it has open, in whole tokens by symbol; others are refused."""
    max_edges: Count | None = 10_000
    """Edges that it may ask about at one moment; then it is cut for that moment."""
    settings: dict[str, bool | int | float | str] = {}
    """Its own, as `cambist config` lists them for each kind."""


def problems(tables: Sequence[StrategyTable]) -> Iterator[tuple[str, str]]:
    """Yields (key, what is wrong with it)."""
    seen: set[str] = set()
    for at, table in enumerate(tables):
        if not NAME.fullmatch(table.name):
            yield (
                f"strategies[{at}].name",
                f'is "{table.name[:40]}", expected up to 64 of a-z, 0-9, _ and -, a letter first',
            )
        elif table.name in seen:
            yield f"strategies[{at}].name", "is taken by another strategy: orders and limits tell them apart by it"
        seen.add(table.name)
