"""An exchange's book as its venue holds it: the ladder, how it moves, what it pays."""

import math
import random
from typing import NamedTuple

ONE8 = 100_000_000
PPM = 1_000_000
Level = tuple[int, int]


class Change(NamedTuple):
    """What a venue tells of a move: levels by price, 0 takes one away, or the new best of both sides."""

    bids: list[Level]
    asks: list[Level]
    is_ticker: bool = False


class Pair(NamedTuple):
    """What a book is of; prices are in whole quote tokens, worths in dollars."""

    decimals: tuple[int, int]
    """Of base and quote."""
    dollars: float
    """Of a whole base token."""
    mid: float
    taker_ppm: int


class Ladder:
    """Bids and asks × 10⁸, and a ticker on top once one was told after the last change of depth."""

    def __init__(self, rng: random.Random, pair: Pair) -> None:
        self.rng, self.pair, self.mid = rng, pair, pair.mid
        self.ticker: tuple[Level, Level] | None = None
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self._draw()

    def _draw(self) -> None:
        """Draws all levels anew around the mid: deep and shallow ones, narrow and wide gaps between them."""
        self.bids, self.asks = (self._side(sign) for sign in (-1, 1))

    def _side(self, sign: int) -> dict[int, int]:
        found: dict[int, int] = {}
        price = self.mid * (1.0 + sign * self.rng.uniform(0.5, 5.0) * 1e-4)
        for _ in range(self.rng.randint(8, 24)):
            worth = 10.0 ** self.rng.uniform(1.5, 4.0)
            price8, qty8 = (math.ceil if sign > 0 else math.floor)(price * ONE8), int(worth / self.pair.dollars * ONE8)
            found[max(price8, 1)] = max(qty8, 1)
            price *= 1.0 + sign * 10.0 ** self.rng.uniform(-4.3, -3.0)
        return found

    def move(self) -> Change:
        """Somebody takes the best of a side, or makers move to a new mid, or the ticker is ahead of the depth."""
        kind, before = self.rng.random(), (self.bids, self.asks)
        if kind < 0.3 and min(map(len, before)) > 4:
            return self._tick()
        self.ticker = None
        if kind < 0.6 and min(map(len, before)) > 4:
            self._take()
        else:
            self.mid *= math.exp(self.rng.gauss(0.0, 0.002))
            self._draw()
        return Change(*(_told(old, new) for old, new in zip(before, (self.bids, self.asks), strict=True)))

    def _tick(self) -> Change:
        bid, ask = self.side(first=True)[self.rng.randrange(2)], self.side(first=False)[self.rng.randrange(2)]
        self.ticker = tuple((price, max(int(qty * self.rng.uniform(0.05, 1.0)), 1)) for price, qty in (bid, ask))
        return Change([self.ticker[0]], [self.ticker[1]], is_ticker=True)

    def _take(self) -> None:
        first = self.rng.random() < 0.5
        side = dict(self.bids if first else self.asks)
        for _ in range(self.rng.randint(1, 2)):
            del side[max(side) if first else min(side)]
        best = max(side) if first else min(side)
        side[best] = max(int(side[best] * self.rng.uniform(0.1, 1.0)), 1)
        self.bids, self.asks = (side, self.asks) if first else (self.bids, side)

    def side(self, *, first: bool) -> list[Level]:
        """Returns the bids (`first`) or the asks, best first: what is better than a ticker's best is gone."""
        levels = sorted((self.bids if first else self.asks).items(), reverse=first)
        if self.ticker is None:
            return levels
        top = self.ticker[0 if first else 1]
        return [top, *(level for level in levels if (level[0] < top[0] if first else level[0] > top[0]))]

    def quote(self, first: bool, amount: int) -> int:
        """Returns the atoms that selling base (`first`) or spending quote brings, fee taken off; 0 if it's too much."""
        base, quote = self.pair.decimals
        got8 = self._sell(amount * ONE8 // 10**base) if first else self._buy(amount * ONE8 // 10**quote)
        return (got8 - -(-got8 * self.pair.taker_ppm // PPM)) * 10 ** (quote if first else base) // ONE8

    def _sell(self, left: int) -> int:
        total = 0
        for price, qty in self.side(first=True):
            total += price * min(left, qty)
            left -= min(left, qty)
        return 0 if left else total // ONE8

    def _buy(self, spent: int) -> int:
        left, bought = spent * ONE8, 0
        for price, qty in self.side(first=False):
            part = min(left // price, qty)
            bought += part
            left -= price * part
            if part < qty:
                return bought
        return 0 if left else bought


def text(value8: int) -> str:
    """Returns a price or quantity as a venue writes it."""
    return f"{value8 // ONE8}.{value8 % ONE8:08}"


def texts(levels: list[Level]) -> list[tuple[str, str]]:
    """Returns levels as a venue writes them."""
    return [(text(price), text(qty)) for price, qty in levels]


def _told(before: dict[int, int], after: dict[int, int]) -> list[Level]:
    """Returns the levels that changed, 0 for those that are gone."""
    gone = [(price, 0) for price in before if price not in after]
    return gone + [(price, qty) for price, qty in after.items() if before.get(price) != qty]
