"""From roles to terminal styles, and a line that is painted left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from themes import mix
from tui.formats import clean
from tui.glyphs import HEAT

if TYPE_CHECKING:
    from themes import Theme

_NULL = Style.null()
THIN_SPACE = "\u2009"
_LIFTED = {"bright_black": Style(color="white"), "cyan": Style(color="bright_white")}


class Over(dict[Style, Style]):
    """Each style over one ground; made once, because adding styles costs more than painting with them."""

    def __init__(self, ground: Style, *, lifted: bool = False) -> None:
        super().__init__()
        self.ground = ground
        self._lifted = lifted
        """Muted text and accent become white: on one of 16 colours as ground they can't be read."""

    def __missing__(self, style: Style) -> Style:
        """Returns `style` with the ground where it has none of its own."""
        made = self.ground + style
        if self._lifted and style.bgcolor is None and style.color is not None:
            made += _LIFTED.get(style.color.name, _NULL)
        self[style] = made
        return made


class Paint:
    """Styles of one theme in one mode. Every style is made once."""

    def __init__(self, theme: Theme, mode: str = "PAPER") -> None:
        self.theme = theme
        self.live = mode == "LIVE"
        self._styles: dict[tuple[str, str, bool, bool], Style] = {}
        self.base = self.ground("live-tint" if self.live else "background")
        """The ground of everything that has none of its own."""
        self._over: dict[str, Over] = {}
        self._heat: dict[int, tuple[str, Style]] = {}

    def style(self, role: str, on: str = "", *, bold: bool = False, reverse: bool = False) -> Style:
        """Returns the style of a text role, over the ground role `on`; without `on` the widget's ground shows."""
        key = (role, on, bold, reverse)
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._make(role, on, bold=bold, reverse=reverse)
        return style

    def ground(self, role: str) -> Style:
        """Returns a style that only lays the ground `role`."""
        return self.style("", role)

    def over(self, role: str = "") -> Over:
        """Returns the table of styles over the ground `role`; without one, over the screen's."""
        table = self._over.get(role)
        if table is None:
            ground = self.ground(role) if role else self.base
            table = self._over[role] = Over(ground, lifted=self.theme.colours == "16" and ground.bgcolor is not None)
        return table

    def _make(self, role: str, on: str, *, bold: bool, reverse: bool) -> Style:
        attributes = f"{self.theme.attributes.get(role, '')} {self.theme.attributes.get(on, '')}".split()
        return Style(
            color=self._colour(role),
            bgcolor=self._colour(on),
            bold=bold or "bold" in attributes or None,
            reverse=reverse or "reverse" in attributes or None,
            underline="underline" in attributes or None,
        )

    def _colour(self, role: str) -> Color | None:
        name = self.theme.roles.get(role, "ansi_default")
        return None if name == "ansi_default" else Color.parse(name.removeprefix("ansi_"))

    def chip(self) -> Style:
        """Returns the style of the focused panel's title."""
        if self.theme.colours == "mono":
            return Style(bold=True, reverse=True)
        return self.style("on-accent", "accent", bold=True)

    def venue(self, venue_class: str) -> Style:
        """Returns the style of a venue's name by its class; unknown classes look like `other`."""
        role = f"venue-{venue_class}"
        return self.style(role if role in self.theme.roles else "venue-other")

    def heat(self, share: float, cell: str) -> tuple[str, Style]:
        """Returns (character, style) of a heat cell for `share` from 0 to 1; without tints a character tells."""
        step = max(0, min(24, round(share * 24)))
        found = self._heat.get(step)
        if found is None:
            found = self._heat[step] = self._heat_step(step / 24, cell)
        return found

    def _heat_step(self, share: float, cell: str) -> tuple[str, Style]:
        stops = self.theme.heat
        if not stops:
            return HEAT[min(len(HEAT) - 1, int(share * len(HEAT)))], self.style("text")
        at = share * (len(stops) - 1)
        low = min(int(at), len(stops) - 2)
        return cell, Style(color=Color.parse(mix(stops[low + 1], stops[low], at - low)))


class Line:
    """One line, painted from left to right; what doesn't fit is cut, never pushed."""

    __slots__ = ("_over", "_segments", "at", "width")

    def __init__(self, width: int, over: Over | None = None) -> None:
        self.width = width
        self._over = over if over is not None else Over(_NULL)
        self.at = 0
        self._segments: list[Segment] = []

    def put(self, x: int, text: str, style: Style) -> Line:
        """Paints `text` at column `x`, or where the line already is if that is further right."""
        at = self.at
        if x > at:
            if x > self.width:
                x = self.width
            self._segments.append(Segment(" " * (x - at), self._over.ground))
            self.at = at = x
        if not text.isprintable() and not text.replace(THIN_SPACE, "").isprintable():
            text = clean(text)  # the last door before the terminal: escapes never pass it
        size = len(text) if text.isascii() else cell_len(text)
        if at + size > self.width:
            size = max(0, self.width - at)
            text = set_cell_size(text, size)
        if size:
            self._segments.append(Segment(text, self._over[style]))
            self.at = at + size
        return self

    def add(self, text: str, style: Style) -> Line:
        """Paints `text` where the line is."""
        return self.put(self.at, text, style)

    def end(self, end: int, text: str, style: Style) -> Line:
        """Paints `text` so that it ends before column `end`."""
        return self.put(end - (len(text) if text.isascii() else cell_len(text)), text, style)

    def strip(self) -> Strip:
        """Returns the line as a strip of exactly `width` cells."""
        if self.at < self.width:
            self._segments.append(Segment(" " * (self.width - self.at), self._over.ground))
            self.at = self.width
        return Strip(self._segments, self.width)
