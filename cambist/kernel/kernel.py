"""The kernel: records in, effects out. Synchronous, deterministic; no I/O, no clock, no unseeded draw.

`step` takes a block and hands runs of frames to the engine; commands, fills and wake-ups are its own. What it decides
goes into a SHA-256 over the canonical encoding, which does not depend on where blocks are cut, on which engine runs or
on how long anything took.

One file, for here a record is followed from where it enters to all that it does.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, assert_never

import msgspec

from cambist.engine.protocol import Engine, EngineSetup, Ingested
from cambist.execution import paper_model
from cambist.execution.order_life import WITHOUT_FILL
from cambist.execution.risk import Approved, RiskGate, RiskState
from cambist.kernel.desk import Desk, Outcome, Step
from cambist.kernel.effects import Effects, Totals
from cambist.kernel.keyframe import KernelCopy, Keyframe
from cambist.kernel.state import RULES, SCHEMA, KernelSetup, KernelState, StateBody, opened, read_state, write_state
from cambist.model.commands import (
    Arm,
    ClearHalt,
    Disarm,
    Halt,
    InjectPrice,
    RecordedCommand,
    SetRule,
    SwitchEngine,
    parse,
)
from cambist.model.ends import GapEnd
from cambist.model.events import HEADER, RecordKind, unpack
from cambist.model.opportunity import Need, Opportunity, encode
from cambist.model.orders import Fill, Intent, Stage, Working
from cambist.model.units import NS_PER_MS
from cambist.strategies.negative_cycle import NegativeCycle
from cambist.strategies.rule import RuleStrategy

if TYPE_CHECKING:
    from cambist.kernel.desk import Closed
    from cambist.kernel.ledger import Ledger, LedgerState
    from cambist.model.ledger import TokenValue
    from cambist.strategies.base import Strategy

NO_BLOCK = b"", 0
MAX_DECLINED = 256

_OPPORTUNITY = msgspec.json.Decoder(Opportunity)
_END = msgspec.json.Decoder(GapEnd)
_NEED = msgspec.json.Decoder(Need)

EngineMaker = Callable[[str, EngineSetup], Engine]
"""Makes an engine: (`native` | `reference`, setup)."""


class Kernel:
    """Owns the engine, the strategies, the risk gate and the books."""

    def __init__(self, setup: KernelSetup, make_engine: EngineMaker, engine: str = "native") -> None:
        self._make = make_engine
        self._engine_name = engine
        self.setup = setup
        self.engine = make_engine(engine, setup.engine)
        self.decided_by = RULES
        """The rules by which the session that is stepped was decided when it was recorded."""
        self._fresh(setup, KernelState(opened(setup.wallet), RiskState(), {}, []))
        self.last_seq = 0
        self._now_ns = 0
        self._stepped = NO_BLOCK
        """What was stepped last, and where its last run of records begins; `NO_BLOCK` once its time is known."""

    def _fresh(self, setup: KernelSetup, state: KernelState) -> None:
        self.setup = setup
        self.risk = self._gate(state.risk)
        self.desk = Desk(setup.engine, state.ledger, state.open_orders, state.closed)
        self.risk.adopt([working.order for working in state.open_orders])
        self.strategies: list[Strategy] = [] if setup.watch_only else [self._made(setup.rule)]
        for strategy in self.strategies:
            self._go_on(strategy, state.strategies.get(strategy.name, {}))
        self._next_intent, self._next_order = state.next_intent, state.next_order
        self.totals = Totals()
        self.declined: dict[str, str] = {}
        """By key of a cycle that is worth taking: why it was not, at its last chance."""
        self._digest = hashlib.sha256()
        self._sealed = ""

    def _gate(self, state: RiskState) -> RiskGate:
        setup = self.setup
        return RiskGate(
            setup.limits,
            state,
            pools=setup.engine.pools,
            tokens=setup.engine.tokens,
            unrecorded=lambda pools: self.engine.unrecorded(pools),
            engine=lambda: self.engine,
        )

    @property
    def wallet(self) -> dict[str, int]:
        """What is free to be traded on chain: mint → atoms."""
        return self.desk.ledger.wallet()

    @property
    def ledger(self) -> Ledger:
        """The books."""
        return self.desk.ledger

    @property
    def outcomes(self) -> list[Outcome]:
        """How the last orders ended, oldest first."""
        return self.desk.outcomes

    @property
    def now_ns(self) -> int:
        """Time of the last record, looked for when it is asked for: in each block it took an eleventh of a replay."""
        block, begun = self._stepped
        if block:
            self._now_ns, self._stepped = _last_ns(block, begun), NO_BLOCK
        return self._now_ns

    @property
    def digest(self) -> str:
        """Hex digest over every decision since the session's STATE record."""
        return self._sealed or self._digest.hexdigest()

    def seal(self) -> None:
        """Lets the digest begin anew at the next record, from the digest so far."""
        self._sealed = self.digest

    def _unseal(self) -> None:
        self._digest, self._sealed = hashlib.sha256(bytes.fromhex(self._sealed)), ""

    def state(self) -> bytes:
        """Returns the body of a STATE record: everything that a continuation needs."""
        return write_state(self._body(self.engine.snapshot()))

    def _body(self, engine: bytes) -> StateBody:
        kernel = KernelState(
            ledger=self.desk.ledger.state(),
            risk=self.risk.state,
            strategies={s.name: s.state() for s in self.strategies},
            open_orders=[*self.desk.working],
            closed=[*self.desk.closed],
            next_intent=self._next_intent,
            next_order=self._next_order,
        )
        return StateBody(SCHEMA, self.setup, kernel, engine, self.decided_by)

    def initial_state(self) -> bytes:
        """Returns the body of a STATE record for a session that starts from nothing but the setup."""
        kernel = KernelState(opened(self.setup.wallet), RiskState(), {}, [])
        return write_state(StateBody(SCHEMA, self.setup, kernel, b"", self.decided_by))

    def adopt(self, books: LedgerState, risk: RiskState) -> None:
        """Goes on with the books and the day's result of earlier sessions, before the first record."""
        self.desk = Desk(self.setup.engine, books, [], [])
        self.risk = self._gate(risk)

    def restore(self, body: bytes) -> None:
        """Starts over from a STATE record's body. Raises `ValueError` if it is none of a known version."""
        state = read_state(body)
        engine = self._make(self._engine_name, state.setup.engine)
        if state.engine:
            engine.restore(state.engine)
        self.engine, self.decided_by = engine, state.rules
        self._fresh(state.setup, state.kernel)

    def copied(self) -> KernelCopy:
        """Returns a copy, of which any thread makes the keyframe: that takes ten times as long as to copy it.

        On a busy market 0.2 to 0.7 ms, nearly all of it the native engine's, which keeps the GIL for that; the
        reference engine makes its part at once.
        """
        body = self._body(b"")
        body.kernel.risk = copy.deepcopy(self.risk.state)
        return KernelCopy(
            body=body,
            engine=self.engine.keyframe(),
            digest=self._digest.copy(),
            totals=copy.deepcopy(self.totals),
            outcomes=self.desk.outcomes,
            last_seq=self.last_seq,
            now_ns=self.now_ns,
            sealed=self._sealed,
            declined=dict(self.declined),
        )

    def keyframe(self) -> Keyframe:
        """Returns a point that `rewind` can go back to."""
        return self.copied().keyframe()

    def rewind(self, frame: Keyframe) -> None:
        """Goes back to a keyframe; digest and totals go on from there as if nothing came after it."""
        self.restore(frame.state)
        self._digest, self.totals, self.desk.outcomes = frame.digest.copy(), copy.deepcopy(frame.totals), frame.outcomes
        self.last_seq, self._now_ns, self._stepped = frame.last_seq, frame.now_ns, NO_BLOCK
        self._sealed, self.declined = frame.sealed, dict(frame.declined)

    def at(self, frame: Keyframe, engine: str) -> Kernel:
        """Returns another kernel that goes on from a keyframe, on the engine of that name."""
        other = Kernel(self.setup, self._make, engine)
        other.rewind(frame)
        return other

    def require_same(self, other: Kernel) -> None:
        """Raises `ValueError` unless another kernel stands at the same record and has decided the same."""
        if (other.last_seq, other.digest) != (self.last_seq, self.digest):
            message = f"{other.engine.name} decided otherwise than {self.engine.name} by record {self.last_seq}"
            raise ValueError(message)

    def take_over(self, other: Kernel) -> None:
        """Goes on with the engine of a kernel that has stepped the same records, and is not stepped any more.

        Raises `ValueError` if they decided differently.
        """
        self.require_same(other)
        self.engine, self._engine_name = other.engine, other._engine_name

    def use_rule(self, text: str) -> None:
        """Goes on with another rule, or none, from the same state. Raises `ValueError` at the column if it is none."""
        strategy = self._made(text)
        if self.strategies:
            self._go_on(strategy, self.strategies[0].state())
            self.strategies = [strategy]
        self.setup = msgspec.structs.replace(self.setup, rule=text)

    def _go_on(self, strategy: Strategy, state: dict[str, int]) -> None:
        strategy.restore(state)
        for working in self.desk.working:
            strategy.on_order(working.order)

    def check_rule(self, text: str) -> None:
        """Raises `ValueError` at the column if a text is no rule here. Changes nothing."""
        self._made(text)

    def _made(self, rule: str) -> Strategy:
        if not rule:
            return NegativeCycle()
        backend = "reference" if self._engine_name == "reference" else "auto"
        return RuleStrategy(rule, self.setup.engine.tokens, self._gauges, backend)

    def _gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        return self.engine.gauges(wanted, now_ns)

    def step(self, block: bytes) -> Effects:
        """Takes every record of a block in order. Raises `BlockError` for a damaged block."""
        if self._sealed:
            self._unseal()
        effects = Effects()
        offset, begun, size = 0, 0, len(block)
        while offset < size:
            seq, recv_ns, kind = HEADER.unpack_from(block, offset)[:3]
            self._wake(recv_ns, effects)
            self._now_ns, self._stepped, begun, before = recv_ns, NO_BLOCK, offset, effects.records
            if kind == RecordKind.FRAME:
                offset = self._ingest(block, offset, effects)
            else:
                offset = self._single(block, offset, kind, effects)
            self.last_seq = seq + effects.records - before - 1
        if block:
            self._stepped = block, begun
        effects.last_seq = self.last_seq
        return effects

    def _ingest(self, block: bytes, offset: int, effects: Effects) -> int:
        done = self.engine.ingest(block, offset, self.desk.due_ns)
        self._count(done.records, effects)
        self._take(done, effects)
        return done.offset

    def _take(self, done: Ingested, effects: Effects) -> None:
        if done.needs:
            effects.needs += [_NEED.decode(line) for line in done.needs.splitlines()]
        if done.ends:
            ends = [_END.decode(line) for line in done.ends.splitlines()]
            effects.ends += ends
            for end in ends:
                self.totals.gaps.take(end)
        if done.decisions:
            effects.decided = True
            self._digest.update(done.decisions)
            if done.go:
                self._go(done.decisions, effects)

    def _single(self, block: bytes, offset: int, kind: int, effects: Effects) -> int:
        record, after = unpack(block, offset)
        if kind == RecordKind.STATE:
            self.restore(record.body)
            self.totals.first_ns = record.recv_ns
            effects.notes.append((record.recv_ns, "info", "session begins"))
        else:
            self._take(self.engine.control(block, offset), effects)
            if kind == RecordKind.COMMAND:
                self._command(record.body, record.recv_ns, effects)
            elif kind == RecordKind.FILL:
                self._network_fill(msgspec.json.decode(record.body, type=Fill), effects)
            elif kind == RecordKind.GAP:
                self.totals.dropped += int(msgspec.json.decode(record.body)["count"])
        self._count(1, effects)
        return after

    def _count(self, records: int, effects: Effects) -> None:
        effects.records += records
        self.totals.records += records

    def _go(self, decisions: bytes, effects: Effects) -> None:
        """Shows the last frame's go decisions to the strategies, in order."""
        last: list[Opportunity] = []
        for line in reversed(decisions.splitlines()):
            opportunity = _OPPORTUNITY.decode(line)
            if last and opportunity.seq != last[0].seq:
                break
            last.append(opportunity)
        self._now_ns = last[0].recv_ns
        for opportunity in reversed(last):
            if opportunity.go:
                for strategy in self.strategies:
                    self._strategy(strategy, opportunity, effects)

    def _strategy(self, strategy: Strategy, opportunity: Opportunity, effects: Effects) -> None:
        for wish in strategy.on_opportunity(opportunity):
            if wish.skip:
                self.totals.skipped[wish.skip] += 1
                self._decline(opportunity.key, wish.skip)
                continue
            intent = Intent(self._next_intent, strategy.name, opportunity, wish.amount_in, wish.min_out)
            self._next_intent += 1
            self.totals.intents += 1
            effects.intents.append(intent)
            self._digest.update(encode(intent))
            verdict = self.risk.check(intent, opportunity.recv_ns, self.desk.holdings())
            if isinstance(verdict, Approved):
                self._send(verdict, opportunity.recv_ns, effects)
            else:
                self.totals.refused[verdict.reason] += 1
                self._decline(opportunity.key, f"risk:{verdict.reason}")
                effects.refusals.append(verdict)
                self._digest.update(encode(verdict))

    def _decline(self, key: str, reason: str) -> None:
        self.declined.pop(key, None)
        self.declined[key] = reason
        if len(self.declined) > MAX_DECLINED:
            del self.declined[next(iter(self.declined))]

    def _send(self, approved: Approved, now_ns: int, effects: Effects) -> None:
        self.declined.pop(approved.intent.opportunity.key, None)
        order = paper_model.send(self.setup.paper, self.setup.seed, self._next_order, approved, now_ns)
        self._next_order += 1
        for strategy in self.strategies:
            strategy.on_order(order)
        effects.orders.append(order)
        self._digest.update(encode(order))
        self._take_step(self.desk.send(order, self._values), effects)

    def _values(self, mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
        rules = self.setup.valuation
        return self.engine.token_values(mints, rules.sources, rules.max_age_ms * NS_PER_MS, now_ns)

    def _take_step(self, step: Step, effects: Effects) -> None:
        effects.stages += step.stages
        if step.entry is not None:
            effects.entries.append(step.entry)
            self.totals.earned.take(step.entry)
            self._digest.update(encode(step.entry))

    def _wake(self, recv_ns: int, effects: Effects) -> None:
        while self.desk.due_ns <= recv_ns:
            working = self.desk.working[0]
            fill = paper_model.land(self.setup.paper, self.setup.seed, working.order, self.engine, recv_ns)
            self._book(working, fill, effects)

    def _network_fill(self, fill: Fill, effects: Effects) -> None:
        working, dropped = self.desk.find(fill.order_id), self.desk.dropped(fill)
        try:
            if working is not None:
                self._book(working, fill, effects)
            elif dropped is not None:
                self._digest.update(encode(fill))
                self._take_step(self.desk.take_back(dropped, fill, self._values), effects)
                self._reopen(dropped, fill.recv_ns)
                effects.fills.append((dropped.before.order, fill))
            else:
                effects.notes.append((fill.recv_ns, "warn", f"a fill for order {fill.order_id}, which is not open"))
        except ValueError as error:
            effects.notes.append((fill.recv_ns, "warn", str(error)))

    def _reopen(self, dropped: Closed, now_ns: int) -> None:
        """Lets limits, counts and strategies know of an order whose outcome was taken back."""
        order, outcome = dropped.before.order, dropped.fill
        self.totals.filled -= outcome.status == Stage.FILLED
        self.totals.missed -= outcome.status in WITHOUT_FILL
        self.risk.book(order.base, -outcome.net, now_ns)
        self.risk.adopt([order])
        for strategy in self.strategies:
            strategy.on_order(order)

    def _book(self, working: Working, fill: Fill, effects: Effects) -> None:
        """Takes an order a step on and tells everybody of its end. Raises `ValueError` if that can't be."""
        order = working.order
        step = self.desk.book(working, fill, self._values)
        self._digest.update(encode(fill))
        self._take_step(step, effects)
        if fill.status != Stage.UNKNOWN:
            effects.fills.append((order, fill))
        if fill.amount_out:
            self.engine.filled(order.route, fill.amount_in, fill.recv_ns)
        if not step.closed:
            if fill.status == Stage.PARTIAL:
                self.risk.book(order.base, fill.net, fill.recv_ns)
            return
        self.engine.learn(order.key, landed=fill.status == Stage.FILLED)
        self.totals.gaps.landed(max(0, fill.recv_ns - order.sent_ns))
        self.totals.filled += fill.status == Stage.FILLED
        self.totals.missed += fill.status in WITHOUT_FILL
        halted = self.risk.state.halted
        self.risk.on_fill(order.key, order.base, order.amount_in, fill)
        for strategy in self.strategies:
            strategy.on_fill(order, fill)
        if self.risk.state.halted and not halted:
            effects.halts.append((fill.recv_ns, self.risk.state.halted))

    def _command(self, body: bytes, now_ns: int, effects: Effects) -> None:
        """Does what a COMMAND record says; the digest takes it in as it was recorded."""
        record = msgspec.json.decode(body, type=RecordedCommand)
        try:
            command = parse(record)
        except ValueError as error:
            effects.notes.append((now_ns, "error", str(error)))
            return
        risk = self.risk.state
        match command:
            case Halt(reason=reason):
                self.risk.halt(reason)
                effects.halts.append((now_ns, risk.halted))
            case ClearHalt():
                if why := self.risk.clear_halt(now_ns):
                    effects.notes.append((now_ns, "error", why))
                effects.halts.append((now_ns, risk.halted))
            case Disarm(reason=reason):
                risk.disarmed = reason
            case Arm():
                risk.disarmed = ""
            case SwitchEngine():  # which engine steps is the runtime's affair: a replay has the one it was asked for
                record = msgspec.structs.replace(record, args={})
            case SetRule(text=text):
                try:
                    self.use_rule(text)
                except ValueError as error:
                    effects.notes.append((now_ns, "warn", f"the rule stays as it was: {str(error).splitlines()[0]}"))
                    return
            case InjectPrice(mint=mint, price=price):
                self.engine.inject_price(mint, price, now_ns)
            case _:
                assert_never(command)
        self._digest.update(encode(record))


def _last_ns(block: bytes, offset: int) -> int:
    """Returns the time of a block's last record; 0.1 µs a record from `offset` on, which is where a record begins."""
    recv_ns, size, head = 0, len(block), HEADER.size
    while offset < size:
        header = HEADER.unpack_from(block, offset)
        recv_ns, offset = header[1], offset + head + header[7]
    return recv_ns
