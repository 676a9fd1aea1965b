"""A Raydium AMM v4 pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from cambist.engine.reference.venues import constant_product as raydium_v4
from cambist.engine.reference.venues.quote import ChainTime, Pool, Quote, fit, moved
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, RoundingRule

if TYPE_CHECKING:
    from cambist.engine.reference.venues.ray4.layout import AmmV4

_V4_TRADABLE = (1, 6, 7)
_V4_WAITING = 7


@dataclass(frozen=True)
class AmmV4Pool(Pool):
    """A Raydium AMM v4 pool."""

    is_product: ClassVar[bool] = True
    account: AmmV4
    amounts: tuple[int, int]
    """Balances of the coin and the pc vault."""
    rule: RoundingRule = RoundingRule.TRUE_CEIL

    def mints(self) -> tuple[bytes, bytes]:
        """Returns coin and pc mint."""
        return self.account.coin_mint, self.account.pc_mint

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        amount_out, fee = raydium_v4.exact_in(self._reserves(a_to_b), self._fee(), amount_in, self.rule)
        return self._done(a_to_b, amount_in, amount_out, fee)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-out quote and the pool after it. Raises `QuoteError`."""
        self._check(time)
        amount_in, fee = raydium_v4.exact_out(self._reserves(a_to_b), self._fee(), amount_out, self.rule)
        return self._done(a_to_b, amount_in, amount_out, fee)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        reserve_in, reserve_out = self._reserves(a_to_b)
        num, den = self._fee()
        if not self._is_tradable(time) or min(reserve_in, reserve_out) <= 0 or num >= den:
            return None
        return fit(reserve_out * (den - num), reserve_in * den)

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept)."""
        reserve_in, reserve_out = self._reserves(a_to_b)
        num, den = self._fee()
        if not self._is_tradable(time) or min(reserve_in, reserve_out) <= 0 or num >= den:
            return None
        return float(reserve_in), float(reserve_out), float(den - num) / float(den)

    def _fee(self) -> tuple[int, int]:
        return self.account.swap_fee_numerator, self.account.swap_fee_denominator

    def _reserves(self, a_to_b: bool) -> tuple[int, int]:
        coin = self.amounts[0] - self.account.need_take_pnl_coin
        pc = self.amounts[1] - self.account.need_take_pnl_pc
        return (coin, pc) if a_to_b else (pc, coin)

    def _is_tradable(self, time: ChainTime) -> bool:
        if self.account.status == _V4_WAITING:
            return time.unix_timestamp >= self.account.pool_open_time
        return self.account.status in _V4_TRADABLE

    def _check(self, time: ChainTime) -> None:
        if not self._is_tradable(time):
            raise QuoteError(Reason.NOT_TRADABLE)

    def _done(self, a_to_b: bool, amount_in: int, amount_out: int, fee: int) -> tuple[Quote, Pool]:
        quote = Quote(amount_in, amount_out, fee, 0, 0, 0, 0)
        account = replace(self.account, status=6) if self.account.status == _V4_WAITING else self.account
        return quote, AmmV4Pool(account, moved(self.amounts, a_to_b, amount_in, amount_out), self.rule)
