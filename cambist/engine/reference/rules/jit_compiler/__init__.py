"""Operator rules such as `net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70`, parsed and checked once.

Rules are Kleene's three-valued logic over 64-bit floats. An input that is unknown is NaN, and so is each result that is
not finite: of an unknown operand, a division by zero, an overflow. A comparison with such a number is unknown; `and` is
the lesser of its sides, `or` the greater, `not` the opposite, in the order false < unknown < true. A rule holds only if
it is true: unknown fails closed.

Grammar, loosest first: `or` · `and` · `not` · one comparison (`<` `<=` `>` `>=` `==` `!=`) · `+` `-` · `*` `/` · sign ·
numbers like 8 or 0.25, `true`, `false`, fields, functions of a token, parentheses. `−` `×` `÷` `≤` `≥` `≠` do as well.
Numbers have units: sums and comparisons need the same on both sides, a literal fits any.

`compile_rule` gives a `Program`, which interprets itself; Rust makes machine code of the same steps.
"""

from __future__ import annotations

from cambist.engine.reference.rules.jit_compiler.error import RuleError
from cambist.engine.reference.rules.jit_compiler.lexer import MAX_TEXT
from cambist.engine.reference.rules.jit_compiler.parser import MAX_DEPTH, MAX_NODES, compile_rule
from cambist.engine.reference.rules.jit_compiler.program import Op, Program, Verdict
from cambist.engine.reference.rules.jit_compiler.vocabulary import FIELDS, FUNCTIONS, Unit, Word

__all__ = [
    "FIELDS",
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_TEXT",
    "Op",
    "Program",
    "RuleError",
    "Unit",
    "Verdict",
    "Word",
    "compile_rule",
]
