"""The plain moving average, and the distance of a fast and a slow exponential one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.series.technical.base import Ema, add_up, ema, is_usable, positive, spread
from cambist.engine.reference.series.technical.window import Windowed, each_window

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Sma(Windowed):
    """Mean of the last `period` values, summed from the oldest each time. Raises `ValueError` for a period below 1.

    >>> average = Sma(2)
    >>> [average.update(value) for value in (1.0, 3.0, float("nan"), 4.0)]
    [None, 2.0, 2.0, 3.5]
    >>> average.ignored
    1
    """

    @staticmethod
    def compute(window: Collection[float]) -> float:
        """Returns the mean."""
        return add_up(window) / float(len(window))


def sma(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the mean of the last `period` values after each value. Raises `ValueError` for a period below 1.

    >>> sma([1.0, 3.0, 4.0], 2)
    [None, 2.0, 3.5]
    """
    return each_window(values, period, Sma.compute)


class MacdLines(NamedTuple):
    """Fast average minus slow one, an average of that, and their distance; the last two come later than the first."""

    macd: float
    signal: float | None
    histogram: float | None


class Macd:
    """Moving average convergence/divergence (Appel). All averages are `Ema`; the signal is one of the line.

    Raises `ValueError` for a period below 1.

    >>> lines = Macd(1, 2, 2)
    >>> [lines.update(price) for price in (1.0, 2.0, 3.0)]
    [None, MacdLines(macd=0.5, signal=None, histogram=None), MacdLines(macd=0.5, signal=0.5, histogram=0.0)]
    """

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        self._fast = Ema(fast)
        self._slow = Ema(slow)
        self._signal = Ema(signal)
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, value: float) -> MacdLines | None:
        """Takes a value; returns the lines, `None` until both averages are there."""
        if not is_usable(value):
            self.ignored += 1
            return self.value
        fast, slow = self._fast.update(value), self._slow.update(value)
        if fast is not None and slow is not None:
            self._signal.update(fast - slow)
        return self.value

    @property
    def value(self) -> MacdLines | None:
        """The lines as they are."""
        fast, slow = self._fast.value, self._slow.value
        return None if fast is None or slow is None else _lines(fast - slow, self._signal.value)


def macd(values: Sequence[float], fast: int = 12, slow: int = 26, signal: int = 9) -> list[MacdLines | None]:
    """Returns the lines after each value, as `Macd` gives them. Raises `ValueError` for a period below 1.

    >>> macd([1.0, 2.0, 3.0], 1, 2, 2)[-1]
    MacdLines(macd=0.5, signal=0.5, histogram=0.0)
    """
    for period in (fast, slow, signal):
        positive(period)
    good = [value for value in values if is_usable(value)]
    line = [
        None if one is None or two is None else one - two
        for one, two in zip(ema(good, fast), ema(good, slow), strict=True)
    ]
    start = max(fast, slow) - 1
    later = ema([value for value in line if value is not None], signal)
    signals = [None] * min(start, len(good)) + later
    found = [None if one is None else _lines(one, two) for one, two in zip(line, signals, strict=True)]
    return spread(map(is_usable, values), found)


def _lines(line: float, signal: float | None) -> MacdLines:
    return MacdLines(line, signal, None if signal is None else line - signal)
