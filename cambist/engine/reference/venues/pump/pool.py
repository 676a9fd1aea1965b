"""A Pump AMM pool."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, ClassVar

from cambist.engine.reference.chain import pda
from cambist.engine.reference.venues.pump import maths as pump
from cambist.engine.reference.venues.pump import owned
from cambist.engine.reference.venues.quote import (
    BASIS_POINTS,
    ChainTime,
    TransferFees,
    VaultFill,
    VaultPool,
    after_transfers,
    fit,
    moved,
    share_left,
    transfer_fees_at,
)
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpFees, PumpPool

_BUYS_ARE_OFF = 1 << 3
_SELLS_ARE_OFF = 1 << 4


def is_canonical(pool: PumpPool, find: Callable[[list[bytes], bytes], tuple[bytes, int]] = pda.find) -> bool:
    """Returns whether Pump made the pool itself, so that its fees go by market cap; `find` derives its address."""
    return pool.creator == find([b"pool-authority", pool.base_mint], owned.PUMP)[0]


@dataclass(frozen=True)
class PumpState(VaultPool[pump.PumpFill]):
    """A Pump AMM pool; base is token A."""

    is_product: ClassVar[bool] = True
    account: PumpPool
    config: PumpConfig
    fee_config: PumpFeeConfig | None
    """Without it the configuration's own fees hold."""
    base_supply: int | None
    """Atoms of the base mint, which the fees of a canonical pool need."""
    canonical: bool
    """As `is_canonical` says; kept, as it takes a derivation."""
    amounts: tuple[int, int]
    """Balances of the base and the quote vault."""
    transfer_fees: TransferFees

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of base and quote."""
        return self.account.base_mint, self.account.quote_mint

    def fill(self, a_to_b: bool, amount: int, *, exact_in: bool) -> pump.PumpFill:
        """Returns the swap; amounts are inside the vaults. Raises `QuoteError`."""
        if self.config.disable_flags & (_SELLS_ARE_OFF if a_to_b else _BUYS_ARE_OFF):
            raise QuoteError(Reason.NOT_TRADABLE)
        reserves, fees = self._reserves(), self.fees()
        if a_to_b:
            fill = (pump.sell_exact_in if exact_in else pump.sell_exact_out)(reserves, fees, amount)
        else:
            fill = (pump.buy_exact_in if exact_in else pump.buy_exact_out)(reserves, fees, amount)
        # Virtual reserves make a price, but don't pay.
        if a_to_b and fill.amount_out + fill.owed() > self.amounts[1]:
            raise QuoteError(Reason.LIQUIDITY)
        self._balances_after(a_to_b, fill)
        return fill

    def fees(self) -> PumpFees:
        """Returns the fees in bps that hold now. Raises `QuoteError` missing_account without the base supply."""
        fees = self._scheduled()
        return fees if any(self.account.coin_creator) else fees._replace(creator=0)

    def _scheduled(self) -> PumpFees:
        if self.fee_config is None:
            return self.config.fees
        if not self.canonical or not self.fee_config.tiers:
            return self.fee_config.flat
        base, quote = self.amounts
        if self.base_supply is None:
            raise QuoteError(Reason.MISSING_ACCOUNT)
        if base == 0:
            raise QuoteError(Reason.EMPTY_POOL)
        market_cap = quote * self.base_supply // base
        found = self.fee_config.tiers[0][1]
        for least, fees in self.fee_config.tiers:
            if least <= market_cap:
                found = fees
        return found

    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> pump.PumpFill:
        """Returns the swap; amounts are inside the vaults. Raises `QuoteError`."""
        return self.fill(a_to_b, amount, exact_in=exact_in)

    def vault_fill(self, a_to_b: bool, fill: pump.PumpFill) -> VaultFill:
        """Returns what `fill` moves between the vaults."""
        return VaultFill(fill.amount_in, fill.amount_out, (0, fill.fee()) if a_to_b else (fill.fee(), 0))

    def swapped(self, a_to_b: bool, fill: pump.PumpFill) -> PumpState:
        """Returns the pool after `fill`. Raises `QuoteError` overflow."""
        return with_fields(self, amounts=self._balances_after(a_to_b, fill))

    def _balances_after(self, a_to_b: bool, fill: pump.PumpFill) -> tuple[int, int]:
        owed = fill.owed()
        if a_to_b:
            return moved(self.amounts, a_to_b, fill.amount_in, to_u64(fill.amount_out + owed))
        return moved(self.amounts, a_to_b, to_u64(fill.amount_in - owed), fill.amount_out)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        found = self._margin(a_to_b)
        if found is None:
            return None
        (reserve_in, reserve_out), (kept, whole) = found
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        if not share_left(fee_in) or not share_left(fee_out):
            return None
        net = kept * share_left(fee_in) * share_left(fee_out)
        return fit(reserve_out * net, reserve_in * whole * BASIS_POINTS**2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept), exact up to rounding."""
        found = self._margin(a_to_b)
        if found is None:
            return None
        (reserve_in, reserve_out), (kept, whole) = found
        share = float(kept) / float(whole)
        fees = transfer_fees_at(self.transfer_fees, a_to_b, time)
        if a_to_b:
            return after_transfers((float(reserve_in), float(reserve_out) * share), 1.0, fees)
        return after_transfers((float(reserve_in), float(reserve_out)), share, fees)

    def _reserves(self) -> pump.PumpReserves:
        return pump.reserves(*self.amounts, self.account.virtual_quote_reserves)

    def _margin(self, a_to_b: bool) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Returns (reserve in, reserve out) and (kept, whole) of the quote, `None` if a swap would fail."""
        if self.config.disable_flags & (_SELLS_ARE_OFF if a_to_b else _BUYS_ARE_OFF):
            return None
        try:
            (base, quote), total = self._reserves(), sum(self.fees())
        except QuoteError:
            return None
        if not a_to_b:
            return (quote, base), (BASIS_POINTS, BASIS_POINTS + total)
        return ((base, quote), (BASIS_POINTS - total, BASIS_POINTS)) if total < BASIS_POINTS else None
