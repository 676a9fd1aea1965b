"""One step of a CLMM swap inside a range of constant liquidity, and the fees of both sides."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64
from cambist.engine.reference.venues.sqrt_price import delta_a, delta_b, next_from_a, next_from_b

PPM = 1_000_000
"""What a fee rate is a share of."""


class Terms(NamedTuple):
    """What holds for a whole swap."""

    exact_in: bool
    zero_for_one: bool
    fee_on_input: bool


class Part(NamedTuple):
    """What one step or one tick's orders move. Amounts are what the trader pays and gets, inside the vaults."""

    amount_in: int
    """Fee included, if it is on the input."""
    amount_out: int
    """Fee taken off, if it is on the output."""
    fee: int


def fee_of_gross(amount: int, rate: int) -> int:
    """Returns the fee inside `amount`, rounded up."""
    return -(-amount * rate // PPM)


def fee_on_net(amount: int, rate: int) -> int:
    """Returns the fee to add to `amount`, rounded up. Raises `QuoteError` overflow."""
    return to_u64(-(-amount * rate // (PPM - rate)))


def gross_of_net(amount: int, rate: int) -> int:
    """Returns what is `amount` without its fee, rounded up. Raises `QuoteError` overflow."""
    return to_u64(-(-amount * PPM // (PPM - rate)))


def step(amount: int, rate: int, liquidity: int, start: int, target: int, terms: Terms) -> tuple[int, Part]:
    """Returns √price after the step from `start` towards `target` that uses at most `amount`, and what it moves.

    Raises `QuoteError` overflow.
    """
    end = _end(amount, rate, liquidity, start, target, terms)
    paid, got = _deltas(liquidity, start, end, terms)
    if paid is None or got is None:
        raise QuoteError(Reason.OVERFLOW)
    if not terms.exact_in and terms.fee_on_input:
        got = min(got, amount)
    used_up = terms.exact_in and end != target
    if terms.fee_on_input:
        fee = amount - paid if used_up else fee_on_net(paid, rate)
        if fee < 0:
            raise QuoteError(Reason.OVERFLOW)
        return end, Part(to_u64(paid + fee), got, fee)
    fee = fee_of_gross(got, rate)
    if not terms.exact_in and got - fee > amount:
        fee = got - amount
    return end, Part(amount if used_up else paid, got - fee, fee)


def _end(amount: int, rate: int, liquidity: int, start: int, target: int, terms: Terms) -> int:
    """Returns the target, if the amount reaches it and both amounts there are u64; else √price where it ends."""
    usable = amount
    if terms.exact_in and terms.fee_on_input:
        usable = amount * (PPM - rate) // PPM
    elif not terms.exact_in and not terms.fee_on_input:
        usable = gross_of_net(amount, rate)
    paid, got = _deltas(liquidity, start, target, terms)
    if paid is not None and got is not None and (paid if terms.exact_in else got) <= usable:
        return target
    next_price = next_from_a if terms.exact_in == terms.zero_for_one else next_from_b
    return next_price(start, liquidity, usable, exact_in=terms.exact_in)


def _deltas(liquidity: int, start: int, end: int, terms: Terms) -> tuple[int | None, int | None]:
    """Returns the atoms in, rounded up, and out, rounded down; `None` beyond a u64."""
    if terms.zero_for_one:
        return _delta_0(start, end, liquidity, up=True), delta_b(start, end, liquidity, up=False)
    return delta_b(start, end, liquidity, up=True), _delta_0(start, end, liquidity, up=False)


def _delta_0(start: int, end: int, liquidity: int, *, up: bool) -> int | None:
    # Where a numerator leaves 256 bits, the quotient is beyond a u64: the denominator is below 2^192.
    if liquidity * abs(start - end) >> 192:
        return None
    return delta_a(start, end, liquidity, up=up)
