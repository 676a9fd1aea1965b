"""The Pump AMM pools of the market, their fees, and their addresses as the program derives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.pump.owned import PUMP, PUMP_AMM, PUMP_FEES
from cambist.simulator.addresses import associated, pda
from cambist.simulator.draw import key32
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM, FEE_PROGRAM = PUMP_AMM, PUMP_FEES
PAIRS = """
KELP/SOL:0 400 MOTH/SOL:0 350 QUILL/SOL:0 300 KELP/USDC:1 250
"""
FLAT = (25, 5, 0)
"""Of pools that Pump didn't make: what liquidity, protocol and creator get, in bps."""
TIERS = {0: (2, 93, 30), 420: (20, 5, 95), 98_240: (20, 5, 5), 23_200_000: (20, 5, 4)}
"""Least market cap in whole quote tokens → the same of pools that Pump made. Coins open about at the last one."""
INDEX = 0
"""Of each pool among those of its creator."""
FEE_RECIPIENTS = tuple(key32("cambist demo pump fee recipient", number) for number in range(8))
BUYBACK_RECIPIENTS = tuple(key32("cambist demo pump buy-back recipient", number) for number in range(8))


def creator_of(base: TokenSpec, quote: TokenSpec, *, canonical: bool) -> bytes:
    """Returns who made a pool: Pump's own authority for the coin, or somebody."""
    if canonical:
        return pda(PUMP, b"pool-authority", base.mint)
    return key32("cambist demo creator", base.symbol, quote.symbol)


def spec(base: TokenSpec, quote: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is 0 if Pump made it."""
    seeds = (creator_of(base, quote, canonical=tier == 0), base.mint, quote.mint)
    address = pda(PROGRAM, b"pool", INDEX.to_bytes(2, "little"), *seeds)
    vault_a, vault_b = (associated(address, token) for token in (base, quote))
    return PoolSpec("pump", base, quote, dollars, sum(FLAT) * 100, 0, tier, address, vault_a, vault_b)
