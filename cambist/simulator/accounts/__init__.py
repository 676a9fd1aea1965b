"""Accounts as the chain holds them: immutable, replaced when they change, encoded only when somebody asks."""

from cambist.simulator.accounts.base import Account, TokenBalance, clock_account, rent
from cambist.simulator.accounts.dlmm import BinArrayAccount, LbPairAccount
from cambist.simulator.accounts.meteora import DammV2Account
from cambist.simulator.accounts.orca import OracleAccount, TickArrayAccount, WhirlpoolAccount
from cambist.simulator.accounts.pump import PumpAccount
from cambist.simulator.accounts.raydium import CpmmAccount
from cambist.simulator.accounts.raydium_clmm import ClmmAccount, ClmmTickArrayAccount

__all__ = [
    "Account",
    "BinArrayAccount",
    "ClmmAccount",
    "ClmmTickArrayAccount",
    "CpmmAccount",
    "DammV2Account",
    "LbPairAccount",
    "OracleAccount",
    "PumpAccount",
    "TickArrayAccount",
    "TokenBalance",
    "WhirlpoolAccount",
    "clock_account",
    "rent",
]
