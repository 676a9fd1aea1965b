"""Pump AMM: a constant product of base and quote, three fees in quote.

From the program's published formulas; no execution was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

if TYPE_CHECKING:
    from cambist.engine.reference.venues.pump.layout import PumpFees

_BASIS_POINTS = 10_000
_I128_MAX = (1 << 127) - 1


class PumpFill(NamedTuple):
    """What one swap moves. Amounts are what the trader pays and gets, in atoms inside the vaults."""

    amount_in: int
    amount_out: int
    lp_fee: int
    """Stays in the quote vault, with what an exact quote input leaves over."""
    protocol_fee: int
    creator_fee: int

    def fee(self) -> int:
        """Returns all fees, in quote. Raises `QuoteError` overflow."""
        return to_u64(self.lp_fee + self.owed())

    def owed(self) -> int:
        """Returns what leaves the quote vault for others than the trader. Raises `QuoteError` overflow."""
        return to_u64(self.protocol_fee + self.creator_fee)


class PumpReserves(NamedTuple):
    """The reserves that make the price: the base vault, and the quote vault with the virtual reserves."""

    base: int
    quote: int


def reserves(base: int, quote: int, virtual_quote: int) -> PumpReserves:
    """Returns the reserves of the vaults' balances.

    Raises `QuoteError`: empty_pool if there is nothing of one, overflow if the virtual reserves can't be.
    """
    effective = quote + virtual_quote
    if effective > _I128_MAX:
        raise QuoteError(Reason.OVERFLOW)
    if base == 0 or effective <= 0:
        raise QuoteError(Reason.EMPTY_POOL)
    return PumpReserves(base, to_u64(effective))


def buy_exact_in(pool: PumpReserves, fees: PumpFees, quote: int) -> PumpFill:
    """Returns what exactly `quote` buys, all fees within (`buy_exact_quote_in`). Raises `QuoteError`."""
    _check(quote)
    spent = quote * _BASIS_POINTS // (_BASIS_POINTS + sum(fees))
    lp, protocol, creator = _fees_of(fees, spent)
    spent = min(spent, quote - lp - protocol - creator)
    # The program gives the price of one atom less.
    amount_out = _out(pool.quote, pool.base, spent - 1) if spent > 1 else 0
    if amount_out == 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return PumpFill(quote, amount_out, quote - spent - protocol - creator, protocol, creator)


def buy_exact_out(pool: PumpReserves, fees: PumpFees, base: int) -> PumpFill:
    """Returns what buys exactly `base` (`buy`). Raises `QuoteError`."""
    _check(base)
    spent = _cost(pool.quote, pool.base, base)
    lp, protocol, creator = _fees_of(fees, spent)
    return PumpFill(to_u64(spent + lp + protocol + creator), base, lp, protocol, creator)


def sell_exact_in(pool: PumpReserves, fees: PumpFees, base: int) -> PumpFill:
    """Returns what exactly `base` sells for (`sell`). Raises `QuoteError`."""
    _check(base)
    gross = _out(pool.base, pool.quote, base)
    lp, protocol, creator = _fees_of(fees, gross)
    net = gross - lp - protocol - creator
    if net <= 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return PumpFill(base, net, lp, protocol, creator)


def sell_exact_out(pool: PumpReserves, fees: PumpFees, quote: int) -> PumpFill:
    """Returns a sale for at least `quote`. Raises `QuoteError`.

    The program itself sells exact in only, so that it may pay more than was asked for.
    """
    _check(quote)
    kept = _BASIS_POINTS - sum(fees)
    if kept <= 0:
        raise QuoteError(Reason.LIQUIDITY)
    gross = to_u64(-(-quote * _BASIS_POINTS // kept))
    # Three fees rounded up may take up to 3 atoms more than their share; then the next atom of quote is tried.
    while True:
        base = _cost(pool.base, pool.quote, gross)
        try:
            fill = sell_exact_in(pool, fees, base)
        except QuoteError as error:
            if error.reason is not Reason.ZERO_OUTPUT:
                raise
        else:
            if fill.amount_out >= quote:
                return fill
        gross = _out(pool.base, pool.quote, base) + 1


def _check(amount: int) -> None:
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)


def _fees_of(fees: PumpFees, quote: int) -> tuple[int, int, int]:
    """Returns the fees of an amount of quote, each rounded up."""
    lp, protocol, creator = (-(-quote * bps // _BASIS_POINTS) for bps in fees)
    return lp, protocol, creator


def _out(reserve_in: int, reserve_out: int, amount_in: int) -> int:
    """Returns what the curve gives for an input, rounded down."""
    return reserve_out * amount_in // (reserve_in + amount_in)


def _cost(reserve_in: int, reserve_out: int, amount_out: int) -> int:
    """Returns what the curve takes for an output below the reserve, rounded up. Raises `QuoteError`."""
    if amount_out >= reserve_out:
        raise QuoteError(Reason.LIQUIDITY)
    return to_u64(-(-reserve_in * amount_out // (reserve_out - amount_out)))
