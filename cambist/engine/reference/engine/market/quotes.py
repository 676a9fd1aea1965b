"""What an edge pays: for an amount, at the margin, and near its price."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.engine.book_scale import NO_RULES, ONE8, U64, TradingRules
from cambist.engine.reference.engine.books import word
from cambist.engine.reference.engine.market import equivalence
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.exchanges.decimal import one
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.engine.reference.book.order_book import OrderBook
    from cambist.engine.reference.engine.book_scale import Scale
    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.market import Market
    from cambist.engine.reference.venues.quote import ChainTime, Pool

NEARLY_LINEAR = 1e6
"""A book's best level is taken for a pool so deep that its price hardly moves; sizing only starts from it."""


class Hop(NamedTuple):
    """What one step pays."""

    amount_in: int
    amount_out: int
    fee: int
    """Everything the step kept, in atoms of the token in."""
    ticks: int


def quote(market: Market, edge: int, amount_in: int) -> Hop | str:
    """Returns what an edge pays for `amount_in`, or the reason why it can't be quoted."""
    behind = market.edges[edge]
    if behind.kind is Kind.EQUIVALENCE:
        return _quote_tie(market, edge, amount_in)
    if behind.kind is Kind.BOOK:
        entry = market.books.entries[behind.at]
        return quote_book(entry.book, market.scale(entry), entry.rules, amount_in, first=behind.first)
    pool = market.registry.pools[behind.at]
    ours = pool.ours
    if ours is None and pool.pool is not None:
        return "liquidity"  # what is observed can't take what we put in
    return quote_pool(ours, pool.state, market.registry.time, amount_in, first=behind.first)


def quote_unrounded(market: Market, edge: int, amount_in: int) -> Hop | str:
    """Returns what an edge would pay for `amount_in` if its venue took orders of any quantity.

    Within the depth never less than `quote`, and without the saw teeth of whole steps.
    """
    behind = market.edges[edge]
    if behind.kind is not Kind.BOOK:
        return quote(market, edge, amount_in)
    entry = market.books.entries[behind.at]
    return quote_book(entry.book, market.scale(entry), NO_RULES, amount_in, first=behind.first)


def is_rounded(market: Market, edge: int) -> bool:
    """Returns whether an edge's venue is known not to take orders of any quantity."""
    behind = market.edges[edge]
    return behind.kind is Kind.BOOK and market.books.entries[behind.at].rules.limits != NO_RULES.limits


def quote_pool(pool: Pool | None, state: str, time: ChainTime | None, amount_in: int, *, first: bool) -> Hop | str:
    """Returns what a pool in this state pays for `amount_in` of its first token, or of its second."""
    if pool is None or time is None:
        return state
    try:
        quote = pool.quote(first, amount_in, time)
    except QuoteError as error:
        return str(error)
    fee = quote.fee + quote.transfer_fee_in
    kept_out = quote.fee_out + quote.transfer_fee_out
    if kept_out:
        fee += kept_out * amount_in // (quote.amount_out + kept_out)
    if quote.amount_out == 0:
        return "liquidity"
    return Hop(amount_in, quote.amount_out, fee, quote.ticks_crossed)


def quote_book(book: OrderBook, scale: Scale | None, rules: TradingRules, amount_in: int, *, first: bool) -> Hop | str:
    """Returns what a book pays for `amount_in` of its base, or of its quote.

    `scale` is `None` while decimals are unknown.
    """
    if scale is None:
        return "unknown_decimals"
    if not book.usable:
        return word(book)
    got = (scale.sell if first else scale.buy)(book, amount_in, rules)
    if got is None or not 0 < got[0] <= U64:
        return "liquidity"
    return Hop(amount_in, got[0], got[1], 0)


def _quote_tie(market: Market, edge: int, amount_in: int) -> Hop | str:
    paid = equivalence.pay(market, edge, amount_in)
    return paid if isinstance(paid, str) else Hop(amount_in, paid[0], paid[1], 0)


def pool_out(pool: Pool, first: bool, amount_in: int, time: ChainTime) -> int | None:
    """Returns what a pool pays, `None` if it refuses."""
    try:
        return pool.quote(first, amount_in, time).amount_out or None
    except QuoteError:
        return None


def sold_to(*, first: bool) -> Side:
    """Returns the side of a book that an edge takes of."""
    return Side.BID if first else Side.ASK


def most(market: Market, edge: int) -> int:
    """Returns what an edge takes at its best price, in atoms of the token in, of a book or an equivalence."""
    behind = market.edges[edge]
    if behind.kind is Kind.EQUIVALENCE:
        scale, best = equivalence.level(market, edge)
    else:
        entry = market.books.entries[behind.at]
        scale, best = market.scale(entry), entry.book.best_left(sold_to(first=behind.first))
    if scale is None or best is None:
        return 0
    price, qty8 = best
    if behind.first:
        return qty8 * int(10**scale.base) // ONE8
    return price * qty8 * int(10**scale.quote) // (one(scale.price) * ONE8)


def depth(market: Market, edge: int) -> tuple[float, float, Iterator[tuple[float, float]]] | None:
    """Returns what a walk of a book takes for each atom in, its best price, and (in, out) of its levels.

    A walk takes quantities where it sells, and prices times quantities where it buys.
    """
    behind = market.edges[edge]
    entry = market.books.entries[behind.at]
    side = sold_to(first=behind.first)
    scale, best = market.scale(entry), entry.book.best_left(side)
    if scale is None or best is None:
        return None
    levels = ((float(quantity), float(price) * float(quantity)) for price, quantity in entry.book.left(side))
    if behind.first:
        return 1e8 / float(10**scale.base), float(best[0]), levels
    per_atom = 1e8 * float(one(scale.price)) / float(10**scale.quote)
    return per_atom, 1.0 / float(best[0]), ((worth, quantity) for quantity, worth in levels)


def rate(market: Market, edge: int) -> tuple[int, int] | None:
    """Returns an edge's marginal rate net of fee, out atoms per in atom, as numerator and denominator."""
    behind = market.edges[edge]
    if behind.kind is Kind.POOL:
        pool, time = market.registry.pools[behind.at].ours, market.registry.time
        return None if pool is None or time is None else pool.rate(behind.first, time)
    if behind.kind is Kind.EQUIVALENCE:
        return equivalence.rate(market, edge)
    return book_rates(market, market.books.entries[behind.at])[0 if behind.first else 1]


def book_rates(market: Market, entry: BookEntry) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Returns a book's marginal rates of selling and of buying base, net of fee; `None` where there is none."""
    scale = market.scale(entry)
    if scale is None or not entry.live:
        return None, None
    bid, ask = entry.book.best_left(Side.BID), entry.book.best_left(Side.ASK)
    return None if bid is None else scale.sell_rate(bid[0]), None if ask is None else scale.buy_rate(ask[0])


def virtual_reserves(market: Market, edge: int) -> tuple[float, float, float] | None:
    """Returns (reserve in, reserve out, share kept after fees) near the current price; where sizing starts."""
    behind = market.edges[edge]
    if behind.kind is Kind.POOL:
        pool, time = market.registry.pools[behind.at].ours, market.registry.time
        return None if pool is None or time is None else pool.virtual_reserves(behind.first, time)
    if behind.kind is Kind.EQUIVALENCE:
        scale, best = equivalence.level(market, edge)
    else:
        entry = market.books.entries[behind.at]
        scale, best = market.scale(entry), entry.book.best_left(sold_to(first=behind.first))
    if scale is None or best is None:
        return None
    base = float(best[1]) * float(10**scale.base) / 1e8 * NEARLY_LINEAR
    quote = base / float(10**scale.base) * float(best[0]) / float(one(scale.price)) * float(10**scale.quote)
    keep = 1.0 - float(scale.taker_ppm) / 1e6
    return (base, quote, keep) if behind.first else (quote, base, keep)
