"""Takes each atomic cycle that is a go, once for as long as the same gap stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.strategies.base import Wish

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order

MEMORY_SLOTS = 300
"""A cycle not seen for this long (2 minutes) is forgotten."""


class NegativeCycle:
    """A paper order doesn't move the market, so the same gap would pay again at each update: it is taken once.

    A later go on the same cycle counts as new only if it stood for fewer slots than have passed since.
    """

    name = "negative_cycle"

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns one wish, or one that says why it is skipped."""
        taken = self._taken.get(opportunity.key)
        floor = opportunity.amount_in + (opportunity.cost.chain or 0)
        wish = Wish(opportunity, opportunity.amount_in, floor + 1)
        if taken is not None and opportunity.seen_slots >= opportunity.slot - taken:
            wish.skip = "taken"
            return [wish]
        self._taken[opportunity.key] = opportunity.slot
        self._forget(opportunity.slot)
        return [wish]

    def on_fill(self, order: Order, fill: Fill) -> None:
        """A fill changes nothing here: the gap stays taken."""

    def state(self) -> dict[str, int]:
        """Returns the slot each standing gap was taken at."""
        return dict(sorted(self._taken.items()))

    def restore(self, state: dict[str, int]) -> None:
        """Takes over what `state` returned."""
        self._taken = dict(state)

    def _forget(self, slot: int) -> None:
        for key in [k for k, at in self._taken.items() if slot - at > MEMORY_SLOTS]:
            del self._taken[key]
