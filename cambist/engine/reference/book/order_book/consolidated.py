"""One book over several venues, taker fees applied: what a size costs or brings, and where venues cross.

Quantities are integers of 10⁻⁸ like a book's own, prices of the finest scale that any of the books has. A venue takes
its fee from what one receives: quote when selling, base when buying. Each level's rounding is against the trader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.book.order_book.refine import fine_levels
from cambist.engine.reference.book.order_book.state import Side
from cambist.engine.reference.exchanges.decimal import DECIMALS, PriceScale, one, units

if TYPE_CHECKING:
    from collections.abc import Sequence

_PPM = 1_000_000
_U64_MAX = (1 << 64) - 1


class VenueBook(NamedTuple):
    """One venue's book: (price, quantity), best level first on each side."""

    taker_ppm: int
    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]
    scale: PriceScale = DECIMALS


class NetLevel(NamedTuple):
    """A level of the consolidated book."""

    net_price: int
    """After the taker fee: rounded down for a bid, up for an ask; at most a u64."""
    price: int
    quantity: int
    """As the venue shows it."""
    venue: int


class Taken(NamedTuple):
    """What taking an amount of base moves."""

    quote: int
    """Brought by a sale, or cost of a purchase, after fees."""
    price: int
    """`quote` for one base: the depth-weighted price, rounded against the trader."""
    levels: int


class Crossing(NamedTuple):
    """Where one venue pays more than another asks."""

    base: int
    """Base that can be bought and sold at a gain, after fees."""
    cost: int
    proceeds: int
    bought_from: list[int]
    """Venues, ascending, each once."""
    sold_to: list[int]


class ConsolidatedBook:
    """Several venues' books as one.

    >>> near = VenueBook(1_000, [(100 * 10**8, 5 * 10**8)], [(101 * 10**8, 5 * 10**8)])
    >>> far = VenueBook(1_000, [(97 * 10**8, 5 * 10**8)], [(99 * 10**8, 2 * 10**8)])
    >>> ConsolidatedBook([near, far]).crossing()
    Crossing(base=199800000, cost=19800000000, proceeds=19960020000, bought_from=[1], sold_to=[0])
    """

    def __init__(self, books: Sequence[VenueBook]) -> None:
        """Takes the books; of equal net prices the lower venue comes first.

        Raises `ValueError` for a fee of 100 % or more, a level of nothing or out of order, a price beyond the finest
        scale, a book that crosses itself.
        """
        self.scale = max((book.scale for book in books), default=DECIMALS)
        """Of all prices."""
        self._fees = [book.taker_ppm for book in books]
        bids: list[NetLevel] = []
        asks: list[NetLevel] = []
        for venue, book in enumerate(books):
            each = units(book.scale, self.scale)
            _check(venue, book, each)
            kept = _PPM - book.taker_ppm
            fine_bids, fine_asks = (fine_levels(side, each) for side in (book.bids, book.asks))
            bids += [NetLevel(price * kept // _PPM, price, qty, venue) for price, qty in fine_bids]
            asks += [NetLevel(min(-(-price * _PPM // kept), _U64_MAX), price, qty, venue) for price, qty in fine_asks]
        self.bids = sorted(bids, key=lambda level: (-level.net_price, level.venue))
        self.asks = sorted(asks, key=lambda level: (level.net_price, level.venue))

    def levels(self, side: Side) -> list[NetLevel]:
        """Returns the levels of a side, best net price first."""
        return self.bids if side is Side.BID else self.asks

    def take(self, side: Side, base: int) -> Taken | None:
        """Returns what selling `base` into the bids brings, or what buying it from the asks costs.

        `None` if the depth is short or a sum leaves a u64.
        """
        left, quote, levels = base, 0, 0
        for level in self.levels(side):
            if left == 0:
                break
            part = min(left, self._net_quantity(side, level))
            quote += self._quote(side, level, part)
            left -= part
            levels += part > 0
        if left > 0 or base == 0:
            return None
        scaled = quote * one(self.scale)
        price = scaled // base if side is Side.BID else -(-scaled // base)
        return Taken(quote, price, levels) if max(quote, price) <= _U64_MAX else None

    def crossing(self) -> Crossing | None:
        """Returns where the venues cross after fees, `None` if nowhere or a sum leaves a u64."""
        base = cost = proceeds = 0
        sources: set[int] = set()
        targets: set[int] = set()
        bid = ask = sold = bought = 0
        while bid < len(self.bids) and ask < len(self.asks) and self.bids[bid].net_price > self.asks[ask].net_price:
            pays, asked = self.bids[bid], self.asks[ask]
            demand, supply = pays.quantity - sold, self._net_quantity(Side.ASK, asked) - bought
            part = min(demand, supply)
            if part > 0:
                gets, spends = self._quote(Side.BID, pays, part), self._quote(Side.ASK, asked, part)
                if max(gets, spends) > _U64_MAX:
                    return None
                if gets <= spends:
                    break
                base, proceeds, cost = base + part, proceeds + gets, cost + spends
                if max(base, proceeds, cost) > _U64_MAX:
                    return None
                targets.add(pays.venue)
                sources.add(asked.venue)
            sold, bought = sold + part, bought + part
            if part == supply:
                ask, bought = ask + 1, 0
            if part == demand:
                bid, sold = bid + 1, 0
        return Crossing(base, cost, proceeds, sorted(sources), sorted(targets)) if base else None

    def _net_quantity(self, side: Side, level: NetLevel) -> int:
        """Returns the base that taking the whole level leaves in hand, or takes out of it."""
        return level.quantity if side is Side.BID else level.quantity * (_PPM - self._fees[level.venue]) // _PPM

    def _quote(self, side: Side, level: NetLevel, base: int) -> int:
        """Returns the quote that `base` of a level brings or costs."""
        kept = _PPM - self._fees[level.venue]
        if side is Side.BID:
            return level.price * base // one(self.scale) * kept // _PPM
        return -(-level.price * -(-base * _PPM // kept) // one(self.scale))


def _check(venue: int, book: VenueBook, each: int) -> None:
    if book.taker_ppm >= _PPM:
        message = f"venue {venue}: taker fee was {book.taker_ppm} ppm"
        raise ValueError(message)
    for levels, falls in ((book.bids, True), (book.asks, False)):
        for at, (price, quantity) in enumerate(levels):
            ordered = at == 0 or (price < levels[at - 1][0] if falls else price > levels[at - 1][0])
            if price == 0 or quantity == 0 or not ordered or price * each > _U64_MAX:
                message = f"venue {venue}: level {at} was {price} × {quantity}"  # a multiplication sign
                raise ValueError(message)
    if book.bids and book.asks and book.bids[0][0] >= book.asks[0][0]:
        message = f"venue {venue}: bid {book.bids[0][0]} is not below ask {book.asks[0][0]}"
        raise ValueError(message)
