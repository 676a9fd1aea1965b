"""Accounts of swaps on Meteora DAMM v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues import owned
from cambist.simulator.catalogue import DAMM_V2_AUTHORITY, DAMM_V2_EVENTS
from cambist.simulator.instructions.metas import readonly, written

if TYPE_CHECKING:
    from cambist.simulator.transactions import Meta
    from cambist.simulator.venues import Pool


def damm2_metas(pool: Pool, signer: Meta, users: tuple[bytes, bytes]) -> tuple[Meta, ...]:
    """Returns the accounts of a DAMM v2 swap; `users` are the token accounts that pay and are paid."""
    spec = pool.spec
    programs = (spec.token_a.token_program, spec.token_b.token_program)
    tail = (*programs, owned.METEORA_DAMM_V2, DAMM_V2_EVENTS, owned.METEORA_DAMM_V2)
    return (
        readonly(DAMM_V2_AUTHORITY),
        written(spec.address),
        *(written(key) for key in (*users, spec.vault_a, spec.vault_b)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        signer,
        *(readonly(key) for key in tail),
    )
