"""Weighted, double exponential, least-squares and Hull moving averages: streaming and batch, equal.

Source of the formulas: the adaptive trend system's averages, equal to its figures for series of usable numbers. Only
+ − × ÷ are used, in the order written: the twin gives the same bits. A value that is no number in range is ignored and
counted, the average then stays as it was (there, such a value spoils the average for its window, or for ever); there is
none, `None`, until there were enough values. Every period below 1 raises `ValueError`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.series.technical.base import Ema, add_up, ema, is_usable, positive, spread
from cambist.engine.reference.series.technical.window import Windowed, each_window

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Wma(Windowed):
    """Mean of the last `period` values with weights 1 for the oldest to `period` for the newest.

    >>> average = Wma(2)
    >>> [average.update(value) for value in (1.0, 4.0, 7.0)]
    [None, 3.0, 6.0]
    """

    @staticmethod
    def compute(window: Collection[float]) -> float:
        """Returns the mean weighted by age."""
        count = float(len(window))
        return add_up(float(weight) * value for weight, value in enumerate(window, 1)) / (count * (count + 1.0) / 2.0)


def wma(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the weighted average after each value, as `Wma` gives it.

    >>> wma([1.0, 4.0, 7.0], 2)
    [None, 3.0, 6.0]
    """
    return each_window(values, period, Wma.compute)


class Lsma(Windowed):
    """The newest point of the line of least squares through the last `period` values.

    >>> average = Lsma(3)
    >>> [average.update(value) for value in (1.0, 2.0, 6.0)]
    [None, None, 5.5]
    """

    @staticmethod
    def compute(window: Collection[float]) -> float:
        """Returns the line's newest point."""
        count = float(len(window))
        half = (count - 1.0) / 2.0
        mean = add_up(window) / count
        if half == 0.0:
            return mean
        # Places are counted from the middle, so that no large sums cancel.
        slope = add_up((float(place) - half) * value for place, value in enumerate(window))
        return mean + slope / (count * (count * count - 1.0) / 12.0) * half


def lsma(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the newest point of the line of least squares after each value, as `Lsma` gives it.

    >>> lsma([1.0, 2.0, 6.0], 3)
    [None, None, 5.5]
    """
    return each_window(values, period, Lsma.compute)


class Dema:
    """Double exponential average: 2·EMA − EMA(EMA). The outer one starts at the first value of the inner one.

    >>> average = Dema(2)
    >>> [average.update(value) for value in (1.0, 3.0, 5.0)]
    [None, 2.0, 4.666666666666667]
    """

    def __init__(self, period: int) -> None:
        self._inner = Ema(period)
        self._weight = 2.0 / (float(period) + 1.0)
        self._outer: float | None = None
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, value: float) -> float | None:
        """Takes a value; returns the average, `None` until `period` values were seen."""
        if not is_usable(value):
            self.ignored += 1
            return self.value
        inner = self._inner.update(value)
        if inner is not None:
            self._outer = inner if self._outer is None else self._outer + self._weight * (inner - self._outer)
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is."""
        inner = self._inner.value
        return None if inner is None or self._outer is None else 2.0 * inner - self._outer


def dema(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the double exponential average after each value, as `Dema` gives it.

    >>> dema([1.0, 3.0, 5.0], 2)
    [None, 2.0, 4.666666666666667]
    """
    weight = 2.0 / (float(positive(period)) + 1.0)
    good = [value for value in values if is_usable(value)]
    found: list[float | None] = []
    outer: float | None = None
    for inner in ema(good, period):
        if inner is None:
            found.append(None)
            continue
        outer = inner if outer is None else outer + weight * (inner - outer)
        found.append(2.0 * inner - outer)
    return spread(map(is_usable, values), found)


class Hma:
    """Hull average: WMA over ⌊√period⌋ of 2·WMA(⌊period ÷ 2⌋, at least 1) − WMA(period).

    >>> average = Hma(2)
    >>> [average.update(value) for value in (1.0, 4.0, 7.0)]
    [None, 5.0, 8.0]
    """

    def __init__(self, period: int) -> None:
        self._half = Wma(max(positive(period) // 2, 1))
        self._whole = Wma(period)
        self._root = Wma(math.isqrt(period))
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, value: float) -> float | None:
        """Takes a value; returns the average, `None` until `period` + ⌊√period⌋ − 1 values were seen."""
        if not is_usable(value):
            self.ignored += 1
            return self.value
        half, whole = self._half.update(value), self._whole.update(value)
        if half is not None and whole is not None:
            self._root.update(2.0 * half - whole)
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is."""
        return self._root.value


def hma(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the Hull average after each value, as `Hma` gives it.

    >>> hma([1.0, 4.0, 7.0], 2)
    [None, 5.0, 8.0]
    """
    good = [value for value in values if is_usable(value)]
    raw = [
        2.0 * half - whole
        for half, whole in zip(wma(good, max(positive(period) // 2, 1)), wma(good, period), strict=True)
        if half is not None and whole is not None
    ]
    found = [None] * (len(good) - len(raw)) + wma(raw, math.isqrt(period))
    return spread(map(is_usable, values), found)
