"""Swaps on Raydium CPMM, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.cpmm.catalogue import AUTHORITY, PROGRAM
from cambist.simulator.venues.cpmm.program import CPMM_IN, CPMM_OUT

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.cpmm.market import CpmmMarket

UNITS = 80_000


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: CpmmMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap."""
    spec = pool.spec
    tokens, vaults = (spec.token_a, spec.token_b), (spec.vault_a, spec.vault_b)
    if not swap.a_to_b:
        tokens, vaults = tokens[::-1], vaults[::-1]
    metas = (
        swap.signer,
        readonly(AUTHORITY),
        readonly(pool.config_address),
        *(written(key) for key in (spec.address, *swap.sides, *vaults)),
        readonly(tokens[0].token_program),
        readonly(tokens[1].token_program),
        readonly(tokens[0].mint),
        readonly(tokens[1].mint),
        written(pool.history),
    )
    return Instruction(PROGRAM, metas, (CPMM_IN if swap.exact_in else CPMM_OUT) + swap.in_and_out)
