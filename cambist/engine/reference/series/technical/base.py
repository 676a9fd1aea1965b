"""RSI, EMA, Bollinger bands.

Decisions and rules may read these, so only + − × ÷ √ are used, in the order written: the twin gives the same bits.
A value that is no number in range is ignored and counted; the indicator then stays as it was.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

T = TypeVar("T")

MAX_VALUE = 1e150
"""Largest magnitude that is taken: its square is still finite."""

_DOUBLE = struct.Struct("<d")
_BITS = struct.Struct("<Q")


def is_usable(value: float) -> bool:
    """Returns whether indicators take this value."""
    return -MAX_VALUE <= value <= MAX_VALUE


def to_bits(value: float) -> int:
    """Returns the bits of a float."""
    bits: int = _BITS.unpack(_DOUBLE.pack(value))[0]
    return bits


def from_bits(bits: int) -> float:
    """Returns the float with these bits."""
    value: float = _DOUBLE.unpack(_BITS.pack(bits))[0]
    return value


class RsiParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `Rsi` as plain fields; floats as their bits, so that text can't round them."""

    period: int
    last_bits: int | None
    changes: int
    gain_bits: int
    loss_bits: int
    ignored: int


class EmaParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `Ema` as plain fields."""

    period: int
    count: int
    value_bits: int
    ignored: int


class BollingerParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `Bollinger` as plain fields."""

    period: int
    width_bits: int
    window_bits: list[int]
    ignored: int


class Rsi:
    """Relative strength index after Wilder: means over the first `period` changes, then smoothed by 1/period."""

    def __init__(self, period: int) -> None:
        self._period = positive(period)
        self._last: float | None = None
        self._changes = 0
        self._gain = 0.0
        self._loss = 0.0
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, price: float) -> float | None:
        """Takes a price; returns the index, 0-100, `None` until `period` changes were seen."""
        if not is_usable(price):
            self.ignored += 1
            return self.value
        if self._last is not None:
            change = price - self._last
            self._take(change if change > 0.0 else 0.0, -change if change < 0.0 else 0.0)
        self._last = price
        return self.value

    def _take(self, gain: float, loss: float) -> None:
        period = float(self._period)
        if self._changes < self._period:
            self._changes += 1
            self._gain += gain
            self._loss += loss
            if self._changes == self._period:
                self._gain /= period
                self._loss /= period
        else:
            self._gain = (self._gain * (period - 1.0) + gain) / period
            self._loss = (self._loss * (period - 1.0) + loss) / period

    @property
    def value(self) -> float | None:
        """The index as it is: 100 if nothing fell, 50 if nothing moved at all."""
        return _strength(self._gain, self._loss) if self._changes == self._period else None

    def parts(self) -> RsiParts:
        """Returns all state as plain fields."""
        last = None if self._last is None else to_bits(self._last)
        return RsiParts(self._period, last, self._changes, to_bits(self._gain), to_bits(self._loss), self.ignored)

    @classmethod
    def from_parts(cls, parts: RsiParts) -> Rsi:
        """Returns the index that these parts describe. Raises `ValueError` if they are none."""
        rsi = cls(parts.period)
        rsi._last = None if parts.last_bits is None else from_bits(parts.last_bits)
        rsi._changes = _at_most(parts.changes, parts.period)
        rsi._gain = from_bits(parts.gain_bits)
        rsi._loss = from_bits(parts.loss_bits)
        rsi.ignored = parts.ignored
        return rsi


def _strength(gain: float, loss: float) -> float:
    if loss > 0.0:
        return 100.0 - 100.0 / (1.0 + gain / loss)
    return 100.0 if gain > 0.0 else 50.0


def rsi(prices: Sequence[float], period: int) -> list[float | None]:
    """Returns the index after each price, as `Rsi` gives it."""
    if period == 0:
        return [None] * len(prices)
    count = float(period)
    good = [price for price in prices if is_usable(price)]
    values: list[float | None] = [None]
    gain = loss = 0.0
    for at in range(1, len(good)):
        change = good[at] - good[at - 1]
        up, down = (change, 0.0) if change > 0.0 else (0.0, 0.0 - change)
        if at <= period:
            gain += up
            loss += down
            if at == period:
                gain /= count
                loss /= count
        else:
            gain = (gain * (count - 1.0) + up) / count
            loss = (loss * (count - 1.0) + down) / count
        values.append(_strength(gain, loss) if at >= period else None)
    return spread(map(is_usable, prices), values)


class Ema:
    """Exponential moving average, seeded with the mean of the first `period` values; weight 2/(period+1)."""

    def __init__(self, period: int) -> None:
        self._period = positive(period)
        self._count = 0
        self._value = 0.0
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, value: float) -> float | None:
        """Takes a value; returns the average, `None` until `period` values were seen."""
        period = float(self._period)
        if not is_usable(value):
            self.ignored += 1
        elif self._count < self._period:
            self._count += 1
            self._value += value
            if self._count == self._period:
                self._value /= period
        else:
            self._value += 2.0 / (period + 1.0) * (value - self._value)
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is."""
        return self._value if self._count == self._period else None

    def parts(self) -> EmaParts:
        """Returns all state as plain fields."""
        return EmaParts(self._period, self._count, to_bits(self._value), self.ignored)

    @classmethod
    def from_parts(cls, parts: EmaParts) -> Ema:
        """Returns the average that these parts describe. Raises `ValueError` if they are none."""
        ema = cls(parts.period)
        ema._count = _at_most(parts.count, parts.period)
        ema._value = from_bits(parts.value_bits)
        ema.ignored = parts.ignored
        return ema


def rsi_of_oldest(prices: Sequence[float], period: int) -> float | None:
    """Returns the index that the system before this one showed: of the list's first `period` changes, never its newest.

    Only for comparison with its figures. A list of `period` prices or fewer gives the index of all its changes, one
    price or a flat list 50. `None` if a price is unusable or there is none. Raises `ValueError` for a period below 1.

    >>> crash = [*range(100, 116), 50]
    >>> rsi_of_oldest(crash, 14), round(rsi(crash, 14)[-1], 2)
    (100.0, 16.67)
    """
    positive(period)
    if not prices or not all(map(is_usable, prices)):
        return None
    enough = len(prices) > period
    used = prices[: period + 1] if enough else prices
    gain = add_up(max(after - before, 0.0) for before, after in pairwise(used))
    loss = add_up(max(before - after, 0.0) for before, after in pairwise(used))
    if loss > 0.0:
        return 100.0 - 100.0 / (1.0 + gain / loss)
    return 100.0 if enough or gain > 0.0 else 50.0


def ema(values: Sequence[float], period: int) -> list[float | None]:
    """Returns the average after each value, as `Ema` gives it."""
    good = [value for value in values if is_usable(value)]
    found: list[float | None] = [None] * len(good)
    if 0 < period <= len(good):
        weight = 2.0 / (float(period) + 1.0)
        average = add_up(good[:period]) / float(period)
        found[period - 1] = average
        for at in range(period, len(good)):
            average += weight * (good[at] - average)
            found[at] = average
    return spread(map(is_usable, values), found)


class Bands(NamedTuple):
    """Mean of a window and the lines `width` standard deviations (of the population) off it."""

    low: float
    middle: float
    high: float


class Bollinger:
    """Bollinger bands. Both sums run over the window from its oldest value each time, so that errors can't pile up."""

    def __init__(self, period: int, width: float) -> None:
        if not is_usable(width):
            why = f"width {width} is no number in range"
            raise ValueError(why)
        self._period = positive(period)
        self._width = width
        self._window: deque[float] = deque()
        self.ignored = 0
        """How many values were no number in range."""

    def update(self, value: float) -> Bands | None:
        """Takes a value; returns the bands, `None` until `period` values were seen."""
        if is_usable(value):
            self._window.append(value)
            if len(self._window) > self._period:
                self._window.popleft()
        else:
            self.ignored += 1
        return self.value

    @property
    def value(self) -> Bands | None:
        """The bands as they are."""
        return _bands(self._window, self._period, self._width) if len(self._window) == self._period else None

    def parts(self) -> BollingerParts:
        """Returns all state as plain fields."""
        window = [to_bits(value) for value in self._window]
        return BollingerParts(self._period, to_bits(self._width), window, self.ignored)

    @classmethod
    def from_parts(cls, parts: BollingerParts) -> Bollinger:
        """Returns the bands that these parts describe. Raises `ValueError` if they are none."""
        bands = cls(parts.period, from_bits(parts.width_bits))
        _at_most(len(parts.window_bits), parts.period)
        bands._window.extend(from_bits(bits) for bits in parts.window_bits)
        bands.ignored = parts.ignored
        return bands


def _bands(window: Collection[float], period: int, width: float) -> Bands:
    count = float(period)
    middle = add_up(window) / count
    squares = 0.0
    for value in window:
        squares += (value - middle) * (value - middle)
    away = width * math.sqrt(squares / count)
    return Bands(middle - away, middle, middle + away)


def bollinger(values: Sequence[float], period: int, width: float) -> list[Bands | None]:
    """Returns the bands after each value, as `Bollinger` gives them."""
    good = [value for value in values if is_usable(value)]
    found = [
        _bands(good[end - period : end], period, width) if 0 < period <= end else None
        for end in range(1, len(good) + 1)
    ]
    return spread(map(is_usable, values), found)


def add_up(values: Iterable[float]) -> float:
    """Returns the sum, added from the first to the last."""
    # `sum` compensates its rounding since Python 3.12, which the twin doesn't.
    total = 0.0
    for value in values:
        total += value
    return total


def spread(usable: Iterable[bool], found: Sequence[T | None]) -> list[T | None]:
    """Returns results of the usable values at the places of all: an ignored one repeats what was before it."""
    everywhere: list[T | None] = []
    seen = 0
    for taken in usable:
        seen += taken
        everywhere.append(found[seen - 1] if seen else None)
    return everywhere


def positive(period: int) -> int:
    """Returns the period. Raises `ValueError` if it is not positive."""
    if period <= 0:
        why = f"period {period} is not positive"
        raise ValueError(why)
    return period


def _at_most(count: int, period: int) -> int:
    if not 0 <= count <= period:
        why = f"{count} values in a period of {period}"
        raise ValueError(why)
    return count
