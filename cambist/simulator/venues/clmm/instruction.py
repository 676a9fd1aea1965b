"""Swaps on Raydium CLMM, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.clmm.maths.swap import ClmmFill
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.clmm.catalogue import PROGRAM
from cambist.simulator.venues.clmm.program import CLMM_SWAP, CLMM_SWAP_V2

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.clmm.market import ClmmMarket

NEAR_TICK_ARRAYS = 3
UNITS, CROSSING_UNITS = 110_000, 15_000
"""What wallets ask for, and besides for each tick that the swap crosses by their quote."""


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    assert isinstance(fill.maths, ClmmFill)
    return UNITS + CROSSING_UNITS * len(fill.maths.crossings)


def instruction(pool: ClmmMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap with the tick arrays that come next; version 2 if it has to be."""
    spec = pool.spec
    starts = pool.ahead(find, a_to_b=swap.a_to_b)[:NEAR_TICK_ARRAYS]
    arrays = [written(pool.arrays[start]) for start in starts]
    tokens, vaults = (spec.token_a, spec.token_b), (spec.vault_a, spec.vault_b)
    if not swap.a_to_b:
        tokens, vaults = tokens[::-1], vaults[::-1]
    head = (
        swap.signer,
        readonly(pool.config_address),
        *(written(key) for key in (spec.address, *swap.sides, *vaults, pool.history)),
    )
    extension, args = written(pool.bitmap), swap.asked + bytes(16) + bytes((swap.exact_in,))
    if swap.version == 1 and program.TOKEN_2022 not in (tokens[0].token_program, tokens[1].token_program):
        metas = (*head, readonly(program.TOKEN), arrays[0], extension, *arrays[1:])
        return Instruction(PROGRAM, metas, CLMM_SWAP + args)
    fixed = (program.TOKEN, program.TOKEN_2022, MEMO_PROGRAM, tokens[0].mint, tokens[1].mint)
    metas = (*head, *(readonly(key) for key in fixed), extension, *arrays)
    return Instruction(PROGRAM, metas, CLMM_SWAP_V2 + args)
