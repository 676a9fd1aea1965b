"""What the best cycle of a mixed market earns: exact quotes of every edge on a grid, every cycle looked at on these.

Between two sizes of the grid a line is drawn, what a venue refuses pays no more than the most it takes. The most
promising cycles are then sized with exact quotes. Nothing here estimates, bends or bounds.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cambist.engine.reference.venues.quote_error import QuoteError
from tests.ranking.market import CAPS, MIN_TIP, mint
from tests.ranking.mixed import REBALANCING_PPM, MixedMarket
from tests.ranking.oracle import Best, grouped

POINTS = 160
"""Sizes at which an edge is quoted."""
LEAST, MOST = 0.5, 120_000.0
"""Dollars: the range of those sizes."""
SIZES, FINER = 40, 9
"""Sizes at which a cycle is tried, and how many more around the best of them."""
SHARE = 1_000
"""The smallest is the cap over this."""
SIGNATURE = 5_000
EXACT = 12
"""Cycles that are sized with exact quotes."""
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_STEPS = 24
"""What is left of a range of a quarter is then a part in 10⁵ of the size: the gain is right to 10⁻⁹."""
Hops = tuple[tuple[int, bool], ...]


class Group(NamedTuple):
    """Cycles of one base token and one length, as columns."""

    base: int
    hops: list[Hops]
    edges: np.ndarray
    """By cycle and hop: twice the venue, and one if it is sold the other way."""
    is_legged: np.ndarray
    is_chained: np.ndarray
    """Whether a transaction on chain is part of it."""
    amounts: np.ndarray
    gains: np.ndarray
    """At the best size, before costs but for that of bringing back what a book moved."""


class Tables:
    """Quotes of each edge of a market on a grid of sizes, made anew where something moved."""

    def __init__(self, market: MixedMarket) -> None:
        self.market = market
        self.pools = {at: market.pool(name) for at, name in enumerate(market.names)}
        self.time = market.time
        count = 2 * len(market.venues)
        ratio = (MOST / LEAST) ** (1.0 / (POINTS - 1))
        self._step = math.log(ratio)
        starts = [LEAST / market.atom(market.ends[edge // 2][edge % 2]) for edge in range(count)]
        self._starts = np.log(np.array(starts))
        self.sizes = np.array(starts)[:, None] * ratio ** np.arange(POINTS)
        self.paid = np.zeros((count, POINTS))
        for at in range(len(market.venues)):
            self._quote_all(at)

    def renew(self, moved: int) -> set[int]:
        """Takes over one move and the time since the last one. Returns the venues that pay something else now."""
        market, venues = self.market, {moved}
        before, self.time = self.time, market.time
        if before.unix_timestamp != self.time.unix_timestamp:
            venues |= {at for at in self.pools if market.venues[at].kind == "dlmm"}
        for at in venues:
            if at in self.pools:
                self.pools[at] = market.pool(market.names[at])
            self._quote_all(at)
        return venues

    def quote(self, at: int, first: bool, amount: int) -> int:
        """Returns what a venue pays exactly, 0 if it refuses."""
        if amount <= 0:
            return 0
        if at not in self.pools:
            return self.market.books[at].quote(first, amount)
        try:
            return self.pools[at].quote(first, amount, self.time).amount_out
        except QuoteError:
            return 0

    def net(self, hops: Hops, amount_in: int) -> int:
        """Returns what a cycle gains exactly, in whole atoms, before costs; a loss of all if a venue refuses."""
        amount = amount_in
        for at, first in hops:
            amount = self.quote(at, first, amount)
        return amount - amount_in

    def _quote_all(self, at: int) -> None:
        for side, first in enumerate((True, False)):
            row = 2 * at + side
            short = 0
            for point, size in enumerate(self.sizes[row]):
                amount = max(round(size), 1)
                out = self.quote(at, first, amount) if short or point == 0 or self.paid[row, point - 1] else 0
                if out == 0 and short:
                    self.paid[row, point:] = self._most(at, first, short, amount)
                    break
                self.paid[row, point] = out * (size / amount)
                short = amount if out else short

    def _most(self, at: int, first: bool, enough: int, refused: int) -> int:
        """Returns the most that a venue pays, between a size that it takes and one that it refuses."""
        for _ in range(16):
            middle = (enough + refused) // 2
            enough, refused = (middle, refused) if self.quote(at, first, middle) else (enough, middle)
        return self.quote(at, first, enough)

    def out(self, edges: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        """Returns what each edge pays for the amounts of its row."""
        at = (np.log(np.maximum(amounts, 1e-9)) - self._starts[edges, None]) * (1.0 / self._step)
        at = np.clip(at.astype(np.int64), 0, POINTS - 2)
        rows = edges[:, None]
        low, high = self.sizes[rows, at], self.sizes[rows, at + 1]
        part = np.minimum((amounts - low) / (high - low), 1.0)
        from_, to = self.paid[rows, at], self.paid[rows, at + 1]
        return np.maximum(from_ + (to - from_) * part, 0.0)


class TableOracle:
    """Keeps what each cycle earns, and works it out anew where a venue of it moved."""

    def __init__(self, market: MixedMarket) -> None:
        self.market = market
        self.tables = Tables(market)
        self.groups = [self._group(base, found) for base, found in grouped(market.ends)]
        for group in self.groups:
            self._size(group, np.arange(len(group.hops)))
        self._exact: dict[Hops, Best] = {}

    def _group(self, base: int, hops: list[Hops]) -> Group:
        edges = np.array([[2 * at + (not first) for at, first in cycle] for cycle in hops])
        books = np.isin(edges // 2, list(self.market.books))
        empty = np.zeros(len(hops))
        return Group(base, hops, edges, books.any(axis=1), ~books.all(axis=1), empty, empty.copy())

    def move(self, moved: int) -> None:
        """Takes over that a venue moved."""
        venues = self.tables.renew(moved)
        for group in self.groups:
            self._size(group, np.flatnonzero(np.isin(group.edges // 2, list(venues)).any(axis=1)))
        self._exact = {hops: best for hops, best in self._exact.items() if venues.isdisjoint(at for at, _ in hops)}

    def _size(self, group: Group, rows: np.ndarray) -> None:
        """Finds the best size on the grid, and around that the best of a finer one."""
        if not rows.size:
            return
        cap = float(CAPS[mint(group.base)])
        amounts = np.broadcast_to(np.geomspace(cap / SHARE, cap, SIZES), (len(rows), SIZES))
        best, gains = self._best(group, rows, amounts)
        group.amounts[rows], group.gains[rows] = best, gains
        close = np.flatnonzero(gains > -0.002 * best)
        step = SHARE ** (1.0 / (SIZES - 1))
        finer = best[close, None] * step ** np.linspace(-1.0, 1.0, FINER)
        best, gains = self._best(group, rows[close], np.clip(finer, cap / SHARE, cap))
        group.amounts[rows[close]], group.gains[rows[close]] = best, gains

    def _best(self, group: Group, rows: np.ndarray, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = amounts
        for hop in range(group.edges.shape[1]):
            out = self.tables.out(group.edges[rows, hop], out)
        gains = out - amounts * (1.0 + group.is_legged[rows, None] * REBALANCING_PPM / 1e6)
        best = gains.argmax(axis=1)[:, None]
        return np.take_along_axis(amounts, best, 1)[:, 0], np.take_along_axis(gains, best, 1)[:, 0]

    def paying(self, sol_price: float) -> list[Best]:
        """Returns the cycles that pay after costs, the most money first; gains on the grid, of the first exact."""
        found: list[tuple[float, Group, int]] = []
        for group in self.groups:
            value = sol_price / 1e9 if group.base == 0 else 1e-6
            lamports = SIGNATURE * group.is_chained + MIN_TIP * (group.is_chained & ~group.is_legged)
            cost = lamports if group.base == 0 else np.ceil(lamports * sol_price / 1e3)
            money = (group.gains - cost) * value
            found += [(float(money[row]), group, int(row)) for row in np.flatnonzero(money > 0.0)]
        found.sort(key=lambda each: -each[0])
        rest = [Best(group.hops[row], int(group.amounts[row]), 0, money) for money, group, row in found[EXACT:]]
        near = [Best(group.hops[row], int(group.amounts[row]), 0, money) for money, group, row in found[:EXACT]]
        exact = [self.refined(each, sol_price) for each in near]
        return sorted([*exact, *rest], key=lambda each: -each.money)

    def net(self, hops: Hops, amount_in: int) -> int:
        """Returns what a cycle gains exactly, in whole atoms, before costs."""
        return self.tables.net(hops, amount_in)

    def refined(self, best: Best, sol_price: float) -> Best:
        """Returns the best size near that of the grid, by the golden section, in exact integers."""
        hops = best.hops
        kept = self._exact.get(hops)
        base = self.market.ends[hops[0][0]][0 if hops[0][1] else 1]
        books = [at in self.market.books for at, _ in hops]
        rate = REBALANCING_PPM if any(books) else 0

        def left(amount: int) -> int:
            return self.tables.net(hops, amount) - -(-amount * rate // 1_000_000)

        if kept is None:
            amount = self._top(left, best.amount_in, CAPS[mint(base)])
            kept = self._exact[hops] = Best(hops, amount, left(amount), 0.0)
        lamports = 0 if all(books) else SIGNATURE + (0 if any(books) else MIN_TIP)
        cost = lamports if base == 0 else math.ceil(lamports * sol_price / 1e3)
        value = sol_price / 1e9 if base == 0 else 1e-6
        return Best(hops, kept.amount_in, kept.net - cost, (kept.net - cost) * value)

    def _top(self, left: Callable[[int], int], near: int, cap: int) -> int:
        step = SHARE ** (1.0 / (SIZES - 1))
        low, high = max(near / step, cap / SHARE, 1.0), min(near * step, float(cap))
        tried = {round(size): left(round(size)) for size in (low, float(near), high)}
        a, b = high - (high - low) * _GOLDEN, low + (high - low) * _GOLDEN
        for _ in range(_STEPS):
            for size in (a, b):
                if round(size) not in tried:
                    tried[round(size)] = left(round(size))
            if tried[round(a)] < tried[round(b)]:
                low, a, b = a, b, a + (high - a) * _GOLDEN
            else:
                high, b, a = b, a, b - (b - low) * _GOLDEN
        return max(tried, key=lambda size: tried[size])
