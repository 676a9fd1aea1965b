"""The embedded market with the logs of all its pools, and who truly closed each gap: its transactions one by one."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.model.ends import Fate, GapEnd, Receipt
from cambist.model.events import HEADER, RecordKind
from cambist.model.rivals import LEVELS
from cambist.simulator.history import transaction_of
from cambist.simulator.market import Market as Demo
from cambist.simulator.pool import Moment
from cambist.simulator.tokens import tokens
from tests.parity.markets import HTTP, WS
from tests.parity.moments import marked_last
from tests.parity.test_demo_market import Wire, demo_setup
from tests.snapshots import all_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.engine.protocol import Engine
    from cambist.simulator.chain import Landed

SIZES = (1, 2, 4, 8, 16)
"""What a gap is tried at, as parts of the size it had."""


@dataclass
class LoggedWire(Wire):
    """Frames of the embedded market with the logs of its pools, each transaction after the accounts of its slot."""

    logs_of: dict[bytes, int] = field(default_factory=dict)
    landed: dict[str, Landed] = field(default_factory=dict)
    """What can be asked for, by signature."""
    wanted: list[str] = field(default_factory=list)
    """Signatures that the engine asked for."""

    def subscribe_logs(self) -> None:
        """Subscribes to the logs of each pool."""
        for at, pool in enumerate(self.demo.world.pools):
            self.requests += 1
            ask = {"jsonrpc": "2.0", "id": self.requests, "method": "logsSubscribe"}
            params = [{"mentions": [base58.encode(pool.spec.address)]}, {"commitment": "processed"}]
            self.frame(WS, ask | {"params": params}, out=True)
            self.logs_of[pool.spec.address] = 100_000 + at
            self.frame(WS, {"jsonrpc": "2.0", "result": 100_000 + at, "id": self.requests})

    def answer(self, needs: list[dict]) -> None:
        """Subscribes and seeds what the engine asks for, and tells the transactions that it wants."""
        super().answer(needs)
        decimals = {token.mint: token.decimals for token in tokens().values()}
        for signature in (need["key"] for need in needs if need["kind"] == "transaction"):
            self.wanted.append(signature)
            self.requests += 1
            ask = {"jsonrpc": "2.0", "id": self.requests, "method": "getTransaction", "params": [signature]}
            self.frame(HTTP, ask, out=True)
            landed = self.landed[signature]
            told = {"slot": landed.slot, **transaction_of(landed, decimals)}
            self.frame(HTTP, {"jsonrpc": "2.0", "result": told, "id": self.requests})

    def tell(self, block: Any) -> None:
        """Tells what a slot changed, its logs, and that the next one began."""
        self.advance()
        for key in block.changed:
            if key in self.subscriptions:
                self.notify(key, block.slot)
        for item in block.landed:
            self.landed[base58.encode_signature(item.signature)] = item
            for key, number in self.logs_of.items():
                if key in item.mentions:
                    value = {"signature": base58.encode_signature(item.signature), "err": item.err, "logs": item.logs}
                    result = {"context": {"slot": block.slot}, "value": value}
                    params = {"result": result, "subscription": number}
                    self.frame(WS, {"jsonrpc": "2.0", "method": "logsNotification", "params": params})
        self.next_slot()


@dataclass
class Step:
    """A transaction that landed, and the accounts as it left them."""

    slot: int
    signature: bytes
    changed: frozenset[bytes]


class History:
    """What each transaction of the chain changed, so that any state between two of them can be looked at."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.steps = [Step(0, b"", frozenset())]
        self._kept: dict[bytes, tuple[list[int], list[Any]]] = {}
        """Of each account, after which steps it changed and to what."""
        self._note(dict(demo.chain.accounts))
        execute = demo.chain._execute

        def kept(transaction: Any, slot: int) -> Any:
            outcome = execute(transaction, slot)
            if outcome.changed:
                self.steps.append(Step(slot, transaction.signatures[0], frozenset(outcome.changed)))
                self._note(outcome.changed)
            return outcome

        demo.chain._execute = kept  # type: ignore[method-assign]

    def _note(self, changed: Mapping[bytes, Any]) -> None:
        for key, account in changed.items():
            places, accounts = self._kept.setdefault(key, ([], []))
            places.append(len(self.steps) - 1)
            accounts.append(account)

    def find(self, at: int) -> Callable[[bytes], Any]:
        """Returns how accounts are found as they were after a step."""

        def found(key: bytes) -> Any:
            places, accounts = self._kept.get(key, ([], []))
            place = bisect_right(places, at)
            return accounts[place - 1] if place else None

        return found

    def earned(self, at: int, legs: list[dict[str, Any]], amount_in: int) -> int:
        """Returns what a route earns before costs after a step, at the best of some sizes."""
        demo, find, best = self.demo, self.find(at), None
        step = self.steps[at]
        for part in SIZES:
            amount = amount_in // part
            start = amount
            try:
                for leg in legs:
                    pool = demo.world.pools[leg["pool"]]
                    moment = Moment(demo.chain.now_ms // 1_000, step.slot, demo.chain.epoch)
                    amount = pool.swap(find, amount, moment, a_to_b=leg["sells_a"], exact_in=True).received
            except QuoteError:
                continue
            best = amount - start if best is None else max(best, amount - start)
        return -amount_in if best is None else best

    def closer(self, closing: dict[str, Any]) -> bytes | None:
        """Returns the transaction after which a gap left nothing, `None` if none did that."""
        gap = closing["gap"]
        legs, amount_in = gap["legs"], gap["amount_in"]
        begins = max(leg["slot"] for leg in legs)
        ends = max(slot for slot, _ in closing["after"])
        first = bisect_right(self.steps, begins, key=lambda step: step.slot) - 1
        cost = self.earned(first, legs, amount_in) - gap["last_net"]
        specs = [self.demo.world.pools[leg["pool"]].spec for leg in legs]
        own = {key for spec in specs for key in (spec.address, spec.vault_a, spec.vault_b)}
        for at in range(first + 1, len(self.steps)):
            step = self.steps[at]
            if step.slot > ends:
                break
            if not own.isdisjoint(step.changed) and self.earned(at, legs, amount_in) <= cost:
                return step.signature
        return None


class Said(NamedTuple):
    """What an engine said of a block."""

    decisions: bytes = b""
    needs: bytes = b""
    ends: bytes = b""
    receipts: bytes = b""


def run_all(engine: Engine, block: bytes) -> Said:
    """Feeds a block as the kernel would."""
    said, offset = Said(), 0
    while offset < len(block):
        if HEADER.unpack_from(block, offset)[2] == RecordKind.FRAME:
            done = engine.ingest(block, offset, 1 << 62)
        else:
            done = engine.control(block, offset)
        said = Said(*(getattr(said, name) + getattr(done, name) for name in Said._fields))
        offset = done.offset
    return said


class Watched:
    """An engine that watches the embedded market, the ends it told and what they truly were."""

    def __init__(self, seed: int, *names: str) -> None:
        self.wire = LoggedWire(demo=Demo(seed, rivals=LEVELS["easy"]))
        self.history = History(self.wire.demo)
        setup = msgspec.structs.replace(demo_setup(self.wire.demo), moments=True)
        self.engines = [make_engine(name, setup) for name in names]
        self.ends: list[GapEnd] = []
        self.receipts: list[Receipt] = []
        self.truth: dict[tuple[str, int], bytes | None] = {}
        wire = self.wire
        wire.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
        wire.next_slot()
        wire.answer([{"kind": "account", "key": base58.encode(key)} for key in wire.demo.chain.pools])
        self._feed()
        wire.fees([2_000, 3_000, 4_000])
        wire.subscribe_logs()
        self._feed()

    def _feed(self) -> None:
        wire = self.wire
        while plain := wire.take():
            block = marked_last(plain)
            outputs = [run_all(engine, block) for engine in self.engines]
            assert all(output == outputs[0] for output in outputs)
            self.ends += [msgspec.json.decode(line, type=GapEnd) for line in outputs[0].ends.splitlines()]
            self.receipts += [msgspec.json.decode(line, type=Receipt) for line in outputs[0].receipts.splitlines()]
            wire.answer([json.loads(line) for line in outputs[0].needs.splitlines()])

    def slot(self) -> None:
        """Runs a slot, and works out the truth of the gaps that ended in it."""
        self.wire.tell(self.wire.demo.slot())
        self._feed()
        for closing in all_state(self.engines[0])["ends"]["closing"]:
            told = closing["key"], closing["ended_ns"]
            if told not in self.truth and closing["fate"] == Fate.FADED and closing["gap"]["legs"]:
                self.truth[told] = self.history.closer(closing)
