"""How long gaps lived: a bar a bin on a fixed log scale, and our own latency as a line between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.view import LIFE_BINS_NS
from tui.glyphs import glyph
from tui.widgets import charts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.widgets.canvas import Canvas

BINS = len(LIFE_BINS_NS) - 1
CELLS = BINS + 1
"""A cell a bin, and one for the line."""
_FIRST, _LAST = math.log(LIFE_BINS_NS[0]), math.log(LIFE_BINS_NS[-1])
_LABELS = {10**7: "10 ms", 10**8: "100 ms", 10**9: "1 s", 10**10: "10 s", 10**11: "100 s"}


def share(ns: int) -> float:
    """Returns where a time lies on the scale, 0 to 1; what is beyond it lies at its ends."""
    return 0.0 if ns <= 0 else max(0.0, min(1.0, (math.log(ns) - _FIRST) / (_LAST - _FIRST)))


def place(ns: int) -> int:
    """Returns the cell of the line for a time: bars left of it are of bins that are mostly shorter."""
    return round(share(ns) * BINS)


def draw(canvas: Canvas, x: int, y: int, rows: int, lives: Sequence[int], line: int | None) -> None:
    """Draws bars in `rows` rows from `y` on, then an axis and its labels; `line` is the cell of our own latency.

    Bars of what is shorter than it are fainter. Without one its cell stays empty at the end.
    """
    at = BINS if line is None else line
    for offset, text in enumerate(charts.bars(lives, rows)):
        canvas.put(x, y + offset, text[:at], "muted" if line is None else "faint")
        canvas.put(x + at + 1, y + offset, text[at:], "muted")
        if line is not None:
            canvas.put(x + at, y + offset, glyph("border-left"), "accent")
    canvas.put(x, y + rows, glyph("rule") * CELLS, "border")
    for ns, label in _LABELS.items():
        bin_ = place(ns)
        cell = bin_ + (bin_ >= at and line is not None)
        start = max(0, min(CELLS - len(label), cell - len(label) // 2))
        canvas.put(x + start, y + rows + 1, label, "muted")
