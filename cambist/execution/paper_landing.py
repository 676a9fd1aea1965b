"""How a paper transaction gets into a block: in which slot, and at which of that slot's states. Pure.

It reaches the leader after a drawn time and lands in the slot that is open then, or in a later one: more likely so the
more congested the chain is. Where in that slot it is executed goes by its bid against those of the transactions that
changed the same pools. No feed tells those bids, so the worst state of the slot counts from when it was there on, and
the outcome is marked `bid unproved` where another state would have paid otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.execution import paper_model
from cambist.execution.paper_model import PPM, draw
from cambist.model.orders import Fill, Landing, Stage

if TYPE_CHECKING:
    from cambist.engine.protocol import StateQuote
    from cambist.execution.paper_model import PaperParams
    from cambist.model.orders import Order

SETTLE_SLOTS = 2
"""A slot is over when so many slots later one begins: until then nodes may still tell of it."""
MOST_LATE = 16
"""Slots; a transaction that was not taken for longer has been sent again by its sender."""
WAIT_NS = 20_000_000_000
"""How long an order waits for its slot to end before it ends by what was seen. `MOST_LATE` and `SETTLE_SLOTS` of 0.4 s
take 7.2 s; where each takes twice as long 14.4 s."""
UNPROVED = "bid unproved"
FULL = 100


def aimed(
    params: PaperParams, seed: int, order: Order, state: StateQuote, congestion: float | None, now_ns: int
) -> Landing:
    """Returns where a transaction lands that reaches the leader now. `congestion` is 0 to 100, `None` if not known."""
    slot = max(state.newest_slot, state.slot) + _late(params, seed, order.id, congestion)
    return seen(Landing(slot), state, now_ns)


def seen(landing: Landing, state: StateQuote, now_ns: int) -> Landing:
    """Returns a landing after another state: of the states before its slot the last one counts, of later ones none."""
    if landing.at_ns is None and state.newest_slot >= landing.slot:
        landing = msgspec.structs.replace(landing, at_ns=now_ns)
    if state.slot > landing.slot:
        return landing
    if state.slot < landing.slot:
        out = None if state.reason else state.amount_out
        return msgspec.structs.replace(landing, worst=out, best=out, reason=state.reason)
    if state.reason:
        return landing if landing.worst is not None else msgspec.structs.replace(landing, reason=state.reason)
    return _with(landing, state.amount_out, best=max(state.amount_out, landing.best or 0))


def again(landing: Landing, state: StateQuote, now_ns: int) -> Landing:
    """Returns a landing whose slot is none of the chain's: its sender sends it again, for the slot that is open now."""
    return seen(Landing(max(state.newest_slot, landing.slot + 1)), state, now_ns)


def fallen(order: Order, slot: int | None, now_ns: int) -> tuple[Fill, Fill]:
    """Returns what takes back how an order ended whose slot fell out of the chain later, and how it ends instead.

    By then nobody sends it again: what it was decided on is long gone.
    """
    reason = f"slot {slot} fell out of the chain"
    undone = Fill(order.id, now_ns, Stage.UNKNOWN, 0, 0, 0, None, reason, slot=slot)
    return undone, paper_model.without(order, now_ns, Stage.EXPIRED, reason, None)


def taken(landing: Landing, state: StateQuote) -> Landing:
    """Returns a landing after an order of ours took of the same pools: it is not paid more than what they pay now."""
    if state.reason or landing.worst is None or landing.best is None:
        return landing
    return _with(landing, state.amount_out, best=min(state.amount_out, landing.best))


def is_over(landing: Landing, state: StateQuote) -> bool:
    """Returns whether all states of its slot were told."""
    return state.newest_slot >= landing.slot + SETTLE_SLOTS


def landed(params: PaperParams, seed: int, order: Order, landing: Landing, now_ns: int) -> Fill:
    """Returns how a transaction ends whose slot is over."""
    if paper_model.is_lost(params, seed, order):
        return paper_model.without(order, now_ns, Stage.MISSED, "not landed", None)
    slip = paper_model.slip_ppm(params, seed, order)
    worst, best = landing.worst, landing.best
    reason = landing.reason or "stale" if worst is None else ""
    fill = paper_model.executed(order, worst or 0, reason, slip, now_ns)
    # Another place would have paid otherwise, or would have been paid at all.
    could = worst is not None and best is not None and best > worst
    could &= fill.status == Stage.FILLED or paper_model.slipped(best or 0, slip) >= order.min_out
    # One that waited in vain may have seen its slot never begin.
    slot = None if fill.status == Stage.MISSED or landing.at_ns is None else landing.slot
    return msgspec.structs.replace(fill, slot=slot, reason=UNPROVED if could else fill.reason)


def _late(params: PaperParams, seed: int, order_id: int, congestion: float | None) -> int:
    """Returns how many slots a transaction misses."""
    full = FULL if congestion is None else min(max(int(congestion), 0), FULL)
    chance = params.late_ppm + (params.late_full_ppm - params.late_ppm) * full // FULL
    late = 0
    while late < MOST_LATE and draw(seed, order_id, f"slot {late}", PPM) < chance:
        late += 1
    return late


def _with(landing: Landing, out: int, best: int) -> Landing:
    worst = out if landing.worst is None else min(out, landing.worst)
    return msgspec.structs.replace(landing, worst=worst, best=best, reason="")
