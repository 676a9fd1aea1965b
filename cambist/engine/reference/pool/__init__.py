"""A pool's state and its quotes."""

from cambist.engine.reference.pool.amm_v4 import AmmV4Pool
from cambist.engine.reference.pool.base import ChainTime, Pool, Quote, TransferFees
from cambist.engine.reference.pool.cpmm import CpmmPoolState
from cambist.engine.reference.pool.whirlpool import WhirlpoolState

__all__ = ["AmmV4Pool", "ChainTime", "CpmmPoolState", "Pool", "Quote", "TransferFees", "WhirlpoolState"]
