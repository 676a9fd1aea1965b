"""What moved since the last moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine


@dataclass(slots=True)
class Moved:
    """What is to be judged at the next moment."""

    frames: int = 0
    edges: set[int] = field(default_factory=set)
    """Weighed anew already."""
    pools: set[int] = field(default_factory=set)
    books: set[int] = field(default_factory=set)
    slot: int | None = None
    """The newest slot at the last moment."""
    slots: int = 0
    """How many slots had a moment, as far as known."""


def weigh_changed(engine: ReferenceEngine, now_ns: int) -> None:
    """Weighs the edges of what changed: cheap, and due before anything is quoted or a slot is closed."""
    market, moved = engine.market, engine.moved
    registry = market.registry
    if registry.dirty or registry.aged or market.dirty_books or market.is_due(now_ns):
        moved.books |= market.dirty_books
        edges, pools, torn = market.settle(now_ns)
        engine.counters.torn += torn
        moved.pools.update(pools)
        moved.edges.update(edges)


def take_moved(engine: ReferenceEngine, now_ns: int) -> set[int]:
    """Returns the edges that moved, once the prices of what is behind them are taken over."""
    moved = engine.moved
    for at in sorted(moved.pools):
        engine.prices.pool(at, now_ns)
    for at in sorted(moved.books):
        engine.prices.book(at, now_ns)
    edges, moved.edges = moved.edges, set()
    moved.pools, moved.books = set(), set()
    return edges
