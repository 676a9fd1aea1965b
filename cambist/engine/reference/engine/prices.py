"""What each token costs on each venue: pools in the quote token, books in the asset that they are quoted in.

Also the reference that turns SOL into others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.engine.series import Series
from cambist.engine.reference.exchanges.decimal import real

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.registry.entries import PoolEntry

PRECISE_BITS = 38
"""Reference prices keep this many bits each side, so that a product of two and an amount fits 128 bits."""
MAX_LAMPORTS = 1 << 48


@dataclass(slots=True)
class Source:
    """One pool or book that prices a token directly in the quote token."""

    num: int
    """Quote atoms …"""
    den: int
    """… per token atoms, net of fee, each below 2^38."""
    mid: float
    depth: float
    """Quote tokens in it near the price; 0 for a book."""


@dataclass(slots=True)
class Row:
    """One token on one venue."""

    mint: str
    """Empty for an instrument that no identity ties to a token."""
    symbol: str
    venue: str
    source: str
    book: bool
    at: int
    """Place of the pool or book that gives the price; the deepest of its venue."""
    depth: float
    bid: float | None = None
    ask: float | None = None
    changed_ns: int | None = None
    synthetic: str = ""
    """Says what the price is not, for a perpetual."""
    quote: str = ""
    """Symbol of the asset that the source trades the token against; empty if it was not said."""
    own: bool = False
    """Whether prices are in that asset, and comparable with no other."""
    series: Series = field(default_factory=Series)

    @property
    def key(self) -> tuple[str, str]:
        """(mint, or `venue:symbol` where there is none or prices are in another asset than the quote token; venue)."""
        return self.source if self.own else self.mint or self.source, self.venue

    @property
    def is_apart(self) -> bool:
        """Whether it stands beside the token's other rows, in another asset."""
        return self.own and bool(self.mint)


class Prices:
    """Rows by (mint or `venue:symbol`, venue), reference sources by mint."""

    def __init__(self, setup: EngineSetup, market: Market) -> None:
        self.setup = setup
        self.market = market
        self.rows: dict[tuple[str, str], Row] = {}
        self.sources: dict[str, dict[str, Source]] = {}
        self.symbols = {t.mint: t.symbol for t in setup.tokens}
        self.ranks = {t.mint: t.base for t in setup.tokens if t.base}

    # -- updates

    def pool(self, at: int, now_ns: int) -> None:
        """Takes over the price of a pool that has just changed."""
        market, pool = self.market, self.market.registry.pools[at]
        time = market.registry.time
        if pool.mints is None or pool.edge is None:
            return
        mint_a, mint_b = market.ends(pool.edge)
        token_first, other = self._sides(mint_a, mint_b)
        token = mint_a if token_first else mint_b
        if pool.state in ("closed", "refused"):
            self.sources.get(token, {}).pop(pool.name, None)
        if pool.pool is None or time is None or pool.state != "live":
            return
        token_places, other_places = market.places(token), market.places(other)
        if token_places is None or other_places is None:
            return
        sold, bought = pool.pool.rate(token_first, time), pool.pool.rate(not token_first, time)
        scale = float(10**token_places) / float(10**other_places)
        bid = None if sold is None else float(sold[0]) / float(sold[1]) * scale
        ask = None if bought is None else float(bought[1]) / float(bought[0]) * scale
        reserves = pool.pool.virtual_reserves(not token_first, time)
        depth = 0.0 if reserves is None else reserves[0] / float(10**other_places)
        if other == self.setup.quote_mint:
            if sold is not None and bid is not None and ask is not None:
                self._source(token, pool.name, sold, (bid + ask) / 2.0, depth)
        else:
            unit = self.mid(other)
            if unit is None:
                return
            bid, ask = None if bid is None else bid * unit, None if ask is None else ask * unit
            depth = depth * unit
        self._row((token, other), pool, at, bid, ask, depth, now_ns)

    def _sides(self, mint_a: str, mint_b: str) -> tuple[bool, str]:
        """Returns whether token_a is the one to price, and the other one, which prices it."""
        for unit in (self.setup.quote_mint, self.setup.sol_mint):
            if unit == mint_b:
                return True, mint_b
            if unit == mint_a:
                return False, mint_a
        rank_a, rank_b = self.ranks.get(mint_a, 1 << 30), self.ranks.get(mint_b, 1 << 30)
        return (False, mint_a) if rank_a < rank_b else (True, mint_b)

    def _source(self, mint: str, name: str, rate: tuple[int, int], mid: float, depth: float) -> None:
        num, den = precise(*rate)
        if num and den:
            self.sources.setdefault(mint, {})[name] = Source(num, den, mid, depth)

    def _row(
        self,
        sides: tuple[str, str],
        pool: PoolEntry,
        at: int,
        bid: float | None,
        ask: float | None,
        depth: float,
        now_ns: int,
    ) -> None:
        mint, other = sides
        key = (mint, pool.venue)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(mint, self.symbol(mint), pool.venue, pool.name, False, at, depth)
            row.quote = self.symbol(other)
        elif row.at != at:
            held = self.market.registry.pools[row.at]
            if depth <= row.depth and held.state != "closed":
                return
            row.at, row.source, row.quote = at, pool.name, self.symbol(other)
        row.depth = depth
        self._quote(row, bid, ask, now_ns)

    def book(self, at: int, now_ns: int) -> None:
        """Takes over the best prices of a book that has just changed."""
        entry = self.market.books.entries[at]
        best_bid, best_ask = entry.book.best(Side.BID), entry.book.best(Side.ASK)
        if best_bid is None or best_ask is None:
            return
        mint, own = entry.base_mint, self._is_own(entry)
        key = (entry.name if own else mint, entry.venue)
        row = self.rows.get(key)
        if row is None:
            symbol = self.symbol(mint) if mint else entry.base
            row = self.rows[key] = Row(mint, symbol, entry.venue, entry.name, True, at, 0.0)
            row.quote = self.symbol(entry.quote_mint) if entry.quote_mint else entry.quote
            row.own = own
            row.synthetic = "basis (synthetic)" if entry.kind == "perp" else ""
        elif row.at != at:
            return
        bid, ask = real(best_bid[0], entry.book.scale), real(best_ask[0], entry.book.scale)
        if entry.live:
            self._book_source(entry, best_bid[0], (bid + ask) / 2.0)
        self._quote(row, bid, ask, now_ns)

    def _is_own(self, entry: BookEntry) -> bool:
        """Returns whether a book's prices are in another asset than the quote token, or of what is tied to no token."""
        return not entry.base_mint or entry.quote_mint != self.setup.quote_mint

    def _book_source(self, entry: BookEntry, bid: int, mid: float) -> None:
        scale = self.market.scale(entry)
        if entry.blocked or scale is None or entry.quote_mint != self.setup.quote_mint:
            return
        rate = scale.sell_rate(bid)
        if rate is not None:
            self._source(entry.base_mint, entry.name, rate, mid, 0.0)

    def inject(self, mint: str, price: float, now_ns: int) -> None:
        """Takes an outside price of a token."""
        key = (mint, "injected")
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(mint, self.symbol(mint), "injected", "injected", True, -1, 0.0)
            row.quote = self.symbol(self.setup.quote_mint)
        self._quote(row, price, price, now_ns)

    def _quote(self, row: Row, bid: float | None, ask: float | None, now_ns: int) -> None:
        if bid != row.bid or ask != row.ask:
            row.bid, row.ask, row.changed_ns = bid, ask, now_ns
        if bid is not None and ask is not None:
            row.series.add(now_ns, (bid + ask) / 2.0)

    # -- reference prices

    def best(self, mint: str) -> Source | None:
        """Returns the deepest direct source of a token's price; of equals the one whose name is smallest."""
        sources = self.sources.get(mint)
        if not sources:
            return None
        return min(sources.items(), key=lambda item: (-item[1].depth, item[0]))[1]

    def mid(self, mint: str) -> float | None:
        """Returns a token's price in whole quote tokens."""
        if mint == self.setup.quote_mint:
            return 1.0
        source = self.best(mint)
        return None if source is None else source.mid

    def values(self) -> dict[str, float]:
        """Returns the price of each token that has one, in whole quote tokens."""
        known = {mint: self.mid(mint) for mint in (*self.sources, self.setup.quote_mint)}
        return {mint: value for mint, value in known.items() if value is not None}

    def atom_value(self, mint: str) -> float | None:
        """Returns what an atom of a token is worth in whole quote tokens, `None` if that is unknown."""
        mid, places = self.mid(mint), self.market.places(mint)
        return None if mid is None or places is None else mid / float(10**places)

    def per_lamport(self, mint: str) -> float | None:
        """Returns how many atoms of a token cost what a lamport does, `None` if a price is unknown."""
        if mint == self.setup.sol_mint:
            return 1.0
        sol, token = self._rate(self.setup.sol_mint), self._rate(mint)
        if sol is None or token is None:
            return None
        return float(sol[0]) * float(token[1]) / (float(sol[1]) * float(token[0]))

    def from_lamports(self, lamports: int, mint: str) -> int | None:
        """Returns what `lamports` cost in atoms of a token, rounded up; `None` if a price is unknown."""
        if mint == self.setup.sol_mint:
            return lamports
        sol, token = self._rate(self.setup.sol_mint), self._rate(mint)
        if sol is None or token is None or lamports >= MAX_LAMPORTS:
            return None
        return -(-lamports * sol[0] * token[1] // (sol[1] * token[0]))

    def lamports_of(self, atoms: int, mint: str) -> int | None:
        """Returns how many lamports cost what `atoms` of a token do, rounded up; `None` if a price is unknown."""
        if mint == self.setup.sol_mint:
            return atoms
        sol, token = self._rate(self.setup.sol_mint), self._rate(mint)
        if sol is None or token is None or atoms >= MAX_LAMPORTS:
            return None
        return -(-atoms * sol[1] * token[0] // (sol[0] * token[1]))

    def _rate(self, mint: str) -> tuple[int, int] | None:
        if mint == self.setup.quote_mint:
            return 1, 1
        source = self.best(mint)
        return None if source is None else (source.num, source.den)

    def symbol(self, mint: str) -> str:
        """Returns a token's symbol, or its short address."""
        return self.symbols.get(mint) or f"{mint[:4]}…{mint[-4:]}"


def precise(num: int, den: int) -> tuple[int, int]:
    """Returns a rate with each side below 2^38."""
    shift = max(0, max(num.bit_length(), den.bit_length()) - PRECISE_BITS)
    return num >> shift, den >> shift
