"""Raydium CPMM: constant product with trade and creator fees.

Amounts are atoms inside the vaults, that is after the transfer fee of the token in and before the transfer fee of the
token out. Rates are ppm.
"""

from __future__ import annotations

import msgspec

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, RoundingRule, to_u64

RATE_DENOMINATOR = 1_000_000


class CpmmRates(msgspec.Struct, frozen=True):
    """The fees of a pool in one direction."""

    trade: int
    protocol: int
    """Share of the trade fee."""
    fund: int
    """Share of the trade fee."""
    creator: int
    """0 where it is switched off."""
    creator_on_input: bool


class CpmmFill(msgspec.Struct, frozen=True):
    """What one swap moves. `protocol_fee` and `fund_fee` are parts of `trade_fee`."""

    amount_in: int
    """Into the vault, fees included."""
    amount_out: int
    """Out of the vault."""
    trade_fee: int
    protocol_fee: int
    fund_fee: int
    creator_fee: int
    """In atoms of the token in if it is charged on the input, else of the token out."""


def exact_in(reserves: tuple[int, int], rates: CpmmRates, amount_in: int) -> CpmmFill:
    """Returns the swap of `amount_in` against (reserve in, reserve out). Raises `QuoteError`."""
    reserve_in, reserve_out = _check(reserves, amount_in)
    on_input = rates.creator if rates.creator_on_input else 0
    total = _ceil_ppm(amount_in, rates.trade + on_input)
    creator = total * on_input // (rates.trade + on_input) if on_input else 0
    if total > amount_in:
        raise QuoteError(Reason.OVERFLOW)
    curve_in = amount_in - total
    curve_out = reserve_out * curve_in // (reserve_in + curve_in)
    taken = 0 if rates.creator_on_input else _ceil_ppm(curve_out, rates.creator)
    if taken > curve_out:
        raise QuoteError(Reason.OVERFLOW)
    if curve_out == taken:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return _fill(rates, amount_in, curve_out - taken, total - creator, creator + taken)


def exact_out(
    reserves: tuple[int, int], rates: CpmmRates, amount_out: int, rule: RoundingRule = RoundingRule.TRUE_CEIL
) -> CpmmFill:
    """Returns the swap that takes `amount_out` from (reserve in, reserve out). Raises `QuoteError`."""
    reserve_in, reserve_out = _check(reserves, amount_out)
    on_input = rates.creator if rates.creator_on_input else 0
    curve_out = amount_out if rates.creator_on_input else _gross_up(amount_out, rates.creator)
    if curve_out >= reserve_out:
        raise QuoteError(Reason.LIQUIDITY)
    curve_in = rule.divide(reserve_in * curve_out, reserve_out - curve_out)
    if (reserve_in + curve_in) * (reserve_out - curve_out) < reserve_in * reserve_out:
        raise QuoteError(Reason.INVARIANT)
    amount_in = to_u64(_gross_up(curve_in, rates.trade + on_input))
    total = amount_in - curve_in
    creator = total * on_input // (rates.trade + on_input) if on_input else 0
    return _fill(rates, amount_in, amount_out, total - creator, creator + curve_out - amount_out)


def _fill(rates: CpmmRates, amount_in: int, amount_out: int, trade: int, creator: int) -> CpmmFill:
    protocol = trade * rates.protocol // RATE_DENOMINATOR
    fund = trade * rates.fund // RATE_DENOMINATOR
    if protocol + fund > trade:
        raise QuoteError(Reason.OVERFLOW)
    return CpmmFill(amount_in, amount_out, trade, protocol, fund, creator)


def _check(reserves: tuple[int, int], amount: int) -> tuple[int, int]:
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    if min(reserves) <= 0:
        raise QuoteError(Reason.EMPTY_POOL)
    return reserves


def _ceil_ppm(amount: int, rate: int) -> int:
    return -(-amount * rate // RATE_DENOMINATOR)


def _gross_up(net: int, rate: int) -> int:
    if rate == 0:
        return net
    if rate >= RATE_DENOMINATOR:
        raise QuoteError(Reason.OVERFLOW)
    return -(-net * RATE_DENOMINATOR // (RATE_DENOMINATOR - rate))
