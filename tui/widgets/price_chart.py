"""A price over its last bars, drawn in braille: the closes, the average through them, the band around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from tui.glyphs import BRAILLE_ASCII, glyph, is_ascii

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cambist.view import PriceBar
    from tui.widgets.canvas import Canvas

BAR_NS = 5_000_000_000
BARS = 60
"""Closed ones shown at most; the provisional one stands at the right edge."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Braille bits by column, then by height from the top."""

Values = list[tuple[int, float | None]]
"""(bars before the last one, value), oldest first."""


class Line(NamedTuple):
    """One line of the chart: later ones win the colour of a shared cell."""

    values: Values
    role: str
    on: int
    """Dots drawn …"""
    off: int
    """… and left out, so that lines differ without their colours."""
    ascii: str
    """Its glyph's name where braille can't be shown; empty: the heights of `BRAILLE_ASCII`."""


def lines(bars: Sequence[PriceBar]) -> tuple[Line, ...]:
    """Returns band, closes and average of bars, as far as each is known."""
    last = bars[-1].start_ns if bars else 0
    ages = [(last - bar.start_ns) // BAR_NS for bar in bars]
    kept = [(age, bar) for age, bar in zip(ages, bars, strict=True) if 0 <= age <= BARS]
    return (
        Line([(age, bar.band_high) for age, bar in kept], "muted", 1, 1, "line-band"),
        Line([(age, bar.band_low) for age, bar in kept], "muted", 1, 1, "line-band"),
        Line([(age, bar.close) for age, bar in kept], "text", 1, 0, ""),
        Line([(age, bar.kama) for age, bar in kept], "accent", 3, 1, "line-average"),
    )


def bounds(found: Sequence[Line]) -> tuple[float, float] | None:
    """Returns the lowest and highest value shown, `None` without one."""
    known = [value for line in found for _, value in line.values if value is not None and math.isfinite(value)]
    return (min(known), max(known)) if known else None


def draw(canvas: Canvas, x: int, y: int, width: int, height: int, bars: Sequence[PriceBar]) -> None:
    """Draws the lines of `bars`, the last of which is provisional, and a mark at its close."""
    found = lines(bars)
    scale = bounds(found)
    if scale is None or width < 4 or height < 2:
        return
    ascii_set = is_ascii()
    columns, levels = (1, len(BRAILLE_ASCII)) if ascii_set else (2, 4)
    cells: dict[tuple[int, int], tuple[int, str, str]] = {}
    for line in found:
        for dot, level in _dots(line, width * columns, height * levels, scale, joined=not ascii_set):
            key = level // levels, dot // columns
            if ascii_set:
                char = glyph(line.ascii) if line.ascii else BRAILLE_ASCII[levels - 1 - level % levels]
                cells[key] = 0, line.role, char
            else:
                bits = _DOTS[dot % 2][level % 4] | cells.get(key, (0, "", ""))[0]
                cells[key] = bits, line.role, chr(0x2800 + bits)
    for (row, column), (_, role, char) in cells.items():
        canvas.put(x + column, y + row, char, role)
    mark = _level(bars[-1].close, height * levels, scale) // levels
    canvas.put(x + width - 1, y + mark, glyph("band-price"), "strong bold")


def row_of(value: float, height: int, scale: tuple[float, float]) -> int:
    """Returns the row of a value, 0 at the top."""
    return _level(value, height * 4, scale) // 4


def _level(value: float, levels: int, scale: tuple[float, float]) -> int:
    low, high = scale
    whole = high / 2 - low / 2  # halved first: the difference of two finite values may not be finite
    if whole <= 0 or not math.isfinite(value):
        return levels // 2
    return max(0, min(levels - 1, round((high / 2 - value / 2) / whole * (levels - 1))))


def _dots(line: Line, dots: int, levels: int, scale: tuple[float, float], *, joined: bool) -> Iterator[tuple[int, int]]:
    """Yields (column, level) of every dot of a line; where a bar or a value is missing, the line breaks."""
    before: tuple[int, int, int] | None = None
    for age, value in line.values:
        if value is None or not math.isfinite(value):
            before = None
            continue
        here = age, round((BARS - age) / BARS * (dots - 1)), _level(value, levels, scale)
        start = before if before is not None and before[0] - age == 1 else here
        yield from _segment(line, start, here, joined=joined)
        before = here


def _segment(
    line: Line, start: tuple[int, int, int], here: tuple[int, int, int], *, joined: bool
) -> Iterator[tuple[int, int]]:
    (_, left, first), (_, right, last) = start, here
    before = first
    for dot in range(left, right + 1):
        level = last if right == left else round(first + (last - first) * (dot - left) / (right - left))
        if dot % (line.on + line.off) < line.on:
            near = before + (level > before) - (level < before) if joined and not line.off else level
            for filled in range(min(level, near), max(level, near) + 1):
                yield dot, filled
        before = level
