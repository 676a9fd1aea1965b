"""Operator rules: compiled, and asked of many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cambist.bench.engine.case import Case, library, native
from cambist.engine.reference.rules.jit_compiler import compile_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = "net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70"
ROWS = 10_000
SYMBOLS = ["SOL", "USDC", "BONK"]


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    extension, numba = native(), library("numba")
    compiled = extension.compile_rule(TEXT, SYMBOLS) if extension else None
    plain = compile_rule(TEXT, SYMBOLS)
    yield Case(
        "rule, text to code", "4 comparisons", 1,
        (lambda: extension.compile_rule(TEXT, SYMBOLS)) if extension else None,
        lambda: compile_rule(TEXT, SYMBOLS), "numba", _compiled_by(numba) if numba else None, (("peer", 1_000.0),),
    )  # fmt: skip
    rng = np.random.default_rng(7)
    table = rng.uniform((0.0, 0.0, 2.0, 0.0), (40.0, 900.0, 5.0, 100.0), (ROWS, 4))
    rows = table.tolist()
    few = rows[: ROWS // 10] * 10
    yield Case(
        "rule, many rows", f"{ROWS:,} rows of 4", ROWS, (lambda: compiled.evaluate_batch(table)) if compiled else None,
        lambda: plain.evaluate_batch(few), "lambda", lambda: _asked(rows), (("peer", 20.0),),
    )  # fmt: skip
    row = rows[0]
    yield Case(
        "rule, one row a call", "4 numbers", 1, (lambda: compiled.evaluate(row)) if compiled else None,
        lambda: plain.evaluate(row), "lambda", lambda: _rule(*row),
    )  # fmt: skip


def _rule(net_bps: float, age_ms: float, hops: float, rsi: float) -> bool:
    return net_bps > 8 and age_ms < 400 and hops <= 3 and rsi < 70


def _asked(rows: list[list[float]]) -> list[bool]:
    return [_rule(*row) for row in rows]


def _compiled_by(numba: Any) -> Callable[[], Any]:
    """Returns what compiles the same expression as a numba function: anew each time, types given."""

    def compile_it() -> Any:
        return numba.njit("boolean(float64, float64, float64, float64)")(_rule)

    return compile_it
