"""Operator rules: parsed and type-checked once, machine code in Rust, interpreted elsewhere, with one meaning.

The language, its units and what unknown means are described in `reference.rules.jit_compiler`; what can be named
are its `FIELDS` and `FUNCTIONS`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from cambist.engine.backend import is_native
from cambist.engine.reference.rules import jit_compiler
from cambist.engine.reference.rules.jit_compiler import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

__all__ = ["Rule", "Verdict", "compile_rule"]


class _Compiled(Protocol):
    """`_native.Rule`, which may be absent."""

    @property
    def fields(self) -> list[str]: ...
    @property
    def native(self) -> bool: ...
    def evaluate(self, values: Sequence[float]) -> bool | None: ...
    def evaluate_batch(self, rows: NDArray[np.float64]) -> NDArray[np.uint8]: ...


class Rule:
    """A rule that can be asked."""

    __slots__ = ("_code", "evaluate", "fields", "native", "text")

    def __init__(self, text: str, code: _Compiled | jit_compiler.Program) -> None:
        self.text = text
        self.fields = tuple(code.fields)
        """Names of its inputs, in order: `net_bps`, `rsi(SOL)`."""
        self.native = code.native
        """Whether it is machine code."""
        self.evaluate = code.evaluate
        """Takes one number for each field, NaN where it is unknown; returns whether the rule holds, `None` where that
        is unknown. Raises `ValueError` for values of another number."""
        self._code = code

    def evaluate_batch(self, rows: ArrayLike) -> NDArray[np.uint8]:
        """Returns a `Verdict` (0 false, 1 unknown, 2 true) for each row of numbers, one column a field.

        Contiguous 64-bit floats are read where they lie, with the GIL released. Raises `ValueError` for another width.

        >>> compile_rule("net_bps > 8 and hops <= 3").evaluate_batch([[9, 3], [9, 4], [9, float("nan")]]).tolist()
        [2, 0, 1]
        """
        import numpy as np

        table = np.ascontiguousarray(rows, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(self.fields):
            message = f"rows of shape {table.shape}, expected {len(self.fields)} columns"
            raise ValueError(message)
        if isinstance(self._code, jit_compiler.Program):
            return np.array(self._code.evaluate_batch(table.tolist()), dtype=np.uint8)
        return self._code.evaluate_batch(table)


def compile_rule(text: str, symbols: Sequence[str] = (), backend: str = "auto") -> Rule:
    """Returns the rule that a text is. `symbols` are the tokens that functions may name.

    `backend` is `native` (machine code), `reference`, or `auto` for the first that there is. Raises `ValueError` for a
    text that is no rule, pointing at the column; `ImportError` if the native backend is asked for and absent.

    >>> rule = compile_rule("net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70", ["SOL"])
    >>> rule.fields
    ('net_bps', 'age_ms', 'hops', 'rsi(SOL)')
    >>> rule.evaluate([9.5, 120.0, 3.0, 55.0]), rule.evaluate([9.5, 120.0, 3.0, float("nan")])
    (True, None)
    """
    if not is_native(backend):
        return Rule(text, jit_compiler.compile_rule(text, symbols))
    return Rule(text, _native.compile_rule(text, list(symbols)))
