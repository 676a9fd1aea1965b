"""The Saber stable swaps of the market, and on what terms they trade."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.saber.owned import SABER
from cambist.simulator.draw import key32
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = SABER
PAIRS = """
USDC/USDT:0 2400 USDT/USDC:1 900 mSOL/jitoSOL:2 700
"""


class SaberTerms(NamedTuple):
    """A kind of Saber pool."""

    amps: tuple[int, int]
    """The amplification goes from the first to the second over `ramp_s` seconds from the opening on."""
    trade_bps: int
    admin_bps: int
    """Of the trade fee."""
    ramp_s: int = 0


TERMS = {
    0: SaberTerms((1_000, 1_000), 1, 5_000),
    1: SaberTerms((100, 400), 2, 5_000, ramp_s=7_200),
    2: SaberTerms((20, 20), 3, 2_500),
}


def spec(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is its kind."""
    address = key32("cambist demo stable swap", token_a.symbol, token_b.symbol)
    vault_a, vault_b = (key32("cambist demo vault", address.hex(), side) for side in "ab")
    fee = TERMS[tier].trade_bps * 100
    return PoolSpec("saber", token_a, token_b, dollars, fee, 0, tier, address, vault_a, vault_b, stable=True)
