"""Raydium CLMM: concentrated liquidity with dynamic fees, fees on either token, and limit orders on ticks."""

from cambist.engine.reference.amm_math.raydium_clmm.fee import ClmmFeeRate
from cambist.engine.reference.amm_math.raydium_clmm.swap import NO_LIMIT, ClmmCrossing, ClmmFill, swap
from cambist.engine.reference.amm_math.raydium_clmm.ticks import ClmmTicks, array_start, initialised_arrays
from cambist.engine.reference.amm_math.raydium_price import sqrt_price_from_tick, tick_from_sqrt_price

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
