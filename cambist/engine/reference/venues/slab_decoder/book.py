"""Orders, price levels, lots to atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.book.order_book import Side

if TYPE_CHECKING:
    from collections.abc import Iterable

_U64 = 2**64


class SlabError(ValueError):
    """An account is no book or market, or its tree is damaged. The message names the layout, the node and what was."""


class Order(NamedTuple):
    """A resting order."""

    price: int
    """Quote lots per base lot; ticks, for Phoenix."""
    quantity: int
    """Base lots."""
    sequence: int
    """Low half of the key: orders of one price stand in its order, bids with the larger first."""
    owner: bytes
    """The open-orders account; the trader, for Phoenix."""
    client_order_id: int
    """The client's own id; 0 for Phoenix, which keeps none."""

    @property
    def key(self) -> int:
        """What an order stands by in its tree."""
        return self.price << 64 | self.sequence


class Level(NamedTuple):
    """The total quantity at one price."""

    price: int
    quantity: int
    orders: int


class Book(NamedTuple):
    """One side of a market, best order first."""

    side: Side
    orders: list[Order]

    def best(self) -> Order | None:
        """Returns the order that fills first, `None` for an empty side."""
        return self.orders[0] if self.orders else None

    def levels(self) -> list[Level]:
        """Returns the quantity at each price, best first."""
        return levels(self.orders)


class Lots(NamedTuple):
    """What a market's lots are worth: exact integers, so that amounts come out to the atom.

    >>> sol_usdc = Lots(base=1_000_000, quote=1)  # 0.001 SOL a lot, 1 atom of USDC a price step
    >>> sol_usdc.base_atoms(1500), sol_usdc.quote_atoms(151_250, 1500)
    (1500000000, 226875000)
    """

    base: int
    """Base atoms in a base lot."""
    quote: int
    """Quote atoms paid for a base lot at a price of 1."""

    def base_atoms(self, quantity: int) -> int:
        """Returns the base atoms of a quantity of lots. Raises `SlabError` beyond a u64."""
        return _checked("base atoms", quantity * self.base, quantity, 1)

    def quote_atoms(self, price: int, quantity: int) -> int:
        """Returns the quote atoms that a quantity costs at a price, before fees. Raises `SlabError` beyond a u64."""
        return _checked("quote atoms", quantity * price * self.quote, quantity, price)

    def ratio(self, price: int) -> tuple[int, int]:
        """Returns a price as (quote atoms, base atoms), a ratio that is exact and not reduced."""
        return price * self.quote, self.base


class Market(NamedTuple):
    """What a market trades, and in what lots."""

    base_mint: bytes
    quote_mint: bytes
    base_vault: bytes
    quote_vault: bytes
    bids: bytes | None
    """The account of the bids; `None` where the market's own account holds them."""
    asks: bytes | None
    lots: Lots
    taker_fee_ppm: int | None
    """Parts per million of the quote amount; `None` where the program, not the account, sets it."""
    status: int
    """Serum: account flags. OpenBook v2: time of expiry, 0 for none. Phoenix: status."""


def levels(orders: Iterable[Order]) -> list[Level]:
    """Returns the levels of orders that stand best first, in their order.

    >>> levels([Order(7, 2, 1, b"", 0), Order(7, 3, 2, b"", 0), Order(8, 1, 3, b"", 0)])
    [Level(price=7, quantity=5, orders=2), Level(price=8, quantity=1, orders=1)]
    """
    found: list[Level] = []
    for order in orders:
        if found and found[-1].price == order.price:
            last = found.pop()
            found.append(Level(last.price, last.quantity + order.quantity, last.orders + 1))
        else:
            found.append(Level(order.price, order.quantity, 1))
    return found


def follows(side: Side, before: int, key: int) -> bool:
    """Returns whether a key may follow another on a side: bids fall, asks rise."""
    return key < before if side is Side.BID else key > before


def _checked(what: str, atoms: int, quantity: int, price: int) -> int:
    if atoms >= _U64:
        msg = f"{what} of {quantity} lots at {price} overflow"
        raise SlabError(msg)
    return atoms
