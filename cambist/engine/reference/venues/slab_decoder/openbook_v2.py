"""OpenBook v2: a book side is two crit-bit trees over one set of nodes, fixed prices and prices pegged to an oracle.

Book side 90,952 bytes: roots at 8, tree type at 312, bump index at 316, 1,024 nodes of 88 bytes from 840. Market 848
bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain.reader import check_discriminator, check_size, key, signed, unsigned
from cambist.engine.reference.venues.slab_decoder.book import Book, Lots, Market, Order
from cambist.engine.reference.venues.slab_decoder.crit_bit import Nodes, allocated, field_error, node_error

if TYPE_CHECKING:
    from cambist.engine.reference.venues.slab_decoder.crit_bit import Leaf

_MARKET = bytes.fromhex("dbbed53700e3c69a")
_MARKET_SIZE = 848
_MARKET_NAME = "openbook_v2_market"
_BOOK = bytes.fromhex("482ce18db2826139")
_BOOK_NAME = "openbook_v2_book"
_ROOM = 1024
_NODES = 840
_NODE_SIZE = 88
_NO_LIMIT = -1
_MAX_PRICE = 2**63 - 1


def decode_openbook_v2_book(
    data: bytes, unix_timestamp: int, oracle_price_lots: int | None
) -> tuple[Book, dict[str, int]]:
    """Returns the orders that can fill at `unix_timestamp`, pegged ones by the oracle's price, and why not others.

    Raises `ValueError` for a wrong size, discriminator or type, a damaged tree, an order without price or quantity.
    """
    check_discriminator(_BOOK_NAME, data, _BOOK)
    check_size(_BOOK_NAME, data, _NODES + _ROOM * _NODE_SIZE, may_grow=True)
    if data[312] > 1:
        raise field_error(_BOOK_NAME, "order tree type", data[312])
    side = Side.ASK if data[312] else Side.BID
    nodes = Nodes(_BOOK_NAME, data, _NODES, _NODE_SIZE, 1, allocated(_BOOK_NAME, unsigned(data, 316, 4), _ROOM))
    seen: set[int] = set()
    fixed = nodes.leaves(side, unsigned(data, 8, 4), unsigned(data, 12, 4), seen)
    pegged = nodes.leaves(side, unsigned(data, 16, 4), unsigned(data, 20, 4), seen)
    orders, reasons = [], []
    for leaf in fixed:
        order = _order(data, leaf)
        if not 1 <= order.price <= _MAX_PRICE:
            raise node_error(_BOOK_NAME, leaf.node, "price", order.price)
        if _is_expired(data, leaf, unix_timestamp):
            reasons.append("expired")
        else:
            orders.append(order)
    for leaf in pegged:
        order = _order(data, leaf)
        if _is_expired(data, leaf, unix_timestamp):
            reasons.append("expired")
        elif oracle_price_lots is None:
            reasons.append("no_oracle_price")
        else:
            price = _pegged_price(side, oracle_price_lots, order.price, signed(data, leaf.at + 72, 8))
            if isinstance(price, str):
                reasons.append(price)
            else:
                orders.append(order._replace(price=price))
    orders.sort(key=lambda order: order.key, reverse=side is Side.BID)
    return Book(side, orders), {reason: reasons.count(reason) for reason in reasons}


def decode_openbook_v2_market(data: bytes) -> Market:
    """Returns a market; its status is the time it expires, 0 for never.

    Raises `ValueError` for a wrong size or discriminator, a lot below 1 atom, or a negative fee or time.
    """
    check_discriminator(_MARKET_NAME, data, _MARKET)
    check_size(_MARKET_NAME, data, _MARKET_SIZE, may_grow=True)
    return Market(
        base_mint=key(data, 576),
        quote_mint=key(data, 608),
        base_vault=key(data, 640),
        quote_vault=key(data, 680),
        bids=key(data, 200),
        asks=key(data, 232),
        lots=Lots(_at_least(data, "base lot size", 456, 1), _at_least(data, "quote lot size", 448, 1)),
        taker_fee_ppm=_at_least(data, "taker fee", 488, 0),
        status=_at_least(data, "time expiry", 48, 0),
    )


def _at_least(data: bytes, field: str, at: int, least: int) -> int:
    value = signed(data, at, 8)
    if value < least:
        raise field_error(_MARKET_NAME, field, value)
    return value


def _order(data: bytes, leaf: Leaf) -> Order:
    """Returns a leaf as an order; the price of a pegged one is still its offset, shifted to be positive."""
    quantity = signed(data, leaf.at + 56, 8)
    if quantity < 1:
        raise node_error(_BOOK_NAME, leaf.node, "quantity", quantity)
    return Order(leaf.key >> 64, quantity, leaf.key % 2**64, key(data, leaf.at + 24), unsigned(data, leaf.at + 80, 8))


def _is_expired(data: bytes, leaf: Leaf, now: int) -> bool:
    lives, placed = unsigned(data, leaf.at + 2, 2), unsigned(data, leaf.at + 64, 8)
    return lives > 0 and now >= placed + lives


def _pegged_price(side: Side, oracle: int, data: int, limit: int) -> int | str:
    """Returns what an order pegged at `data` - 2^63 lots from the oracle pays, or why it can't fill."""
    price = oracle + data - 2**63
    if not 1 <= price < _MAX_PRICE:
        return "peg_price"
    beyond = price > limit if side is Side.BID else price < limit
    return "peg_limit" if limit != _NO_LIMIT and beyond else price
