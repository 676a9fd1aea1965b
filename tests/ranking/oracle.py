"""What the best cycle of a market earns, by looking at every one: a search and sizes of its own, no estimate."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tests.ranking.market import CAPS, HOPS, MIN_TIP, RandomMarket, mint

FEE = 25
WHOLE = 10_000
"""Raydium's: 25 of 10,000 of the input, rounded up."""
GRID = 96


class Best(NamedTuple):
    """A cycle in the order of execution, each hop as (pool, whether it sells the first token), and its gain."""

    hops: tuple[tuple[int, bool], ...]
    amount_in: int
    net: int
    """Atoms of the base token after costs."""
    money: float

    def key(self, names: list[str]) -> str:
        """Returns the cycle's canonical key, venues as the engine calls them."""
        edges = [f"{names[at]}:{0 if first else 1}" for at, first in self.hops]
        low = edges.index(min(edges))
        return "|".join(edges[low:] + edges[:low])


def cycles(ends: list[tuple[int, int]], base: int, avoid: frozenset[int]) -> Iterator[tuple[tuple[int, bool], ...]]:
    """Yields each simple cycle from a base token on that visits none of `avoid`, no pool twice."""
    out: dict[int, list[tuple[int, bool, int]]] = {}
    for at, (a, b) in enumerate(ends):
        out.setdefault(a, []).append((at, True, b))
        out.setdefault(b, []).append((at, False, a))

    def extend(hops: list[tuple[int, bool]], nodes: list[int]) -> Iterator[tuple[tuple[int, bool], ...]]:
        for at, first, to in out.get(nodes[-1], []):
            if any(at == used for used, _ in hops):
                continue
            if to == base:
                if hops:
                    yield (*hops, (at, first))
            elif to not in nodes and to not in avoid and len(hops) + 1 < HOPS:
                yield from extend([*hops, (at, first)], [*nodes, to])

    yield from extend([], [base])


def grouped(ends: list[tuple[int, int]]) -> list[tuple[int, list[tuple[tuple[int, bool], ...]]]]:
    """Returns all cycles as (base token, those of one length), from the base token of the better rank on."""
    groups: list[tuple[int, list[tuple[tuple[int, bool], ...]]]] = []
    for base, avoid in ((0, frozenset()), (1, frozenset({0}))):
        by_length: dict[int, list[tuple[tuple[int, bool], ...]]] = {}
        for cycle in cycles(ends, base, avoid):
            by_length.setdefault(len(cycle), []).append(cycle)
        groups += [(base, found) for found in by_length.values()]
    return groups


class Oracle:
    """Sizes every cycle of a market on a grid, then the most promising exactly."""

    def __init__(self, market: RandomMarket) -> None:
        self.market = market
        self.groups = grouped(market.ends)

    def move(self, moved: int) -> None:
        """Takes over that a pool moved: nothing of it is kept."""

    def paying(self, sol_price: float) -> list[Best]:
        """Returns the cycles that pay after costs, the most money first; gains on the grid, of the first exact."""
        reserves = np.array([self.market.reserves(at) for at in range(len(self.market.ends))], dtype=np.float64)
        found: list[Best] = []
        for base, group in self.groups:
            cap, value, cost = self._terms(base, sol_price)
            amounts, nets = self._grid(reserves, group, cap)
            best = nets.argmax(axis=1)
            for cycle, at in enumerate(best):
                net = nets[cycle, at] - cost
                if net > 0:
                    found.append(Best(group[cycle], int(amounts[at]), int(net), net * value))
        found.sort(key=lambda each: -each.money)
        exact = [self.refined(each, sol_price) for each in found[:12]]
        return sorted([*exact, *found[12:]], key=lambda each: -each.money)

    def _terms(self, base: int, sol_price: float) -> tuple[int, float, int]:
        """Returns cap, value of an atom and cost in atoms of a base token."""
        lamports = 5_000 + MIN_TIP
        if base == 0:
            return CAPS[mint(0)], sol_price / 1e9, lamports
        return CAPS[mint(1)], 1e-6, int(np.ceil(lamports * sol_price / 1e3))

    def _grid(
        self, reserves: np.ndarray, group: list[tuple[tuple[int, bool], ...]], cap: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns sizes, and what each cycle gains at each of them but for whole atoms."""
        amounts = np.geomspace(cap / 1_000, cap, GRID)
        shape = np.broadcast_to(amounts, (len(group), GRID)).copy()
        keep = (WHOLE - FEE) / WHOLE
        for hop in range(len(group[0])):
            pools = np.array([cycle[hop][0] for cycle in group])
            sells = np.array([cycle[hop][1] for cycle in group])
            both = reserves[pools]
            into, out = np.where(sells, both[:, 0], both[:, 1]), np.where(sells, both[:, 1], both[:, 0])
            paid = shape * keep
            shape = out[:, None] * paid / (into[:, None] + paid)
        return amounts, shape - amounts

    def refined(self, best: Best, sol_price: float) -> Best:
        """Returns the best size near that of the grid and within it, by thirds, in exact integers."""
        base = self.market.ends[best.hops[0][0]][0 if best.hops[0][1] else 1]
        cap, value, cost = self._terms(base, sol_price)
        step = (1_000.0) ** (1.0 / (GRID - 1)) ** 1.0
        low, high = max(cap // 1_000, int(best.amount_in / step**2)), min(cap, int(best.amount_in * step**2) + 1)
        while high - low > 8:
            third = (high - low) // 3
            if self.net(best.hops, low + third) < self.net(best.hops, high - third):
                low += third
            else:
                high -= third
        amount = max(range(low, high + 1), key=lambda each: self.net(best.hops, each))
        net = self.net(best.hops, amount) - cost
        return Best(best.hops, amount, net, net * value)

    def net(self, hops: tuple[tuple[int, bool], ...], amount_in: int) -> int:
        """Returns what a cycle gains, in whole atoms, before costs."""
        amount = amount_in
        for at, first in hops:
            both = self.market.reserves(at)
            into, out = both if first else both[::-1]
            paid = amount - -(-amount * FEE // WHOLE)
            amount = out * paid // (into + paid)
        return amount - amount_in
