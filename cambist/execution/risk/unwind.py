"""Orders that reduce what an order left over: their own size, worst price and number of tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.execution.risk.state import Leftover
from cambist.model.orders import Purpose
from cambist.model.refusals import Refusal

if TYPE_CHECKING:
    from cambist.config.risk import Unwind
    from cambist.execution.risk.state import RiskState
    from cambist.model.orders import Charges, Fill, Intent, OrderLeg

PPM = 1_000_000


class WayBack(NamedTuple):
    """How what is left over may be turned back."""

    legs: tuple[OrderLeg, ...]
    charges: Charges
    now_ns: int
    due_ns: int
    """When an order is to do it."""
    counts: str
    """Mint of the base token whose limits it counts against."""
    worst: int
    """Atoms of it that were put in for what is left over."""
    strategy: str = ""
    """Whose trade it was."""
    fee: int = 0
    """What `charges` come to, in atoms of `counts` at the rate of the trade."""


def leave(state: RiskState, token: str, atoms: int, base: str, cost: int, way: WayBack | None = None) -> None:
    """Takes note of what is left over, bought for `cost` atoms of `base`. Raises `ValueError` for what can't be."""
    old = state.leftovers.get(token)
    other = old is not None and (old.base != base or (way is not None and old.counts != way.counts))
    if atoms <= 0 or cost < 0 or token == base or other:
        message = f"{atoms} atoms of {token} for {cost} of {base} can't be left over"
        raise ValueError(message)
    before = (old.atoms, old.cost) if old else (0, 0)
    made = Leftover(before[0] + atoms, base, before[1] + cost)
    if way is not None:
        since_ns = old.since_ns if old else way.now_ns
        made = msgspec.structs.replace(
            made,
            legs=way.legs,
            charges=way.charges,
            since_ns=since_ns,
            due_ns=way.due_ns,
            counts=way.counts,
            worst=way.worst + (old.worst if old else 0),
            strategy=way.strategy,
            fee=way.fee,
        )
    state.leftovers[token] = made


def refusal(unwind: Unwind, state: RiskState, intent: Intent) -> tuple[Refusal, str] | None:
    """Returns why an order that is to reduce may not go out; `None` if it may."""
    tokens = intent.opportunity.tokens
    left = state.leftovers.get(tokens[0])
    if left is None or tokens[-1] != left.base:
        return Refusal.NOT_REDUCING, tokens[0]
    open_ = sum(e.amount_in for e in state.open.values() if e.purpose is Purpose.REDUCE and e.token == tokens[0])
    if intent.amount_in > left.atoms - open_:
        return Refusal.NOT_REDUCING, f"{intent.amount_in} > {left.atoms - open_}"
    if left.tries >= unwind.max_tries:
        return Refusal.TRIES, f"{left.tries} tries"
    worst = worst_out(left, intent.amount_in, unwind.max_loss_ppm)
    if intent.min_out < worst:
        return Refusal.WORST_PRICE, f"{intent.min_out} < {worst}"
    return None


def worst_out(left: Leftover, amount_in: int, max_loss_ppm: int) -> int:
    """Returns the least that `amount_in` of what is left over must bring, rounded up; an atom where all may be lost."""
    return max(1, -(-left.cost * amount_in * (PPM - max_loss_ppm) // (left.atoms * PPM)))


def reduce(state: RiskState, token: str, fill: Fill) -> tuple[str, int]:
    """Takes off what a fill sold and returns (mint of the token it counts against, atoms of it that were made).

    Of the cost the part that is sold is rounded down, so that what stays never counts for less. What was made or lost
    is in the token that the trade began with, at the rate at which what is left over was bought; what the chain took
    for it, landed or not, at the rate of the trade, rounded up.
    """
    left = state.leftovers[token]
    sold = min(fill.amount_in, left.atoms)
    part, worst = left.cost * sold // left.atoms, left.worst * sold // left.atoms
    if sold == left.atoms:
        del state.leftovers[token]
    else:
        state.leftovers[token] = msgspec.structs.replace(
            left, atoms=left.atoms - sold, cost=left.cost - part, worst=left.worst - worst
        )
    made = fill.amount_out - part
    if left.counts and left.counts != left.base:
        made = left.worst * made // left.cost if left.cost else 0
    charged = left.charges.total
    chain = -(-left.fee * fill.charges.total // charged) if charged else 0
    return left.at_risk[0], made - fill.fee - chain
