"""Sanitising of untrusted text: done once, where it comes in."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u00ad")
_MAX_COMBINING = 2


def short(address: str) -> str:
    """Returns an address as its first and last four characters."""
    return address if len(address) <= 9 else f"{address[:4]}…{address[-4:]}"


def sanitise(text: str, cells: int = 40) -> str:
    r"""Returns `text` safe for a terminal: NFC, one line, at most `cells` cells wide, unprintables as `\\uXXXX`.

    Control, bidi, zero-width, private-use, surrogate and unassigned characters are spelled out; white space collapses;
    at most two combining marks stay on a base. What is cut off is replaced by `…`.
    """
    if len(text) <= cells and text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text  # nearly every symbol; the walk below costs 30 µs
    out: list[str] = []
    width = marks = 0
    for char in unicodedata.normalize("NFC", " ".join(text[: cells * 16].split())):
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > _MAX_COMBINING:
                continue
            piece, size = char, 0
        elif category[0] == "C" or category in ("Zl", "Zp") or char in _HIDDEN:
            piece = f"\\u{ord(char):04x}"
            size, marks = len(piece), 0
        else:
            piece, marks = char, 0
            size = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width + size > cells:
            while out and width > cells - 1:
                last = out.pop()
                width -= len(last) if last.startswith("\\u") else 1
            return "".join(out) + "…"
        out.append(piece)
        width += size
    return "".join(out)
