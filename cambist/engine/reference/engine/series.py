"""What a price did: 5 s bars of the mid, closes for a sparkline, the last hour, three indicators."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from cambist.engine.reference.bars import Bars, BarsParts
from cambist.engine.reference.technical import (
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


class SeriesParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A series as plain fields; floats as their bits."""

    bars: BarsParts
    rsi: RsiParts
    ema: EmaParts
    bands: BollingerParts
    first_bits: int | None
    closes: list[tuple[int, int]]
    minutes: list[tuple[int, int]]


@dataclass(slots=True)
class Series:
    """History of one price. Times are receive times, prices floats of the quote token."""

    bars: Bars = field(default_factory=lambda: Bars(BAR_NS, KEEP_BARS))
    rsi: Rsi = field(default_factory=lambda: Rsi(14))
    ema: Ema = field(default_factory=lambda: Ema(20))
    bands: Bollinger = field(default_factory=lambda: Bollinger(20, 2.0))
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
                self.rsi.update(bar.close)
                self.ema.update(bar.close)
                self.bands.update(bar.close)
        bucket = now_ns // CLOSE_NS
        if self.closes and self.closes[-1][0] >= bucket:
            self.closes[-1] = (self.closes[-1][0], price)
        else:
            self.closes.append((bucket, price))
            del self.closes[:-CLOSES]
        if not self.minutes or self.minutes[-1][0] // MINUTE_NS < now_ns // MINUTE_NS:
            self.minutes.append((now_ns, price))
            del self.minutes[:-MINUTES]

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
        )
