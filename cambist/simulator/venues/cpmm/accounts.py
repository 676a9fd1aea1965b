"""Accounts of Raydium CPMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.cpmm.owned import RAYDIUM_CPMM
from cambist.simulator.accounts import Account, rent
from cambist.simulator.venues.cpmm.layout import encode_cpmm_pool, patch_cpmm_pool

if TYPE_CHECKING:
    from cambist.engine.reference.venues.cpmm.layout import CpmmPool


class CpmmAccount(Account):
    """A Raydium CPMM pool."""

    __slots__ = ("_epoch", "_template", "pool")

    def __init__(self, template: bytes, pool: CpmmPool, epoch: int) -> None:
        super().__init__(RAYDIUM_CPMM, b"", rent(len(template)))
        self._template, self.pool, self._epoch = template, pool, epoch

    @staticmethod
    def new(pool: CpmmPool, epoch: int, **fields: int | bytes) -> CpmmAccount:
        """Returns a pool with these fields besides those that quotes read."""
        template = encode_cpmm_pool(
            amm_config=pool.amm_config,
            vault_0=pool.vaults[0],
            vault_1=pool.vaults[1],
            mint_0=pool.mints[0],
            mint_1=pool.mints[1],
            program_0=pool.programs[0],
            program_1=pool.programs[1],
            status=pool.status,
            decimals_0=pool.decimals[0],
            decimals_1=pool.decimals[1],
            open_time=pool.open_time,
            creator_fee_on=pool.creator_fee_on,
            enable_creator_fee=int(pool.enable_creator_fee),
            **fields,
        )
        return CpmmAccount(template, pool, epoch)

    def charged(self, fees: tuple[int, int, int], side: int, creator_side: int, epoch: int) -> CpmmAccount:
        """Returns the pool with more (protocol, fund, creator) fees owed; sides are 0 or 1."""
        old = self.pool
        pool = replace(
            old,
            protocol_fees=_add(old.protocol_fees, side, fees[0]),
            fund_fees=_add(old.fund_fees, side, fees[1]),
            creator_fees=_add(old.creator_fees, creator_side, fees[2]),
        )
        return CpmmAccount(self._template, pool, epoch)

    @property
    def data(self) -> bytes:
        """The account's bytes."""
        if not self._data:
            self._data = patch_cpmm_pool(self._template, self.pool, epoch=self._epoch)
        return self._data

    @property
    def space(self) -> int:
        """Size of the data."""
        return len(self._template)


def _add(pair: tuple[int, int], side: int, more: int) -> tuple[int, int]:
    return (pair[0] + more, pair[1]) if side == 0 else (pair[0], pair[1] + more)
