"""Swaps through the pools: exact maths on account state, and the accounts after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2.maths import SwapMode
from cambist.simulator.accounts import ClmmAccount, CpmmAccount, DammV2Account, WhirlpoolAccount
from cambist.simulator.venues.dlmm import reserves_dlmm, swap_dlmm
from cambist.simulator.venues.meteora import swap_damm2
from cambist.simulator.venues.orca import swap_orca
from cambist.simulator.venues.pool import Fill, Pool, Vaults, vaults
from cambist.simulator.venues.pump import pump_state, reserves_pump, swap_pump
from cambist.simulator.venues.raydium import swap_cpmm, swap_ray4
from cambist.simulator.venues.raydium_clmm import clmm_ahead, clmm_ticks, swap_clmm
from cambist.simulator.venues.saber import reserves_saber, swap_saber

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.venues.clmm.maths import ClmmTicks
    from cambist.simulator.accounts import Account

ONE = 18446744073709551616.0
"""2^64."""

__all__ = [
    "Fill",
    "Pool",
    "Vaults",
    "amount_for",
    "clmm_ahead",
    "clmm_ticks",
    "pump_state",
    "reserves_of",
    "swap",
    "vaults",
]


def swap(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    slot: int,
    epoch: int = 0,
    limit: int = 0,
    partial: bool = False,
    passed: frozenset[bytes] | None = None,
    ticks: ClmmTicks | None = None,
) -> Fill:
    """Returns the swap of `amount` against the accounts that `find` gives, at `now` (unix s). Raises `QuoteError`.

    `limit` is a Whirlpool's or CLMM pool's √price limit; `partial` lets a DAMM v2 pool take less than `amount`;
    `passed` are the only bin arrays that a DLMM pair may use, `ticks` the only ticks that a CLMM pool may.
    """
    if pool.spec.venue == "damm2":
        mode = SwapMode.EXACT_OUT if not exact_in else SwapMode.PARTIAL_IN if partial else SwapMode.EXACT_IN
        return swap_damm2(pool, find, amount, mode, a_to_b=a_to_b, slot=slot, now=now)
    if pool.spec.venue == "dlmm":
        return swap_dlmm(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, slot=slot, now=now, passed=passed)
    if pool.spec.venue == "clmm":
        return swap_clmm(
            pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now, epoch=epoch, limit=limit, ticks=ticks
        )
    if pool.spec.venue == "pump":
        return swap_pump(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in)
    if pool.spec.venue == "saber":
        return swap_saber(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, slot=slot, now=now)
    if pool.spec.venue == "orca":
        return swap_orca(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now, limit=limit)
    if pool.spec.venue == "cpmm":
        return swap_cpmm(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now, epoch=epoch)
    return swap_ray4(pool, find, amount, a_to_b=a_to_b, exact_in=exact_in, now=now)


def reserves_of(pool: Pool, find: Callable[[bytes], Account | None]) -> tuple[float, float]:
    """Returns the virtual reserves of a and b in atoms: what a constant-product pool with this slope would hold."""
    if pool.spec.venue in ("orca", "clmm"):
        account = find(pool.spec.address)
        assert isinstance(account, WhirlpoolAccount | ClmmAccount)
        root = account.pool.sqrt_price / ONE
        return account.pool.liquidity / root, account.pool.liquidity * root
    if pool.spec.venue == "dlmm":
        return reserves_dlmm(pool, find)
    if pool.spec.venue == "pump":
        return reserves_pump(pool, find)
    if pool.spec.venue == "saber":
        return reserves_saber(pool, find)
    if pool.spec.venue == "damm2":
        account = find(pool.spec.address)
        assert isinstance(account, DammV2Account)
        root, liquidity = account.pool.sqrt_price / ONE, account.pool.liquidity / ONE
        return liquidity / root, liquidity * root
    held = vaults(pool, find)
    if pool.spec.venue == "ray4":
        assert pool.info is not None
        return float(held.a - pool.info.need_take_pnl_coin), float(held.b - pool.info.need_take_pnl_pc)
    account = find(pool.spec.address)
    assert isinstance(account, CpmmAccount)
    state = account.pool
    owed = [state.protocol_fees[i] + state.fund_fees[i] + state.creator_fees[i] for i in (0, 1)]
    return float(held.a - owed[0]), float(held.b - owed[1])


def amount_for(pool: Pool, reserves: tuple[float, float], impact: float, *, a_to_b: bool) -> int:
    """Returns the atoms in that move the price by about `impact` (a fraction) on the virtual reserves."""
    reserve = reserves[0] if a_to_b else reserves[1]
    return int(reserve * (math.sqrt(1.0 + impact) - 1.0) / (1.0 - pool.spec.fee_ppm / 1_000_000.0))
