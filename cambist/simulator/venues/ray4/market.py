"""Swaps through Raydium AMM v4 and CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.amm_math import QuoteError, Reason, raydium_v4
from cambist.simulator.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account


def swap_ray4(
    pool: Pool, find: Callable[[bytes], Account | None], amount: int, *, a_to_b: bool, exact_in: bool, now: int
) -> Fill:
    """Returns the swap through an AMM v4 pool. Raises `QuoteError`."""
    info = pool.info
    assert info is not None
    if info.status not in (1, 6, 7) or (info.status == 7 and now < info.pool_open_time):
        raise QuoteError(Reason.NOT_TRADABLE)
    held = vaults(pool, find)
    coin, pc = held.a - info.need_take_pnl_coin, held.b - info.need_take_pnl_pc
    reserves = (coin, pc) if a_to_b else (pc, coin)
    rate = (info.swap_fee_numerator, info.swap_fee_denominator)
    if exact_in:
        out, fee = raydium_v4.exact_in(reserves, rate, amount)
        paid = amount
    else:
        paid, fee = raydium_v4.exact_out(reserves, rate, amount)
        out = amount
    return Fill(paid, paid, out, out, {}, reserves, fee, 0, True, None)
