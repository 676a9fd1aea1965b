"""Tick arrays, fixed and dynamic, as one sorted run of initialised ticks.

One swap reaches three arrays: the one that holds the price (or the next one, for the last tick spacing of an array on
the way up) and the two after it. An array without initialised ticks is passed over; the edge of the last array is as
far as a swap gets. An array that was neither loaded nor known to be absent on chain is a wall at its edge.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY, TickArray
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick

if TYPE_CHECKING:
    from collections.abc import Iterable

ARRAYS_PER_SWAP = 3


def array_start(tick: int, tick_spacing: int) -> int:
    """Returns the start tick of the array that holds `tick`."""
    span = TICKS_PER_ARRAY * tick_spacing
    return tick // span * span


def swap_array_starts(tick: int, tick_spacing: int, *, a_to_b: bool) -> list[int]:
    """Returns the starts of the at most three arrays that a swap from `tick` takes, in traversal order."""
    span = TICKS_PER_ARRAY * tick_spacing
    base = array_start(tick, tick_spacing)
    if a_to_b:
        starts = [base - span * index for index in range(ARRAYS_PER_SWAP)]
    else:
        first = base + span if tick + tick_spacing >= base + span else base
        starts = [first + span * index for index in range(ARRAYS_PER_SWAP)]
    return [start for start in starts if array_start(MIN_TICK, tick_spacing) <= start <= MAX_TICK]


class Stop(NamedTuple):
    """Where the next step of a swap ends at the latest."""

    tick: int
    sqrt_price: int
    net: int | None
    """Liquidity to add on the way up; `None` if the tick is not initialised."""
    is_wall: bool
    """What lies beyond is unknown: a swap that gets here can't be computed."""


class Ticks:
    """The initialised ticks of a pool and the arrays they came from."""

    def __init__(self, tick_spacing: int, arrays: Iterable[TickArray], absent: Iterable[int] = ()) -> None:
        """Takes loaded arrays and the starts of those known not to exist. Raises `LayoutError` if one is misplaced."""
        self.tick_spacing = tick_spacing
        self.known: set[int] = set()
        ticks: list[tuple[int, int]] = []
        for start in absent:
            self._learn(start)
        for array in arrays:
            start = array.start_tick_index
            self._learn(start)
            ticks += ((start + offset * tick_spacing, net) for offset, net in array.ticks)
        ticks.sort()
        for index, _ in ticks:
            if not MIN_TICK <= index <= MAX_TICK:
                msg = f"tick_array: tick was {index}"
                raise LayoutError(msg)
        self.indexes = [tick for tick, _ in ticks]
        self.nets = [net for _, net in ticks]

    def _learn(self, start: int) -> None:
        aligned = start % (TICKS_PER_ARRAY * self.tick_spacing) == 0
        if not aligned or start in self.known or not array_start(MIN_TICK, self.tick_spacing) <= start <= MAX_TICK:
            msg = f"tick_array: start_tick_index was {start}"
            raise LayoutError(msg)
        self.known.add(start)

    def knows(self, start: int) -> bool:
        """Returns whether the array that starts at `start` is loaded or known to be absent."""
        return start in self.known

    def reach(self, tick: int, *, a_to_b: bool) -> Reach:
        """Returns what one swap from `tick` may reach. Raises `QuoteError`."""
        starts = swap_array_starts(tick, self.tick_spacing, a_to_b=a_to_b)
        if not starts:
            raise QuoteError(Reason.LIQUIDITY)
        known = next((index for index, start in enumerate(starts) if start not in self.known), len(starts))
        if known == 0:
            raise QuoteError(Reason.MISSING_ACCOUNT)
        return Reach(self, starts[known - 1], is_wall=known < len(starts), a_to_b=a_to_b)


class Reach:
    """The stops of one swap, in its direction."""

    def __init__(self, ticks: Ticks, last: int, *, is_wall: bool, a_to_b: bool) -> None:
        self._ticks, self._a_to_b, self._is_wall = ticks, a_to_b, is_wall
        spacing = ticks.tick_spacing
        if a_to_b:
            self._end, self._edge = last, max(last, MIN_TICK)
        else:
            self._end = last + (TICKS_PER_ARRAY - 1) * spacing
            self._edge = min(self._end + spacing - 1, MAX_TICK)

    def next_stop(self, tick: int) -> Stop:
        """Returns the next stop from `tick`, itself included on the way down. Raises `QuoteError` at the end."""
        if tick < self._end if self._a_to_b else tick >= self._end:
            raise QuoteError(Reason.LIQUIDITY)
        at = bisect_right(self._ticks.indexes, tick) - self._a_to_b
        if 0 <= at < len(self._ticks.indexes):
            index = self._ticks.indexes[at]
            if index >= self._end if self._a_to_b else index <= self._end:
                return Stop(index, sqrt_price_from_tick(index), self._ticks.nets[at], is_wall=False)
        return Stop(self._edge, sqrt_price_from_tick(self._edge), None, self._is_wall)
