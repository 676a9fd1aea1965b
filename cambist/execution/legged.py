"""A legged trade as the orders that it is made of, and what they come to together. Pure.

Legs on chain that follow each other are one transaction; each leg at an exchange is an order of its own; an equivalence
is none. All of them go out at once, each from what its venue holds, so each has its amount from the quotes of the
decision. What fills in unequal parts is a trade up to the least part, and for the rest something that is left over.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.execution.routes import EQUIVALENCE, legs_of, turned
from cambist.model.ledger import CHAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import Engine
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Order, OrderLeg


class Part(NamedTuple):
    """What one order of a trade is to do. Amounts in atoms of the tokens it gives and is paid."""

    legs: tuple[OrderLeg, ...]
    amount_in: int
    expected_out: int
    min_out: int

    @property
    def venue(self) -> str:
        """Where it trades."""
        return self.legs[0].venue


def parts(engine: Engine, found: Opportunity, min_out: int, now_ns: int) -> tuple[Part, ...] | str:
    """Returns the orders of a legged trade, or why it can't be cut: what an edge on the way says.

    `min_out` is the least that the whole may bring; each part may fall short by an equal share of what is above that.
    """
    groups = _groups(legs_of(found.route, found.tokens))
    made, amount, done = [], found.amount_in, 0
    for group in groups:
        done += len(group)
        quote = engine.quote_route(found.route[:done], found.amount_in, now_ns)
        if quote.reason:
            return quote.reason
        if group[0].venue != EQUIVALENCE:
            made.append((tuple(group), amount, quote.amount_out))
        amount = quote.amount_out
    return tuple(
        Part(legs, given, expected, _least(expected, amount, min_out, len(made))) for legs, given, expected in made
    )


def _groups(legs: Sequence[OrderLeg]) -> list[list[OrderLeg]]:
    """Returns legs by what goes out together: those on chain that follow each other, each other leg for itself."""
    found: list[list[OrderLeg]] = []
    for venue, run in groupby(legs, key=lambda leg: leg.venue):
        together = list(run)
        found += [together] if venue == CHAIN else [[leg] for leg in together]
    return found


def _least(expected: int, whole: int, min_out: int, count: int) -> int:
    """Returns the least that a part may bring, rounded up: all of them together may use up what the whole has over."""
    slack = max(whole - min_out, 0)
    return max(1, expected - expected * slack // (whole * count)) if whole else 1


class Filled(msgspec.Struct, frozen=True):
    """What of one order of a trade was filled so far."""

    amount_in: int = 0
    amount_out: int = 0
    fee: int = 0
    """Atoms of the trade's base token."""


class Left(NamedTuple):
    """What an order did more than the least of its trade: `atoms` of `token`, got for `cost` of `base`."""

    token: str
    atoms: int
    base: str
    cost: int
    order: Order


class Settled(NamedTuple):
    """What a trade came to."""

    amount_in: int
    """Of the base token, that went all the way around."""
    net: int
    """What that earned, in atoms of the base token, after every cost of the trade."""
    left: list[Left]

    @property
    def whole(self) -> bool:
        """Whether something went around and nothing is left over."""
        return self.amount_in > 0 and not self.left


def settle(amount_in: int, expected_out: int, orders: Sequence[Order], fills: Sequence[Filled]) -> Settled:
    """Returns what a trade came to whose orders have all ended, rounded against us.

    `amount_in` and `expected_out` are the whole trade's, in its base token. Between two legs something stays over where
    the first brought more or less than was quoted: that counts at the trade's own rate.
    """
    filled = list(zip(orders, fills, strict=True))
    least = min(Fraction(fill.amount_in, order.amount_in) for order, fill in filled)
    net, left, last = -ceil(least * amount_in), [], len(orders) - 1
    for at, (order, fill) in enumerate(filled):
        done_in = ceil(least * order.amount_in)
        done_out = floor(fill.amount_out * least * order.amount_in / fill.amount_in) if fill.amount_in else 0
        beside = order.transfer + order.loan_fee
        net -= fill.fee + (beside * fill.amount_in // order.amount_in)
        if at == last:
            net += expected_out * done_out // order.expected_out
        else:
            net += floor(amount_in * (done_out - least * order.expected_out) / order.expected_out)
        if fill.amount_out > done_out and fill.amount_in > done_in:
            left.append(Left(order.token_out, fill.amount_out - done_out, order.base, fill.amount_in - done_in, order))
    return Settled(ceil(least * amount_in), net, left)


def way_back(left: Left, orders: Sequence[Order], fills: Sequence[Filled], *, hedge: bool) -> tuple[OrderLeg, ...]:
    """Returns the legs that turn what is left over back: the order's own, turned around.

    With `hedge` those of an order of the trade that was not filled whole and makes the same of the same, if there is
    one: the trade then ends as it was meant to, only later.
    """
    if hedge:
        for order, fill in zip(orders, fills, strict=True):
            if fill.amount_in < order.amount_in and (order.base, order.token_out) == (left.token, left.base):
                return order.legs
    return turned(left.order.legs)
