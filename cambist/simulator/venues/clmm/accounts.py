"""Accounts of Raydium CLMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.clmm.layout import ClmmPool, ClmmTickArray
from cambist.engine.reference.venues.clmm.owned import RAYDIUM_CLMM
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.clmm.layout import (
    CLMM_TICK_ARRAY,
    ClmmTickState,
    encode_clmm_pool,
    encode_clmm_tick_array,
    is_initialised,
    patch_clmm_pool,
)

if TYPE_CHECKING:
    from cambist.engine.reference.venues.clmm.layout import ClmmOrders
    from cambist.engine.reference.venues.clmm.maths.swap import ClmmCrossing, ClmmFill
    from cambist.engine.reference.venues.clmm.maths.ticks import ClmmTicks

_U128 = 1 << 128


class ClmmAccount(Account):
    """A Raydium CLMM pool, with what its arrays and bitmaps say of its ticks."""

    __slots__ = ("_epoch", "_template", "pool", "ticks")

    def __init__(self, template: bytes, pool: ClmmPool, ticks: ClmmTicks, epoch: int) -> None:
        super().__init__(RAYDIUM_CLMM, b"", rent(len(template)))
        self._template, self.pool, self.ticks, self._epoch = template, pool, ticks, epoch

    @staticmethod
    def new(pool: ClmmPool, ticks: ClmmTicks, epoch: int, **fields: int | bytes) -> ClmmAccount:
        """Returns a pool with these fields besides those that quotes read."""
        return ClmmAccount(encode_clmm_pool(pool, **fields), pool, ticks, epoch)

    def swapped(self, fill: ClmmFill, *, zero_for_one: bool, epoch: int) -> ClmmAccount:
        """Returns the pool after a swap in `epoch`."""
        old, side = self.pool, int(fill.fee_on_input != zero_for_one)
        ticks = self.ticks.after(fill.changed) if fill.changed else self.ticks
        pool = replace(
            old,
            sqrt_price=fill.sqrt_price,
            tick=fill.tick,
            liquidity=fill.liquidity,
            fee_growths=_put(old.fee_growths, side, fill.fee_growth),
            protocol_fees=_put(old.protocol_fees, side, old.protocol_fees[side] + fill.protocol_fee),
            fund_fees=_put(old.fund_fees, side, old.fund_fees[side] + fill.fund_fee),
            bitmap=ticks.bitmap() if fill.changed else old.bitmap,
            dynamic_fee=fill.dynamic_fee,
        )
        return ClmmAccount(self._template, pool, ticks, epoch)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_clmm_pool(self._template, self.pool, epoch=self._epoch)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


class ClmmTickArrayAccount(Account):
    """60 ticks of a CLMM pool. They are encoded when the account is first read. Rewards are not kept up: none is paid.

    What the owners of limit orders may claim is in accounts of their own, which the market doesn't hold.
    """

    __slots__ = ("_epoch", "_pool", "_spacing", "_ticks", "start")

    def __init__(self, pool: bytes, start: int, spacing: int, ticks: dict[int, ClmmTickState], epoch: int) -> None:
        super().__init__(RAYDIUM_CLMM, b"", rent(CLMM_TICK_ARRAY.size))
        self._pool, self.start, self._spacing, self._ticks, self._epoch = pool, start, spacing, ticks, epoch

    @property
    def array(self) -> ClmmTickArray:
        """What quotes read of it."""
        ticks = (
            ((index - self.start) // self._spacing, state.tick)
            for index, state in sorted(self._ticks.items())
            if is_initialised(state.tick)
        )
        return ClmmTickArray(self._pool, self.start, tuple(ticks))

    def filled(self, tick: int, orders: ClmmOrders, epoch: int) -> ClmmTickArrayAccount:
        """Returns the array after a swap took of the limit orders on one of its ticks."""
        old = self._ticks[tick]
        return self._with(tick, old._replace(tick=old.tick._replace(orders=orders)), epoch)

    def crossed(self, crossing: ClmmCrossing, epoch: int) -> ClmmTickArrayAccount:
        """Returns the array after the price went over one of its ticks: the growth outside is what was inside."""
        old = self._ticks[crossing.tick]
        outside = (
            (crossing.fee_growths[0] - old.fee_outside[0]) % _U128,
            (crossing.fee_growths[1] - old.fee_outside[1]) % _U128,
        )
        return self._with(crossing.tick, old._replace(fee_outside=outside), epoch)

    def _with(self, tick: int, state: ClmmTickState, epoch: int) -> ClmmTickArrayAccount:
        return ClmmTickArrayAccount(self._pool, self.start, self._spacing, self._ticks | {tick: state}, epoch)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = encode_clmm_tick_array(self._pool, self.start, self._spacing, self._ticks, epoch=self._epoch)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return CLMM_TICK_ARRAY.size


def _put(pair: tuple[int, int], side: int, value: int) -> tuple[int, int]:
    return (pair[0], value) if side else (value, pair[1])
