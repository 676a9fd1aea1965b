"""What each strategy may tie up, send and lose by itself, beside the limits of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.model.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cambist.execution.risk.caps import Found
    from cambist.execution.risk.state import Exposure, RiskState


class Budget(msgspec.Struct, frozen=True):
    """Of one strategy; amounts in atoms by mint. Once a map names a token, orders of any other are refused."""

    capital: dict[str, int] = {}
    """That its open orders may tie up, with what they may cost."""
    max_open_orders: int | None = None
    max_orders_per_day: int | None = None
    daily_loss: dict[str, int] = {}
    """That it may lose in a day (UTC), with the worst case of what it has open."""


def within(budget: Budget | None, state: RiskState, order: Exposure) -> Found:
    """Returns which budget of its strategy an order would pass; nothing without one."""
    if budget is None:
        return None
    name, token, done = order.strategy, order.token, state.strategies.get(order.strategy)
    opened = [each for each in state.open.values() if each.strategy == name]
    for amounts in (budget.capital, budget.daily_loss):
        if amounts and token not in amounts:
            return Refusal.BUDGET_TOKEN, f"{name}: {token}"
    if budget.max_open_orders is not None and len(opened) >= budget.max_open_orders:
        return Refusal.BUDGET_ORDERS, f"{name}: {len(opened)} open"
    sent = 0 if done is None else done.orders
    if budget.max_orders_per_day is not None and sent >= budget.max_orders_per_day:
        return Refusal.BUDGET_DAY, f"{name}: {sent} in a day"
    tied, more = _tied(opened, token), order.amount_in + order.fee
    if token in budget.capital and tied + more > budget.capital[token]:
        return Refusal.BUDGET_CAPITAL, f"{name}: {tied} + {more} > {budget.capital[token]}"
    if token in budget.daily_loss:
        lost, risked, limit = _lost(state, name, token), _risked(state, name, token), budget.daily_loss[token]
        if lost + risked + order.worst > limit or lost >= limit:
            return Refusal.BUDGET_LOSS, f"{name}: {lost} lost + {risked} open + {order.worst} > {limit}"
    return None


def spent(budgets: Mapping[str, Budget], state: RiskState) -> Iterator[tuple[str, str, int, int, str]]:
    """Yields (key, strategy, used, of, mint or `orders`) of each budget that is set."""
    for name, budget in budgets.items():
        done = state.strategies.get(name)
        opened = [each for each in state.open.values() if each.strategy == name]
        if budget.max_open_orders is not None:
            yield "strategies.max_open_orders", name, len(opened), budget.max_open_orders, "orders"
        if budget.max_orders_per_day is not None:
            used = 0 if done is None else done.orders
            yield "strategies.max_orders_per_day", name, used, budget.max_orders_per_day, "orders"
        for token, cap in budget.capital.items():
            yield "strategies.capital", name, _tied(opened, token), cap, token
        for token, cap in budget.daily_loss.items():
            yield "strategies.daily_loss", name, _lost(state, name, token) + _risked(state, name, token), cap, token


def _tied(opened: list[Exposure], token: str) -> int:
    return sum(each.amount_in + each.fee for each in opened if each.token == token)


def _risked(state: RiskState, name: str, token: str) -> int:
    """Returns the most that a strategy can still lose by what it has open and what its trades left over."""
    opened = sum(each.worst for each in state.open.values() if each.strategy == name and each.token == token)
    left = (each.at_risk for each in state.leftovers.values() if each.strategy == name)
    return opened + sum(worst for counted, worst in left if counted == token)


def _lost(state: RiskState, name: str, token: str) -> int:
    """Returns what a strategy lost today; below 0 if it earned."""
    done = state.strategies.get(name)
    return 0 if done is None else -done.realised.get(token, 0)
