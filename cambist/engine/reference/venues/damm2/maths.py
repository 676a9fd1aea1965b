"""Meteora DAMM v2: one price range of constant liquidity, with fees that fall by schedule and rise with volatility.

With √price s in Q64.64 and liquidity L scaled by 2^128 in all: Δa = L·(hi − lo) / (lo·hi), Δb = L·(hi − lo) / 2^128.
Amounts are atoms inside the vaults, that is after the transfer fee of the token in and before that of the token out;
fees are 10⁻⁹. Fees that stay and those that fall by time in equal steps are proved by the program; exponential ones,
the rate limiter and fees by price by their formulas only.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from cambist.engine.reference.venues.damm2.fee import (
    Taken,
    fee_on_gross,
    fee_on_net,
    fee_rate,
    volatility_after,
    with_references,
)
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

_U128 = 1 << 128


class SwapMode(enum.Enum):
    """What the amount of a swap means."""

    EXACT_IN = "in"
    PARTIAL_IN = "partial"
    """In, but what the price range can't take is left."""
    EXACT_OUT = "out"


class DammV2Fill(msgspec.Struct, frozen=True):
    """What one swap moves."""

    amount_in: int
    """Fee included, if it is charged on the input."""
    amount_out: int
    """After the fee, if it is charged on the output."""
    fee: int
    """In atoms of the token in if `fee_on_input`, else of the token out."""
    protocol_fee: int
    """Part of `fee`."""
    fee_on_input: bool
    left: int
    """What was not taken of a partial input, before its fee."""
    pool: DammV2Pool
    """After the swap."""


class _Moved(NamedTuple):
    """What the curve takes and pays on its way to `sqrt_price`."""

    amount_in: int
    amount_out: int
    sqrt_price: int


def swap(pool: DammV2Pool, mode: SwapMode, amount: int, slot: int, now: int, *, a_to_b: bool) -> DammV2Fill:
    """Returns the swap of `amount` at `slot` and `now` (Unix seconds). Raises `QuoteError`.

    `not_tradable` where it is off or before its activation, `invalid_time` before its last update, `liquidity` where
    the price would leave its range or the pool lacks the tokens.
    """
    _check_open(pool, slot, now)
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    pool, point = _at(pool, now), _point(pool, slot, now)
    on_input = pool.collect_fee_mode == 1 and not a_to_b

    def fee_of_net(net: int) -> int:
        return fee_on_net(net, fee_rate(pool, Taken(point, a_to_b, net, net=True)))

    if mode is SwapMode.EXACT_OUT:
        gross_out = amount if on_input else amount + fee_of_net(amount)
        moved = _curve_out(pool, to_u64(gross_out), a_to_b=a_to_b)
        fee = fee_of_net(moved.amount_in) if on_input else gross_out - amount
        return _done(pool, moved, fee, 0, now, on_input=on_input, a_to_b=a_to_b)
    rate = fee_rate(pool, Taken(point, a_to_b, amount))
    fee = fee_on_gross(amount, rate) if on_input else 0
    moved = _curve_in(pool, amount - fee, a_to_b=a_to_b, partial=mode is SwapMode.PARTIAL_IN)
    left = amount - fee - moved.amount_in
    if on_input and left:
        fee = fee_of_net(moved.amount_in)
    elif not on_input:
        fee = fee_on_gross(moved.amount_out, rate)
    return _done(pool, moved, fee, left, now, on_input=on_input, a_to_b=a_to_b)


def fee_rate_at(pool: DammV2Pool, slot: int, now: int, *, a_to_b: bool) -> int:
    """Returns the fee of the first atom of a swap at `slot` and `now`, in 10⁻⁹. Raises `QuoteError`."""
    _check_open(pool, slot, now)
    return fee_rate(_at(pool, now), Taken(_point(pool, slot, now), a_to_b, 1))


def _check_open(pool: DammV2Pool, slot: int, now: int) -> None:
    if now < 0:
        raise QuoteError(Reason.INVALID_TIME)
    if pool.is_disabled or _point(pool, slot, now) < pool.activation_point:
        raise QuoteError(Reason.NOT_TRADABLE)


def _at(pool: DammV2Pool, now: int) -> DammV2Pool:
    """Returns the pool as a swap finds it."""
    if pool.liquidity == 0:
        raise QuoteError(Reason.EMPTY_POOL)
    return with_references(pool, now)


def _point(pool: DammV2Pool, slot: int, now: int) -> int:
    return now if pool.activation_by_time else slot


def delta_a(low: int, high: int, liquidity: int, *, up: bool) -> int:
    """Returns the atoms of token A between two √prices."""
    floor, rest = divmod(liquidity * (high - low), low * high)
    return floor + (up and rest > 0)


def delta_b(low: int, high: int, liquidity: int, *, up: bool) -> int:
    """Returns the atoms of token B between two √prices."""
    floor, rest = divmod(liquidity * (high - low), _U128)
    return floor + (up and rest > 0)


def _curve_in(pool: DammV2Pool, amount: int, *, a_to_b: bool, partial: bool) -> _Moved:
    start, liquidity = pool.sqrt_price, pool.liquidity
    if partial:
        if a_to_b:
            most, end = delta_a(pool.min_sqrt_price, start, liquidity, up=True), pool.min_sqrt_price
        else:
            most, end = delta_b(start, pool.max_sqrt_price, liquidity, up=True), pool.max_sqrt_price
        if amount >= most:
            return _Moved(most, _paid(start, end, liquidity, a_to_b=a_to_b), end)
    end = -(-liquidity * start // (liquidity + amount * start)) if a_to_b else start + amount * _U128 // liquidity
    _check_range(pool, end)
    return _Moved(amount, _paid(start, end, liquidity, a_to_b=a_to_b), end)


def _paid(start: int, end: int, liquidity: int, *, a_to_b: bool) -> int:
    paid = delta_b(end, start, liquidity, up=False) if a_to_b else delta_a(start, end, liquidity, up=False)
    return to_u64(paid)


def _curve_out(pool: DammV2Pool, amount: int, *, a_to_b: bool) -> _Moved:
    start, liquidity = pool.sqrt_price, pool.liquidity
    if a_to_b:
        end = start - -(-amount * _U128 // liquidity)
        _check_range(pool, end)
        return _Moved(to_u64(delta_a(end, start, liquidity, up=True)), amount, end)
    kept = liquidity - amount * start
    if kept <= 0:
        raise QuoteError(Reason.LIQUIDITY)
    end = -(-liquidity * start // kept)
    _check_range(pool, end)
    return _Moved(to_u64(delta_b(start, end, liquidity, up=True)), amount, end)


def _check_range(pool: DammV2Pool, sqrt_price: int) -> None:
    if not pool.min_sqrt_price <= sqrt_price <= pool.max_sqrt_price:
        raise QuoteError(Reason.LIQUIDITY)


def _done(
    pool: DammV2Pool, moved: _Moved, fee: int, left: int, now: int, *, on_input: bool, a_to_b: bool
) -> DammV2Fill:
    protocol = fee * pool.protocol_fee_percent // 100
    if protocol > fee:
        raise QuoteError(Reason.OVERFLOW)
    on_a = a_to_b if on_input else not a_to_b
    owed_a, owed_b = pool.protocol_fees
    owed = (to_u64(owed_a + protocol), owed_b) if on_a else (owed_a, to_u64(owed_b + protocol))
    after = replace(
        pool,
        sqrt_price=moved.sqrt_price,
        protocol_fees=owed,
        token_amounts=_amounts(pool.token_amounts, moved, a_to_b=a_to_b),
        dynamic_fee=pool.dynamic_fee and volatility_after(pool.dynamic_fee, pool.sqrt_price, moved.sqrt_price, now),
    )
    amount_in = to_u64(moved.amount_in + fee) if on_input else moved.amount_in
    amount_out = moved.amount_out if on_input else moved.amount_out - fee
    return DammV2Fill(amount_in, amount_out, fee, protocol, on_input, left, after)


def _amounts(amounts: tuple[int, int] | None, moved: _Moved, *, a_to_b: bool) -> tuple[int, int] | None:
    """Fees leave what the pool may pay at once: they are owed to positions and the protocol."""
    if amounts is None:
        return None
    amount_in, amount_out = amounts if a_to_b else (amounts[1], amounts[0])
    if moved.amount_out > amount_out:
        raise QuoteError(Reason.LIQUIDITY)
    amount_in, amount_out = to_u64(amount_in + moved.amount_in), amount_out - moved.amount_out
    return (amount_in, amount_out) if a_to_b else (amount_out, amount_in)
