"""The fee of a DLMM pair: a base, and a part that follows volatility from bin to bin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.dlmm.layout import LbPair, StaticParameters, VariableParameters

FEE_PRECISION = 1_000_000_000
"""What a fee rate is a share of."""
MAX_FEE_RATE = 100_000_000
_BASIS_POINTS = 10_000
_VARIABLE_SCALE = 100_000_000_000
_U32_MAX = (1 << 32) - 1
_U128_MAX = (1 << 128) - 1
_MAX_POWER = 38


def update_references(
    parameters: StaticParameters, volatility: VariableParameters, active_id: int, now: int
) -> VariableParameters:
    """Returns the volatility with its references as of `now` (unix s), as a swap begins with.

    Within the filter period they stay; within the decay period the accumulator, reduced, becomes the reference.
    Raises `QuoteError` overflow.
    """
    elapsed = now - volatility.last_update_timestamp
    if elapsed < parameters.filter_period:
        return volatility
    reference = 0
    if elapsed < parameters.decay_period:
        product = volatility.volatility_accumulator * parameters.reduction_factor
        if product > _U32_MAX:
            raise QuoteError(Reason.OVERFLOW)
        reference = product // _BASIS_POINTS
    return replace(volatility, index_reference=active_id, volatility_reference=reference)


def update_accumulator(
    parameters: StaticParameters, volatility: VariableParameters, active_id: int
) -> VariableParameters:
    """Returns the volatility with the accumulator of the active bin."""
    distance = abs(volatility.index_reference - active_id)
    accumulator = volatility.volatility_reference + distance * _BASIS_POINTS
    return replace(volatility, volatility_accumulator=min(accumulator, parameters.max_volatility_accumulator))


def fee_rate(pair: LbPair, volatility_accumulator: int) -> int:
    """Returns base and variable fee together, in 10⁻⁹, at most a tenth. Raises `QuoteError` overflow."""
    parameters = pair.parameters
    if parameters.base_fee_power_factor > _MAX_POWER:
        raise QuoteError(Reason.OVERFLOW)
    base: int = parameters.base_factor * pair.bin_step * 10 * 10**parameters.base_fee_power_factor
    square = (volatility_accumulator * pair.bin_step) ** 2
    variable = -(-parameters.variable_fee_control * square // _VARIABLE_SCALE)
    if base + variable > _U128_MAX:
        raise QuoteError(Reason.OVERFLOW)
    return min(base + variable, MAX_FEE_RATE)


def fee_of_gross(amount: int, rate: int) -> int:
    """Returns the fee inside `amount`, rounded up."""
    return -(-amount * rate // FEE_PRECISION)


def fee_on_net(amount: int, rate: int) -> int:
    """Returns the fee to add to `amount`, rounded up. Raises `QuoteError` overflow."""
    return to_u64(-(-amount * rate // (FEE_PRECISION - rate)))
