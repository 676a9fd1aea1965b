"""Where a Python source can be changed, and to what: the mutants of one file, from its syntax alone.

What cosmic-ray and mutmut change is changed here too: comparisons, arithmetic, `and`, `or`, `not`, numbers, truth
values, `break` and `continue`, conditions, loops, what is caught. Beside these: divisions that round up, operands and
members that are missing, statements that are gone, calls that take the other end (`min` for `max`). Not changed are
annotations, texts, f-strings, and what is only there for the type checker.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COMPARE: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
BINARY: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("//",)),
    ast.Div: ("/", ("*",)),
    ast.FloorDiv: ("//", ("*",)),
    ast.Mod: ("%", ("*",)),
    ast.Pow: ("**", ("*",)),
    ast.LShift: ("<<", (">>",)),
    ast.RShift: (">>", ("<<",)),
    ast.BitAnd: ("&", ("|",)),
    ast.BitOr: ("|", ("&",)),
    ast.BitXor: ("^", ("&",)),
}
CALLS = {
    "min": "max", "max": "min", "any": "all", "all": "any", "abs": "+", "round": "int", "ceil": "floor",
    "floor": "ceil", "reversed": "list",
}  # fmt: skip
"""Function → the one that is called in its place."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a file: bytes `start` to `end` become `text`, which has as many lines."""

    path: str
    line: int
    within: str
    """Qualified name of the class or function it is in; empty for the module."""
    start: int
    end: int
    text: str
    before: str
    """The lines that it touches, each stripped, joined by a space."""
    after: str
    called: bool
    """Whether it is run by a call, not when the module is read."""

    def source(self, original: bytes) -> bytes:
        """Returns the changed file."""
        return original[: self.start] + self.text.encode() + original[self.end :]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is known by while lines move: path, within, before and after."""
        return self.path, self.within, self.before, self.after


def mutants(root: Path, path: str) -> list[Mutant]:
    """Returns every mutant of a file below `root`, in order of place. Raises `SyntaxError` for what is no Python."""
    return _Sites(path, (root / path).read_bytes()).found()


class _Sites:
    """Walks the tree of one file."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path, self._source = path, source
        self._lines = [0]
        for text in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(text))
        self._made: dict[tuple[int, int, str], Mutant] = {}
        self._within: list[str] = []
        self._called = 0

    def found(self) -> list[Mutant]:
        self._block(ast.parse(self._source).body)
        return sorted(self._made.values(), key=lambda each: (each.start, each.end, each.text))

    def _at(self, node: ast.AST) -> tuple[int, int]:
        start = self._lines[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]  # each node that is changed has its place
        return start, self._lines[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]  # the same

    def _text(self, node: ast.AST) -> str:
        start, end = self._at(node)
        return self._source[start:end].decode()

    def _make(self, start: int, end: int, text: str) -> None:
        old = self._source[start:end]
        if text.encode() == old:
            return
        lines = "\n" * (old.count(b"\n") - text.count("\n"))
        text = f"{text[:-1]}{lines})" if text.endswith(")") else text + lines
        first = self._source.rfind(b"\n", 0, start) + 1
        last = self._source.find(b"\n", end)
        last = len(self._source) if last < 0 else last
        after = self._source[first:start] + text.encode() + self._source[end:last]
        line = self._source.count(b"\n", 0, start) + 1
        within, called = ".".join(self._within), self._called > 0
        made = Mutant(self._path, line, within, start, end, text, _flat(self._source[first:last]), _flat(after), called)
        self._made.setdefault((start, end, text), made)

    def _replace(self, node: ast.AST, text: str) -> None:
        self._make(*self._at(node), text)

    def _block(self, body: list[ast.stmt]) -> None:
        for at, statement in enumerate(body):
            if isinstance(statement, ast.If) and "TYPE_CHECKING" in self._text(statement.test):
                continue
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            self._gone(statement, last=at == len(body) - 1)
            self._statement(statement)

    def _gone(self, statement: ast.stmt, *, last: bool) -> None:
        """Lets a statement be missing, where something is left then that can run."""
        match statement:
            case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Delete():
                self._replace(statement, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                self._replace(statement, "pass")
            case ast.Return() if not (last and self._called and self._depth == 0):
                self._replace(statement, "pass")
            case ast.Break():
                self._replace(statement, "continue")
            case ast.Continue():
                self._replace(statement, "break")

    _depth = 0
    """Blocks inside the function that is walked."""

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
                return
            case ast.ClassDef():
                self._within.append(node.name)
                called, self._called = self._called, 0 if not self._called else self._called
                self._block(node.body)
                self._called = called
                self._within.pop()
                return
            case ast.AnnAssign():
                if node.value is not None:
                    self._expression(node.value)
                return
            case ast.If() | ast.While():
                self._condition(node.test)
            case ast.For():
                self._replace(node.iter, "()")
            case ast.Try():
                for handler in node.handlers:
                    if handler.type is not None:
                        self._replace(handler.type, "()")
            case ast.AugAssign():
                self._operator(node.target, node.value, node.op, suffix="=")
        self._fields(node)

    def _function(self, node: Function) -> None:
        for default in (*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)):
            self._expression(default)
        self._within.append(node.name)
        self._called += 1
        depth, self._depth = self._depth, 0
        self._block(node.body)
        self._depth = depth
        self._called -= 1
        self._within.pop()

    def _fields(self, node: ast.AST) -> None:
        """Walks what a node holds: blocks of statements, and expressions."""
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._depth += 1
                self._block(value)
                self._depth -= 1
            elif name not in ("annotation", "returns", "targets" if isinstance(node, ast.Delete) else "ops"):
                for each in value if isinstance(value, list) else [value]:
                    self._part(each)

    def _part(self, node: object) -> None:
        if isinstance(node, ast.expr):
            self._expression(node)
        elif isinstance(node, (ast.ExceptHandler, ast.match_case, ast.withitem, ast.comprehension, ast.keyword)):
            if isinstance(node, ast.comprehension):
                for condition in node.ifs:
                    self._replace(condition, "True")
            if isinstance(node, ast.match_case) and node.guard is not None:
                self._condition(node.guard)
            self._fields(node)

    def _expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.JoinedStr):
            return
        self._change(node)
        if isinstance(node, ast.Lambda):
            self._expression(node.body)
            return
        self._fields(node)

    def _change(self, node: ast.expr) -> None:
        match node:
            case ast.Compare():
                self._comparison(node)
            case ast.BinOp():
                self._operator(node.left, node.right, node.op)
            case ast.BoolOp():
                self._logic(node)
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                self._replace(node, f"({self._text(node.operand)})")
            case ast.IfExp():
                self._condition(node.test)
            case ast.Constant():
                self._constant(node)
            case ast.Set() if len(node.elts) > 1:
                self._members(node.elts)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in CALLS and node.args:
                _start, end = self._at(node.func)
                self._make(end - len(name), end, CALLS[name])

    def _condition(self, node: ast.expr) -> None:
        """Turns a condition round, unless a change of its own does that."""
        single = isinstance(node, ast.Compare) and len(node.ops) == 1
        if not single and not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            self._replace(node, f"(not ({self._text(node)}))")

    def _comparison(self, node: ast.Compare) -> None:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            pattern, others = COMPARE[type(op)]
            found = self._between(left, right, pattern)
            for other in others:
                self._make(*found, other)
            if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, ast.Tuple) and len(right.elts) > 1:
                self._members(right.elts)
            left = right

    def _members(self, elements: list[ast.expr]) -> None:
        """Lets each of several members be missing: its neighbour stands twice."""
        for at, element in enumerate(elements):
            self._replace(element, self._text(elements[at - 1]))

    def _operator(self, left: ast.expr, right: ast.expr, op: ast.operator, suffix: str = "") -> None:
        if type(op) not in BINARY or (isinstance(op, ast.BitOr) and _is_none(right)):
            return
        sign, others = BINARY[type(op)]
        found = self._between(left, right, re.escape(sign + suffix))
        for other in others:
            self._make(*found, other + suffix)
        if suffix:
            self._make(*found, "=")
        elif isinstance(op, ast.FloorDiv):
            start, end = self._at(left)[0], self._at(right)[1]
            if self._source[start:end].count(b"(") == self._source[start:end].count(b")"):
                self._make(start, end, f"(-(-({self._text(left)}) // ({self._text(right)})))")

    def _logic(self, node: ast.BoolOp) -> None:
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        changed, end = "", self._at(node)[0]
        for left, right in zip(node.values, node.values[1:], strict=False):
            start, stop = self._between(left, right, rf"\b{word}\b")
            changed += self._source[end:start].decode() + other
            end = stop
        self._replace(node, f"({changed}{self._source[end : self._at(node)[1]].decode()})")
        for at in range(len(node.values)):
            rest = [f"({self._text(each)})" for each in (*node.values[:at], *node.values[at + 1 :])]
            self._replace(node, rest[0] if len(rest) == 1 else f"({f' {word} '.join(rest)})")

    def _constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._replace(node, str(not node.value))
            case int():
                self._replace(node, f"{node.value + 1}")
                if node.value:
                    self._replace(node, f"{node.value - 1}")
            case float():
                self._replace(node, f"{node.value + 1.0}")

    def _between(self, left: ast.AST, right: ast.AST, pattern: str) -> tuple[int, int]:
        """Returns where an operator stands between its operands."""
        start, end = self._at(left)[1], self._at(right)[0]
        found = re.search(pattern, self._source[start:end].decode())
        if found is None:
            message = f"{self._path}: no {pattern} in {self._source[start:end]!r}"
            raise ValueError(message)
        return start + found.start(), start + found.end()


def _flat(text: bytes) -> str:
    return " ".join(text.decode().split())


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
