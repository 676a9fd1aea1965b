"""RSI, EMA, Bollinger bands and Kaufman's average of many tokens, a price of each at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.series.kama import Kama
from cambist.engine.reference.series.technical import Bollinger, Ema, Rsi, is_usable

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

FIELDS = 6
"""Figures of a token: RSI, EMA, low, middle and high band, Kaufman's average."""

MAX_NUMBERS = 1 << 27
"""Most numbers that the windows of all tokens may hold together."""


class IndicatorTable:
    """Keeps the figures of many tokens; NaN where there were too few prices.

    A price that is no number in range is ignored and counted, and the token's figures then stay. Raises `ValueError`
    for a negative number of tokens, a period below 1, a width that is no number in range, windows too large together.

    >>> table = IndicatorTable(2, rsi=1, ema=1, bands=1, kama=1)
    >>> table.update(0, 5.0)
    (nan, 5.0, 5.0, 5.0, 5.0, nan)
    >>> out = [[0.0, 0.0] for _ in range(FIELDS)]
    >>> table.tick([6.0, 7.0], out)
    >>> out[0], out[1]
    ([100.0, nan], [6.0, 7.0])
    """

    def __init__(
        self,
        tokens: int,
        *,
        rsi: int = 14,
        ema: int = 20,
        bands: int = 20,
        width: float = 2.0,
        kama: int = 10,
        fast: int = 2,
        slow: int = 30,
    ) -> None:
        if tokens < 0:
            why = f"tokens {tokens} is negative"
            raise ValueError(why)
        for period in (rsi, ema, bands, kama, fast, slow):
            _check(period)
        if not is_usable(width):
            why = f"width {width} is no number in range"
            raise ValueError(why)
        numbers = (bands + 2 * kama) * tokens
        if numbers > MAX_NUMBERS:
            why = f"windows of {numbers} numbers, at most {MAX_NUMBERS} are kept"
            raise ValueError(why)
        self.tokens = tokens
        self._states = [(Rsi(rsi), Ema(ema), Bollinger(bands, width), Kama(kama, fast, slow)) for _ in range(tokens)]

    def ignored(self, token: int) -> int:
        """Returns how many prices of a token were no number in range. Raises `ValueError` for a token there isn't."""
        return self._states[self._known(token)][0].ignored

    def update(self, token: int, price: float) -> tuple[float, float, float, float, float, float]:
        """Takes a token's price; returns (RSI, EMA, low, middle, high, Kaufman's).

        Raises `ValueError` for a token that there isn't.
        """
        rsi, ema, bollinger, kama = self._states[self._known(token)]
        bands = bollinger.update(price)
        low, middle, high = (bands.low, bands.middle, bands.high) if bands else (math.nan,) * 3
        return (_given(rsi.update(price)), _given(ema.update(price)), low, middle, high, _given(kama.update(price)))

    def tick(self, prices: Sequence[float], out: Sequence[MutableSequence[float]]) -> None:
        """Takes a price of each token; writes figure f of token t to `out[f][t]`.

        Raises `ValueError` for prices or places of another number; nothing is taken then.
        """
        if len(out) != FIELDS:
            why = f"{len(out)} rows for {FIELDS} figures"
            raise ValueError(why)
        if len(prices) != self.tokens:
            why = f"prices: {len(prices)} for {self.tokens}"
            raise ValueError(why)
        places = sum(len(row) for row in out)
        if places != FIELDS * self.tokens:
            why = f"places: {places} for {FIELDS * self.tokens}"
            raise ValueError(why)
        for token, price in enumerate(prices):
            for row, figure in zip(out, self.update(token, float(price)), strict=True):
                row[token] = figure

    def _known(self, token: int) -> int:
        if not 0 <= token < self.tokens:
            why = f"token {token} of {self.tokens}"
            raise ValueError(why)
        return token


def _check(period: int) -> None:
    if not 1 <= period < 2**32:
        why = f"period {period} is not positive" if period < 1 else f"period {period} is above {2**32 - 1}"
        raise ValueError(why)


def _given(figure: float | None) -> float:
    return math.nan if figure is None else figure
