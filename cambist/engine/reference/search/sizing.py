"""The input that earns most: closed form as a start, exact integers to decide.

`out − in` along a chain of pools is concave in the input up to the rounding of each hop. The start composes the hops'
virtual reserves in floats: a hop turns x into `a·x / (1 + c·x)` with `a = keep·out/in`, `c = keep/in`; chaining gives
`a = a₂·a₁`, `c = c₁ + c₂·a₁`; the best input is `(√a − 1) / c`. A bracket around it is then closed on exact quotes: by
parabola steps, and where one does not halve it by steps to where the lines through its ends meet (ticks, bins and depth
make kinks). A concave curve lies under those lines, so where they meet is also the most that can still be missed.

Where fees stop growing the profit is concave in pieces. Who knows them gives inputs near the best of each; these are
quoted first, and a bracket is closed around the best one only, as they are nearer than the closed form is.

**Bound.** Where the profit but for rounding is concave, the result is within `profit/2^17 + 4·rounding` of the best in
min..=cap, or its bracket is narrower than 2^-14 of the input, or `MAX_EVALUATIONS` are used up. `rounding` is what one
atom lost in every hop is worth at the end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_EVALUATIONS: Final = 32
"""Most times the chain is quoted around one start."""
_UNBOUNDED: Final = 1 << 30
MAX_PIECES: Final = 4
"""Most concave pieces that a profit is looked for in."""
_NEAR_BITS: Final = 1
"""A start within a factor of 2 of what was found finds the same."""
_PROFIT_BITS: Final = 17
"""The search ends when the profit it may still miss is below 2^-this of the profit."""
_INPUT_BITS: Final = 14
"""Or when the bracket is narrower than 2^-this of the input."""
_MOST_ROUNDING: Final = 1e18


class Hops(Protocol):
    """A chain of hops that can be quoted exactly; the last one pays the token the first one takes."""

    def __len__(self) -> int:
        """Returns how many hops there are."""
        ...

    def quote(self, hop: int, amount_in: int) -> int | None:
        """Returns what `hop` pays for `amount_in`, `None` if it refuses."""
        ...

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        """Returns (reserve in, reserve out, 1 − fee) near the present price, `None` if unknown."""
        ...


class Sized(NamedTuple):
    """The best input found and what it pays. The profit may be negative: then no input earns."""

    amount_in: int
    amount_out: int
    evaluations: int
    binds: str
    """`cap` (more would earn more), `curve` (more earns less) or `depth` (a hop refuses more)."""


class _Point(NamedTuple):
    """One input and its profit, `None` if it was refused."""

    amount: int
    profit: int | None
    rounding: int = 0
    """What one atom lost in every hop is worth at the end."""

    def beats(self, other: _Point) -> bool:
        """Returns whether it is to be preferred: more profit, or the same for less."""
        if self.profit is None or other.profit is None:
            return self.profit is not None
        return self.profit > other.profit or (self.profit == other.profit and self.amount < other.amount)


def chain_out(hops: Hops, amount_in: int) -> int | None:
    """Returns the amount the chain pays for `amount_in`, `None` if a hop refuses."""
    amount: int | None = amount_in
    for hop in range(len(hops)):
        if amount is None:
            return None
        amount = hops.quote(hop, amount)
    return amount


def curve(hops: Hops, sizes: Sequence[int]) -> list[tuple[int, int | None]]:
    """Returns (input, profit) for each size, `None` where a hop refuses."""
    outs = [chain_out(hops, size) for size in sizes]
    return [(size, None if out is None else out - size) for size, out in zip(sizes, outs, strict=True)]


def best_input(hops: Hops, cap: int, minimum: int, pieces: Sequence[Sequence[float]] = ()) -> Sized | None:
    """Returns the input in minimum..=cap with the highest `out − in`, within this module's bound.

    The smaller of equals. `None` if there is no such input or every one tried was refused. The profit need not be
    concave, only its pieces are: each is given by inputs near which it may be best. It is looked for around the best of
    them, unless that is near what was found; without any piece around the closed form.
    """
    minimum = max(minimum, 1)
    if cap < minimum or len(hops) == 0:
        return None
    search = _Bracket(hops, minimum, cap)
    found = None
    if not pieces:
        best = closed_form(hops)
        found = search.around(_middle(minimum, cap) if best is None else to_amount(best, minimum, cap))
    for starts in pieces[:MAX_PIECES]:
        start = search.best_of(starts)
        if start is None or (found is not None and _is_near(start, found[0].amount)):
            continue
        search.most = len(search.tried) + MAX_EVALUATIONS
        other = search.around(start)
        if other is not None and (found is None or other[0].beats(found[0])):
            found = other
    if found is None:
        return None
    point, high = found
    if point.profit is None:
        return None
    binds = "cap" if point.amount == cap else "depth" if high.profit is None else "curve"
    return Sized(point.amount, point.profit + point.amount, len(search.tried), binds)


def _is_near(start: int, amount: int) -> bool:
    """Returns whether a bracket around an amount would have met what is around a start."""
    return start >> _NEAR_BITS <= amount and amount >> _NEAR_BITS <= start


def closed_form(hops: Hops) -> float | None:
    """Returns the best input of the composed virtual reserves as a real number, 0 if none earns."""
    gain, bend = 1.0, 0.0
    for hop in range(len(hops)):
        reserves = hops.virtual_reserves(hop)
        if reserves is None:
            return None
        reserve_in, reserve_out, keep = reserves
        if reserve_in == 0.0:
            return math.nan
        bend += keep / reserve_in * gain
        gain *= keep * reserve_out / reserve_in
    if not gain > 1.0:
        return 0.0
    return math.nan if bend == 0.0 else (math.sqrt(gain) - 1.0) / bend


def to_amount(value: float, minimum: int, cap: int) -> int:
    """Returns a real number as an amount in minimum..=cap; what is not a number becomes the middle."""
    if math.isnan(value):
        return _middle(minimum, cap)
    if value >= float(cap):
        return cap
    return minimum if value <= float(minimum) else min(max(int(value), minimum), cap)


def _middle(minimum: int, cap: int) -> int:
    """Returns the geometric middle."""
    return math.isqrt(minimum * cap)


class _Bracket:
    """Three points, the middle one best, and all inputs tried so far."""

    def __init__(self, hops: Hops, minimum: int, cap: int) -> None:
        self.hops, self.minimum, self.cap = hops, minimum, cap
        self.tried: dict[int, _Point] = {}
        self.most = MAX_EVALUATIONS

    def spent(self) -> bool:
        return len(self.tried) >= self.most

    def best_of(self, starts: Sequence[float]) -> int | None:
        """Returns the best of these inputs, the first one if all are refused; `None` if there are none."""
        best = None
        for start in starts:
            point = self.at(to_amount(start, self.minimum, self.cap))
            if best is None or point.beats(best):
                best = point
        return None if best is None else best.amount

    def around(self, start: int) -> tuple[_Point, _Point] | None:
        """Returns the best point met from `start` on, and the upper end of its bracket; `None` if all were refused."""
        bracket = self.enclose(start)
        return None if bracket is None else self.narrow(*bracket)

    def at(self, amount: int) -> _Point:
        """Quotes one input, each at most once."""
        point = self.tried.get(amount)
        if point is None:
            point = self.tried[amount] = self._quote(amount)
        return point

    def _quote(self, amount: int) -> _Point:
        at, rounding = amount, 0.0
        for hop in range(len(self.hops)):
            out = self.hops.quote(hop, at)
            if out is None:
                return _Point(amount, None)
            rounding = rounding * (float(out) / float(max(at, 1))) + 1.0
            at = out
        return _Point(amount, at - amount, int(min(rounding, _MOST_ROUNDING)))

    def enclose(self, start: int) -> tuple[_Point, _Point, _Point] | None:
        """Returns three points of which the middle one is best, from `start` outward in growing steps.

        The outer ones coincide with it at the ends of the range.
        """
        best = self.accepted(start)
        if best is None:
            return None
        low, high = self.at(self.first_below(best.amount)), self.at(self.above(best.amount, 0))
        reach = 1
        while _is_open(best, low) and low.amount > self.minimum and not self.spent():
            if low.beats(best):
                high, best = best, low
            low = self.at(self.below(low.amount, reach))
            reach += 1
        if low.beats(best):
            high, best = best, low
        while _is_open(best, high) and high.amount < self.cap and not self.spent():
            if high.beats(best):
                low, best = best, high
            high = self.at(self.above(high.amount, reach))
            reach += 1
        if high.beats(best):
            low, best = best, high
        return low, best, high

    def accepted(self, start: int) -> _Point | None:
        """Returns `start` if it is not refused, else the first smaller or larger input that is not.

        In steps of 16; if there is none in steps of 19/16, which are not counted: what is accepted may be few atoms
        between too little for one hop and too much for another.
        """
        point = self.at(start)
        if point.profit is None:
            point = self._scan(start, 256) or point
        if point.profit is None:
            self.most = _UNBOUNDED
            point = self._scan(start, 19) or point
            self.most = len(self.tried) + MAX_EVALUATIONS
        return None if point.profit is None else point

    def _scan(self, start: int, sixteenths: int) -> _Point | None:
        down = up = start
        while not self.spent() and (down > self.minimum or up < self.cap):
            down = max(min(down * 16 // sixteenths, down - 1), self.minimum)
            up = min(max(up * sixteenths // 16, up + 1), self.cap)
            for amount in (down, up):
                point = self.at(amount)
                if point.profit is not None:
                    return point
        return None

    def first_below(self, amount: int) -> int:
        """Steps down by 1/16; from the cap by so little that nothing is left to search where more earns more."""
        if amount < self.cap:
            return self.below(amount, 0)
        return max(amount - max(amount >> _INPUT_BITS, 1), self.minimum)

    def below(self, amount: int, reach: int) -> int:
        """Steps down by 1/16, 1/4, 1/2, then to a quarter."""
        step = amount - (amount >> 2) if reach > 2 else amount >> max(4 - 2 * reach, 1)
        return max(amount - max(step, 1), self.minimum)

    def above(self, amount: int, reach: int) -> int:
        """Steps up by 1/16, 1/4, 1, then 4 times the amount."""
        step = amount * 4 if reach > 2 else amount >> (4 - 2 * reach)
        return min(amount + max(step, 1), self.cap)

    def narrow(self, low: _Point, best: _Point, high: _Point) -> tuple[_Point, _Point]:
        """Closes the bracket. Returns its best point and its upper end."""
        to_corner = False
        while not self.spent() and not _is_narrow(low, best, high):
            below, above = self.corners(low, best, high)
            corner = above if above.gain >= below.gain else below
            if corner.gain <= _tolerance(best):
                break
            width = high.amount - low.amount
            point = self.at(corner.amount if to_corner else _vertex(low, best, high))
            if point.beats(best):
                low, high = (best, high) if point.amount > best.amount else (low, best)
                best = point
            elif point.amount > best.amount:
                high = point
            else:
                low = point
            if high.amount - low.amount > width // 2:
                to_corner = not to_corner
        return best, high

    def corners(self, low: _Point, best: _Point, high: _Point) -> tuple[_Corner, _Corner]:
        """Returns the most that may be missed below the best point, and above it."""
        tried = [point for point in self.tried.values() if point.profit is not None]
        lower = max((point for point in tried if point.amount < low.amount), default=None)
        upper = min((point for point in tried if point.amount > high.amount), default=None)
        # Nothing in, nothing out: where the bracket starts at its best point the origin is its other side.
        near = low if low.amount < best.amount else _Point(0, 0)
        return _corner(best, high, low, lower), _corner(best, near, high, upper)


def _is_open(best: _Point, end: _Point) -> bool:
    """Returns whether the best input may lie beyond `end`: it is better, or rounding alone could make it worse."""
    if best.profit is None or end.profit is None:
        return False
    return best.profit - end.profit <= max(best.rounding, end.rounding)


def _is_narrow(low: _Point, best: _Point, high: _Point) -> bool:
    """Returns whether the bracket is too narrow for its profit to matter."""
    reach = max(best.amount - low.amount, high.amount - best.amount)
    return reach <= max(best.amount >> _INPUT_BITS, 1)


def _tolerance(best: _Point) -> float:
    """Returns what may be missed."""
    return float((max(best.profit or 0, 0) >> _PROFIT_BITS) + 4 * best.rounding)


class _Corner(NamedTuple):
    """The highest point that a concave curve may still reach on one side of the best point."""

    gain: float
    """Above the best profit; 0 if there is no input between."""
    amount: int


def _corner(best: _Point, near: _Point, end: _Point, far: _Point | None) -> _Corner:
    """Returns the corner between the best point and one end of the bracket.

    The curve lies under the line from `near`, on the other side, through the best point, and under the line from `far`,
    beyond that end, through the end; where nothing is known beyond it, the first line alone counts. The curve is that
    without rounding: from the profit of a point to that and its rounding.
    """
    run = abs(end.amount - best.amount)
    if run < 2:
        return _Corner(0.0, best.amount)
    gain, away = _meeting(best, near, end, far, float(run))
    step = min(max(int(away), 1), run - 1)
    return _Corner(gain, best.amount + step if end.amount > best.amount else best.amount - step)


def _meeting(best: _Point, near: _Point, end: _Point, far: _Point | None, run: float) -> tuple[float, float]:
    """Returns where the two lines meet, (above the best profit, away from its input); the middle if unknown."""
    if best.profit is None or near.profit is None or end.profit is None or near.amount == best.amount:
        return math.inf, run * 0.5
    top, edge = best.profit + best.rounding, end.profit + end.rounding
    lost = float(best.rounding)
    rise = float(top - near.profit) / float(abs(best.amount - near.amount))
    if far is None or far.profit is None:
        return lost + rise * run, run * 0.5
    fall = float(edge - far.profit) / float(abs(far.amount - end.amount))
    if rise + fall <= 0.0:
        return lost, run * 0.5
    away = (float(edge - top) + fall * run) / (rise + fall)
    away = min(max(away, 0.0), run)
    return lost + rise * away, away


def _vertex(low: _Point, best: _Point, high: _Point) -> int:
    """Returns the top of the parabola through the bracket, at least 1/64 of the bracket away from its best point."""
    left, right = best.amount - low.amount, high.amount - best.amount
    step = max((left + right) >> 6, 1)
    if left == 0:
        return best.amount + step
    if right == 0:
        return best.amount - step
    if low.profit is None or best.profit is None or high.profit is None:
        return _split(low, best, high)
    rise, fall = float(best.profit - low.profit) / float(left), float(best.profit - high.profit) / float(right)
    if rise + fall <= 0.0:
        return _split(low, best, high)
    half = (float(left) + float(right)) * 0.5
    peak = float(low.amount) + float(left) * 0.5 + half * (rise / (rise + fall))
    amount = to_amount(peak, low.amount + 1, high.amount - 1)
    if abs(amount - best.amount) >= step:
        return amount
    return best.amount + step if right >= left else best.amount - step


def _split(low: _Point, best: _Point, high: _Point) -> int:
    """Returns the middle of the longer side of the bracket."""
    left, right = best.amount - low.amount, high.amount - best.amount
    return best.amount + max(right // 2, 1) if right >= left else best.amount - max(left // 2, 1)
