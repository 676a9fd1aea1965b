"""Swaps of Raydium CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    Instruction,
    SwapAmounts,
    User,
    check_arrays,
    check_keys,
    readonly,
    signer,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.clmm import owned

if TYPE_CHECKING:
    from collections.abc import Sequence
from cambist.engine.reference.chain import pda

_CLMM = bytes.fromhex("f8c69e91e17587c8")
_CLMM_V2 = bytes.fromhex("2b04ed0b1ac91e62")


class ClmmAccounts(NamedTuple):
    """A CLMM pool's accounts."""

    pool: bytes
    config: bytes
    observation: bytes
    vault_0: bytes
    vault_1: bytes
    mint_0: bytes
    mint_1: bytes
    bitmap_extension: bytes | None
    """Always safe to name; needed where ticks lie beyond the pool's own bitmap."""


def clmm_swap(
    pool: ClmmAccounts,
    tick_arrays: Sequence[bytes],
    user: User,
    amounts: SwapAmounts,
    sqrt_price_limit: int,
    *,
    zero_for_one: bool,
) -> Instruction:
    """Returns the older swap on CLMM, of SPL Token mints only.

    `tick_arrays` come in the order in which the price passes them; `sqrt_price_limit` 0 means none. Raises `BuildError`
    for a key that is not 32 bytes and without a tick array.
    """
    check_keys((*pool, *tick_arrays, *user))
    check_arrays(tick_arrays)
    first, *others = writable(*tick_arrays)
    accounts = (
        *_clmm_head(pool, user, zero_for_one=zero_for_one),
        *readonly(program.TOKEN),
        first,
        *_extension(pool),
        *others,
    )
    return _clmm(accounts, _CLMM, amounts, sqrt_price_limit)


def clmm_swap_v2(
    pool: ClmmAccounts,
    tick_arrays: Sequence[bytes],
    user: User,
    amounts: SwapAmounts,
    sqrt_price_limit: int,
    *,
    zero_for_one: bool,
) -> Instruction:
    """Returns the newer swap on CLMM, which also takes Token-2022 mints; arguments and errors as of `clmm_swap`."""
    check_keys((*pool, *tick_arrays, *user))
    check_arrays(tick_arrays)
    accounts = (
        *_clmm_head(pool, user, zero_for_one=zero_for_one),
        *readonly(program.TOKEN, program.TOKEN_2022, program.MEMO),
        *readonly(*turned((pool.mint_0, pool.mint_1), forward=zero_for_one)),
        *_extension(pool),
        *writable(*tick_arrays),
    )
    return _clmm(accounts, _CLMM_V2, amounts, sqrt_price_limit)


def _clmm_head(pool: ClmmAccounts, user: User, *, zero_for_one: bool) -> list[AccountMeta]:
    return [
        signer(user.owner),
        *readonly(pool.config),
        *writable(pool.pool, user.source, user.target),
        *writable(*turned((pool.vault_0, pool.vault_1), forward=zero_for_one)),
        *writable(pool.observation),
    ]


def _extension(pool: ClmmAccounts) -> list[AccountMeta]:
    return [] if pool.bitmap_extension is None else writable(pool.bitmap_extension)


def _clmm(accounts: tuple[AccountMeta, ...], tag: bytes, amounts: SwapAmounts, sqrt_price_limit: int) -> Instruction:
    data = tagged(tag, (amounts.amount, amounts.limit))
    data += sqrt_price_limit.to_bytes(16, "little") + bytes([amounts.exact_in])
    return Instruction(owned.RAYDIUM_CLMM, accounts, data)


def clmm_tick_array(pool: bytes, start: int) -> bytes:
    """Returns a Raydium CLMM pool's tick array by its first tick. Raises `BuildError`."""
    check_keys((pool,))
    return pda.find([b"tick_array", pool, start.to_bytes(4, "big", signed=True)], owned.RAYDIUM_CLMM)[0]


def clmm_bitmap_extension(pool: bytes) -> bytes:
    """Returns where a Raydium CLMM pool marks tick arrays beyond its own bitmap. Raises `BuildError`."""
    check_keys((pool,))
    return pda.find([b"pool_tick_array_bitmap_extension", pool], owned.RAYDIUM_CLMM)[0]
