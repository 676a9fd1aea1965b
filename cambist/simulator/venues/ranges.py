"""Positions of concentrated liquidity around a price."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.sqrt_price import MAX_TICK, delta_a, delta_b

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.draw import Draw
    from cambist.simulator.pool import PoolSpec

_ONE = 18446744073709551616.0


class Positions(NamedTuple):
    """All positions of a pool together."""

    nets: dict[int, tuple[int, int]]
    """Tick → liquidity to add on the way up, and liquidity that begins or ends there; ascending."""
    liquidity: int
    """At the price."""
    amounts: tuple[int, int]
    """Atoms of A and of B that they need."""


def virtual_reserves(sqrt_price: int, liquidity: int) -> tuple[float, float]:
    """Returns the reserves of a and b in atoms of the constant product that trades as a range does at its price."""
    root = sqrt_price / _ONE
    return liquidity / root, liquidity * root


def root_of(atom: tuple[float, float], off: float) -> int:
    """Returns √price in Q64.64 at which an atom of A buys its worth, times `off`, in atoms of B."""
    return math.isqrt((int(atom[0] * off * 1e24) << 128) // int(atom[1] * 1e24))


def positions(
    spec: PoolSpec,
    draw: Draw,
    dollars: float,
    atom: tuple[float, float],
    price: tuple[int, int],
    root_at: Callable[[int], int],
) -> Positions:
    """Returns positions worth `dollars` together; `price` is (√price, its tick), `root_at` the √price of a tick."""
    root, tick = price
    nets: dict[int, list[int]] = {}
    liquidity, amounts = 0, [0, 0]
    for lower, upper, share in _ranges(spec, tick, draw):
        low, high = root_at(lower), root_at(upper)
        added = _liquidity(dollars * share, root, low, high, atom)
        inside = min(max(root, low), high)
        amounts[0] += delta_a(inside, high, added, up=True) or 0
        amounts[1] += delta_b(low, inside, added, up=True) or 0
        liquidity += added if lower <= tick < upper else 0
        for edge, sign in ((lower, 1), (upper, -1)):
            net = nets.setdefault(edge, [0, 0])
            net[0] += sign * added
            net[1] += added
    return Positions(
        {edge: (net[0], net[1]) for edge, net in sorted(nets.items())}, liquidity, (amounts[0], amounts[1])
    )


def _ranges(spec: PoolSpec, tick: int, draw: Draw) -> list[tuple[int, int, float]]:
    """Returns positions as (lower tick, upper tick, share of the value): narrow to full range."""
    pegged = spec.tick_spacing == 1
    widths = (
        ((4, 0.22), (12, 0.28), (45, 0.28), (160, 0.16))
        if pegged
        else ((70, 0.16), (220, 0.24), (700, 0.26), (2_600, 0.22))
    )
    spacing, found = spec.tick_spacing, []
    for width, share in widths:
        parts = 3
        for _ in range(parts):
            below, above = (max(1, int(width * draw.between(0.6, 1.5) / spacing)) for _ in "ab")
            home = tick // spacing
            found.append(((home - below) * spacing, (home + 1 + above) * spacing, share / parts))
    most = MAX_TICK // spacing * spacing
    found.append((-most, most, 1.0 - sum(share for _, share in widths)))
    return found


def _liquidity(dollars: float, root: int, low: int, high: int, atom: tuple[float, float]) -> int:
    """Returns the liquidity of a position worth `dollars` at √price `root`."""
    inside = min(max(root, low), high)
    a = _ONE / inside - _ONE / high
    b = (inside - low) / _ONE
    return int(dollars / (a * atom[0] + b * atom[1]))
