"""The fee rate of a Whirlpool while one swap runs: static, or following volatility by tick groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price

if TYPE_CHECKING:
    from cambist.engine.reference.venues.orca.layout import AdaptiveFeeConstants, AdaptiveFeeVariables

FEE_RATE_DENOMINATOR = 1_000_000
FEE_RATE_LIMIT = 100_000
_SCALE = 10_000
_CONTROL_DENOMINATOR = 100_000
_REFERENCE_MAX_AGE_S = 3_600


def variable_rate(control: int, accumulator: int, group_size: int) -> int:
    """Returns the part of a fee rate that follows volatility, in ppm, rounded up."""
    square = (accumulator * group_size) ** 2
    return -(-control * square // (_CONTROL_DENOMINATOR * _SCALE * _SCALE))


class FeeRate:
    """Fee rate in ppm at the tick group where the price is. Mutable: lives for one swap."""

    def __init__(
        self,
        static_rate: int,
        adaptive: tuple[AdaptiveFeeConstants, AdaptiveFeeVariables] | None,
        tick: int,
        now: int,
        *,
        a_to_b: bool,
    ) -> None:
        """Takes the references over as of `now` (unix s). Raises `QuoteError` invalid_time."""
        self.rate = static_rate
        self.variables: AdaptiveFeeVariables | None = None
        self._static, self._constants, self._a_to_b = static_rate, None, a_to_b
        if adaptive is None:
            return
        constants, variables = adaptive
        self._constants = constants
        self._group = tick // constants.tick_group_size
        self.variables = _update_reference(constants, variables, self._group, now)
        spare = constants.max_volatility_accumulator - self.variables.volatility_reference
        if spare < 0:
            raise QuoteError(Reason.OVERFLOW)
        self._core = -(-spare // _SCALE)
        self.update()

    def update(self) -> None:
        """Takes the accumulator and the rate to the group where the price is."""
        constants, variables = self._constants, self.variables
        if constants is None or variables is None:
            return
        distance = abs(variables.tick_group_index_reference - self._group)
        accumulator = min(variables.volatility_reference + distance * _SCALE, constants.max_volatility_accumulator)
        self.variables = replace(variables, volatility_accumulator=accumulator)
        adaptive = variable_rate(constants.control_factor, accumulator, constants.tick_group_size)
        self.rate = min(self._static + adaptive, FEE_RATE_LIMIT)

    def bounded_target(self, target: int, liquidity: int) -> tuple[int, bool]:
        """Returns how far a step at this rate may go, and whether the walk by groups is skipped."""
        constants = self._constants
        if constants is None:
            return target, False
        if constants.control_factor == 0 or liquidity == 0:
            return target, True
        core = self._core_bound(constants)
        if core is not None:
            outward, edge_tick = core
            if outward:
                return target, True
            edge = sqrt_price_from_tick(edge_tick)
            return (max(target, edge) if self._a_to_b else min(target, edge)), True
        boundary = (self._group + (not self._a_to_b)) * constants.tick_group_size
        edge = sqrt_price_from_tick(min(max(boundary, MIN_TICK), MAX_TICK))
        return (max(target, edge) if self._a_to_b else min(target, edge)), False

    def advance(self, sqrt_price: int, reached: int | None, *, skipped: bool) -> None:
        """Goes on to the next group. `reached` is the next tick if `sqrt_price` is its price."""
        constants = self._constants
        if constants is None:
            return
        if skipped:
            last = self._last_group(constants, sqrt_price, reached)
            if (last < self._group) if self._a_to_b else (last > self._group):
                self._group = last
                self.update()
        self._group += -1 if self._a_to_b else 1

    def finish(self, before: int, after: int, now: int) -> AdaptiveFeeVariables | None:
        """Returns the variables to store after a swap from √price `before` to `after`."""
        constants, variables = self._constants, self.variables
        if constants is None or variables is None:
            return None
        low, high = min(before, after), max(before, after)
        factor = sqrt_price_from_tick(constants.major_swap_threshold_ticks)
        if high >= low * factor >> 64:
            variables = replace(variables, last_major_swap=now)
        return variables

    def _core_bound(self, constants: AdaptiveFeeConstants) -> tuple[bool, int] | None:
        """Returns, if the group is outside the range where the accumulator varies: (moving away?, edge tick)."""
        assert self.variables is not None
        low = self.variables.tick_group_index_reference - self._core
        high = self.variables.tick_group_index_reference + self._core
        low_tick, high_tick = low * constants.tick_group_size, (high + 1) * constants.tick_group_size
        if low_tick > MIN_TICK and self._group < low:
            return self._a_to_b, low_tick
        if high_tick < MAX_TICK and self._group > high:
            return not self._a_to_b, high_tick
        return None

    def _last_group(self, constants: AdaptiveFeeConstants, sqrt_price: int, reached: int | None) -> int:
        size = constants.tick_group_size
        tick = tick_from_sqrt_price(sqrt_price) if reached is None else reached
        on_boundary = tick % size == 0 and (reached is not None or sqrt_price == sqrt_price_from_tick(tick))
        return tick // size - (on_boundary and not self._a_to_b)


def _update_reference(
    constants: AdaptiveFeeConstants, variables: AdaptiveFeeVariables, group: int, now: int
) -> AdaptiveFeeVariables:
    newest = max(variables.last_reference_update, variables.last_major_swap)
    if now < newest:
        raise QuoteError(Reason.INVALID_TIME)
    if now - variables.last_reference_update > _REFERENCE_MAX_AGE_S:
        reference = 0
    elif now - newest < constants.filter_period:
        return variables
    elif now - newest < constants.decay_period:
        reference = variables.volatility_accumulator * constants.reduction_factor // _SCALE
        if reference >> 32:
            raise QuoteError(Reason.OVERFLOW)
    else:
        reference = 0
    return replace(
        variables,
        tick_group_index_reference=group,
        volatility_reference=reference,
        last_reference_update=now,
    )
