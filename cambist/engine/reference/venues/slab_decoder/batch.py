"""Many accounts in one call: the calls that the native engine gives too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.slab_decoder.book import Lots, Market, SlabError
from cambist.engine.reference.venues.slab_decoder.openbook_v2 import decode_openbook_v2_book, decode_openbook_v2_market
from cambist.engine.reference.venues.slab_decoder.phoenix import decode_phoenix_books, decode_phoenix_market
from cambist.engine.reference.venues.slab_decoder.serum import decode_serum_book, decode_serum_market

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.venues.slab_decoder.book import Book, Level, Order

_MARKETS = {
    "serum": decode_serum_market,
    "openbook_v2": decode_openbook_v2_market,
    "phoenix": decode_phoenix_market,
}
_REASONS = ("expired", "no_oracle_price", "peg_price", "peg_limit")


class BookSide(NamedTuple):
    """One side as the border carries it: `bid` or `ask`, orders and levels best first."""

    side: str
    orders: list[Order]
    levels: list[Level]


class Decoded(NamedTuple):
    """What one account holds: its sides, and how many orders don't count, by reason."""

    sides: list[BookSide]
    skipped: list[tuple[str, int]]


class MarketRow(NamedTuple):
    """A `Market` without nesting."""

    base_mint: bytes
    quote_mint: bytes
    base_vault: bytes
    quote_vault: bytes
    bids: bytes | None
    asks: bytes | None
    base_lot: int
    quote_lot: int
    taker_fee_ppm: int | None
    status: int


def decode_books(
    venue: str,
    accounts: Sequence[bytes],
    time: tuple[int, int] = (0, 0),
    oracle_price_lots: int | None = None,
) -> list[Decoded | str]:
    """Returns the books of each account, or the words of its error.

    `venue` is `serum` (also OpenBook v1), `openbook_v2` or `phoenix`. `time` is (slot, unix seconds), past which orders
    expire; pegged orders follow `oracle_price_lots`. Raises `ValueError` for another venue.

    >>> decode_books("serum", [b"too short"])
    ['serum_book: size was 9, expected 52']
    """
    _check_venue(venue)
    found: list[Decoded | str] = []
    for data in accounts:
        try:
            found.append(_decode(venue, data, time, oracle_price_lots))
        except (SlabError, LayoutError) as error:
            found.append(str(error))
    return found


def decode_markets(venue: str, accounts: Sequence[bytes]) -> list[MarketRow | str]:
    """Returns each market, or the words of its error. Raises `ValueError` for an unknown venue.

    >>> decode_markets("serum", [bytes(388)])
    ['serum_market: head was 0000000000']
    """
    _check_venue(venue)
    found: list[MarketRow | str] = []
    for data in accounts:
        try:
            found.append(_row(_MARKETS[venue](data)))
        except (SlabError, LayoutError) as error:
            found.append(str(error))
    return found


def lots_to_atoms(base_lot: int, quote_lot: int, levels: Sequence[tuple[int, int]]) -> list[tuple[int, int] | str]:
    """Returns (base atoms, quote atoms) of each (price, quantity) in lots, or why it can't be told.

    >>> lots_to_atoms(100, 10, [(3, 5), (2**40, 2**40)])
    [(500, 150), 'quote atoms of 1099511627776 lots at 1099511627776 overflow']
    """
    lots = Lots(base_lot, quote_lot)
    found: list[tuple[int, int] | str] = []
    for price, quantity in levels:
        try:
            found.append((lots.base_atoms(quantity), lots.quote_atoms(price, quantity)))
        except SlabError as error:
            found.append(str(error))
    return found


def _check_venue(venue: str) -> None:
    if venue not in _MARKETS:
        msg = f"venue was {venue}"
        raise ValueError(msg)


def _decode(venue: str, data: bytes, time: tuple[int, int], oracle_price_lots: int | None) -> Decoded:
    skipped: dict[str, int] = {}
    if venue == "serum":
        books = [decode_serum_book(data)]
    elif venue == "openbook_v2":
        book, skipped = decode_openbook_v2_book(data, time[1], oracle_price_lots)
        books = [book]
    else:
        books, skipped = decode_phoenix_books(data, *time)
    return Decoded(
        [_side(book) for book in books], [(reason, skipped[reason]) for reason in _REASONS if reason in skipped]
    )


def _side(book: Book) -> BookSide:
    return BookSide(str(book.side), book.orders, book.levels())


def _row(market: Market) -> MarketRow:
    return MarketRow(*market[:6], *market.lots, *market[7:])
