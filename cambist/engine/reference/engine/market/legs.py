"""How good the state behind an edge is: whether it can be believed now, and its age."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.engine.books import word
from cambist.engine.reference.engine.market import equivalence
from cambist.engine.reference.engine.market.kind import Kind

if TYPE_CHECKING:
    from cambist.config.settings import Gates
    from cambist.engine.reference.book.order_book import OrderBook
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.engine.market import Market

NS_PER_MS = 1_000_000


class Leg(NamedTuple):
    """How good a step's state is."""

    problem: str
    """Empty, `fork`, `torn`, `stale` or `depeg`."""
    detail: str
    age_ns: int


class Carrier(NamedTuple):
    """What is known of the connection that carries a pool."""

    label: str
    slot: int
    slot_ns: int
    is_down: bool
    is_quarantined: bool

    @classmethod
    def of(cls, channel: ChannelState) -> Carrier | None:
        """Returns what is known of a channel's connection, `None` before it announced a slot."""
        if channel.slot is None:
            return None
        is_down, is_quarantined = channel.state == "down", bool(channel.quarantine)
        return cls(channel.info.label, channel.slot, channel.slot_ns, is_down, is_quarantined)


class Carried(NamedTuple):
    """A pool and what carries it."""

    name: str
    state: str
    changed_ns: int
    carrier: Carrier | None


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
    return book_leg_of(entry.name, entry.book, entry.as_of_ns, market.setup.gates, now_ns)


def book_leg_of(name: str, book: OrderBook, as_of_ns: int, gates: Gates, now_ns: int) -> Leg:
    """Returns how good a book of this name is."""
    age = max(0, now_ns - as_of_ns)
    if not book.usable:
        return Leg("stale", f"{name} {word(book)}", age)
    if age > gates.max_book_age_ms * NS_PER_MS:
        return Leg("stale", f"{name} is {age // NS_PER_MS} ms old", age)
    return Leg("", "", age)


def book_state(market: Market, at: int, now_ns: int) -> str:
    """Returns the word for a book's state: `live` if it can be traded on now, of age too."""
    entry = market.books.entries[at]
    return (book_leg(market, at, now_ns).problem or "live") if entry.live else entry.state


def pool_leg(market: Market, at: int, now_ns: int) -> Leg:
    """Returns how good a pool is: its accounts agree and its connection keeps up."""
    pool = market.registry.pools[at]
    channel = None if pool.carrier is None else market.channels.get(pool.carrier)
    carrier = None if channel is None else Carrier.of(channel)
    carried = Carried(pool.name, pool.state, pool.changed_ns, carrier)
    return pool_leg_of(carried, market.slot, market.setup.gates, now_ns)


def pool_leg_of(pool: Carried, newest: int | None, gates: Gates, now_ns: int) -> Leg:
    """Returns how good a pool is; `newest` is the newest slot of any connection."""
    carrier = pool.carrier
    if carrier is None:
        return Leg("stale", f"{pool.name} has no slots", max(0, now_ns - pool.changed_ns))
    age = max(0, now_ns - carrier.slot_ns)
    if pool.state in ("fork", "torn"):
        return Leg(pool.state, pool.name, age)
    if pool.state != "live":
        return Leg("stale", f"{pool.name} {pool.state}", age)
    if carrier.is_quarantined:
        return Leg("stale", f"{carrier.label} is quarantined", age)
    behind = (newest or 0) - carrier.slot
    if carrier.is_down or behind > gates.max_slot_lag:
        return Leg("stale", f"{carrier.label} is {behind} slots behind", age)
    if age > gates.max_slot_silence_ms * NS_PER_MS:
        return Leg("stale", f"no slot from {carrier.label} for {age // NS_PER_MS} ms", age)
    return Leg("", "", age)


def waits(market: Market, edge: int) -> bool:
    """Returns whether an edge is out of detection only until its state is consistent again."""
    behind = market.edges[edge]
    if behind.kind is Kind.EQUIVALENCE:
        return market.graph.weight(edge) is None
    if behind.kind is Kind.BOOK:
        return not market.books.entries[behind.at].live
    return market.registry.pools[behind.at].state in ("torn", "gap", "fork")
