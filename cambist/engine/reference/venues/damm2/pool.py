"""A Meteora DAMM v2 pool."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2 import maths as damm_v2
from cambist.engine.reference.venues.damm2.fee import FEE_DENOMINATOR
from cambist.engine.reference.venues.quote import (
    BASIS_POINTS,
    ChainTime,
    TransferFees,
    VaultFill,
    VaultPool,
    after_transfers,
    root_rate,
    root_reserves,
    share_left,
    transfer_fees_at,
)
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2Pool


@dataclass(frozen=True)
class DammV2State(VaultPool[damm_v2.DammV2Fill]):
    """A Meteora DAMM v2 pool."""

    account: DammV2Pool
    transfer_fees: TransferFees = (None, None)

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens A and B."""
        return self.account.mints

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den), within 10⁻¹⁵."""
        kept = self._kept(a_to_b, time)
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        net = kept * share_left(fee_in) * share_left(fee_out)
        return root_rate(self.account.sqrt_price, a_to_b, net, FEE_DENOMINATOR * BASIS_POINTS**2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) of its one price range."""
        kept = self._kept(a_to_b, time)
        if kept <= 0:
            return None
        # Its liquidity has 64 bits more than a Whirlpool's.
        reserves = root_reserves(float(self.account.liquidity) / 2.0**64, self.account.sqrt_price, a_to_b)
        fees = transfer_fees_at(self.transfer_fees, a_to_b, time)
        return after_transfers(reserves, float(kept) / float(FEE_DENOMINATOR), fees)

    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> damm_v2.DammV2Fill:
        """Returns the swap as the program does it; amounts are inside the vaults. Raises `QuoteError`."""
        mode = damm_v2.SwapMode.EXACT_IN if exact_in else damm_v2.SwapMode.EXACT_OUT
        return damm_v2.swap(self.account, mode, amount, time.slot, time.unix_timestamp, a_to_b=a_to_b)

    def vault_fill(self, a_to_b: bool, fill: damm_v2.DammV2Fill) -> VaultFill:
        """Returns what `fill` moves between the vaults."""
        return VaultFill(fill.amount_in, fill.amount_out, (fill.fee, 0) if fill.fee_on_input else (0, fill.fee))

    def swapped(self, a_to_b: bool, fill: damm_v2.DammV2Fill) -> DammV2State:
        """Returns the pool after `fill`."""
        return with_fields(self, account=fill.pool)

    def _kept(self, a_to_b: bool, time: ChainTime) -> int:
        """Returns what is kept of 10⁹ atoms, at the margin; 0 if a swap would fail."""
        try:
            return FEE_DENOMINATOR - damm_v2.fee_rate_at(self.account, time.slot, time.unix_timestamp, a_to_b=a_to_b)
        except QuoteError:
            return 0
