"""The initialised ticks of a pool, array by array, as a swap walks over them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.bitmap import bits
from cambist.engine.reference.venues.clmm.layout import CLMM_BITMAP_ARRAYS, CLMM_TICKS_PER_ARRAY, ClmmOrders, ClmmTick
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.raydium_price import MAX_TICK, MIN_TICK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmPool, ClmmTickArray


class ClmmStop(NamedTuple):
    """The next initialised tick of a swap."""

    tick: int
    entry: ClmmTick


def array_start(tick: int, tick_spacing: int) -> int:
    """Returns the start tick of the array that holds `tick`.

    >>> array_start(-1002, 30)
    -1800
    """
    span = CLMM_TICKS_PER_ARRAY * tick_spacing
    return tick // span * span


class ClmmTicks:
    """The ticks of a pool's loaded arrays, and which arrays its bitmaps say are initialised."""

    def __init__(
        self, address: bytes, pool: ClmmPool, extension: ClmmBitmapExtension | None, arrays: Iterable[ClmmTickArray]
    ) -> None:
        """Takes the accounts of the pool at `address`.

        Raises `LayoutError` for another pool's account, or an array that is misplaced or given twice.
        """
        self.tick_spacing = pool.tick_spacing
        self.has_extension = extension is not None
        if extension is not None:
            _check_owner("clmm_bitmap_extension", extension.pool, address)
        self.initialised = initialised_arrays(pool, extension)
        self.known: set[int] = set()
        self.ticks: dict[int, ClmmTick] = {}
        for array in arrays:
            index = self._learn(address, array)
            if index in self.initialised:
                start, spacing = array.start_tick_index, self.tick_spacing
                self.ticks |= {start + offset * spacing: tick for offset, tick in array.ticks}
        for tick in self.ticks:
            if not MIN_TICK <= tick <= MAX_TICK:
                msg = f"clmm_tick_array: tick was {tick}"
                raise LayoutError(msg)
        self._sorted = sorted(self.ticks)

    def _learn(self, address: bytes, array: ClmmTickArray) -> int:
        _check_owner("clmm_tick_array", array.pool, address)
        start = array.start_tick_index
        index, rest = divmod(start, CLMM_TICKS_PER_ARRAY * self.tick_spacing)
        lowest = array_start(MIN_TICK, self.tick_spacing)
        if rest or index in self.known or not lowest <= start <= MAX_TICK:
            msg = f"clmm_tick_array: start_tick_index was {start}"
            raise LayoutError(msg)
        self.known.add(index)
        return index

    def reach(self, tick: int, *, zero_for_one: bool) -> ClmmReach:
        """Returns what a swap from `tick` may reach."""
        index = tick // (CLMM_TICKS_PER_ARRAY * self.tick_spacing)
        missing = [array for array in self.initialised if array not in self.known]
        if not self.has_extension:
            # Nobody knows what is beyond the pool's own bitmap.
            span = CLMM_TICKS_PER_ARRAY * self.tick_spacing
            edges = (-CLMM_BITMAP_ARRAYS - 1, CLMM_BITMAP_ARRAYS)
            missing = sorted({*missing, *(edge for edge in edges if MIN_TICK - span < edge * span <= MAX_TICK)})
        at = bisect_right(missing, index) - 1 if zero_for_one else bisect_left(missing, index)
        wall = missing[at] if 0 <= at < len(missing) else None
        return ClmmReach(self, wall, zero_for_one)

    def next_tick(self, tick: int, *, zero_for_one: bool) -> int | None:
        """Returns the next initialised tick of a loaded array, `tick` itself included on the way down."""
        at = bisect_right(self._sorted, tick) - zero_for_one
        return self._sorted[at] if 0 <= at < len(self._sorted) else None

    def after(self, changed: Mapping[int, ClmmOrders]) -> ClmmTicks:
        """Returns the ticks with the orders that a swap changed; a tick without any use is no longer initialised."""
        ticks = object.__new__(ClmmTicks)
        ticks.tick_spacing, ticks.has_extension, ticks.known = self.tick_spacing, self.has_extension, self.known
        ticks.ticks = dict(self.ticks)
        for tick, orders in changed.items():
            new = self.ticks[tick]._replace(orders=orders)
            if new.gross or orders.total():
                ticks.ticks[tick] = new
            else:
                del ticks.ticks[tick]
        ticks._sorted = sorted(ticks.ticks)
        span = CLMM_TICKS_PER_ARRAY * self.tick_spacing
        used = {tick // span for tick in ticks._sorted}
        emptied = {tick // span for tick in changed} - used
        ticks.initialised = [index for index in self.initialised if index not in emptied]
        return ticks

    def bitmap(self) -> int:
        """Returns the pool's own bitmap."""
        half = CLMM_BITMAP_ARRAYS
        return sum(1 << (index + half) for index in self.initialised if -half <= index < half)


class ClmmReach(NamedTuple):
    """The stops of one swap, in its direction."""

    ticks: ClmmTicks
    wall: int | None
    """The first array in this direction that is initialised and not loaded."""
    zero_for_one: bool

    def next_stop(self, tick: int) -> ClmmStop:
        """Returns the next stop from `tick`. Raises `QuoteError`: missing_account at the wall, liquidity at the end."""
        found = self.ticks.next_tick(tick, zero_for_one=self.zero_for_one)
        if self.wall is not None:
            span = CLMM_TICKS_PER_ARRAY * self.ticks.tick_spacing
            if found is None or (found // span <= self.wall if self.zero_for_one else found // span >= self.wall):
                raise QuoteError(Reason.MISSING_ACCOUNT)
        if found is None:
            raise QuoteError(Reason.LIQUIDITY)
        return ClmmStop(found, self.ticks.ticks[found])


def initialised_arrays(pool: ClmmPool, extension: ClmmBitmapExtension | None) -> list[int]:
    """Returns the indexes of the arrays that a pool's bitmaps say are initialised, ascending."""
    half = CLMM_BITMAP_ARRAYS
    found = [bit - half for bit in bits(pool.bitmap)]
    if extension is not None:
        for row, word in enumerate(extension.positive):
            found += [bit + half * (row + 1) for bit in bits(word)]
        for row, word in enumerate(extension.negative):
            found += [bit - half * (row + 2) for bit in bits(word)]
    return sorted(found)


def _check_owner(layout: str, was: bytes, address: bytes) -> None:
    if was != address:
        msg = f"{layout}: pool was {base58.encode(was)}"
        raise LayoutError(msg)
