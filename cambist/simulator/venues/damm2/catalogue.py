"""The Meteora DAMM v2 pools of the market, on what terms they trade, and their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from solders.pubkey import Pubkey

from cambist.engine.reference.venues.damm2.owned import METEORA_DAMM_V2
from cambist.simulator.addresses import pda
from cambist.simulator.pool import PoolSpec

if TYPE_CHECKING:
    from cambist.simulator.tokens import TokenSpec

PROGRAM = METEORA_DAMM_V2
AUTHORITY = bytes(Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC"))
EVENTS = bytes(Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet"))
PAIRS = """
SOL/USDC 800 JUP/SOL:1 450 BONK/SOL:2 600 KELP/USDC:3 300 TOLL/USDC:2 250
"""


class DammTerms(NamedTuple):
    """How a DAMM v2 pool charges. Fees are 10⁻⁹."""

    cliff: int
    reduction: int = 0
    """What the fee loses each of 60 periods of 20 s, half of them gone at the opening."""
    dynamic: bool = False
    fee_on_b: bool = False
    reach: int = 0
    """Its price range goes from a part to a multiple of the opening price; 0: from end to end."""


TERMS = {
    0: DammTerms(2_500_000),
    1: DammTerms(5_000_000, reduction=50_000),
    2: DammTerms(1_000_000, dynamic=True),
    3: DammTerms(2_000_000, fee_on_b=True, reach=3),
}
"""Config index → terms."""


def spec(token_a: TokenSpec, token_b: TokenSpec, dollars: float, tier: int) -> PoolSpec:
    """Returns a pool; `tier` is its config's index."""
    mints = sorted((token_a.mint, token_b.mint), reverse=True)
    config = pda(PROGRAM, b"config", tier.to_bytes(8, "little"))
    address = pda(PROGRAM, b"pool", config, *mints)
    vault_a, vault_b = (pda(PROGRAM, b"token_vault", token.mint, address) for token in (token_a, token_b))
    return PoolSpec("damm2", token_a, token_b, dollars, TERMS[tier].cliff // 1_000, 0, tier, address, vault_a, vault_b)
