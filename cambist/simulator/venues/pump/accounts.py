"""Accounts of Pump AMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.pump.owned import PUMP_AMM
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.pump.layout import encode_pump_pool, patch_pump_pool

if TYPE_CHECKING:
    from cambist.engine.reference.venues.pump.layout import PumpPool


class PumpAccount(Account):
    """A Pump AMM pool. Fees that newer swaps leave in its quote vault are no part of its reserves."""

    __slots__ = ("_kept", "_template", "pool")

    def __init__(self, template: bytes, pool: PumpPool, kept: tuple[int, int]) -> None:
        super().__init__(PUMP_AMM, b"", rent(len(template)))
        self._template, self.pool, self._kept = template, pool, kept

    @staticmethod
    def new(pool: PumpPool, **fields: int | bytes) -> PumpAccount:
        """Returns a pool with these fields besides those that quotes read."""
        return PumpAccount(encode_pump_pool(pool, **fields), pool, (0, 0))

    def keeping(self, protocol_fee: int, creator_fee: int) -> PumpAccount:
        """Returns the pool with more fees left in its quote vault."""
        virtual = self.pool.virtual_quote_reserves - protocol_fee - creator_fee
        kept = (self._kept[0] + protocol_fee, self._kept[1] + creator_fee)
        return PumpAccount(self._template, replace(self.pool, virtual_quote_reserves=virtual), kept)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_pump_pool(self._template, self.pool, self._kept)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)
