"""Accounts of Meteora DAMM v2 pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2.owned import METEORA_DAMM_V2
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.damm2.layout import LpFees, encode_damm_v2, patch_damm_v2

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2Pool
    from cambist.engine.reference.venues.damm2.maths import DammV2Fill


class DammV2Account(Account):
    """A DAMM v2 pool."""

    __slots__ = ("_template", "fees", "pool")

    def __init__(self, template: bytes, pool: DammV2Pool, fees: LpFees) -> None:
        super().__init__(METEORA_DAMM_V2, b"", rent(len(template)))
        self._template, self.pool, self.fees = template, pool, fees

    @staticmethod
    def new(pool: DammV2Pool, **fields: int | bytes) -> DammV2Account:
        """Returns a pool with these fields besides those that quotes read."""
        return DammV2Account(encode_damm_v2(pool, **fields), pool, LpFees((0, 0), (0, 0)))

    def swapped(self, fill: DammV2Fill, *, a_to_b: bool) -> DammV2Account:
        """Returns the pool after a swap: what the protocol leaves of the fee is the positions'."""
        earned, side = fill.fee - fill.protocol_fee, int(a_to_b != fill.fee_on_input)
        shares = [0, 0]
        shares[side] = (earned << 128) // self.pool.liquidity
        totals = [0, 0]
        totals[side] = earned
        fees = LpFees(_sum(self.fees.per_liquidity, shares), _sum(self.fees.total, totals))
        return DammV2Account(self._template, fill.pool, fees)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_damm_v2(self._template, self.pool, self.fees)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


def _sum(pair: tuple[int, int], more: list[int]) -> tuple[int, int]:
    return pair[0] + more[0], pair[1] + more[1]
