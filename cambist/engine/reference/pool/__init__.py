"""A pool's state and its quotes."""

from cambist.engine.reference.pool.amm_v4 import AmmV4Pool
from cambist.engine.reference.pool.base import ChainTime, Pool, Quote, TransferFees
from cambist.engine.reference.pool.cpmm import CpmmPoolState
from cambist.engine.reference.pool.damm_v2 import DammV2State
from cambist.engine.reference.pool.dlmm import DlmmState
from cambist.engine.reference.pool.saber import StablePool
from cambist.engine.reference.pool.whirlpool import WhirlpoolState

__all__ = [
    "AmmV4Pool",
    "ChainTime",
    "CpmmPoolState",
    "DammV2State",
    "DlmmState",
    "Pool",
    "Quote",
    "StablePool",
    "TransferFees",
    "WhirlpoolState",
]
