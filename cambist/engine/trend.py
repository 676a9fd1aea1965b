"""Adaptive trend classification over numpy arrays, by the Rust engine where it is built, else by the reference.

What it is, the profiles and what a NaN means are described in `reference.series.adaptive_trend`; its `Trend` takes one
price at a time and gives the same bits.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from cambist.engine.backend import is_native
from cambist.engine.reference.series import adaptive_trend as reference
from cambist.engine.reference.series.adaptive_trend import KINDS, PROFILES, TrendConfig

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["KINDS", "PROFILES", "TrendConfig", "TrendLines", "adaptive_trend"]


class TrendLines(NamedTuple):
    """The classification of each bar; `signals` and `equities` have one array a kind, in the order of `KINDS`."""

    average: Floats
    """−1 (all say down) to 1 (all say up), in the shape of the prices; 0 in the cutout."""
    signals: Floats
    """Layer 1: six times that shape."""
    equities: Floats
    """Layer 2: six times that shape; NaN in the cutout."""


def adaptive_trend(prices: ArrayLike, config: TrendConfig | None = None, backend: str = "auto") -> TrendLines:
    """Returns the classification after each price of a series, or of each row of a matrix (a token a row).

    Contiguous 64-bit floats are read where they lie; the native call releases the GIL. Raises `ValueError` for a single
    price and for a config out of range, `ImportError` if the native backend is asked for and absent.

    >>> config = TrendConfig(lengths=(2,) * 6, robustness="narrow")
    >>> adaptive_trend([5.0, 4.0, 3.0, 2.0, 3.0, 5.0, 8.0], config).average.round(2).tolist()
    [0.0, -0.17, -0.2, -0.25, 0.37, 0.95, 0.98]
    """
    by_rust = is_native(backend)
    config = config or TrendConfig()
    config.check()
    if np.ndim(prices) == 0:
        message = f"series was {prices!r}, a single value"
        raise ValueError(message)
    table = np.ascontiguousarray(prices, dtype=np.float64)
    if not by_rust:
        lines = _by_reference(table, config)
    else:
        names, numbers = (config.profile, config.robustness), (config.lamda, config.decay, config.long, config.short)
        # A cutout beyond the last bar is as good as the longest.
        rest = (min(config.cutout, table.size), config.strategy)
        lines = np.array(_native.trend_array(table, names, config.lengths, config.weights, numbers, rest))
    return TrendLines(lines[0], lines[1 : 1 + len(KINDS)], lines[1 + len(KINDS) :])


def _by_reference(table: Floats, config: TrendConfig) -> Floats:
    rows = table.reshape(-1, table.shape[-1]) if table.size else table.reshape(0, 0)
    lines: list[list[float]] = [[] for _ in range(1 + 2 * len(KINDS))]
    for row in rows:
        for bar in reference.trend(row.tolist(), config):
            known = (math.nan if equity is None else equity for equity in bar.equities)
            for line, value in zip(lines, (bar.average, *bar.signals, *known), strict=True):
                line.append(value)
    return np.array(lines, dtype=np.float64).reshape(len(lines), *table.shape)
