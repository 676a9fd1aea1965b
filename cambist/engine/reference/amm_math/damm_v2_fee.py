"""The fees of DAMM v2 in 10⁻⁹: scheduled, and for volatility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.amm_math.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.accounts.meteora import DammV2BaseFee, DammV2DynamicFee, DammV2Pool

FEE_DENOMINATOR = 1_000_000_000
_MAX_FEE = (500_000_000, 990_000_000)
_ONE = 1 << 64
_U128 = 1 << 128
_BASIS_POINTS = 10_000
_VARIABLE_FEE_SCALE = 100_000_000_000


def fee_rate(pool: DammV2Pool, point: int) -> int:
    """Returns the fee of a swap in 10⁻⁹ at a slot or time, with the stored volatility. Raises `QuoteError`."""
    base = base_fee(pool.base_fee, point, pool.activation_point)
    variable = 0 if pool.dynamic_fee is None else variable_fee(pool.dynamic_fee)
    return min(to_u64(base + variable), _MAX_FEE[pool.fee_version])


def base_fee(fee: DammV2BaseFee, point: int, activation: int) -> int:
    """Returns the scheduled fee in 10⁻⁹ at a slot or time. Raises `QuoteError` overflow if it falls below 0.

    >>> from cambist.engine.reference.accounts import DammV2BaseFee
    >>> base_fee(DammV2BaseFee(cliff=2_500_000, mode=0, periods=10, frequency=60, reduction=1_000), 1_180, 1_000)
    2497000
    >>> base_fee(DammV2BaseFee(cliff=2_500_000, mode=1, periods=10, frequency=60, reduction=100), 1_180, 1_000)
    2425747
    """
    if fee.frequency == 0:
        return fee.cliff
    passed = fee.periods if point < activation else min((point - activation) // fee.frequency, fee.periods)
    if fee.mode == 0:
        return to_u64(fee.cliff - to_u64(fee.reduction * passed))
    if fee.reduction == 0:
        return fee.cliff
    kept = _ONE - fee.reduction * _ONE // _BASIS_POINTS
    if kept < 0:
        raise QuoteError(Reason.OVERFLOW)
    power = _power(kept, passed)
    if power == 0:
        raise QuoteError(Reason.OVERFLOW)
    return power * fee.cliff >> 64


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


def fee_on_gross(amount: int, rate: int) -> int:
    """Returns ⌈amount · rate / 10⁹⌉."""
    return -(-amount * rate // FEE_DENOMINATOR)


def fee_on_net(amount: int, rate: int) -> int:
    """Returns ⌈amount · 10⁹ / (10⁹ − rate)⌉ − amount. Raises `QuoteError` overflow."""
    gross = -(-amount * FEE_DENOMINATOR // (FEE_DENOMINATOR - rate))
    return to_u64(gross) - amount


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
