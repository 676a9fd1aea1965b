"""A picture of the market at a moment, for readers on other threads: immutable, so that they neither wait nor hold up.

Made only at a moment, only if one was asked for since the last, and at most every 50 ms of the records' time. What did
not move is shared with the picture before and with the engine: a pool is built anew whenever its accounts change, a
book is copied to 400 levels a side. No decision, digest or snapshot knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.picture import BookPicture, FeesPicture, PoolPicture
from cambist.engine.protocol import RouteQuote
from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.books import word
from cambist.engine.reference.engine.market.legs import Carried, Carrier, Leg, book_leg_of, pool_leg_of
from cambist.engine.reference.engine.market.quotes import Hop, quote_book, quote_pool
from cambist.engine.reference.engine.views import congestion, trade_lamports
from cambist.model.opportunity import encode

if TYPE_CHECKING:
    from cambist.config.settings import Gates
    from cambist.engine.reference.book.order_book import OrderBook
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.book_scale import Scale, TradingRules
    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.venues.quote import ChainTime, Pool
    from cambist.model.events import Record

EVERY_NS: Final = 50_000_000
"""Time of records between two pictures."""
LEVELS: Final = 400
"""Levels of a side that a picture holds."""


class PicturedPool(NamedTuple):
    """A pool as it was."""

    address: bytes
    venue: str
    state: str
    mints: tuple[bytes, bytes] | None
    is_edge: bool
    carrier: int | None
    changed_ns: int
    pool: Pool | None


class PicturedBook(NamedTuple):
    """A book as it was."""

    name: str
    base_mint: str
    quote_mint: str
    is_edge: bool
    scale: Scale | None
    rules: TradingRules
    as_of_ns: int
    book: OrderBook
    cut: tuple[bool, bool]
    """Whether the book goes on beyond what is held: of bids, of asks."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The market as it was at a moment; see `cambist.engine.picture.Picture`."""

    at: tuple[int, int]
    slot: int | None
    """Newest slot of any connection."""
    time: ChainTime | None
    gates: Gates
    carriers: dict[int, Carrier]
    held: tuple[PicturedPool, ...]
    index: dict[bytes, int]
    """Places of pools, which stay the same."""
    books: dict[str, PicturedBook]
    values: dict[str, float]
    """Whole quote tokens for a whole token."""
    paid: FeesPicture

    @property
    def clock(self) -> tuple[int, int, int] | None:
        """The chain's clock as (slot, unix timestamp, epoch), `None` if it was not told yet."""
        return None if self.time is None else (self.time.slot, self.time.unix_timestamp, self.time.epoch)

    def fees(self) -> bytes:
        """Returns JSON of a `FeesPicture`."""
        return encode(self.paid)

    def value(self, mint: str) -> float | None:
        """Returns what a whole token is worth in whole quote tokens, `None` if that is unknown."""
        return self.values.get(mint)

    def pools(self) -> list[str]:
        """Returns the addresses of all pools, in the order of the setup."""
        return [base58.encode(pool.address) for pool in self.held]

    def pool(self, address: str) -> bytes:
        """Returns JSON of a `PoolPicture`, or `null` if there is no such pool."""
        pool = self._find_pool(address)
        if pool is None:
            return encode(None)
        mints = tuple(base58.encode(mint) for mint in pool.mints or ())
        problem = self._pool_leg(address, pool).problem
        return encode(PoolPicture(address, pool.venue, pool.state, problem, mints, pool.changed_ns))

    def book(self, source: str, depth: int) -> bytes:
        """Returns JSON of a `BookPicture` with at most `depth` levels a side, or `null` if there is no such book."""
        entry = self.books.get(source)
        if entry is None:
            return encode(None)
        book = entry.book
        return encode(
            BookPicture(
                source=source,
                state=(self._book_leg(entry).problem or "live") if book.usable else word(book),
                last_update_id=book.last_update_id,
                best_bid=book.best(Side.BID),
                best_ask=book.best(Side.ASK),
                bids=tuple(book.updated(Side.BID, depth)),
                asks=tuple(book.updated(Side.ASK, depth)),
                as_of_ns=entry.as_of_ns,
                cut=depth > LEVELS and any(entry.cut),
                price_decimals=book.scale,
            )
        )

    def quote(self, name: str, token_in: str, amount_in: int) -> RouteQuote:
        """Returns what a token buys in a pool or a book, as the engine would have quoted that edge."""
        pool, entry = self._find_pool(name), self.books.get(name)
        if pool is not None:
            paid = self._quote_pool(name, pool, token_in, amount_in)
        elif entry is not None:
            paid = self._quote_book(entry, token_in, amount_in)
        else:
            paid = "unknown_edge"
        return RouteQuote(0, paid) if isinstance(paid, str) else RouteQuote(paid.amount_out, "")

    def _quote_pool(self, name: str, pool: PicturedPool, token_in: str, amount_in: int) -> Hop | str:
        sold = base58.decode(token_in)
        if not pool.is_edge or pool.mints is None or sold not in pool.mints:
            return "unknown_edge"
        problem = self._pool_leg(name, pool).problem
        return problem or quote_pool(pool.pool, pool.state, self.time, amount_in, first=sold == pool.mints[0])

    def _quote_book(self, entry: PicturedBook, token_in: str, amount_in: int) -> Hop | str:
        if not entry.is_edge or token_in not in (entry.base_mint, entry.quote_mint):
            return "unknown_edge"
        problem, first = self._book_leg(entry).problem, token_in == entry.base_mint
        if problem:
            return problem
        book, scale, rules = entry.book, entry.scale, entry.rules
        paid = quote_book(book, scale, rules, amount_in, first=first)
        is_cut = isinstance(paid, str) and entry.cut[not first] and scale is not None
        if is_cut and scale is not None and not scale.is_deep(book, amount_in, rules, sells=first):
            return "cut"
        return paid

    def _find_pool(self, address: str) -> PicturedPool | None:
        key = base58.decode(address)
        at = None if key is None else self.index.get(key)
        return None if at is None else self.held[at]

    def _pool_leg(self, name: str, pool: PicturedPool) -> Leg:
        carrier = None if pool.carrier is None else self.carriers.get(pool.carrier)
        carried = Carried(name, pool.state, pool.changed_ns, carrier)
        return pool_leg_of(carried, self.slot, self.gates, self.at[1])

    def _book_leg(self, entry: PicturedBook) -> Leg:
        return book_leg_of(entry.name, entry.book, entry.as_of_ns, self.gates, self.at[1])


class Pictures:
    """Where readers ask for a picture and find the latest one."""

    def __init__(self) -> None:
        self.wanted = False
        self.latest: Picture | None = None


def take_picture(engine: ReferenceEngine, record: Record) -> None:
    """Makes a picture of a moment if one is due."""
    pictures = engine.pictures
    before = pictures.latest
    if not pictures.wanted or (before is not None and 0 <= record.recv_ns - before.at[1] < EVERY_NS):
        return
    pictures.wanted = False
    pictures.latest = _pictured(engine, record, before)
    for entry in engine.market.books.entries:
        entry.moved = False


def _pictured(engine: ReferenceEngine, record: Record, before: Picture | None) -> Picture:
    market, registry = engine.market, engine.market.registry
    carriers = {at: Carrier.of(channel) for at, channel in engine.channels.items()}
    known: dict[str, PicturedBook] = {} if before is None else before.books
    bid = engine.judge.bid
    return Picture(
        at=(record.seq, record.recv_ns),
        slot=market.slot,
        time=registry.time,
        gates=engine.setup.gates,
        carriers={at: carrier for at, carrier in carriers.items() if carrier is not None},
        held=tuple(_pool(pool) for pool in registry.pools),
        index=dict(registry.index) if before is None else before.index,
        books={entry.name: _book(market, entry, known.get(entry.name)) for entry in market.books.entries},
        values=engine.prices.values(),
        paid=FeesPicture(
            congestion=congestion(engine),
            bid_micro_lamports=None if bid is None else bid.micro_lamports,
            bid_percentile=engine.sources.percent(engine.setup.bidding),
            trade_lamports=trade_lamports(engine),
        ),
    )


def _pool(entry: PoolEntry) -> PicturedPool:
    return PicturedPool(
        address=entry.address,
        venue=entry.venue,
        state=entry.state,
        mints=entry.mints,
        is_edge=entry.edge is not None,
        carrier=entry.carrier,
        changed_ns=entry.changed_ns,
        pool=entry.pool,
    )


def _book(market: Market, entry: BookEntry, before: PicturedBook | None) -> PicturedBook:
    if before is not None and not entry.moved and before.book.is_alike(entry.book):
        book, cut = before.book, before.cut
    else:
        book, cut = entry.book.cut(LEVELS)
    return PicturedBook(
        name=entry.name,
        base_mint=entry.base_mint,
        quote_mint=entry.quote_mint,
        is_edge=entry.edge is not None,
        scale=market.scale(entry),
        rules=entry.rules,
        as_of_ns=entry.as_of_ns,
        book=book,
        cut=cut,
    )
