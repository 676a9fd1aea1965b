"""A Raydium CLMM pool."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.clmm import maths as raydium_clmm
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
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from cambist.engine.reference.venues.clmm.layout import ClmmConfig, ClmmPool

_U64 = 1 << 64


@dataclass(frozen=True)
class ClmmState(VaultPool[raydium_clmm.ClmmFill]):
    """A Raydium CLMM pool; token 0 is token A."""

    account: ClmmPool
    config: ClmmConfig
    ticks: raydium_clmm.ClmmTicks
    transfer_fees: TransferFees

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens 0 and 1."""
        return self.account.mints

    def vault_swap(self, a_to_b: bool, amount: int, time: ChainTime, *, exact_in: bool) -> raydium_clmm.ClmmFill:
        """Returns the swap as the program does it; amounts are inside the vaults. Raises `QuoteError`."""
        return raydium_clmm.swap(
            self.account,
            self.config,
            self.ticks,
            amount,
            exact_in=exact_in,
            zero_for_one=a_to_b,
            now=time.unix_timestamp,
        )

    def vault_fill(self, a_to_b: bool, fill: raydium_clmm.ClmmFill) -> VaultFill:
        """Returns what `fill` moves between the vaults."""
        fees = (fill.fee, 0) if fill.fee_on_input else (0, fill.fee)
        return VaultFill(fill.amount_in, fill.amount_out, fees, fill.ticks_crossed)

    def swapped(self, a_to_b: bool, fill: raydium_clmm.ClmmFill) -> ClmmState:
        """Returns the pool after `fill`."""
        side = int(fill.fee_on_input != a_to_b)

        def put(pair: tuple[int, int], value: int) -> tuple[int, int]:
            return (pair[0], value) if side else (value, pair[1])

        was = self.account
        ticks = self.ticks.after(fill.changed)
        account = replace(
            was,
            sqrt_price=fill.sqrt_price,
            tick=fill.tick,
            liquidity=fill.liquidity,
            fee_growths=put(was.fee_growths, fill.fee_growth),
            protocol_fees=put(was.protocol_fees, (was.protocol_fees[side] + fill.protocol_fee) % _U64),
            fund_fees=put(was.fund_fees, (was.fund_fees[side] + fill.fund_fee) % _U64),
            bitmap=ticks.bitmap() if fill.changed else was.bitmap,
            dynamic_fee=fill.dynamic_fee,
        )
        return with_fields(self, account=account, ticks=ticks)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den), within 10⁻¹⁵."""
        kept = self._kept(a_to_b, time)
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        if kept is None or not share_left(fee_in) or not share_left(fee_out):
            return None
        net = kept * share_left(fee_in) * share_left(fee_out)
        return root_rate(self.account.sqrt_price, a_to_b, net, PPM * BASIS_POINTS**2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) within the current tick range."""
        kept = self._kept(a_to_b, time)
        if kept is None:
            return None
        share = float(kept) / float(PPM)
        reserve_in, reserve_out = root_reserves(float(self.account.liquidity), self.account.sqrt_price, a_to_b)
        fees = transfer_fees_at(self.transfer_fees, a_to_b, time)
        if self.account.fee_on_input(zero_for_one=a_to_b):
            return after_transfers((reserve_in, reserve_out), share, fees)
        return after_transfers((reserve_in, reserve_out * share), 1.0, fees)

    def _kept(self, a_to_b: bool, time: ChainTime) -> int | None:
        """Returns what is kept of a million atoms, at the margin; `None` if a swap would fail."""
        account, now = self.account, time.unix_timestamp
        if account.liquidity == 0 or not account.is_open(now):
            return None
        try:
            rate = raydium_clmm.ClmmFeeRate(self.config.trade_fee_rate, account, now, zero_for_one=a_to_b)
        except QuoteError:
            return None
        return PPM - rate.rate if rate.rate < PPM else None
