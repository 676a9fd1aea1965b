"""An Orca Whirlpool."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.adaptive_fee import FeeRate
from cambist.engine.reference.venues.orca import maths as whirlpool_math
from cambist.engine.reference.venues.quote import (
    BASIS_POINTS,
    PPM,
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
from cambist.engine.reference.venues.quote_error import QuoteError, Reason

if TYPE_CHECKING:
    from cambist.engine.reference.venues.orca.layout import Oracle, Whirlpool
    from cambist.engine.reference.venues.tick_array_manager import Ticks


@dataclass(frozen=True)
class WhirlpoolState(VaultPool[whirlpool_math.WhirlpoolFill]):
    """An Orca Whirlpool."""

    account: Whirlpool
    ticks: Ticks
    oracle: Oracle | None = None
    transfer_fees: TransferFees = (None, None)

    def mints(self) -> tuple[bytes, bytes]:
        """Returns mints A and B."""
        return self.account.mint_a, self.account.mint_b

    def fill(
        self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool, limit: int = whirlpool_math.NO_LIMIT
    ) -> whirlpool_math.WhirlpoolFill:
        """Returns the swap as the program does it, partial ones included; amounts are inside the vaults."""
        if self.oracle is None and self.account.has_adaptive_fee():
            raise QuoteError(Reason.MISSING_ACCOUNT)
        return whirlpool_math.swap(
            whirlpool_math.Curve.of(self.account),
            self.ticks,
            self.oracle,
            amount,
            exact_in=exact_in,
            a_to_b=a_to_b,
            limit=limit,
            now=time.unix_timestamp,
        )

    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> whirlpool_math.WhirlpoolFill:
        """Returns the whole swap as the program does it; amounts are inside the vaults. Raises `QuoteError`."""
        fill = self.fill(a_to_b, amount, time, exact_in=exact_in)
        if exact_in and fill.left:
            raise QuoteError(Reason.LIQUIDITY)
        return fill

    def vault_fill(self, a_to_b: bool, fill: whirlpool_math.WhirlpoolFill) -> VaultFill:
        """Returns what `fill` moves between the vaults."""
        return VaultFill(fill.amount_in, fill.amount_out, (fill.fee, 0), len(fill.crossings))

    def swapped(self, a_to_b: bool, fill: whirlpool_math.WhirlpoolFill) -> WhirlpoolState:
        """Returns the pool after `fill`."""
        owed_a, owed_b = (fill.protocol_fee, 0) if a_to_b else (0, fill.protocol_fee)
        account = replace(
            self.account,
            sqrt_price=fill.curve.sqrt_price,
            tick=fill.curve.tick,
            liquidity=fill.curve.liquidity,
            fee_growth_a=fill.curve.fee_growth_a,
            fee_growth_b=fill.curve.fee_growth_b,
            protocol_owed_a=(self.account.protocol_owed_a + owed_a) % (1 << 64),
            protocol_owed_b=(self.account.protocol_owed_b + owed_b) % (1 << 64),
        )
        oracle = self.oracle
        if oracle is not None and fill.variables is not None:
            oracle = replace(oracle, variables=fill.variables)
        return with_fields(self, account=account, oracle=oracle)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den), within 10⁻¹⁵."""
        kept = self._kept(a_to_b, time)
        if kept is None:
            return None
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        net = kept * share_left(fee_in) * share_left(fee_out)
        return root_rate(self.account.sqrt_price, a_to_b, net, PPM * BASIS_POINTS**2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) within the current tick range."""
        kept = self._kept(a_to_b, time)
        if kept is None:
            return None
        reserves = root_reserves(float(self.account.liquidity), self.account.sqrt_price, a_to_b)
        fees = transfer_fees_at(self.transfer_fees, a_to_b, time)
        return after_transfers(reserves, float(kept) / float(PPM), fees)

    def _kept(self, a_to_b: bool, time: ChainTime) -> int | None:
        """Returns what is kept of a million atoms in, at the margin; `None` if a swap would fail."""
        account, oracle, now = self.account, self.oracle, time.unix_timestamp
        if account.liquidity == 0 or account.sqrt_price == 0:
            return None
        if oracle is None:
            return None if account.has_adaptive_fee() else PPM - account.fee_rate
        if oracle.trade_enable_timestamp > now:
            return None
        try:
            rate = FeeRate(account.fee_rate, (oracle.constants, oracle.variables), account.tick, now, a_to_b=a_to_b)
        except QuoteError:
            return None
        return PPM - rate.rate
