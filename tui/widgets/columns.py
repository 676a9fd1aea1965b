"""Where columns stand. Widths are constants; only a panel's width decides which columns there are."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Column(NamedTuple):
    """One column: its width without the gap before it."""

    name: str
    head: str
    width: int
    right: bool = True
    gap: int = 1
    most: int = 0
    """Where it may grow into slack: up to this width; 0 is fixed."""


class Slot(NamedTuple):
    """Where a column stands in a panel."""

    x: int
    width: int
    head: str
    right: bool

    @property
    def end(self) -> int:
        """Returns the column after its last cell."""
        return self.x + self.width


def plan(columns: tuple[Column, ...], drops: tuple[str, ...], width: int, start: int = 2) -> dict[str, Slot]:
    """Returns the slots of the columns that fit `width` cells, in order, after leaving out `drops` first to last.

    Slack goes to the columns that may grow, in order; what nothing can take stays at the right.
    """
    return dict(_plan(columns, drops, width, start))


@lru_cache(maxsize=256)
def _plan(columns: tuple[Column, ...], drops: tuple[str, ...], width: int, start: int) -> dict[str, Slot]:
    kept = list(columns)
    for name in drops:
        if _need(kept, start) <= width:
            break
        kept = [column for column in kept if column.name != name]
    slack = max(0, width - _need(kept, start))
    slots: dict[str, Slot] = {}
    x = start
    for index, column in enumerate(kept):
        grown = min(slack, max(0, column.most - column.width))
        slack -= grown
        x += column.gap if index else 0
        slots[column.name] = Slot(x, column.width + grown, column.head, column.right)
        x += column.width + grown
    return slots


def _need(columns: list[Column], start: int) -> int:
    return start + sum(column.width + (column.gap if index else 0) for index, column in enumerate(columns))
