"""What a trade by legs leaves where the next one does not take it from, and what bringing it back costs.

An edge takes its token where it trades: on chain, at its exchange, or for an equivalence at that of its pair. The edge
before it brought that token where it trades itself; before the first one is the last. Where the two places differ, what
was taken is to be moved from the second to the first. A transfer costs its share of the flat fee and the part of the
amount, in the token moved. That is worth in the base token what the route pays to reach as much of it, at its average
rate up to there, as what venues keep is valued, but rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cambist.engine.reference.engine.book_scale import PPM
from cambist.engine.reference.engine.market.kind import Kind
from cambist.model.ledger import CHAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.market import Market
    from cambist.model.market import Transfer

_MOST: Final = (1 << 64) - 1


@dataclass(slots=True, frozen=True)
class Terms:
    """A way to move a token, as one trade bears it."""

    facts: Transfer
    share: int
    """Atoms of the flat fee."""
    least: int
    """Atoms that one trade must move."""

    def fee(self, amount: int) -> int | None:
        """Returns what moving an amount costs, in atoms of the token.

        `None` if so little is not moved or it does not fit.
        """
        if amount < self.least:
            return None
        return _fitting(self.share - (-amount * self.facts.ppm // PPM))


def terms(setup: EngineSetup) -> list[Terms]:
    """Returns the ways that are set up."""
    trades = max(setup.gates.trades_per_transfer, 1)
    return [Terms(each, -(-each.flat // trades), -(-each.least // trades)) for each in setup.transfers]


@dataclass(slots=True, frozen=True)
class Move:
    """What is to be moved of the token that an edge takes."""

    hop: int
    """The edge's place in the route."""
    origin: str
    target: str
    terms: Terms | None
    """`None` where no way is set up."""

    def costs(self, amount_in: int, amount: int) -> tuple[int, int] | None:
        """Returns what it costs in atoms of the token, and in those of the base token."""
        fee = None if self.terms is None else self.terms.fee(amount)
        paid = None if fee is None else _fitting(-(-fee * amount_in // amount))
        return None if fee is None or paid is None else (fee, paid)


@dataclass(slots=True, frozen=True)
class Rebalancing:
    """What one trade of a route pays for moving back what it leaves."""

    moves: tuple[Move, ...]
    """Ascending by hop; none where the rate stands for all of them."""
    rate: int | None
    """Of the input, for what no way is set up for; `None` if that is not known."""

    def cost(self, amount_in: int, taken: Sequence[int]) -> int | None:
        """Returns its cost in atoms of the base token, rounded up, where hops are given `taken`.

        `None` if that is unknown.
        """
        if self.rate is None:
            return None
        paid = -(-amount_in * self.rate // PPM)
        for each in self.moves:
            if taken[each.hop] > 0:
                costs = each.costs(amount_in, taken[each.hop])
                if costs is None:
                    return None
                paid += costs[1]
        return _fitting(paid)

    def ppm(self) -> int | None:
        """Returns the part of its cost that goes with the input, in parts per million."""
        parts = [each.terms.facts.ppm for each in self.moves if each.terms is not None]
        return None if self.rate is None else self.rate + sum(parts)

    def flat(self, slope: Callable[[int], float]) -> float:
        """Returns the least that its flat fees are worth in atoms of the base token.

        `slope` is what a hop pays at most.
        """
        flat, reached, begin = 0.0, 1.0, 0
        for each in self.moves:
            for hop in range(begin, each.hop):
                reached *= slope(hop)
            begin = each.hop
            flat += (0.0 if each.terms is None else float(each.terms.share)) / reached
        return flat


def moves(market: Market, edges: Sequence[int]) -> list[Move]:
    """Returns what a trade of a route leaves to be moved, ascending by hop."""
    made = []
    for hop, edge in enumerate(edges):
        origin, target = _place(market, edges[hop - 1]), _place(market, edge)
        if origin != target:
            wanted = (market.ends(edge)[0], origin, target)
            found = (
                each for each in market.transfers if (each.facts.mint, each.facts.origin, each.facts.target) == wanted
            )
            made.append(Move(hop, origin, target, next(found, None)))
    return made


def rebalancing(market: Market, edges: Sequence[int]) -> Rebalancing:
    """Returns what a trade of a route pays for that. Without any way set up the rate stands for all of it."""
    if all(market.on_chain(edge) for edge in edges):
        return Rebalancing((), 0)
    rate = market.setup.gates.rebalancing_ppm
    if not market.transfers:
        return Rebalancing((), rate)
    found = moves(market, edges)
    known = tuple(each for each in found if each.terms is not None)
    return Rebalancing(known, 0 if len(known) == len(found) else rate)


def _place(market: Market, edge: int) -> str:
    """Returns where an edge takes and brings."""
    behind = market.edges[edge]
    if behind.kind is Kind.POOL:
        return CHAIN
    if behind.kind is Kind.BOOK:
        return market.books.entries[behind.at].venue
    return market.ties[behind.at].facts.pair.partition(":")[0]


def _fitting(atoms: int) -> int | None:
    return atoms if atoms <= _MOST else None
