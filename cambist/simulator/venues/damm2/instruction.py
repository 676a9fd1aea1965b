"""Swaps on Meteora DAMM v2, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.damm2.catalogue import AUTHORITY, EVENTS, PROGRAM
from cambist.simulator.venues.damm2.program import DAMM_SWAP, DAMM_SWAP2, EXACT_IN, EXACT_OUT

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.damm2.market import Damm2Market

UNITS = 50_000


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: Damm2Market, find: Find, swap: Swap) -> Instruction:
    """Returns a swap; version 2 if it has to be."""
    spec = pool.spec
    tail = (spec.token_a.token_program, spec.token_b.token_program, PROGRAM, EVENTS, PROGRAM)
    metas = (
        readonly(AUTHORITY),
        *(written(key) for key in (spec.address, *swap.sides, spec.vault_a, spec.vault_b)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        swap.signer,
        *(readonly(key) for key in tail),
    )
    if swap.exact_in and swap.version == 1:
        return Instruction(PROGRAM, metas, DAMM_SWAP + swap.asked)
    mode = bytes((EXACT_IN if swap.exact_in else EXACT_OUT,))
    return Instruction(PROGRAM, metas, DAMM_SWAP2 + swap.asked + mode)
