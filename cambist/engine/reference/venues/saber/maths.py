"""Saber's stable swap of two tokens: Curve's invariant by Newton's method, in the program's integers.

With n = 2 and ann = 2·A: ann·(x + y) + D = ann·D + D³ / (4·x·y). The program computes in 192 bits and refuses what
leaves them. All amounts are atoms, times Unix seconds. It swaps exact in only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.saber.layout import StableSwap

_U192_MAX = (1 << 192) - 1
_I64_MIN, _I64_MAX = -(1 << 63), (1 << 63) - 1
_ITERATIONS = 256


class StableFill(msgspec.Struct, frozen=True):
    """What one swap moves."""

    amount_in: int
    amount_out: int
    fee: int
    """Taken from what the curve pays, in atoms of the token out."""
    admin_fee: int
    """Part of `fee`; leaves the pool with the swap."""
    reserves: tuple[int, int]
    """(Reserve in, reserve out) after the swap."""


def amplification(pool: StableSwap, now: int) -> int:
    """Returns A at `now`, on its way along the ramp. Raises `QuoteError`.

    `invalid_time` before the ramp has begun, `overflow` if the ramp's length is no i64.
    """
    if now >= pool.ramp_stop:
        return pool.target_amp
    span, gone = pool.ramp_stop - pool.ramp_start, now - pool.ramp_start
    if not (_I64_MIN <= span <= _I64_MAX and _I64_MIN <= gone <= _I64_MAX):
        raise QuoteError(Reason.OVERFLOW)
    if gone < 0:
        raise QuoteError(Reason.INVALID_TIME)
    moved = to_u64(abs(pool.target_amp - pool.initial_amp) * gone // span)
    return pool.initial_amp + moved if pool.target_amp >= pool.initial_amp else pool.initial_amp - moved


def invariant(amp: int, reserves: tuple[int, int]) -> int:
    """Returns D of the two reserves. Raises `QuoteError`.

    >>> invariant(100, (1_000_000, 1_000_000))
    2000000
    """
    if min(reserves) <= 0:
        raise QuoteError(Reason.EMPTY_POOL)
    total, ann = to_u64(sum(reserves)), _ann(amp)
    twice_a, twice_b = to_u64(2 * reserves[0]), to_u64(2 * reserves[1])
    d = total
    for _ in range(_ITERATIONS):
        product = _fit(_fit(d * d) // twice_a * d) // twice_b
        num = _fit(d * _fit(_fit(product * 2) + total * ann))
        den = _fit(_fit(d * (ann - 1)) + _fit(product * 3))
        if den == 0:
            raise QuoteError(Reason.OVERFLOW)
        before, d = d, num // den
        if abs(d - before) <= 1:
            break
    return d


def other_reserve(amp: int, reserve: int, d: int) -> int:
    """Returns the reserve that, beside `reserve`, keeps the invariant `d`. Raises `QuoteError`.

    >>> other_reserve(100, 1_100_000, 2_000_000)
    900099
    """
    if reserve <= 0:
        raise QuoteError(Reason.EMPTY_POOL)
    ann = _ann(amp)
    c = _fit(_fit(d * d) // to_u64(2 * reserve) * d) // to_u64(2 * ann)
    b = _fit(d // ann + reserve)
    y = d
    for _ in range(_ITERATIONS):
        den = _fit(_fit(2 * y) + b) - d
        if den <= 0:
            raise QuoteError(Reason.OVERFLOW)
        before, y = y, _fit(_fit(y * y) + c) // den
        if abs(y - before) <= 1:
            break
    return to_u64(y)


def exact_in(
    reserves: tuple[int, int], amp: int, trade_fee: tuple[int, int], admin_fee: tuple[int, int], amount_in: int
) -> StableFill:
    """Returns the swap of `amount_in` against (reserve in, reserve out). Raises `QuoteError`.

    Nothing in is nothing out: the program takes it as done. So is an output that rounds to 0.

    >>> exact_in((1_000_000, 1_000_000), 100, (4, 10_000), (5_000, 10_000), 100_000)
    StableFill(amount_in=100000, amount_out=99861, fee=39, admin_fee=19, reserves=(1100000, 900120))
    """
    if amount_in == 0:
        return StableFill(0, 0, 0, 0, reserves)
    reserve_in = to_u64(reserves[0] + amount_in)
    kept = other_reserve(amp, reserve_in, invariant(amp, reserves))
    paid = reserves[1] - kept - 1
    if paid < 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    fee = _share(paid, trade_fee)
    admin = _share(fee, admin_fee)
    out = paid - fee
    if out < 0 or reserves[1] - out - admin < 0:
        raise QuoteError(Reason.OVERFLOW)
    return StableFill(amount_in, out, fee, admin, (reserve_in, reserves[1] - out - admin))


def swap(pool: StableSwap, reserves: tuple[int, int], amount_in: int, now: int, *, a_to_b: bool) -> StableFill:
    """Returns the swap of `amount_in` at `now` in a pool whose vaults hold `reserves` (A, B). Raises `QuoteError`."""
    sided = reserves if a_to_b else (reserves[1], reserves[0])
    if amount_in == 0:
        return StableFill(0, 0, 0, 0, sided)
    if pool.is_paused:
        raise QuoteError(Reason.NOT_TRADABLE)
    return exact_in(sided, amplification(pool, now), pool.trade_fee, pool.admin_fee, amount_in)


def slope(amp: int, reserves: tuple[int, int]) -> tuple[int, int]:
    """Returns the slope of the curve at (reserve in, reserve out), atoms out for an atom in before fees, as (num, den).

    −dy/dx of the invariant: (4·ann·x²y² + D³·y) / (4·ann·x²y² + D³·x). Raises `QuoteError`.

    >>> slope(100, (1_000_000, 1_000_000))
    (808000000000000000000000000, 808000000000000000000000000)
    """
    cube = invariant(amp, reserves) ** 3
    x, y = reserves
    flat = 4 * _ann(amp) * x * x * y * y
    return flat + cube * y, flat + cube * x


def _ann(amp: int) -> int:
    ann = to_u64(2 * amp)
    if ann == 0:
        raise QuoteError(Reason.OVERFLOW)
    return ann


def _share(amount: int, fee: tuple[int, int]) -> int:
    if fee[1] == 0:
        raise QuoteError(Reason.OVERFLOW)
    return to_u64(amount * fee[0] // fee[1])


def _fit(value: int) -> int:
    if value > _U192_MAX:
        raise QuoteError(Reason.OVERFLOW)
    return value
