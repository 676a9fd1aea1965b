"""Several venues' books as one, as `engine_rs/src/books.rs` gives them.

For users of the engine, and for the strategy that trades between two exchanges.
"""

from __future__ import annotations

from collections.abc import Sequence

from cambist.engine.reference.book.order_book import ConsolidatedBook, Crossing, NetLevel, Side, Taken, VenueBook
from cambist.engine.reference.exchanges.decimal import DECIMALS, checked_scale

Levels = Sequence[tuple[int, int]]
Consolidated = tuple[list[NetLevel], list[NetLevel], list[tuple[Taken | None, Taken | None]], Crossing | None]


def consolidate_books(
    books: Sequence[tuple[int, Levels, Levels]], sizes: Sequence[int], price_decimals: Sequence[int] | None = None
) -> Consolidated:
    """Returns the consolidated levels, what each size of base brings and costs, and where the venues cross.

    A book is (taker fee ppm, bids, asks), levels are (price, quantity), best first. Quantities and sizes are base
    × 10⁸, prices integers of as many decimals as `price_decimals` says of each book, 8 without; what comes back has the
    prices of the most decimals. Levels come back as (net price, price, quantity, place of the venue), sizes as (quote,
    depth-weighted price, levels) for a sale and a purchase or `None` where the depth is short, a crossing as (base,
    cost, proceeds, bought from, sold to).
    Raises `ValueError` for what is no book.

    >>> near = (1_000, [(100 * 10**8, 5 * 10**8)], [(101 * 10**8, 5 * 10**8)])
    >>> far = (1_000, [(97 * 10**8, 5 * 10**8)], [(99 * 10**8, 2 * 10**8)])
    >>> consolidate_books([near, far], [10**8])[2]
    [(Taken(quote=9990000000, price=9990000000, levels=1), Taken(quote=9909909999, price=9909909999, levels=1))]
    """
    decimals = [DECIMALS] * len(books) if price_decimals is None else price_decimals
    if len(decimals) != len(books):
        message = f"{len(decimals)} decimals of {len(books)} books"
        raise ValueError(message)
    scaled = zip(books, decimals, strict=True)
    book = ConsolidatedBook([VenueBook(*each, checked_scale(places)) for each, places in scaled])
    taken = [(book.take(Side.BID, size), book.take(Side.ASK, size)) for size in sizes]
    return book.bids, book.asks, taken, book.crossing()
