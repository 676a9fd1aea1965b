"""An order as the witness holds it: how far it is, what may be told of it, and what that moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cambist.model.ledger import CHAIN
from cambist.model.orders import Stage
from tests.parity.markets import SOL

if TYPE_CHECKING:
    from cambist.model.orders import Fill, Order

BARREN = {Stage.MISSED, Stage.REVERTED, Stage.EXPIRED}
ENDS = {Stage.FILLED, *BARREN}
ANYWHERE = {*ENDS, Stage.ACKNOWLEDGED, Stage.PARTIAL, Stage.LANDED, Stage.UNKNOWN, Stage.UNWINDING}
AFTER = {
    Stage.PARTIAL: {Stage.PARTIAL, Stage.FILLED, Stage.EXPIRED, Stage.UNKNOWN, Stage.UNWINDING},
    Stage.LANDED: {Stage.FILLED, Stage.REVERTED, Stage.UNKNOWN},
    Stage.UNWINDING: {Stage.FILLED, Stage.REVERTED, Stage.UNKNOWN},
    Stage.ACKNOWLEDGED: ANYWHERE - {Stage.ACKNOWLEDGED},
    Stage.UNKNOWN: ANYWHERE - {Stage.UNKNOWN},
    Stage.FILLED: {Stage.UNKNOWN},
    Stage.REVERTED: {Stage.UNKNOWN},
    Stage.MISSED: set(),
    Stage.EXPIRED: set(),
}
"""What may be told of an order that is at a stage; of one that is sent anything but what comes before that."""
Where = tuple[str, str]
"""(venue, token)."""


@dataclass(frozen=True)
class Held:
    """An order and how far it is."""

    order: Order
    stage: Stage = Stage.SENT
    filled_in: int = 0
    charged: int = 0
    end: Fill | None = None
    before: Held | None = None
    """As it was before it ended."""

    @property
    def left(self) -> int:
        return self.order.amount_in - self.filled_in

    def could(self, fill: Fill) -> bool:
        """Returns whether what is told of it can be."""
        charges = fill.charges.network_fee, fill.charges.tip, fill.charges.rent
        amounts = fill.amount_in, fill.amount_out, *charges
        if fill.status not in AFTER.get(self.stage, ANYWHERE):
            return False
        if self.end is not None:
            return True
        trades, barren = fill.status in (Stage.FILLED, Stage.PARTIAL), fill.status in BARREN
        sizes = min(amounts) >= 0 and max(amounts) < 2**64 and fill.amount_in <= self.left
        return sizes and (trades or not fill.amount_in + fill.amount_out) and (trades or barren or not sum(charges))

    def gains(self, fill: Fill) -> Counter[Where]:
        """Returns what all that is held gains by an outcome, by venue and token."""
        order, gained = self.order, Counter[Where]()
        if fill.status in (Stage.FILLED, Stage.PARTIAL):
            after = order.amount_in if fill.status == Stage.FILLED else self.filled_in + fill.amount_in
            beside = sum(self._part(whole, after) for whole in (order.transfer, order.loan_fee))
            gained[order.venue, order.token_out] += fill.amount_out
            gained[order.venue, order.base] -= fill.amount_in + beside
        gained[CHAIN, SOL] -= fill.charges.network_fee + fill.charges.tip
        return gained

    def _part(self, whole: int, after: int) -> int:
        size = self.order.amount_in
        return whole * after // size - whole * self.filled_in // size

    def in_flight(self) -> Counter[Where]:
        """Returns what it ties up."""
        order = self.order
        done = sum(whole * self.filled_in // order.amount_in for whole in (order.transfer, order.loan_fee))
        tied = Counter({(order.venue, order.base): self.left + order.transfer + order.loan_fee - done})
        tied[CHAIN, SOL] += order.charges.total - self.charged
        return tied
