"""Why a text is no rule, and where."""

from __future__ import annotations


class RuleError(ValueError):
    """A text that is no rule: what is wrong, and the column, counted from 1 in characters."""

    def __init__(self, text: str, at: int, problem: str) -> None:
        self.column, self.problem = at + 1, problem
        shown = "".join(map(_shown, text))
        super().__init__(f"column {self.column}: {problem}\n  {shown}\n  {'^':>{self.column}}")


def _shown(c: str) -> str:
    """Returns a character as one cell that a terminal can't take for a command."""
    if c in "\t\n\r":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if c < " " or "\x7f" <= c <= "\x9f" else c
