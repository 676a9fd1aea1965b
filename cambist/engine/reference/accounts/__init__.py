"""Layouts of the accounts that make up a pool: bytes to fields, wrong size or discriminator is an error.

Integers are little-endian. Sizes and offsets are from byte 0, the 8-byte discriminator included. Accounts with a
discriminator may grow: trailing bytes are no error. Who owns an account is the caller's check.
"""

from cambist.engine.reference.accounts.dlmm import (
    BINS_PER_ARRAY,
    Bin,
    BinArray,
    BinArrayBitmapExtension,
    LbPair,
    StaticParameters,
    VariableParameters,
)
from cambist.engine.reference.accounts.meteora import (
    DammV2BaseFee,
    DammV2DynamicFee,
    DammV2FeeByAmount,
    DammV2FeeByPrice,
    DammV2FeeByTime,
    DammV2Pool,
    DammV2Steps,
)
from cambist.engine.reference.accounts.orca import (
    TICKS_PER_ARRAY,
    AdaptiveFeeConstants,
    AdaptiveFeeVariables,
    Oracle,
    TickArray,
    Whirlpool,
)
from cambist.engine.reference.accounts.raydium import AmmV4, CpmmConfig, CpmmPool
from cambist.engine.reference.accounts.saber import StableSwap
from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount, TransferFee, TransferFeeConfig

__all__ = [
    "BINS_PER_ARRAY",
    "TICKS_PER_ARRAY",
    "AdaptiveFeeConstants",
    "AdaptiveFeeVariables",
    "AmmV4",
    "Bin",
    "BinArray",
    "BinArrayBitmapExtension",
    "Clock",
    "CpmmConfig",
    "CpmmPool",
    "DammV2BaseFee",
    "DammV2DynamicFee",
    "DammV2FeeByAmount",
    "DammV2FeeByPrice",
    "DammV2FeeByTime",
    "DammV2Pool",
    "DammV2Steps",
    "LayoutError",
    "LbPair",
    "Mint",
    "Oracle",
    "StableSwap",
    "StaticParameters",
    "TickArray",
    "TokenAccount",
    "TransferFee",
    "TransferFeeConfig",
    "VariableParameters",
    "Whirlpool",
    "program",
]
