"""Swaps through Raydium AMM v4 pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues import constant_product as raydium_v4
from cambist.engine.reference.venues.quote_error import QuoteError, Reason
from cambist.simulator.pool import Fill, Moment, Pool, vaults

if TYPE_CHECKING:
    from cambist.engine.reference.venues.ray4.layout import AmmV4
    from cambist.simulator.pool import Find, PoolSpec


class Ray4Market(Pool):
    """An AMM v4 pool. Its account stays as it is."""

    def __init__(self, spec: PoolSpec, info: AmmV4) -> None:
        super().__init__(spec)
        self.info = info

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool) -> Fill:
        """Returns the swap. Raises `QuoteError`."""
        info = self.info
        if info.status not in (1, 6, 7) or (info.status == 7 and at.now < info.pool_open_time):
            raise QuoteError(Reason.NOT_TRADABLE)
        held = self.owned(find)
        reserves = held if a_to_b else held[::-1]
        rate = (info.swap_fee_numerator, info.swap_fee_denominator)
        if exact_in:
            out, _fee = raydium_v4.exact_in(reserves, rate, amount)
            paid = amount
        else:
            paid, _fee = raydium_v4.exact_out(reserves, rate, amount)
            out = amount
        return Fill(paid, paid, out, out, {})

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns what of its vaults is the pool's."""
        coin, pc = self.owned(find)
        return float(coin), float(pc)

    def owned(self, find: Find) -> tuple[int, int]:
        """Returns coin and pc that are the pool's; below 0 if more is owed than there is."""
        held = vaults(self, find)
        return held.a - self.info.need_take_pnl_coin, held.b - self.info.need_take_pnl_pc
