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
    Pool,
    Quote,
    TransferFees,
    VaultFill,
    after_transfers,
    root_rate,
    root_reserves,
    share_left,
    transfer_fees_at,
)
from cambist.engine.reference.venues.quote_error import QuoteError, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.damm2.layout import DammV2Pool


@dataclass(frozen=True)
class DammV2State(Pool):
    """A Meteora DAMM v2 pool."""

    account: DammV2Pool
    transfer_fees: TransferFees = (None, None)

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens A and B."""
        return self.account.mints

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        fee_in, _ = transfer_fees_at(self.transfer_fees, a_to_b, time)
        kept = amount_in - fee_in.fee(amount_in)
        return self._done(a_to_b, self._swap(damm_v2.SwapMode.EXACT_IN, kept, a_to_b, time), time, amount_in)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        _, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        gross = to_u64(fee_out.gross(amount_out))
        return self._done(a_to_b, self._swap(damm_v2.SwapMode.EXACT_OUT, gross, a_to_b, time), time)

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

    def _swap(self, mode: damm_v2.SwapMode, amount: int, a_to_b: bool, time: ChainTime) -> damm_v2.DammV2Fill:
        return damm_v2.swap(self.account, mode, amount, time.slot, time.unix_timestamp, a_to_b=a_to_b)

    def _done(
        self, a_to_b: bool, fill: damm_v2.DammV2Fill, time: ChainTime, sent: int | None = None
    ) -> tuple[Quote, Pool]:
        fees = (fill.fee, 0) if fill.fee_on_input else (0, fill.fee)
        filled = VaultFill(fill.amount_in, fill.amount_out, fees)
        quote = filled.quote(self.transfer_fees, a_to_b, time, sent)
        return quote, with_fields(self, account=fill.pool)

    def _kept(self, a_to_b: bool, time: ChainTime) -> int:
        """Returns what is kept of 10⁹ atoms, at the margin; 0 if a swap would fail."""
        try:
            return FEE_DENOMINATOR - damm_v2.fee_rate_at(self.account, time.slot, time.unix_timestamp, a_to_b=a_to_b)
        except QuoteError:
            return 0
