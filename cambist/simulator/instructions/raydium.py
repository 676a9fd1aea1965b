"""Swaps on Raydium CPMM and CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import owned
from cambist.simulator import venues
from cambist.simulator.accounts import ClmmAccount
from cambist.simulator.catalogue import CPMM_AUTHORITY, MEMO_PROGRAM
from cambist.simulator.instructions.metas import readonly, written
from cambist.simulator.programs import CLMM_SWAP, CLMM_SWAP_V2, CPMM_IN, CPMM_OUT
from cambist.simulator.transactions import Instruction

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account
    from cambist.simulator.transactions import Meta
    from cambist.simulator.venues import Pool

NEAR_TICK_ARRAYS = 3


def cpmm_swap(
    pool: Pool, signer: Meta, users: tuple[bytes, bytes], pair: bytes, *, a_to_b: bool, exact_in: bool
) -> Instruction:
    """Returns a swap on CPMM; `users` are the token accounts that pay and are paid."""
    spec = pool.spec
    tokens, vaults = (spec.token_a, spec.token_b), (spec.vault_a, spec.vault_b)
    if not a_to_b:
        tokens, vaults = tokens[::-1], vaults[::-1]
    metas = (
        signer,
        readonly(CPMM_AUTHORITY),
        readonly(pool.config_address),
        written(spec.address),
        written(users[0]),
        written(users[1]),
        written(vaults[0]),
        written(vaults[1]),
        readonly(tokens[0].token_program),
        readonly(tokens[1].token_program),
        readonly(tokens[0].mint),
        readonly(tokens[1].mint),
        written(pool.oracle),
    )
    return Instruction(owned.RAYDIUM_CPMM, metas, (CPMM_IN if exact_in else CPMM_OUT) + pair)


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
        return Instruction(owned.RAYDIUM_CLMM, metas, CLMM_SWAP + args)
    fixed = (program.TOKEN, program.TOKEN_2022, MEMO_PROGRAM, tokens[0].mint, tokens[1].mint)
    metas = (*head, *(readonly(key) for key in fixed), extension, *arrays)
    return Instruction(owned.RAYDIUM_CLMM, metas, CLMM_SWAP_V2 + args)
