"""How far each limit is: what is used of it, for the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.execution.risk.budgets import spent
from cambist.execution.risk.limits import ANY, cap_of
from cambist.execution.risk.loss import Losses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cambist.execution.risk.limits import Limits
    from cambist.execution.risk.state import RiskState


class Distance(msgspec.Struct, frozen=True):
    """One limit and what is used of it."""

    limit: str
    """The key that sets it, without `risk.` where it stands there."""
    used: int | None
    """`None` if it is unknown; below 0 where more is left than at the start."""
    of: int
    unit: str
    """Mint whose atoms are counted, or `orders`."""
    scope: str = ""
    """Venue, route or strategy that it is for; empty where it is for all."""

    @property
    def share_ppm(self) -> int | None:
        """Returns the part that is used, 1,000,000 at the limit or where nothing is allowed; `None` if unknown."""
        if self.used is None:
            return None
        return self.used * 1_000_000 // self.of if self.of > 0 else 1_000_000


def distances(limits: Limits, state: RiskState, wallet: Mapping[str, int]) -> tuple[Distance, ...]:
    """Returns every limit that is set: the unknown ones first, then the nearest."""
    rows = [*_orders(limits, state), *_tokens(limits, state), *_names(limits, state), *_wallet(limits, state, wallet)]
    rows += [Distance(key, used, of, unit, name) for key, name, used, of, unit in spent(limits.budgets, state)]
    return tuple(sorted(rows, key=lambda row: (row.share_ppm is not None, -(row.share_ppm or 0), row.limit, row.unit)))


def _orders(limits: Limits, state: RiskState) -> Iterator[Distance]:
    yield Distance("max_open_orders", len(state.open), limits.max_open_orders, "orders")
    yield Distance("max_orders_per_minute", len(state.recent_ns), limits.max_orders_per_minute, "orders")
    if limits.max_orders_per_day is not None:
        yield Distance("max_orders_per_day", state.day_orders, limits.max_orders_per_day, "orders")


def _tokens(limits: Limits, state: RiskState) -> Iterator[Distance]:
    losses = Losses(limits, state)
    for token, cap in limits.daily_loss.items():
        yield Distance("daily_loss", state.at_risk(token) - losses.from_peak(token), cap, token)
    for token, cap in limits.open_cap.items():
        opened = sum(each.amount_in for each in state.open.values() if each.token == token)
        yield Distance("open_cap", opened, cap, token)
    for token, cap in limits.day_cap.items():
        yield Distance("day_cap", state.day_in.get(token, 0), cap, token)
    for token, cap in limits.account.daily_loss.items():
        yield Distance("account.daily_loss", state.at_risk(token) - state.realised.get(token, 0), cap, token)
    for token, cap in limits.account.max_loss.items():
        held, highest = state.balance.get(token), state.day_end.get(token)
        lost = None if held is None or highest is None else highest - held + state.at_risk(token)
        yield Distance("account.max_loss", lost, cap, token)


def _names(limits: Limits, state: RiskState) -> Iterator[Distance]:
    """Yields the caps by name: of the names that have caps of their own, and of those that have orders open."""
    opened = state.open.items()
    for limit, caps, parts in (
        ("venue_cap", limits.venue_cap, [(v, e) for _, e in opened for v in e.venues]),
        ("route_cap", limits.route_cap, [(key, e) for key, e in opened]),
        ("strategy_cap", limits.strategy_cap, [(e.strategy, e) for _, e in opened]),
    ):
        for name in sorted({name for name, _ in parts} | (caps.keys() - {ANY})):
            for token in sorted({token for each in caps.values() for token in each}):
                cap = cap_of(caps, name, token)
                if cap is not None:
                    used = sum(e.amount_in for at, e in parts if at == name and e.token == token)
                    yield Distance(limit, used, cap, token, name)


def _wallet(limits: Limits, state: RiskState, wallet: Mapping[str, int]) -> Iterator[Distance]:
    """Yields how much of what may leave the wallet is tied up."""
    for token, floor in limits.balance_floor.items():
        held = wallet.get(token)
        yield Distance("balance_floor", None if held is None else state.held(token), (held or 0) - floor, token)
