"""Many tokens and many ticks at once: figures that are kept from tick to tick, and ticks as columns of bars."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from cambist.engine.arrays import line
from cambist.engine.backend import is_native
from cambist.engine.reference.series import bars as bars_reference
from cambist.engine.reference.series import indicator_table as table_reference

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from cambist.engine.arrays import Floats


class Table(Protocol):
    """Figures of many tokens, kept from tick to tick; see `reference.series.indicator_table`: both have its bits."""

    @property
    def tokens(self) -> int:
        """How many there are."""

    def ignored(self, token: int) -> int:
        """Returns how many prices of a token were no number in range. Raises `ValueError` for a token there isn't."""

    def update(self, token: int, price: float) -> tuple[float, float, float, float, float, float]:
        """Takes a token's price; returns (RSI, EMA, low, middle, high band, Kaufman's). Raises `ValueError`."""

    def tick(self, prices: Floats, out: Floats) -> None:
        """Takes a price of each token; writes figures to `out`: six rows, a column per token. Raises `ValueError`."""


def indicator_table(
    tokens: int,
    *,
    rsi: int = 14,
    ema: int = 20,
    bands: int = 20,
    width: float = 2.0,
    kama: int = 10,
    fast: int = 2,
    slow: int = 30,
    backend: str = "auto",
) -> Table:
    """Returns what keeps the streaming RSI, EMA, Bollinger bands and Kaufman's average of many tokens.

    Raises `ValueError` for a negative number of tokens, periods or a width out of range, or windows of more than 2^27
    numbers together; `ImportError` if the native backend is asked for and absent.

    >>> table = indicator_table(2, rsi=1, ema=1, bands=1, kama=1)
    >>> out = np.empty((6, 2))
    >>> table.tick(np.array([5.0, 7.0]), out)
    >>> table.update(0, 6.0), out[1].tolist()
    ((100.0, 6.0, 6.0, 6.0, 6.0, 5.444444444444445), [5.0, 7.0])
    """
    made: Any = _native if is_native(backend) else table_reference
    found: Table = made.IndicatorTable(
        tokens, rsi=rsi, ema=ema, bands=bands, width=width, kama=kama, fast=fast, slow=slow
    )
    return found


MAX_BARS = 10_000_000


def bars(
    times_ns: ArrayLike,
    prices: ArrayLike,
    volumes: ArrayLike,
    width_ns: int,
    *,
    most: int = MAX_BARS,
    backend: str = "auto",
) -> BarColumns:
    """Returns the bars of ticks in the order they came, as columns (arrays); `volumes` are 0 for mids.

    Bars start at multiples of `width_ns`; one without a tick repeats the close before it. Late ticks, empty bars and
    unusable ticks are counted. Raises `ValueError` for a width below 1, columns of different lengths, more than `most`
    bars.

    >>> found = bars([1, 5, 31], [2.0, 3.0, 4.0], [1.0, 1.0, 0.0], 10)
    >>> found.start_ns.tolist(), found.close.tolist(), found.ticks.tolist(), found.empty
    ([0, 10, 20, 30], [3.0, 3.0, 3.0, 4.0], [2, 0, 0, 1], 2)
    """
    times = np.ascontiguousarray(times_ns, dtype=np.int64)
    ticks = line(prices), line(volumes)
    if times.ndim != 1:
        message = f"times have {times.ndim} dimensions, expected 1"
        raise ValueError(message)
    if is_native(backend):
        return BarColumns(*_native.bar_columns(width_ns, times, *ticks, most))
    prices_list, volumes_list = (part.tolist() for part in ticks)
    found = bars_reference.columns(width_ns, times.tolist(), prices_list, volumes_list, most)
    types = (np.int64, *[np.float64] * 5, np.uint32)
    columns = [np.array(part, dtype=each) for part, each in zip(found[:7], types, strict=True)]
    return BarColumns._make([*columns, found.late, found.empty, found.ignored])


class BarColumns(NamedTuple):
    """Bars as arrays, and what didn't become part of one; see `reference.series.bars`."""

    start_ns: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    ticks: NDArray[np.uint32]
    late: int
    empty: int
    ignored: int
