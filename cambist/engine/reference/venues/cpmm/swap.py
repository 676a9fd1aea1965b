"""Swaps of Raydium CPMM."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    Instruction,
    SwapAmounts,
    User,
    check_keys,
    check_token_programs,
    readonly,
    signer,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.venues.cpmm import owned

_CPMM_IN = bytes.fromhex("8fbe5adac41e33de")
_CPMM_OUT = bytes.fromhex("37d96256a34ab4ad")


class CpmmAccounts(NamedTuple):
    """A CPMM pool's accounts."""

    pool: bytes
    config: bytes
    observation: bytes
    vault_0: bytes
    vault_1: bytes
    mint_0: bytes
    mint_1: bytes
    program_0: bytes
    program_1: bytes


def cpmm_swap(pool: CpmmAccounts, user: User, amounts: SwapAmounts, *, zero_for_one: bool) -> Instruction:
    """Returns a swap on CPMM.

    Raises `BuildError` for a key that is not 32 bytes and a program that is no token program.
    """
    check_keys((*pool, *user))
    check_token_programs(pool.program_0, pool.program_1)
    accounts = (
        signer(user.owner),
        *readonly(owned.RAYDIUM_CPMM_AUTHORITY, pool.config),
        *writable(pool.pool, user.source, user.target),
        *writable(*turned((pool.vault_0, pool.vault_1), forward=zero_for_one)),
        *readonly(*turned((pool.program_0, pool.program_1), forward=zero_for_one)),
        *readonly(*turned((pool.mint_0, pool.mint_1), forward=zero_for_one)),
        *writable(pool.observation),
    )
    tag = _CPMM_IN if amounts.exact_in else _CPMM_OUT
    return Instruction(owned.RAYDIUM_CPMM, accounts, tagged(tag, amounts.in_and_out()))
