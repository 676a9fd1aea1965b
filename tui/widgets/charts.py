"""Small charts in text: braille lines, thin bars, a price within its band. They return strings, not colours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tui.glyphs import BRAILLE_ASCII, glyph, is_ascii

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Braille bits by column, then by height from the bottom."""


def resample(values: Sequence[float], points: int) -> list[float]:
    """Returns at most `points` values: the last of each equal slice."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) <= points:
        return finite
    return [finite[(index + 1) * len(finite) // points - 1] for index in range(points)]


def sparkline(values: Sequence[float], cells: int) -> str:
    """Returns a line of `cells` cells, two points a cell, right-aligned; blank without values."""
    return curve(values, cells, 1)[0]


def curve(values: Sequence[float], cells: int, rows: int, *, low: float | None = None) -> list[str]:
    """Returns `rows` lines of `cells` cells with the values as a line, top row first, newest at the right.

    The scale runs from the lowest to the highest value, or from `low` if that is lower.
    """
    if is_ascii():
        return _curve_ascii(values, cells, rows, low)
    points = resample(values, cells * 2)
    bits = [[0] * cells for _ in range(rows)]
    heights = _heights(points, rows * 4, low)
    offset = cells * 2 - len(points)
    before: int | None = None
    for index, height in enumerate(heights):
        x = offset + index
        bottom, top = height, height
        if before is not None and rows > 1:
            bottom, top = min(height, before + (height > before)), max(height, before - (height < before))
        for level in range(bottom, top + 1):
            bits[rows - 1 - level // 4][x // 2] |= _DOTS[x % 2][level % 4]
        before = height
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in bits]


def _heights(points: Sequence[float], levels: int, low: float | None) -> list[int]:
    if not points:
        return []
    bottom, top = min(points), max(points)
    if low is not None:
        bottom = min(bottom, low)
    if top <= bottom:
        return [levels // 2] * len(points)
    whole = top / 2 - bottom / 2  # halved first: the difference of two finite values may not be finite
    if whole == 0:
        return [levels // 2] * len(points)
    return [round((value / 2 - bottom / 2) / whole * (levels - 1)) for value in points]


def _curve_ascii(values: Sequence[float], cells: int, rows: int, low: float | None) -> list[str]:
    points = resample(values, cells)
    levels = len(BRAILLE_ASCII)
    grid = [[" "] * cells for _ in range(rows)]
    for index, height in enumerate(_heights(points, rows * levels, low)):
        grid[rows - 1 - height // levels][cells - len(points) + index] = BRAILLE_ASCII[height % levels]
    return ["".join(row) for row in grid]


def bars(counts: Sequence[int], rows: int) -> list[str]:
    """Returns `rows` lines with a bar a cell, top row first; the highest is full, one above 0 has a dot at least."""
    top, levels = max(counts, default=0), len(BRAILLE_ASCII) if is_ascii() else len(_DOTS[0])
    heights = [0 if count <= 0 else max(1, round(count * rows * levels / top)) for count in counts]
    return [
        "".join(_bar_cell(min(levels, max(0, height - below * levels)), levels) for height in heights)
        for below in range(rows - 1, -1, -1)
    ]


def _bar_cell(level: int, levels: int) -> str:
    if not level:
        return " "
    if is_ascii():
        return glyph("heat") if level == levels else BRAILLE_ASCII[level - 1]
    return chr(0x2800 + sum(_DOTS[0][:level]))


def thin_bar(share: float, cells: int) -> tuple[str, str]:
    """Returns (filled, track) of a thin bar; half a cell is `╸`. Together they are `cells` cells."""
    halves = round(max(0.0, min(1.0, share if math.isfinite(share) else 0.0)) * cells * 2)
    filled = glyph("bar") * (halves // 2) + (glyph("bar-half") if halves % 2 else "")
    return filled, glyph("track") * (cells - len(filled))


def log_share(ratio: float, top: float = 200.0) -> float:
    """Returns where `ratio` lies between 1 and `top` on a log scale, 0 to 1."""
    return max(0.0, min(1.0, math.log(ratio) / math.log(top))) if ratio > 1 else 0.0


def band_index(price: float | None, low: float | None, high: float | None, cells: int) -> int | None:
    """Returns the cell of a price within its band, 0 to `cells` − 1, clamped; None if any of them is unknown."""
    if price is None or low is None or high is None:
        return None
    if not (math.isfinite(price) and math.isfinite(low) and math.isfinite(high)) or high <= low:
        return None
    return max(0, min(cells - 1, round((price - low) / (high - low) * (cells - 1))))
