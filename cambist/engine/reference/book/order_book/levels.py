"""One side of a book."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book.state import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cambist.engine.reference.exchanges.event import Level

MAX_LEVELS = 100_000
"""Levels kept on a side. Venues send far ones for as long as a connection lives; the farthest go first.

A recorded book has 27,236 asks."""


class Levels:
    """Levels of one side: quantities by price, and the prices sorted with the best one last."""

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.BID else -1
        self._ranks: list[int] = []  # price of a bid, −price of an ask
        self._qty: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ranks)

    def replace(self, levels: Sequence[Level]) -> None:
        """Takes these levels for all there are. Of two with one price the later counts."""
        last = dict(levels)
        sign = self._sign
        self._qty = {sign * price: qty for price, qty in last.items() if qty}
        self._ranks = sorted(self._qty)
        self.keep(MAX_LEVELS)

    def update(self, levels: Sequence[Level]) -> None:
        """Sets the quantity at each price, 0 removes it. Of two with one price the later counts."""
        for price, qty in levels:
            self._set(price, qty)
        self.keep(MAX_LEVELS)

    def _set(self, price: int, qty: int) -> None:
        rank = self._sign * price
        if rank in self._qty:
            if qty:
                self._qty[rank] = qty
            else:
                del self._qty[rank]
                del self._ranks[bisect_left(self._ranks, rank)]
        elif qty:
            self._qty[rank] = qty
            self._ranks.insert(bisect_left(self._ranks, rank), rank)

    def keep(self, most: int) -> None:
        """Drops what is farther from the best level than the first `most`."""
        far = max(0, len(self._ranks) - most)
        for rank in self._ranks[:far]:
            del self._qty[rank]
        del self._ranks[:far]

    def best(self, most: int) -> Levels:
        """Returns the first `most`."""
        found = Levels(Side.BID if self._sign > 0 else Side.ASK)
        found._ranks = self._ranks[max(0, len(self._ranks) - most) :]
        found._qty = {rank: self._qty[rank] for rank in found._ranks}
        return found

    def best_first(self) -> Iterator[Level]:
        """Yields (price, quantity)."""
        return ((abs(rank), self._qty[rank]) for rank in reversed(self._ranks))
