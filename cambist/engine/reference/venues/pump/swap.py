"""Swaps of Pump AMM, by its published interface: no execution of this program is recorded."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.build.instruction_builder.addresses import associated_token_address
from cambist.engine.reference.build.instruction_builder.call import (
    AccountMeta,
    Instruction,
    SwapAmounts,
    User,
    check_keys,
    check_token_programs,
    payer,
    readonly,
    refuse_exact_out,
    tagged,
    turned,
    writable,
)
from cambist.engine.reference.chain import pda, program
from cambist.engine.reference.venues.pump import owned

_BUY = bytes.fromhex("66063d1201daebea")
_BUY_EXACT_IN = bytes.fromhex("c62e1552b4d9e870")
_SELL = bytes.fromhex("33e685a4017f83ad")
_BUY_V2 = bytes.fromhex("b817ee6167c5d33d")
_BUY_EXACT_IN_V2 = bytes.fromhex("c2ab1c46684d5b2f")
_SELL_V2 = bytes.fromhex("5df6823ce7e940b2")


class PumpPool(NamedTuple):
    """What a pool and the program's config say."""

    pool: bytes
    base_mint: bytes
    quote_mint: bytes
    base_vault: bytes
    quote_vault: bytes
    base_program: bytes
    quote_program: bytes
    fee_recipient: bytes
    """One of the wallets that the config names for the protocol's fee."""
    buyback_recipient: bytes
    """One of those it names for buying back."""
    coin_creator: bytes
    """32 zeros if the pool has none."""


class PumpAccounts(NamedTuple):
    """All accounts of one user's swaps on a pool."""

    pool: PumpPool
    fee_account: bytes
    creator_vault: bytes
    creator_account: bytes
    user_volume: bytes
    cashback_account: bytes | None
    """Of a coin whose creator's fee goes back to traders."""
    pool_v2: bytes | None
    """Of a pool that has a creator."""
    buyback_account: bytes


def pump_accounts(pool: PumpPool, owner: bytes, *, is_cashback_coin: bool) -> PumpAccounts:
    """Returns the accounts of `owner`'s swaps: a few derivations, to be done once.

    Raises `BuildError` for a key that is not 32 bytes and a program that is no token program.
    """
    check_keys((*pool, owner))
    check_token_programs(pool.base_program, pool.quote_program)

    def quote_account(of: bytes) -> bytes:
        return associated_token_address(of, pool.quote_mint, pool.quote_program)

    creator_vault = _derived(b"creator_vault", pool.coin_creator)
    user_volume = _derived(b"user_volume_accumulator", owner)
    cashback = associated_token_address(user_volume, program.WRAPPED_SOL, program.TOKEN) if is_cashback_coin else None
    return PumpAccounts(
        pool=pool,
        fee_account=quote_account(pool.fee_recipient),
        creator_vault=creator_vault,
        creator_account=quote_account(creator_vault),
        user_volume=user_volume,
        cashback_account=cashback,
        pool_v2=None if pool.coin_creator == bytes(32) else _derived(b"pool-v2", pool.base_mint),
        buyback_account=quote_account(pool.buyback_recipient),
    )


def pump_swap(accounts: PumpAccounts, user: User, amounts: SwapAmounts, *, buy: bool) -> Instruction:
    """Returns a purchase (`buy`) or sale of the base token. Fees are paid out at once; the trader's volume counts.

    Raises `BuildError` for a key that is not 32 bytes and a sale of an exact amount out.
    """
    check_keys((*accounts.pool, *accounts[1:], *user))
    pool, volume = accounts.pool, writable(accounts.user_volume)
    metas = [
        *_head(pool, user, buy=buy),
        *readonly(pool.fee_recipient),
        *writable(accounts.fee_account),
        *readonly(pool.base_program, pool.quote_program, program.SYSTEM, program.ASSOCIATED_TOKEN),
        *readonly(owned.PUMP_AMM_EVENTS, owned.PUMP_AMM),
        *writable(accounts.creator_account),
        *readonly(accounts.creator_vault),
    ]
    if buy:
        metas += [*readonly(owned.PUMP_AMM_VOLUME), *volume]
    metas += readonly(owned.PUMP_FEE_CONFIG, owned.PUMP_FEES)
    if accounts.cashback_account is not None:
        metas += writable(accounts.cashback_account)
        if not buy:
            metas += volume
    if accounts.pool_v2 is not None:
        metas += readonly(accounts.pool_v2)
    metas += [*readonly(pool.buyback_recipient), *writable(accounts.buyback_account)]
    data = _data(_BUY, _BUY_EXACT_IN, _SELL, amounts, buy=buy) + (b"\x01" if buy else b"")
    return Instruction(owned.PUMP_AMM, tuple(metas), data)


def pump_swap_v2(accounts: PumpAccounts, user: User, amounts: SwapAmounts, *, buy: bool) -> Instruction:
    """Returns a purchase or sale by the newer, shorter instruction: fees stay in the pool until they are swept.

    Token accounts, that of the buy-back included, must exist. The program refuses pools of cashback coins. Raises
    `BuildError` for a key that is not 32 bytes and a sale of an exact amount out.
    """
    check_keys((*accounts.pool, *accounts[1:], *user))
    pool = accounts.pool
    metas = (
        *_head(pool, user, buy=buy),
        *readonly(pool.base_program, pool.quote_program, program.SYSTEM),
        *writable(accounts.user_volume),
        *readonly(owned.PUMP_FEE_CONFIG),
        *writable(accounts.buyback_account),
        *readonly(owned.PUMP_AMM_EVENTS, owned.PUMP_AMM),
    )
    return Instruction(owned.PUMP_AMM, metas, _data(_BUY_V2, _BUY_EXACT_IN_V2, _SELL_V2, amounts, buy=buy))


def _head(pool: PumpPool, user: User, *, buy: bool) -> list[AccountMeta]:
    user_base, user_quote = turned((user.source, user.target), forward=not buy)
    return [
        *writable(pool.pool),
        payer(user.owner),
        *readonly(owned.PUMP_AMM_CONFIG, pool.base_mint, pool.quote_mint),
        *writable(user_base, user_quote, pool.base_vault, pool.quote_vault),
    ]


def _data(buy_out: bytes, buy_in: bytes, sell: bytes, amounts: SwapAmounts, *, buy: bool) -> bytes:
    if not buy:
        refuse_exact_out("sale on Pump AMM", amounts)
    tag = sell if not buy else buy_in if amounts.exact_in else buy_out
    return tagged(tag, (amounts.amount, amounts.limit))


def _derived(word: bytes, key: bytes) -> bytes:
    return pda.find([word, key], owned.PUMP_AMM)[0]
