"""Swaps of Meteora: DLMM and DAMM v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    BuildError,
    Instruction,
    SwapAmounts,
    User,
    check_arrays,
    check_first_token_program,
    check_keys,
    check_token_programs,
    readonly,
    refuse_exact_out,
    signer,
    tagged,
    writable,
)
from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWAP = bytes.fromhex("f8c69e91e17587c8")
_SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
_SWAP_EXACT_OUT = bytes.fromhex("fa49652126cf4bb8")
_SWAP_EXACT_OUT2 = bytes.fromhex("2bd7f784893cf351")


class DlmmAccounts(NamedTuple):
    """A DLMM pair's accounts."""

    pair: bytes
    oracle: bytes
    reserve_x: bytes
    reserve_y: bytes
    mint_x: bytes
    mint_y: bytes
    program_x: bytes
    program_y: bytes
    bitmap_extension: bytes | None
    """Needed where bins lie beyond the pair's own bitmap."""
    host_fee: bytes | None
    """A front end's token account that gets a part of the fee."""


def dlmm_swap(pair: DlmmAccounts, bin_arrays: Sequence[bytes], user: User, amounts: SwapAmounts) -> Instruction:
    """Returns the older swap on DLMM, of SPL Token mints only.

    The direction is that of the user's accounts; `bin_arrays` come in the order in which the price passes them. Raises
    `BuildError` for a key that is not 32 bytes, a Token-2022 mint and without a bin array.
    """
    check_keys((*pair, *bin_arrays, *user))
    check_first_token_program(pair.program_x, pair.program_y)
    tag = _SWAP if amounts.exact_in else _SWAP_EXACT_OUT
    accounts = _dlmm_accounts(pair, bin_arrays, user, ())
    return Instruction(program.METEORA_DLMM, accounts, tagged(tag, amounts.in_and_out()))


def dlmm_swap2(pair: DlmmAccounts, bin_arrays: Sequence[bytes], user: User, amounts: SwapAmounts) -> Instruction:
    """Returns the newer swap on DLMM, which also takes Token-2022 mints without transfer hooks.

    Arguments as of `dlmm_swap`. Raises `BuildError` for a key that is not 32 bytes, a program that is no token program
    and without a bin array.
    """
    check_keys((*pair, *bin_arrays, *user))
    check_token_programs(pair.program_x, pair.program_y)
    tag = _SWAP2 if amounts.exact_in else _SWAP_EXACT_OUT2
    accounts = _dlmm_accounts(pair, bin_arrays, user, (program.MEMO,))
    return Instruction(program.METEORA_DLMM, accounts, tagged(tag, amounts.in_and_out()) + bytes(4))


def _dlmm_accounts(
    pair: DlmmAccounts, bin_arrays: Sequence[bytes], user: User, memo: tuple[bytes, ...]
) -> tuple[AccountMeta, ...]:
    check_arrays(bin_arrays)
    return (
        *writable(pair.pair),
        *_or_program(pair.bitmap_extension, program.METEORA_DLMM),
        *writable(pair.reserve_x, pair.reserve_y, user.source, user.target),
        *readonly(pair.mint_x, pair.mint_y),
        *writable(pair.oracle),
        *_or_program(pair.host_fee, program.METEORA_DLMM),
        signer(user.owner),
        *readonly(pair.program_x, pair.program_y, *memo, program.METEORA_DLMM_EVENTS, program.METEORA_DLMM),
        *writable(*bin_arrays),
    )


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
    return Instruction(program.METEORA_DAMM_V2, accounts, tagged(_SWAP, amounts.in_and_out()))


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
    return Instruction(program.METEORA_DAMM_V2, accounts, data)


def _damm_v2_accounts(pool: DammV2Accounts, user: User) -> tuple[AccountMeta, ...]:
    check_token_programs(pool.program_a, pool.program_b)
    return (
        *readonly(program.METEORA_DAMM_V2_AUTHORITY),
        *writable(pool.pool, user.source, user.target, pool.vault_a, pool.vault_b),
        *readonly(pool.mint_a, pool.mint_b),
        signer(user.owner),
        *readonly(pool.program_a, pool.program_b),
        *_or_program(pool.referral, program.METEORA_DAMM_V2),
        *readonly(program.METEORA_DAMM_V2_EVENTS, program.METEORA_DAMM_V2),
    )


def _or_program(account: bytes | None, program_id: bytes) -> list[AccountMeta]:
    """Returns an optional account: the program itself stands for none."""
    return readonly(program_id) if account is None else writable(account)
