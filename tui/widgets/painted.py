"""The base of all our widgets: lines painted ahead, repainted only where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.paint import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Resize
    from textual.filter import LineFilter

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


class Grounded(Painted):
    """A painted widget whose strips carry their ground, so that Textual need not lay one under each line.

    Measured at 120×40: laying grounds, filtering ANSI colours that aren't there and walking the ancestors for
    backgrounds took a fifth of a frame.
    """

    def line(self, width: int, ground: str = "") -> Line:
        """Returns an empty line over the ground `ground`, or the screen's."""
        return Line(width, self.scene.paint.over(ground))

    def render_line(self, y: int) -> Strip:
        """Returns line `y` as painted last."""
        if y < len(self._lines) and self._lines[y].cell_length == self.size.width:
            return self._lines[y]
        return Strip.blank(self.size.width, self.scene.paint.base)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Returns none: colours are final when they are painted."""
        return ()

    @property
    def background_colors(self) -> tuple[Color, Color]:
        """Returns nothing to lay under the lines."""
        return _NOTHING


_NOTHING = (Color(0, 0, 0, 0), Color(0, 0, 0, 0))
