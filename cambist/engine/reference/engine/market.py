"""Pools and books as edges of one graph: which ones can be used, what they pay, how old they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference import base58
from cambist.engine.reference.accounts import program
from cambist.engine.reference.amm_math import QuoteError
from cambist.engine.reference.cycle_finder import Potentials
from cambist.engine.reference.engine.books import U64, BookEntry, Books, Scale, weight
from cambist.engine.reference.engine.registry import PoolEntry, Registry
from cambist.engine.reference.graph import MAX_WEIGHT, Graph, GraphError
from cambist.engine.reference.log2 import log2_ratio

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.channels import ChannelState

MAX_DECIMALS = 18
NEARLY_LINEAR = 1e6
"""A book's best level is taken for a pool so deep that its price hardly moves; sizing only starts from it."""
NS_PER_MS = 1_000_000


@dataclass(slots=True, frozen=True)
class Edge:
    """What stands behind an edge of the graph."""

    book: bool
    at: int
    """Place of the pool or book."""
    first: bool
    """Whether it sells token_a, or base."""


class Hop(NamedTuple):
    """What one step pays."""

    amount_in: int
    amount_out: int
    fee: int
    """Everything the step kept, in atoms of the token in."""
    ticks: int


class Leg(NamedTuple):
    """How good a step's state is."""

    problem: str
    """Empty, `torn` or `stale`."""
    detail: str
    age_ns: int


def margin(ppm: int) -> int:
    """Returns a loss of `ppm` as log2, in fixed point."""
    return log2_ratio(1_000_000 + ppm, 1_000_000) or 0


class Market:
    """All venues of one engine."""

    def __init__(self, setup: EngineSetup, channels: dict[int, ChannelState]) -> None:
        self.setup = setup
        self.channels = channels
        self.registry = Registry(setup.pools)
        self.books = Books(setup)
        self.graph = Graph()
        self.edges: list[Edge] = []
        self.potentials = Potentials()
        self.margin = margin(setup.search.margin_ppm)
        self.promising: list[int] = []
        """Edges through which a cycle may go, since it was last emptied."""
        self.decimals = {t.mint: t.decimals for t in setup.tokens}
        self.slot: int | None = None
        """Newest slot of any connection."""
        self.slot_ns = 0
        self.dirty_books: set[int] = set()
        self.wired_books = 0
        self.wire_books()

    # -- the graph

    def wire_books(self) -> None:
        """Gives edges to the books that may have them and don't yet."""
        for at in range(self.wired_books, len(self.books.entries)):
            entry = self.books.entries[at]
            if not entry.blocked:
                entry.edge = self._join(entry.base_mint, entry.quote_mint, entry.name, at, book=True)
                entry.blocked = "no_edge" if entry.edge is None else ""
        self.wired_books = len(self.books.entries)

    def wire_pools(self) -> None:
        """Gives edges to the pools whose mints became known."""
        for at in self.registry.created:
            pool = self.registry.pools[at]
            mint_a, mint_b = (base58.encode(mint) for mint in pool.mints or ())
            pool.edge = self._join(mint_a, mint_b, pool.name, at, book=False)
        self.registry.created.clear()

    def _join(self, a: str, b: str, name: str, at: int, *, book: bool) -> int | None:
        """Returns the first of two new edges, `None` if the graph can't take them."""
        try:
            node_a, node_b = self.graph.add_node(a), self.graph.add_node(b)
            first = self.graph.add_edge(node_a, node_b, f"{name}:0")
            self.graph.add_edge(node_b, node_a, f"{name}:1")
        except GraphError:
            return None
        self.edges += [Edge(book, at, True), Edge(book, at, False)]
        return first

    # -- updates

    def settle(self, now_ns: int) -> tuple[list[int], list[int], int]:
        """Brings the edges of everything dirty up to date.

        Returns (edges whose state changed, pools whose price may have changed, how many changed pools are torn now).
        """
        self.wire_pools()
        self.wire_books()
        touched: list[int] = []
        changed: list[int] = []
        torn = 0
        for at in sorted(self.registry.dirty | self.registry.aged):
            pool, told = self.registry.pools[at], at in self.registry.dirty
            self.registry.settle(at, self._announced(pool))
            weights = self._pool_weights(pool)
            if told:
                pool.changed_ns = now_ns
                torn += pool.state == "torn"
            elif pool.edge is None or weights == (self.graph.weight(pool.edge), self.graph.weight(pool.edge + 1)):
                continue
            changed.append(at)
            if pool.edge is not None:
                touched += self._weigh(pool.edge, weights)
        self.registry.dirty.clear()
        self.registry.aged.clear()
        for at in sorted(self.dirty_books):
            entry = self.books.entries[at]
            if entry.edge is not None:
                touched += self._weigh(entry.edge, self._book_weights(entry))
        self.dirty_books.clear()
        return touched, changed, torn

    def _weigh(self, first: int, weights: tuple[int | None, int | None]) -> list[int]:
        for edge, value in zip((first, first + 1), weights, strict=True):
            self.graph.set_weight(edge, None if value is None or abs(value) > MAX_WEIGHT else value)
            if self.potentials.update(self.graph, edge, self.margin):
                self.promising.append(edge)
        return [first, first + 1]

    def _pool_weights(self, pool: PoolEntry) -> tuple[int | None, int | None]:
        time = self.registry.time
        if pool.pool is None or time is None:
            return None, None
        weights = pool.pool.weight(True, time), pool.pool.weight(False, time)
        if weights == (None, None):
            pool.state = "closed"
        return weights

    def _book_weights(self, entry: BookEntry) -> tuple[int | None, int | None]:
        sell, buy = self._book_rates(entry)
        return weight(sell), weight(buy)

    def _announced(self, pool: PoolEntry) -> int | None:
        channel = None if pool.carrier is None else self.channels.get(pool.carrier)
        return self.slot if channel is None else channel.slot

    # -- facts

    def places(self, mint: str) -> int | None:
        """Returns a token's decimals: as its mint says, else as configured."""
        key = base58.decode(mint)
        found = None if key is None else self.registry.decimals.get(key)
        found = self.decimals.get(mint) if found is None else found
        return None if found is None or found > MAX_DECIMALS else found

    def scale(self, entry: BookEntry) -> Scale | None:
        """Returns what a book's exact steps need, `None` while a token's decimals are unknown."""
        base, quote = self.places(entry.base_mint), self.places(entry.quote_mint)
        if base is None or quote is None or entry.taker_ppm is None:
            return None
        return Scale(base, quote, entry.taker_ppm)

    def ends(self, edge: int) -> tuple[str, str]:
        """Returns the mints that an edge sells and buys."""
        return self.graph.node_key(self.graph.tail(edge)), self.graph.node_key(self.graph.head(edge))

    def venue(self, edge: int) -> str:
        """Returns the name of the venue behind an edge."""
        behind = self.edges[edge]
        return self.books.entries[behind.at].venue if behind.book else self.registry.pools[behind.at].venue

    def extras(self, edge: int) -> tuple[bool, bool]:
        """Returns whether a pool has a Token-2022 mint, and whether its fee follows its volatility."""
        pool = self.registry.pools[self.edges[edge].at]
        token_2022 = any(self.registry.accounts[mint].owner == program.TOKEN_2022 for mint in pool.mints or ())
        return token_2022, pool.oracle is not None

    def leg(self, edge: int, now_ns: int) -> Leg:
        """Returns whether the state behind an edge can be believed now, and its age."""
        behind = self.edges[edge]
        return self.book_leg(behind.at, now_ns) if behind.book else self.pool_leg(behind.at, now_ns)

    def book_leg(self, at: int, now_ns: int) -> Leg:
        """Returns how good a book is."""
        entry = self.books.entries[at]
        age = max(0, now_ns - entry.as_of_ns)
        if not entry.live:
            return Leg("stale", f"{entry.name} {entry.state}", age)
        if age > self.setup.gates.max_book_age_ms * NS_PER_MS:
            return Leg("stale", f"{entry.name} is {age // NS_PER_MS} ms old", age)
        return Leg("", "", age)

    def pool_leg(self, at: int, now_ns: int) -> Leg:
        """Returns how good a pool is: its accounts agree and its connection keeps up."""
        pool = self.registry.pools[at]
        channel = None if pool.carrier is None else self.channels.get(pool.carrier)
        if channel is None or channel.slot is None:
            return Leg("stale", f"{pool.name} has no slots", max(0, now_ns - pool.changed_ns))
        age = max(0, now_ns - channel.slot_ns)
        if pool.state == "torn":
            return Leg("torn", pool.name, age)
        if pool.state != "live":
            return Leg("stale", f"{pool.name} {pool.state}", age)
        behind = (self.slot or 0) - channel.slot
        if channel.state == "down" or behind > self.setup.gates.max_slot_lag:
            return Leg("stale", f"{channel.info.label} is {behind} slots behind", age)
        if age > self.setup.gates.max_slot_silence_ms * NS_PER_MS:
            return Leg("stale", f"no slot from {channel.info.label} for {age // NS_PER_MS} ms", age)
        return Leg("", "", age)

    def waits(self, edge: int) -> bool:
        """Returns whether an edge is out of detection only until its state is consistent again."""
        behind = self.edges[edge]
        if behind.book:
            return not self.books.entries[behind.at].live
        return self.registry.pools[behind.at].state in ("torn", "gap")

    # -- quotes

    def quote(self, edge: int, amount_in: int) -> Hop | str:
        """Returns what an edge pays for `amount_in`, or the reason why it can't be quoted."""
        behind = self.edges[edge]
        if behind.book:
            return self._quote_book(self.books.entries[behind.at], amount_in, first=behind.first)
        pool, time = self.registry.pools[behind.at].pool, self.registry.time
        if pool is None or time is None:
            return self.registry.pools[behind.at].state
        try:
            quote = pool.quote(behind.first, amount_in, time)
        except QuoteError as error:
            return str(error)
        fee = quote.fee + quote.transfer_fee_in
        kept_out = quote.fee_out + quote.transfer_fee_out
        if kept_out:
            fee += kept_out * amount_in // (quote.amount_out + kept_out)
        if quote.amount_out == 0:
            return "liquidity"
        return Hop(amount_in, quote.amount_out, fee, quote.ticks_crossed)

    def rate(self, edge: int) -> tuple[int, int] | None:
        """Returns an edge's marginal rate net of fee, out atoms per in atom, as numerator and denominator."""
        behind = self.edges[edge]
        if not behind.book:
            pool, time = self.registry.pools[behind.at].pool, self.registry.time
            return None if pool is None or time is None else pool.rate(behind.first, time)
        return self._book_rates(self.books.entries[behind.at])[0 if behind.first else 1]

    def _book_rates(self, entry: BookEntry) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        scale = self.scale(entry)
        if scale is None or not entry.live:
            return None, None
        bid, ask = entry.book.best_bid(), entry.book.best_ask()
        return None if bid is None else scale.sell_rate(bid[0]), None if ask is None else scale.buy_rate(ask[0])

    def _quote_book(self, entry: BookEntry, amount_in: int, *, first: bool) -> Hop | str:
        scale = self.scale(entry)
        if scale is None:
            return "unknown_decimals"
        if not entry.live:
            return entry.state
        got = scale.sell(entry.book, amount_in) if first else scale.buy(entry.book, amount_in)
        if got is None or not 0 < got[0] <= U64:
            return "liquidity"
        return Hop(amount_in, got[0], got[1], 0)

    def virtual_reserves(self, edge: int) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, share kept after fees) near the current price; where sizing starts."""
        behind = self.edges[edge]
        if not behind.book:
            pool, time = self.registry.pools[behind.at].pool, self.registry.time
            return None if pool is None or time is None else pool.virtual_reserves(behind.first, time)
        entry = self.books.entries[behind.at]
        scale = self.scale(entry)
        best = entry.book.best_bid() if behind.first else entry.book.best_ask()
        if scale is None or best is None:
            return None
        base = float(best[1]) * float(10**scale.base) / 1e8 * NEARLY_LINEAR
        quote = base / float(10**scale.base) * float(best[0]) / 1e8 * float(10**scale.quote)
        keep = 1.0 - float(scale.taker_ppm) / 1e6
        return (base, quote, keep) if behind.first else (quote, base, keep)
