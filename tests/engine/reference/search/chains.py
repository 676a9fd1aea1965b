"""Chains of hops with exact integer quotes: constant product, and ladders of price levels (kinks, limited depth)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

U64 = (1 << 64) - 1


@dataclass(frozen=True)
class ConstantProduct:
    """Fee rounded up on the input, output rounded down."""

    reserve_in: int
    reserve_out: int
    fee_ppm: int

    def quote(self, amount: int) -> int | None:
        paid = amount - -(-amount * self.fee_ppm // 1_000_000)
        out = self.reserve_out * paid // (self.reserve_in + paid)
        return out if out > 0 and self.reserve_in + amount <= U64 else None

    def virtual_reserves(self) -> tuple[float, float, float] | None:
        return float(self.reserve_in), float(self.reserve_out), float(1_000_000 - self.fee_ppm) / 1_000_000.0


@dataclass(frozen=True)
class Ladder:
    """Levels of (input, output) used up one after the other, worse and worse; beyond the last it refuses."""

    levels: tuple[tuple[int, int], ...]
    known: bool = True

    def quote(self, amount: int) -> int | None:
        out = 0
        for size, pays in self.levels:
            taken = min(amount, size)
            out += pays * taken // size
            amount -= taken
        return out if out > 0 and amount == 0 else None

    def virtual_reserves(self) -> tuple[float, float, float] | None:
        size, pays = self.levels[0]
        return (float(size), float(pays), 1.0) if self.known else None


@dataclass(frozen=True)
class Capped:
    """Takes a share of what goes into a pool, rounded up, but no more than so much."""

    pool: ConstantProduct
    fee_ppm: int
    most: int

    def quote(self, amount: int) -> int | None:
        fee = min(-(-amount * self.fee_ppm // 1_000_000), self.most)
        return self.pool.quote(amount - fee) if amount > fee else None

    def virtual_reserves(self) -> tuple[float, float, float] | None:
        return self.pool.reserve_in, self.pool.reserve_out, (1_000_000 - self.fee_ppm) / 1_000_000


@dataclass
class Chain:
    hops: Sequence[ConstantProduct | Ladder | Capped]
    evaluations: int = field(default=0)
    refused: bool = field(default=False)
    """Whether a size was refused: then any number of sizes may be tried until one is not."""

    def __len__(self) -> int:
        return len(self.hops)

    def quote(self, hop: int, amount_in: int) -> int | None:
        self.evaluations += hop == 0
        paid = self.hops[hop].quote(amount_in)
        self.refused = self.refused or paid is None
        return paid

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        return self.hops[hop].virtual_reserves()

    def profit(self, amount: int) -> int | None:
        out: int | None = amount
        for hop in self.hops:
            out = None if out is None else hop.quote(out)
        return None if out is None else out - amount


def constant_products(low: int, high: int) -> st.SearchStrategy[ConstantProduct]:
    return st.builds(
        ConstantProduct, st.integers(low, high), st.integers(low, high), st.sampled_from([0, 100, 2_500, 10_000])
    )


@st.composite
def ladders(draw: st.DrawFn, low: int, high: int) -> Ladder:
    """Draws levels whose rate falls from each to the next."""
    sizes = draw(st.lists(st.integers(low, high), min_size=1, max_size=8))
    rate = draw(st.integers(800_000, 1_600_000))
    levels = []
    for size in sizes:
        levels.append((size, max(size * rate // 1_000_000, 1)))
        rate -= rate * draw(st.integers(1, 120_000)) // 1_000_000
    return Ladder(tuple(levels), draw(st.booleans()))
