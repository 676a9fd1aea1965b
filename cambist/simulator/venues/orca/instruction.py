"""Swaps on Orca Whirlpools, as wallets send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.tick_array_manager import swap_array_starts
from cambist.simulator.addresses import MEMO_PROGRAM
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.orca.catalogue import PROGRAM
from cambist.simulator.venues.orca.program import ORCA_SWAP, ORCA_SWAP_V2

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find
    from cambist.simulator.venue import Swap
    from cambist.simulator.venues.orca.market import OrcaMarket

UNITS = 140_000


def units(fill: Fill) -> int:
    """Returns the compute units that wallets ask for."""
    return UNITS


def instruction(pool: OrcaMarket, find: Find, swap: Swap) -> Instruction:
    """Returns a swap with the three tick arrays that come next."""
    spec = pool.spec
    starts = swap_array_starts(pool.account(find).pool.tick, spec.tick_spacing, a_to_b=swap.a_to_b)
    keys = [pool.array(start) for start in starts]
    arrays = [written(key) for key in keys + keys[-1:] * (3 - len(keys))]
    oracle, args = written(pool.oracle), swap.asked + bytes(16) + bytes((swap.exact_in, swap.a_to_b))
    sides = [written(key) for key in (swap.users[0], spec.vault_a, swap.users[1], spec.vault_b)]
    if swap.version == 1:
        metas = (readonly(program.TOKEN), swap.signer, written(spec.address), *sides, *arrays, oracle)
        return Instruction(PROGRAM, metas, ORCA_SWAP + args)
    tokens = [readonly(key) for key in (spec.token_a.mint, spec.token_b.mint)]
    programs = [readonly(key) for key in (spec.token_a.token_program, spec.token_b.token_program, MEMO_PROGRAM)]
    metas = (*programs, swap.signer, written(spec.address), *tokens, *sides, *arrays, oracle)
    return Instruction(PROGRAM, metas, ORCA_SWAP_V2 + args + b"\0")
