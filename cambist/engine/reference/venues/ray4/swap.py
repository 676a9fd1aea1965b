"""Swaps of Raydium AMM v4."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.build.instruction_builder.call import (
    Instruction,
    SwapAmounts,
    User,
    check_keys,
    readonly,
    signer,
    tagged,
    writable,
)
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.ray4 import owned


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
    accounts = [*readonly(program.TOKEN), *writable(pool.pool), *readonly(owned.RAYDIUM_V4_AUTHORITY)]
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
    return Instruction(owned.RAYDIUM_V4, tuple(accounts), data)
