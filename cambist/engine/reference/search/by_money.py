"""What a search keeps in the engine: the cycles that earn most after costs, in the value of their base token.

A path is given up once it is bent so much, or has so little room, that what the rest can still add won't earn as much
as the least of those kept. With `s` the best slope of any cycle that begins with the path, `c` the path's bend, `X` its
room and `v` the most that an atom of its first token can be worth in a base token, no such cycle earns more than
`v·(√s − 1)²/c`, nor than `v·X·(s − 1)`: more hops add bend and never take it away.

Cycles that lose are kept apart, a few; so are those without a base token that has a value: their weight ranks them.
"""

from __future__ import annotations

import math
from bisect import insort
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cambist.engine.reference.search.cycle_finder import names_of
from cambist.engine.reference.search.estimate import Estimate, Range, estimate, slope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.search.cycle_finder import Potentials
    from cambist.engine.reference.search.estimate import Hop
    from cambist.engine.reference.search.graph import Graph

_HALF_UNIT: Final = 0.6931471805599453 / 2.0**41
"""ln 2 of a unit of weight, halved: what √s has of it."""


PROBE_SHARE: Final = 1_000
"""The smallest size tried is the cap over this, so that a near miss shows a size one would trade."""


class Base(NamedTuple):
    """A token that cycles may start from."""

    rank: int
    """The lowest of a cycle's base tokens starts it."""
    value: float | None
    """Of one atom, in whole quote tokens; `None` if unknown."""
    inputs: Range | None
    """In atoms; `None` if nothing may be put in."""


class Ranked(NamedTuple):
    """A cycle that was met, and what it may earn."""

    route: list[int]
    """In the order of execution: the first edge sells the base token, if there is one."""
    base: int | None
    """Its node."""
    weight: int
    estimate: Estimate
    net: float | None
    """What is left of the estimate after costs, in atoms of the base token; `None` if a cost is unknown."""
    money: float | None
    """See `money_of`; `None` where the base token has no value, or there is none."""


def money_of(value: float, gain: float, net: float | None) -> float:
    """Returns what a cycle is ranked by: its net in whole quote tokens.

    With a cost that is unknown it ranks after all that pay, the nearer to 0 the more it gains before costs.
    """
    return -1.0 / (1.0 + max(gain, 0.0) * value) if net is None else net * value


class Market(Protocol):
    """What ranking asks of the market."""

    def hop(self, edge: int) -> Hop | None:
        """Returns what an edge pays near its price."""
        ...

    def net(self, route: Sequence[int], base: int, found: Estimate) -> float | None:
        """Returns what an estimate leaves after costs, in atoms of the base token; `None` if one is not set."""
        ...


class Places(NamedTuple):
    """How many cycles of a kind are kept."""

    paying: int
    losing: int
    unvalued: int


class Limits(NamedTuple):
    """What can be kept at all."""

    places: Places
    max_hops: int
    margin: int
    """A cycle must weigh less, in 2⁻⁴⁰ of log2."""
    least_cost: float
    """What the cheapest trade costs, in whole quote tokens."""


class Path(NamedTuple):
    """A path as far as it bounds what a cycle can earn; amounts are of the token that its first edge sells."""

    slope: float
    bend: float
    room: float
    worth: float
    """The most that an atom of that token can be worth, in whole quote tokens."""
    has_value: bool
    """Whether it passes a base token with a value."""


class ByMoney:
    """Keeps what earns most."""

    def __init__(
        self,
        graph: Graph,
        potentials: Potentials,
        market: Market,
        bases: Mapping[int, Base],
        limits: Limits,
    ) -> None:
        self._graph, self._potentials, self._market, self._bases = graph, potentials, market, bases
        self._limits, self._places = limits, limits.places
        self._valued = {node: base for node, base in bases.items() if base.value is not None and base.inputs}
        self._least_probe = min(
            (base.value * base.inputs.least for base in self._valued.values() if base.value and base.inputs),
            default=0.0,
        )
        self._limit = -math.inf
        self._least_weight = limits.margin
        """What a cycle without a value must be lighter than."""
        self.paying: list[Ranked] = []
        """The most money first, of equals the first by edge names."""
        self.losing: list[Ranked] = []
        self.unvalued: list[Ranked] = []
        """The lightest first."""

    def begin(self, edge: int) -> Path | None:
        """Returns the path of one edge."""
        hop = self._market.hop(edge)
        if hop is None:
            return None
        tail, head = self._graph.tails[edge], self._graph.heads[edge]
        worth, room = 0.0, 0.0
        slack = self._potentials.slack(self._limits.max_hops, inside=False)
        for node, base in self._valued.items():
            there = self._potentials.value(node) - self._potentials.value(tail) + slack
            back = self._potentials.value(tail) - self._potentials.value(node) + slack
            worth = max(worth, (base.value or 0.0) * slope_of(there))
            room = max(room, (base.inputs.most if base.inputs else 0.0) * slope_of(back))
        has_value = tail in self._valued or head in self._valued
        return Path(hop.slope, hop.bend, min(hop.room, room), worth, has_value)

    def follow(self, path: Path, edge: int) -> Path:
        """Returns a path with one more edge."""
        hop = self._market.hop(edge)
        if hop is None:
            return path._replace(room=0.0)
        return Path(
            path.slope * hop.slope,
            path.bend + hop.bend * path.slope,
            min(path.room, hop.room / path.slope),
            path.worth,
            path.has_value or self._graph.heads[edge] in self._valued,
        )

    def is_open(self, path: Path, least: int) -> bool:
        """Returns whether a cycle that begins with the path and weighs `least` or more may still be kept."""
        if least >= self._limits.margin:
            return False
        if not path.has_value and least < self._least_weight:
            return True
        need = self._limit + self._limits.least_cost
        if need < 0.0:
            # What loses is kept too. At the least size tried it loses 1 − e⁻²ʰ of that, h its halved weight.
            return least < 0 or self._least_probe * min(float(least) * _HALF_UNIT, 0.5) + need < 0.0
        half = float(-least) * _HALF_UNIT
        if half > 1.0:
            return True
        gain = half * (1.0 + half)
        return (
            least < 0
            and path.worth * gain * gain > path.bend * need
            and path.worth * path.room * gain * (2.0 + gain) > need
        )

    def meet(self, path: Path, edges: Sequence[int], weight: int) -> None:
        """Keeps a cycle if it is among the best."""
        found = self.rank(list(edges), weight)
        if found is None:
            return
        if found.money is None:
            if weight < self._least_weight:
                self._put(self.unvalued, found, self._places.unvalued)
                if len(self.unvalued) == self._places.unvalued:
                    self._least_weight = min(self._limits.margin, self.unvalued[-1].weight + 1)
            return
        if found.money >= self._limit:
            paying = found.money > 0.0
            self._put(self.paying if paying else self.losing, found, self._places[0 if paying else 1])
            self._limit = self._lowest()

    def rank(self, edges: list[int], weight: int) -> Ranked | None:
        """Returns what a cycle may earn, from its base token on; `None` if a hop is in no state to say."""
        route, node = self._rotate(edges)
        base = None if node is None else self._bases[node]
        if base is None or node is None or base.inputs is None:
            return Ranked(route, node, weight, Estimate(0.0, 0.0, 0.0), None, None)
        hops = [hop for hop in map(self._market.hop, route) if hop is not None]
        if len(hops) < len(route):
            return None
        found = estimate(hops, base.inputs)
        net = self._market.net(route, node, found)
        money = None if base.value is None else money_of(base.value, found.gain, net)
        return Ranked(route, node, weight, found, net, money)

    def _rotate(self, edges: list[int]) -> tuple[list[int], int | None]:
        """Returns the route that starts with the best-ranked base token in it, and that token."""
        starts = [self._graph.tails[edge] for edge in edges]
        ranked = [(self._bases[node].rank, at) for at, node in enumerate(starts) if node in self._bases]
        if not ranked:
            return self._graph.canonical(edges), None
        at = min(ranked)[1]
        return edges[at:] + edges[:at], starts[at]

    def _put(self, kept: list[Ranked], found: Ranked, most: int) -> None:
        insort(kept, found, key=self.order)
        del kept[most:]

    def order(self, found: Ranked) -> tuple[float, list[bytes]]:
        """Returns what cycles of a kind are ordered by."""
        first = float(found.weight) if found.money is None else -found.money
        return first, names_of(self._graph, self._graph.canonical(found.route))

    def _lowest(self) -> float:
        """Returns the money below which no further cycle can be kept."""
        if len(self.paying) >= self._places.paying:
            return self.paying[-1].money or 0.0
        if len(self.losing) >= self._places.losing:
            return self.losing[-1].money or 0.0
        return -math.inf
