"""Indicators over numpy arrays or sequences of numbers, by the Rust engine where it is built, else by the reference.

Arrays of 64-bit floats that are contiguous are read where they lie; others are copied once. A matrix holds one series
per row: rows are computed in one call, and results have its shape. There is NaN where a result needs more values.
The native calls release the GIL: no other thread may write to an array while a call reads it.

NaN, infinities and numbers beyond ±1e150 are unusable: an indicator ignores them and repeats what it was before
(`count_ignored` says how many there are); where several values come together (a bar, a trade), one spoils the others.
Two functions say otherwise, as the system did whose figures they give: `fixed_kama` and `equity`. An empty series gives
an empty result. Periods below 1, series of different lengths and parameters out of range raise `ValueError`.

RSI, EMA, SMA, Bollinger bands, equity and both of Kaufman's averages differ from the streaming forms by rounding, below
1e-9 of the largest value (bands: of the window's mean or deviation); all else is equal to the bit. `indicator_table`
keeps the streaming forms of many tokens.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from cambist.engine.arrays import (
    as_events,
    check_lengths,
    checked_period,
    each_row,
    each_row_of,
    filled,
    floats,
    line,
    signs,
)
from cambist.engine.backend import WHY_NOT, is_native
from cambist.engine.reference.series import equity as equity_reference
from cambist.engine.reference.series import kama as kama_reference
from cambist.engine.reference.series import moving_averages, signal_persistence, technical
from cambist.engine.tables import BarColumns as BarColumns
from cambist.engine.tables import Table as Table
from cambist.engine.tables import bars as bars
from cambist.engine.tables import indicator_table as indicator_table

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from cambist.engine.arrays import Floats, Row, Signs

# Arrays that are ready go to the native calls as they are: looking at them here takes longer than some indicators. What
# these refuse is looked at then.
_quick: Any = None if WHY_NOT else _native
_REFUSALS = (TypeError, ValueError, OverflowError)

_AVERAGES: dict[str, Callable[[Row, int], list[float | None]]] = {
    "sma": technical.sma,
    "wma": moving_averages.wma,
    "dema": moving_averages.dema,
    "lsma": moving_averages.lsma,
    "hma": moving_averages.hma,
}


class Bands(NamedTuple):
    """Bollinger bands, each in the shape of the input."""

    low: Floats
    middle: Floats
    high: Floats


class Lines(NamedTuple):
    """MACD's line, its average and their distance, each in the shape of the input."""

    macd: Floats
    signal: Floats
    histogram: Floats


class Series:
    """The functions of this module by one backend: `native`, `reference`, or `auto` for the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """

    def __init__(self, backend: str = "auto") -> None:
        self._is_native = is_native(backend)
        self.name = "native" if self._is_native else "reference"
        """Which backend it is."""

    def rsi(self, prices: ArrayLike, period: int = 14) -> Floats:
        """Returns Wilder's relative strength index, 0-100, after each price of each row.

        >>> calculate_rsi([1.0, 2.0, 1.5, 3.0], 2).round(6).tolist()
        [nan, nan, 66.666667, 88.888889]
        """
        if self._is_native:
            try:
                found: Floats = _quick.rsi_array(prices, period)
            except _REFUSALS:
                found = _native.rsi_array(floats(prices), checked_period(period))
            return found
        return each_row(floats(prices), checked_period(period), technical.rsi)

    def rsi_of_oldest(self, prices: ArrayLike, period: int = 14) -> float | None:
        """Returns the index of a list's first changes: for comparison with the system that showed this by mistake.

        >>> rsi_of_oldest([*range(100, 116), 50], 14)
        100.0
        """
        table = line(prices)
        if self._is_native:
            return _native.rsi_of_oldest(table, checked_period(period))
        return technical.rsi_of_oldest(table.tolist(), checked_period(period))

    def ema(self, values: ArrayLike, period: int) -> Floats:
        """Returns the exponential moving average, seeded with a mean, after each value of each row.

        >>> calculate_ema([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]], 2).tolist()
        [[nan, 2.0, 4.0], [nan, 2.0, 2.0]]
        """
        if self._is_native:
            try:
                found: Floats = _quick.ema_array(values, period)
            except _REFUSALS:
                found = _native.ema_array(floats(values), checked_period(period))
            return found
        return each_row(floats(values), checked_period(period), technical.ema)

    def bollinger(self, values: ArrayLike, period: int = 20, width: float = 2.0) -> Bands:
        """Returns bands `width` deviations (of the population) off the mean, after each value of each row.

        >>> calculate_bollinger([1.0, 3.0], 2, 2.0).high.tolist()
        [nan, 4.0]
        """
        if self._is_native:
            try:
                # `Bands._make` does the same in Python, 60 ns slower.
                return tuple.__new__(Bands, _quick.bollinger_array(values, period, width))
            except _REFUSALS:
                pass
        table = floats(values)
        if not technical.is_usable(width):
            message = f"width {width} is no number in range"
            raise ValueError(message)
        if self._is_native:
            return Bands(*_native.bollinger_array(table, checked_period(period), width))
        size = checked_period(period)
        return Bands(*each_row_of(table, 3, lambda row: technical.bollinger(row, size, width)))

    def kama(self, prices: ArrayLike, period: int = 10, fast: int = 2, slow: int = 30) -> Floats:
        """Returns Kaufman's adaptive average by periods, after each price of each row.

        >>> kama([10.0, 11.0, 12.0], 2, 2, 30).round(12).tolist()
        [nan, nan, 11.444444444444]
        """
        if self._is_native:
            try:
                found: Floats = _quick.kama_array(prices, period, fast, slow)
            except _REFUSALS:
                pass
            else:
                return found
        table = floats(prices)
        periods = checked_period(period), checked_period(fast), checked_period(slow)
        if self._is_native:
            return _native.kama_array(table, *periods)
        return each_row(table, periods[0], lambda row, size: kama_reference.kama(row, size, *periods[1:]))

    def fixed_kama(self, prices: ArrayLike, length: int) -> Floats:
        """Returns Kaufman's average with the weights .666 and .064 of the adaptive trend system, equal to its figures.

        An unusable price gives NaN while the last `length` + 1 prices hold it.

        >>> fixed_kama([10.0, 11.0, 12.0, 11.0, 10.0], 2).round(12).tolist()
        [10.0, 10.0, 10.887112, 10.887574389248, 10.493885443451]
        """
        table = floats(prices)
        if self._is_native:
            return _native.fixed_kama_array(table, checked_period(length))
        return each_row(table, checked_period(length), kama_reference.fixed_kama)

    def average(self, name: str, values: ArrayLike, period: int) -> Floats:
        """Returns the average `sma`, `wma`, `dema`, `lsma` or `hma` after each value of each row.

        >>> average("wma", [1.0, 4.0, 7.0], 2).tolist()
        [nan, 3.0, 6.0]
        """
        table = floats(values)
        if name not in _AVERAGES:
            message = f"average was {name!r}, expected one of {', '.join(_AVERAGES)}"
            raise ValueError(message)
        if self._is_native:
            return _native.average_array(name, table, checked_period(period))
        return each_row(table, checked_period(period), _AVERAGES[name])

    def macd(self, values: ArrayLike, fast: int = 12, slow: int = 26, signal: int = 9) -> Lines:
        """Returns the distance of two exponential averages, its own average and theirs, for each value of each row.

        >>> macd([1.0, 2.0, 3.0], 1, 2, 2).macd.tolist()
        [nan, 0.5, 0.5]
        """
        table = floats(values)
        periods = checked_period(fast), checked_period(slow), checked_period(signal)
        if self._is_native:
            return Lines(*_native.macd_array(table, *periods))
        return Lines(*each_row_of(table, 3, lambda row: technical.macd(row, *periods)))

    def atr(self, high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Floats:
        """Returns Wilder's average true range after each bar.

        >>> atr([12.0, 11.5, 16.0], [10.0, 11.0, 14.0], [11.0, 11.0, 15.0], 1).tolist()
        [nan, 0.5, 5.0]
        """
        one, two, three = line(high), line(low), line(close)
        check_lengths(one, two, three)
        if self._is_native:
            return _native.atr_array(one, two, three, checked_period(period))
        return filled(technical.atr(one.tolist(), two.tolist(), three.tolist(), checked_period(period)))

    def vwap(self, prices: ArrayLike, volumes: ArrayLike) -> Floats:
        """Returns the volume-weighted average price since the start, after each trade (or bar).

        >>> vwap([10.0, 13.0], [1.0, 2.0]).tolist()
        [10.0, 12.0]
        """
        trades = line(prices), line(volumes)
        check_lengths(*trades)
        if self._is_native:
            return _native.vwap_array(*trades)
        return filled(technical.vwap(*(part.tolist() for part in trades)))

    def equity(
        self, r_values: ArrayLike, sig_prev: ArrayLike, starting_equity: float, decay: float, cutout: int
    ) -> Floats:
        """Returns equity after each return (a fraction) of a signal set one bar earlier, never below 0.25.

        Last equity × `decay` × (1 + return × sign of the signal); NaN in the first `cutout` bars, `starting_equity` in
        the next. An unusable return or a NaN signal earns nothing. Signals past the last return are not read.

        >>> calculate_equity_rust([0.01, 0.02, -0.01], [1, 1, -1], 100.0, 1.0, 0).tolist()
        [100.0, 102.0, 103.02]
        """
        returns, signals = line(r_values), line(sig_prev)
        if len(signals) < len(returns):
            message = f"{len(signals)} signals for {len(returns)} returns"
            raise ValueError(message)
        equity_reference.Equity(starting_equity, decay, cutout)
        if self._is_native:
            return _native.equity_array(returns, signals, starting_equity, decay, min(cutout, len(returns)))
        return filled(equity_reference.equity(returns.tolist(), signals.tolist(), starting_equity, decay, cutout))

    def up_down(self, up: ArrayLike, down: ArrayLike) -> Signs:
        """Returns the side of the last event after each bar: 1 after up, −1 after down, 0 before; up wins.

        >>> up_down([False, True, False, False], [False, True, False, True]).tolist()
        [0, 1, 1, -1]
        """
        events = as_events(up), as_events(down)
        check_lengths(*events)
        if self._is_native:
            return _native.up_down_array(*events)
        return np.array(signal_persistence.up_down(*(part.tolist() for part in events)), dtype=np.int8)

    def runs(self, signals: ArrayLike, min_persistence: int, max_gap: int, *, causal: bool = False) -> Signs:
        """Returns the sign of the run of equal signs that each bar is part of, 0 where it is none or too short.

        A run bridges gaps of at most `max_gap` zeros and must last `min_persistence` bars, gaps included. With
        `causal`, a run shows from the bar on that makes it long enough, so that no bar depends on a later one.

        >>> runs([1, 0, 1, 0, 0, 1, -1], 3, 1).tolist(), runs([1, 0, 1, 0, 0, 1, -1], 3, 1, causal=True).tolist()
        ([1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0])
        """
        whole, least = signs(signals), checked_period(min_persistence)
        if max_gap < 0:
            message = f"gap {max_gap} is negative"
            raise ValueError(message)
        if self._is_native:
            return _native.runs_array(whole, least, min(max_gap, len(whole)), causal)
        reference = signal_persistence.causal_runs if causal else signal_persistence.runs
        return np.array(reference(whole.tolist(), least, max_gap), dtype=np.int8)


def count_ignored(values: ArrayLike) -> int:
    """Returns how many values are unusable: NaN, infinite, beyond ±1e150.

    >>> count_ignored([1.0, float("nan"), 1e200])
    2
    """
    table = floats(values)
    return int(table.size - np.count_nonzero(np.abs(table) <= technical.MAX_VALUE))


_auto = Series()
rsi = calculate_rsi = _auto.rsi
rsi_of_oldest = _auto.rsi_of_oldest
ema = calculate_ema = _auto.ema
bollinger = calculate_bollinger = _auto.bollinger
kama = _auto.kama
fixed_kama = _auto.fixed_kama
average = _auto.average
macd = _auto.macd
atr = _auto.atr
vwap = _auto.vwap
equity = calculate_equity_rust = _auto.equity
up_down = _auto.up_down
runs = _auto.runs


def calculate_kama_rust(
    prices: ArrayLike, period: int, fast_period: int | None = None, slow_period: int | None = None
) -> Floats:
    """Returns `kama` by all three periods, or, given no others, the `fixed_kama` of that length.

    Raises `ValueError` if one of the other two is given alone.

    >>> [calculate_kama_rust([10.0, 11.0, 12.0], *periods)[-1].round(6).item() for periods in ((2, 2, 30), (2,))]
    [11.444444, 10.887112]
    """
    if fast_period is None and slow_period is None:
        return fixed_kama(prices, period)
    if fast_period is None or slow_period is None:
        message = f"fast period was {fast_period}, slow period {slow_period}: give both or neither"
        raise ValueError(message)
    return kama(prices, period, fast_period, slow_period)


@overload
def process_signal_persistence_rust(up: ArrayLike, down: ArrayLike, /) -> Signs: ...
@overload
def process_signal_persistence_rust(
    signals: ArrayLike, min_persistence: int, max_gap: int, /, *, causal: bool = False
) -> Signs: ...
def process_signal_persistence_rust(
    first: ArrayLike, second: ArrayLike | int, max_gap: int | None = None, /, *, causal: bool = False
) -> Signs:
    """Returns `up_down` of two series of events, or `runs` of one series of signals and two numbers.

    >>> process_signal_persistence_rust([True, False], [False, True]).tolist()
    [1, -1]
    >>> process_signal_persistence_rust([1, 0, 1, 0, 0, 1], 3, 1).tolist()
    [1, 1, 1, 0, 0, 0]
    """
    if max_gap is None:
        return up_down(first, second)
    if not isinstance(second, int | np.integer):
        message = f"min_persistence was {second!r}, expected a whole number"
        raise ValueError(message)
    return runs(first, int(second), max_gap, causal=causal)
