"""Swaps through Saber stable swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Clock
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.saber import maths as stable_swap
from cambist.engine.reference.venues.saber.pool import StablePool
from cambist.simulator.pool import Fill, Moment, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.saber.layout import StableSwap
    from cambist.simulator.pool import Find, PoolSpec


class SaberMarket(Pool):
    """A stable swap. Its account stays as it is."""

    def __init__(self, spec: PoolSpec, state: StableSwap, authority: bytes) -> None:
        super().__init__(spec)
        self.state = state
        self.authority = authority
        """Who signs for it."""

    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool) -> Fill:
        """Returns the swap. Raises `QuoteError`.

        The program swaps exact in only; an exact output is the least input that buys it.
        """
        held = vaults(self, find)
        if not exact_in:
            time = ChainTime(at.slot, at.now, 0)
            amount = StablePool(self.state, (held.a, held.b)).swap_exact_out(a_to_b, amount, time)[0].amount_in
        fill = stable_swap.swap(self.state, (held.a, held.b), amount, at.now, a_to_b=a_to_b)
        return Fill(
            paid=amount,
            vault_in=amount,
            vault_out=fill.amount_out,
            received=fill.amount_out,
            changed={},
            maths=fill,
        )

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the reserves of the constant product that bends as the curve does where it is."""
        clock = find(program.CLOCK)
        assert clock is not None
        time = Clock.decode(clock.data)
        held = vaults(self, find)
        found = StablePool(self.state, (held.a, held.b)).virtual_reserves(
            True, ChainTime(time.slot, time.unix_timestamp, time.epoch)
        )
        assert found is not None
        return found[0], found[1]

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns who signs for it and its admin's accounts."""
        return (self.authority, *self.state.admin_vaults)
