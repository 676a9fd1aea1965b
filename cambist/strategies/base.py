"""What a strategy is: opportunities in, intents out. It sends nothing and reads no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order


class Wish:
    """What a strategy wants done with an opportunity; the kernel numbers it and makes it an `Intent`."""

    __slots__ = ("amount_in", "min_out", "opportunity", "skip")

    def __init__(self, opportunity: Opportunity, amount_in: int, min_out: int, skip: str = "") -> None:
        self.opportunity, self.amount_in, self.min_out, self.skip = opportunity, amount_in, min_out, skip


class Strategy(Protocol):
    """A named rule that turns opportunities into wishes. The composition root names those that run."""

    name: str

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns what to do about one go opportunity, in record order."""
        ...

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on: one that was sent, or that a restored session had sent."""
        ...

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note of how one of its orders ended."""
        ...

    def state(self) -> dict[str, int]:
        """Returns what it must remember over a cut."""
        ...

    def restore(self, state: dict[str, int]) -> None:
        """Takes over what `state` returned."""
        ...
