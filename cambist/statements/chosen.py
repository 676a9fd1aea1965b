"""Which rows are wanted: a span of time, and what their order must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from storage.journal_reader import Span

if TYPE_CHECKING:
    from cambist.model.ledger import EntryKind
    from cambist.model.orders import Order, Stage
    from cambist.statements.called import Called


class Chosen(NamedTuple):
    """What rows must be; what is empty excludes none. A row without an order passes if nothing is asked of it."""

    span: Span = Span()
    strategy: str = ""
    venue: str = ""
    """A kind of pool or an exchange that a leg is on."""
    pair: str = ""
    """`A/B` of a leg, by symbols, either first."""
    route: str = ""
    """Canonical key of the cycle."""
    rule: str = ""
    """Text of the operator's rule that let the order out."""
    status: Stage | None = None
    """Stage that the order has come to; one that ended and is final has come to both."""
    kind: EntryKind | None = None
    """Kind of entry."""

    @property
    def asks_of_orders(self) -> bool:
        """Whether it matters what the order of a row is."""
        return bool(self.strategy or self.venue or self.pair or self.route or self.rule or self.status)

    def takes(self, order: Order, status: Stage, rule: str, called: Called) -> bool:
        """Returns whether an order that has come to a stage is wanted."""
        return (
            self.strategy in ("", order.strategy)
            and self.route in ("", order.key)
            and self.rule in ("", rule)
            and self.status in (None, status)
            and (not self.venue or self.venue in called.venues(order))
            and (not self.pair or "/".join(sorted(self.pair.split("/"))) in called.pairs(order))
        )
