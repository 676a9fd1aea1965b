"""Kaufman's adaptive moving average in two forms: by periods, and with the constants of the adaptive trend system.

Both smooth by (efficiency × (fast − slow) + slow)², where efficiency is the way made ÷ the way gone over a window, 0
where nothing moved. Only + − × ÷ are used, in the order written, and the way gone is added up from the oldest step each
time: the twin gives the same bits. The two treat unusable values differently: see each.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.series.technical.base import add_up, from_bits, is_usable, positive, spread, to_bits

if TYPE_CHECKING:
    from collections.abc import Sequence

FIXED_FAST = 0.666
"""The fast weight of the fixed form. 2 ÷ (2 + 1) is close to it, not it."""

FIXED_SLOW = 0.064
"""The slow weight of the fixed form. 2 ÷ (30 + 1) is close to it, not it."""


class KamaParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `Kama` as plain fields; floats as their bits."""

    period: int
    fast_bits: int
    slow_bits: int
    value_bits: int
    window_bits: list[int]
    ignored: int


class Kama:
    """The average with weights 2 ÷ (fast + 1) and 2 ÷ (slow + 1) (Kaufman; TA-Lib, whose periods are 2 and 30).

    It starts at the `period`-th price and is first given with the next one. A price that is no number in range is
    ignored and counted; the average then stays as it was. Raises `ValueError` for a period below 1.

    >>> average = Kama(2, 2, 30)
    >>> [average.update(price) for price in (10.0, 11.0, 12.0)]
    [None, None, 11.444444444444445]
    """

    def __init__(self, period: int = 10, fast: int = 2, slow: int = 30) -> None:
        self._window: deque[float] = deque(maxlen=positive(period) + 1)
        self._fast, self._slow = _weight(fast), _weight(slow)
        self._is_from_zero = False
        self._value = 0.0
        self.ignored = 0
        """How many prices were no number in range."""

    @classmethod
    def from_zero(cls, length: int) -> Kama:
        """Returns an empty average with the trend system's weights that grows from 0, as that of its script does.

        >>> average = Kama.from_zero(2)
        >>> [average.update(price) for price in (10.0, 11.0, 12.0)]
        [None, None, 5.3226720000000025]
        """
        average = cls(length)
        average._fast, average._slow, average._is_from_zero = FIXED_FAST, FIXED_SLOW, True
        return average

    def update(self, price: float) -> float | None:
        """Takes a price; returns the average, `None` until `period` + 1 prices were seen."""
        if not is_usable(price):
            self.ignored += 1
            return self.value
        self._window.append(price)
        if self.value is None:
            self._value = 0.0 if self._is_from_zero else price
        else:
            self._value = _step(self._value, list(self._window), self._fast, self._slow)
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is."""
        return self._value if len(self._window) == self._window.maxlen else None

    def parts(self) -> KamaParts:
        """Returns all state as plain fields."""
        return KamaParts(
            period=(self._window.maxlen or 0) - 1,
            fast_bits=to_bits(self._fast),
            slow_bits=to_bits(self._slow),
            value_bits=to_bits(self._value),
            window_bits=[to_bits(price) for price in self._window],
            ignored=self.ignored,
        )

    @classmethod
    def from_parts(cls, parts: KamaParts) -> Kama:
        """Returns the average that these parts describe. Raises `ValueError` if they are none."""
        average = cls(parts.period)
        if len(parts.window_bits) > parts.period + 1:
            why = f"a window of {len(parts.window_bits)} prices for a period of {parts.period}"
            raise ValueError(why)
        average._fast, average._slow = from_bits(parts.fast_bits), from_bits(parts.slow_bits)
        average._value, average.ignored = from_bits(parts.value_bits), parts.ignored
        average._window.extend(from_bits(bits) for bits in parts.window_bits)
        return average


def kama(prices: Sequence[float], period: int = 10, fast: int = 2, slow: int = 30) -> list[float | None]:
    """Returns the average after each price, as `Kama` gives it. Raises `ValueError` for a period below 1.

    >>> kama([10.0, 11.0, 12.0], 2)
    [None, None, 11.444444444444445]
    """
    positive(period)
    weights = _weight(fast), _weight(slow)
    good = [price for price in prices if is_usable(price)]
    found: list[float | None] = [None] * len(good)
    if len(good) > period:
        average = good[period - 1]
        for at in range(period, len(good)):
            average = _step(average, good[at - period : at + 1], *weights)
            found[at] = average
    return spread(map(is_usable, prices), found)


def _weight(period: int) -> float:
    return 2.0 / (float(positive(period)) + 1.0)


def _step(average: float, window: Sequence[float], fast: float, slow: float) -> float:
    noise = add_up(abs(window[at] - window[at - 1]) for at in range(1, len(window)))
    way = abs(window[-1] - window[0])
    efficiency = way / noise if noise != 0.0 else 0.0
    smoothing = efficiency * (fast - slow) + slow
    return average + smoothing * smoothing * (window[-1] - average)


class FixedKama:
    """The average of the adaptive trend system: weights .666 and .064, equal to its figures.

    It starts at the first price and stays there for `length` − 1 more bars. A price that is no number in range is
    counted; from its bar on, or from bar `length` on if it came before, there is no average while the last `length` + 1
    prices hold it, and then it starts anew at the newest price. Raises `ValueError` for a length below 1.

    >>> average = FixedKama(2)
    >>> [average.update(price) for price in (10.0, 11.0, 12.0, 11.0, 10.0)]
    [10.0, 10.0, 10.887112, 10.887574389248, 10.493885443450713]
    """

    def __init__(self, length: int) -> None:
        self._window: deque[float] = deque(maxlen=positive(length) + 1)
        self._value = math.nan
        self.ignored = 0
        """How many prices were no number in range."""

    def update(self, price: float) -> float | None:
        """Takes a price; returns the average, `None` where an unusable price spoils it."""
        if not is_usable(price):
            self.ignored += 1
            price = math.nan
        if not self._window:
            self._value = price
        self._window.append(price)
        if len(self._window) == self._window.maxlen:
            base = price if math.isnan(self._value) else self._value
            self._value = _step(base, list(self._window), FIXED_FAST, FIXED_SLOW)
        return self.value

    @property
    def value(self) -> float | None:
        """The average as it is."""
        return None if math.isnan(self._value) else self._value


def fixed_kama(prices: Sequence[float], length: int) -> list[float | None]:
    """Returns the average after each price, as `FixedKama` gives it. Raises `ValueError` for a length below 1.

    >>> fixed_kama([10.0, 11.0, 12.0, float("nan"), 10.0, 11.0, 12.0, 13.0], 2)
    [10.0, 10.0, 10.887112, None, None, None, 12.0, 12.443556000000001]
    """
    positive(length)
    clean = [price if is_usable(price) else math.nan for price in prices]
    found: list[float] = []
    for at, price in enumerate(clean):
        if at < length:
            found.append(clean[0])
            continue
        base = price if math.isnan(found[-1]) else found[-1]
        found.append(_step(base, clean[at - length : at + 1], FIXED_FAST, FIXED_SLOW))
    return [None if math.isnan(value) else value for value in found]
