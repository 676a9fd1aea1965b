"""Where the body of a Rust function can be changed, and to what: the mutants of one file, from its text alone.

Only bodies are changed, as what is chosen when the program runs can't be part of a constant: module constants, types,
`const fn`, assertions and the file's own tests stay. rustfmt sets binary operators between spaces and brackets of types
without, so no parser is needed; what turns out not to compile is found by the compiler and is not counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.mutants.sites import Mutant

if TYPE_CHECKING:
    from pathlib import Path

OPERATORS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",), "<<": (">>",), ">>": ("<<",), "&": ("|",),
    "^": ("&",), "&&": ("||",), "||": ("&&",), "+=": ("-=",), "-=": ("+=",), "*=": ("+=",), "|=": ("&=",),
}  # fmt: skip
CALLS = {
    "min": "max", "max": "min", "any": "all", "all": "any", "is_some": "is_none", "is_none": "is_some",
    "is_ok": "is_err", "is_err": "is_ok", "is_some_and": "is_none_or", "is_none_or": "is_some_and",
    "first": "last", "last": "first", "floor": "ceil", "ceil": "floor", "div_ceil": "div_euclid",
    "checked_add": "checked_sub", "checked_sub": "checked_add", "checked_mul": "checked_add",
    "saturating_add": "saturating_sub", "saturating_sub": "saturating_add", "saturating_mul": "saturating_add",
    "wrapping_add": "wrapping_sub", "wrapping_sub": "wrapping_add", "is_lt": "is_le", "is_le": "is_lt",
    "is_gt": "is_ge", "is_ge": "is_gt",
}  # fmt: skip
"""Method → the one that is called in its place."""
WORDS = {"true": "false", "false": "true", "break": "continue", "continue": "break"}
_UNREAD = re.compile(
    r"//[^\n]*|/\*.*?\*/|b?\"(?:\\.|[^\"\\])*\"|r(#*)\".*?\"\1|b?'(?:\\[^\n]{1,8}?|[^\\'\n])'"
    r"|#!?\[[^\n]*\]|\bdebug_assert\w*!\(.*?\);|\bassert\w*!\(.*?\);",
    re.DOTALL,
)
"""Comments, texts, letters, attributes and assertions."""
_OPERATOR = re.compile(
    rf"(?<=[\w)\]}}?] )({'|'.join(map(re.escape, sorted(OPERATORS, key=len, reverse=True)))})(?= \S)"
)
_CALL = re.compile(rf"(?<=\.)({'|'.join(sorted(CALLS, key=len, reverse=True))})(?=\()")
_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b(?! ')")
_NUMBER = re.compile(r"(?<![\w.'])(\d[\d_]*)(?=(?:[ui](?:8|16|32|64|128|size))?\b(?!\.\d))")
_NOT = re.compile(r"(?<=[\s(])!(?=[\w(*])")
_RANGE = re.compile(r"(?<=[\w)\]])\.\.=?(?=[\w(])")
_STATEMENT = re.compile(
    r"^ +(?!return\b|let\b|break\b|use\b)([\w.*\[\]&]+(?:\([^;\n]*\)| [-+*/|&^]?= [^;\n]*);)$", re.MULTILINE
)
_FUNCTION = re.compile(r"^( *)((?:pub(?:\([\w: ]+\))? )?)((?:const )?)fn (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a function, from brace to brace."""

    name: str
    start: int
    end: int


def bodies(text: str) -> list[Body]:
    """Returns the bodies that can be switched in a blanked file, in order, none within another."""
    found: list[Body] = []
    for match in _FUNCTION.finditer(text):
        if found and match.start() < found[-1].end:
            continue
        rest = re.compile(rf"^{match[1]}\}}$", re.MULTILINE)
        head = re.compile(r"[{;]").search(text, _after_brackets(text, match.end()))
        if head is None or head[0] == ";":
            continue
        line_end = text.find("\n", head.start())
        same_line = text[head.start() : line_end].rstrip()
        close = rest.search(text, head.start())
        end = head.start() + len(same_line) if same_line.endswith("}") else close.end() if close else -1
        if end > 0 and not match[3]:
            found.append(Body(match[4], head.start(), end))
    return found


def _after_brackets(text: str, at: int) -> int:
    """Returns where the parameters of a function end: arrays of their types hold a `;`."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0 and text[place] == ")":
            following = re.compile(r" -> (?:\[(?:[^\[\]]|\[[^\]]*\])*\]|[^{;\[])*").match(text, place + 1)
            return following.end() if following else place + 1
    return len(text)


def blanked(text: str) -> str:
    """Returns a source of the same length without what no mutant is made in: blanks, and `_` for texts and letters."""
    return _UNREAD.sub(_blank, _without_tests(text))


def _blank(match: re.Match[str]) -> str:
    literal = match[0].lstrip("br#")[:1] in "\"'"
    return re.sub(r"[^\n]", "_" if literal else " ", match[0])


def _without_tests(text: str) -> str:
    at = text.find("\n#[cfg(test)]\nmod ")
    return text if at < 0 else text[:at] + re.sub(r"[^\n]", " ", text[at:])


def rust_mutants(root: Path, path: str) -> list[Mutant]:
    """Returns every mutant of a file below `root`, in order of place."""
    source = (root / path).read_text(encoding="utf-8")
    if not source.isascii():  # so that places in the text and in its bytes are the same
        source = re.sub(r"[^\x00-\x7f]", lambda match: "?" * len(match[0].encode()), source)
    original = (root / path).read_bytes()
    text = blanked(source)
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    made: dict[tuple[int, int, str], Mutant] = {}
    for body in bodies(text):
        for start, end, new in _changes(text[body.start : body.end], body.start):
            first, last = bisect_right(lines, start) - 1, bisect_right(lines, end - 1) - 1
            begin, stop = lines[first], [*lines, len(text)][last + 1]
            before = original[begin:stop].decode()
            after = (original[begin:start] + new.encode() + original[end:stop]).decode()
            was, becomes = (" ".join(each.split()) for each in (before, after))
            made[start, end, new] = Mutant(path, first + 1, body.name, start, end, new, was, becomes, called=True)
    return sorted(made.values(), key=lambda each: (each.start, each.end, each.text))


def _changes(text: str, at: int) -> list[tuple[int, int, str]]:
    found = [(m.start(), m.end(), new) for m in _OPERATOR.finditer(text) for new in OPERATORS[m[0]]]
    found += [(m.start(), m.end(), CALLS[m[0]]) for m in _CALL.finditer(text)]
    found += [(m.start(), m.end(), WORDS[m[0]]) for m in _WORD.finditer(text)]
    found += [(m.start(1), m.end(1), str(int(m[1].replace("_", "")) + 1)) for m in _NUMBER.finditer(text)]
    found += [(m.start(), m.end(), "") for m in _NOT.finditer(text)]
    found += [(m.start(), m.end(), "..=" if m[0] == ".." else "..") for m in _RANGE.finditer(text)]
    found += [(m.start(1), m.end(1), "") for m in _STATEMENT.finditer(text)]
    return [(start + at, end + at, new) for start, end, new in found]


@dataclass(frozen=True, slots=True)
class Switched:
    """A file that holds several mutants, of which the program chooses one."""

    text: str
    places: tuple[tuple[int, int, tuple[int, ...]], ...]
    """(first line, last line, numbers of mutants): who is to blame for an error there."""

    def blamed(self, line: int) -> tuple[int, ...]:
        """Returns the numbers of the mutants that an error at a line comes from, those of the narrowest place."""
        fitting = [(last - first, numbers) for first, last, numbers in self.places if first <= line <= last]
        return min(fitting)[1] if fitting else ()


def switched(root: Path, path: str, chosen: dict[int, Mutant], module: str) -> Switched:
    """Returns a file in which `module::on()` says which of the numbered mutants a function is; else it is as it was."""
    original = (root / path).read_bytes()
    source = re.sub(r"[^\x00-\x7f]", lambda match: "?" * len(match[0].encode()), original.decode())
    out, at = b"", 0
    places: list[tuple[int, int, tuple[int, ...]]] = []
    for body in bodies(blanked(source)):
        held = {number: m for number, m in chosen.items() if body.start <= m.start < body.end}
        if not held:
            continue
        out += original[at : body.start]
        begun = out.count(b"\n") + 1
        out += f"{{ match {module}::on({min(held)}) {{\n".encode()
        for number, mutant in held.items():
            first = out.count(b"\n") + 1
            out += f"{number} => ".encode() + original[body.start : mutant.start] + mutant.text.encode()
            out += original[mutant.end : body.end] + b"\n"
            places.append((first, out.count(b"\n"), (number,)))
        out += b"_ => " + original[body.start : body.end] + b"\n} }"
        places.append((begun, out.count(b"\n") + 1, tuple(held)))
        at = body.end
    return Switched((out + original[at:]).decode(), tuple(places))
