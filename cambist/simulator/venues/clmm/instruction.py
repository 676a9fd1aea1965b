"""Swaps on Raydium CPMM and CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.accounts import program
from cambist.simulator import venues
from cambist.simulator.catalogue import MEMO_PROGRAM
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.clmm.accounts import ClmmAccount
from cambist.simulator.venues.clmm.program import CLMM_SWAP, CLMM_SWAP_V2

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account
    from cambist.simulator.pool import Pool
    from cambist.simulator.transactions import Meta

NEAR_TICK_ARRAYS = 3


def clmm_swap(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    signer: Meta,
    users: tuple[bytes, bytes],
    args: bytes,
    *,
    a_to_b: bool,
    exact_in: bool,
    version: int,
) -> Instruction:
    """Returns a swap on CLMM with the tick arrays that come next; version 2 if it has to be."""
    spec, account = pool.spec, find(pool.spec.address)
    assert isinstance(account, ClmmAccount)
    starts = venues.clmm_ahead(account.ticks, account.pool.tick, a_to_b=a_to_b)[:NEAR_TICK_ARRAYS]
    arrays = [written(pool.arrays[start]) for start in starts]
    tokens, vaults = (spec.token_a, spec.token_b), (spec.vault_a, spec.vault_b)
    if not a_to_b:
        tokens, vaults = tokens[::-1], vaults[::-1]
    head = (
        signer,
        readonly(pool.config_address),
        *(written(key) for key in (spec.address, *users, *vaults, pool.oracle)),
    )
    extension, args = written(pool.bitmap), args + bytes(16) + bytes((exact_in,))
    if version == 1 and program.TOKEN_2022 not in (tokens[0].token_program, tokens[1].token_program):
        metas = (*head, readonly(program.TOKEN), arrays[0], extension, *arrays[1:])
        return Instruction(program.RAYDIUM_CLMM, metas, CLMM_SWAP + args)
    fixed = (program.TOKEN, program.TOKEN_2022, MEMO_PROGRAM, tokens[0].mint, tokens[1].mint)
    metas = (*head, *(readonly(key) for key in fixed), extension, *arrays)
    return Instruction(program.RAYDIUM_CLMM, metas, CLMM_SWAP_V2 + args)
