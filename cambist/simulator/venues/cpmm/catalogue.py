"""The Raydium CPMM pools of the market, and their addresses as the program derives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.venues.cpmm.owned import RAYDIUM_CPMM
from cambist.simulator.addresses import pda
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = RAYDIUM_CPMM
AUTHORITY = bytes(Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL"))
PAIRS = """
SOL/USDC 900 SOL/USDT 500 BONK/SOL 600 WIF/SOL 500 JUP/SOL 300 RAY/SOL 400 RAY/USDC 300 KELP/SOL 300 KELP/USDC 250
TIDE/SOL 300 MOTH/SOL 350 MOTH/USDC 250 QUILL/USDC 300 QUILL/SOL 250 TOLL/USDC 400 TOLL/SOL 350 PYTH/SOL 250
ORCA/SOL 300 jitoSOL/SOL 400 SOL/MOTH:1 200
"""
RATES = {0: 2_500, 1: 10_000}
"""Config index → trade fee in ppm."""


def config_address(index: int) -> bytes:
    """Returns a config's address."""
    return pda(PROGRAM, b"amm_config", index.to_bytes(2, "big"))


def spec(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is its config's index."""
    token_0, token_1 = sorted((first, second), key=lambda token: token.mint)
    address = pda(PROGRAM, b"pool", config_address(tier), token_0.mint, token_1.mint)
    vault_a, vault_b = (pda(PROGRAM, b"pool_vault", address, token.mint) for token in (token_0, token_1))
    return PoolSpec("cpmm", token_0, token_1, dollars, RATES[tier], 0, tier, address, vault_a, vault_b)
