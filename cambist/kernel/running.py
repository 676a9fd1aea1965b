"""The strategies that run: each is offered every go in record order, within its budget of work.

One that raises an error is stopped for the session: what it would do next is not known. One that isn't installed here
is kept as it is in STATE, so that a session opens that it took part in; what the others decide is then not what was
decided, and `missing` says by name why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.kernel.access import Access
from cambist.strategies import negative_cycle, rule
from cambist.strategies.base import OverBudget, StrategySetup, made
from cambist.strategies.kinds import NoStrategy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cambist.kernel.state import KernelSetup
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order
    from cambist.strategies.base import Kind, State, Strategy, Wish

OVER_BUDGET, STOPPED = "over_budget", "stopped"
"""Why an opportunity is skipped: the strategy asked for more work at this moment than it may, or raised an error."""

Find = Callable[[str], "Kind"]
"""Returns a kind of strategy by name. Raises `NoStrategy`."""
Open = Callable[[StrategySetup], Access]


class Offered(NamedTuple):
    """What one strategy said of one opportunity: a wish, or why there is none."""

    strategy: str
    wish: Wish | None
    skip: str


class _Slot(NamedTuple):
    setup: StrategySetup
    strategy: Strategy
    market: Access


def table(setup: KernelSetup) -> tuple[StrategySetup, ...]:
    """Returns the strategies of a session; without a table one, which goes by the operator's rule if there is any."""
    own = rule.KIND.name
    if not setup.strategies:
        return (StrategySetup(own if setup.rule else negative_cycle.KIND.name, own, {"text": setup.rule}),)
    with_rule = {"text": setup.rule}
    return tuple(
        msgspec.structs.replace(each, settings=with_rule) if each.kind == own and not each.settings else each
        for each in setup.strategies
    )


class Running:
    """Strategies in the order of their table."""

    def __init__(self, wanted: Iterable[StrategySetup], find: Find, opened: Open) -> None:
        """Raises `ValueError` for settings that a strategy can't mean; one that isn't installed is `missing`."""
        self._slots: list[_Slot] = []
        wanted = tuple(wanted)
        self._table = [setup.name for setup in wanted]
        self.missing: dict[str, str] = {}
        """Name of a strategy that is not installed → why it can't run."""
        self.otherwise: list[str] = []
        """Why decisions may be others than those of the session: what is missing, or of another version."""
        self._kept: dict[str, State] = {}
        self._cut: set[str] = set()
        self.stopped: dict[str, str] = {}
        """Name of a strategy that raised an error → what it was; nothing lets it run again in this session."""
        self.news: list[str] = []
        """Words on what was stopped since they were last taken."""
        self._moment = -1
        for setup in wanted:
            try:
                kind = find(setup.kind)
            except NoStrategy as error:
                self._miss(setup.name, str(error))
                continue
            market = opened(setup)
            if kind.version == setup.version:
                self._slots.append(_Slot(setup, made(kind, setup.settings, market), market))
                continue
            versions = f"version {setup.version or 'unknown'}, {kind.version or 'unknown'} is installed"
            versions = f"decided by {setup.kind} of {versions}"
            try:
                self._slots.append(_Slot(setup, made(kind, setup.settings, market), market))
                self.otherwise.append(f"strategy {setup.name}: {versions}")
            except ValueError as error:  # it has other settings now
                self._miss(setup.name, f"{versions}: {error}")
        self.names = tuple(slot.setup.name for slot in self._slots)
        """Of those that run."""

    def _miss(self, name: str, why: str) -> None:
        self.missing[name] = why
        self.otherwise.append(f"strategy {name}: {why}")

    def offer(self, opportunity: Opportunity) -> Iterator[Offered]:
        """Yields what each strategy says of an opportunity, one after the other: the next sees what came of it."""
        if opportunity.seq != self._moment:
            self._moment = opportunity.seq
            self._cut.clear()
            for slot in self._slots:
                slot.market.begin()
        for slot in self._slots:
            yield from self._asked(slot, opportunity)

    def _asked(self, slot: _Slot, opportunity: Opportunity) -> list[Offered]:
        name = slot.setup.name
        if name in self.stopped:
            return [Offered(name, None, STOPPED)]
        if name in self._cut:
            return [Offered(name, None, OVER_BUDGET)]
        slot.market.at_work = True
        try:
            return [_offered(name, wish) for wish in slot.strategy.on_opportunity(opportunity)]
        except OverBudget:
            self._cut.add(name)
            return [Offered(name, None, OVER_BUDGET)]
        except Exception as error:  # whatever a package raises: the others go on
            self._stop(name, error)
            return [Offered(name, None, STOPPED)]
        finally:
            slot.market.at_work = False

    def on_order(self, order: Order) -> None:
        """Tells each of an order that is open from now on."""
        self._tell(lambda strategy: strategy.on_order(order))

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Tells each how an order ended."""
        self._tell(lambda strategy: strategy.on_fill(order, fill))

    def _tell(self, call: Callable[[Strategy], None]) -> None:
        for slot in self._slots:
            if slot.setup.name in self.stopped:
                continue
            try:
                call(slot.strategy)
            except Exception as error:  # as above
                self._stop(slot.setup.name, error)

    def _stop(self, name: str, error: Exception) -> None:
        self.stopped[name] = f"{type(error).__name__}: {error}"
        self.news.append(f"strategy {name} is stopped for this session: {self.stopped[name]}")

    def state(self) -> dict[str, State]:
        """Returns what each must remember, by name; of a missing one what it came with, of a stopped nothing."""
        slots = [slot for slot in self._slots if slot.setup.name not in self.stopped]
        known = self._kept | {slot.setup.name: slot.strategy.state() for slot in slots}
        return {name: known[name] for name in self._table if name in known}

    def restore(self, states: dict[str, State], orders: Iterable[Order], stopped: dict[str, str]) -> None:
        """Hands each its state and the orders that are open."""
        self._kept = {name: states[name] for name in self.missing if name in states}
        self.stopped = dict(stopped)
        orders = list(orders)
        for slot in self._slots:
            if slot.setup.name in stopped:
                continue
            slot.strategy.restore(states.get(slot.setup.name, {}))
            for order in orders:
                slot.strategy.on_order(order)


def _offered(name: str, wish: Wish) -> Offered:
    """Returns a wish, or why there is none. Raises `TypeError` for amounts that are no atoms."""
    if wish.skip:
        return Offered(name, None, str(wish.skip))
    if type(wish.amount_in) is not int or type(wish.min_out) is not int:
        message = f"wished for {wish.amount_in!r} in and {wish.min_out!r} out, expected whole atoms"
        raise TypeError(message)
    return Offered(name, wish, "")
