"""Routes, painted: tokens bold, dashes faint, each venue in its colour."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tui import route_forms
from tui.glyphs import is_ascii

if TYPE_CHECKING:
    from cambist.view import Leg
    from tui.paint import Line, Paint


def paint_route(
    line: Line, x: int, legs: tuple[Leg, ...], width: int, paint: Paint, *, muted: bool = False, first_form: int = 1
) -> None:
    """Paints the longest form of a route that fits, from `first_form` on; muted for a rejected row."""
    steps = tuple((leg.token, leg.venue, leg.venue_class) for leg in legs)
    line.put(x, "", paint.style(""))
    for piece in _pieces(steps, width, first_form, is_ascii()):
        if piece.kind == "dash":
            style = paint.style("faint")
        elif muted:
            style = paint.style("muted")
        elif piece.kind == "venue":
            style = paint.venue(piece.venue_class)
        else:
            style = paint.style("strong" if first_form < 4 else "text", bold=first_form < 4)
        line.add(piece.text, style)


@lru_cache(maxsize=1024)
def _pieces(
    steps: tuple[tuple[str, str, str], ...], width: int, first_form: int, ascii_only: bool
) -> tuple[route_forms.Piece, ...]:
    del ascii_only  # part of the cache's key: the glyph set decides the pieces
    return route_forms.route(tuple(route_forms.Step(*step) for step in steps), width, first_form)
