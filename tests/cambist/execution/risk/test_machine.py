"""RiskGate under whatever comes: random intents, fills, clock steps, halts, clears and restarts.

What must hold is counted apart, from the intents that were let through and the fills that ended them.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cambist.execution.risk import Approved, Limits, RiskGate, RiskState
from cambist.model.market import PoolRef
from cambist.model.opportunity import Cost
from cambist.model.orders import Fill, Intent
from cambist.model.venues import POOL_VENUES
from tests.fakes import SOL, USDC, opportunity

DAY = 86_400 * 10**9
MINUTE = 60 * 10**9
BASES = (SOL, USDC)
LIMITS = Limits(
    cap={SOL: 300, USDC: 500},
    daily_loss={SOL: 400, USDC: 900},
    max_open_orders=3,
    max_orders_per_minute=4,
    max_orders_per_day=9,
    open_cap={SOL: 450},
    day_cap={SOL: 1_200, USDC: 1_500},
    venue_cap={"kraken": {SOL: 350}, "any": {SOL: 400}},
    route_cap={"k1": {SOL: 200}},
    strategy_cap={"s": {SOL: 380}},
    balance_floor={SOL: 1_000},
)
POOLS = (PoolRef("A", POOL_VENUES[0].programs[0]),)
ROUTES = (["A:0", "A:1"], ["A:0", "kraken:SOLUSD:buy"])


class Gate(RuleBasedStateMachine):
    """Holds the gate against sums of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = RiskGate(LIMITS, pools=POOLS)
        self.now, self.day = 20 * DAY, 0
        self.wallet = {SOL: 3_000, USDC: 2_000}
        self.open: dict[str, Intent] = {}
        self.sent: list[tuple[int, int, Intent]] = []
        self.result = dict.fromkeys(BASES, 0)
        self.peak = dict.fromkeys(BASES, 0)

    def worst(self, intent: Intent) -> int:
        found = intent.opportunity
        chain = found.cost.chain or 0
        return 5 + 3 if found.settlement == "atomic" else intent.amount_in + chain

    def at_risk(self, token: str) -> int:
        return sum(self.worst(i) for i in self.open.values() if i.opportunity.tokens[0] == token)

    def turn(self) -> None:
        if self.now // DAY > self.day:
            self.day = self.now // DAY
            self.result, self.peak = dict.fromkeys(BASES, 0), dict.fromkeys(BASES, 0)

    @rule(
        key=st.sampled_from(("k1", "k2", "k3", "k4")),
        token=st.sampled_from(BASES),
        amount=st.integers(-5, 550),
        off=st.sampled_from((0, 0, 0, 0, 1, -1)),
        over=st.sampled_from((0, 0, 0, 1, -1)),
        way=st.sampled_from((("atomic", 0), ("atomic", 1), ("legged", 1))),
        strategy=st.sampled_from(("s", "t")),
    )
    def ask(self, key: str, token: str, amount: int, off: int, over: int, way: Any, strategy: str) -> None:
        cost = Cost(9, 1, 5, 3, 2, 0, 4, 0)
        other = USDC if token == SOL else SOL
        found = opportunity(
            key=key, amount_in=amount + off, cost=cost, tokens=[token, other, token], settlement=way[0],
            route=ROUTES[way[1]],
        )  # fmt: skip
        intent = Intent(1, strategy, found, amount, amount + 15 + over)
        held = {t: sum(i.amount_in + 15 for i in self.of(t)) for t in BASES}
        self.turn()
        lost = self.peak[token] - self.result[token]
        halted = self.gate.mode == "HALTED"
        verdict = self.gate.check(intent, self.now, dict(self.wallet))
        if not isinstance(verdict, Approved):
            return
        assert not halted
        assert amount > 0
        assert (off, over >= 0, key in self.open) == (0, True, False)
        assert amount <= LIMITS.cap[token]
        floor = LIMITS.balance_floor.get(token, 0)
        assert self.wallet[token] - held[token] - amount - 15 >= floor
        assert self.wallet[SOL] - held[SOL] >= LIMITS.balance_floor[SOL]
        assert lost + self.at_risk(token) + self.worst(intent) <= LIMITS.daily_loss[token]
        assert key != "k1" or token != SOL or amount <= 200
        self.open[key] = intent
        self.sent.append((self.now, self.day, intent))

    def of(self, token: str) -> list[Intent]:
        return [i for i in self.open.values() if i.opportunity.tokens[0] == token]

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.open)))
        intent = self.open[key]
        token = intent.opportunity.tokens[0]
        net = data.draw(st.integers(-self.worst(intent), 60))
        before = self.peak[token] - self.result[token] + self.at_risk(token)
        del self.open[key]
        self.turn()
        self.wallet[token] += net
        self.result[token] += net
        self.peak[token] = max(self.peak[token], self.result[token])
        self.gate.on_fill(key, token, intent.amount_in, Fill(1, self.now, "filled", 1, 1, 0, net))
        assert self.peak[token] - self.result[token] <= max(before, LIMITS.daily_loss[token])

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def unknown(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.open)))
        token = self.open[key].opportunity.tokens[0]
        self.turn()
        self.gate.on_fill(key, token, 1, Fill(1, self.now, "unknown", 0, 0, 0, 0))

    @rule(by=st.sampled_from((1, MINUTE - 1, MINUTE, DAY // 3, DAY, -MINUTE, -DAY)))
    def clock(self, by: int) -> None:
        self.now += by

    @rule()
    def halt(self) -> None:
        self.gate.halt("by hand")
        assert self.gate.mode == "HALTED"

    @rule()
    def clear(self) -> None:
        why = self.gate.clear_halt(self.now)
        self.turn()
        stands = any(self.peak[t] - self.result[t] >= LIMITS.daily_loss[t] for t in BASES)
        assert bool(why) is stands
        assert (self.gate.mode == "HALTED") is stands

    @rule(binary=st.booleans())
    def restart(self, binary: bool) -> None:
        coder: Any = msgspec.msgpack if binary else msgspec.json
        state = coder.decode(coder.encode(self.gate.state), type=RiskState)
        assert state == self.gate.state
        self.gate = RiskGate(LIMITS, state, pools=POOLS)

    @invariant()
    def counts_what_is_open(self) -> None:
        state = self.gate.state
        assert state.open_keys == list(self.open)
        for token in BASES:
            assert state.held(token) == sum(i.amount_in + 15 for i in self.of(token)) >= 0
            assert state.at_risk(token) == self.at_risk(token) >= 0
            assert self.gate.from_peak(token) <= 0
            assert state.realised.get(token, 0) == self.result[token] or self.now // DAY > state.day
        for row in self.gate.distances(self.now, self.wallet):
            assert row.used is not None
            assert row.limit == "balance_floor" or row.used >= 0

    @invariant()
    def no_cap_is_exceeded(self) -> None:
        assert len(self.open) <= LIMITS.max_open_orders
        sols = self.of(SOL)
        assert sum(i.amount_in for i in sols) <= 450
        assert sum(i.amount_in for i in sols if i.strategy == "s") <= 380
        assert sum(i.amount_in for i in sols if "A:0" in i.opportunity.route) <= 400
        assert sum(i.amount_in for i in sols if "kraken:SOLUSD:buy" in i.opportunity.route) <= 350
        today = [i for _, day, i in self.sent if day == self.day]
        assert len(today) <= 9
        for token, cap in LIMITS.day_cap.items():
            assert sum(i.amount_in for i in today if i.opportunity.tokens[0] == token) <= cap
        assert all(sum(0 <= at - other < MINUTE for other, _, _ in self.sent) <= 4 for at, _, _ in self.sent)


TestGate = Gate.TestCase
TestGate.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
