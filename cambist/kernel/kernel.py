"""The kernel: records in, effects out. Synchronous, deterministic; no I/O, no clock, no unseeded draw.

`step` takes a block and hands runs of frames to the engine; commands, fills and wake-ups are its own. What it decides
goes into a SHA-256 over the canonical encoding, which does not depend on where blocks are cut, on which engine runs or
on how long anything took.

Here a record is followed from where it enters to what is wished for; what becomes of a wish is `kernel.trading`.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

import msgspec

from cambist.engine.protocol import Engine, EngineSetup, Ingested
from cambist.execution.paper_model import Answers
from cambist.execution.risk import RiskGate, RiskState
from cambist.kernel.access import Access
from cambist.kernel.desk import Desk, Outcome
from cambist.kernel.effects import Effects, Totals
from cambist.kernel.keyframe import KernelCopy, Keyframe
from cambist.kernel.laps import Laps
from cambist.kernel.running import Offered, Running, table
from cambist.kernel.state import RULES, SCHEMA, KernelSetup, KernelState, StateBody, opened, read_state, write_state
from cambist.kernel.trades import Trades
from cambist.kernel.trading import Trading
from cambist.model.commands import (
    Arm,
    ClearHalt,
    Disarm,
    Halt,
    InjectPrice,
    Measured,
    RecordedCommand,
    SetRule,
    SwitchEngine,
    parse,
)
from cambist.model.events import HEADER, RecordKind, unpack
from cambist.model.opportunity import Need, Opportunity, encode
from cambist.model.orders import Fill, Intent
from cambist.strategies import kinds, rule

if TYPE_CHECKING:
    from cambist.kernel.ledger import LedgerState
    from cambist.kernel.running import Find
    from cambist.strategies.base import StrategySetup

NO_BLOCK = b"", 0

_OPPORTUNITY = msgspec.json.Decoder(Opportunity)
_NEED = msgspec.json.Decoder(Need)

EngineMaker = Callable[[str, EngineSetup], Engine]
"""Makes an engine: (`native` | `reference`, setup)."""


class Kernel(Trading):
    """Owns the engine, the strategies, the risk gate and the books."""

    def __init__(
        self, setup: KernelSetup, make_engine: EngineMaker, engine: str = "native", find: Find = kinds.built_in
    ) -> None:
        """`find` knows the kinds of strategies that are installed."""
        self._make, self._find = make_engine, find
        self._engine_name = engine
        self.setup = setup
        self.engine = make_engine(engine, setup.engine)
        self.decided_by = RULES
        """The rules by which the session that is stepped was decided when it was recorded."""
        self._fresh(setup, KernelState(opened(setup), RiskState(), {}, []))
        self.laps = Laps()
        self.last_seq = 0
        self._now_ns = 0
        self._stepped = NO_BLOCK
        """What was stepped last, and where its last run of records begins; `NO_BLOCK` once its time is known."""

    def _fresh(self, setup: KernelSetup, state: KernelState) -> None:
        self.setup = setup
        self.risk = self._gate(state.risk)
        self.desk = Desk(setup.engine, state.ledger, state.open_orders, state.closed)
        self.trades = Trades(state.trades)
        self._tell_stocks()
        self._watch()
        self.risk.adopt([working.order for working in state.open_orders if not working.order.trade])
        self.running = self._made(setup)
        self._go_on(state.strategies, state.stopped)
        self._next_intent, self._next_order = state.next_intent, state.next_order
        self.totals = Totals()
        self.declined = {}
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
            strategies=self.running.state(),
            open_orders=[*self.desk.working],
            closed=[*self.desk.closed],
            trades=[*self.trades.open.values()],
            next_intent=self._next_intent,
            next_order=self._next_order,
            stopped=dict(self.running.stopped),
        )
        return StateBody(SCHEMA, self.setup, kernel, engine, self.decided_by)

    def initial_state(self) -> bytes:
        """Returns the body of a STATE record for a session that starts from nothing but the setup."""
        kernel = KernelState(opened(self.setup), RiskState(), {}, [])
        return write_state(StateBody(SCHEMA, self.setup, kernel, b"", self.decided_by))

    def adopt(self, books: LedgerState, risk: RiskState) -> None:
        """Goes on with the books and the day's result of earlier sessions, before the first record."""
        self.desk = Desk(self.setup.engine, books, [], [])
        self._tell_stocks()
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
            declined={key: dict(reasons) for key, reasons in self.declined.items()},
        )

    def keyframe(self) -> Keyframe:
        """Returns a point that `rewind` can go back to."""
        return self.copied().keyframe()

    def rewind(self, frame: Keyframe) -> None:
        """Goes back to a keyframe; digest and totals go on from there as if nothing came after it."""
        self.restore(frame.state)
        self._digest, self.totals, self.desk.outcomes = frame.digest.copy(), copy.deepcopy(frame.totals), frame.outcomes
        self.last_seq, self._now_ns, self._stepped = frame.last_seq, frame.now_ns, NO_BLOCK
        self._sealed = frame.sealed
        self.declined = {key: dict(reasons) for key, reasons in frame.declined.items()}

    def at(self, frame: Keyframe, engine: str) -> Kernel:
        """Returns another kernel that goes on from a keyframe, on the engine of that name."""
        other = Kernel(self.setup, self._make, engine, self._find)
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
        setup = msgspec.structs.replace(self.setup, rule=text)
        running, states, stopped = self._ruled(setup), self.running.state(), self.running.stopped
        self.setup, self.running = setup, running
        self._go_on(states, stopped)

    def check_rule(self, text: str) -> None:
        """Raises `ValueError` at the column if a text is no rule here. Changes nothing."""
        self._ruled(msgspec.structs.replace(self.setup, rule=text))

    def _ruled(self, setup: KernelSetup) -> Running:
        if setup.strategies and not any(each.kind == rule.KIND.name and not each.settings for each in setup.strategies):
            message = "no strategy here goes by the operator's rule"
            raise ValueError(message)
        return self._made(setup, by_rule=True)

    def _go_on(self, states: dict[str, dict[str, int]], stopped: dict[str, str]) -> None:
        self.running.restore(states, [working.order for working in self.desk.working], stopped)

    def _made(self, setup: KernelSetup, *, by_rule: bool = False) -> Running:
        """Returns the strategies of a setup; while only watched none, but a rule is held against it (`by_rule`)."""
        running = Running(table(setup), self._find, self._access) if by_rule or not setup.watch_only else None
        return Running((), self._find, self._access) if running is None or setup.watch_only else running

    def _access(self, setup: StrategySetup) -> Access:
        backend = "reference" if self._engine_name == "reference" else "auto"
        return Access(
            self.setup.engine, backend, lambda: self.engine, lambda venue: self.ledger.wallet(venue), setup.max_edges
        )

    def step(self, block: bytes) -> Effects:
        """Takes every record of a block in order. Raises `BlockError` for a damaged block."""
        if self._sealed:
            self._unseal()
        self.laps.begin(block)
        effects = Effects()
        offset, begun, size = 0, 0, len(block)
        while offset < size:
            seq, recv_ns, kind = HEADER.unpack_from(block, offset)[:3]
            if kind != RecordKind.STATE:  # which holds the orders that are due: they would land once more after it
                self._wake(recv_ns, effects)
            self._now_ns, self._stepped, begun, before = recv_ns, NO_BLOCK, offset, effects.records
            if kind == RecordKind.FRAME:
                offset = self._ingest(block, offset, effects)
            else:
                offset = self._single(block, offset, kind, effects)
            self.last_seq = seq + effects.records - before - 1
            if self.running.news:
                effects.notes += [(self._now_ns, "error", text) for text in self.running.news]
                self.running.news.clear()
        if block:
            self._stepped = block, begun
        effects.last_seq = self.last_seq
        return effects

    def _ingest(self, block: bytes, offset: int, effects: Effects) -> int:
        done = self.engine.ingest(block, offset, self.due_ns)
        self._count(done.records, effects)
        self._take(done, effects)
        if done.watched_ns is not None:
            self._follow(done.watched_ns, effects)
        return done.offset

    def _take(self, done: Ingested, effects: Effects) -> None:
        effects.needs += map(_NEED.decode, done.needs.splitlines())
        if done.ends:
            effects.ends += self.totals.gaps.take_lines(done.ends)
        self.totals.gaps.identify_lines(done.receipts)
        if done.decisions:
            effects.decided = True
            self._digest.update(done.decisions)
            if done.go:
                self._go(done, effects)

    def _single(self, block: bytes, offset: int, kind: int, effects: Effects) -> int:
        record, after = unpack(block, offset)
        if kind == RecordKind.STATE:
            self.restore(record.body)
            self.totals.first_ns = record.recv_ns
            effects.notes.append((record.recv_ns, "info", "session begins"))
            effects.notes += [(record.recv_ns, "warn", why) for why in self.running.otherwise]
        else:
            self._take(self.engine.control(block, offset), effects)
            if kind == RecordKind.TICK:
                self._settle(record.recv_ns, effects)
            elif kind == RecordKind.COMMAND:
                rule = self.setup.rule
                self._command(record.body, record.recv_ns, effects)
                if self.setup.rule != rule:
                    effects.rules.append((record.seq, self.setup.rule))
            elif kind == RecordKind.FILL:
                self._network_fill(msgspec.json.decode(record.body, type=Fill), effects)
            elif kind == RecordKind.GAP:
                self.totals.dropped += int(msgspec.json.decode(record.body)["count"])
        self._count(1, effects)
        return after

    def _count(self, records: int, effects: Effects) -> None:
        effects.records += records
        self.totals.records += records

    def _go(self, done: Ingested, effects: Effects) -> None:
        """Offers each go decision to the strategies, in record order; they are among the last."""
        self.laps.decided(self.engine.judging_ns)
        found: list[Opportunity] = []
        for line in reversed(done.decisions.splitlines()):
            opportunity = _OPPORTUNITY.decode(line)
            if opportunity.go:
                found.append(opportunity)
                if len(found) == done.go:
                    break
        for opportunity in reversed(found):
            self._now_ns = opportunity.recv_ns
            for offered in self.running.offer(opportunity):
                self._offered(offered, opportunity, effects)

    def _offered(self, offered: Offered, opportunity: Opportunity, effects: Effects) -> None:
        wish = offered.wish
        if wish is None:
            self.totals.skipped[offered.skip] += 1
            self._decline(opportunity.key, offered.strategy, offered.skip)
            return
        intent = Intent(self._next_intent, offered.strategy, opportunity, wish.amount_in, wish.min_out)
        self._submit(intent, opportunity.recv_ns, effects)

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
            case Measured(venue=venue, p50_ns=p50_ns, p90_ns=p90_ns):
                told = self.setup.paper.told(venue, Answers(p50_ns, max(p50_ns, p90_ns)))
                self.setup = msgspec.structs.replace(self.setup, paper=told)
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
