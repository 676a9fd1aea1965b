"""A rule in postfix form, and its interpreter."""

from __future__ import annotations

import math
import operator
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Verdict(IntEnum):
    """What a rule says of one row of inputs, in order."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


class Op(NamedTuple):
    """One step. Numbers and verdicts have a stack each."""

    code: str
    """`constant` pushes `value`, `number` and `boolean` push input `at`, `truth` pushes whether `value` is 1; `negate`
    and `not` turn over what is on top, any other joins the two on top and is named by its sign."""
    value: float = 0.0
    at: int = 0


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def _divide(left: float, right: float) -> float:
    return math.nan if right == 0.0 else left / right


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide,
}  # fmt: skip


class Program:
    """A checked rule: its inputs by name, and its steps."""

    native = False
    """Whether it is machine code."""

    def __init__(self, fields: list[str], steps: list[Op]) -> None:
        self.fields, self.steps = fields, steps

    def evaluate(self, values: Sequence[float]) -> bool | None:
        """Returns whether the rule holds, `None` where that is unknown.

        Raises `ValueError` for values of another number than `fields`.
        """
        verdict = self.verdict(values)
        return None if verdict is Verdict.UNKNOWN else verdict is Verdict.TRUE

    def verdict(self, values: Sequence[float]) -> Verdict:
        """Returns the verdict on one row of inputs. Raises `ValueError`."""
        if len(values) != len(self.fields):
            message = f"{len(values)} values, expected {len(self.fields)}"
            raise ValueError(message)
        numbers: list[float] = []
        verdicts: list[Verdict] = []
        for step in self.steps:
            _take(step, values, numbers, verdicts)
        return verdicts.pop()

    def evaluate_batch(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """Returns the verdict of each row of inputs: 0 false, 1 unknown, 2 true. Raises `ValueError`."""
        return [int(self.verdict(row)) for row in rows]


def _take(step: Op, values: Sequence[float], numbers: list[float], verdicts: list[Verdict]) -> None:
    code = step.code
    if code == "constant":
        numbers.append(step.value)
    elif code == "number":
        numbers.append(values[step.at])
    elif code == "boolean":
        value = values[step.at]
        verdicts.append(_verdict(math.isfinite(value), value != 0.0))
    elif code == "truth":
        verdicts.append(_verdict(True, step.value == 1.0))
    elif code == "negate":
        numbers.append(-numbers.pop())
    elif code == "not":
        verdicts.append(Verdict(2 - verdicts.pop()))
    elif code in ("and", "or"):
        right, left = verdicts.pop(), verdicts.pop()
        verdicts.append(min(left, right) if code == "and" else max(left, right))
    else:
        other, one = numbers.pop(), numbers.pop()
        if code in COMPARISONS:
            verdicts.append(_verdict(math.isfinite(one) and math.isfinite(other), COMPARISONS[code](one, other)))
        else:
            numbers.append(_computed(code, one, other))


def _computed(code: str, left: float, right: float) -> float:
    """Returns a finite result of finite numbers, else NaN."""
    if not (math.isfinite(left) and math.isfinite(right)):
        return math.nan
    result = ARITHMETIC[code](left, right)
    return result if math.isfinite(result) else math.nan


def _verdict(known: bool, holds: bool) -> Verdict:
    if not known:
        return Verdict.UNKNOWN
    return Verdict.TRUE if holds else Verdict.FALSE
