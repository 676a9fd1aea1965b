"""Swaps of Saber's stable pools."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    Instruction,
    SwapAmounts,
    User,
    check_keys,
    readonly,
    refuse_exact_out,
    signer,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.chain import pda, program
from cambist.engine.reference.venues.saber import owned


class SaberAccounts(NamedTuple):
    """A stable pool's accounts."""

    pool: bytes
    authority: bytes
    vault_a: bytes
    vault_b: bytes
    admin_vault_a: bytes
    admin_vault_b: bytes


def saber_swap(pool: SaberAccounts, user: User, amounts: SwapAmounts, *, a_to_b: bool) -> Instruction:
    """Returns a swap of an exact amount in on a stable pool; the admin's fee is of the token that comes out.

    Raises `BuildError` for a key that is not 32 bytes and an exact amount out.
    """
    check_keys((*pool, *user))
    refuse_exact_out("Saber", amounts)
    vault_in, vault_out = turned((pool.vault_a, pool.vault_b), forward=a_to_b)
    admin_vault = pool.admin_vault_b if a_to_b else pool.admin_vault_a
    accounts = (
        *readonly(pool.pool, pool.authority),
        signer(user.owner),
        *writable(user.source, vault_in, vault_out, user.target, admin_vault),
        *readonly(program.TOKEN),
    )
    return Instruction(owned.SABER, accounts, tagged(b"\x01", amounts.in_and_out()))


def saber_authority(pool: bytes, nonce: int) -> bytes:
    """Returns who signs for the vaults of a Saber pool.

    Raises `BuildError` for a key that is not 32 bytes, `PdaError` if the pool has another nonce.
    """
    check_keys((pool,))
    return pda.create([pool, bytes([nonce])], owned.SABER)
