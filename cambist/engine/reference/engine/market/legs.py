"""How good the state behind an edge is: whether it can be believed now, and its age."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.engine.market import equivalence
from cambist.engine.reference.engine.market.kind import Kind

if TYPE_CHECKING:
    from cambist.engine.reference.engine.market import Market

NS_PER_MS = 1_000_000


class Leg(NamedTuple):
    """How good a step's state is."""

    problem: str
    """Empty, `fork`, `torn`, `stale` or `depeg`."""
    detail: str
    age_ns: int


def leg(market: Market, edge: int, now_ns: int) -> Leg:
    """Returns whether the state behind an edge can be believed now, and its age."""
    behind = market.edges[edge]
    if behind.kind is Kind.POOL:
        return pool_leg(market, behind.at, now_ns)
    if behind.kind is Kind.BOOK:
        return book_leg(market, behind.at, now_ns)
    problem, age_ns = equivalence.trouble(market, edge, now_ns)
    return Leg("depeg" if problem else "", problem, age_ns)


def book_leg(market: Market, at: int, now_ns: int) -> Leg:
    """Returns how good a book is."""
    entry = market.books.entries[at]
    age = max(0, now_ns - entry.as_of_ns)
    if not entry.live:
        return Leg("stale", f"{entry.name} {entry.state}", age)
    if age > market.setup.gates.max_book_age_ms * NS_PER_MS:
        return Leg("stale", f"{entry.name} is {age // NS_PER_MS} ms old", age)
    return Leg("", "", age)


def book_state(market: Market, at: int, now_ns: int) -> str:
    """Returns the word for a book's state: `live` if it can be traded on now, of age too."""
    entry = market.books.entries[at]
    return (book_leg(market, at, now_ns).problem or "live") if entry.live else entry.state


def pool_leg(market: Market, at: int, now_ns: int) -> Leg:
    """Returns how good a pool is: its accounts agree and its connection keeps up."""
    pool = market.registry.pools[at]
    channel = None if pool.carrier is None else market.channels.get(pool.carrier)
    if channel is None or channel.slot is None:
        return Leg("stale", f"{pool.name} has no slots", max(0, now_ns - pool.changed_ns))
    age = max(0, now_ns - channel.slot_ns)
    if pool.state in ("fork", "torn"):
        return Leg(pool.state, pool.name, age)
    if pool.state != "live":
        return Leg("stale", f"{pool.name} {pool.state}", age)
    if channel.quarantine:
        return Leg("stale", f"{channel.info.label} is quarantined", age)
    behind = (market.slot or 0) - channel.slot
    if channel.state == "down" or behind > market.setup.gates.max_slot_lag:
        return Leg("stale", f"{channel.info.label} is {behind} slots behind", age)
    if age > market.setup.gates.max_slot_silence_ms * NS_PER_MS:
        return Leg("stale", f"no slot from {channel.info.label} for {age // NS_PER_MS} ms", age)
    return Leg("", "", age)


def waits(market: Market, edge: int) -> bool:
    """Returns whether an edge is out of detection only until its state is consistent again."""
    behind = market.edges[edge]
    if behind.kind is Kind.EQUIVALENCE:
        return market.graph.weight(edge) is None
    if behind.kind is Kind.BOOK:
        return not market.books.entries[behind.at].live
    return market.registry.pools[behind.at].state in ("torn", "gap", "fork")
