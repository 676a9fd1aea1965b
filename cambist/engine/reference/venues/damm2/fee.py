"""The fees of DAMM v2 in 10⁻⁹: scheduled by time or price, by amount, and for volatility."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from cambist.engine.reference.venues.damm2.layout import DammV2FeeByPrice, DammV2FeeByTime
from cambist.engine.reference.venues.damm2.limiter import FEE_DENOMINATOR, fee_on_gross, fee_on_net, is_on, limited_rate
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2DynamicFee, DammV2Pool, DammV2Steps

__all__ = ["FEE_DENOMINATOR", "Taken", "base_fee", "fee_on_gross", "fee_on_net", "fee_rate", "variable_fee"]

_MAX_FEE = (500_000_000, 990_000_000)
_ONE = 1 << 64
_U128 = 1 << 128
_BASIS_POINTS = 10_000
_VARIABLE_FEE_SCALE = 100_000_000_000


class Taken(NamedTuple):
    """A swap, as far as its fee depends on it."""

    point: int
    """Slot or Unix seconds, whichever the pool counts."""
    a_to_b: bool
    amount: int
    """Atoms that the fee is taken from."""
    net: bool = False
    """Whether `amount` is without the fee."""


def fee_rate(pool: DammV2Pool, taken: Taken) -> int:
    """Returns the fee of a swap in 10⁻⁹, with the stored volatility. Raises `QuoteError`."""
    base = base_fee(pool, taken)
    variable = 0 if pool.dynamic_fee is None else variable_fee(pool.dynamic_fee)
    return min(to_u64(base + variable), _MAX_FEE[pool.fee_version])


def base_fee(pool: DammV2Pool, taken: Taken) -> int:
    """Returns the fee of a swap in 10⁻⁹ before volatility.

    Raises `QuoteError` overflow where the program's integers fail, if the fee falls below 0 or a step has no length.
    """
    fee, gone = pool.base_fee, taken.point - pool.activation_point
    if isinstance(fee, DammV2FeeByTime):
        if fee.frequency == 0:
            return fee.cliff
        return after_steps(fee.cliff, fee.steps, gone // fee.frequency if gone >= 0 else fee.steps.periods)
    if isinstance(fee, DammV2FeeByPrice):
        end = to_u64(pool.activation_point + fee.duration)
        runs = pool.activation_point <= taken.point <= end
        return after_steps(fee.cliff, fee.steps, _steps_of_price(pool, fee) if runs else fee.steps.periods)
    if taken.a_to_b or not is_on(fee) or not 0 <= gone <= fee.duration:
        return fee.cliff
    return limited_rate(fee, taken.amount, net=taken.net)


def after_steps(cliff: int, steps: DammV2Steps, passed: int) -> int:
    """Returns the fee after as many steps as `passed`, or as there are. Raises `QuoteError` overflow.

    >>> from cambist.engine.reference.venues.damm2.layout import DammV2Steps
    >>> after_steps(2_500_000, DammV2Steps(exponential=False, periods=10, reduction=1_000), 3)
    2497000
    >>> after_steps(2_500_000, DammV2Steps(exponential=True, periods=10, reduction=100), 3)
    2425747
    """
    passed = min(passed, steps.periods)
    if not steps.exponential:
        return to_u64(cliff - to_u64(steps.reduction * passed))
    if steps.reduction == 0:
        return cliff
    kept = _ONE - steps.reduction * _ONE // _BASIS_POINTS
    if kept < 0:
        raise QuoteError(Reason.OVERFLOW)
    power = _power(kept, passed)
    if power == 0:
        raise QuoteError(Reason.OVERFLOW)
    return power * cliff >> 64


def _steps_of_price(pool: DammV2Pool, fee: DammV2FeeByPrice) -> int:
    """Returns ⌊⌊(s − s₀)·10⁴ / s₀⌋ / `step_bps`⌋ for a √price s above the first one s₀, 0 below it."""
    first, now = pool.first_sqrt_price, pool.sqrt_price
    if now <= first:
        return 0
    if first == 0 or fee.step_bps == 0:
        raise QuoteError(Reason.OVERFLOW)
    return (now - first) * _BASIS_POINTS // first // fee.step_bps


def variable_fee(fee: DammV2DynamicFee) -> int:
    """Returns ⌈control · (volatility · bin step)² / 10¹¹⌉ in 10⁻⁹. Raises `QuoteError` overflow."""
    square = _u128(fee.volatility_accumulator * fee.bin_step) ** 2
    scaled = _u128(_u128(square) * fee.variable_fee_control)
    return _u128(scaled + _VARIABLE_FEE_SCALE - 1) // _VARIABLE_FEE_SCALE


def with_references(pool: DammV2Pool, now: int) -> DammV2Pool:
    """Returns the pool with its volatility references as a swap at `now` finds them. Raises `QuoteError`."""
    fee = pool.dynamic_fee
    if fee is None:
        return pool
    elapsed = now - fee.last_update
    if elapsed < 0:
        raise QuoteError(Reason.INVALID_TIME)
    if elapsed < fee.filter_period:
        return pool
    reference = 0
    if elapsed < fee.decay_period:
        reference = _u128(fee.volatility_accumulator * fee.reduction_factor) // _BASIS_POINTS
    return replace(pool, dynamic_fee=replace(fee, sqrt_price_reference=pool.sqrt_price, volatility_reference=reference))


def volatility_after(fee: DammV2DynamicFee, start: int, end: int, now: int) -> DammV2DynamicFee:
    """Returns the volatility after the price went from `start` to `end`. Raises `QuoteError` overflow."""
    crossed = _bins(fee, end, fee.sqrt_price_reference)
    volatility = _u128(fee.volatility_reference + _u128(crossed * _BASIS_POINTS))
    return replace(
        fee,
        volatility_accumulator=min(volatility, fee.max_volatility_accumulator),
        last_update=now if _bins(fee, start, end) > 0 else fee.last_update,
    )


def _power(base: int, exponent: int) -> int:
    result = _ONE
    while exponent:
        if exponent & 1:
            result = result * base >> 64
        base = base * base >> 64
        exponent >>= 1
    return result


def _bins(fee: DammV2DynamicFee, price: int, other: int) -> int:
    low, high = min(price, other), max(price, other)
    if low == 0 or fee.bin_step_q64 == 0:
        raise QuoteError(Reason.OVERFLOW)
    return _u128((_u128((high << 64) // low) - _ONE) // fee.bin_step_q64 * 2)


def _u128(value: int) -> int:
    if value >= _U128:
        raise QuoteError(Reason.OVERFLOW)
    return value
