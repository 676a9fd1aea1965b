"""Raydium AMM v4: constant product, the fee taken from the input. All amounts are atoms."""

from __future__ import annotations

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, RoundingRule, to_u64


def exact_in(
    reserves: tuple[int, int], fee: tuple[int, int], amount_in: int, rule: RoundingRule = RoundingRule.TRUE_CEIL
) -> tuple[int, int]:
    """Returns (amount out, fee) for `amount_in` against (reserve in, reserve out). Raises `QuoteError`."""
    reserve_in, reserve_out = _check(reserves, amount_in)
    charged = rule.divide(amount_in * fee[0], fee[1])
    if charged > amount_in:
        raise QuoteError(Reason.OVERFLOW)
    paid = amount_in - charged
    amount_out = to_u64(reserve_out * paid // (reserve_in + paid))
    if amount_out == 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return amount_out, charged


def exact_out(
    reserves: tuple[int, int], fee: tuple[int, int], amount_out: int, rule: RoundingRule = RoundingRule.TRUE_CEIL
) -> tuple[int, int]:
    """Returns (amount in, fee) that buy `amount_out` from (reserve in, reserve out). Raises `QuoteError`."""
    reserve_in, reserve_out = _check(reserves, amount_out)
    if amount_out >= reserve_out:
        raise QuoteError(Reason.LIQUIDITY)
    raw = rule.divide(reserve_in * amount_out, reserve_out - amount_out)
    amount_in = to_u64(rule.divide(raw * fee[1], fee[1] - fee[0]))
    if amount_in == 0:
        raise QuoteError(Reason.ZERO_OUTPUT)
    return amount_in, amount_in - raw


def _check(reserves: tuple[int, int], amount: int) -> tuple[int, int]:
    if amount == 0:
        raise QuoteError(Reason.ZERO_AMOUNT)
    if min(reserves) <= 0:
        raise QuoteError(Reason.EMPTY_POOL)
    return reserves
