"""Swaps through Meteora DAMM v2 pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2 import maths as damm_v2
from cambist.simulator.pool import Fill, Moment, Pool
from cambist.simulator.venues.damm2.accounts import DammV2Account

if TYPE_CHECKING:
    from cambist.simulator.pool import Find

_ONE = 18446744073709551616.0
"""2^64."""


class Damm2Market(Pool):
    """A DAMM v2 pool."""

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool, partial: bool = False) -> Fill:
        """Returns the swap; `partial` lets the pool take less than `amount`. Raises `QuoteError`."""
        mode = damm_v2.SwapMode.EXACT_IN
        if not exact_in or partial:
            mode = damm_v2.SwapMode.PARTIAL_IN if exact_in else damm_v2.SwapMode.EXACT_OUT
        account = self._account(find)
        inside = self.untaxed(amount, a_to_b=a_to_b, exact_in=exact_in)
        fill = damm_v2.swap(account.pool, mode, inside, at.slot, at.now, a_to_b=a_to_b)
        return Fill(
            paid=amount if mode is damm_v2.SwapMode.EXACT_IN else self.paid(fill.amount_in, a_to_b=a_to_b),
            vault_in=fill.amount_in,
            vault_out=fill.amount_out,
            received=self.received(fill.amount_out, a_to_b=a_to_b),
            changed={self.spec.address: account.swapped(fill, a_to_b=a_to_b)},
            maths=fill,
        )

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the virtual reserves at the price."""
        state = self._account(find).pool
        root, liquidity = state.sqrt_price / _ONE, state.liquidity / _ONE
        return liquidity / root, liquidity * root

    def _account(self, find: Find) -> DammV2Account:
        account = find(self.spec.address)
        assert isinstance(account, DammV2Account)
        return account
