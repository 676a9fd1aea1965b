"""The equity curve of a signal traded one bar later, as the adaptive trend system computes it.

Only + × and comparisons are used, in the order written: the twin gives the same bits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.series.technical.base import MAX_VALUE, is_usable

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOOR = 0.25
"""Equity never falls below this, whatever it started at."""


class Equity:
    """Equity after each bar: last equity × `decay` × (1 + return × sign of the signal), kept in 0.25 to 1e150.

    The first `cutout` bars have none; the first after them has `starting_equity`, whatever its return. A bar whose
    return is no number in range, or whose signal is NaN, is counted and earns nothing, like one of signal 0. `decay` is
    1 − De ÷ 100 in the trend system's terms. Raises `ValueError` for a negative cutout or a parameter that is no number
    in range.

    >>> curve = Equity(100.0, 1.0, 0)
    >>> [curve.update(*bar) for bar in ((0.01, 1.0), (0.02, 1.0), (-0.01, -1.0))]
    [100.0, 102.0, 103.02]
    """

    def __init__(self, starting_equity: float, decay: float, cutout: int) -> None:
        for name, number in (("starting equity", starting_equity), ("decay", decay)):
            if not is_usable(number):
                why = f"{name} {number} is no number in range"
                raise ValueError(why)
        if cutout < 0:
            why = f"cutout {cutout} is negative"
            raise ValueError(why)
        self._start = starting_equity
        self._decay = decay
        self._wait = cutout
        self._value: float | None = None
        self.ignored = 0
        """How many bars held no number in range."""

    def update(self, r: float, sig_prev: float) -> float | None:
        """Takes a bar's return (a fraction) and the signal before it; returns equity, `None` in the cutout."""
        if not _is_known(r, sig_prev):
            self.ignored += 1
        if self._wait > 0:
            self._wait -= 1
        elif self._value is None:
            self._value = _within(self._start)
        else:
            self._value = _within(self._value * self._decay * (1.0 + _earned(r, sig_prev)))
        return self._value

    @property
    def value(self) -> float | None:
        """Equity as it is, in units of the starting equity."""
        return self._value


def equity(
    r_values: Sequence[float], sig_prev: Sequence[float], starting_equity: float, decay: float, cutout: int
) -> list[float | None]:
    """Returns equity after each return, as `Equity` gives it; signals past the last return are not read.

    Raises `ValueError` for fewer signals than returns, and as `Equity` does.

    >>> equity([0.5, -0.9, -0.9, float("nan"), 0.1], [1, 1, 1, 1, float("nan")], 1.0, 0.9997, 1)
    [None, 1.0, 0.25, 0.25, 0.25]
    """
    if len(sig_prev) < len(r_values):
        why = f"{len(sig_prev)} signals for {len(r_values)} returns"
        raise ValueError(why)
    curve = Equity(starting_equity, decay, cutout)
    return [curve.update(r, signal) for r, signal in zip(r_values, sig_prev, strict=False)]


def _is_known(r: float, signal: float) -> bool:
    return is_usable(r) and not math.isnan(signal)


def _earned(r: float, signal: float) -> float:
    if not _is_known(r, signal) or signal == 0.0:
        return 0.0
    return r if signal > 0.0 else -r


def _within(value: float) -> float:
    if value < FLOOR:
        return FLOOR
    return min(value, MAX_VALUE)
