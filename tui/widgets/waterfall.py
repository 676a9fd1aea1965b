"""Where the gross goes: one falling thin bar per cost, all on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.glyphs import glyph

if TYPE_CHECKING:
    from collections.abc import Sequence


def spans(amounts: Sequence[int | None]) -> list[tuple[float, float] | None]:
    """Returns for gross, costs and net the stretch of the scale from 0 to 1 that each takes.

    The first amount is the gross and stands from zero, the last is the net and stands from zero, those between hang
    where the one before ended. From an unknown cost on nothing is known, except a net that is given.
    """
    falling: list[tuple[int, int] | None] = []
    level: int | None = 0
    for index, amount in enumerate(amounts):
        if index == len(amounts) - 1 and index:
            falling.append(None if amount is None else (0, amount))
        elif level is None or amount is None:
            falling.append(None)
            level = None
        else:
            falling.append((level, level + amount))
            level += amount
    ends = [end for pair in falling if pair is not None for end in pair]
    low, high = min(0, *ends) if ends else 0, max(0, *ends) if ends else 0
    whole = high - low
    return [
        None if pair is None or whole == 0 else ((min(pair) - low) / whole, (max(pair) - low) / whole)
        for pair in falling
    ]


def bar(span: tuple[float, float] | None, width: int) -> str:
    """Returns a thin bar over `span` in `width` cells, half cells at its ends; blank if it is unknown."""
    if span is None:
        return " " * width
    first, last = round(span[0] * width * 2), round(span[1] * width * 2)
    out = ""
    for cell in range(width):
        left, right = first <= cell * 2 < last, first <= cell * 2 + 1 < last
        out += (
            glyph("bar") if left and right else glyph("bar-half") if left else glyph("bar-half-right") if right else " "
        )
    return out
