"""A grid of cells with theme roles: what overlays and the playback bar draw on, and the widget that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.strip import Strip

from tui.glyphs import glyph
from tui.widgets.painted import Painted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.style import Style

    from tui.paint import Paint
    from tui.scene import Scene

Cell = tuple[str, str]
"""A character (empty: the right half of a wide one) and its role, with attributes after it: `accent bold`."""
BLANK: Cell = (" ", "text")
THIN_SPACE = "\u2009"


def cells(text: str) -> int:
    """Returns how many cells `text` takes."""
    return sum(get_character_cell_size(char) for char in text)


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """Returns `text` in at most `width` cells; what was cut is replaced by `ellipsis`."""
    if cells(text) <= width:
        return text
    out, used = "", 0
    for char in text:
        used += get_character_cell_size(char)
        if used > width - 1:
            break
        out += char
    return out + ellipsis if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """Returns `text` in lines of at most `width` cells, broken between words, a longer word inside."""
    lines, line = [], ""
    for word in text.split():
        piece = word
        while cells(piece) > width > 0:
            head = ""
            for char in piece:
                if cells(head + char) > width:
                    break
                head += char
            head = head or piece[0]
            if line:
                lines.append(line)
            lines.append(head)
            piece, line = piece[len(head) :], ""
        if line and cells(line) + 1 + cells(piece) > width:
            lines.append(line)
            line = piece
        else:
            line = f"{line} {piece}" if line else piece
    return [*lines, line] if line else lines


class Canvas:
    """Rows of cells. What is outside is cut off; no text can move a neighbour or reach the terminal raw."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.rows: list[list[Cell]] = [[BLANK] * self.width for _ in range(max(0, height))]

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def put(self, x: int, y: int, text: str, role: str = "text") -> int:
        """Draws `text` from column `x`; returns the column after it."""
        row = self.rows[y] if 0 <= y < len(self.rows) else None
        for char in text:
            shown = char if char.isprintable() or char == THIN_SPACE else "?"
            size = get_character_cell_size(shown)
            if size == 0:
                if row is not None and 0 < x <= self.width and len(row[x - 1][0]) < 4:
                    row[x - 1] = (row[x - 1][0] + shown, row[x - 1][1])
                continue
            if row is not None and x >= 0 and x + size <= self.width:
                row[x] = (shown, role)
                if size == 2:
                    row[x + 1] = ("", role)
            x += size
        return x

    def right(self, end: int, y: int, text: str, role: str = "text") -> int:
        """Draws `text` so that it ends before column `end`; returns its first column."""
        start = end - cells(text)
        self.put(start, y, text, role)
        return start

    def run(self, x: int, y: int, *pieces: tuple[str, str]) -> int:
        """Draws (text, role) pieces one after the other; returns the column after the last."""
        for text, role in pieces:
            x = self.put(x, y, text, role)
        return x

    def run_right(self, end: int, y: int, *pieces: tuple[str, str]) -> int:
        """Draws pieces so that the last ends before `end`; returns the first column."""
        start = end - sum(cells(text) for text, _ in pieces)
        self.run(start, y, *pieces)
        return start

    def box(
        self,
        title: str,
        keys: tuple[tuple[str, str], ...] = (),
        role: str = "accent",
        *,
        heavy: bool = False,
        margin: int = 3,
    ) -> None:
        """Draws a border, the title at `margin` in its top line, (key, word) pairs at the right of its bottom line."""
        rule, side = ("rule-heavy", "border-left-heavy") if heavy else ("rule", "border-left")
        corners = tuple(f"corner-{where}{'-heavy' if heavy else ''}" for where in ("top-left", "top-right"))
        under = tuple(f"corner-{where}{'-heavy' if heavy else ''}" for where in ("bottom-left", "bottom-right"))
        last, inner = self.height - 1, self.width - 2
        for y, (first, end) in ((0, corners), (last, under)):
            self.put(0, y, glyph(first) + glyph(rule) * inner + glyph(end), role)
        for y in range(1, last):
            self.put(0, y, glyph(side), role)
            self.put(self.width - 1, y, glyph(side), role)
        self.put(margin - 1, 0, f" {clip(title, inner - 4)} ", "strong bold")
        self.keys(self.width - 3, last, keys)

    def keys(self, end: int, y: int, keys: tuple[tuple[str, str], ...]) -> None:
        """Draws (key, word) pairs so that they end before `end`; what does not fit is left out from the right."""
        while keys and sum(cells(key) + cells(word) + 4 for key, word in keys) > end - 1:
            keys = keys[:-1]
        pieces: list[tuple[str, str]] = []
        for key, word in keys:
            pieces += [("   " if pieces else " ", "text"), (key, "accent bold"), (f" {word}", "muted")]
        if pieces:
            self.run_right(end, y, *pieces, (" ", "text"))

    def dim(self, role: str = "muted") -> None:
        """Gives every cell the same role: a picture that is no longer true."""
        self.rows = [[(char, role) for char, _ in row] for row in self.rows]

    def strips(self, paint: Paint, ground: str = "") -> list[Strip]:
        """Returns the rows in a theme's colours, over the ground role `ground`."""
        below = paint.ground(ground)
        return [
            Strip([Segment(t, look(paint, r)) for t, r in _runs(row)], self.width).apply_style(below)
            for row in self.rows
        ]

    def text(self) -> str:
        """Returns the characters alone, one line a row, without trailing blanks."""
        return "\n".join("".join(char for char, _ in row).rstrip() for row in self.rows)


def _runs(row: list[Cell]) -> Iterator[tuple[str, str]]:
    """Yields the stretches of a row that have one role."""
    text, role = "", ""
    for char, cell_role in row:
        if cell_role != role and text:
            yield text, role
            text = ""
        text, role = text + char, cell_role
    if text:
        yield text, role


class Sheet(Painted):
    """Shows the canvas that `painter` draws for the widget's size."""

    def __init__(
        self,
        scene: Scene,
        painter: Callable[[int, int], Canvas],
        *,
        ground: str = "overlay",
        id: str | None = None,  # Textual's name
    ) -> None:
        super().__init__(scene, id=id)
        self._painter = painter
        self._ground = ground

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the canvas as strips."""
        return self._painter(width, height).strips(self.scene.paint, self._ground)


def look(paint: Paint, role: str) -> Style:
    """Returns the style of a role as cells carry it: `muted`, `accent bold`, `on-accent@accent bold`."""
    name, *attributes = role.split()
    text, _, ground = name.partition("@")
    return paint.style(text, ground, bold="bold" in attributes, reverse="reverse" in attributes)
