"""The kernel: records in, effects out. Synchronous, deterministic; no I/O, no clock, no unseeded draw.

`step` takes a block and hands runs of frames to the engine; commands, fills and wake-ups are its own. What it decides
goes into a SHA-256 over the canonical encoding, which does not depend on where blocks are cut, on which engine runs or
on how long anything took.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, assert_never

import msgspec

from cambist.engine.protocol import Engine, EngineSetup, Ingested
from cambist.execution import paper_model
from cambist.execution.risk import Approved, RiskGate, RiskState
from cambist.kernel.effects import Effects, Totals
from cambist.kernel.keyframe import KernelCopy, Keyframe
from cambist.kernel.state import RULES, SCHEMA, KernelSetup, KernelState, StateBody, read_state, write_state
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
from cambist.model.events import HEADER, RecordKind, unpack
from cambist.model.opportunity import Need, Opportunity, encode
from cambist.model.orders import Fill, Intent, Order
from cambist.strategies.negative_cycle import NegativeCycle
from cambist.strategies.rule import RuleStrategy

if TYPE_CHECKING:
    from cambist.strategies.base import Strategy

FOREVER_NS = 2**63 - 1
NO_BLOCK = b"", 0
LAST_FILLS = 200
MAX_DECLINED = 256

_OPPORTUNITY = msgspec.json.Decoder(Opportunity)
_NEED = msgspec.json.Decoder(Need)

EngineMaker = Callable[[str, EngineSetup], Engine]
"""Makes an engine: (`native` | `reference`, setup)."""


class Kernel:
    """Owns the engine, the strategies, the risk gate and the paper wallet."""

    def __init__(self, setup: KernelSetup, make_engine: EngineMaker, engine: str = "native") -> None:
        self._make = make_engine
        self._engine_name = engine
        self.setup = setup
        self.engine = make_engine(engine, setup.engine)
        self.decided_by = RULES
        """The rules by which the session that is stepped was decided when it was recorded."""
        self._fresh(setup, KernelState(dict(setup.wallet), RiskState(), {}, []))
        self.last_seq = 0
        self._now_ns = 0
        self._stepped = NO_BLOCK
        """What was stepped last, and where its last run of records begins; `NO_BLOCK` once its time is known."""

    def _fresh(self, setup: KernelSetup, state: KernelState) -> None:
        self.setup = setup
        self.risk = RiskGate(
            setup.limits,
            state.risk,
            pools=setup.engine.pools,
            unrecorded=lambda pools: self.engine.unrecorded(pools),
        )
        self.wallet = state.wallet
        self.strategies: list[Strategy] = [] if setup.watch_only else [self._made(setup.rule)]
        self.open_orders = state.open_orders
        for strategy in self.strategies:
            self._go_on(strategy, state.strategies.get(strategy.name, {}))
        self._next_intent, self._next_order = state.next_intent, state.next_order
        self.totals = Totals()
        self.fills: list[tuple[Order, Fill]] = []
        self.declined: dict[str, str] = {}
        """By key of a cycle that is worth taking: why it was not, at its last chance."""
        self._digest = hashlib.sha256()
        self._sealed = ""

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
            wallet=dict(sorted(self.wallet.items())),
            risk=self.risk.state,
            strategies={s.name: s.state() for s in self.strategies},
            open_orders=self.open_orders,
            next_intent=self._next_intent,
            next_order=self._next_order,
        )
        return StateBody(SCHEMA, self.setup, kernel, engine, self.decided_by)

    def initial_state(self) -> bytes:
        """Returns the body of a STATE record for a session that starts from nothing but the setup."""
        kernel = KernelState(dict(self.setup.wallet), RiskState(), {}, [])
        return write_state(StateBody(SCHEMA, self.setup, kernel, b"", self.decided_by))

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
        body.kernel.risk, body.kernel.open_orders = copy.deepcopy(self.risk.state), [*self.open_orders]
        return KernelCopy(
            body=body,
            engine=self.engine.keyframe(),
            digest=self._digest.copy(),
            totals=copy.deepcopy(self.totals),
            fills=self.fills,
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
        self._digest, self.totals, self.fills = frame.digest.copy(), copy.deepcopy(frame.totals), frame.fills
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
        for order in self.open_orders:
            strategy.on_order(order)

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
        until_ns = self.open_orders[0].due_ns if self.open_orders else FOREVER_NS
        done = self.engine.ingest(block, offset, until_ns)
        self._count(done.records, effects)
        self._take(done, effects)
        return done.offset

    def _take(self, done: Ingested, effects: Effects) -> None:
        if done.needs:
            effects.needs += [_NEED.decode(line) for line in done.needs.splitlines()]
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
            verdict = self.risk.check(intent, opportunity.recv_ns, self.wallet)
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
        self.open_orders.append(order)
        self.open_orders.sort(key=lambda o: (o.due_ns, o.id))
        for strategy in self.strategies:
            strategy.on_order(order)
        effects.orders.append(order)
        self._digest.update(encode(order))

    def _wake(self, recv_ns: int, effects: Effects) -> None:
        while self.open_orders and self.open_orders[0].due_ns <= recv_ns:
            order = self.open_orders.pop(0)
            fill = paper_model.land(self.setup.paper, self.setup.seed, order, self.engine, recv_ns)
            self._book(order, fill, effects)

    def _network_fill(self, fill: Fill, effects: Effects) -> None:
        order = next((o for o in self.open_orders if o.id == fill.order_id), None)
        if order is None:
            effects.notes.append((fill.recv_ns, "warn", f"a fill for order {fill.order_id}, which is not open"))
            return
        self.open_orders.remove(order)
        self._book(order, fill, effects)

    def _book(self, order: Order, fill: Fill, effects: Effects) -> None:
        token = order.tokens[0]
        self.engine.learn(order.key, landed=fill.status == "filled")
        if fill.status == "filled":
            self.engine.filled(order.route, fill.amount_in, fill.recv_ns)
        self.wallet[token] = self.wallet.get(token, 0) + fill.net
        self.totals.net[token] = self.totals.net.get(token, 0) + fill.net
        self.totals.filled += fill.status == "filled"
        self.totals.missed += fill.status == "missed"
        halted = self.risk.state.halted
        self.risk.on_fill(order.key, token, order.amount_in, fill)
        for strategy in self.strategies:
            strategy.on_fill(order, fill)
        self._digest.update(encode(fill))
        effects.fills.append((order, fill))
        self.fills = [*self.fills, (order, fill)][-LAST_FILLS:]
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
                risk.halted = risk.halted or reason
                effects.halts.append((now_ns, risk.halted))
            case ClearHalt():
                risk.halted = ""
                effects.halts.append((now_ns, ""))
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
