"""The base of all our widgets: lines painted ahead, repainted only where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.events import Resize

    from tui.scene import Scene


class Painted(Widget):
    """A widget whose lines are strips; `repaint` refreshes only the lines that changed."""

    def __init__(self, scene: Scene, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.scene = scene
        self._lines: list[Strip] = []

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the lines to show, at most `height` of them."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paints the lines anew and refreshes those that differ from what is shown."""
        width, height = self.size
        if not width or not height:
            return
        before, after = self._lines, self.paint_lines(width, height)[:height]
        self._lines = after
        if len(before) != len(after):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new and old != new]
        if len(changed) == len(after):
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Returns line `y` as painted last, over the screen's ground."""
        ground = self.scene.paint.base
        if y < len(self._lines) and self._lines[y].cell_length == self.size.width:
            return self._lines[y].apply_style(ground)
        return Strip.blank(self.size.width, ground)

    def lines(self) -> list[str]:
        """Returns the text of the painted lines."""
        return [strip.text for strip in self._lines]

    def on_resize(self, event: Resize) -> None:
        """Paints for the new size."""
        del event
        self._lines = []
        self.repaint()
