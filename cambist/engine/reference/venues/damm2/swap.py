"""Swaps of Meteora DAMM v2."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    BuildError,
    Instruction,
    SwapAmounts,
    User,
    check_keys,
    check_token_programs,
    or_program,
    readonly,
    refuse_exact_out,
    signer,
    tagged,
    writable,
)
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.damm2 import owned

_SWAP = bytes.fromhex("f8c69e91e17587c8")
_SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")


class DammV2Accounts(NamedTuple):
    """A DAMM v2 pool's accounts."""

    pool: bytes
    vault_a: bytes
    vault_b: bytes
    mint_a: bytes
    mint_b: bytes
    program_a: bytes
    program_b: bytes
    referral: bytes | None
    """A token account that gets a part of the fee."""


def damm_v2_swap(pool: DammV2Accounts, user: User, amounts: SwapAmounts) -> Instruction:
    """Returns the older swap on DAMM v2, of an exact amount in. The direction is that of the user's accounts.

    Raises `BuildError` for a key that is not 32 bytes, a program that is no token program and an exact amount out.
    """
    check_keys((*pool, *user))
    refuse_exact_out("swap of DAMM v2", amounts)
    accounts = _damm_v2_accounts(pool, user)
    return Instruction(owned.METEORA_DAMM_V2, accounts, tagged(_SWAP, amounts.in_and_out()))


def damm_v2_swap2(
    pool: DammV2Accounts, user: User, amounts: SwapAmounts, *, partial: bool, limited: bool = False
) -> Instruction:
    """Returns the newer swap on DAMM v2; `partial` fills as much of an exact amount in as the price range allows.

    Of a pool whose rate limiter runs a transaction may buy once only: `limited` adds the instructions sysvar, by which
    the program checks that. By its source, not recorded.

    Raises `BuildError` for a key that is not 32 bytes, a program that is no token program and a part of an exact amount
    out.
    """
    check_keys((*pool, *user))
    if partial and not amounts.exact_in:
        message = "an exact amount out of DAMM v2 has no swap that fills in part"
        raise BuildError(message)
    mode = partial if amounts.exact_in else 2
    data = tagged(_SWAP2, (amounts.amount, amounts.limit)) + bytes([mode])
    accounts = _damm_v2_accounts(pool, user)
    if limited:
        accounts = (*accounts, *readonly(program.INSTRUCTIONS))
    return Instruction(owned.METEORA_DAMM_V2, accounts, data)


def _damm_v2_accounts(pool: DammV2Accounts, user: User) -> tuple[AccountMeta, ...]:
    check_token_programs(pool.program_a, pool.program_b)
    return (
        *readonly(owned.METEORA_DAMM_V2_AUTHORITY),
        *writable(pool.pool, user.source, user.target, pool.vault_a, pool.vault_b),
        *readonly(pool.mint_a, pool.mint_b),
        signer(user.owner),
        *readonly(pool.program_a, pool.program_b),
        *or_program(pool.referral, owned.METEORA_DAMM_V2),
        *readonly(owned.METEORA_DAMM_V2_EVENTS, owned.METEORA_DAMM_V2),
    )
