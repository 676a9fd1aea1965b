"""Random flows of orders through a real kernel on a real engine, each step held against a witness."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cambist.engine import make_engine
from cambist.kernel.kernel import Kernel
from cambist.model.commands import Arm, ClearHalt, Disarm, Halt, InjectPrice, SetRule, SwitchEngine, recorded
from cambist.model.events import RecordKind
from cambist.model.ledger import DAY_NS
from cambist.model.orders import Charges, Fill, Purpose, Stage
from tests.flows.witness import Witness
from tests.flows.world import MS, PRICES, TRADED, WORLDS, begin, kernel_setup
from tests.parity.markets import USDC

if TYPE_CHECKING:
    from cambist.kernel import Effects
    from cambist.kernel.keyframe import Keyframe
    from tests.flows.held import Held
    from tests.flows.world import Street

NO_DIGITS = str.maketrans("", "", "0123456789")
NOBODY = 999_999
"""An order that was never sent."""
S = 10**9
WAITS_MS = (5, 90, 400, 900, 900, 2_000, 5_000, 61_000)
STEPS_S = (-7_200, -61, -1, 30, 3_600)
COMMANDS = (
    Halt("by hand"), ClearHalt(), ClearHalt(), ClearHalt(), Disarm("the disk is full"), Arm(), Arm(), Halt("again"),
    SetRule("net_bps > 6"), SetRule(), SetRule("net_bps >"), SwitchEngine(), InjectPrice(USDC, 1.01),
)  # fmt: skip
BARREN = {"revert": Stage.REVERTED, "miss": Stage.MISSED, "expire": Stage.EXPIRED}
WORD = {
    "unknown": Stage.UNKNOWN, "ack": Stage.ACKNOWLEDGED, "landed": Stage.LANDED, "unwinding": Stage.UNWINDING,
    "final": Stage.FINAL, "sent": Stage.SENT, "built": Stage.BUILT,
}  # fmt: skip
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "below nothing": {"amount_out": -1},
    "out of this world": {"amount_out": 2**64},
    "paid below nothing": {"charges": Charges(tip=-1)},
    "a miss that fills": {"status": Stage.MISSED, "amount_in": 1, "amount_out": 1},
    "a landing that pays": {"status": Stage.LANDED, "amount_in": 0, "amount_out": 0, "charges": Charges(1)},
}
HOW = (*("fill", "part", "unknown") * 4, "loss", *BARREN, *WORD, *IMPOSSIBLE, "too much")
LATE = (*("unknown",) * 4, "fill", "part", "landed", *BARREN)


def outcome(held: Held, how: str, sixteenths: int, now_ns: int) -> Fill:
    """Returns what a venue says of an order; `sixteenths` of what is left of it are filled, or lost."""
    order, left = held.order, held.left
    spent = left if how != "part" else left * sixteenths // 16
    short = order.expected_out * spent // order.amount_in
    out = max(order.min_out, short - short * sixteenths // 4_000) if how == "fill" else short
    if how == "loss":
        out -= out * sixteenths // 16
    paid = order.charges.total - held.charged == order.charges.total
    owed = order.charges if paid and how != "part" else Charges()
    fill = Fill(order.id, now_ns, Stage.FILLED, spent, out, order.fee if paid else 0, None, charges=owed)
    if how == "part":
        fill = msgspec.structs.replace(fill, status=Stage.PARTIAL, fee=0)
    elif how in BARREN:
        owes = how == "revert"
        fill = msgspec.structs.replace(
            fill,
            status=BARREN[how],
            amount_in=0,
            amount_out=0,
            fee=order.miss_fee if owes else 0,
            charges=order.miss_charges if owes else Charges(),
        )
    elif how in WORD:
        fill = Fill(order.id, now_ns, WORD[how], 0, 0, 0, None)
    elif how == "too much":
        fill = msgspec.structs.replace(fill, amount_in=left + 1)
    fill = msgspec.structs.replace(fill, **IMPOSSIBLE.get(how, {}))
    cycle = order.base == order.token_out
    return msgspec.structs.replace(fill, net=fill.amount_out - fill.amount_in - fill.fee if cycle else None)


class OrderFlows(RuleBasedStateMachine):
    """One flow: a market that moves, orders that go out and end, and everything that may come between."""

    engine = "native"
    seen: ClassVar[Counter[str]] = Counter()
    """What all flows of this process came through."""
    kernel: Kernel
    market: Street
    witness: Witness

    @initialize(world=st.sampled_from(sorted(WORLDS)))
    def open(self, world: str) -> None:
        """Begins with a live market in which nothing was sent."""
        self.world = world
        self.seen["flows"] += 1
        self.kernel, self.market = begin(world, self.engine)
        self.witness = Witness(kernel_setup(world))
        self._keep()

    def _keep(self) -> None:
        self.frame: Keyframe = self.kernel.keyframe()
        self.blocks: list[bytes] = []
        self.steps = 0

    def step(self) -> Effects:
        """Steps what the market told and lets the witness see what came of it."""
        block = self.market.take()
        self.blocks.append(block)
        effects = self.kernel.step(block)
        self.witness.take(effects)
        self.seen.update(self._told_of(effects))
        return effects

    def _told_of(self, effects: Effects) -> list[str]:
        """Returns what a step came through, in words."""
        words = [f"refused: {each.reason}" for each in effects.refusals]
        for order in effects.orders:
            kind = "a leg" if order.trade else "to reduce" if order.purpose is Purpose.REDUCE else "one transaction"
            words.append(f"sent: {kind}")
        words += [f"told: {each.stage}" for each in effects.stages if each.stage not in (Stage.NEW, Stage.SENT)]
        words += [f"booked: {each.kind}" for each in effects.entries]
        words += [f"halted: {reason.translate(NO_DIGITS)[:40]}" for _, reason in effects.halts if reason]
        words += [f"left over at {self.world}"] * bool(self.witness.counted.left)
        return words

    @rule(pool=st.sampled_from(TRADED), sol=st.sampled_from((20, 300, 2_000)), first=st.booleans())
    def taken(self, pool: str, sol: int, *, first: bool) -> None:
        """Somebody swaps at a pool: a cycle may pay now, and an open order may not."""
        self.market.taken(pool, sol, first=first)
        self.step()

    @rule(price=st.sampled_from(PRICES), size=st.sampled_from(("500", "20", "2")))
    def quoted(self, price: tuple[str, str], size: str) -> None:
        """The exchange has another price, or less at it."""
        self.market.price, self.market.size = price, size
        self.market.still_there()
        self.step()

    @rule(ms=st.sampled_from(WAITS_MS))
    def wait(self, ms: int) -> None:
        """Time goes on: orders land, what is left over is sold."""
        self.market.tick(ms * MS // 2)
        self.market.tick(ms * MS // 2)
        self.market.still_there()
        self.step()

    @rule(seconds=st.sampled_from(STEPS_S))
    def clock(self, seconds: int) -> None:
        """The clock is set."""
        self.market.tick(seconds * S)
        self.step()

    @rule()
    def midnight(self) -> None:
        """A day (UTC) begins."""
        self.market.tick(DAY_NS - self.market.now_ns % DAY_NS)
        self.market.still_there()
        self.step()

    @precondition(lambda self: self.witness.orders)
    @rule(which=st.integers(0, 3), how=st.sampled_from(HOW), sixteenths=st.integers(1, 16), twice=st.booleans())
    def told(self, which: int, how: str, sixteenths: int, *, twice: bool) -> None:
        """A record says what became of an order that is open; perhaps twice."""
        self.market.tick(0)
        self.step()
        if known := self.witness.open:
            fill = outcome(known[which % len(known)], how, sixteenths, self.market.now_ns)
            for _ in range(1 + twice):
                self._told(fill)

    @precondition(lambda self: self.witness.closed)
    @rule(which=st.integers(0, 3), how=st.sampled_from(LATE), sixteenths=st.integers(1, 16), nobody=st.booleans())
    def told_late(self, which: int, how: str, sixteenths: int, *, nobody: bool) -> None:
        """A record says something of an order that has ended, or of one that was never sent."""
        self.market.tick(0)
        self.step()
        known = self.witness.closed
        fill = outcome(known[-1 - which % len(known)], how, sixteenths, self.market.now_ns)
        self._told(msgspec.structs.replace(fill, order_id=NOBODY) if nobody and how != "unknown" else fill)

    def _told(self, fill: Fill) -> None:
        held = self.witness.orders.get(fill.order_id)
        could = held is not None and held.could(fill)
        self.market.record(RecordKind.FILL, msgspec.json.encode(fill), step_ns=0)
        effects = self.step()
        stages = [(each.order_id, each.stage) for each in effects.stages]
        assert ((fill.order_id, fill.status) in stages) == could, f"{fill} of {held}"
        assert could or effects.notes, "what can't be is said"

    @rule(command=st.sampled_from(COMMANDS))
    def command(self, command: Any) -> None:
        """The operator, or the runtime, gives an order."""
        self.market.record(RecordKind.COMMAND, msgspec.json.encode(recorded(command)))
        self.step()
        counted = self.witness.counted
        match command:
            case Halt():
                counted.halted = True
            case ClearHalt():
                counted.roll(self.market.now_ns)
                counted.halted = counted.broken()
            case Disarm():
                counted.disarmed = True
            case Arm():
                counted.disarmed = False

    @rule()
    def keep(self) -> None:
        """A keyframe is stored."""
        self._keep()

    @precondition(lambda self: self.blocks)
    @rule(at=st.integers(0, 8))
    def crash(self, at: int) -> None:
        """The process dies, and another steps the records since the keyframe, cut elsewhere."""
        again = Kernel(self.kernel.setup, make_engine, self.engine)
        again.rewind(self.frame)
        at %= len(self.blocks) + 1
        for block in (b"".join(self.blocks[:at]), b"".join(self.blocks[at:])):
            again.step(block)
        again.require_same(self.kernel)
        assert again.state() == self.kernel.state()
        self.kernel = again

    @rule()
    def session(self) -> None:
        """A session ends and the next goes on from its STATE."""
        self.market.record(RecordKind.STATE, self.kernel.state())
        self.witness.filled = self.witness.missed = 0
        self.step()
        self._keep()

    @invariant()
    def holds(self) -> None:
        """Books balance, wallets are the sum of postings, and nothing is counted twice or forgotten."""
        if hasattr(self, "witness"):
            self.witness.require_same(self.kernel)


class BothEngines(OrderFlows):
    """The same with the reference engine taking over in the middle, and back."""

    @precondition(lambda self: self.blocks)
    @rule()
    def switch(self) -> None:
        """The other engine catches up from the keyframe and goes on."""
        other = self.kernel.at(self.frame, "reference" if self.kernel.engine.name == "native" else "native")
        for block in self.blocks:
            other.step(block)
        assert other.state() == self.kernel.state()
        self.kernel.take_over(other)
        self._keep()
