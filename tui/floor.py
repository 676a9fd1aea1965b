"""The dashboard's floor: places its children at the boxes computed by `tui.layout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.geometry import Size

    from tui.layout import Box
    from tui.scene import Scene


class _Places(Layout):
    name = "places"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Returns a placement for each child that has a box."""
        del size, greedy
        boxes = parent.boxes if isinstance(parent, Floor) else {}
        return [
            WidgetPlacement(Region(*boxes[child.id]), NULL_OFFSET, NULL_SPACING, child, order)
            for order, child in enumerate(children)
            if child.id in boxes
        ]


class Floor(Widget):
    """Holds the dashboard's widgets."""

    def __init__(self, scene: Scene, *children: Widget) -> None:
        super().__init__(*children, id="floor")
        self.scene = scene
        self._default_layout = _Places()  # type: ignore[assignment]
        self.boxes: dict[str, Box] = {}

    def render_lines(self, crop: Region) -> list[Strip]:
        """Returns the ground between the children."""
        return [Strip.blank(crop.width, self.scene.paint.base)] * crop.height

    def place(self, boxes: dict[str, Box], before_hiding: Callable[[], None]) -> None:
        """Puts the children into their boxes; what has none is not shown and can't be focused.

        `before_hiding` moves the focus away from what will be hidden, or Textual moves it where it likes.
        """
        if boxes == self.boxes:
            return
        self.boxes = boxes
        for child in self.children:
            if child.id in boxes:
                child.display = True
        before_hiding()
        for child in self.children:
            if child.id not in boxes:
                child.display = False
        self.refresh(layout=True)
