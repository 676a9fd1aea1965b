"""Keyed random streams: the same seed and label give the same numbers on every machine and Python version.

Only `random.Random.random()` is used, whose sequence the language guarantees; all else is made of it with + − × ÷ √,
because `math.exp`, `log` and `pow` may differ in the last bit between platforms.
"""

from __future__ import annotations

import hashlib
import math
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def key32(*parts: object) -> bytes:
    """Returns 32 bytes that depend on every part and on nothing else."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()


class Draw:
    """One stream of random numbers."""

    __slots__ = ("unit",)

    def __init__(self, seed: int, *label: object) -> None:
        self.unit = random.Random(int.from_bytes(key32("cambist market", seed, *label), "little")).random
        """Returns the next float in [0, 1)."""

    def below(self, n: int) -> int:
        """Returns an integer in [0, n)."""
        return int(self.unit() * n)

    def between(self, low: float, high: float) -> float:
        """Returns a float in [low, high)."""
        return low + (high - low) * self.unit()

    def chance(self, p: float) -> bool:
        """Returns True with probability `p`."""
        return self.unit() < p

    def pick(self, items: Sequence[T]) -> T:
        """Returns one of the items."""
        return items[int(self.unit() * len(items))]

    def count(self, mean: float) -> int:
        """Returns `mean` rounded up or down at random so that it is right on average."""
        whole = int(mean)
        return whole + (self.unit() < mean - whole)

    def normal(self) -> float:
        """Returns a nearly normal number, mean 0 and variance 1: four uniforms summed, so never beyond ±3.47."""
        unit = self.unit
        return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772

    def tail(self, cap: float) -> float:
        """Returns a heavy-tailed number ≥ 1 with density ∝ x^-3, cut at `cap`."""
        value = math.sqrt(1.0 / (1.0 - self.unit()))
        return value if value < cap else cap

    def lognormal(self, p50: float, p90: float) -> float:
        """Returns a lognormal number with this median and this ninth decile."""
        return p50 * exponential(logarithm(p90 / p50) / Z90 * self.normal())

    def geometric(self, median: float) -> int:
        """Returns an integer ≥ 1 that each next one follows with the same chance; half of them are up to `median`."""
        again, found = exponential(-logarithm(2.0) / median), 1
        while found < 1_000_000 and self.unit() < again:
            found += 1
        return found

    def middling(self) -> float:
        """Returns a number in [0, 1) around a half: the mean of two even ones, near Beta(2.6, 2.6) (variance 1/24)."""
        return (self.unit() + self.unit()) / 2.0

    def shuffle(self, items: list[T]) -> None:
        """Shuffles a list in place."""
        for last in range(len(items) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            items[last], items[other] = items[other], items[last]

    def sample(self, items: Sequence[T], n: int) -> list[T]:
        """Returns `n` different items, or all of them in some order if there are fewer."""
        pool = list(items)
        self.shuffle(pool)
        return pool[:n]


Z90 = 1.2815515655446004
"""How many standard deviations of a normal number lie below nine tenths of it."""


def exponential(value: float) -> float:
    """Returns e to the `value` (at most 40 either way), the same everywhere; to 1e-9 of it."""
    value = max(-40.0, min(40.0, value)) / 4096.0
    found = 1.0 + value * (1.0 + value * (0.5 + value * (1.0 / 6.0 + value * (1.0 / 24.0))))
    for _ in range(12):
        found *= found
    return found


def logarithm(value: float) -> float:
    """Returns the natural logarithm of `value` > 0, the same everywhere; to 1e-9."""
    halvings = 0
    while value > 1.25 or value < 0.8:
        value, halvings = math.sqrt(value), halvings + 1
    part = (value - 1.0) / (value + 1.0)
    square = part * part
    series = part * (1.0 + square * (1 / 3.0 + square * (1 / 5.0 + square * (1 / 7.0 + square * (1 / 9.0)))))
    for _ in range(halvings):
        series *= 2.0
    return 2.0 * series
