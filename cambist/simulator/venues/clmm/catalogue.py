"""The Raydium CLMM pools of the market, on what terms they trade, and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.clmm.owned import RAYDIUM_CLMM
from cambist.simulator.addresses import pda
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = RAYDIUM_CLMM
PAIRS = """
SOL/USDC:1 2200 SOL/USDT:3 900 USDC/USDT:0 1800 jitoSOL/SOL:7 900 RAY/SOL:2 600 BONK/SOL:4 500 WIF/USDC:5 400
JUP/SOL:6 350 TOLL/USDC:2 300
"""
CONFIGS = {1: (60, 2_500), 2: (10, 500), 4: (1, 100)}
"""Config index → tick spacing, trade fee in ppm."""


class ClmmTerms(NamedTuple):
    """A kind of Raydium CLMM pool."""

    config: int
    """Index of its config."""
    fee_on: int = 0
    """0: on the input; 1: on token 0 only; 2: on token 1 only."""
    dynamic: bool = False
    """Whether the fee follows volatility."""
    limit_orders: bool = False


TERMS = {
    0: ClmmTerms(4),
    1: ClmmTerms(2),
    2: ClmmTerms(1),
    3: ClmmTerms(2, dynamic=True),
    4: ClmmTerms(1, fee_on=1),
    5: ClmmTerms(2, fee_on=2, limit_orders=True),
    6: ClmmTerms(1, dynamic=True, limit_orders=True),
    7: ClmmTerms(4, limit_orders=True),
}


def config_address(index: int) -> bytes:
    """Returns a config's address."""
    return pda(PROGRAM, b"amm_config", index.to_bytes(2, "big"))


def array_address(pool: bytes, start: int) -> bytes:
    """Returns the address of a pool's tick array."""
    return pda(PROGRAM, b"tick_array", pool, start.to_bytes(4, "big", signed=True))


def bitmap_address(pool: bytes) -> bytes:
    """Returns the address of a pool's bitmap extension."""
    return pda(PROGRAM, b"pool_tick_array_bitmap_extension", pool)


def spec(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is its kind."""
    token_0, token_1 = sorted((first, second), key=lambda token: token.mint)
    config = TERMS[tier].config
    spacing, fee = CONFIGS[config]
    address = pda(PROGRAM, b"pool", config_address(config), token_0.mint, token_1.mint)
    vault_a, vault_b = (pda(PROGRAM, b"pool_vault", address, token.mint) for token in (token_0, token_1))
    return PoolSpec("clmm", token_0, token_1, dollars, fee, spacing, tier, address, vault_a, vault_b)
