"""Whirlpool's prices: tick ↔ √price in Q64.64, and the amounts and prices between two of them.

Raydium's tick table differs in the low bits: these constants are Whirlpool's only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote_error import U64_MAX, QuoteError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_TICK, MAX_TICK = -443636, 443636
MIN_SQRT_PRICE, MAX_SQRT_PRICE = 4295048016, 79226673515401279992447579055
_U128_MAX = (1 << 128) - 1

# √1.0001^(−2^i) in Q64.64 and √1.0001^(2^i) in Q32.96, i = 0…18.
_NEGATIVE = (
    18445821805675392311, 18444899583751176498, 18443055278223354162, 18439367220385604838, 18431993317065449817,
    18417254355718160513, 18387811781193591352, 18329067761203520168, 18212142134806087854, 17980523815641551639,
    17526086738831147013, 16651378430235024244, 15030750278693429944, 12247334978882834399, 8131365268884726200,
    3584323654723342297, 696457651847595233, 26294789957452057, 37481735321082,
)  # fmt: skip
_POSITIVE = (
    79232123823359799118286999567, 79236085330515764027303304731, 79244008939048815603706035061,
    79259858533276714757314932305, 79291567232598584799939703904, 79355022692464371645785046466,
    79482085999252804386437311141, 79736823300114093921829183326, 80248749790819932309965073892,
    81282483887344747381513967011, 83390072131320151908154831281, 87770609709833776024991924138,
    97234110755111693312479820773, 119332217159966728226237229890, 179736315981702064433883588727,
    407748233172238350107850275304, 2098478828474011932436660412517, 55581415166113811149459800483533,
    38992368544603139932233054999993551,
)  # fmt: skip

_INVERSE_STEPS = 14
_LOG_B_2_X32 = 59543866431248
_LOW_MARGIN = 184467440737095516
_HIGH_MARGIN = 15793534762490258745


@lru_cache(maxsize=1 << 14)
def sqrt_price_from_tick(tick: int) -> int:
    """Returns √price at `tick`. Raises `QuoteError` price_limit beyond MIN_TICK…MAX_TICK."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise QuoteError(Reason.PRICE_LIMIT)
    factors, shift = (_POSITIVE, 96) if tick >= 0 else (_NEGATIVE, 64)
    ratio = 1 << shift
    for bit, factor in enumerate(factors):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> shift
    return ratio >> (shift - 64)


def tick_from_sqrt_price(sqrt_price: int) -> int:
    """Returns the greatest tick whose √price is ≤ `sqrt_price`, which is in MIN_SQRT_PRICE…MAX_SQRT_PRICE."""
    return tick_by_log(sqrt_price, _INVERSE_STEPS, sqrt_price_from_tick)


def tick_by_log(sqrt_price: int, steps: int, price_at: Callable[[int], int]) -> int:
    """Returns the greatest tick whose `price_at` is ≤ `sqrt_price`, by `steps` binary digits of its logarithm."""
    msb = sqrt_price.bit_length() - 1
    ratio = sqrt_price >> (msb - 63) if msb >= 63 else sqrt_price << (63 - msb)
    fraction, bit = 0, 1 << 63
    for _ in range(steps):
        ratio *= ratio
        more = ratio >> 127
        ratio >>= 63 + more
        fraction += bit * more
        bit >>= 1
    log_base = (((msb - 64) << 32) + (fraction >> 32)) * _LOG_B_2_X32
    low = (log_base - _LOW_MARGIN) >> 64
    high = (log_base + _HIGH_MARGIN) >> 64
    if low == high:
        return low
    return high if price_at(high) <= sqrt_price else low


def delta_a(sqrt_0: int, sqrt_1: int, liquidity: int, *, up: bool) -> int | None:
    """Returns the atoms of token A between two prices; `None` if they exceed a u64. Raises `QuoteError` overflow."""
    low, high = (sqrt_0, sqrt_1) if sqrt_0 < sqrt_1 else (sqrt_1, sqrt_0)
    num = liquidity * (high - low) << 64
    if num >> 256:
        raise QuoteError(Reason.OVERFLOW)
    quotient, rest = divmod(num, low * high)
    amount = quotient + (up and rest > 0)
    return amount if amount <= U64_MAX else None


def delta_b(sqrt_0: int, sqrt_1: int, liquidity: int, *, up: bool) -> int | None:
    """Returns the atoms of token B between two prices; `None` if they exceed a u64."""
    product = liquidity * abs(sqrt_0 - sqrt_1)
    if product > _U128_MAX:
        return None
    amount = (product >> 64) + (up and product & U64_MAX > 0)
    return amount if amount <= U64_MAX else None


def next_sqrt_price(sqrt_price: int, liquidity: int, amount: int, *, exact_in: bool, a_to_b: bool) -> int:
    """Returns the price after `amount` of the fixed token moves. Raises `QuoteError`."""
    if exact_in != a_to_b:
        return next_from_b(sqrt_price, liquidity, amount, exact_in=exact_in)
    if amount == 0:
        return sqrt_price
    price = next_from_a(sqrt_price, liquidity, amount, exact_in=exact_in)
    if liquidity * sqrt_price >> 192 or not MIN_SQRT_PRICE <= price <= MAX_SQRT_PRICE:
        raise QuoteError(Reason.OVERFLOW)
    return price


def next_from_a(sqrt_price: int, liquidity: int, amount: int, *, exact_in: bool) -> int:
    """Returns the price after `amount` of token A moves. Raises `QuoteError` overflow without the liquidity for it."""
    product = sqrt_price * amount
    den = (liquidity << 64) + (product if exact_in else -product)
    if den <= 0:
        raise QuoteError(Reason.OVERFLOW)
    return -(-(liquidity * sqrt_price << 64) // den)


def next_from_b(sqrt_price: int, liquidity: int, amount: int, *, exact_in: bool) -> int:
    """Returns the price after `amount` of token B moves. Raises `QuoteError` overflow."""
    if liquidity == 0:
        raise QuoteError(Reason.OVERFLOW)
    moved = amount << 64
    price = sqrt_price + moved // liquidity if exact_in else sqrt_price - -(-moved // liquidity)
    if not 0 <= price <= _U128_MAX:
        raise QuoteError(Reason.OVERFLOW)
    return price
