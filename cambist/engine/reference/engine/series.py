"""What a price did: 5 s bars of the mid with their indicators, closes for a sparkline, the last hour."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

import msgspec

from cambist.engine.reference.series.bars import Bar, Bars, BarsParts
from cambist.engine.reference.series.kama import Kama, KamaParts
from cambist.engine.reference.series.table import COLUMNS
from cambist.engine.reference.series.technical import (
    Bollinger,
    BollingerParts,
    Ema,
    EmaParts,
    Rsi,
    RsiParts,
    from_bits,
    to_bits,
)

BAR_NS = 5_000_000_000
KEEP_BARS = 20
"""Bars kept; after a longer silence the indicators see this many empty ones."""
CLOSE_NS = 15_000_000_000
MINUTE_NS = 60_000_000_000
HOUR_NS = 3_600_000_000_000
CLOSES = 60
MINUTES = 61
TRAIL = 60
"""Closed bars kept with what the indicators were after them."""

PointParts = tuple[int, int, int, int, int, int | None, int | None, int | None, int | None]


class Point(NamedTuple):
    """A bar and the indicators after it, `None` where they have seen too few bars."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    ema: float | None
    kama: float | None
    band_low: float | None
    band_high: float | None


class SeriesParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A series as plain fields; floats as their bits."""

    bars: BarsParts
    rsi: RsiParts
    ema: EmaParts
    bands: BollingerParts
    first_bits: int | None
    closes: Annotated[list[tuple[int, int]], COLUMNS]
    minutes: Annotated[list[tuple[int, int]], COLUMNS]
    kama: KamaParts | None = None
    trail: Annotated[list[PointParts], COLUMNS] = []


@dataclass(slots=True)
class Series:
    """History of one price. Times are receive times, prices floats of the quote token."""

    bars: Bars = field(default_factory=lambda: Bars(BAR_NS, KEEP_BARS))
    rsi: Rsi = field(default_factory=lambda: Rsi(14))
    ema: Ema = field(default_factory=lambda: Ema(20))
    bands: Bollinger = field(default_factory=lambda: Bollinger(20, 2.0))
    kama: Kama = field(default_factory=lambda: Kama(10, 2, 30))
    trail: deque[Point] = field(default_factory=lambda: deque(maxlen=TRAIL))
    """The last 60 closed bars, oldest first; a silence longer than 20 bars leaves a hole."""
    first: float | None = None
    closes: list[tuple[int, float]] = field(default_factory=list)
    """(15 s bucket, last price in it), the last 60."""
    minutes: list[tuple[int, float]] = field(default_factory=list)
    """(time, first price of a minute), the last 61."""

    def add(self, now_ns: int, price: float) -> None:
        """Takes a mid. Indicators move when a 5 s bar closes."""
        if self.first is None:
            self.first = price
        count = min(self.bars.add(now_ns, price, 0.0), KEEP_BARS)
        if count:
            for bar in list(self.bars.closed())[-count:]:
                self.trail.append(self._take(bar))
        bucket = now_ns // CLOSE_NS
        if self.closes and self.closes[-1][0] >= bucket:
            self.closes[-1] = (self.closes[-1][0], price)
        else:
            self.closes.append((bucket, price))
            del self.closes[:-CLOSES]
        if not self.minutes or self.minutes[-1][0] // MINUTE_NS < now_ns // MINUTE_NS:
            self.minutes.append((now_ns, price))
            del self.minutes[:-MINUTES]

    def _take(self, bar: Bar) -> Point:
        """Moves the indicators by a bar."""
        self.rsi.update(bar.close)
        self.ema.update(bar.close)
        self.bands.update(bar.close)
        self.kama.update(bar.close)
        bands = self.bands.value
        return Point(
            bar.start_ns,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            self.ema.value,
            self.kama.value,
            None if bands is None else bands.low,
            None if bands is None else bands.high,
        )

    def provisional(self) -> tuple[Point, float | None] | None:
        """Returns the bar that still takes prices, as though it closed now, and the RSI then; `None` without one."""
        if self.bars.open is None:
            return None
        ahead = Series(
            rsi=Rsi.from_parts(self.rsi.parts()),
            ema=Ema.from_parts(self.ema.parts()),
            bands=Bollinger.from_parts(self.bands.parts()),
            kama=Kama.from_parts(self.kama.parts()),
        )
        return ahead._take(self.bars.open), ahead.rsi.value

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

    def parts(self) -> SeriesParts:
        """Returns all state as plain fields."""
        return SeriesParts(
            bars=self.bars.parts(),
            rsi=self.rsi.parts(),
            ema=self.ema.parts(),
            bands=self.bands.parts(),
            first_bits=None if self.first is None else to_bits(self.first),
            closes=[(bucket, to_bits(price)) for bucket, price in self.closes],
            minutes=[(at_ns, to_bits(price)) for at_ns, price in self.minutes],
            kama=self.kama.parts(),
            trail=[_point_parts(point) for point in self.trail],
        )

    @classmethod
    def from_parts(cls, parts: SeriesParts) -> Series:
        """Returns the series that these parts describe. Raises `ValueError` if they are none."""
        return cls(
            bars=Bars.from_parts(parts.bars),
            rsi=Rsi.from_parts(parts.rsi),
            ema=Ema.from_parts(parts.ema),
            bands=Bollinger.from_parts(parts.bands),
            first=None if parts.first_bits is None else from_bits(parts.first_bits),
            closes=[(bucket, from_bits(bits)) for bucket, bits in parts.closes],
            minutes=[(at_ns, from_bits(bits)) for at_ns, bits in parts.minutes],
            kama=Kama(10, 2, 30) if parts.kama is None else Kama.from_parts(parts.kama),
            trail=deque(map(_point, parts.trail), maxlen=TRAIL),
        )


def _point_parts(point: Point) -> PointParts:
    prices, marks = point[1:5], point[5:]
    return point.start_ns, *map(to_bits, prices), *(None if mark is None else to_bits(mark) for mark in marks)  # type: ignore[return-value]  # mypy does not count a starred map


def _point(parts: PointParts) -> Point:
    prices, marks = parts[1:5], parts[5:]
    return Point(parts[0], *map(from_bits, prices), *(None if mark is None else from_bits(mark) for mark in marks))
