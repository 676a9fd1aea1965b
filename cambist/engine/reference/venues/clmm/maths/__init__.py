"""Raydium CLMM: concentrated liquidity with dynamic fees, fees on either token, and limit orders on ticks."""

from cambist.engine.reference.venues.clmm.maths.fee import ClmmFeeRate
from cambist.engine.reference.venues.clmm.maths.swap import NO_LIMIT, ClmmCrossing, ClmmFill, swap
from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks, array_start, initialised_arrays
from cambist.engine.reference.venues.raydium_price import sqrt_price_from_tick, tick_from_sqrt_price

__all__ = [
    "NO_LIMIT",
    "ClmmCrossing",
    "ClmmFeeRate",
    "ClmmFill",
    "ClmmTicks",
    "array_start",
    "initialised_arrays",
    "sqrt_price_from_tick",
    "swap",
    "tick_from_sqrt_price",
]
