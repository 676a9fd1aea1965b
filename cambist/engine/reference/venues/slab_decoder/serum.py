"""Serum v3 and OpenBook v1: every account is `serum`, its flags, its fields, `padding`.

Market 388 bytes, 1476 with the authorities of a permissioned one. Book: flags at 5, slab header at 13 (bump index,
free list length and head, root, leaf count), nodes of 72 bytes from 45. Open orders 3228 bytes, 3220 before they kept
rebates.
"""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain.reader import key, unsigned
from cambist.engine.reference.venues.slab_decoder.book import Book, Lots, Market, Order, SlabError
from cambist.engine.reference.venues.slab_decoder.crit_bit import Nodes, allocated, field_error, node_error

_HEAD, _TAIL = b"serum", b"padding"
_MARKET_SIZES = (388, 1476)
_OPEN_ORDERS_SIZES = (3228, 3220)
_NODES = 45
_NODE_SIZE = 72
_SLOTS = 128

_INITIALIZED = 1
_MARKET = 1 << 1
_OPEN_ORDERS = 1 << 2
_BIDS = 1 << 5
_ASKS = 1 << 6
_DISABLED = 1 << 7
_PERMISSIONED = 1 << 9
_CRANK_AUTHORITY = 1 << 10
_SIDES = {_INITIALIZED | _BIDS: Side.BID, _INITIALIZED | _ASKS: Side.ASK}


class OpenOrders(NamedTuple):
    """What one trader has in a market: atoms free and in orders, and the keys of the orders."""

    market: bytes
    owner: bytes
    base_free: int
    base_total: int
    quote_free: int
    quote_total: int
    bids: list[tuple[int, int]]
    """(key, client's id) of each slot in use, bids and asks apart."""
    asks: list[tuple[int, int]]

    @staticmethod
    def decode(data: bytes) -> OpenOrders:
        """Returns the fields of an open-orders account. Raises `SlabError` for a wrong size, magic or flags."""
        name = "serum_open_orders"
        _check_size(name, data, _OPEN_ORDERS_SIZES[len(data) == _OPEN_ORDERS_SIZES[1]], exact=True)
        _check_magic(name, data)
        flags = unsigned(data, 5, 8)
        if flags != _INITIALIZED | _OPEN_ORDERS:
            raise field_error(name, "flags", flags)
        free, is_bid = unsigned(data, 109, 16), unsigned(data, 125, 16)
        sides: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        for slot in range(_SLOTS):
            if not free >> slot & 1:
                ids = unsigned(data, 141 + 16 * slot, 16), unsigned(data, 2189 + 8 * slot, 8)
                sides[is_bid >> slot & 1].append(ids)
        return OpenOrders(
            market=key(data, 13),
            owner=key(data, 45),
            base_free=unsigned(data, 77, 8),
            base_total=unsigned(data, 85, 8),
            quote_free=unsigned(data, 93, 8),
            quote_total=unsigned(data, 101, 8),
            bids=sides[1],
            asks=sides[0],
        )


def decode_serum_book(data: bytes) -> Book:
    """Returns one side of a market, best order first.

    Raises `SlabError` for a wrong size, magic or flags, or a damaged tree.
    """
    name = "serum_book"
    _check_size(name, data, _NODES + len(_TAIL), exact=False)
    _check_magic(name, data)
    flags = unsigned(data, 5, 8)
    side = _SIDES.get(flags)
    if side is None:
        raise field_error(name, "flags", flags)
    room = (len(data) - _NODES - len(_TAIL)) // _NODE_SIZE
    nodes = Nodes(name, data, _NODES, _NODE_SIZE, 4, allocated(name, unsigned(data, 13, 8), room))
    orders = []
    for leaf in nodes.leaves(side, unsigned(data, 33, 4), unsigned(data, 37, 8), set()):
        order = Order(
            price=leaf.key >> 64,
            quantity=unsigned(data, leaf.at + 56, 8),
            sequence=leaf.key % 2**64,
            owner=key(data, leaf.at + 24),
            client_order_id=unsigned(data, leaf.at + 64, 8),
        )
        for field, was in (("price", order.price), ("quantity", order.quantity)):
            if was == 0:
                raise node_error(name, leaf.node, field, was)
        orders.append(order)
    return Book(side, orders)


def decode_serum_market(data: bytes) -> Market:
    """Returns a market; one that is disabled still decodes, its flags say so.

    Raises `SlabError` for a wrong size, magic or flags, or a lot of 0 atoms.
    """
    name = "serum_market"
    _check_size(name, data, _MARKET_SIZES[len(data) == _MARKET_SIZES[1]], exact=True)
    _check_magic(name, data)
    flags = unsigned(data, 5, 8)
    if flags & ~(_DISABLED | _PERMISSIONED | _CRANK_AUTHORITY) != _INITIALIZED | _MARKET:
        raise field_error(name, "flags", flags)
    lots = Lots(unsigned(data, 349, 8), unsigned(data, 357, 8))
    for field, was in (("base lot size", lots.base), ("quote lot size", lots.quote)):
        if was == 0:
            raise field_error(name, field, was)
    return Market(
        base_mint=key(data, 53),
        quote_mint=key(data, 85),
        base_vault=key(data, 117),
        quote_vault=key(data, 165),
        bids=key(data, 285),
        asks=key(data, 317),
        lots=lots,
        taker_fee_ppm=None,
        status=flags,
    )


def _check_size(name: str, data: bytes, size: int, *, exact: bool) -> None:
    if len(data) < size or (exact and len(data) != size):
        msg = f"{name}: size was {len(data)}, expected {size}"
        raise SlabError(msg)


def _check_magic(name: str, data: bytes) -> None:
    head, tail = data[: len(_HEAD)], data[len(data) - len(_TAIL) :]
    for part, was, expected in (("head", head, _HEAD), ("tail", tail, _TAIL)):
        if was != expected:
            msg = f"{name}: {part} was {was.hex()}"
            raise SlabError(msg)
