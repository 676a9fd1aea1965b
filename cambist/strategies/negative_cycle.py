"""Takes each cycle that is a go, and every edge of it only once for as long as the same gap stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.strategies.base import Wish

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order

REST_SLOTS = 4
"""An edge that was taken rests this long (1.6 s or more; slots in which nothing was judged don't count): by then
somebody has traded through a pool that pays."""
MEMORY_SLOTS = 300
"""An edge not taken again for this long (2 minutes) is forgotten."""


class NegativeCycle:
    """A paper order doesn't move the market, so one gap would pay again at each update and on each cycle through it.

    So an edge is taken once: another go over it counts as new only after it rested, and only if its cycle did not
    stand already when the edge was taken.
    """

    name = "negative_cycle"

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns one wish, or one that says why it is skipped."""
        floor = opportunity.amount_in + (opportunity.cost.chain or 0)
        wish = Wish(opportunity, opportunity.amount_in, floor + 1)
        if any(self._rests(edge, opportunity) for edge in opportunity.route):
            wish.skip = "taken"
            return [wish]
        for edge in opportunity.route:
            self._taken[edge] = opportunity.judged_slots
        self._forget(opportunity.judged_slots)
        return [wish]

    def on_fill(self, order: Order, fill: Fill) -> None:
        """A fill changes nothing here: its edges stay taken."""

    def state(self) -> dict[str, int]:
        """Returns when each edge was taken, in slots in which something was judged."""
        return dict(sorted(self._taken.items()))

    def restore(self, state: dict[str, int]) -> None:
        """Takes over what `state` returned."""
        self._taken = dict(state)

    def _rests(self, edge: str, opportunity: Opportunity) -> bool:
        taken = self._taken.get(edge)
        if taken is None:
            return False
        since = opportunity.judged_slots - taken
        return since < REST_SLOTS or opportunity.seen_slots >= since

    def _forget(self, now: int) -> None:
        for edge in [e for e, at in self._taken.items() if now - at > MEMORY_SLOTS]:
            del self._taken[edge]
