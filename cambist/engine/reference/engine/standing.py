"""Cycles that stand: found by a search, kept by the money they earn until they don't pay any more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.engine.ends import Ends
from cambist.engine.reference.engine.route import Sizing, cap
from cambist.engine.reference.search.by_money import money_of
from cambist.engine.reference.search.estimate import Estimate
from cambist.model.opportunity import End

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.ends import Gap
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.search.by_money import Base, Ranked
    from cambist.model.opportunity import Opportunity

MOST: Final = 256
"""Most cycles that stand."""
UNVALUED: Final = 32
"""Most of them without a value, which rank among themselves."""
MOST_ENDED: Final = MOST
"""Cycles that ended and are remembered: all that stand may end at one moment."""


@dataclass(slots=True, frozen=True)
class Moment:
    """The record at which is decided."""

    number: int
    """From 1 on, of those of this engine."""
    seq: int
    now_ns: int
    slot: int
    """The newest one, 0 before any was announced."""
    slots: int
    """How many slots had a moment, with this one's."""


class Ended(NamedTuple):
    """A cycle that stands no more."""

    key: str
    first_ns: int
    """When it was found."""
    last_ns: int
    best_net: int | None
    """The most that it would have left at one moment, in atoms of its base token; `None` if it was never sized
    or a cost of it never known."""
    how: End
    base: str = ""
    """Mint, or empty."""
    found_slot: int = 0
    """The newest slot when it was found, 0 before any was announced."""
    last_slot: int = 0
    """The newest slot when it ended, as `found_slot`."""
    best_ns: int | None = None
    """The first moment at which it would have left the most."""


@dataclass(slots=True)
class Cycle:
    """One standing cycle."""

    key: str
    edges: list[int]
    """In the order of execution: the first one sells the base token, if there is one."""
    base: str
    """Mint, or empty."""
    first_ns: int
    found_slot: int
    """The newest slot when it was found, 0 before any was announced."""
    weight: int = 0
    estimate: Estimate = field(default_factory=lambda: Estimate(0.0, 0.0, 0.0))
    """As of when one of its legs moved last."""
    net: float | None = None
    """What is left of it after costs, `None` if one is unknown."""
    first_slot: int | None = None
    """Since when it gains at the margin, over bridged gaps, in slots that had a moment; `None` if it doesn't."""
    kept_slot: int = 0
    """When it paid last, or was found."""
    kept_ns: int = 0
    best_net: int | None = None
    best_ns: int | None = None
    """The first moment at which it would have left that."""
    sized: bool = False
    """Whether it was sized as it is now; not if enough others through the same pools earn more."""
    judged: int = 0
    """The moment at which it was decided on last."""
    sizing: Sizing = field(default_factory=Sizing)
    last: Opportunity | None = None
    """The decision on it, `None` if it is not sized."""
    gap: Gap | None = None
    """Since when it pays, `None` if it doesn't."""

    def take(self, moment: Moment, opportunity: Opportunity) -> None:
        """Takes over a decision of a moment, and what it says of its best."""
        self.last, self.judged = opportunity, moment.number
        net, best = opportunity.net, self.best_net
        if net is not None and (best is None or net > best):
            self.best_net, self.best_ns = net, moment.now_ns

    @property
    def pays(self) -> bool:
        """Whether it pays after costs: as sized, else as estimated; at the margin without a base token."""
        if not self.estimate.amount_in:
            return self.weight < 0
        net = self.last.net if self.sized and self.last is not None else self.net
        return net is not None and net > 0


class Standing:
    """All standing cycles of one engine."""

    def __init__(self, setup: EngineSetup, market: Market) -> None:
        self.setup, self.market = setup, market
        self.cycles: dict[str, Cycle] = {}
        self.ended: deque[Ended] = deque(maxlen=MOST_ENDED)
        """The oldest first."""
        self.ends = Ends(market)
        self.gaps: dict[str, tuple[int, int]] = {}
        """(since when as cycles count, until which slot) by key, of cycles that paid, while the gap may be bridged."""

    def find(self, moment: Moment, found: Ranked) -> Cycle:
        """Returns the cycle that a search found, new if it did not stand yet."""
        key = self.market.graph.cycle_key(found.route)
        cycle = self.cycles.get(key)
        if cycle is None:
            base = "" if found.base is None else self.market.graph.node_key(found.base)
            cycle = self.cycles[key] = Cycle(key, found.route, base, moment.now_ns, moment.slot)
        cycle.kept_slot, cycle.kept_ns = moment.slot, moment.now_ns
        self.estimate(moment, cycle, found)
        return cycle

    def estimate(self, moment: Moment, cycle: Cycle, found: Ranked) -> None:
        """Takes over what a cycle may earn now. It is to be sized, or is no longer known exactly."""
        cycle.weight, cycle.estimate, cycle.net = found.weight, found.estimate, found.net
        if found.weight >= 0:
            self._interrupt(cycle, moment.slot)
        elif not cycle.first_slot:  # slot 0 is one before any was announced: nothing can be counted from it
            cycle.first_slot = self._since(cycle.key, moment)

    def end(self, moment: Moment, cycle: Cycle, how: End) -> None:
        """Drops a cycle that no longer stands."""
        self._interrupt(cycle, moment.slot)
        self.ends.drop(moment, cycle, how)
        del self.cycles[cycle.key]
        began = cycle.first_ns, moment.now_ns, cycle.best_net
        self.ended.append(
            Ended(cycle.key, *began, how, cycle.base, cycle.found_slot, moment.slot, cycle.best_ns),
        )

    def expire(self, moment: Moment) -> None:
        """Drops the cycles that have not paid for as long as they may."""
        search = self.setup.search
        for _, cycle in sorted(self.cycles.items()):
            if cycle.pays:
                cycle.kept_slot, cycle.kept_ns = moment.slot, moment.now_ns
                continue
            if any(self.market.on_chain(edge) for edge in cycle.edges):
                over = moment.slot - cycle.kept_slot > search.linger_slots
            else:
                over = moment.now_ns - cycle.kept_ns > search.linger_ms * 1_000_000
            if over:
                self.end(moment, cycle, End.LOST)

    def crowd_out(self, moment: Moment, bases: Mapping[int, Base]) -> int:
        """Drops what earns least of more cycles than may stand. Returns how many."""
        if len(self.cycles) <= MOST:
            return 0
        ranked = sorted((self.order(cycle, bases), cycle.key) for cycle in self.cycles.values())
        unvalued = [key for (is_unvalued, _), key in ranked if is_unvalued]
        valued = [key for (is_unvalued, _), key in ranked if not is_unvalued]
        least = unvalued[UNVALUED:] + valued[MOST - min(len(unvalued), UNVALUED) :]
        for key in least:
            self.end(moment, self.cycles[key], End.CROWDED)
        return len(least)

    def order(self, cycle: Cycle, bases: Mapping[int, Base]) -> tuple[bool, float]:
        """Returns what cycles are ordered by: those with a value first, the most money first."""
        node = self.market.graph.find_node(cycle.base) if cycle.base else None
        value = bases[node].value if node is not None and node in bases else None
        if value is None or not cycle.estimate.amount_in:
            return True, float(cycle.weight)
        exact = cycle.last.net if cycle.sized and cycle.last is not None else None
        return False, -money_of(value, cycle.estimate.gain, cycle.net if exact is None else float(exact))

    def _interrupt(self, cycle: Cycle, slot: int) -> None:
        """Ends a cycle's count; it is kept aside for as long as `max_gap_slots` lets it go on."""
        most = self.setup.gates.max_gap_slots
        if most and cycle.first_slot:
            self.gaps = {key: kept for key, kept in self.gaps.items() if slot - kept[1] - 1 <= most}
            self.gaps[cycle.key] = cycle.first_slot, slot
        cycle.first_slot = None

    def _since(self, key: str, moment: Moment) -> int:
        """Returns since when a cycle counts that pays now: as `signal_persistence.Runs`, over bridged gaps."""
        first, last = self.gaps.pop(key, (moment.slots, moment.slot))
        return first if moment.slot - last - 1 <= self.setup.gates.max_gap_slots else moment.slots

    def ended_last(self, key: str) -> Ended | None:
        """Returns how the cycle of a key ended the last time, `None` if that is not remembered."""
        return next((each for each in reversed(self.ended) if each.key == key), None)

    def unconfirmed(self) -> list[str]:
        """Returns the keys of the cycles that wait for a second endpoint."""
        return [key for key, c in sorted(self.cycles.items()) if c.last is not None and c.last.reason == "unconfirmed"]

    def through(self, touched: set[int]) -> list[Cycle]:
        """Returns the cycles that use one of the edges, by key."""
        return [c for _, c in sorted(self.cycles.items()) if not touched.isdisjoint(c.edges)]

    def cap(self, base: str) -> int | None:
        """Returns the most atoms of a base token that one trade may put in."""
        return cap(self.setup, base)

    def ranked(self) -> list[Opportunity]:
        """Returns the last decisions, go first, then by net."""
        last = [c.last for c in self.cycles.values() if c.last is not None]
        return sorted(last, key=lambda o: (not o.go, o.net is None, -(o.net or 0), o.key))
