"""Limit orders that rest on a tick: what a swap that gets there takes of them, at the tick's price."""

from __future__ import annotations

from cambist.engine.reference.venues.clmm.layout import ClmmOrders
from cambist.engine.reference.venues.clmm.maths.step import Part, Terms, fee_of_gross, fee_on_net, gross_of_net
from cambist.engine.reference.venues.quote_error import QuoteError, Reason, to_u64

_U64 = 1 << 64


def match(orders: ClmmOrders, amount: int, rate: int, sqrt_price: int, terms: Terms) -> tuple[ClmmOrders, Part]:
    """Returns the orders after a swap of at most `amount` took of them, and what it moved. Raises `QuoteError`."""
    price = -(-sqrt_price * sqrt_price >> 64) if not terms.zero_for_one else sqrt_price * sqrt_price >> 64
    held = to_u64(orders.total())
    paid, got, fee = (_exact_in if terms.exact_in else _exact_out)(amount, held, rate, price, terms)
    after = _consume(orders, got)
    if terms.fee_on_input:
        return after, Part(to_u64(paid + fee), got, fee)
    fee = fee_of_gross(got, rate)
    return after, Part(paid, got - fee, fee)


def _exact_in(amount: int, held: int, rate: int, price: int, terms: Terms) -> tuple[int, int, int]:
    """Returns (paid without fee, taken of the orders, fee on the input)."""
    fee = fee_of_gross(amount, rate) if terms.fee_on_input else 0
    paid = amount - fee
    got = paid * price // _U64 if terms.zero_for_one else _divide(paid * _U64, price)
    if got <= held:
        return paid, got, fee
    paid = _cost(held, price, terms)
    return paid, held, fee_on_net(paid, rate) if terms.fee_on_input else 0


def _exact_out(amount: int, held: int, rate: int, price: int, terms: Terms) -> tuple[int, int, int]:
    """Returns (paid without fee, taken of the orders, fee on the input)."""
    got = min(amount, held)
    if not terms.fee_on_input:
        got = min(gross_of_net(got, rate), held)
    paid = _cost(got, price, terms)
    return paid, got, fee_on_net(paid, rate) if terms.fee_on_input else 0


def _cost(taken: int, price: int, terms: Terms) -> int:
    """Returns what buys `taken`, rounded up."""
    return to_u64(_divide_up(taken * _U64, price) if terms.zero_for_one else _divide_up(taken * price, _U64))


def _divide(num: int, den: int) -> int:
    if den == 0:
        raise QuoteError(Reason.OVERFLOW)
    return num // den


def _divide_up(num: int, den: int) -> int:
    return -_divide(-num, den)


def _consume(orders: ClmmOrders, taken: int) -> ClmmOrders:
    """Returns the orders without `taken`: begun ones first, then untouched ones, which are begun by it."""
    begun = min(orders.part_filled, taken)
    if begun:
        left = orders.part_filled - begun
        orders = orders._replace(part_filled=left, unfilled_ratio=orders.unfilled_ratio * left // orders.part_filled)
    opened = taken - begun
    if opened:
        left = orders.amount - opened
        orders = ClmmOrders(0, left, to_u64(orders.phase + 1), (left << 64) // orders.amount)
    return orders
