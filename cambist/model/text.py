"""What may be shown of a text from elsewhere: nothing that a terminal obeys, and nothing that may be a key."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_HIDDEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u00ad")
_MAX_COMBINING = 2
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^\s\"'<>`]+", re.IGNORECASE)
_SECRET = re.compile(
    r"((?:api[-_]?key|access[-_]?key|(?:access|auth|api)[-_]?token|secret(?:[-_]?key)?|passw(?:or)?d|passphrase|authorization)"
    r"[\"']?\s*[=:]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"'&,;)}\]]+",
    re.IGNORECASE,
)


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


def endpoint_label(url: str) -> str:
    """Returns scheme and host of a URL: what may be shown and stored."""
    parts = urlsplit(url)
    host = parts.hostname or "?"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def redact(text: str) -> str:
    """Returns `text` without what may be a key: of an address scheme and host stay, of `api-key=…` the name.

    >>> redact("wss://node.example/v2/4fA9?api-key=4fA9: refused, api_key=4fA9")
    'wss://node.example: refused, api_key=…'
    """
    if "://" in text:
        text = _URL.sub(_host_alone, text)
    return _SECRET.sub(r"\1…", text)


def _host_alone(found: re.Match[str]) -> str:
    url = found.group().rstrip(".,;:!?)]}")
    try:
        label = endpoint_label(url)
    except ValueError:
        label = url.partition("://")[0] + "://…"
    return label + found.group()[len(url) :]
