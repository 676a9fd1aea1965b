"""Takes each cycle that is a go, unless an order of ours is still open on one of its edges."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cambist.strategies.base import API, Kind, Wish

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order

OPEN_EDGE = "open_edge"
"""Why an opportunity is skipped: one of ours is still open on an edge of it."""


class NegativeCycle:
    """The engine knows what our fills moved, so a go pays after them too, and is taken again.

    What an order moves is not known before it ends: until then nothing else goes over its edges.
    """

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        """Orders that are open on an edge."""

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns one wish, or one that says why it is skipped."""
        floor = opportunity.amount_in + (opportunity.cost.chain or 0)
        wish = Wish(opportunity, opportunity.amount_in, floor + 1)
        if any(edge in self._open for edge in opportunity.route):
            wish.skip = OPEN_EDGE
        return [wish]

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on."""
        self._open.update(order.route)

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note that an order ended, however it did."""
        del fill
        self._open -= Counter(order.route)

    def state(self) -> dict[str, int]:
        """Returns nothing: which orders are open stands in the kernel's own state."""
        return {}

    def restore(self, state: dict[str, int]) -> None:
        """Takes nothing over; sessions of older rules tell here when an edge was taken."""
        del state


KIND = Kind(API, "negative_cycle", lambda _settings, _market: NegativeCycle())
