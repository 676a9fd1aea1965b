"""Many accounts in one call: the calls that the native engine gives too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.slab_decoder.book import Lots, Market, SlabError
from cambist.engine.reference.slab_decoder.serum import decode_serum_book, decode_serum_market

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.slab_decoder.book import Book, Level, Order


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


def decode_books(venue: str, accounts: Sequence[bytes]) -> list[Decoded | str]:
    """Returns the books of each account, or the words of its `SlabError`.

    `venue` is `serum` (also OpenBook v1). Raises `ValueError` for another venue.

    >>> decode_books("serum", [b"too short"])
    ['serum_book: size was 9, expected 52']
    """
    _check_venue(venue)
    found: list[Decoded | str] = []
    for data in accounts:
        try:
            found.append(_decode(data))
        except SlabError as error:
            found.append(str(error))
    return found


def decode_markets(venue: str, accounts: Sequence[bytes]) -> list[MarketRow | str]:
    """Returns each market, or the words of its `SlabError`. Raises `ValueError` for an unknown venue.

    >>> decode_markets("serum", [bytes(388)])
    ['serum_market: head was 0000000000']
    """
    _check_venue(venue)
    found: list[MarketRow | str] = []
    for data in accounts:
        try:
            found.append(_row(decode_serum_market(data)))
        except SlabError as error:
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
    if venue != "serum":
        msg = f"venue was {venue}"
        raise ValueError(msg)


def _decode(data: bytes) -> Decoded:
    return Decoded([_side(decode_serum_book(data))], [])


def _side(book: Book) -> BookSide:
    return BookSide(str(book.side), book.orders, book.levels())


def _row(market: Market) -> MarketRow:
    return MarketRow(*market[:6], *market.lots, *market[7:])
