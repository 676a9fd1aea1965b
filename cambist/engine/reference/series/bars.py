"""Trades and mids to OHLCV bars."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.engine.reference.series.technical import from_bits, is_usable, to_bits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Bar(NamedTuple):
    """One bar. A bar without a tick repeats the close before it."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    ticks: int

    @classmethod
    def empty(cls, start_ns: int, close: float) -> Bar:
        """Returns a bar without a tick."""
        return cls(start_ns, close, close, close, close, 0.0, 0)

    def take(self, price: float, volume: float) -> Bar:
        """Returns this bar after one more tick."""
        opening, high, low = (self.open, self.high, self.low) if self.ticks else (price, price, price)
        return Bar(
            self.start_ns,
            opening,
            price if price > high else high,
            price if price < low else low,
            price,
            self.volume + volume,
            min(self.ticks + 1, 0xFFFF_FFFF),
        )


class BarParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bar as plain fields; floats as their bits, so that text can't round them."""

    start_ns: int
    open_bits: int
    high_bits: int
    low_bits: int
    close_bits: int
    volume_bits: int
    ticks: int


class BarsParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bars as plain fields."""

    width_ns: int
    keep: int
    open: BarParts | None
    closed: list[BarParts]
    late: int
    empty: int
    ignored: int


class Bars:
    """Bars of one width, whose starts are multiples of it; the last `keep` closed ones are kept."""

    def __init__(self, width_ns: int, keep: int) -> None:
        if width_ns <= 0 or keep <= 0:
            why = f"width {width_ns} and number to keep {keep} must be positive"
            raise ValueError(why)
        self.width_ns = width_ns
        self._keep = keep
        self._closed: deque[Bar] = deque()
        self.open: Bar | None = None
        """The bar that still takes ticks."""
        self.late = 0
        """How many ticks came for a bar that was closed already. They change nothing."""
        self.empty = 0
        """How many bars closed without a tick."""
        self.ignored = 0
        """How many ticks had a price or volume that is no number in range."""

    def closed(self) -> Iterator[Bar]:
        """Returns the kept closed bars, oldest first."""
        return iter(self._closed)

    def add(self, time_ns: int, price: float, volume: float) -> int:
        """Takes a tick; returns how many bars it closed, of which the last `keep` are kept. `volume` is 0 for a mid."""
        if not is_usable(price) or not is_usable(volume) or volume < 0.0:
            self.ignored += 1
            return 0
        start_ns = time_ns // self.width_ns * self.width_ns
        if start_ns < -(1 << 63):
            self.ignored += 1
            return 0
        if self.open and start_ns < self.open.start_ns:
            self.late += 1
            return 0
        closed = self._close_until(start_ns)
        self.open = (self.open or Bar.empty(start_ns, price)).take(price, volume)
        return closed

    def advance(self, now_ns: int) -> int:
        """Closes the bars that end at or before `now_ns`; returns how many."""
        return self._close_until(now_ns // self.width_ns * self.width_ns)

    def _close_until(self, start_ns: int) -> int:
        """Closes bars until the open one starts at `start_ns`."""
        bar = self.open
        if bar is None or bar.start_ns >= start_ns:
            return 0
        self._close(bar)
        empty = (start_ns - bar.start_ns) // self.width_ns - 1
        # Only the last ones are kept, so a long silence costs no more than a short one.
        shown = min(empty, self._keep)
        for back in range(shown, 0, -1):
            self._close(Bar.empty(start_ns - back * self.width_ns, bar.close))
        self.empty += empty - shown
        self.open = Bar.empty(start_ns, bar.close)
        return empty + 1

    def _close(self, bar: Bar) -> None:
        if bar.ticks == 0:
            self.empty += 1
        self._closed.append(bar)
        if len(self._closed) > self._keep:
            self._closed.popleft()

    def parts(self) -> BarsParts:
        """Returns all state as plain fields."""
        return BarsParts(
            width_ns=self.width_ns,
            keep=self._keep,
            open=None if self.open is None else _parts(self.open),
            closed=[_parts(bar) for bar in self._closed],
            late=self.late,
            empty=self.empty,
            ignored=self.ignored,
        )

    @classmethod
    def from_parts(cls, parts: BarsParts) -> Bars:
        """Returns the bars that these parts describe. Raises `ValueError` if their width or number to keep is none."""
        bars = cls(parts.width_ns, parts.keep)
        bars.open = None if parts.open is None else _bar(parts.open)
        bars._closed.extend(_bar(bar) for bar in parts.closed)
        bars.late, bars.empty, bars.ignored = parts.late, parts.empty, parts.ignored
        return bars


class BarColumns(NamedTuple):
    """Bars as columns, and what didn't become part of one."""

    start_ns: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    volume: Sequence[float]
    ticks: Sequence[int]
    late: int
    """How many ticks came for a bar that was closed already."""
    empty: int
    """How many bars closed without a tick."""
    ignored: int
    """How many ticks had a price or volume that is no number in range."""


def columns(
    width_ns: int, times_ns: Sequence[int], prices: Sequence[float], volumes: Sequence[float], most: int
) -> BarColumns:
    """Returns the bars of ticks as `Bars` makes them of one after the other, the last one included.

    Raises `ValueError` for a width below 1, columns of different lengths, or more than `most` bars, as a silence of
    years would make.

    >>> columns(10, [1, 5, 31], [2.0, 3.0, 4.0], [1.0, 1.0, 0.0], 100)[:5]
    ([0, 10, 20, 30], [2.0, 3.0, 3.0, 4.0], [3.0, 3.0, 3.0, 4.0], [2.0, 3.0, 3.0, 4.0], [3.0, 3.0, 3.0, 4.0])
    """
    if width_ns <= 0:
        why = f"width {width_ns} is not positive"
        raise ValueError(why)
    for name, column in (("prices", prices), ("volumes", volumes)):
        if len(column) != len(times_ns):
            why = f"{name}: {len(column)} for {len(times_ns)}"
            raise ValueError(why)
    bars, made = Bars(width_ns, max(most, 1)), 1
    for tick in zip(times_ns, prices, volumes, strict=True):
        made += bars.add(*tick)
        if made > most:
            why = f"{made} bars, at most {most} are made"
            raise ValueError(why)
    found = [*bars.closed(), *([bars.open] if bars.open else [])]
    counts = bars.late, bars.empty, bars.ignored
    parts = [list(part) for part in zip(*found, strict=True)] if found else [[] for _ in Bar._fields]
    return BarColumns._make([*parts, *counts])


def batch(width_ns: int, ticks: Sequence[tuple[int, float, float]]) -> list[Bar]:
    """Returns the bars of ticks (time, price, volume) that are in time order, the last one included, in one pass."""
    found: list[Bar] = []
    for time_ns, price, volume in ticks:
        if not is_usable(price) or not is_usable(volume) or volume < 0.0:
            continue
        start_ns = time_ns // width_ns * width_ns
        while found and found[-1].start_ns < start_ns:
            found.append(Bar.empty(found[-1].start_ns + width_ns, found[-1].close))
        if not found:
            found.append(Bar.empty(start_ns, price).take(price, volume))
        elif found[-1].start_ns == start_ns:
            found[-1] = found[-1].take(price, volume)
    return found


def _parts(bar: Bar) -> BarParts:
    return BarParts(
        start_ns=bar.start_ns,
        open_bits=to_bits(bar.open),
        high_bits=to_bits(bar.high),
        low_bits=to_bits(bar.low),
        close_bits=to_bits(bar.close),
        volume_bits=to_bits(bar.volume),
        ticks=bar.ticks,
    )


def _bar(parts: BarParts) -> Bar:
    return Bar(
        start_ns=parts.start_ns,
        open=from_bits(parts.open_bits),
        high=from_bits(parts.high_bits),
        low=from_bits(parts.low_bits),
        close=from_bits(parts.close_bits),
        volume=from_bits(parts.volume_bits),
        ticks=parts.ticks,
    )
