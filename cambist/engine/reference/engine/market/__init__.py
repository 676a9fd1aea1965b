"""Pools, books and equivalences as edges of one graph: which ones can be used, what they pay, how old they are.

`legs` says whether the state behind an edge can be believed, `quotes` what the edge pays, `equivalence` both of tokens
that stand for one another, `impact` what our own fills moved, `transfers` what a trade leaves to be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.engine.book_scale import Scale, weight
from cambist.engine.reference.engine.books import BookEntry, Books
from cambist.engine.reference.engine.market import equivalence, hops, quotes, transfers
from cambist.engine.reference.engine.market.equivalence import NEVER_NS, Tie
from cambist.engine.reference.engine.market.impact import renew
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.registry import Registry
from cambist.engine.reference.engine.registry.torn import settle
from cambist.engine.reference.fees import token_account_rent
from cambist.engine.reference.search.cycle_finder import Potentials
from cambist.engine.reference.search.graph import MAX_WEIGHT, Graph, GraphError
from cambist.engine.reference.search.log2 import log2_ratio

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.search.estimate import Hop

MAX_DECIMALS = 18


@dataclass(slots=True, frozen=True)
class Edge:
    """What stands behind an edge of the graph."""

    kind: Kind
    at: int
    """Place of the pool, book or equivalence."""
    first: bool
    """Whether it sells token_a, base, or `a`."""


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
        self.ties = [Tie(each) for each in setup.equivalences]
        self._hops: dict[int, tuple[int, Hop | None]] = {}
        """By edge: bits of the size that it was fitted to, and what it pays; gone when it moves."""
        self._hops_epoch = 0
        """In which those were made: transfer fees change with it."""
        self.transfers = transfers.terms(setup)
        self.stocks: dict[str, dict[str, int]] = {}
        """What we hold at an exchange: exchange → mint → atoms; of one that is not there any amount may be sold."""
        self.due_ns = NEVER_NS
        """The first moment after which an equivalence rests on a book that is too old."""
        self.wire_books()
        equivalence.wire(self)

    def wire_books(self) -> None:
        """Gives edges to the books that may have them and don't yet."""
        equivalence.find_pairs(self, self.wired_books)
        for at in range(self.wired_books, len(self.books.entries)):
            entry = self.books.entries[at]
            if not entry.blocked:
                entry.edge = self.join(entry.base_mint, entry.quote_mint, entry.name, at, Kind.BOOK)
                entry.blocked = "no_edge" if entry.edge is None else ""
        self.wired_books = len(self.books.entries)

    def wire_pools(self) -> None:
        """Gives edges to the pools whose mints became known."""
        for at in self.registry.created:
            pool = self.registry.pools[at]
            mint_a, mint_b = (base58.encode(mint) for mint in pool.mints or ())
            pool.edge = self.join(mint_a, mint_b, pool.name, at, Kind.POOL)
        self.registry.created.clear()

    def join(self, a: str, b: str, name: str, at: int, kind: Kind) -> int | None:
        """Returns the first of two new edges, `None` if the graph can't take them."""
        try:
            node_a, node_b = self.graph.add_node(a), self.graph.add_node(b)
            first = self.graph.add_edge(node_a, node_b, f"{name}:0")
            self.graph.add_edge(node_b, node_a, f"{name}:1")
        except GraphError:
            return None
        self.edges += [Edge(kind, at, True), Edge(kind, at, False)]
        return first

    def settle(self, now_ns: int) -> tuple[list[int], list[int], int]:
        """Brings the edges of everything dirty up to date.

        Returns (edges whose state changed, pools whose price may have changed, how many changed pools are torn now).
        """
        self.wire_pools()
        self.wire_books()
        epoch = 0 if self.registry.time is None else self.registry.time.epoch
        if epoch != self._hops_epoch:
            self._hops.clear()
            self._hops_epoch = epoch
        touched: list[int] = []
        changed: list[int] = []
        torn = 0
        for at in sorted(self.registry.dirty | self.registry.aged):
            pool, is_dirty = self.registry.pools[at], at in self.registry.dirty
            settle(self.registry, at, self._announced(pool))
            renew(pool, self.registry.time)
            weights = self.pool_weights(pool)
            if pool.edge is not None:
                self._forget_hops(pool.edge)
            if is_dirty:
                pool.changed_ns = now_ns
                torn += pool.state == "torn"
            elif pool.edge is None or weights == (self.graph.weight(pool.edge), self.graph.weight(pool.edge + 1)):
                continue
            changed.append(at)
            if pool.edge is not None:
                touched += self.weigh(pool.edge, weights)
        self.registry.dirty.clear()
        self.registry.aged.clear()
        for at in sorted(self.dirty_books):
            entry = self.books.entries[at]
            entry.moved = True
            if entry.edge is not None:
                touched += self.weigh(entry.edge, self.book_weights(entry))
        if self.ties:
            touched += equivalence.settle(self, now_ns)
        self.dirty_books.clear()
        return touched, changed, torn

    def is_due(self, now_ns: int) -> bool:
        """Returns whether time alone takes an edge out of the graph."""
        return self.due_ns < now_ns

    def _forget_hops(self, first: int) -> None:
        self._hops.pop(first, None)
        self._hops.pop(first + 1, None)

    def weigh(self, first: int, weights: tuple[int | None, int | None]) -> list[int]:
        """Sets the weights of two edges; returns the edges."""
        edges = [first, first + 1]
        self._forget_hops(first)
        # Both before any potential: the new price must not meet the old one of its own other direction.
        for edge, value in zip(edges, weights, strict=True):
            self.graph.set_weight(edge, None if value is None or abs(value) > MAX_WEIGHT else value)
        promises = self.potentials.update_pool(self.graph, first, self.margin)
        self.promising += [edge for edge, promise in zip(edges, promises, strict=True) if promise]
        return edges

    def hop(self, edge: int, size_bits: int) -> Hop | None:
        """Returns what an edge pays near its price, fitted to a size of 2^`size_bits`; `None` if it can't be quoted."""
        kept = self._hops.get(edge)
        if kept is None or kept[0] != size_bits:
            kept = self._hops[edge] = size_bits, hops.hop_of(self, edge, 1 << size_bits)
        return kept[1]

    def pool_weights(self, pool: PoolEntry) -> tuple[int | None, int | None]:
        """Returns what the edges of a pool weigh for us; one that no one can trade on is closed."""
        time = self.registry.time
        if pool.pool is None or time is None:
            return None, None
        weights = hops.pool_weight(pool.pool, True, time), hops.pool_weight(pool.pool, False, time)
        if weights == (None, None):
            pool.state = "closed"
        if pool.impact is None:
            return weights
        ours = pool.ours
        if ours is None:
            return None, None
        return hops.pool_weight(ours, True, time), hops.pool_weight(ours, False, time)

    def book_weights(self, entry: BookEntry) -> tuple[int | None, int | None]:
        """Returns what the edges of a book weigh for us."""
        sell, buy = quotes.book_rates(self, entry)
        return weight(sell), weight(buy)

    def _announced(self, pool: PoolEntry) -> int | None:
        channel = None if pool.carrier is None else self.channels.get(pool.carrier)
        return self.slot if channel is None else channel.slot

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
        return Scale(base, quote, entry.book.scale, entry.taker_ppm)

    def ends(self, edge: int) -> tuple[str, str]:
        """Returns the mints that an edge sells and buys."""
        return self.graph.node_key(self.graph.tail(edge)), self.graph.node_key(self.graph.head(edge))

    def venue(self, edge: int) -> str:
        """Returns the name of the venue behind an edge."""
        behind = self.edges[edge]
        if behind.kind is Kind.EQUIVALENCE:
            return "peg"
        return (self.registry.pools if behind.kind is Kind.POOL else self.books.entries)[behind.at].venue

    def on_chain(self, edge: int) -> bool:
        """Returns whether an edge is a pool's, which a transaction on chain can settle."""
        return self.edges[edge].kind is Kind.POOL

    def extras(self, edge: int) -> tuple[bool, bool]:
        """Returns whether a pool has a Token-2022 mint, and whether its fee follows its volatility."""
        pool = self.registry.pools[self.edges[edge].at]
        token_2022 = any(self.registry.accounts[mint].owner == program.TOKEN_2022 for mint in pool.mints or ())
        return token_2022, pool.oracle is not None

    def account_rent(self, mint: str) -> int | None:
        """Returns what creating a token account of a mint costs, in lamports; `None` while the mint was not seen."""
        key = base58.decode(mint)
        account = None if key is None else self.registry.accounts.get(key)
        if account is None or not isinstance(account.decoded, Mint):
            return None
        return token_account_rent(account.decoded.extensions, token_2022=account.owner == program.TOKEN_2022)
