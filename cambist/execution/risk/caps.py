"""Caps by order, token, venue, route, strategy and day, rates, and what must stay in the wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.execution.risk.limits import cap_of
from cambist.model.ledger import CHAIN
from cambist.model.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cambist.execution.risk.limits import Limits
    from cambist.execution.risk.state import Exposure, RiskState

Found = tuple[Refusal, str] | None
"""The reason with its numbers, `None` where nothing is in the way."""


def counted(limits: Limits, state: RiskState, key: str) -> Found:
    """Returns which bound on orders, or on orders in a time, stands in the way of one more of `key`."""
    if key in state.open_keys:
        return Refusal.OPEN_ORDER, ""
    if len(state.open) >= limits.max_open_orders:
        return Refusal.OPEN_ORDERS, f"{len(state.open)} open"
    if len(state.recent_ns) >= limits.max_orders_per_minute:
        return Refusal.RATE, f"{len(state.recent_ns)} in a minute"
    if limits.max_orders_per_day is not None and state.day_orders >= limits.max_orders_per_day:
        return Refusal.DAY_RATE, f"{state.day_orders} in a day"
    return None


def capped(limits: Limits, state: RiskState, key: str, order: Exposure) -> Found:
    """Returns which cap an order would pass."""
    if limits.venue_cap and "" in order.venues:
        return Refusal.UNKNOWN_VENUE, key
    for reason, name, used, cap in _caps(limits, state, key, order):
        if cap is not None and used + order.amount_in > cap:
            return reason, f"{name}{': ' if name else ''}{used} + {order.amount_in} > {cap}"
    return None


def _caps(
    limits: Limits, state: RiskState, key: str, order: Exposure
) -> Iterator[tuple[Refusal, str, int, int | None]]:
    """Yields (reason, name, atoms in use, cap) of each cap that binds an order."""
    token = order.token
    opened = [each for each in state.open.values() if each.token == token]
    yield Refusal.TOKEN_CAP, "", sum(each.amount_in for each in opened), limits.open_cap.get(token)
    for venue in order.venues:
        used = sum(each.amount_in for each in opened if venue in each.venues)
        yield Refusal.VENUE_CAP, venue, used, cap_of(limits.venue_cap, venue, token)
    yield Refusal.ROUTE_CAP, "", 0, cap_of(limits.route_cap, key, token)
    used = sum(each.amount_in for each in opened if each.strategy == order.strategy)
    yield Refusal.STRATEGY_CAP, order.strategy, used, cap_of(limits.strategy_cap, order.strategy, token)
    yield Refusal.DAY_CAP, "", state.day_in.get(token, 0), limits.day_cap.get(token)


class Want(NamedTuple):
    """What an order takes of a venue's wallet."""

    venue: str
    token: str
    atoms: int
    free: int
    """What the wallet holds, without what is in flight."""


def stocked(limits: Limits, wants: Iterable[Want]) -> Found:
    """Returns which venue holds too little for a legged trade; on chain what has to stay for fees does."""
    for want in wants:
        free = want.free - (limits.balance_floor.get(want.token, 0) if want.venue == CHAIN else 0)
        if want.atoms > free:
            lacks = want.atoms - max(free, 0)
            return Refusal.INVENTORY, f"{want.venue} lacks {lacks} of {want.token}: {want.atoms} > {free}"
    return None


def afforded(limits: Limits, state: RiskState, wallet: Mapping[str, int], order: Exposure) -> Found:
    """Returns which balance is too low: the order's own, or one that has to stay for fees."""
    needed = dict.fromkeys(limits.balance_floor, 0) | {order.token: order.amount_in + order.fee}
    for token, need in needed.items():
        free = wallet.get(token, 0) - state.held(token) - limits.balance_floor.get(token, 0)
        if need > free:
            return Refusal.BALANCE, f"{need} > {free}"
    return None
