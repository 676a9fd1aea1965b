"""A rule's text as tokens."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from cambist.engine.reference.rules.jit_compiler.error import RuleError

MAX_TEXT = 1_024
"""Longest text of a rule, in characters."""
BLANKS = " \t\n\r"
KEYWORDS = {"and", "or", "not", "true", "false"}
SIGNS = {
    "<": "<", ">": ">", "<=": "<=", ">=": ">=", "==": "==", "!=": "!=", "≤": "<=", "≥": ">=", "≠": "!=", "+": "+",
    "-": "-", "−": "-", "*": "*", "×": "*", "/": "/", "÷": "/", "(": "(", ")": ")",
}  # fmt: skip
"""A sign as it may be written → the one it means."""

_WORD = re.compile(r"[A-Za-z0-9_]+")
_NUMBER_RUN = re.compile(r"[A-Za-z0-9_.]+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


class Token(NamedTuple):
    """A token and where it begins."""

    kind: str
    """`number`, `name`, `argument`, `end`, a keyword or a sign."""
    at: int
    text: str
    """As it is written; of an argument, what stands between its parentheses."""
    value: float = 0.0


def tokens(text: str) -> list[Token]:
    """Returns all tokens, the last one `end`.

    Raises `RuleError` for a character that has no meaning, a number that can't be read or parentheses left open after
    a name.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in BLANKS:
            at += 1
            continue
        token, at = _next(text, at, bool(found) and found[-1].kind == "name")
        found.append(token)
    return [*found, Token("end", at, "")]


def _next(text: str, at: int, after_name: bool) -> tuple[Token, int]:
    c = text[at]
    if c == "(" and after_name:
        close = text.find(")", at)
        if close < 0:
            raise RuleError(text, at, "`(` is not closed")
        return Token("argument", at, text[at + 1 : close].strip(BLANKS)), close + 1
    if c in "0123456789":
        return _number(text, at)
    if word := _WORD.match(text, at):
        kind = word.group() if word.group() in KEYWORDS else "name"
        return Token(kind, at, word.group()), word.end()
    for size in (2, 1):
        sign = text[at : at + size]
        if sign in SIGNS:
            return Token(SIGNS[sign], at, sign), at + len(sign)
    if c == "=":
        raise RuleError(text, at, "`=` compares nothing; write `==`")
    if c in "'\"":
        raise RuleError(text, at, "a rule has no strings; write `rsi(SOL)`")
    raise RuleError(text, at, "this character has no meaning here")


def _number(text: str, at: int) -> tuple[Token, int]:
    run = _NUMBER_RUN.match(text, at)
    written = run.group() if run else ""
    if not _NUMBER.fullmatch(written):
        raise RuleError(text, at, f"`{written}` is no number; write it like 8 or 0.25")
    value = float(written)
    if not math.isfinite(value):
        raise RuleError(text, at, "this number is too large")
    return Token("number", at, written, value), at + len(written)
