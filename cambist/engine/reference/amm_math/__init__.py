"""Swap maths, exact to the atom: constant product as each venue rounds it, stable swap, and concentrated liquidity."""

from cambist.engine.reference.amm_math.adaptive_fee import FeeRate
from cambist.engine.reference.amm_math.quote_error import U64_MAX, QuoteError, Reason, RoundingRule
from cambist.engine.reference.amm_math.raydium_cpmm import CpmmFill, CpmmRates
from cambist.engine.reference.amm_math.sqrt_price import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    sqrt_price_from_tick,
    tick_from_sqrt_price,
)

__all__ = [
    "MAX_SQRT_PRICE",
    "MAX_TICK",
    "MIN_SQRT_PRICE",
    "MIN_TICK",
    "U64_MAX",
    "CpmmFill",
    "CpmmRates",
    "FeeRate",
    "QuoteError",
    "Reason",
    "RoundingRule",
    "sqrt_price_from_tick",
    "tick_from_sqrt_price",
]
