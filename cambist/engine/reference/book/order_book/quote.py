"""What a book would pay: its levels walked exactly, with a newer ticker on top and without what our fills used up."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book.levels import Levels
from cambist.engine.reference.book.order_book.state import Side
from cambist.engine.reference.book.order_book.used import Used
from cambist.engine.reference.exchanges.decimal import U64_MAX, one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.engine.reference.book.order_book.state import Ticker
    from cambist.engine.reference.exchanges.decimal import PriceScale
    from cambist.engine.reference.exchanges.event import Level


class Quoting:
    """Two sides of levels, a ticker on top of them, and what they pay while `usable`."""

    def __init__(self, scale: PriceScale) -> None:
        self.scale = scale
        """Of its prices."""
        self._bids = Levels(Side.BID)
        self._asks = Levels(Side.ASK)
        self._ticker: Ticker | None = None
        self._used = {Side.BID: Used(), Side.ASK: Used()}

    @property
    def usable(self) -> bool:
        """Whether the book may be traded on."""
        raise NotImplementedError

    def best_bid(self) -> Level | None:
        """Returns the best bid as (price, quantity) if the book may be traded on."""
        return self.best(Side.BID) if self.usable else None

    def best_ask(self) -> Level | None:
        """Returns the best ask as (price, quantity) if the book may be traded on."""
        return self.best(Side.ASK) if self.usable else None

    def best_left(self, side: Side) -> Level | None:
        """Returns the best level of a side with what is left of it for us, if the book may be traded on."""
        return next(self.left(side), None) if self.usable else None

    def use_up(self, side: Side, base: int) -> None:
        """Uses up `base` of a side, best first; what the book has not is left out."""
        used, shown = self._used[side], dict(self.merged(side))
        for price, qty in list(self.left(side)):
            part = min(base, qty)
            if part == 0:
                break
            used.add(price, shown[price], part)
            base -= part

    def best(self, side: Side) -> Level | None:
        """Returns the best level of a side as last known, in whatever state: to be shown, not traded on."""
        return next(self.merged(side), None)

    def levels(self, side: Side, depth: int) -> list[Level]:
        """Returns up to `depth` levels of a side, best first, as last known."""
        return list(islice(self.merged(side), depth))

    def updated(self, side: Side, depth: int) -> list[Level]:
        """Returns up to `depth` levels of a side as of the last update, whatever a newer ticker says, best first."""
        return list(islice(self._side(side).best_first(), depth))

    def depth(self, side: Side) -> int:
        """Returns how many levels a side has."""
        return len(self._side(side))

    def sell(self, base: int) -> int | None:
        """Returns what selling exactly `base` brings, rounded down; `None` if the depth is short or not usable."""
        total = self._walk(Side.BID, base)
        return None if total is None else _u64(total // one(self.scale))

    def buy(self, quote: int) -> int | None:
        """Returns what spending `quote` buys, rounded down; `None` if the depth is short or not usable."""
        if not self.usable:
            return None
        left = quote * one(self.scale)
        bought = 0
        levels = self.left(Side.ASK)
        while left > 0:
            level = next(levels, None)
            if level is None:
                return None
            price, qty = level
            cost = price * qty
            if left < cost:
                bought += left // price
                break
            bought += qty
            left -= cost
        return _u64(bought)

    def cost(self, base: int) -> int | None:
        """Returns what buying exactly `base` costs, rounded up; `None` if the depth is short or not usable."""
        total = self._walk(Side.ASK, base)
        return None if total is None else _u64(-(-total // one(self.scale)))

    def _side(self, side: Side) -> Levels:
        return self._bids if side is Side.BID else self._asks

    def merged(self, side: Side) -> Iterator[Level]:
        """Yields a side best first, with a newer ticker on top: what is better than its best is gone."""
        levels = self._side(side).best_first()
        ticker = self._ticker
        if ticker is None:
            yield from levels
            return
        top, qty = (ticker.bid, ticker.bid_qty) if side is Side.BID else (ticker.ask, ticker.ask_qty)
        if top and qty:
            yield top, qty
        for price, level_qty in levels:
            # A top of 0 means that the venue has nothing on that side.
            if price < top if side is Side.BID else 0 < top < price:
                yield price, level_qty

    def left(self, side: Side) -> Iterator[Level]:
        """Yields a side without what our own fills used up, best first."""
        used = self._used[side]
        for price, qty in self.merged(side):
            left = used.left(price, qty)
            if left:
                yield price, left

    def _end_changed(self) -> None:
        """Forgets what was used of levels that are not what they were."""
        for side, used in self._used.items():
            if used:
                used.end_changed(dict(self.merged(side)))

    def _walk(self, side: Side, base: int) -> int | None:
        """Returns price × quantity over the first `base` of a side, × 10⁸ × a price of one."""
        if not self.usable:
            return None
        left = base
        total = 0
        levels = self.left(side)
        while left > 0:
            level = next(levels, None)
            if level is None:
                return None
            price, qty = level
            part = min(left, qty)
            total += price * part
            left -= part
        return total


def _u64(value: int) -> int | None:
    return value if value <= U64_MAX else None
