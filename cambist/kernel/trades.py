"""Legged trades that are on: each the orders that it is made of, until all of them have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.execution import legged
from cambist.execution.legged import Filled
from cambist.model.orders import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.execution.legged import Settled
    from cambist.model.orders import Fill


class Trade(msgspec.Struct, frozen=True):
    """A legged trade: its orders as they go around, and what of each was filled so far."""

    key: str
    base: str
    """Mint of its base token."""
    amount_in: int
    expected_out: int
    """Of the base token, as it was decided."""
    orders: list[Order]
    fills: list[Filled]
    open: list[int]
    """Ids of orders that have no end yet."""

    @property
    def id(self) -> int:
        """That of its first order."""
        return self.orders[0].id

    def settled(self) -> Settled:
        """Returns what it came to."""
        return legged.settle(self.amount_in, self.expected_out, self.orders, self.fills)


class Trades:
    """Keeps trades while an order of theirs is open."""

    def __init__(self, trades: Iterable[Trade]) -> None:
        self.open = {trade.id: trade for trade in trades}

    def begin(self, key: str, base: str, amount_in: int, expected_out: int, orders: list[Order]) -> None:
        """Takes note of a trade whose orders go out."""
        ids = [order.id for order in orders]
        self.open[ids[0]] = Trade(key, base, amount_in, expected_out, orders, [Filled()] * len(orders), ids)

    def take(self, order: Order, fill: Fill, *, closed: bool) -> Trade | None:
        """Takes what came of an order; returns its trade if that was the last one open."""
        trade = self.open[order.trade]
        at = trade.orders.index(order)
        fills, before = [*trade.fills], trade.fills[at]
        fills[at] = Filled(
            before.amount_in + fill.amount_in, before.amount_out + fill.amount_out, before.fee + fill.fee
        )
        left = [each for each in trade.open if not (closed and each == order.id)]
        trade = msgspec.structs.replace(trade, fills=fills, open=left)
        if left:
            self.open[trade.id] = trade
            return None
        del self.open[trade.id]
        return trade

    def take_back(self, order: Order, fill: Fill) -> bool:
        """Undoes the outcome that ended an order; False if its trade has ended meanwhile."""
        trade = self.open.get(order.trade)
        if trade is None:
            return False
        at = trade.orders.index(order)
        fills, was = [*trade.fills], trade.fills[at]
        fills[at] = Filled(was.amount_in - fill.amount_in, was.amount_out - fill.amount_out, was.fee - fill.fee)
        self.open[trade.id] = msgspec.structs.replace(trade, fills=fills, open=[*trade.open, order.id])
        return True
