"""OpenBook v2 and Phoenix: no account is recorded, so these are built as the programs' sources lay them out."""

import struct

import pytest

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.venues.slab_decoder import (
    Lots,
    decode_books,
    decode_markets,
    decode_openbook_v2_book,
    decode_openbook_v2_market,
    decode_phoenix_books,
    decode_phoenix_market,
)
from tests.parity.chain_books import openbook_v2_market, openbook_v2_side, phoenix_market

PEG = 2**63
BID = 2**64 - 1


def key(price: int, sequence: int) -> int:
    return price << 64 | sequence


def patched(data: bytes, at: int, layout: str, *values: int) -> bytes:
    copy = bytearray(data)
    struct.pack_into(layout, copy, at, *values)
    return bytes(copy)


ASKS = openbook_v2_side(
    1,
    [(key(100, 5), 7, 0, 0, -1), (key(100, 2), 3, 0, 0, -1), (key(99, 9), 1, 10, 50, -1)],
    [(key(PEG - 3, 4), 2, 0, 0, -1), (key(PEG + 5, 6), 4, 0, 0, 110), (key(PEG - 200, 1), 9, 0, 0, -1)],
)


def test_fixed_and_pegged_orders_stand_in_one_queue():
    book, skipped = decode_openbook_v2_book(ASKS, 59, 103)
    assert book.side is Side.ASK
    assert [(each.price, each.sequence, each.quantity) for each in book.orders] == [
        (99, 9, 1), (100, 2, 3), (100, 4, 2), (100, 5, 7),
    ]  # fmt: skip
    assert skipped == {"peg_limit": 1, "peg_price": 1}
    assert [tuple(level) for level in book.levels()] == [(99, 1, 1), (100, 12, 3)]


def test_orders_that_can_not_fill_are_counted():
    book, skipped = decode_openbook_v2_book(ASKS, 60, None)
    assert [each.price for each in book.orders] == [100, 100]
    assert skipped == {"expired": 1, "no_oracle_price": 3}


def test_bids_of_a_later_sequence_stand_behind():
    bids = openbook_v2_side(0, [(key(100, BID - 1), 7, 0, 0, -1), (key(100, BID - 2), 3, 0, 0, -1)])
    book, _ = decode_openbook_v2_book(bids, 0, None)
    assert [each.quantity for each in book.orders] == [7, 3]


@pytest.mark.parametrize(
    ("at", "layout", "value", "message"),
    [
        (0, "<B", 0, "openbook_v2_book: discriminator was 002ce18db2826139"),
        (312, "<B", 2, "openbook_v2_book: order tree type was 2"),
        (316, "<I", 1025, "openbook_v2_book: bump index was 1025"),
        (8, "<I", 10, "openbook_v2_book: node index was 10, expected below 10"),
        (16, "<I", 4, "openbook_v2_book: node 4 is reached twice"),
        (12, "<I", 4, "openbook_v2_book: leaf count was 4, found 3"),
        (840 + 56, "<q", -1, "openbook_v2_book: node 0: quantity was -1"),
        (840, "<B", 3, "openbook_v2_book: node 0: tag was 3"),
    ],
)
def test_damage_to_a_book_side_is_named(at: int, layout: str, value: int, message: str):
    assert decode_books("openbook_v2", [patched(ASKS, at, layout, value), ASKS[:-1]]) == [
        message,
        "openbook_v2_book: size was 90951, expected 90952",
    ]


def test_an_openbook_v2_market_tells_its_lots_and_fee():
    market = decode_openbook_v2_market(openbook_v2_market())
    assert (market.lots, market.taker_fee_ppm) == (Lots(1000, 1), 400)
    assert (market.base_mint, market.quote_vault, market.bids) == (b"1" * 32, b"4" * 32, b"b" * 32)
    assert decode_markets(
        "openbook_v2",
        [openbook_v2_market(base_lot=0), openbook_v2_market(taker_fee=-1), openbook_v2_market(expiry=-5)],
    ) == [
        "openbook_v2_market: base lot size was 0",
        "openbook_v2_market: taker fee was -1",
        "openbook_v2_market: time expiry was -5",
    ]


BOOK = phoenix_market(
    [(key(151, BID - 1), 5, 1, 0, 0), (key(151, BID - 4), 6, 2, 90, 0), (key(150, BID - 2), 7, 3, 0, 0)],
    [(key(152, 3), 8, 1, 0, 70), (key(153, 1), 9, 2, 0, 0)],
)
ORDERS = 880 + 32


def test_phoenix_gives_both_sides_and_who_stands_there():
    (bids, asks), skipped = decode_phoenix_books(BOOK, 90, 70)
    assert [(each.price, each.quantity, each.owner[0]) for each in bids.orders] == [
        (151, 5, 1),
        (151, 6, 2),
        (150, 7, 3),
    ]
    assert [(each.price, each.quantity, each.owner[0]) for each in asks.orders] == [(152, 8, 1), (153, 9, 2)]
    assert skipped == {}
    (bids, asks), skipped = decode_phoenix_books(BOOK, 91, 71)
    assert [each.quantity for each in bids.orders + asks.orders] == [5, 7, 9]
    assert skipped == {"expired": 2}


@pytest.mark.parametrize(
    ("at", "layout", "value", "message"),
    [
        (0, "<B", 0, "phoenix_market: discriminator was 00df7173b7205871"),
        (880, "<I", 4, "phoenix_bids: node index was 4, expected below 4"),
        (ORDERS, "<I", 2, "phoenix_bids: node 2 is reached twice"),
        (ORDERS + 16, "<Q", 149, "phoenix_bids: node 2 is out of order"),
        (ORDERS + 32, "<Q", 4, "phoenix_bids: node 1: trader was 4"),
        (ORDERS + 40, "<Q", 0, "phoenix_bids: node 1: quantity was 0"),
        (896, "<Q", 9, "phoenix_bids: leaf count was 9, found 3"),
        (904, "<I", 34, "phoenix_bids: bump index was 34"),
        (16, "<Q", 2**63, f"phoenix_market: size was {len(BOOK)}, expected {2**64 - 1}"),
    ],
)
def test_damage_to_a_phoenix_market_is_named(at: int, layout: str, value: int, message: str):
    assert decode_books("phoenix", [patched(BOOK, at, layout, value)]) == [message]


def test_a_phoenix_tick_is_whole_atoms():
    market = decode_phoenix_market(phoenix_market(sizes=(1_000_000, 10, 1000, 5000, 2)))
    assert (market.lots, market.taker_fee_ppm, market.bids) == (Lots(1_000_000, 50), 200, None)
    assert market.lots.quote_atoms(151, 4) == 151 * 5000 * 4 // 1000 * 10
    refused = [(1, 1, 1000, 1001, 2), (0, 1, 1, 1, 2), (1, 2**63, 1, 2, 2), (1, 1, 1, 1, 10_001)]
    assert decode_markets("phoenix", [phoenix_market(sizes=sizes) for sizes in refused]) == [
        "phoenix_market: tick size was 1001",
        "phoenix_market: base lot size was 0",
        f"phoenix_market: quote lot size was {2**63}",
        "phoenix_market: taker fee bps was 10001",
    ]
