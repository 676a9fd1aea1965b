"""Meteora DLMM: constant prices in bins, a fee that follows volatility, swaps from bin to bin."""

from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.dlmm.maths.bins import Bins, array_index, liquid_arrays
from cambist.engine.reference.venues.dlmm.maths.fee import FEE_PRECISION, MAX_FEE_RATE, fee_rate
from cambist.engine.reference.venues.dlmm.maths.fill import BinFill
from cambist.engine.reference.venues.dlmm.maths.price import bin_price
from cambist.engine.reference.venues.dlmm.maths.swap import BinStep, DlmmFill, NextBin, levels, next_bin, swap

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
    "levels",
    "liquid_arrays",
    "near_arrays",
    "next_bin",
    "swap",
]
