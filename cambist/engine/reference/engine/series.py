"""What a price did: 5 s bars of the mid, closes for a sparkline, the last hour, three indicators."""

from __future__ import annotations

from dataclasses import dataclass, field

from cambist.engine.reference.bars import Bars
from cambist.engine.reference.technical import Bollinger, Ema, Rsi

BAR_NS = 5_000_000_000
CLOSE_NS = 15_000_000_000
MINUTE_NS = 60_000_000_000
HOUR_NS = 3_600_000_000_000
CLOSES = 60
MINUTES = 61


@dataclass(slots=True)
class Series:
    """History of one price. Times are receive times, prices floats of the quote token."""

    bars: Bars = field(default_factory=lambda: Bars(BAR_NS))
    rsi: Rsi = field(default_factory=lambda: Rsi(14))
    ema: Ema = field(default_factory=lambda: Ema(20))
    bands: Bollinger = field(default_factory=lambda: Bollinger(20, 2.0))
    first_ns: int = 0
    first: float | None = None
    last_rsi: float | None = None
    last_ema: float | None = None
    last_bands: tuple[float, float] | None = None
    closes: list[tuple[int, float]] = field(default_factory=list)
    """(15 s bucket, last price in it), the last 60."""
    minutes: list[tuple[int, float]] = field(default_factory=list)
    """(time, first price of a minute), the last 61."""

    def add(self, now_ns: int, price: float) -> None:
        """Takes a mid. Indicators move when a 5 s bar closes."""
        if self.first is None:
            self.first, self.first_ns = price, now_ns
        for bar in self.bars.add(now_ns, price, 0.0):
            self._close(bar.close)
        bucket = now_ns // CLOSE_NS
        if self.closes and self.closes[-1][0] >= bucket:
            self.closes[-1] = (self.closes[-1][0], price)
        else:
            self.closes.append((bucket, price))
            del self.closes[:-CLOSES]
        if not self.minutes or self.minutes[-1][0] // MINUTE_NS < now_ns // MINUTE_NS:
            self.minutes.append((now_ns, price))
            del self.minutes[:-MINUTES]

    def _close(self, price: float) -> None:
        self.last_rsi = self.rsi.push(price)
        self.last_ema = self.ema.push(price)
        bands = self.bands.push(price)
        self.last_bands = None if bands is None else (bands[0], bands[2])

    def hour_ago(self, now_ns: int) -> tuple[float | None, int]:
        """Returns the oldest price of the last hour and how long ago it was."""
        for at_ns, price in self.minutes:
            if at_ns >= now_ns - HOUR_NS:
                return price, now_ns - at_ns
        return None, 0

    def sparkline(self, now_ns: int) -> tuple[float, ...]:
        """Returns the closes of the last 15 minutes, oldest first."""
        oldest = now_ns // CLOSE_NS - CLOSES
        return tuple(price for bucket, price in self.closes if bucket > oldest)
