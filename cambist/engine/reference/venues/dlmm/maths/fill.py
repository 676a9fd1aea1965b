"""What one bin gives for an amount: makers first, then limit orders, begun ones before open ones."""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.venues.dlmm.layout import Bin
from cambist.engine.reference.venues.dlmm.maths.fee import fee_of_gross, fee_on_net
from cambist.engine.reference.venues.dlmm.maths.price import amount_in, amount_out
from cambist.engine.reference.venues.quote_error import to_u64

_BASIS_POINTS = 10_000


class Terms(NamedTuple):
    """What holds for a whole bin."""

    x_to_y: bool
    fee_on_input: bool
    takes_limit_orders: bool
    rate: int
    protocol_share: int


class BinFill(NamedTuple):
    """A bin's part of a swap. Amounts are what the trader pays and gets, in atoms inside the vaults."""

    amount_in: int
    """Fee included, if it is on the input."""
    amount_out: int
    """Fee taken off, if it is on the output."""
    fee: int
    protocol_fee: int
    """Part of `fee`, half of the limit orders' fee included."""
    limit_order_fee: int
    """Part of `fee` that the owners of limit orders get."""
    bin: Bin
    """After the swap."""


def layers(bin_: Bin, terms: Terms) -> tuple[int, int, int]:
    """Returns what the bin holds of the output token: makers', of begun orders, of open orders."""
    held = bin_.amount_y if terms.x_to_y else bin_.amount_x
    if not terms.takes_limit_orders or bin_.is_ask == terms.x_to_y:
        return held, 0, 0
    return held, bin_.processed_order_remaining, bin_.open_order_amount


def fill_bin(bin_: Bin, amount: int, terms: Terms) -> BinFill:
    """Returns the exact-in swap of at most `amount` inside one bin. Raises `QuoteError` overflow."""
    fee = fee_of_gross(amount, terms.rate) if terms.fee_on_input else 0
    net = amount - fee
    left, paid, taken = net, [0, 0, 0], [0, 0, 0]
    for layer, held in enumerate(layers(bin_, terms)):
        if held == 0 or left == 0:
            continue
        whole = amount_in(held, bin_.price, x_to_y=terms.x_to_y)
        if left >= whole:
            paid[layer], taken[layer] = whole, held
        else:
            paid[layer], taken[layer] = left, amount_out(left, bin_.price, x_to_y=terms.x_to_y)
        left -= paid[layer]
    used, out = net - left, to_u64(sum(taken))
    if terms.fee_on_input:
        fee = fee_on_net(used, terms.rate) if left else fee
        gross = to_u64(used + fee)
    else:
        fee, gross = fee_of_gross(out, terms.rate), used
        out -= fee
    protocol, orders = _split(fee, paid[0], used, terms.protocol_share)
    return BinFill(gross, out, fee, protocol, orders, _after(bin_, paid[0], taken, x_to_y=terms.x_to_y))


def _split(fee: int, makers_paid: int, paid: int, protocol_share: int) -> tuple[int, int]:
    """Returns (protocol's part, limit orders' part) of a fee."""
    if paid == 0:
        return fee, 0
    makers = -(-fee * makers_paid // paid)
    orders = fee - makers
    return makers * protocol_share // _BASIS_POINTS + orders - orders // 2, orders // 2


def _after(bin_: Bin, makers_paid: int, taken: list[int], *, x_to_y: bool) -> Bin:
    makers, processed, opened = taken
    amount_x, amount_y = bin_.amount_x, bin_.amount_y
    if x_to_y:
        amount_x, amount_y = to_u64(amount_x + makers_paid), amount_y - makers
    else:
        amount_x, amount_y = amount_x - makers, to_u64(amount_y + makers_paid)
    remaining, untouched = bin_.processed_order_remaining - processed, bin_.open_order_amount
    if opened:
        remaining, untouched = bin_.open_order_amount - opened, 0
    return Bin(amount_x, amount_y, bin_.price, untouched, remaining, bin_.is_ask)
