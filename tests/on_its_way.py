"""A paper transaction on its way into a block of a real small market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.execution.paper_model import PaperParams
from cambist.model.events import RecordKind
from tests.fakes import MS
from tests.small_market import Trading

if TYPE_CHECKING:
    from cambist.kernel.effects import Effects
    from cambist.model.orders import Fill, Order

SURE = PaperParams(100 * MS, 0, 0, 0, late_ppm=0, late_full_ppm=0)
POOL = "cpmm-sol-usdc"


class OnItsWay:
    """A market, and an order of ours that has reached the leader but not landed."""

    def __init__(self, engine: str, paper: PaperParams = SURE, *, reach: bool = True, **changes: Any) -> None:
        """Without `reach` it is not there yet."""
        self.trading = Trading(engine, paper, **changes)
        self.kernel, self.market = self.trading.kernel, self.trading.market
        self.order = self.trading.order()
        self.slot = self.market.slot
        self.quoted = [self.quote()]
        if reach:
            self.tick(100)
            (working,) = self.kernel.desk.working
            assert working.landing is not None
            self.aimed = working.landing.slot

    def quote(self) -> int:
        return self.kernel.engine.quote_route(self.order.route, self.order.amount_in, self.market.now_ns).amount_out

    def tick(self, ms: int) -> Effects:
        self.market.record(RecordKind.TICK, b"{}", step_ns=ms * MS)
        return self.trading.step()

    def trade(self, atoms: int, *, sells_sol: bool = True) -> None:
        """Lets somebody else trade on a pool of the order; notes what the order would be paid after it."""
        self.market.trade(POOL, atoms, a_to_b=sells_sol)
        assert not self.trading.step().fills
        self.quoted.append(self.quote())

    def next_slot(self, parent: int | None = None) -> list[tuple[Order, Fill]]:
        self.market.next_slot(parent)
        return self.trading.step().fills

    def landed(self) -> Fill:
        """Lets its slot end."""
        assert self.next_slot() == []
        ((order, fill),) = self.next_slot()
        assert order == self.order
        return fill
