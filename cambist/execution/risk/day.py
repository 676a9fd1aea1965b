"""Days (UTC) and minutes as the gate counts them: a clock that steps back never begins an earlier day."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cambist.execution.risk.state import RiskState

DAY_NS = 86_400 * 1_000_000_000
MINUTE_NS = 60 * 1_000_000_000


def roll(state: RiskState, now_ns: int) -> None:
    """Begins a day if `now_ns` is in a later one, and forgets the approvals of more than a minute ago."""
    day = now_ns // DAY_NS
    if day > state.day:
        for token, balance in state.balance.items():
            state.day_end[token] = max(state.day_end.get(token, balance), balance)
        state.day, state.realised, state.peak = day, {}, {}
        state.day_in, state.day_orders, state.strategies = {}, 0, {}
    state.recent_ns = [t for t in state.recent_ns if now_ns - t < MINUTE_NS]


def see_balance(state: RiskState, token: str, balance: int | None) -> None:
    """Takes note of what a wallet holds; the first known balance counts as one that a day ended with."""
    if balance is None:
        state.balance.pop(token, None)
        return
    state.balance[token] = balance
    state.day_end.setdefault(token, balance)
