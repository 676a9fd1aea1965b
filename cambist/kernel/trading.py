"""From an intent to what its orders came to: the gate, the orders on their way, and the books.

    intent ─► cut into orders ─► gate ─► desk ─► a fill, by paper at its time or slot, or by a record
                                                    └─► books, limits, strategies, the engine
                what a trade by legs left over ─► an intent to reduce it

What paper does with orders until they end is `kernel.on_the_way`. The kernel is all of this and what comes before:
records, the engine, and what strategies wish for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cambist.execution import legged, paper_model
from cambist.execution.order_life import WITHOUT_FILL
from cambist.execution.risk import Approved
from cambist.execution.risk.caps import Want
from cambist.execution.routes import EQUIVALENCE, legs_of
from cambist.kernel import unwinding
from cambist.kernel.on_the_way import OnTheWay
from cambist.model.ledger import CHAIN, Account
from cambist.model.opportunity import encode
from cambist.model.orders import Fill, Intent, Order, Purpose, Refused, Stage, Working
from cambist.model.refusals import Refusal
from cambist.model.units import NS_PER_MS

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Sequence

    from cambist.execution.risk import RiskGate
    from cambist.kernel.desk import Closed, Step
    from cambist.kernel.effects import Effects, Totals
    from cambist.kernel.laps import Laps
    from cambist.kernel.ledger import Ledger
    from cambist.kernel.running import Running
    from cambist.kernel.trades import Trades
    from cambist.model.ledger import TokenValue

MAX_DECLINED = 256
_PROBE = 1_000_000
"""Atoms that an equivalence is asked for, to hear whether it holds."""
_PEG_BROKEN = frozenset({"depeg", "stale", "unknown_edge"})
"""What it says then if it doesn't; any other reason is about the amount."""


class Trading(OnTheWay):
    """What the kernel does with intents and outcomes; the attributes are the kernel's."""

    risk: RiskGate
    trades: Trades
    running: Running
    totals: Totals
    declined: dict[str, dict[str, str]]
    """By key of a cycle that is worth taking, and by strategy: why it was not, at its last chance."""
    laps: Laps
    last_seq: int
    _digest: hashlib._Hash
    _next_intent: int
    _next_order: int

    @property
    def ledger(self) -> Ledger:
        """The books."""
        return self.desk.ledger

    def _tell_stocks(self) -> None:
        """Tells the engine what is held at exchanges, which no snapshot of it says."""
        for venue in sorted(self.ledger.venues() - {CHAIN}):
            for token, atoms in self.ledger.wallet(venue).items():
                self.engine.stock(venue, token, _within(atoms), moved=False)

    def _submit(self, intent: Intent, now_ns: int, effects: Effects) -> None:
        """Asks the gate for an intent, and sends what it approves."""
        self._next_intent += 1
        self.totals.intents += 1
        effects.intents.append(intent)
        self._digest.update(encode(intent))
        parts: tuple[legged.Part, ...] = ()
        cut = self._cut(intent, now_ns)
        verdict: Approved | Refused
        if isinstance(cut, Refused):
            verdict = cut
        else:
            parts = cut
            verdict = self.risk.check(intent, now_ns, self.desk.holdings(), self._wants(intent, parts))
        if isinstance(verdict, Approved):
            self.laps.approved()
            effects.risk = self.risk.state
            self._send(verdict, parts, now_ns, effects)
        else:
            self.totals.refused[verdict.reason] += 1
            self._decline(intent.opportunity.key, intent.strategy, f"risk:{verdict.reason}")
            effects.refusals.append(verdict)
            self._digest.update(encode(verdict))

    def _cut(self, intent: Intent, now_ns: int) -> tuple[legged.Part, ...] | Refused:
        """Returns the orders that an intent to trade by legs is made of; none for one order."""
        found = intent.opportunity
        if found.settlement != "legged" or intent.purpose is Purpose.REDUCE:
            return ()
        parts = legged.parts(self.engine, found, intent.min_out, now_ns)
        return Refused(intent.id, Refusal.UNQUOTED, parts) if isinstance(parts, str) else parts

    def _wants(self, intent: Intent, parts: tuple[legged.Part, ...]) -> list[Want] | None:
        """Returns what orders take of which wallet; `None` for one transaction that opens, which the chain's pays."""
        found = intent.opportunity
        if parts:
            wants = [(part.venue, part.legs[0].token_in, part.amount_in) for part in parts]
            beside = found.cost.transfer_fees + (found.cost.rebalancing or 0)
            wants.append((*wants[0][:2], beside))
        elif intent.purpose is Purpose.REDUCE:
            wants = [(legs_of(found.route, found.tokens)[0].venue, found.tokens[0], intent.amount_in)]
        else:
            return None
        paid = found.lamports
        lamports = (paid.base_fee or 0) + (paid.priority_fee or 0) + (paid.tip or 0) + (paid.rent or 0)
        sums: Counter[tuple[str, str]] = Counter({(CHAIN, self.setup.engine.sol_mint): lamports} if lamports else {})
        for venue, token, atoms in wants:
            sums[venue, token] += atoms
        return [Want(*key, atoms, self.ledger.wallet(key[0]).get(key[1], 0)) for key, atoms in sums.items()]

    def _decline(self, key: str, strategy: str, reason: str) -> None:
        self.totals.declined.setdefault(strategy, Counter())[reason] += 1
        before = self.declined.pop(key, {})
        self.declined[key] = {name: why for name, why in before.items() if name in self.running.names} | {
            strategy: reason
        }
        if len(self.declined) > MAX_DECLINED:
            del self.declined[next(iter(self.declined))]

    def _send(self, approved: Approved, parts: tuple[legged.Part, ...], now_ns: int, effects: Effects) -> None:
        found = approved.intent.opportunity
        self.declined.pop(found.key, None)
        model, seed, number = self.setup.paper, self.setup.seed, self._next_order
        if parts:
            orders = paper_model.send_parts(model, seed, number, approved, parts, now_ns)
            self.trades.begin(found.key, found.tokens[0], found.amount_in, found.amount_out, orders)
        else:
            orders = [paper_model.send(model, seed, number, approved, now_ns)]
        self._next_order += len(orders)
        if approved.intent.purpose is Purpose.OPEN:
            if (times := self.laps.built(found.recv_ns)) is not None:
                effects.times |= dict.fromkeys([order.id for order in orders], times)
            self.totals.reliability.sent(orders[0].id, found.landing_ppm)
            self.engine.sent(found.key)
        for order in orders:
            self.running.on_order(order)
            effects.orders.append(order)
            self._digest.update(encode(order))
            self._take_step(self.desk.send(order, self._values), effects)

    def _values(self, mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
        """Returns what tokens are worth; one without a price what the token is that it is taken for, while it is."""
        rules = self.setup.valuation
        max_age_ns = rules.max_age_ms * NS_PER_MS
        found = self.engine.token_values(mints, rules.sources, max_age_ns, now_ns)
        for at, mint in enumerate(mints):
            if found[at] is None:
                found[at] = self._tied_value(mint, max_age_ns, now_ns)
        return found

    def _tied_value(self, mint: str, max_age_ns: int, now_ns: int) -> TokenValue | None:
        for tie in self.setup.engine.equivalences:
            if mint not in (tie.a, tie.b):
                continue
            edge = f"{EQUIVALENCE}:{tie.pair}:{int(mint == tie.b)}"
            if self.engine.quote_route([edge], _PROBE, now_ns).reason in _PEG_BROKEN:
                continue
            other = tie.b if mint == tie.a else tie.a
            [value] = self.engine.token_values([other], self.setup.valuation.sources, max_age_ns, now_ns)
            if value is not None:
                return value
        return None

    def _take_step(self, step: Step, effects: Effects) -> None:
        effects.stages += step.stages
        if step.entry is not None:
            effects.entries.append(step.entry)
            self.totals.earned.take(step.entry)
            for each in step.entry.postings:
                if each.account is Account.WALLET and each.venue != CHAIN:
                    free = self.ledger.balance(Account.WALLET, each.token, each.venue)
                    self.engine.stock(each.venue, each.token, _within(free), moved=True)
            self._digest.update(encode(step.entry))

    @property
    def due_ns(self) -> int:
        """When the kernel wakes next: an order ends, or something that is left over is to be reduced."""
        return min([self.desk.due_ns, *(left.due_ns for left in self.risk.state.leftovers.values())])

    def _wake(self, recv_ns: int, effects: Effects) -> None:
        while (due_ns := self.due_ns) <= recv_ns:
            if self.desk.due_ns > due_ns:
                self._unwind(due_ns, recv_ns, effects)
                continue
            working = self.desk.working[0]
            if not self._reach(working, recv_ns):
                self._land(working, recv_ns, effects)

    def _unwind(self, due_ns: int, now_ns: int, effects: Effects) -> None:
        """Tries to reduce what is due of what is left over; while trading stands still it waits."""
        rules, state = self.setup.limits.unwind, self.risk.state
        token, left = next((token, left) for token, left in state.leftovers.items() if left.due_ns <= due_ns)
        self.risk.postpone(token, unwinding.next_try_ns(left, rules, now_ns))
        if state.disarmed or (state.halted and not rules.when_halted):
            return
        wish = unwinding.intent(self._next_intent, left, rules, self.engine, self.last_seq, now_ns)
        if wish is not None:
            self._submit(wish, now_ns, effects)

    def _network_fill(self, fill: Fill, effects: Effects) -> None:
        working, dropped = self.desk.find(fill.order_id), self.desk.dropped(fill)
        halted = self.risk.state.halted
        try:
            if working is not None:
                self._book(working, fill, effects)
            elif dropped is not None:
                self._digest.update(encode(fill))
                self._take_step(self.desk.take_back(dropped, fill, self._values), effects)
                self._reopen(dropped, fill.recv_ns)
                effects.fills.append((dropped.before.order, fill))
                effects.risk = self.risk.state
            else:
                effects.notes.append((fill.recv_ns, "warn", f"a fill for order {fill.order_id}, which is not open"))
        except ValueError as error:
            effects.notes.append((fill.recv_ns, "warn", str(error)))
        self._tell_halt(halted, fill.recv_ns, effects)

    def _tell_halt(self, before: str, now_ns: int, effects: Effects) -> None:
        told = effects.halts and effects.halts[-1] == (now_ns, self.risk.state.halted)
        if self.risk.state.halted and not before and not told:
            effects.halts.append((now_ns, self.risk.state.halted))

    def _reopen(self, dropped: Closed, now_ns: int) -> None:
        """Lets limits, counts and strategies know of an order whose outcome was taken back."""
        order, outcome = dropped.before.order, dropped.fill
        self.running.on_order(order)
        if order.trade and self.trades.take_back(order, outcome):
            return
        if outcome.net is None:  # the others of its trade have ended: what that means is for a hand to say
            self.risk.halt(f"order {order.id} fell out of the chain, and its trade has ended")
            self.risk.reopen(order)
            return
        self.totals.reliability.take_back(order.id, landed=outcome.status == Stage.FILLED)
        self.totals.filled -= outcome.status == Stage.FILLED
        self.totals.missed -= outcome.status in WITHOUT_FILL
        self.risk.book(order.base, -outcome.net, now_ns, order.strategy)
        self.risk.reopen(order)

    def _book(self, working: Working, fill: Fill, effects: Effects) -> None:
        """Takes an order a step on and tells everybody of its end. Raises `ValueError` if that can't be."""
        order = working.order
        step = self.desk.book(working, fill, self._values)
        if working.landing is not None:
            self._watch()
        self._digest.update(encode(fill))
        self._take_step(step, effects)
        if fill.status != Stage.UNKNOWN:
            effects.fills.append((order, fill))
        if fill.amount_out:
            self.engine.filled(order.route, fill.amount_in, fill.recv_ns)
            self._sold(order, fill.recv_ns)
        halted = self.risk.state.halted
        if order.trade:
            self._take_leg(order, fill, step, effects)
        elif step.closed:
            self.risk.on_fill(order.key, order.base, order.amount_in, fill)
            if order.purpose is Purpose.OPEN:
                known = working.landing and working.landing.at_ns
                took_ns, filled = max(0, (known or fill.recv_ns) - order.sent_ns), fill.status == Stage.FILLED
                self.totals.gaps.landed(took_ns)
                self.totals.reliability.took_end(order.id, landed=filled)
                self.engine.learn(order.key, landed=filled, took_ns=took_ns)
                self._count_end(filled=filled, missed=fill.status in WITHOUT_FILL)
        elif fill.status == Stage.PARTIAL:
            self.risk.on_part(order.key, order.base, fill)
        effects.risk = self.risk.state
        if step.closed:
            self.running.on_fill(order, fill)
        self._tell_halt(halted, fill.recv_ns, effects)

    def _count_end(self, *, filled: bool, missed: bool) -> None:
        self.totals.filled += filled
        self.totals.missed += missed

    def _take_leg(self, order: Order, fill: Fill, step: Step, effects: Effects) -> None:
        """Takes what came of one order of a trade; with the last one the trade is settled."""
        if order.trade not in self.trades.open:  # it was taken back when that had ended
            if step.closed:  # what that means is for a hand to say
                self.risk.forget(order)
                self.risk.halt(f"order {order.id} ended after its trade: {fill.status}")
            return
        trade = self.trades.take(order, fill, closed=step.closed)
        if trade is None:
            return
        settled, now_ns = trade.settled(), fill.recv_ns
        self.totals.reliability.took_end(trade.id, landed=settled.whole)
        self.engine.learn(trade.key, landed=settled.whole, took_ns=None)
        self._count_end(filled=settled.whole, missed=not settled.whole)
        self.risk.on_trade(trade.key, trade.base, settled.net, now_ns)
        for left in settled.left:
            way = unwinding.way_back(left, trade, self.setup.limits.unwind, now_ns)
            try:
                self.risk.leave(left.token, left.atoms, left.base, left.cost, way)
            except ValueError as error:  # something of it is left over of another token: that part counts as lost
                self.risk.book(way.counts, -way.worst, now_ns, way.strategy)
                effects.notes.append((now_ns, "error", f"trade {trade.id}: {error}"))


def _within(atoms: int) -> int:
    """Returns an amount as the engine takes it: of 64 bits, none below nothing."""
    return max(0, min(atoms, 2**64 - 1))
