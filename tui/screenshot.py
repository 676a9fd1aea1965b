"""A screen as SVG, in which a cell is a cell."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

FONT = "JetBrains Mono"
_TEXT = re.compile(r'<text ([^>]*?)x="([0-9.]+)" ([^>]*?)textLength="([0-9.]+)"([^>]*)>([^<]*)</text>')


def export_svg(app: App[None], title: str = "cambist") -> str:
    """Returns the screen as it is now.

    Renderers fold and narrow spaces, and take braille from another font, with other widths: text that isn't ASCII is
    placed cell by cell.
    """
    svg = app.export_screenshot(title=title).replace("Fira Code", FONT)
    return _TEXT.sub(_placed, svg)


def _placed(match: re.Match[str]) -> str:
    before, x, between, length, after, body = match.groups()
    text = html.unescape(body).replace("\u2009", "\u00a0")
    if text.replace("\u00a0", " ").isascii() or not text:
        attributes = f'{before}x="{x}" {between}textLength="{length}"{after}'
        return f'<text xml:space="preserve" {attributes}>{html.escape(text)}</text>'
    cell = float(length) / len(text)
    out = []
    for index, char in enumerate(text):
        if not char.isspace():
            attributes = f'{before}x="{float(x) + index * cell:.2f}" {between}textLength="{cell:.2f}"{after}'
            out.append(f"<text {attributes}>{html.escape(char)}</text>")
    return "".join(out)
