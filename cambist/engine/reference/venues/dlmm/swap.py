"""Swaps of Meteora DLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    Instruction,
    SwapAmounts,
    User,
    check_arrays,
    check_first_token_program,
    check_keys,
    check_token_programs,
    or_program,
    readonly,
    signer,
    tagged,
    writable,
)
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.dlmm import owned

if TYPE_CHECKING:
    from collections.abc import Sequence
from cambist.engine.reference.chain import pda

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
    return Instruction(owned.METEORA_DLMM, accounts, tagged(tag, amounts.in_and_out()))


def dlmm_swap2(pair: DlmmAccounts, bin_arrays: Sequence[bytes], user: User, amounts: SwapAmounts) -> Instruction:
    """Returns the newer swap on DLMM, which also takes Token-2022 mints without transfer hooks.

    Arguments as of `dlmm_swap`. Raises `BuildError` for a key that is not 32 bytes, a program that is no token program
    and without a bin array.
    """
    check_keys((*pair, *bin_arrays, *user))
    check_token_programs(pair.program_x, pair.program_y)
    tag = _SWAP2 if amounts.exact_in else _SWAP_EXACT_OUT2
    accounts = _dlmm_accounts(pair, bin_arrays, user, (program.MEMO,))
    return Instruction(owned.METEORA_DLMM, accounts, tagged(tag, amounts.in_and_out()) + bytes(4))


def _dlmm_accounts(
    pair: DlmmAccounts, bin_arrays: Sequence[bytes], user: User, memo: tuple[bytes, ...]
) -> tuple[AccountMeta, ...]:
    check_arrays(bin_arrays)
    return (
        *writable(pair.pair),
        *or_program(pair.bitmap_extension, owned.METEORA_DLMM),
        *writable(pair.reserve_x, pair.reserve_y, user.source, user.target),
        *readonly(pair.mint_x, pair.mint_y),
        *writable(pair.oracle),
        *or_program(pair.host_fee, owned.METEORA_DLMM),
        signer(user.owner),
        *readonly(pair.program_x, pair.program_y, *memo, owned.METEORA_DLMM_EVENTS, owned.METEORA_DLMM),
        *writable(*bin_arrays),
    )


def dlmm_bin_array(pair: bytes, index: int) -> bytes:
    """Returns a DLMM pair's bin array. Raises `BuildError`."""
    check_keys((pair,))
    return pda.find([b"bin_array", pair, index.to_bytes(8, "little", signed=True)], owned.METEORA_DLMM)[0]
