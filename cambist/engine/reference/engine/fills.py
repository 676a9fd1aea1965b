"""Fills of our own: what each leg of a route moved, taken over at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.engine.market import quotes
from cambist.engine.reference.engine.market.impact import MOST, Impact, Left, swap_of
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.moved import weigh_changed
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.market.quotes import Hop
    from cambist.engine.reference.engine.registry.entries import PoolEntry


def filled(engine: ReferenceEngine, route: list[str], amount_in: int, now_ns: int) -> None:
    """Takes over that an order of ours was filled on a route, with `amount_in` into its first edge.

    What each edge pays goes into the next. What it moved is judged at the next moment. From an edge on that can't be
    quoted nothing is moved.
    """
    weigh_changed(engine, now_ns)
    market, taken = engine.market, set[int]()
    for name in route:
        edge = market.graph.find_edge(name)
        hop = "unknown_edge" if edge is None else quotes.quote(market, edge, amount_in)
        if edge is None or isinstance(hop, str):
            break
        taken.add(edge)
        engine.moved.edges.update(_move_by(market, edge, hop))
        amount_in = hop.amount_out
    for cycle in engine.standing.through(taken):
        if cycle.gap is not None:
            cycle.gap.ours = True


def stock(engine: ReferenceEngine, venue: str, mint: str, atoms: int, *, moved: bool) -> None:
    """Takes over what we hold of a token at an exchange; with `moved` what sells it there is judged again."""
    market = engine.market
    market.stocks.setdefault(venue, {})[mint] = atoms
    if not moved:
        return
    for entry in market.books.entries:
        if entry.venue == venue and entry.edge is not None:
            edges = (entry.edge, entry.base_mint), (entry.edge + 1, entry.quote_mint)
            engine.moved.edges.update(edge for edge, sold in edges if sold == mint)


def _move_by(market: Market, edge: int, hop: Hop) -> list[int]:
    """Takes over a fill of ours on an edge; returns the edges that it moved."""
    behind = market.edges[edge]
    first = edge if behind.first else edge - 1
    if behind.kind is Kind.POOL:
        pool = market.registry.pools[behind.at]
        if not _move_pool(market, pool, hop, a_to_b=behind.first):
            return []
        return market.weigh(first, market.pool_weights(pool))
    if behind.kind is Kind.EQUIVALENCE:
        return []
    entry = market.books.entries[behind.at]
    scale = market.scale(entry)
    base8 = None if scale is None else scale.ordered(entry.book, hop.amount_in, entry.rules, sells=behind.first)
    if base8 is None:
        return []
    entry.book.use_up(quotes.sold_to(first=behind.first), base8)
    return market.weigh(first, market.book_weights(entry))


def _move_pool(market: Market, pool: PoolEntry, hop: Hop, *, a_to_b: bool) -> bool:
    time, ours = market.registry.time, pool.ours
    if time is None or ours is None:
        return False
    try:
        _, after = ours.swap(a_to_b, hop.amount_in, time)
    except QuoteError:
        return False
    net_a, net_b = (0, 0) if pool.impact is None else pool.impact.net
    put, taken = hop.amount_in, -hop.amount_out
    net = (_kept(net_a + put), _kept(net_b + taken)) if a_to_b else (_kept(net_a + taken), _kept(net_b + put))
    swap = swap_of(net)
    if swap is None:
        pool.impact = None
        return True
    pool.impact = Impact(net, Left.of(after, *swap, time), time)
    pool.impact.advance(pool.pool, time)
    return True


def _kept(net: int) -> int:
    return max(-MOST - 1, min(net, MOST))
