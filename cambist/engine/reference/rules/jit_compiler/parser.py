"""Tokens to steps: precedence, types and units in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from cambist.engine.reference.rules.jit_compiler.error import RuleError
from cambist.engine.reference.rules.jit_compiler.lexer import MAX_TEXT, Token, tokens
from cambist.engine.reference.rules.jit_compiler.program import COMPARISONS, Op, Program
from cambist.engine.reference.rules.jit_compiler.vocabulary import FIELDS, FUNCTIONS, Unit, Word, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 32
"""Deepest nesting of parentheses, `not` and signs."""
MAX_NODES = 256
"""Most numbers, names and operators."""


def compile_rule(text: str, symbols: Sequence[str]) -> Program:
    """Returns the program of a rule. `symbols` are the tokens that functions may name.

    Raises `RuleError` for a text that is too long, nested too deep, no expression, of the wrong type or mixed units, or
    that names what there is not.

    >>> rule = compile_rule("net_bps > 8 and rsi(SOL) < 70", ["SOL"])
    >>> rule.fields
    ['net_bps', 'rsi(SOL)']
    >>> rule.evaluate([9.0, 50.0]), rule.evaluate([7.0, float("nan")]), rule.evaluate([9.0, float("nan")])
    (True, False, None)
    >>> compile_rule("net_bp > 8", [])
    Traceback (most recent call last):
    ...
    cambist.engine.reference.rules.jit_compiler.error.RuleError: column 1: `net_bp` is no field; did you mean `net_bps`?
      net_bp > 8
      ^
    """
    if len(text) > MAX_TEXT:
        raise RuleError(text[:64], 0, f"a rule has at most {MAX_TEXT} characters")
    parser = _Parser(text, symbols)
    whole = parser.either()
    if parser.token.kind != "end":
        parser.refuse("expected `and`, `or` or the end")
    parser.boolean(whole, "a rule must say true or false")
    return Program(parser.fields, parser.steps)


class _Part(NamedTuple):
    """A part that was read: the unit of the number it gives, `None` for a boolean, and where it begins."""

    unit: Unit | None
    at: int


class _Parser:
    def __init__(self, text: str, symbols: Sequence[str]) -> None:
        self._text, self._symbols = text, symbols
        self._tokens, self._at, self._depth = tokens(text), 0, 0
        self.fields: list[str] = []
        self.steps: list[Op] = []

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def either(self) -> _Part:
        left = self._both()
        while (sign := self._take("or")) is not None:
            left = self._joined("or", left, self._both(), sign)
        return left

    def _both(self) -> _Part:
        left = self._negated()
        while (sign := self._take("and")) is not None:
            left = self._joined("and", left, self._negated(), sign)
        return left

    def _negated(self) -> _Part:
        at = self._take("not")
        if at is None:
            return self._comparison()
        self._deeper(at)
        part = self._negated()
        self._depth -= 1
        self.boolean(part, "`not` needs true or false after it")
        self._push(Op("not"), at)
        return _Part(None, at)

    def _comparison(self) -> _Part:
        left = self._sum()
        if self.token.kind not in COMPARISONS:
            return left
        sign = self._step()
        right = self._sum()
        if self.token.kind in COMPARISONS:
            raise self._error(self.token.at, "one comparison at a time: write `a < b and b < c`")
        self._same_unit(self._number(left), self._number(right), sign.at)
        self._push(Op(sign.kind), sign.at)
        return _Part(None, left.at)

    def _sum(self) -> _Part:
        left = self._product()
        while self.token.kind in ("+", "-"):
            sign = self._step()
            right = self._product()
            unit = self._same_unit(self._number(left), self._number(right), sign.at)
            self._push(Op(sign.kind), sign.at)
            left = _Part(unit, left.at)
        return left

    def _product(self) -> _Part:
        left = self._signed()
        while self.token.kind in ("*", "/"):
            sign = self._step()
            right = self._signed()
            unit = _scaled(sign.kind, self._number(left), self._number(right))
            self._push(Op(sign.kind), sign.at)
            left = _Part(unit, left.at)
        return left

    def _signed(self) -> _Part:
        at = self._take("-")
        if at is None:
            return self._atom()
        self._deeper(at)
        part = self._signed()
        self._depth -= 1
        unit = self._number(part)
        self._push(Op("negate"), at)
        return _Part(unit, at)

    def _atom(self) -> _Part:
        token = self.token
        if token.kind == "number":
            self._push(Op("constant", self._step().value), token.at)
            return _Part(Unit.NONE, token.at)
        if token.kind in ("true", "false"):
            self._step()
            self._push(Op("truth", float(token.kind == "true")), token.at)
            return _Part(None, token.at)
        if token.kind == "name":
            self._step()
            return self._named(token.text, token.at)
        if token.kind != "(":
            self.refuse("expected a number, a field or `(`")
        self._step()
        self._deeper(token.at)
        inside = self.either()
        self._depth -= 1
        if self._take(")") is None:
            self.refuse("expected `)`")
        return _Part(inside.unit, token.at)

    def _named(self, name: str, at: int) -> _Part:
        argument = self.token if self.token.kind == "argument" else None
        if name in FIELDS:
            if argument is not None:
                raise self._error(argument.at, f"`{name}` takes no token")
            return self._input(FIELDS[name], name, at)
        if name in FUNCTIONS:
            if argument is None:
                raise self._error(at, f"`{name}` needs a token: `{name}(SOL)`")
            self._step()
            if argument.text not in self._symbols:
                raise self._no_token(argument)
            return self._input(FUNCTIONS[name], f"{name}({argument.text})", at)
        kind, table = ("field", FIELDS) if argument is None else ("function", FUNCTIONS)
        raise self._error(at, _suggested(f"`{name}` is no {kind}", nearest(name, table)))

    def _no_token(self, argument: Token) -> RuleError:
        if not argument.text:
            return self._error(argument.at, "expected a token between the parentheses")
        near = nearest(argument.text, self._symbols)
        return self._error(argument.at, _suggested(f"`{argument.text}` is no token here", near))

    def _input(self, word: Word, name: str, at: int) -> _Part:
        if name not in self.fields:
            self.fields.append(name)
        slot = self.fields.index(name)
        self._push(Op("boolean" if word.unit is None else "number", at=slot), at)
        return _Part(word.unit, at)

    def _joined(self, name: str, left: _Part, right: _Part, sign: int) -> _Part:
        for side in (left, right):
            self.boolean(side, f"`{name}` needs true or false on both sides")
        self._push(Op(name), sign)
        return left

    def boolean(self, part: _Part, problem: str) -> None:
        if part.unit is not None:
            raise self._error(part.at, f"{problem}, this is a number")

    def _number(self, part: _Part) -> Unit:
        if part.unit is None:
            raise self._error(part.at, "expected a number, this is true or false")
        return part.unit

    def _same_unit(self, left: Unit, right: Unit, sign: int) -> Unit:
        if left is Unit.NONE or right is Unit.NONE:
            return right if left is Unit.NONE else left
        if left is not right:
            raise self._error(sign, f"the left side is in {left.value}, the right side in {right.value}")
        return left

    def _push(self, op: Op, at: int) -> None:
        if len(self.steps) == MAX_NODES:
            raise self._error(at, f"a rule has at most {MAX_NODES} numbers, names and operators")
        self.steps.append(op)

    def _deeper(self, at: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(at, f"nested deeper than {MAX_DEPTH}")

    def _step(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str) -> int | None:
        """Steps over a token and returns where it stands, if it is the next one."""
        return self._step().at if self.token.kind == kind else None

    def refuse(self, expected: str) -> NoReturn:
        found = self.token
        written = f"`{self._text[found.at : self._end()]}`" if found.kind != "end" else "the end"
        raise self._error(found.at, f"{expected}, was {written}")

    def _end(self) -> int:
        """Returns where the next token ends in the text."""
        found = self.token
        return self._text.index(")", found.at) + 1 if found.kind == "argument" else found.at + len(found.text)

    def _error(self, at: int, problem: str) -> RuleError:
        return RuleError(self._text, at, problem)


def _scaled(sign: str, left: Unit, right: Unit) -> Unit:
    """Returns the unit of a product or quotient: a plain number or a share scales, all else is plain."""
    if right in (Unit.NONE, Unit.SHARE):
        return left
    return right if sign == "*" and left in (Unit.NONE, Unit.SHARE) else Unit.NONE


def _suggested(problem: str, near: str | None) -> str:
    return problem if near is None else f"{problem}; did you mean `{near}`?"
