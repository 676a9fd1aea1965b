"""What a bar's range and its trades' volumes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.series.technical.base import add_up, is_usable, positive, spread

if TYPE_CHECKING:
    from collections.abc import Sequence


class Atr:
    """Average true range after Wilder: mean of the first `period` ranges, then smoothed by 1/period.

    A range needs the close before it, so that the first bar has none. A bar whose low is above its high is unusable.
    Raises `ValueError` for a period below 1.

    >>> average = Atr(1)
    >>> average.update(12.0, 10.0, 11.0), average.update(11.5, 11.0, 11.0), average.update(16.0, 14.0, 15.0)
    (None, 0.5, 5.0)
    """

    def __init__(self, period: int) -> None:
        self._period = positive(period)
        self._close: float | None = None
        self._ranges = 0
        self._value = 0.0
        self.ignored = 0
        """How many bars held no number in range, or were upside down."""

    def update(self, high: float, low: float, close: float) -> float | None:
        """Takes a bar; returns the average, `None` until `period` ranges were seen."""
        if not _is_bar(high, low, close):
            self.ignored += 1
            return self.value
        if self._close is not None:
            self._take(_true_range(high, low, self._close))
        self._close = close
        return self.value

    def _take(self, size: float) -> None:
        period = float(self._period)
        if self._ranges < self._period:
            self._ranges += 1
            self._value += size
            if self._ranges == self._period:
                self._value /= period
        else:
            self._value = (self._value * (period - 1.0) + size) / period

    @property
    def value(self) -> float | None:
        """The average as it is, in the unit of the prices."""
        return self._value if self._ranges == self._period else None


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], period: int) -> list[float | None]:
    """Returns the average true range after each bar, as `Atr` gives it.

    Raises `ValueError` for a period below 1 or lists of different lengths.

    >>> atr([12.0, 11.5, 16.0], [10.0, 11.0, 14.0], [11.0, 11.0, 15.0], 1)
    [None, 0.5, 5.0]
    """
    count = float(positive(period))
    bars = list(zip(high, low, close, strict=True))
    good = [bar for bar in bars if _is_bar(*bar)]
    ranges = [_true_range(*good[at][:2], good[at - 1][2]) for at in range(1, len(good))]
    found: list[float | None] = [None] * len(good)
    if len(ranges) >= period:
        average = add_up(ranges[:period]) / count
        found[period] = average
        for at in range(period, len(ranges)):
            average = (average * (count - 1.0) + ranges[at]) / count
            found[at + 1] = average
    return spread((_is_bar(*bar) for bar in bars), found)


def _is_bar(high: float, low: float, close: float) -> bool:
    return is_usable(high) and is_usable(low) and is_usable(close) and low <= high


def _true_range(high: float, low: float, last_close: float) -> float:
    return max(high - low, abs(high - last_close), abs(low - last_close))


class Vwap:
    """Volume-weighted average price of all trades (or bars) since the start: a new one starts a new session.

    A trade of a negative volume, or whose price × volume is out of range, is unusable.

    >>> average = Vwap()
    >>> average.update(10.0, 0.0), average.update(10.0, 1.0), average.update(13.0, 2.0), average.update(9.0, -1.0)
    (None, 10.0, 12.0, 12.0)
    >>> average.ignored
    1
    """

    def __init__(self) -> None:
        self._paid = 0.0
        self._volume = 0.0
        self.ignored = 0
        """How many trades were unusable."""

    def update(self, price: float, volume: float) -> float | None:
        """Takes a trade; returns the average, `None` until there was volume."""
        if _is_trade(price, volume):
            self._paid += price * volume
            self._volume += volume
        else:
            self.ignored += 1
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is, in the unit of the prices."""
        return self._paid / self._volume if self._volume > 0.0 else None


def vwap(prices: Sequence[float], volumes: Sequence[float]) -> list[float | None]:
    """Returns the volume-weighted average price after each trade, as `Vwap` gives it.

    Of bars, the usual price is (high + low + close) ÷ 3. Raises `ValueError` for lists of different lengths.

    >>> vwap([10.0, 13.0], [1.0, 2.0])
    [10.0, 12.0]
    """
    found: list[float | None] = []
    paid = volume = 0.0
    for price, size in zip(prices, volumes, strict=True):
        if _is_trade(price, size):
            paid += price * size
            volume += size
        found.append(paid / volume if volume > 0.0 else None)
    return found


def _is_trade(price: float, volume: float) -> bool:
    return is_usable(price) and is_usable(volume) and volume >= 0.0 and is_usable(price * volume)
