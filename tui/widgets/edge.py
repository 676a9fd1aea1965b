"""The outermost columns: background, or the LIVE frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.glyphs import glyph
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from textual.strip import Strip


class Edge(Grounded):
    """One column."""

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns blank cells, filled in LIVE; without colour they also say `!`."""
        paint = self.scene.paint
        if not self.scene.live:
            return [self.line(width).strip()] * height
        text = glyph("live-edge") if paint.theme.colours == "mono" else " "
        return [self.line(width, "live").add(text, paint.style("on-live", "live")).strip()] * height
