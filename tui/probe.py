"""Asks the terminal how wide it draws the glyphs whose width Unicode leaves open."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import time

PROBED = "●"
ANSWER_S = 0.25
"""A terminal on this machine answers within a millisecond, one behind a slow line within this; others are narrow."""
_POSITION = re.compile(rb"\x1b\[\d+;(\d+)R")


def draws_wide(answer_s: float = ANSWER_S) -> bool:
    """Returns True if the terminal draws an East-Asian-ambiguous glyph two cells wide; False if it doesn't say.

    Writes the glyph at the line's start, asks where the cursor is and wipes the line. Call it before Textual runs.
    """
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        import termios
        import tty
    except ImportError:  # Windows
        return False
    try:
        source, target = sys.stdin.fileno(), sys.stdout.fileno()
        before = termios.tcgetattr(source)
    except (OSError, ValueError, termios.error):  # not a terminal
        return False
    if not os.isatty(target):
        return False
    try:
        tty.setcbreak(source)
        os.write(target, f"\r{PROBED}\x1b[6n".encode())
        column = _column(source, time.monotonic() + answer_s)
        os.write(target, b"\r\x1b[K")
    except OSError:
        return False
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(source, termios.TCSANOW, before)
    return column is not None and column > 2


def _column(source: int, end: float) -> int | None:
    """Returns the column that the terminal reports, counted from 1; keys typed meanwhile are lost."""
    answer = b""
    while (left := end - time.monotonic()) > 0 and select.select([source], [], [], left)[0]:
        answer += os.read(source, 64)
        if found := _POSITION.search(answer):
            return int(found[1])
    return None
