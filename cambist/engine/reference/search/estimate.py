"""What a cycle can earn, before any hop is quoted: the arithmetic of one written order that both engines share.

Near a state every hop pays about `s·x / (1 + c·x)` for x: `s` is its slope, `c` its *bend*, in 1/atom of what it takes.
Chained, `s = s₁·s₂` and `c = c₁ + c₂·s₁`. A cycle's slope is known exactly, as its weight; with `g = √s − 1` its best
input is `g / c` and earns `g² / c`. An input x earns `x·(g·(2 + g) − c·x) / (1 + c·x)`.

A hop may have more regimes. A transfer fee that stops growing leaves the slope of no fee, and a fixed part that is
lost before or after the hop; a book and a pool of bins pay their best level in full as far as that goes, and beyond it
no more than bends say that go with other sizes. What such a hop pays is no less than each of its regimes of a fee says,
and no more than the best of all where their bends bound it, so the best combination is taken. It is that which gains
most: costs that grow with the input may make a smaller one leave more.

Only + − × ÷ on doubles, in the order written here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_UNIT: Final = 0.6931471805599453 / 2.0**41
"""ln 2 of a unit of weight, halved."""
_INVERSES: Final = tuple(1.0 / float(n) for n in range(2, 14))
_DEEPEST: Final = 512
"""Weights of a path stay within ±5·2⁴⁷: their halved powers of two never leave a double's range."""
MOST_STARTS: Final = 4
"""Inputs of one piece that are tried."""


class Regime(NamedTuple):
    """A hop near its present price."""

    weight: int
    """−log2 of the slope, in 2⁻⁴⁰."""
    slope: float
    """Atoms out per atom in, the same as a real number."""
    bend: float
    """1/atom of the token in, ≥ 0."""
    lost_in: float = 0.0
    """Atoms that are lost of what goes in, whatever the size."""
    lost_out: float = 0.0
    """Atoms that are lost of what comes out."""
    room: float = math.inf
    """Atoms of the token in that it takes."""


class Hop(NamedTuple):
    """What a hop may be: its regimes, and what bounds them all."""

    regimes: tuple[Regime, ...]
    slope: float
    """The least."""
    bend: float
    """The least."""
    room: float
    """The most."""

    @classmethod
    def of(cls, *regimes: Regime) -> Hop:
        """Returns the hop of these regimes."""
        slope = min(regime.slope for regime in regimes)
        return cls(regimes, slope, min(each.bend for each in regimes), max(each.room for each in regimes))

    @property
    def steepest(self) -> float:
        """The greatest slope of its regimes."""
        return max(regime.slope for regime in self.regimes)


class Range(NamedTuple):
    """Inputs of a base token between which a size is chosen, in atoms."""

    least: float
    most: float


class Estimate(NamedTuple):
    """What a cycle may earn, in atoms of its base token; real numbers."""

    amount_in: float
    gain: float
    """Before costs."""
    lost: float
    """What capped fees take, which is off the gain."""


def root_gain(weight: int) -> float:
    """Returns √s − 1 of a slope of this weight, right to about 1e-15 of itself.

    >>> root_gain(-(1 << 41)), root_gain(0), root_gain(1 << 41)
    (1.0, 0.0, -0.5)
    """
    scale, rest = _root(weight)
    return scale * rest + (scale - 1.0)


def slope_of(weight: int) -> float:
    """Returns the slope of a weight as a real number."""
    scale, rest = _root(weight)
    root = scale + scale * rest
    return root * root


def _root(weight: int) -> tuple[float, float]:
    """Returns a power of two and what is left, so that √s is the power times one and that."""
    whole = max(min((-weight + (1 << 40)) >> 41, _DEEPEST), -_DEEPEST)
    part = float(-weight - (whole << 41)) * _UNIT
    value = 1.0
    for inverse in reversed(_INVERSES):
        value = 1.0 + part * value * inverse
    return 2.0**whole, part * value


def estimate(hops: Sequence[Hop], within: Range) -> Estimate:
    """Returns what a cycle earns at the best size of its best combination of regimes, hops as they are executed."""
    best: Estimate | None = None
    for regimes in _combinations(hops):
        found = _estimate(regimes, within)
        if best is None or found.gain > best.gain:
            best = found
    return best or Estimate(within.least, 0.0, 0.0)


def starts(hops: Sequence[Hop], within: Range) -> list[list[float]]:
    """Returns inputs near which a cycle's profit may be best, the best first, by the pieces in which it is concave.

    A fee that stops growing makes a piece of its own; what a hop pays in full and what it pays beyond is one piece.
    """
    found = sorted((_estimate(regimes, within) for regimes in _combinations(hops)), key=lambda each: -each.gain)
    pieces: dict[float, list[float]] = {}
    for each in found:
        inputs = pieces.setdefault(each.lost, [])
        if len(inputs) < MOST_STARTS:
            inputs.append(each.amount_in)
    return list(pieces.values())


def _combinations(hops: Sequence[Hop]) -> Iterator[list[Regime]]:
    """Yields each choice of regimes: that of the first hop changes fastest."""
    chosen = [0] * len(hops)
    while True:
        yield [hop.regimes[at] for hop, at in zip(hops, chosen, strict=True)]
        for at, hop in enumerate(hops):
            chosen[at] = (chosen[at] + 1) % len(hop.regimes)
            if chosen[at]:
                break
        else:
            return


def _estimate(regimes: Sequence[Regime], within: Range) -> Estimate:
    weight, slope, bend, lost, room = 0, 1.0, 0.0, 0.0, within.most
    for hop in regimes:
        room = min(room, hop.room / slope)
        weight += hop.weight
        bend += hop.bend * slope
        if hop.lost_in > 0.0:
            lost += hop.lost_in / slope
        slope *= hop.slope
        if hop.lost_out > 0.0:
            lost += hop.lost_out / slope
    gain = root_gain(weight)
    if bend > 0.0:
        amount = gain / bend
        amount = min(max(amount, within.least), room)
    else:
        amount = room if gain > 0.0 else min(within.least, room)
    earned = amount * (gain * (2.0 + gain) - bend * amount) / (1.0 + bend * amount)
    return Estimate(amount + lost, earned - lost, lost)
