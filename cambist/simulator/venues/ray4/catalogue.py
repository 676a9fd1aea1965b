"""The Raydium AMM v4 pools of the market, and their addresses as the program derives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.venues.ray4.owned import RAYDIUM_V4
from cambist.simulator.addresses import pda
from cambist.simulator.draw import key32
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = RAYDIUM_V4
AUTHORITY = bytes(Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"))
PAIRS = """
SOL/USDC 3200 SOL/USDT 1100 RAY/SOL 1600 RAY/USDC 900 WIF/SOL 1800 BONK/SOL 1400 BONK/USDC 500 JUP/USDC 600 JUP/SOL 700
mSOL/SOL 900 ORCA/USDC 350 PYTH/USDC 400 PYTH/SOL 300 KELP/SOL 350 TIDE/USDC 500 MOTH/SOL 400 QUILL/SOL 300 WIF/USDC 600
TIDE/SOL 400 RAY/USDT 300
"""


def spec(coin: TokenSpec, pc: TokenSpec, dollars: float, _tier: int) -> PoolSpec:
    """Returns a pool; all have the same fees."""
    market = key32("cambist demo market", coin.symbol, pc.symbol)
    address, vault_a, vault_b = (
        pda(PROGRAM, PROGRAM, market, seed + b"_associated_seed") for seed in (b"amm", b"coin_vault", b"pc_vault")
    )
    return PoolSpec("ray4", coin, pc, dollars, 2_500, 0, 0, address, vault_a, vault_b)
