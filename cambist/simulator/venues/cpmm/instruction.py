"""Swaps on Raydium CPMM and CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.accounts import program
from cambist.simulator.catalogue import CPMM_AUTHORITY
from cambist.simulator.metas import readonly, written
from cambist.simulator.transactions import Instruction
from cambist.simulator.venues.cpmm.program import CPMM_IN, CPMM_OUT

if TYPE_CHECKING:
    from cambist.simulator.pool import Pool
    from cambist.simulator.transactions import Meta


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
    return Instruction(program.RAYDIUM_CPMM, metas, (CPMM_IN if exact_in else CPMM_OUT) + pair)
