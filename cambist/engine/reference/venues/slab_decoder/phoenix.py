"""Phoenix v1: one account holds header, both sides and the traders, each a red-black tree of numbered nodes.

Header 576 bytes, market fields from 832, trees from 880: bids, asks, traders. A tree is its root, 12 bytes, its size,
bump index, free head, then nodes of 16 bytes of registers (left, right, parent, colour), key and value. Node numbers
begin at 1; 0 is none.
"""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.book.order_book import Side
from cambist.engine.reference.chain.reader import check_discriminator, check_size, key, unsigned
from cambist.engine.reference.venues.slab_decoder.book import Book, Lots, Market, Order, SlabError, follows
from cambist.engine.reference.venues.slab_decoder.crit_bit import check_unseen, field_error, node_error

_NAME = "phoenix_market"
_DISCRIMINANT = bytes.fromhex("77df7173b7205871")
"""Keccak-256 of the program's address and `phoenix::program::accounts::MarketHeader`."""
_TREES = 880
_TREE_HEAD = 32
_ORDER_SIZE = 64
_TRADER_SIZE = 144
_BASIS_POINTS = 10_000
_PPM_PER_BPS = 100
_U64_MAX = 2**64 - 1


class _Tree(NamedTuple):
    layout: str
    data: bytes
    start: int
    node_size: int
    bump: int
    """The first node number that was never used."""

    def at(self, node: int) -> int:
        return self.start + _TREE_HEAD + (node - 1) * self.node_size

    def sorted(self, side: Side) -> list[tuple[int, int]]:
        """Returns the number and place of each order, best first: the tree's own order on both sides."""
        count = unsigned(self.data, self.start + 16, 8)
        found: list[tuple[int, int]] = []
        stack: list[int] = []
        seen: set[int] = set()
        last: int | None = None
        node = unsigned(self.data, self.start, 4) if count else 0
        while node or stack:
            while node:
                check_unseen(self.layout, node, self.bump, seen)
                stack.append(node)
                node = unsigned(self.data, self.at(node), 4)
            node = stack.pop()
            at = self.at(node)
            place = unsigned(self.data, at + 16, 8) << 64 | unsigned(self.data, at + 24, 8)
            if last is not None and not follows(side, last, place):
                msg = f"{self.layout}: node {node} is out of order"
                raise SlabError(msg)
            last = place
            found.append((node, at))
            node = unsigned(self.data, at + 4, 4)
        if len(found) != count:
            msg = f"{self.layout}: leaf count was {count}, found {len(found)}"
            raise SlabError(msg)
        return found


def decode_phoenix_books(data: bytes, slot: int, unix_timestamp: int) -> tuple[list[Book], dict[str, int]]:
    """Returns bids and asks that can fill in `slot` at `unix_timestamp`, and how many others there are.

    Raises `ValueError` for a wrong size or discriminant, a damaged tree, an order without price, quantity or trader.
    """
    bids, asks, traders = _trees(data)
    books, expired = [], 0
    for side, tree in ((Side.BID, bids), (Side.ASK, asks)):
        orders = []
        for node, at in tree.sorted(side):
            order = _order(tree, traders, node, at)
            if 0 < unsigned(data, at + 48, 8) < slot or 0 < unsigned(data, at + 56, 8) < unix_timestamp:
                expired += 1
            else:
                orders.append(order)
        books.append(Book(side, orders))
    return books, {"expired": expired} if expired else {}


def decode_phoenix_market(data: bytes) -> Market:
    """Returns a market; prices are ticks, a tick of a base lot is `lots.quote` atoms.

    Raises `ValueError` for a wrong size or discriminant, a size of 0, ticks that are no whole number of atoms, a fee
    above 100 %.
    """
    _trees(data)
    fields = {"base lot size": 112, "quote lot size": 192, "base lots per base unit": 832, "tick size": 840}
    base, quote_lot, unit, tick = (unsigned(data, at, 8) for at in fields.values())
    for field, was in zip(fields, (base, quote_lot, unit, tick), strict=True):
        if was == 0:
            raise field_error(_NAME, field, was)
    if tick % unit:
        raise field_error(_NAME, "tick size", tick)
    quote = tick // unit * quote_lot
    if quote > _U64_MAX:
        raise field_error(_NAME, "quote lot size", quote_lot)
    bps = unsigned(data, 856, 8)
    if bps > _BASIS_POINTS:
        raise field_error(_NAME, "taker fee bps", bps)
    return Market(
        base_mint=key(data, 48),
        quote_mint=key(data, 128),
        base_vault=key(data, 80),
        quote_vault=key(data, 160),
        bids=None,
        asks=None,
        lots=Lots(base, quote),
        taker_fee_ppm=bps * _PPM_PER_BPS,
        status=unsigned(data, 8, 8),
    )


def _trees(data: bytes) -> list[_Tree]:
    """Returns the three trees, whose sizes the header gives."""
    check_discriminator(_NAME, data, _DISCRIMINANT)
    check_size(_NAME, data, _TREES, may_grow=True)
    start, places = _TREES, []
    for layout, at, size in (
        ("phoenix_bids", 16, _ORDER_SIZE),
        ("phoenix_asks", 24, _ORDER_SIZE),
        ("phoenix_traders", 32, _TRADER_SIZE),
    ):
        room = unsigned(data, at, 8)
        places.append((layout, start, room, size))
        start += _TREE_HEAD + room * size
    check_size(_NAME, data, min(start, _U64_MAX), may_grow=True)
    trees = []
    for layout, start, room, size in places:
        bump = unsigned(data, start + 24, 4)
        if bump > room + 1:
            raise field_error(layout, "bump index", bump)
        trees.append(_Tree(layout, data, start, size, bump))
    return trees


def _order(tree: _Tree, traders: _Tree, node: int, at: int) -> Order:
    price, sequence, trader, quantity = (unsigned(tree.data, at + offset, 8) for offset in (16, 24, 32, 40))
    for field, was in (("price", price), ("quantity", quantity)):
        if was == 0:
            raise node_error(tree.layout, node, field, was)
    if not 1 <= trader < traders.bump:
        raise node_error(tree.layout, node, "trader", trader)
    return Order(price, quantity, sequence, key(tree.data, traders.at(trader) + 16), 0)
