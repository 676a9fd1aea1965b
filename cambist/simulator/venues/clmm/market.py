"""Swaps through Raydium CLMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.clmm import maths as raydium_clmm
from cambist.engine.reference.venues.clmm.layout import CLMM_TICKS_PER_ARRAY
from cambist.simulator.pool import Fill, Moment, Pool
from cambist.simulator.venues.clmm.accounts import ClmmAccount, ClmmTickArrayAccount
from cambist.simulator.venues.ranges import virtual_reserves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmConfig
    from cambist.engine.reference.venues.clmm.maths.swap import ClmmFill
    from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks
    from cambist.simulator.pool import Find, PoolSpec

NAMED_ARRAYS = 3


class ClmmMarket(Pool):
    """A CLMM pool."""

    def __init__(
        self, spec: PoolSpec, config: ClmmConfig, config_address: bytes, history: bytes, bitmap: bytes
    ) -> None:
        super().__init__(spec)
        self.config, self.config_address = config, config_address
        self.history = history
        """Address of its prices' history."""
        self.bitmap = bitmap
        """Address of its bitmap's extension."""
        self.extension: ClmmBitmapExtension | None = None
        """Its positions stay and its limit orders are near the price, so it stays too."""
        self.arrays: dict[int, bytes] = {}
        """Start → address of the tick arrays that exist."""

    def swap(
        self,
        find: Find,
        amount: int,
        at: Moment,
        *,
        a_to_b: bool,
        exact_in: bool,
        limit: int = 0,
        ticks: ClmmTicks | None = None,
    ) -> Fill:
        """Returns the swap, up to √price `limit` unless it is 0; `ticks` are the only ones it may use.

        Raises `QuoteError`.
        """
        account = self.account(find)
        inside = self.untaxed(amount, a_to_b=a_to_b, exact_in=exact_in)
        fill = raydium_clmm.swap(
            account.pool,
            self.config,
            ticks or account.ticks,
            inside,
            exact_in=exact_in,
            zero_for_one=a_to_b,
            limit=limit,
            now=at.now,
        )
        asked = exact_in and not fill.left
        after = account.swapped(fill, zero_for_one=a_to_b, epoch=at.epoch)
        return Fill(
            paid=amount if asked else self.paid(fill.amount_in, a_to_b=a_to_b),
            vault_in=fill.amount_in,
            vault_out=fill.amount_out,
            received=self.received(fill.amount_out, a_to_b=a_to_b),
            changed={self.spec.address: after, **self._arrays(find, fill, at.epoch)},
            maths=fill,
        )

    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the virtual reserves at the price."""
        state = self.account(find).pool
        return virtual_reserves(state.sqrt_price, state.liquidity)

    def parts(self) -> list[bytes]:
        """Returns the pool, its vaults, its prices' history, its bitmap's extension and its tick arrays."""
        return [*super().parts(), self.history, self.bitmap, *self.arrays.values()]

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns its config, its prices' history, its bitmap's extension and the tick arrays at the price."""
        ahead = (self.ahead(find, a_to_b=a_to_b)[:NAMED_ARRAYS] for a_to_b in (True, False))
        near = [self.arrays[start] for starts in ahead for start in starts]
        return (self.config_address, self.history, self.bitmap, *near)

    def ahead(self, find: Find, *, a_to_b: bool, ticks: ClmmTicks | None = None) -> list[int]:
        """Returns the start ticks of the arrays that a swap meets, in its order, if its ticks are the only ones."""
        account = self.account(find)
        ticks = ticks or account.ticks
        span = CLMM_TICKS_PER_ARRAY * ticks.tick_spacing
        return [index * span for index in near_arrays(ticks.initialised, account.pool.tick // span, x_to_y=a_to_b)]

    def ticks_of(self, find: Find, starts: Iterable[int], *, extended: bool) -> ClmmTicks:
        """Returns the ticks of some arrays only; `extended` says whether the bitmap's extension is known too."""
        arrays = []
        for start in starts:
            array = find(self.arrays[start])
            assert isinstance(array, ClmmTickArrayAccount)
            arrays.append(array.array)
        extension = self.extension if extended else None
        return raydium_clmm.ClmmTicks(self.spec.address, self.account(find).pool, extension, arrays)

    def account(self, find: Find) -> ClmmAccount:
        """Returns its account."""
        account = find(self.spec.address)
        assert isinstance(account, ClmmAccount)
        return account

    def _arrays(self, find: Find, fill: ClmmFill, epoch: int) -> dict[bytes, ClmmTickArrayAccount]:
        """Returns the tick arrays after a swap: their limit orders, and what grew outside of the ticks it crossed."""
        changed: dict[bytes, ClmmTickArrayAccount] = {}

        def array(tick: int) -> tuple[bytes, ClmmTickArrayAccount]:
            span = CLMM_TICKS_PER_ARRAY * self.spec.tick_spacing
            key = self.arrays[tick // span * span]
            found = changed.get(key) or find(key)
            assert isinstance(found, ClmmTickArrayAccount)
            return key, found

        for tick, orders in fill.changed.items():
            key, account = array(tick)
            changed[key] = account.filled(tick, orders, epoch)
        for crossing in fill.crossings:
            key, account = array(crossing.tick)
            changed[key] = account.crossed(crossing, epoch)
        return changed
