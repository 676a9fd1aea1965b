"""A cycle's route in as many words as there is room for: five forms, from full names to the first token alone."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from cambist.model.exchanges import EXCHANGES
from tui import formats
from tui.glyphs import glyph

_LETTERS = {
    "clmm": "l", "damm2": "m", "openbook2": "2", "peg": "g", "phoenix": "h", "serum": "e",
    **{exchange.name: exchange.letter for exchange in EXCHANGES if exchange.letter},
}  # fmt: skip
"""Venues in a route of single letters where another venue has the first letter of their name."""


class Piece(NamedTuple):
    """A run of a route: its text and what it is: `token`, `dash`, `venue`."""

    text: str
    kind: str
    venue_class: str = ""


class Step(NamedTuple):
    """A token sold and the venue it is sold on."""

    token: str
    venue: str
    venue_class: str


def letter(venue: str) -> str:
    """Returns the one letter of a venue in a short route."""
    return _LETTERS.get(venue) or formats.clean(venue)[:1]


def route(steps: tuple[Step, ...], width: int, first_form: int = 1) -> tuple[Piece, ...]:
    """Returns the longest form of a cycle's route, from `first_form` on, that fits `width` cells."""
    if not steps:
        return (Piece(glyph("unknown"), "dash"),)
    for form in range(first_form, 6):
        pieces = route_form(steps, form)
        if sum(cell_len(piece.text) for piece in pieces) <= width:
            return pieces
    return (Piece(formats.cut("".join(piece.text for piece in pieces), width), "token"),)


def route_form(steps: tuple[Step, ...], form: int) -> tuple[Piece, ...]:
    """Returns form 1 to 5 of a route that comes back to its first token."""
    names = [formats.symbol(step.token) for step in steps]
    to, dash = glyph("to"), glyph("dash")
    if form == 5:
        middle = f"{len(steps) - 1}{glyph('ellipsis')}"
        return (
            Piece(names[0], "token"), Piece(to, "dash"), Piece(middle, "dash"),
            Piece(to, "dash"), Piece(names[0], "token"),
        )  # fmt: skip
    pieces: list[Piece] = []
    for name, step in zip(names, steps, strict=True):
        pieces.append(Piece(name, "token"))
        if form == 4:
            pieces.append(Piece(to, "dash"))
            continue
        on = formats.venue(step.venue, 8) if form < 3 else letter(step.venue)
        before, after = (f" {dash}", f"{to} ") if form == 1 else (dash, to)
        pieces += (Piece(before, "dash"), Piece(on, "venue", step.venue_class), Piece(after, "dash"))
    pieces.append(Piece(names[0], "token"))
    return tuple(pieces)
