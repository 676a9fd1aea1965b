"""Meteora DLMM: constant prices in bins, a fee that follows volatility, swaps from bin to bin."""

from cambist.engine.reference.amm_math.dlmm.bins import Bins, array_index
from cambist.engine.reference.amm_math.dlmm.fee import FEE_PRECISION, MAX_FEE_RATE, fee_rate
from cambist.engine.reference.amm_math.dlmm.fill import BinFill
from cambist.engine.reference.amm_math.dlmm.price import bin_price
from cambist.engine.reference.amm_math.dlmm.swap import BinStep, DlmmFill, swap

__all__ = [
    "FEE_PRECISION",
    "MAX_FEE_RATE",
    "BinFill",
    "BinStep",
    "Bins",
    "DlmmFill",
    "array_index",
    "bin_price",
    "fee_rate",
    "swap",
]
