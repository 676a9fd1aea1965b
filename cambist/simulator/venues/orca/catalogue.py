"""The Orca Whirlpools of the market, and their addresses as the program derives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from cambist.engine.reference.venues.orca.owned import WHIRLPOOL
from cambist.simulator.addresses import pda
from cambist.simulator.draw import key32
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = WHIRLPOOL
WHIRLPOOLS_CONFIG = bytes(Pubkey.from_string("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ"))
PAIRS = """
SOL/USDC:4 4000 SOL/USDC:2 1500 SOL/USDC:64 900 SOL/USDC:1025 700 SOL/USDT:4 1000 mSOL/SOL:1 2000 jitoSOL/SOL:1 2500
jitoSOL/USDC:8 600 USDC/USDT:1 3000 BONK/SOL:64 1200 BONK/USDC:64 500 BONK/SOL:1026 400 JUP/SOL:64 500 JUP/USDC:16 600
ORCA/USDC:64 900 ORCA/SOL:64 600 WIF/SOL:64 700 WIF/USDC:16 400 RAY/SOL:64 400 PYTH/USDC:64 400 mSOL/USDC:8 400
mSOL/jitoSOL:1 400 KELP/USDC:64 300 TIDE/USDC:16 500 MOTH/SOL:128 300 QUILL/USDC:64 300 JUP/USDT:64 250
"""
TIERS = {
    1: (1, 100),
    2: (2, 200),
    4: (4, 400),
    8: (8, 500),
    16: (16, 1_600),
    64: (64, 3_000),
    128: (128, 10_000),
    1025: (4, 300),
    1026: (64, 1_500),
}
"""Fee tier index → tick spacing, base fee in ppm."""


def tick_array_address(pool: bytes, start: int) -> bytes:
    """Returns a Whirlpool's tick array address."""
    return pda(PROGRAM, b"tick_array", pool, str(start).encode())


def oracle_address(pool: bytes) -> bytes:
    """Returns a Whirlpool's oracle address."""
    return pda(PROGRAM, b"oracle", pool)


def spec(first: TokenSpec, second: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is its fee tier's index, which differs from the tick spacing iff fees adapt."""
    token_a, token_b = sorted((first, second), key=lambda token: token.mint)
    spacing, fee = TIERS[tier]
    address = pda(PROGRAM, b"whirlpool", WHIRLPOOLS_CONFIG, token_a.mint, token_b.mint, tier.to_bytes(2, "little"))
    vault_a, vault_b = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    return PoolSpec("orca", token_a, token_b, dollars, fee, spacing, tier, address, vault_a, vault_b)
