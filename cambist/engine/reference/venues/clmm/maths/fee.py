"""The fee rate of a CLMM while one swap runs: that of its configuration, and a part that follows volatility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.adaptive_fee import FEE_RATE_LIMIT, variable_rate
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.raydium_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick

if TYPE_CHECKING:
    from cambist.engine.reference.venues.clmm.layout import ClmmDynamicFee, ClmmPool

_SCALE = 10_000
_U32_MAX = (1 << 32) - 1


class ClmmFeeRate:
    """Fee rate in ppm at the spacing where the price is. Mutable: lives for one swap."""

    def __init__(self, base_rate: int, pool: ClmmPool, now: int, *, zero_for_one: bool) -> None:
        """Takes the references over as of `now` (unix s). Raises `QuoteError` overflow."""
        self.rate = self._base = base_rate
        self.dynamic = None
        self._spacing, self._down = pool.tick_spacing, zero_for_one
        self._index = pool.tick // pool.tick_spacing
        if pool.dynamic_fee is not None:
            self.dynamic = _update_references(pool.dynamic_fee, self._index, now)
            self.update()

    def update(self) -> None:
        """Takes the accumulator and the rate to the spacing where the price is."""
        if self.dynamic is None:
            return
        distance = abs(self.dynamic.index_reference - self._index)
        wanted = self.dynamic.volatility_reference + distance * _SCALE
        accumulator = min(wanted, self.dynamic.max_volatility_accumulator)
        self.dynamic = replace(self.dynamic, volatility_accumulator=accumulator)
        self.rate = min(self._base + variable_rate(self.dynamic.control, accumulator, self._spacing), FEE_RATE_LIMIT)

    def bounded_target(self, target: int, liquidity: int) -> tuple[int, bool]:
        """Returns how far a step at this rate may go, and whether the walk by spacings is skipped."""
        if self.dynamic is None:
            return target, False
        if liquidity == 0 or self._is_full(self.dynamic):
            return target, True
        boundary = (self._index + (not self._down)) * self._spacing
        edge = sqrt_price_from_tick(min(max(boundary, MIN_TICK), MAX_TICK))
        return (max(target, edge) if self._down else min(target, edge)), False

    def advance(self, tick: int, *, skipped: bool) -> None:
        """Goes on to the next spacing. `tick` is the next tick if its price was reached, else that of the price."""
        if self.dynamic is None:
            return
        if skipped:
            self._index = tick // self._spacing - (not self._down and tick % self._spacing == 0)
            if not self._is_full(self.dynamic):
                self.update()
        self._index += -1 if self._down else 1

    @staticmethod
    def _is_full(dynamic: ClmmDynamicFee) -> bool:
        return dynamic.volatility_accumulator == dynamic.max_volatility_accumulator


def _update_references(dynamic: ClmmDynamicFee, index: int, now: int) -> ClmmDynamicFee:
    """Returns the volatility a swap begins with: as it is within the filter period, then reduced, then none."""
    elapsed = now - dynamic.last_update_timestamp
    if elapsed < dynamic.filter_period:
        return dynamic
    reference = 0
    if elapsed < dynamic.decay_period:
        reference = dynamic.volatility_accumulator * dynamic.reduction_factor // _SCALE
        if reference > _U32_MAX:
            raise QuoteError(Reason.OVERFLOW)
    return replace(dynamic, index_reference=index, volatility_reference=reference, last_update_timestamp=now)
