"""Markets of pools from a seed: hubs, parallel pools, prices that agree but for less than the fee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = 1 << 40
"""Weight of a factor of two."""
FEE = round(ONE * 0.0036)
"""0.25 % as log2."""
PERCENT = round(ONE * 0.01435)
"""A price 1 % off."""
HUBS = 3
FIRST_HUB, OTHER_HUB = (0.86, 0.1, 0.04), (0.9, 0.075, 0.025)
"""How the first pools of tokens, and further ones, share among the hubs."""
POPULARITY = 3.0
HUB_SHARE, ANY_SHARE = 0.02, 0.1
"""Of the further pools: between two hubs, and between any two tokens."""


@dataclass(frozen=True, slots=True)
class Market:
    """Edges 2k and 2k+1 are the two directions of pool k."""

    tails: NDArray[np.uint32]
    heads: NDArray[np.uint32]
    weights: NDArray[np.int64]
    """No cycle gains."""
    tokens: int

    @property
    def hub_pools(self) -> list[int]:
        """Returns the pools between two hubs."""
        tails, heads = self.tails[::2], self.heads[::2]
        return [int(pool) for pool in np.flatnonzero((tails < HUBS) & (heads < HUBS))]

    def with_cycle(self, hops: int) -> NDArray[np.int64]:
        """Returns weights with a cycle through a hub planted, `hops` long, that gains half a percent."""
        cycle = self._cycle(hops)
        weights = self.weights.copy()
        gain = int(weights[cycle].sum()) + PERCENT // 2
        weights[cycle[0]] -= gain
        weights[cycle[0] ^ 1] += gain
        return weights

    def _cycle(self, hops: int) -> list[int]:
        """Returns the first cycle of that length found from the last hub, depth first."""
        out: dict[int, list[int]] = {}
        for edge, tail in enumerate(self.tails.tolist()):
            out.setdefault(tail, []).append(edge)
        heads = self.heads.tolist()
        start = HUBS - 1

        def walk(path: list[int], met: set[int]) -> list[int] | None:
            at = heads[path[-1]] if path else start
            for edge in out[at]:
                head = heads[edge]
                if len(path) == hops - 1:
                    if head == start and path[0] ^ 1 != edge:
                        return [*path, edge]
                elif head not in met and head != start:
                    found = walk([*path, edge], met | {head})
                    if found:
                        return found
            return None

        return walk([], set()) or []


def market(tokens: int, pools: int, seed: int = 7, *, complete: bool = False) -> Market:
    """Returns a market of so many tokens and pools, every token joined to a hub; or one pool for each pair.

    A few tokens have most of the pools: some with another hub, most parallel to what is there.
    """
    rng = np.random.default_rng(seed)
    if complete:
        a, b = (side.astype(np.int64) for side in np.triu_indices(tokens, 1))
    else:
        rest = pools - (tokens - HUBS)
        popular = HUBS + ((tokens - HUBS) * rng.random(rest) ** POPULARITY).astype(np.int64)
        a = np.concatenate([rng.choice(HUBS, tokens - HUBS, p=FIRST_HUB), rng.choice(HUBS, rest, p=OTHER_HUB)])
        b = np.concatenate([np.arange(HUBS, tokens), popular])
        kind = rng.random(rest)
        among = np.flatnonzero(kind < HUB_SHARE) + tokens - HUBS
        b[among] = (a[among] + rng.integers(1, HUBS, len(among))) % HUBS
        apart = np.flatnonzero(kind > 1 - ANY_SHARE) + tokens - HUBS
        a[apart] = (b[apart] + rng.integers(1, tokens, len(apart))) % tokens
    level = rng.integers(-20 * ONE, 20 * ONE, tokens)
    gap = rng.integers(-FEE // 2, FEE // 2, len(a))
    fair = level[b] - level[a]
    weights = np.stack([fair + FEE + gap, -fair + FEE - gap], axis=1).reshape(-1)
    tails, heads = np.stack([a, b], axis=1).reshape(-1), np.stack([b, a], axis=1).reshape(-1)
    return Market(tails.astype(np.uint32), heads.astype(np.uint32), weights.astype(np.int64), tokens)
