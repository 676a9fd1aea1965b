"""Accounts of swaps on Saber."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.simulator.instructions.metas import readonly, written

if TYPE_CHECKING:
    from cambist.simulator.transactions import Meta
    from cambist.simulator.venues import Pool


def saber_metas(pool: Pool, signer: Meta, users: tuple[bytes, bytes], *, a_to_b: bool) -> tuple[Meta, ...]:
    """Returns the accounts of a Saber swap; `users` are the token accounts that pay and are paid."""
    assert pool.stable is not None
    vaults, admins = pool.stable.vaults, pool.stable.admin_vaults
    if not a_to_b:
        vaults, admins = vaults[::-1], admins[::-1]
    return (
        readonly(pool.spec.address),
        readonly(pool.authority),
        signer,
        *(written(key) for key in (users[0], *vaults, users[1], admins[1])),
        readonly(program.TOKEN),
    )
