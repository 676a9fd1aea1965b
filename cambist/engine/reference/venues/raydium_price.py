"""Raydium's prices: tick ↔ √price in Q64.64. The table and the highest price differ from Whirlpool's."""

from __future__ import annotations

from functools import lru_cache

from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.engine.reference.venues.sqrt_price import tick_by_log

MIN_TICK, MAX_TICK = -443636, 443636
MIN_SQRT_PRICE, MAX_SQRT_PRICE = 4295048016, 79226673521066979257578248091
_U128_MAX = (1 << 128) - 1
_INVERSE_STEPS = 16

# √1.0001^(−2^i) in Q64.64, i = 0…18.
_FACTORS = (
    0xFFFCB933BD6FB800, 0xFFF97272373D4000, 0xFFF2E50F5F657000, 0xFFE5CACA7E10F000, 0xFFCB9843D60F7000,
    0xFF973B41FA98E800, 0xFF2EA16466C9B000, 0xFE5DEE046A9A3800, 0xFCBE86C7900BB000, 0xF987A7253AC65800,
    0xF3392B0822BB6000, 0xE7159475A2CAF000, 0xD097F3BDFD2F2000, 0xA9F746462D9F8000, 0x70D869A156F31C00,
    0x31BE135F97ED3200, 0x9AA508B5B85A500, 0x5D6AF8DEDC582C, 0x2216E584F5FA,
)  # fmt: skip


@lru_cache(maxsize=1 << 14)
def sqrt_price_from_tick(tick: int) -> int:
    """Returns √price at `tick`. Raises `QuoteError` price_limit beyond MIN_TICK…MAX_TICK.

    >>> sqrt_price_from_tick(-100)
    18354745142194513203
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise QuoteError(Reason.PRICE_LIMIT)
    ratio = 1 << 64
    for bit, factor in enumerate(_FACTORS):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> 64
    return _U128_MAX // ratio if tick > 0 else ratio


def tick_from_sqrt_price(sqrt_price: int) -> int:
    """Returns the greatest tick whose √price is ≤ `sqrt_price`, which is in MIN_SQRT_PRICE…MAX_SQRT_PRICE.

    >>> tick_from_sqrt_price(7193551259697563591)
    -18835
    """
    return tick_by_log(sqrt_price, _INVERSE_STEPS, sqrt_price_from_tick)
