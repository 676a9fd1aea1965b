"""Meteora DLMM: constant prices in bins, a fee that follows volatility, swaps from bin to bin."""

from cambist.engine.reference.amm_math.dlmm.bins import Bins, array_index, liquid_arrays, near_arrays
from cambist.engine.reference.amm_math.dlmm.fee import FEE_PRECISION, MAX_FEE_RATE, fee_rate
from cambist.engine.reference.amm_math.dlmm.fill import BinFill
from cambist.engine.reference.amm_math.dlmm.price import bin_price
from cambist.engine.reference.amm_math.dlmm.swap import BinStep, DlmmFill, NextBin, next_bin, swap

__all__ = [
    "FEE_PRECISION",
    "MAX_FEE_RATE",
    "BinFill",
    "BinStep",
    "Bins",
    "DlmmFill",
    "NextBin",
    "array_index",
    "bin_price",
    "fee_rate",
    "liquid_arrays",
    "near_arrays",
    "next_bin",
    "swap",
]
