"""Which of several landed transactions closed a gap: their swaps done again on its legs as they stood.

Near a state a leg pays about `s·x / (1 + c·x)` for x, as `search.estimate` has it; `s` is its slope, known exactly as
its weight, and `c` its bend, which one exact quote gives. A swap of `d` in the leg's own direction leaves it a slope
of `s / (1 + c·d)²` and a bend of `c / (1 + c·d)`; one against it, that takes `d` out, the same with `−d`. Costs are
held to be what the gap was last decided to leave less than it earns by this.

Only + − × ÷ √ on doubles, in the order written here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from cambist.engine.reference.search.estimate import slope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_GROWN: Final = 2.0**-10
"""What a swap against a leg leaves of its reserve at least: one that takes out more was no swap of the same state."""


Stand = tuple[int, int | None]
"""How a leg stands: the slot of its state and its weight, `None` where it can't be traded."""


class Leg(NamedTuple):
    """A leg of a gap as it stood when that paid last."""

    pool: int | None
    """Place of the pool, `None` off the chain."""
    sells_a: bool
    slot: int
    """Of its state."""
    weight: int
    """−log2 of its slope, in 2⁻⁴⁰."""
    amount_in: int
    amount_out: int
    """Exact, for that."""


class Touch(NamedTuple):
    """A swap on a pool as logs tell it."""

    pool: int
    sells_a: bool | None
    """`None` where the logs say that the pool's program ran and no more."""
    amount_in: int
    amount_out: int


class Closer(NamedTuple):
    """What is asked: a gap as it stood, and how it stood when it had ended."""

    legs: Sequence[Leg]
    after: Sequence[Stand]
    amount_in: int
    last_net: int


class _State:
    """The legs while swaps are done again."""

    def __init__(self, asked: Closer) -> None:
        self.slopes = [slope_of(leg.weight) for leg in asked.legs]
        self.bends = [_bend(leg, slope) for leg, slope in zip(asked.legs, self.slopes, strict=True)]
        self.amount_in = float(asked.amount_in)
        self.cost = self.earned() - float(asked.last_net)

    def grow(self, at: int, grown: float) -> None:
        """Moves a leg on: its reserve of what it takes is so many times what it was."""
        self.slopes[at] = self.slopes[at] / (grown * grown)
        self.bends[at] = self.bends[at] / grown

    def earned(self) -> float:
        """Returns what the gap earns before costs, at the size it had or a smaller one that is better."""
        slope, bend = 1.0, 0.0
        for own, curve in zip(self.slopes, self.bends, strict=True):
            bend += curve * slope
            slope *= own
        gain = math.sqrt(slope) - 1.0
        if gain <= 0.0:
            return 0.0
        amount = self.amount_in
        if bend * amount > gain:
            amount = gain / bend
        return amount * (gain * (2.0 + gain) - bend * amount) / (1.0 + bend * amount)

    @property
    def left(self) -> float:
        """What it leaves after costs."""
        return self.earned() - self.cost


def closer_of(asked: Closer, landed: Sequence[tuple[int, Sequence[Touch]]]) -> tuple[int | None, int]:
    """Returns which landed transaction (slot, touches) closed a gap, by its place, and how many touched its legs.

    `None` if none of them did: what they moved explains less than half of what the gap left.
    """
    if not asked.legs or len(asked.after) != len(asked.legs):
        return None, 0
    found: int | None = None
    contested = 0
    for also_same_slot in (False, True):
        # A node that tells a slot's states one by one may have told some of its swaps before the gap paid last.
        steps = _steps(asked, landed, also_same_slot=also_same_slot)
        contested = len(steps)
        found = _first(asked, steps, landed)
        if found is not None:
            break
    return found, contested


def _steps(
    asked: Closer, landed: Sequence[tuple[int, Sequence[Touch]]], *, also_same_slot: bool
) -> list[tuple[int, list[tuple[int, Touch]]]]:
    """Returns the transactions that may have moved legs meanwhile, each with its touches by leg, as they landed."""
    steps: list[tuple[int, list[tuple[int, Touch]]]] = []
    for at, (slot, touches) in sorted(enumerate(landed), key=lambda each: (each[1][0], each[0])):
        own = [
            (number, touch)
            for number, leg in enumerate(asked.legs)
            for touch in touches
            if touch.pool == leg.pool
            and slot <= asked.after[number][0]
            and (slot > leg.slot or (also_same_slot and slot == leg.slot))
        ]
        if own:
            steps.append((at, own))
    return steps


def _first(
    asked: Closer, steps: list[tuple[int, list[tuple[int, Touch]]]], landed: Sequence[tuple[int, Sequence[Touch]]]
) -> int | None:
    """Returns the transaction after which nothing is left, else the one that took most if that is half of it."""
    state, bearers = _State(asked), _bearers(asked, steps)
    before = float(asked.last_net)
    most, taker = 0.0, None
    for at, own in steps:
        for number, touch in own:
            if touch.sells_a is None:
                if bearers.get(number) == at:
                    state.grow(number, _grown_unseen(asked, number))
                continue
            same = touch.sells_a == asked.legs[number].sells_a
            moved = float(touch.amount_in) if same else -float(touch.amount_out)
            state.grow(number, max(1.0 + state.bends[number] * moved, _LEAST_GROWN))
        left = state.left
        if left <= 0.0:
            return at
        if before - left > most:
            most, taker = before - left, at
        before = left
    return taker if most * 2.0 >= float(asked.last_net) else None


def _bearers(asked: Closer, steps: list[tuple[int, list[tuple[int, Touch]]]]) -> dict[int, int]:
    """Returns, of each leg that is touched by swaps without amounts, whose doing its whole move is held to be.

    That of the transaction that goes through most of the gap's legs, of equals the first.
    """
    bearers: dict[int, tuple[int, int]] = {}
    for at, own in steps:
        legs = len({number for number, _ in own})
        for number, touch in own:
            if touch.sells_a is None and (number not in bearers or legs > bearers[number][0]):
                bearers[number] = legs, at
    return {number: at for number, (_, at) in bearers.items()}


def _grown_unseen(asked: Closer, number: int) -> float:
    """Returns by what a leg's reserve grew, by its weights before and after."""
    weight = asked.after[number][1]
    if weight is None:
        return 1.0
    grown = math.sqrt(slope_of(asked.legs[number].weight) / slope_of(weight))
    return max(grown, _LEAST_GROWN)


def _bend(leg: Leg, slope: float) -> float:
    """Returns the bend by which a leg pays what it was quoted to pay."""
    if leg.amount_in <= 0 or leg.amount_out <= 0:
        return 0.0
    paid = float(leg.amount_in)
    return max((slope * paid / float(leg.amount_out) - 1.0) / paid, 0.0)
