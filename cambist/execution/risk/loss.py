"""What was lost, and the most that can be: the day's result by token, the halt by loss, the account's rules.

The worst case of an order is all that it can lose: the part of its fees that a miss owes where it is one transaction,
its input and all fees where it is legged. What is left over of a legged order can lose all that was paid for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.refusals import Refusal

if TYPE_CHECKING:
    from cambist.execution.risk.limits import Limits
    from cambist.execution.risk.state import RiskState
    from cambist.model.opportunity import Cost

PPM = 1_000_000


def worst_case(settlement: str, amount_in: int, cost: Cost) -> int | None:
    """Returns the most that an order can lose, in atoms of its base token; `None` if a cost is unknown."""
    if cost.chain is None:
        return None
    if settlement == "atomic":
        return (cost.base_fee or 0) + (cost.priority_fee or 0)
    return amount_in + cost.chain


class Losses:
    """The day's result against the limits. Reads `state`; `book` alone changes it."""

    def __init__(self, limits: Limits, state: RiskState) -> None:
        self._limits, self._state = limits, state

    def from_peak(self, token: str) -> int:
        """Returns today's result minus its highest value today; never above 0."""
        return self._state.realised.get(token, 0) - self._state.peak.get(token, 0)

    def book(self, token: str, net: int) -> None:
        """Moves the day's result, and the balance if it is known."""
        state = self._state
        state.realised[token] = state.realised.get(token, 0) + net
        state.peak[token] = max(state.peak.get(token, 0), state.realised[token])
        if token in state.balance:
            state.balance[token] += net

    def broken(self) -> str:
        """Returns which limit of loss stands broken, in words with its numbers; empty if none does."""
        limits, state = self._limits, self._state
        for token, limit in limits.daily_loss.items():
            if (lost := -self.from_peak(token)) >= limit and lost > 0:
                return f"daily loss limit: {lost} of {limit} atoms lost from the peak"
        for token, limit in limits.account.daily_loss.items():
            if (lost := -state.realised.get(token, 0)) >= limit and lost > 0:
                return f"the account's daily loss: {lost} of {limit} atoms"
        for token, limit in limits.account.max_loss.items():
            threshold = self._threshold(token, limit)
            if threshold is not None and state.balance[token] <= threshold:
                return f"the account's largest loss: {state.balance[token]} atoms are left, {threshold} must not be"
        return ""

    def refusal(self, token: str, worst: int) -> tuple[Refusal, str] | None:
        """Returns why an order that can lose `worst` may not go out; `None` if it may."""
        limit = self._limits.daily_loss.get(token)
        lost, risked = -self.from_peak(token), self._state.at_risk(token)
        if limit is None:
            return Refusal.NO_LIMIT, token
        if lost + risked + worst > limit or lost >= limit:
            return Refusal.LOSS, f"{lost} lost + {risked} open + {worst} > {limit}"
        account = self._limits.account
        if account.daily_loss and (found := self._day(token, risked + worst)):
            return found
        return self._largest(token, risked + worst) if account.max_loss else None

    def _day(self, token: str, risked: int) -> tuple[Refusal, str] | None:
        account = self._limits.account
        limit = account.daily_loss.get(token)
        if limit is None:
            return Refusal.ACCOUNT_UNKNOWN, token
        result = self._state.realised.get(token, 0)
        if -result * PPM >= limit * account.daily_stop_ppm:
            return Refusal.ACCOUNT_DAY, f"{-result} is {account.daily_stop_ppm} ppm of {limit} or more"
        if result - risked <= -limit:
            return Refusal.ACCOUNT_DAY, f"{-result} lost + {risked} open >= {limit}"
        return None

    def _largest(self, token: str, risked: int) -> tuple[Refusal, str] | None:
        account = self._limits.account
        limit = account.max_loss.get(token)
        threshold = None if limit is None else self._threshold(token, limit)
        if limit is None or threshold is None:
            return Refusal.ACCOUNT_UNKNOWN, token
        balance = self._state.balance[token]
        if (balance - threshold) * PPM < limit * account.reserve_ppm:
            return Refusal.ACCOUNT_LOSS, f"{balance} < {threshold} + {account.reserve_ppm} ppm of {limit}"
        if balance - risked <= threshold:
            return Refusal.ACCOUNT_LOSS, f"{balance} - {risked} <= {threshold}"
        return None

    def _threshold(self, token: str, limit: int) -> int | None:
        """Returns the balance that breaks the largest loss; `None` while no balance is known."""
        highest = self._state.day_end.get(token)
        return None if highest is None or token not in self._state.balance else highest - limit
