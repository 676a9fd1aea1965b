"""Prices of bins, and what an amount is worth at one."""

from __future__ import annotations

from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

_ONE = 1 << 64
_U128_MAX = (1 << 128) - 1
_BASIS_POINTS = 10_000
_MAX_EXPONENT = 1 << 19


def bin_price(bin_id: int, bin_step: int) -> int:
    """Returns the price of a bin, Q64.64 atoms of Y per atom of X: (1 + bin_step / 10⁴)^bin_id as the program rounds.

    Raises `QuoteError` overflow where it leaves 128 bits or a bin id its range.

    >>> bin_price(-1, 10)
    18428315757951600016
    """
    power = abs(bin_id)
    if power >= _MAX_EXPONENT:
        raise QuoteError(Reason.OVERFLOW)
    if power == 0:
        return _ONE
    # The base is at least 1; its inverse keeps every square within 128 bits.
    base = _U128_MAX // (_ONE + (bin_step << 64) // _BASIS_POINTS)
    result = _ONE
    while power:
        if power & 1:
            result = result * base >> 64
        base = base * base >> 64
        power >>= 1
    if result == 0:
        raise QuoteError(Reason.OVERFLOW)
    return _U128_MAX // result if bin_id > 0 else result


def amount_out(amount_in: int, price: int, *, x_to_y: bool) -> int:
    """Returns what `amount_in` buys at `price`, rounded down. Raises `QuoteError` overflow."""
    if x_to_y:
        return to_u64(price * amount_in >> 64)
    if price == 0:
        raise QuoteError(Reason.OVERFLOW)
    return to_u64((amount_in << 64) // price)


def amount_in(amount_out: int, price: int, *, x_to_y: bool) -> int:
    """Returns what buys `amount_out` at `price`, rounded up. Raises `QuoteError` overflow."""
    if not x_to_y:
        return to_u64(-(-price * amount_out >> 64))
    if price == 0:
        raise QuoteError(Reason.OVERFLOW)
    return to_u64(-(-(amount_out << 64) // price))
