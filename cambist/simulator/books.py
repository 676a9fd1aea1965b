"""The exchanges' order books: ladders on tick and lot grids that follow the fair price with noise of their own."""

from __future__ import annotations

from typing import NamedTuple

from cambist.simulator.draw import Draw

PLACES = 8
"""Decimals of quantities as integers, and of prices where a listing says no other."""
UNIT = 10**8
LEVELS = 60
"""Levels kept per side; a snapshot's edge."""


class Listing(NamedTuple):
    """A spot pair."""

    symbol: str
    base: str
    quote: str
    base_token: str
    """Symbol of the token whose fair price the base follows."""
    quote_token: str
    tick: int
    """In 10^-`places` quote."""
    step: int
    """In 10^-8 base."""
    min_notional: int
    """In whole quote."""
    depth: float
    """Typical dollars at one level near the touch."""
    moves: float
    """Mean book events per second in calm weather."""
    bias: float = 0.0
    """Standing distance of this venue's quotes from the fair price, as a fraction."""
    scale: float = 1.0
    """The fair price is that of the tokens times this."""
    places: int = PLACES
    """Decimals of prices as integers."""

    @property
    def one(self) -> int:
        """A price of one."""
        return int(10**self.places)

    @property
    def worth(self) -> int:
        """Price × quantity of one quote."""
        return self.one * UNIT


class Trade(NamedTuple):
    """A taker's fill."""

    trade_id: int
    price: int
    quantity: int
    buyer_is_maker: bool


class Book:
    """One pair's book. Each change of a level takes the next update id."""

    def __init__(self, listing: Listing, seed: int, fair: float, usd_per_quote: float, *, venue: str = "") -> None:
        self.listing = listing
        self._draw = Draw(seed, "book", *filter(None, (venue,)), listing.symbol)
        self._bias = 0.0
        """The book's own distance from the fair price, as a fraction; it decays."""
        self._usd_per_lot = fair * usd_per_quote * listing.step / UNIT
        self.bids: dict[int, int] = {}
        """Price in ticks → quantity in lots."""
        self.asks: dict[int, int] = {}
        self.best_bid = self.best_ask = 0
        """In ticks."""
        self.update_id = 1_000_000 + self._draw.below(1_000_000_000)
        self.trade_id = 1_000 + self._draw.below(1_000_000)
        self.changed_bids: dict[int, int] = {}
        """Levels changed since the last `take_changes`, 0 lots where deleted."""
        self.changed_asks: dict[int, int] = {}
        self._first_unsent = self.update_id + 1
        self._requote(fair * (1.0 + listing.bias))
        self.take_changes()

    def move(self, fair: float, storm: float) -> list[Trade]:
        """Lets one thing happen: makers requote, a level changes, or a taker trades. Returns the trades."""
        draw = self._draw
        self._bias = self._bias * 0.97 + draw.normal() * 0.00004 * (1.0 + 2.0 * storm)
        kind = draw.unit()
        trades: list[Trade] = []
        if kind < 0.30:
            trades = self._take(draw.chance(0.5))
        elif kind < 0.55:
            self._change_level()
        self._requote(fair * (1.0 + self._bias + self.listing.bias))
        return trades

    def take_changes(self) -> tuple[int, int, dict[int, int], dict[int, int]] | None:
        """Returns first and last update id and the changed levels since the last call; `None` if there are none."""
        if self._first_unsent > self.update_id:
            return None
        first, self._first_unsent = self._first_unsent, self.update_id + 1
        bids, asks = self.changed_bids, self.changed_asks
        self.changed_bids, self.changed_asks = {}, {}
        return first, self.update_id, bids, asks

    def nudge(self) -> tuple[int, int]:
        """Changes the quantity at the best bid by one lot. Returns its price in ticks and its new lots."""
        lots = self.bids[self.best_bid]
        lots += 1 if lots % 2 else -1
        lots = max(lots, 1)
        self._set(self.bids, self.changed_bids, self.best_bid, lots)
        return self.best_bid, lots

    def top(self) -> tuple[int, int, int, int]:
        """Returns best bid, its lots, best ask, its lots."""
        return self.best_bid, self.bids[self.best_bid], self.best_ask, self.asks[self.best_ask]

    def mid(self) -> float:
        """Returns the mid price in whole quote per whole base."""
        return (self.best_bid + self.best_ask) * self.listing.tick / (2.0 * self.listing.one)

    def levels(self, side: str, limit: int) -> list[tuple[int, int]]:
        """Returns (ticks, lots) from the best on; `side` is `bid` or `ask`."""
        book = self.bids if side == "bid" else self.asks
        return sorted(book.items(), reverse=side == "bid")[:limit]

    def _requote(self, target: float) -> None:
        """Moves the touch so that it encloses the target price, which is where makers think the market is."""
        ticks = target * self.listing.one / self.listing.tick
        half = max(0.5, ticks * 0.00006)
        bid = int(ticks - half)
        ask = max(bid + 1, int(ticks + half) + 1)
        bid = min(bid, ask - 1)
        self.best_bid = self._ladder(self.bids, self.changed_bids, bid, -1)
        self.best_ask = self._ladder(self.asks, self.changed_asks, ask, 1)

    def _ladder(self, side: dict[int, int], changed: dict[int, int], best: int, away: int) -> int:
        """Makes `best` the touch of a side, whose levels run in the direction `away`. Returns `best`."""
        worst = best + away * (LEVELS - 1)
        low, high = min(best, worst), max(best, worst)
        for tick in [tick for tick in side if tick < low or tick > high]:
            self._set(side, changed, tick, 0)
        if best in side and len(side) == LEVELS:
            return best
        for distance in range(LEVELS):
            tick = best + away * distance
            if tick not in side:
                self._set(side, changed, tick, self._lots(distance))
        return best

    def _lots(self, distance: int) -> int:
        shape = 0.25 + 0.9 * min(distance, 20) / 8.0
        return max(1, int(self.listing.depth * shape * self._draw.between(0.3, 1.7) / self._usd_per_lot))

    def _set(self, side: dict[int, int], changed: dict[int, int], tick: int, lots: int) -> None:
        if lots:
            side[tick] = lots
        else:
            del side[tick]
        changed[tick] = lots
        self.update_id += 1

    def _change_level(self) -> None:
        distance = min(LEVELS - 1, int(self._draw.tail(LEVELS)) - 1)
        if self._draw.chance(0.5):
            self._set(self.bids, self.changed_bids, self.best_bid - distance, self._lots(distance))
        else:
            self._set(self.asks, self.changed_asks, self.best_ask + distance, self._lots(distance))

    def _take(self, buys: bool) -> list[Trade]:
        """A taker trades against the touch; what is left of the level stays at least one lot."""
        side, changed, best = (
            (self.asks, self.changed_asks, self.best_ask) if buys else (self.bids, self.changed_bids, self.best_bid)
        )
        here = side[best]
        lots = max(1, int(here * self._draw.between(0.02, 0.9)))
        self._bias += (0.00002 if buys else -0.00002) * lots / here
        self.trade_id += 1
        self._set(side, changed, best, max(1, here - lots))
        listing = self.listing
        return [Trade(self.trade_id, best * listing.tick, min(lots, here) * listing.step, buyer_is_maker=not buys)]


def text(value: int, places: int = PLACES) -> str:
    """Returns a fixed-point value as the exchange prints it, with all its decimals."""
    unit = 10**places
    return f"{value // unit}.{value % unit:0{places}d}"
