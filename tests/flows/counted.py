"""What limits must count, in a way of its own: orders by their intent, days, losses, what is left over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from cambist.model.ledger import DAY_NS
from cambist.model.orders import Purpose
from tests.flows.world import VENUES, pool_of

if TYPE_CHECKING:
    from cambist.execution.legged import Left
    from cambist.execution.risk import Limits, RiskState
    from cambist.model.orders import Intent

MINUTE_NS = 60 * 10**9
PPM = 10**6


@dataclass
class Tied:
    """What an approved intent counts for until all of it has ended."""

    key: str
    token: str
    amount: int
    fee: int
    worst: int
    strategy: str
    reduces: bool
    venues: set[str] = field(default_factory=set)


@dataclass
class Rest:
    """What trades left over of a token."""

    atoms: int
    base: str
    cost: int
    counts: str
    worst: int
    strategy: str
    tries: int = 0
    way: tuple[int, int] = (0, 0)
    """What the chain takes for the way back, in lamports and in atoms of what it counts in."""


def venues(route: list[str]) -> set[str]:
    """Returns where a route trades, by the names that caps know."""
    found = {VENUES.get(pool_of(edge), edge.split(":")[0]) for edge in route}
    return found - {"equivalence"}


class Counted:
    """Refuses, by an assertion, what no limit may let out."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.halted = self.disarmed = False
        self.day = self.day_orders = 0
        self.day_in: Counter[str] = Counter()
        self.realised: Counter[str] = Counter()
        self.peak: dict[str, int] = {}
        self.sent: Counter[str] = Counter()
        self.earned: dict[str, Counter[str]] = {}
        self.recent: list[int] = []
        self.open: dict[int, Tied] = {}
        """By the number of its intent."""
        self.stray: dict[int, Tied] = {}
        """By its own number: orders whose outcome was taken back."""
        self.left: dict[str, Rest] = {}

    @property
    def all_open(self) -> list[Tied]:
        """Returns all that counts as open."""
        return [*self.open.values(), *self.stray.values()]

    def roll(self, now_ns: int) -> None:
        """Begins a day, and lets a minute pass."""
        if now_ns // DAY_NS > self.day:
            self.day, self.day_orders = now_ns // DAY_NS, 0
            self.day_in, self.realised, self.peak = Counter(), Counter(), {}
            self.sent, self.earned = Counter(), {}
        self.recent = [at for at in self.recent if now_ns - at < MINUTE_NS]

    def lost(self, token: str) -> int:
        """Returns how far the day's result is below its highest."""
        return self.peak.get(token, 0) - self.realised[token]

    def at_risk(self, token: str, strategy: str = "") -> int:
        """Returns the most that can still be lost, of all or of a strategy."""
        mine = [each for each in self.all_open if not strategy or each.strategy == strategy]
        rest = [each for each in self.left.values() if not strategy or each.strategy == strategy]
        opened = sum(each.worst for each in mine if each.token == token)
        return opened + sum(each.worst for each in rest if each.counts == token)

    def realise(self, token: str, net: int, strategy: str) -> None:
        """Moves the day's result, and halts where that breaks a limit of loss."""
        self.realised[token] += net
        self.peak[token] = max(self.peak.get(token, 0), self.realised[token])
        if strategy:
            self.earned.setdefault(strategy, Counter())[token] += net
        self.halted |= self.broken()

    def broken(self) -> bool:
        """Returns whether a limit of loss stands broken."""
        drawn = [0 < limit <= self.lost(token) for token, limit in self.limits.daily_loss.items()]
        account = self.limits.account.daily_loss
        return any(drawn) or any(0 < limit <= -self.realised[token] for token, limit in account.items())

    def leave(self, left: Left, counts: str, worst: int, way: tuple[int, int]) -> None:
        """Takes note of what is left over; what would mix with something else counts as lost.

        `way` is what the chain takes for the way back, in lamports and in atoms of what it counts in.
        """
        old = self.left.get(left.token)
        if (old and (old.base, old.counts) != (left.base, counts)) or left.token == left.base:
            self.realise(counts, -worst, left.order.strategy)
            return
        before = (old.atoms, old.cost, old.worst) if old else (0, 0, 0)
        atoms, cost = before[0] + left.atoms, before[1] + left.cost
        self.left[left.token] = Rest(atoms, left.base, cost, counts, before[2] + worst, left.order.strategy, way=way)

    def reduce(self, token: str, sold: int, out: int, fee: int, lamports: int) -> None:
        """Takes off what was sold and books what that made, at the rate at which it was bought."""
        rest = self.left[token]
        sold = min(sold, rest.atoms)
        cost, worst = rest.cost * sold // rest.atoms, rest.worst * sold // rest.atoms
        made = out - cost
        if rest.counts != rest.base:
            made = rest.worst * made // rest.cost if rest.cost else 0
        if sold == rest.atoms:
            del self.left[token]
        else:
            rest.atoms, rest.cost, rest.worst = rest.atoms - sold, rest.cost - cost, rest.worst - worst
        chain = Fraction(rest.way[1] * lamports, rest.way[0]) if rest.way[0] else 0
        self.realise(rest.counts, made - fee - ceil(chain), rest.strategy)

    def approve(self, intent: Intent, now_ns: int) -> None:
        """Counts an order that went out. Fails if any limit forbade it."""
        self.roll(now_ns)
        found, limits = intent.opportunity, self.limits
        reduces = intent.purpose is Purpose.REDUCE
        assert not self.disarmed, "an order while disarmed"
        assert not self.halted or (reduces and limits.unwind.when_halted), "an order while halted"
        assert found.key not in {each.key for each in self.all_open}, "two orders of a cycle"
        cost, amount = found.cost, intent.amount_in
        parts = (cost.base_fee, cost.priority_fee, cost.tip, cost.rent, cost.rebalancing, cost.flash_loan)
        paid = [part for part in parts if part is not None]
        assert len(paid) == len(parts), "a cost is not known"
        chain = sum(paid) + cost.transfer_fees
        tied = Tied(found.key, found.tokens[0], amount, 0, 0, intent.strategy, reduces, venues(found.route))
        if reduces:
            self._reducing(intent)
        else:
            assert intent.min_out >= amount + chain, "it need not pay for itself"
            tied.fee, tied.worst = chain, paid[0] + paid[1] if found.settlement == "atomic" else amount + chain
            self._opening(tied)
            self.day_in[tied.token] += amount
            self.sent[tied.strategy] += 1
        self.recent.append(now_ns)
        self.day_orders += 1
        self.open[intent.id] = tied

    def _reducing(self, intent: Intent) -> None:
        found, rules = intent.opportunity, self.limits.unwind
        rest = self.left[found.tokens[0]]
        out = sum(each.amount for each in self.all_open if each.reduces and each.token == found.tokens[0])
        assert intent.amount_in <= rest.atoms - out, "more is sold than was left over"
        assert found.tokens[-1] == rest.base
        assert rest.tries < rules.max_tries
        least = Fraction(rest.cost * intent.amount_in, rest.atoms) * (PPM - rules.max_loss_ppm) / PPM
        assert intent.min_out >= least, "it is sold for too little"
        rest.tries += 1

    def _opening(self, order: Tied) -> None:
        limits, token, amount = self.limits, order.token, order.amount
        opened = [each for each in self.all_open if each.token == token]

        def within(used: int, cap: int | None, what: str) -> None:
            assert cap is None or used + amount <= cap, f"{what}: {used} + {amount} > {cap}"

        assert 0 < amount <= limits.cap[token]
        assert len(self.all_open) < limits.max_open_orders, "orders open"
        assert len(self.recent) < limits.max_orders_per_minute, "orders in a minute"
        assert limits.max_orders_per_day is None or self.day_orders < limits.max_orders_per_day, "orders in a day"
        within(sum(each.amount for each in opened), limits.open_cap.get(token), "open")
        within(self.day_in[token], limits.day_cap.get(token), "day")
        for venue in order.venues:
            cap = limits.venue_cap.get(venue, limits.venue_cap.get("any", {})).get(token)
            within(sum(each.amount for each in opened if venue in each.venues), cap, venue)
        within(0, limits.route_cap.get("any", {}).get(token), "route")
        own = limits.strategy_cap.get(order.strategy, {}).get(token)
        within(sum(each.amount for each in opened if each.strategy == order.strategy), own, order.strategy)
        loss = limits.daily_loss[token]
        assert self.lost(token) < loss
        assert self.lost(token) + self.at_risk(token) + order.worst <= loss, "it may lose more than a day may"
        if account := limits.account.daily_loss:
            assert self.at_risk(token) + order.worst - self.realised[token] < account[token]
        self._budget(order)

    def _budget(self, order: Tied) -> None:
        budget = self.limits.budgets.get(order.strategy)
        if budget is None:
            return
        name, token = order.strategy, order.token
        mine = [each for each in self.all_open if each.strategy == name]
        tied = sum(each.amount + each.fee for each in mine if each.token == token)
        assert tied + order.amount + order.fee <= budget.capital[token], "capital of a strategy"
        assert budget.max_open_orders is None or len(mine) < budget.max_open_orders
        assert budget.max_orders_per_day is None or self.sent[name] < budget.max_orders_per_day
        lost = -self.earned.get(name, Counter())[token]
        assert lost + self.at_risk(token, name) + order.worst <= budget.daily_loss[token], "loss of a strategy"

    def require_same(self, state: RiskState) -> None:
        """Fails unless the gate remembers what was counted here."""
        assert (bool(state.halted), bool(state.disarmed)) == (self.halted, self.disarmed)
        assert (state.day, state.day_orders) == (self.day, self.day_orders)
        assert _kept(state.day_in) == _kept(self.day_in)
        assert _kept(state.realised) == _kept(self.realised)
        assert _kept(state.peak) == _kept(self.peak)
        assert sorted(state.recent_ns) == sorted(self.recent)
        opened = [
            (e.token, e.amount_in, e.fee, e.worst, e.strategy, e.purpose is Purpose.REDUCE, set(e.venues))
            for e in state.open.values()
        ]
        counted = [(e.token, e.amount, e.fee, e.worst, e.strategy, e.reduces, e.venues) for e in self.all_open]
        assert sorted(opened, key=repr) == sorted(counted, key=repr), (opened, counted)
        days = {name: (each.orders, _kept(each.realised)) for name, each in state.strategies.items()}
        names = {*self.sent, *self.earned}
        assert days == {name: (self.sent[name], _kept(self.earned.get(name, {}))) for name in names}
        rests = {
            token: Rest(e.atoms, e.base, e.cost, *e.at_risk, e.strategy, e.tries, (e.charges.total, e.fee))
            for token, e in state.leftovers.items()
        }
        assert rests == self.left


def _kept(sums: dict[str, int]) -> dict[str, int]:
    return {token: atoms for token, atoms in sums.items() if atoms}
