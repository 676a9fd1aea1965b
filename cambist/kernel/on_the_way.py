"""Orders of paper's on their way: one at an exchange ends at its time, one on chain with the slot that it lands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cambist.engine.protocol import SlotStanding
from cambist.execution import paper_landing, paper_model
from cambist.execution.routes import pools_of
from cambist.model.ledger import CHAIN

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine
    from cambist.kernel.desk import Desk
    from cambist.kernel.effects import Effects
    from cambist.kernel.state import KernelSetup
    from cambist.model.orders import Fill, Order, Working

CONGESTION = "congestion", ""
"""The gauge that says how full the chain is."""


class OnTheWay(Protocol):
    """What the kernel does with open orders until they end; the attributes are the kernel's."""

    setup: KernelSetup
    engine: Engine
    desk: Desk

    def _book(self, working: Working, fill: Fill, effects: Effects) -> None: ...

    def _network_fill(self, fill: Fill, effects: Effects) -> None: ...

    def _reach(self, working: Working, now_ns: int) -> bool:
        """Lets a transaction that reaches the leader go for a slot; returns whether it does: slots must be known."""
        order = working.order
        if working.landing is not None or order.venue != CHAIN:
            return False
        state = self.engine.quote_state(order.route, order.amount_in, now_ns)
        if not state.newest_slot:
            return False
        [congestion] = self.engine.gauges([CONGESTION], now_ns)
        paper, seed = self.setup.paper, self.setup.seed
        self.desk.follow(working, paper_landing.aimed(paper, seed, order, state, congestion, now_ns))
        self._watch()
        return True

    def _land(self, working: Working, now_ns: int, effects: Effects) -> None:
        """Ends a paper order by what the market is now, or was in its slot."""
        paper, seed, order = self.setup.paper, self.setup.seed, working.order
        if working.landing is not None:
            self._book(working, paper_landing.landed(paper, seed, order, working.landing, now_ns), effects)
            return
        for fill in paper_model.land(paper, seed, order, self.engine, now_ns):
            self._book(self.desk.find(order.id) or working, fill, effects)

    def _watch(self) -> None:
        """Lets the engine stop at each state of the pools that transactions on their way go through."""
        on_way = set(self.desk.landing())
        routes = [working.order.route for working in self.desk.working if working.order.id in on_way]
        self.engine.watch([edge for route in routes for edge in route])

    def _follow(self, now_ns: int, effects: Effects) -> None:
        """Takes over a state of the pools that are watched; ends the orders whose slot is over."""
        for order_id in self.desk.landing():
            working = self.desk.find(order_id)
            if working is None or working.landing is None:
                continue
            order = working.order
            state = self.engine.quote_state(order.route, order.amount_in, now_ns)
            self.desk.follow(working, paper_landing.seen(working.landing, state, now_ns))
            if not paper_landing.is_over(working.landing, state):
                continue
            if self.engine.slot_standing(working.landing.slot) is SlotStanding.FALLEN:
                self.desk.follow(working, paper_landing.again(working.landing, state, now_ns))
            else:
                self._land(self.desk.find(order_id) or working, now_ns, effects)

    def _settle(self, now_ns: int, effects: Effects) -> None:
        """Looks what became of the slots of orders that ended: those in the chain for good are final.

        Paper whose slot fell out of the chain is taken back; an order of a live sender waits for word of its own.
        """
        for closed in [each for each in self.desk.closed if each.fill.slot is not None]:
            fill = closed.fill
            standing = self.engine.slot_standing(fill.slot or 0)
            if standing is SlotStanding.FINAL:
                effects.stages.append(self.desk.finish(closed, now_ns))
            elif standing is SlotStanding.FALLEN and closed.before.landing is not None:
                for step in paper_landing.fallen(closed.before.order, fill.slot, now_ns):
                    self._network_fill(step, effects)

    def _sold(self, order: Order, now_ns: int) -> None:
        """Lets what a fill took of a pool be missing to the other orders that are on their way through it."""
        pools = pools_of(order.route)
        for order_id in self.desk.landing():
            other = self.desk.find(order_id)
            if other is None or other.landing is None or pools.isdisjoint(pools_of(other.order.route)):
                continue
            state = self.engine.quote_state(other.order.route, other.order.amount_in, now_ns)
            self.desk.follow(other, paper_landing.taken(other.landing, state))
