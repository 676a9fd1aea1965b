"""The base of all our widgets: lines painted ahead, repainted only where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.paint import Line

if TYPE_CHECKING:
    from textual.events import Resize

    from tui.scene import Scene


class Painted(Widget):
    """A widget whose lines are strips; `repaint` refreshes only the lines that changed."""

    def __init__(self, scene: Scene, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.scene = scene
        self._lines: list[Strip] = []

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the lines to show, at most `height` of them."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paints the lines anew and refreshes those that differ from what is shown."""
        if changed := self.changes():
            self.refresh(*changed)

    def changes(self) -> list[Region]:
        """Paints the lines anew; returns the regions that differ from what is shown, in the widget's own cells."""
        width, height = self.outer_size
        if not width or not height:
            return []
        before, after = self._lines, self.paint_lines(width, height)[:height]
        self._lines = after
        if len(before) != len(after):
            return [Region(0, 0, width, height)]
        return [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old is not new and old != new
        ]

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


class Grounded(Painted):
    """A painted widget whose strips carry their ground: they go to the compositor as they are.

    Measured at 120×40: laying grounds, filtering ANSI colours that aren't there, walking the ancestors for backgrounds
    and asking the cache of styled lines took a third of a frame.
    """

    def line(self, width: int, ground: str = "") -> Line:
        """Returns an empty line over the ground `ground`, or the screen's."""
        return Line(width, self.scene.paint.over(ground))

    def render_line(self, y: int) -> Strip:
        """Returns line `y` as painted last; blank while what was painted is of another width."""
        width = self.outer_size.width
        if y < len(self._lines) and self._lines[y].cell_length == width:
            return self._lines[y]
        return Strip.blank(width, self.scene.paint.base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Returns the lines of `crop` as painted last."""
        strips = [self.render_line(y) for y in crop.line_range]
        if crop.column_span != (0, self.outer_size.width):
            return [strip.crop(*crop.column_span) for strip in strips]
        return strips
