"""The last line of the log, above the footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import formats
from tui.glyphs import glyph, plain
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from rich.style import Style
    from textual.strip import Strip

    from cambist.view import LogRow, LogSection
    from tui.paint import Paint
    from tui.scene import Scene


def level_mark(row: LogRow, paint: Paint) -> tuple[str, Style]:
    """Returns the mark of a row's level."""
    if row.level == "error":
        return glyph("error"), paint.style("danger", bold=True)
    if row.level == "warn":
        return glyph("warn"), paint.style("stale", bold=True)
    return " ", paint.style("")


class LogLine(Grounded):
    """One line."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.row: LogRow | None = None

    def show(self, section: LogSection) -> None:
        """Takes over the newest row."""
        row = section.rows[-1] if section.rows else None
        if row is not self.row:
            self.row = row
            self.repaint()

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the line."""
        del height
        line, row, paint = self.line(width), self.row, self.scene.paint
        if row is not None:
            line.put(1, formats.clock(row.at_ns), paint.style("muted"))
            line.put(10, *level_mark(row, paint))
            line.put(12, formats.cut(row.source, 8), paint.style("muted"))
            line.put(line.at + 2, plain(formats.cut(row.text, max(1, width - line.at - 3))), paint.style("text"))
        return [line.strip()]
