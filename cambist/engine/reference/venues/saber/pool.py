"""A Saber stable swap."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.quote import ChainTime, Pool, Quote, fit, moved
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64
from cambist.engine.reference.venues.saber import maths as stable_swap

if TYPE_CHECKING:
    from cambist.engine.reference.venues.saber.layout import StableSwap


@dataclass(frozen=True)
class StablePool(Pool):
    """A Saber stable swap."""

    account: StableSwap
    amounts: tuple[int, int]
    """Balances of the vaults of A and B."""

    def mints(self) -> tuple[bytes, bytes]:
        """Returns the mints of tokens A and B."""
        return self.account.mints

    def swap(self, a_to_b: bool, amount_in: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the exact-in quote and the pool after it. Raises `QuoteError`."""
        fill = self._fill(a_to_b, amount_in, time)
        quote = Quote(fill.amount_in, fill.amount_out, 0, fill.fee, 0, 0, 0)
        amounts = moved(self.amounts, a_to_b, fill.amount_in, fill.amount_out + fill.admin_fee)
        return quote, with_fields(self, amounts=amounts)

    def swap_exact_out(self, a_to_b: bool, amount_out: int, time: ChainTime) -> tuple[Quote, Pool]:
        """Returns the swap of the least input that buys `amount_out`, and the pool after it. Raises `QuoteError`.

        The program itself swaps exact in only, so that it may pay more than was asked for.
        """
        if amount_out == 0:
            raise QuoteError(Reason.ZERO_AMOUNT)
        if amount_out >= self.amounts[1 if a_to_b else 0]:
            raise QuoteError(Reason.LIQUIDITY)
        low, high = 0, amount_out
        while not self._pays(a_to_b, high, amount_out, time):
            low, high = high, 2 * high
            if high >= 1 << 64:
                raise QuoteError(Reason.LIQUIDITY)
        while high - low > 1:
            middle = low + (high - low) // 2
            if self._pays(a_to_b, middle, amount_out, time):
                high = middle
            else:
                low = middle
        return self.swap(a_to_b, high, time)

    def rate(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        """Returns the marginal rate as (num, den)."""
        slope, kept = self._slope(a_to_b, time), self._kept()
        if slope is None or kept <= 0:
            return None
        return fit(slope[0] * kept, slope[1] * self.account.trade_fee[1])

    def virtual_reserves(self, a_to_b: bool, time: ChainTime) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept) of the constant product that bends as the curve does here."""
        kept = self._kept()
        if self._slope(a_to_b, time) is None or kept <= 0:
            return None
        x, y = self._sides(a_to_b)
        amp = stable_swap.amplification(self.account, time.unix_timestamp)
        reserves = _osculating(amp, float(x), float(y), float(stable_swap.invariant(amp, (x, y))))
        return (*reserves, float(kept) / float(self.account.trade_fee[1]))

    def _fill(self, a_to_b: bool, amount_in: int, time: ChainTime) -> stable_swap.StableFill:
        if amount_in == 0:
            raise QuoteError(Reason.ZERO_AMOUNT)
        return stable_swap.swap(self.account, self.amounts, amount_in, time.unix_timestamp, a_to_b=a_to_b)

    def _pays(self, a_to_b: bool, amount_in: int, amount_out: int, time: ChainTime) -> bool:
        try:
            return self._fill(a_to_b, amount_in, time).amount_out >= amount_out
        except QuoteError as error:
            if error.reason is Reason.ZERO_OUTPUT:
                return False
            raise

    def _slope(self, a_to_b: bool, time: ChainTime) -> tuple[int, int] | None:
        if self.account.is_paused:
            return None
        try:
            amp = to_u64(stable_swap.amplification(self.account, time.unix_timestamp))
            return stable_swap.slope(amp, self._sides(a_to_b))
        except QuoteError:
            return None

    def _kept(self) -> int:
        """Returns what is left of the fee's denominator."""
        return self.account.trade_fee[1] - self.account.trade_fee[0]

    def _sides(self, a_to_b: bool) -> tuple[int, int]:
        return self.amounts if a_to_b else (self.amounts[1], self.amounts[0])


def _osculating(amp: int, x: float, y: float, d: float) -> tuple[float, float]:
    """Returns the reserves of the constant product with the same slope and bend as the curve has at (x, y)."""
    ann, k = 2.0 * float(amp), d * d * d / 4.0
    in_x, in_y = ann + k / (x * x * y), ann + k / (x * y * y)
    bend_x = 0.0 - 2.0 * k / (x * x * x * y)
    bend_xy = 0.0 - k / (x * x * y * y)
    bend_y = 0.0 - 2.0 * k / (x * y * y * y)
    slope = in_x / in_y
    bend = 0.0 - (bend_x - 2.0 * bend_xy * slope + bend_y * slope * slope) / in_y
    reserve_in = 2.0 * slope / bend
    return reserve_in, slope * reserve_in
