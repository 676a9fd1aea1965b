"""Profit against size, drawn in braille: where a cycle is positive, where its best size is, what the scale is."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from tui.glyphs import BRAILLE_ASCII, glyph, is_ascii
from tui.widgets.canvas import cells

if TYPE_CHECKING:
    from tui.widgets.canvas import Canvas

Points = tuple[tuple[float, float], ...]
"""(size, net) in whole units, ascending size."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Braille bits by column, then by height from the top."""


def bounds(points: Points) -> tuple[float, float, int]:
    """Returns (lowest, highest, decimals) of a scale with round ends that holds zero.

    A loss deeper than half the best gain is cut off, so that the gain keeps most of the room.
    """
    top = max((net for _, net in points), default=0.0)
    low = min((net for _, net in points), default=0.0)
    step = _step(top if top > 0 else -low)
    decimals = max(0, -math.floor(math.log10(step)))
    high = math.ceil(max(top, 0.0) / step - 1e-9) * step
    bottom = math.floor(min(low, 0.0) / step + 1e-9) * step
    if top > 0:
        bottom = max(bottom, -max(step, math.floor(high / 2 / step) * step))
    return bottom, max(high, bottom + step), decimals


def _step(most: float) -> float:
    if most <= 0 or not math.isfinite(most):
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return power if most / power >= 1.5 else power / 2 if most / power > 1 else power / 5


def at(points: Points, size: float) -> float | None:
    """Returns the net at `size`, on the line between the two nearest points; `None` outside."""
    if not points or not points[0][0] <= size <= points[-1][0]:
        return None
    right = bisect_left(points, size, key=lambda point: point[0])
    (x1, y1), (x0, y0) = points[right], points[max(0, right - 1)]
    return y1 if x1 == x0 else y0 + (y1 - y0) * (size - x0) / (x1 - x0)


def draw(
    canvas: Canvas, x: int, y: int, width: int, height: int, points: Points, best: tuple[float, float] | None, unit: str
) -> None:
    """Draws the curve with its labels: `height` rows and one below for the axis; 9 columns at the left are labels."""
    plot_x, plot_width, rows = x + 9, width - 9, height - 1
    if plot_width < 8 or rows < 3:
        return
    if len(points) < 2:
        canvas.put(x, y + 1, "The curve is not known yet.", "muted")
        return
    bottom, top, decimals = bounds(points)
    last = max(points[-1][0], best[0] if best else 0.0)
    zero = _row(0.0, bottom, top, rows)
    if top > 0:
        canvas.right(plot_x - 2, y, _signed(top, decimals), "muted")
    if bottom < 0:
        canvas.right(plot_x - 2, y + rows, _signed(bottom, decimals), "muted")
    canvas.right(plot_x - 2, y + 1 + zero, "0", "muted")
    canvas.put(plot_x, y + 1 + zero, glyph("dashes") * plot_width, "border")
    _line(canvas, plot_x, y + 1, plot_width, rows, points, (bottom, top, last))
    canvas.put(plot_x, y + 1 + rows, "0", "muted")
    canvas.right(plot_x + plot_width, y + 1 + rows, f"{last:.3g} {unit}", "muted")
    if best is not None:
        _mark(canvas, plot_x, y, plot_width, rows, best, (bottom, top, last), unit)


def _line(
    canvas: Canvas, x: int, y: int, width: int, rows: int, points: Points, scale: tuple[float, float, float]
) -> None:
    bottom, top, last = scale
    columns, levels = (1, len(BRAILLE_ASCII)) if is_ascii() else (2, 4)
    dots = width * columns
    bits: dict[tuple[int, int], int] = {}
    before: int | None = None
    for column in range(dots):
        net = at(points, last * column / max(1, dots - 1))
        level = None if net is None or net < bottom else round((top - net) / (top - bottom) * (rows * levels - 1))
        if level is not None and level >= 0:
            near = level if before is None else before + (level > before) - (level < before)
            for filled in range(min(level, near), max(level, near) + 1) if not is_ascii() else (level,):
                key = (filled // levels, column // columns)
                bit = levels - 1 - filled % levels if is_ascii() else _DOTS[column % 2][filled % levels]
                bits[key] = bit if is_ascii() else bits.get(key, 0) | bit
        before = level
    zero = _row(0.0, bottom, top, rows)
    for (row, column), value in bits.items():
        char = BRAILLE_ASCII[value] if is_ascii() else chr(0x2800 + value)
        canvas.put(x + column, y + row, char, "muted" if row > zero else "text")


def _mark(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    rows: int,
    best: tuple[float, float],
    scale: tuple[float, float, float],
    unit: str,
) -> None:
    bottom, top, last = scale
    column = x + min(width - 1, round(best[0] / last * (width - 1))) if last > 0 else x
    row = max(0, min(rows - 1, _row(best[1], bottom, top, rows)))
    for below in range(row + 1, rows):
        canvas.put(column, y + 1 + below, glyph("dashes-up"), "accent")
    canvas.put(column, y + 1 + row, glyph("optimum"), "accent")
    label = f"{best[0]:.4g} {unit} {_signed(best[1], 5)}"
    start = max(x, min(column - cells(label) // 2 + 1, x + width - cells(label)))
    canvas.put(start, y, label, "accent bold")
    start = max(x + 2, min(column - 2, x + width - 12))
    canvas.put(start, y + 1 + rows, "best", "accent")


def _row(net: float, bottom: float, top: float, rows: int) -> int:
    return min(rows - 1, round((top - net) / (top - bottom) * (rows * 4 - 1)) // 4)


def _signed(value: float, decimals: int) -> str:
    digits = f"{abs(value):.{decimals}f}"
    if float(digits) == 0:
        return digits
    return (glyph("minus") if value < 0 else "+") + digits
