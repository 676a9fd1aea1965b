"""The life of an order: which stage may follow which, and what was told twice.

    NEW → BUILT → SIGNED → SENT → ACKNOWLEDGED → PARTIAL → LANDED → FILLED → FINAL
                                └→ MISSED | REVERTED | EXPIRED | UNKNOWN | UNWINDING

Paper and live orders go through the same stages; paper is never built or signed. What can't follow is refused with both
stages named: an outcome that comes twice is booked once.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cambist.model.orders import Fill, Landing, Order, Stage, StageChange, Working

_ON_THE_WAY: Final = frozenset(
    {
        Stage.ACKNOWLEDGED, Stage.PARTIAL, Stage.LANDED, Stage.FILLED, Stage.MISSED, Stage.REVERTED, Stage.EXPIRED,
        Stage.UNKNOWN, Stage.UNWINDING,
    }
)  # fmt: skip
NEXT: Final[dict[Stage, frozenset[Stage]]] = {
    Stage.NEW: frozenset({Stage.BUILT, Stage.SENT, Stage.MISSED, Stage.EXPIRED}),
    Stage.BUILT: frozenset({Stage.SIGNED, Stage.MISSED, Stage.EXPIRED}),
    Stage.SIGNED: frozenset({Stage.SENT, Stage.MISSED, Stage.EXPIRED}),
    Stage.SENT: _ON_THE_WAY,
    Stage.ACKNOWLEDGED: _ON_THE_WAY - {Stage.ACKNOWLEDGED},
    Stage.PARTIAL: frozenset({Stage.PARTIAL, Stage.FILLED, Stage.EXPIRED, Stage.UNKNOWN, Stage.UNWINDING}),
    Stage.LANDED: frozenset({Stage.FILLED, Stage.REVERTED, Stage.UNKNOWN}),
    Stage.UNKNOWN: _ON_THE_WAY - {Stage.UNKNOWN},
    Stage.UNWINDING: frozenset({Stage.FILLED, Stage.REVERTED, Stage.UNKNOWN}),
    Stage.FILLED: frozenset({Stage.FINAL, Stage.UNKNOWN}),
    Stage.REVERTED: frozenset({Stage.FINAL, Stage.UNKNOWN}),
    Stage.FINAL: frozenset(),
    Stage.MISSED: frozenset(),
    Stage.EXPIRED: frozenset(),
}
"""What may follow each stage. From `FILLED` or `REVERTED` back to `UNKNOWN`: its block fell out of the chain."""
ENDED: Final = frozenset({Stage.FILLED, Stage.FINAL, Stage.MISSED, Stage.REVERTED, Stage.EXPIRED})
"""Stages at which nothing is in flight any more."""
WITHOUT_FILL: Final = frozenset({Stage.MISSED, Stage.REVERTED, Stage.EXPIRED})


TOO_MANY: Final = 1 << 64
"""No token account holds so many atoms."""


class NoSuchStep(ValueError):
    """A stage that can't follow the one an order is at."""


def step(order_id: int, at: Stage, to: Stage) -> Stage:
    """Returns the next stage. Raises `NoSuchStep` with both if it can't follow."""
    if to not in NEXT[at]:
        message = f"order {order_id} is {at}, it can't be {to} next"
        raise NoSuchStep(message)
    return to


def require_possible(working: Working, fill: Fill) -> None:
    """Raises `ValueError` for amounts that no outcome of this order can have."""
    order, amounts = working.order, (fill.amount_in, fill.amount_out, *msgspec.structs.astuple(fill.charges))
    left = order.amount_in - working.filled_in
    if min(amounts) < 0 or max(amounts) >= TOO_MANY:
        message = f"order {order.id}: an amount was {min(amounts) if min(amounts) < 0 else max(amounts)}"
        raise ValueError(message)
    if fill.amount_in > left:
        message = f"order {order.id}: {fill.amount_in} filled of {left} that were left"
        raise ValueError(message)
    traded = fill.status in (Stage.FILLED, Stage.PARTIAL)
    if not traded and (fill.amount_in or fill.amount_out):
        message = f"order {order.id}: {fill.status} with {fill.amount_in} filled"
        raise ValueError(message)
    if not traded and fill.status not in WITHOUT_FILL and fill.charges.total:
        message = f"order {order.id}: {fill.status} with {fill.charges.total} lamports paid"
        raise ValueError(message)


def sent(order: Order) -> list[StageChange]:
    """Returns the stages of a paper order that was just approved."""
    return [StageChange(order.id, stage, order.sent_ns) for stage in (Stage.NEW, Stage.SENT)]


def final(fill: Fill, now_ns: int) -> StageChange:
    """Returns the stage of an order whose slot has become final."""
    return StageChange(fill.order_id, Stage.FINAL, now_ns, "rooted", fill.slot, "slot", fill.attempt)


def answered(fill: Fill) -> list[StageChange]:
    """Returns the stage of an order at an exchange that traded: no block can take back what the exchange answered."""
    if Stage.FINAL not in NEXT[fill.status]:
        return []
    return [StageChange(fill.order_id, Stage.FINAL, fill.recv_ns, "answered", attempt=fill.attempt)]


def ended(fill: Fill, at: Stage = Stage.SENT, landing: Landing | None = None) -> list[StageChange]:
    """Returns the stages that a fill takes an order through from `at` on, with the number that decided the last one.

    What is filled or reverts has landed, which is said unless the order was told of it before: in which slot, and of
    paper when that was, which is before all of that slot was told.
    """
    last = StageChange(
        fill.order_id,
        fill.status,
        fill.recv_ns,
        fill.reason,
        fill.net if fill.miss is None else fill.miss,
        "atoms",
        fill.attempt,
    )
    if fill.status in (Stage.FILLED, Stage.REVERTED) and Stage.LANDED in NEXT[at]:
        at_ns = landing.at_ns if landing is not None and landing.at_ns is not None else fill.recv_ns
        unit = "" if fill.slot is None else "slot"
        return [StageChange(fill.order_id, Stage.LANDED, at_ns, "", fill.slot, unit, fill.attempt), last]
    return [last]
