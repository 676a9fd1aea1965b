"""The least bends with which a price pays what a curve does.

`s·x / (1 + c·x)` is no less than what is paid for x while `c` is no more than `(s·x / paid − 1) / x`. On one level,
where a price holds, that has no minimum within: it is least where a level or a range ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.engine.reference.search.estimate import Regime

_POINTS: Final = 4
"""Sizes that are quoted, besides those beside the least bend."""
_COARSE_BITS: Final = 2
"""From one size to the next."""
_BESIDE: Final = 17.0 / 16.0
"""From so many times a best level on what is beyond is fitted: what is paid up to there is within what is widened."""
_NEAR: Final = 4.0
"""From so many times a best level on it is fitted once more."""
_TRIES: Final = 13
"""Most halvings of a size that a venue refuses."""


class Fit(NamedTuple):
    """A bend and how far it goes, in units of what a walk takes."""

    bend: float
    room: float


def beyond(levels: Iterable[tuple[float, float]], price: float, most: float) -> list[Fit]:
    """Returns the least bends with which `price` pays what levels of (in, out) do, the best first.

    One is of what is paid from beside the first level on, one from further on.
    """
    taken, paid, beside, near = 0.0, 0.0, 0.0, 0.0
    bends = [math.inf, math.inf]
    for more, pays in levels:
        if more <= 0.0 or pays <= 0.0:
            continue
        ends: list[tuple[float, float]] = []
        if taken == 0.0:
            beside, near = more * _BESIDE, more * _NEAR
        else:
            inner = (stop for stop in (beside, near, most) if taken < stop < taken + more)
            ends = [(taken + more, paid + pays), *((stop, paid + pays * ((stop - taken) / more)) for stop in inner)]
        for end, got in ends:
            bend = (price * end / got - 1.0) / end
            if beside <= end <= near and end <= most:
                bends[0] = min(bends[0], bend)
            if near <= end <= most:
                bends[1] = min(bends[1], bend)
        taken, paid = taken + more, paid + pays
        if taken >= most:
            break
    rooms = min(near, taken), math.inf if taken >= most else taken
    return [Fit(max(bend, 0.0), room) for bend, room in zip(bends, rooms, strict=True) if bend < math.inf]


def fitted(line: Regime, most: int, paid: Callable[[int], int | None]) -> Regime:
    """Returns the regime that pays what an edge pays at some sizes, or more; `line` has the bend that is right at 0.

    The sizes go down from `most` by quarters; then those beside the least bend are quoted. Where the greatest is
    refused the room is the least that is.
    """
    room, amount, tries = math.inf, most, 0
    out = paid(amount)
    while out is None and amount > 1 and tries < _TRIES:
        room, amount, tries = float(amount), amount >> 1, tries + 1
        out = paid(amount)
    if out is None:
        return line._replace(room=room)
    least = line.bend, 0
    for _ in range(_POINTS):
        bend = math.inf if out is None else _bend(line.slope, amount, out)
        if bend < least[0]:
            least = bend, amount
        amount >>= _COARSE_BITS
        if amount == 0:
            break
        out = paid(amount)
    bend, at = least
    for beside in (at << 1, at >> 1):
        out = paid(beside) if 0 < beside < most else None
        if out is not None:
            bend = min(bend, _bend(line.slope, beside, out))
    return line._replace(bend=max(bend, 0.0), room=room)


def _bend(slope: float, amount: int, out: int) -> float:
    """Returns the bend at which a slope pays `out` and the atom that was rounded off for `amount`."""
    return (slope * float(amount) / (float(out) + 1.0) - 1.0) / float(amount)
