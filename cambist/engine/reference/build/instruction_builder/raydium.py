"""Swaps of Raydium: AMM v4, CPMM and CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    Instruction,
    SwapAmounts,
    User,
    check_arrays,
    check_keys,
    check_token_programs,
    readonly,
    signer,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from collections.abc import Sequence

_CPMM_IN = bytes.fromhex("8fbe5adac41e33de")
_CPMM_OUT = bytes.fromhex("37d96256a34ab4ad")
_CLMM = bytes.fromhex("f8c69e91e17587c8")
_CLMM_V2 = bytes.fromhex("2b04ed0b1ac91e62")


class RaydiumV4Accounts(NamedTuple):
    """An AMM v4 pool's own accounts."""

    pool: bytes
    coin_vault: bytes
    pc_vault: bytes


class SerumAccounts(NamedTuple):
    """The order book an AMM v4 pool was opened on, which the older swap still names."""

    open_orders: bytes
    target_orders: bytes | None
    """Named in a swap of 18 accounts, not of 17."""
    program: bytes
    market: bytes
    bids: bytes
    asks: bytes
    event_queue: bytes
    coin_vault: bytes
    pc_vault: bytes
    vault_signer: bytes


def raydium_v4_swap(
    pool: RaydiumV4Accounts, market: SerumAccounts | None, user: User, amounts: SwapAmounts
) -> Instruction:
    """Returns a swap on AMM v4: with a market the older one of 17 or 18 accounts, without one of 8.

    The direction is that of the user's accounts. Raises `BuildError` for a key that is not 32 bytes.

    >>> pool, user = RaydiumV4Accounts(*[bytes(32)] * 3), User(*[bytes(32)] * 3)
    >>> swap = raydium_v4_swap(pool, None, user, SwapAmounts(exact_in=True, amount=5, limit=4))
    >>> len(swap.accounts), swap.data.hex()
    (8, '1005000000000000000400000000000000')
    """
    check_keys((*pool, *(market or ()), *user))
    accounts = [*readonly(program.TOKEN), *writable(pool.pool), *readonly(program.RAYDIUM_V4_AUTHORITY)]
    vaults = writable(pool.coin_vault, pool.pc_vault)
    tags = (17, 16)
    if market is None:
        accounts += vaults
    else:
        tags = (11, 9)
        accounts += writable(market.open_orders)
        if market.target_orders is not None:
            accounts += writable(market.target_orders)
        accounts += vaults
        accounts += readonly(market.program)
        accounts += writable(market.market, market.bids, market.asks, market.event_queue)
        accounts += writable(market.coin_vault, market.pc_vault)
        accounts += readonly(market.vault_signer)
    accounts += [*writable(user.source, user.target), signer(user.owner)]
    data = tagged(bytes([tags[amounts.exact_in]]), amounts.in_and_out())
    return Instruction(program.RAYDIUM_V4, tuple(accounts), data)


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
        *readonly(program.RAYDIUM_CPMM_AUTHORITY, pool.config),
        *writable(pool.pool, user.source, user.target),
        *writable(*turned((pool.vault_0, pool.vault_1), forward=zero_for_one)),
        *readonly(*turned((pool.program_0, pool.program_1), forward=zero_for_one)),
        *readonly(*turned((pool.mint_0, pool.mint_1), forward=zero_for_one)),
        *writable(pool.observation),
    )
    tag = _CPMM_IN if amounts.exact_in else _CPMM_OUT
    return Instruction(program.RAYDIUM_CPMM, accounts, tagged(tag, amounts.in_and_out()))


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
    return Instruction(program.RAYDIUM_CLMM, accounts, data)
