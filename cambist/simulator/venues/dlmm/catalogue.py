"""The Meteora DLMM pairs of the market, on what terms they trade, and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from solders.pubkey import Pubkey

from cambist.engine.reference.venues.dlmm.owned import METEORA_DLMM
from cambist.simulator.addresses import pda
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = METEORA_DLMM
EVENTS = bytes(Pubkey.from_string("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6"))
PAIRS = """
SOL/USDC:0 1500 SOL/USDC:1 900 jitoSOL/SOL:2 900 BONK/USDC:3 400 JUP/USDC:4 350 KELP/SOL:5 250
"""


class DlmmTerms(NamedTuple):
    """A preset of DLMM pairs."""

    bin_step: int
    """bps"""
    base_factor: int
    """The base fee is `base_factor` · `bin_step` · 10⁻⁸."""
    reach: float
    """How far the bins go from the opening price on each side."""
    variable_fee_control: int
    max_volatility_accumulator: int
    filter_s: int
    decay_s: int
    fee_on_y: bool = False
    limit_orders: bool = False

    @property
    def fee_ppm(self) -> int:
        """The base fee."""
        return self.base_factor * self.bin_step // 100


TERMS = {
    0: DlmmTerms(4, 10_000, 0.16, 40_000, 300_000, 30, 600),
    1: DlmmTerms(10, 10_000, 0.20, 40_000, 150_000, 30, 600),
    2: DlmmTerms(1, 10_000, 0.015, 20_000, 100_000, 10, 120),
    3: DlmmTerms(2, 20_000, 0.16, 30_000, 350_000, 30, 600),
    4: DlmmTerms(25, 10_000, 0.25, 7_500, 150_000, 300, 1_200, fee_on_y=True),
    5: DlmmTerms(80, 5_000, 0.40, 7_500, 150_000, 300, 1_200, limit_orders=True),
}
"""Preset index → terms."""


def bin_array_address(pair: bytes, index: int) -> bytes:
    """Returns the address of a pair's bin array."""
    return pda(PROGRAM, b"bin_array", pair, index.to_bytes(8, "little", signed=True))


def spec(token_x: TokenSpec, token_y: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pair; `tier` is its preset's index."""
    terms = TERMS[tier]
    seeds = (terms.bin_step.to_bytes(2, "little"), terms.base_factor.to_bytes(2, "little"))
    address = pda(PROGRAM, *sorted((token_x.mint, token_y.mint)), *seeds)
    vault_a, vault_b = (pda(PROGRAM, address, token.mint) for token in (token_x, token_y))
    return PoolSpec("dlmm", token_x, token_y, dollars, terms.fee_ppm, terms.bin_step, tier, address, vault_a, vault_b)
