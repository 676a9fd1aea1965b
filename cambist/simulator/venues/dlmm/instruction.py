"""Swaps on Meteora DLMM, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.dlmm.maths.bins import array_index
from cambist.engine.reference.venues.dlmm.maths.swap import DlmmFill
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.dlmm.catalogue import EVENTS, PROGRAM
from cambist.simulator.venues.dlmm.program import DLMM_OUT, DLMM_OUT2, DLMM_SWAP, DLMM_SWAP2

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.dlmm.market import DlmmMarket

NEAR_BIN_ARRAYS = 3
UNITS, BIN_UNITS = 90_000, 8_000
"""What wallets ask for, and besides for each bin that the swap fills by their quote."""


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    assert isinstance(fill.maths, DlmmFill)
    return UNITS + BIN_UNITS * len(fill.maths.steps)


def instruction(pool: DlmmMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap with the bin arrays that come next."""
    spec, home = pool.spec, array_index(pool.account(find).pair.active_id)
    near = near_arrays(pool.bins.liquid, home, x_to_y=swap.a_to_b)[:NEAR_BIN_ARRAYS]
    programs = (spec.token_a.token_program, spec.token_b.token_program)
    metas = (
        written(spec.address),
        written(pool.bitmap) if pool.bitmap else readonly(PROGRAM),
        *(written(key) for key in (spec.vault_a, spec.vault_b, *swap.sides)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        written(pool.oracle),
        readonly(PROGRAM),
        swap.signer,
        *(readonly(key) for key in (*programs, *((MEMO_PROGRAM,) if swap.version == 2 else ()), EVENTS, PROGRAM)),
        *(written(pool.arrays[index]) for index in near),
    )
    tags = (DLMM_SWAP, DLMM_SWAP2) if swap.exact_in else (DLMM_OUT, DLMM_OUT2)
    tail = bytes(4) if swap.version == 2 else b""
    return Instruction(PROGRAM, metas, tags[swap.version - 1] + swap.in_and_out + tail)
