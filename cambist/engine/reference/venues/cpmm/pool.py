"""A Raydium CPMM pool."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from cambist.engine.reference.venues.cpmm import maths as raydium_cpmm
from cambist.engine.reference.venues.quote import (
    BASIS_POINTS,
    PPM,
    ChainTime,
    Pool,
    Quote,
    TransferFees,
    fit,
    moved,
    share_left,
    transfer_fees_at,
)
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, RoundingRule, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.cpmm.layout import CpmmConfig, CpmmPool

_CPMM_SWAP_OFF = 4


@dataclass(frozen=True)
class CpmmPoolState(Pool):
    """A Raydium CPMM pool."""

    is_product: ClassVar[bool] = True
    account: CpmmPool
    config: CpmmConfig
    amounts: tuple[int, int]
    """Balances of the two vaults."""
    transfer_fees: TransferFees = (None, None)
    rule: RoundingRule = RoundingRule.TRUE_CEIL

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens 0 and 1."""
        return self.account.mints

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        withheld = fee_in.fee(amount_in)
        fill = raydium_cpmm.exact_in(self._reserves(a_to_b), self._rates(a_to_b), amount_in - withheld)
        return self._done(a_to_b, fill, withheld, fee_out.fee(fill.amount_out))

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        gross_out = to_u64(fee_out.gross(amount_out))
        fill = raydium_cpmm.exact_out(self._reserves(a_to_b), self._rates(a_to_b), gross_out, self.rule)
        withheld = to_u64(fee_in.gross(fill.amount_in)) - fill.amount_in
        return self._done(a_to_b, fill, withheld, gross_out - amount_out)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        kept = self._kept(a_to_b, time)
        reserve_in, reserve_out = self._reserves(a_to_b)
        if kept is None or min(reserve_in, reserve_out) <= 0:
            return None
        return fit(reserve_out * kept[0] * kept[1], reserve_in * (PPM * BASIS_POINTS) ** 2)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out after output fees, share kept of the input)."""
        kept = self._kept(a_to_b, time)
        reserve_in, reserve_out = self._reserves(a_to_b)
        if kept is None or min(reserve_in, reserve_out) <= 0:
            return None
        whole = float(PPM * BASIS_POINTS)
        return float(reserve_in), float(reserve_out) * float(kept[1]) / whole, float(kept[0]) / whole

    def _kept(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns what is kept of an atom in and of an atom out at the margin, in 10⁻¹⁰, if both are positive."""
        rates = self._rates(a_to_b)
        fee_in, fee_out = transfer_fees_at(self.transfer_fees, a_to_b, time)
        on_input = rates.creator if rates.creator_on_input else 0
        kept_in = (PPM - rates.trade - on_input) * share_left(fee_in)
        kept_out = (PPM - rates.creator + on_input) * share_left(fee_out)
        return (kept_in, kept_out) if self._is_tradable(time) and kept_in > 0 and kept_out > 0 else None

    def _rates(self, a_to_b: bool) -> raydium_cpmm.CpmmRates:
        mode, config = self.account.creator_fee_on, self.config
        return raydium_cpmm.CpmmRates(
            trade=config.trade_fee_rate,
            protocol=config.protocol_fee_rate,
            fund=config.fund_fee_rate,
            creator=config.creator_fee_rate if self.account.enable_creator_fee else 0,
            creator_on_input=mode == 0 or (mode == 1) == a_to_b,
        )

    def _reserves(self, a_to_b: bool) -> tuple[int, int]:
        account = self.account
        first, second = (
            self.amounts[side] - account.protocol_fees[side] - account.fund_fees[side] - account.creator_fees[side]
            for side in (0, 1)
        )
        return (first, second) if a_to_b else (second, first)

    def _is_tradable(self, time: ChainTime) -> bool:
        return not self.account.status & _CPMM_SWAP_OFF and time.unix_timestamp >= self.account.open_time

    def _check(self, time: ChainTime) -> None:
        if not self._is_tradable(time):
            raise QuoteError(Reason.NOT_TRADABLE)

    def _done(
        self, a_to_b: bool, fill: raydium_cpmm.CpmmFill, withheld_in: int, withheld_out: int
    ) -> tuple[Quote, Pool]:
        if fill.amount_out == withheld_out:
            raise QuoteError(Reason.ZERO_OUTPUT)
        on_input = self._rates(a_to_b).creator_on_input
        creator_in, creator_out = (fill.creator_fee, 0) if on_input else (0, fill.creator_fee)
        quote = Quote(
            amount_in=fill.amount_in + withheld_in,
            amount_out=fill.amount_out - withheld_out,
            fee=fill.trade_fee + creator_in,
            fee_out=creator_out,
            transfer_fee_in=withheld_in,
            transfer_fee_out=withheld_out,
            ticks_crossed=0,
        )
        account = replace(
            self.account,
            protocol_fees=moved(self.account.protocol_fees, a_to_b, fill.protocol_fee, 0),
            fund_fees=moved(self.account.fund_fees, a_to_b, fill.fund_fee, 0),
            creator_fees=moved(self.account.creator_fees, a_to_b, creator_in, -creator_out),
        )
        amounts = moved(self.amounts, a_to_b, fill.amount_in, fill.amount_out)
        return quote, with_fields(self, account=account, amounts=amounts)
