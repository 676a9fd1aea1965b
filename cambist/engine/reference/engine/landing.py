"""Orders on their way into a block: the states of their pools, one after the other, and what a route pays at each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.protocol import SlotStanding, StateQuote
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.registry.torn import told_slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.engine import ReferenceEngine


def watch(engine: ReferenceEngine, edges: Sequence[str]) -> None:
    """Lets `ingest` stop after each frame that changes a pool behind one of these edges, or begins a slot."""
    engine.watched = _pools_of(engine, edges)


def quote_state(engine: ReferenceEngine, route: list[str], amount_in: int, now_ns: int) -> StateQuote:
    """Quotes a route, and says of which slot the state of its pools is."""
    quote = engine.quote_route(route, amount_in, now_ns)
    registry = engine.market.registry
    slots = [told_slot(registry, registry.pools[at]) for at in _pools_of(engine, route)]
    return StateQuote(engine.market.slot or 0, max(slots, default=0), *quote)


def slot_standing(engine: ReferenceEngine, slot: int) -> SlotStanding:
    """Returns whether a slot is in the chain, by the node that says most for it."""
    told = {channel.chain.standing(slot) for channel in engine.channels.values()}
    for standing in (SlotStanding.FINAL, SlotStanding.STANDS, SlotStanding.FALLEN):
        if standing in told:
            return standing
    return SlotStanding.UNKNOWN


def is_watched(engine: ReferenceEngine, slot: int | None) -> bool:
    """Returns whether the frame before which `slot` was the newest one is to be looked at."""
    if not engine.watched:
        return False
    return engine.market.slot != slot or not engine.watched.isdisjoint(engine.market.registry.dirty)


def _pools_of(engine: ReferenceEngine, edges: Sequence[str]) -> set[int]:
    market = engine.market
    found = [edge for name in edges if (edge := market.graph.find_edge(name)) is not None]
    return {market.edges[edge].at for edge in found if market.edges[edge].kind is Kind.POOL}
