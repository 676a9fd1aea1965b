"""Both engines, byte for byte, on the embedded market with every venue it holds: frames as its node would send them."""

import json
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field

import pytest

from cambist.engine import make_engine
from cambist.engine.duel_cases import Captured, cases
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.engine.snapshot import container
from cambist.model.events import RecordKind
from cambist.model.market import PoolRef, Token
from cambist.model.rivals import LEVELS
from cambist.simulator.addresses import pda
from cambist.simulator.market import Market as Demo
from cambist.simulator.pool import Pool
from cambist.simulator.swap_builder import SwapBuilder
from cambist.simulator.transactions import Budget, set_limit, set_price, sign
from cambist.simulator.venues.clmm.catalogue import TERMS
from feeds.solana import SEEDS
from tests.parity.markets import WS, Market, run, setup

SLOTS = 24
VENUES = {"ray4", "cpmm", "orca", "saber", "damm2", "dlmm", "clmm", "pump"}


@dataclass
class Wire(Market):
    """Frames of the embedded market."""

    demo: Demo = field(default_factory=lambda: Demo(7, rivals=LEVELS["easy"]))

    def __post_init__(self) -> None:
        self.now_ns = self.demo.now_ms * 10**6
        self.slot = self.demo.chain.slot
        self.ticks: dict[bytes, dict] = {}
        self.pools = {base58.encode(pool.spec.address): pool for pool in self.demo.world.pools}

    def _clock(self) -> None:
        """The chain keeps it."""

    def _value(self, address: bytes) -> dict | None:
        account = self.demo.chain.accounts.get(address)
        if account is None:
            return None
        return {
            "lamports": account.lamports,
            "data": [b64encode(account.data).decode(), "base64"],
            "owner": base58.encode(account.owner),
            "executable": False,
            "rentEpoch": 18446744073709551615,
            "space": account.space,
        }

    def answer(self, needs: list[dict]) -> None:
        """Subscribes and seeds what the engine asks for."""
        keys = dict.fromkeys(self._address(need) for need in needs if need["kind"] in {"account", *SEEDS})
        for key in keys:
            if key not in self.subscriptions:
                self.subscribe(key)
        if keys:
            self.seed(list(keys))

    def _address(self, need: dict) -> bytes:
        key = base58.decode(need["key"])
        if need["kind"] == "account":
            return key
        owner = self.demo.chain.accounts[key].owner
        return pda(owner, *SEEDS[need["kind"]](key, need["index"]))

    def parts(self, pool: Pool) -> list[bytes]:
        """Returns the accounts of a pool that a swap changes together; none if the last slot's did not."""
        if pool.spec.venue in ("saber", "pump"):
            return [pool.spec.vault_a, pool.spec.vault_b]
        accounts = self.demo.chain.accounts
        if pool.spec.venue == "dlmm":
            return [pool.spec.address, pool.arrays[accounts[pool.spec.address].pair.active_id // 70]]
        # A CLMM pool's arrays change with it where a swap takes of the limit orders on their ticks.
        now = {key: accounts[key].array.ticks for key in pool.arrays.values()}
        before, self.ticks[pool.spec.address] = self.ticks.get(pool.spec.address, now), now
        filled = [key for key in now if now[key] != before[key]]
        return [pool.spec.address, *filled] if filled else []

    def trade_orders(self, *, a_to_b: bool) -> None:
        """Sends a swap that goes over some limit orders of each CLMM pool that has them."""
        chain, wallet = self.demo.chain, self.demo.world.noise[0]
        builder = SwapBuilder(chain.accounts.get)
        for pool in self.demo.world.pools:
            spec = pool.spec
            if spec.venue != "clmm" or not TERMS[spec.tier].limit_orders:
                continue
            reserves = pool.reserves(chain.accounts.get)
            amount = pool.amount_for(reserves, spec.tick_spacing * 2e-4, a_to_b=a_to_b)
            swap = builder.swap(pool, wallet.key, amount, 0, a_to_b=a_to_b)
            budget = Budget(300_000, 10**9)
            head = (set_limit(budget.limit), set_price(budget.price))
            chain.submit(sign(wallet.keypair, wallet.key, chain.latest_blockhash()[0], (*head, swap), budget))

    def advance(self) -> None:
        """Goes to the market's time."""
        self.now_ns = max(self.now_ns, self.demo.now_ms * 10**6)

    def close_slot(self, *, late: bool) -> Counter:
        """Runs a slot, tells what changed and announces the next; if `late`, in the other order. Returns swaps."""
        block = self.demo.slot()
        assert block.slot == self.slot
        self.advance()
        subscribed = [key for key in block.changed if key in self.subscriptions and key != program.CLOCK]
        for key in subscribed if not late else ():
            self.notify(key, block.slot)
        self.next_slot()
        for key in subscribed if late else ():
            self.notify(key, block.slot)
        landed = [item.transaction for item in block.landed if item.err is None]
        pools = self.demo.chain.pools
        metas = [meta for item in landed for instruction in item.instructions for meta in instruction.accounts]
        return Counter(pools[meta.key].spec.venue for meta in metas if meta.key in pools)


def demo_setup(demo: Demo):
    pools = [
        PoolRef(base58.encode(pool.spec.address), base58.encode(demo.chain.accounts[pool.spec.address].owner))
        for pool in demo.world.pools
    ]
    bases = {"SOL": 1, "USDC": 2}
    tokens = [
        Token(base58.encode(token.mint), symbol, token.decimals, True, bases.get(symbol, 0))
        for symbol, token in demo.world.tokens.items()
    ]
    return setup(pools=tuple(pools), tokens=tuple(tokens), identities=(), instruments=())


class Session:
    """Engines that watch the market, and what they said."""

    def __init__(self, *backends: str) -> None:
        self.wire = Wire()
        self.engines = [make_engine(backend, demo_setup(self.wire.demo)) for backend in backends]
        self.decisions: list[dict] = []
        self.wire.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
        self.wire.next_slot()
        self.wire.answer([{"kind": "account", "key": base58.encode(key)} for key in self.wire.demo.chain.pools])
        self.feed()
        self.wire.fees([2_000, 3_000, 4_000])
        self.feed()

    def feed(self) -> None:
        """Feeds what was sent, and fulfils needs until there are none."""
        while block := self.wire.take():
            outputs = [run(engine, block) for engine in self.engines]
            assert all(output == outputs[0] for output in outputs)
            decisions, needs = outputs[0]
            self.decisions += [json.loads(line) for line in decisions.splitlines()]
            self.wire.answer([json.loads(line) for line in needs.splitlines()])

    def view(self) -> dict:
        return json.loads(self.engines[0].present(self.wire.now_ns))


def states(session: Session) -> dict[str, dict[str, str]]:
    """Returns the state of each pool, by venue and address."""
    state = container.read(session.engines[0].snapshot())
    found: dict[str, dict[str, str]] = {name: {} for name in VENUES}
    for part in state.pools:
        found[session.wire.pools[part.name].spec.venue][part.name] = part.state
    return found


def venues_of(session: Session, cycle: dict) -> set[str]:
    return {session.wire.pools[edge.rpartition(":")[0]].spec.venue for edge in cycle["route"]}


def test_every_venue_becomes_live_and_both_engines_say_the_same() -> None:
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    session, swaps, crossed = Session("reference", "native"), Counter(), Counter()
    first, second = session.engines
    wire = session.wire
    for venue, pools in states(session).items():
        held = sum(pool.spec.venue == venue for pool in wire.pools.values())
        assert Counter(pools.values()) == {"live": held}, venue
    for number in range(SLOTS):
        swaps += wire.close_slot(late=number % 4 == 3)
        session.feed()
        assert first.present(wire.now_ns) == second.present(wire.now_ns)
        for cycle in session.view()["cycles"]:
            crossed.update(venues_of(session, cycle))
    assert first.snapshot() == second.snapshot()
    assert set(swaps) == VENUES, swaps
    assert set(crossed) == VENUES, crossed
    quoted: set[str] = set()
    for cycle in session.view()["cycles"]:
        answers = [engine.quote_route(cycle["route"], 10**9, wire.now_ns) for engine in (first, second)]
        assert answers[0] == answers[1]
        assert first.inspect(cycle["key"], wire.now_ns) == second.inspect(cycle["key"], wire.now_ns)
        quoted |= venues_of(session, cycle)
    assert quoted & {"saber", "damm2", "dlmm", "clmm", "pump"}


@pytest.fixture(scope="module")
def shared() -> Session:
    """A session for one venue after the other: to open it takes longer than to see what is asked here."""
    return Session("reference")


@pytest.mark.parametrize("venue", ["saber", "dlmm", "clmm", "pump"])
def test_a_pool_told_in_part_is_torn_until_the_rest_is_told(venue: str, shared: Session) -> None:
    session = shared
    wire, seen = session.wire, 0
    for pool in wire.pools.values():
        if pool.spec.venue == venue:
            wire.parts(pool)
    for number in range(40):
        if venue == "clmm":
            wire.trade_orders(a_to_b=number % 2 == 0)
        block = wire.demo.slot()
        wire.advance()
        changed = [key for key in block.changed if key in wire.subscriptions and key != program.CLOCK]
        parts = {name: wire.parts(pool) for name, pool in wire.pools.items() if pool.spec.venue == venue}
        halves = {name: keys for name, keys in parts.items() if keys and set(keys) <= set(changed)}
        later = {key for keys in halves.values() for key in keys[1:]}
        for key in changed:
            if key not in later:
                wire.notify(key, block.slot)
        session.feed()
        if halves:
            now = states(session)[venue]
            assert {now[name] for name in halves} == {"torn"}
        for key in later:
            wire.notify(key, block.slot)
        wire.next_slot()
        session.feed()
        if halves:
            assert set(states(session)[venue].values()) == {"live"}
        seen += len(halves)
        if seen >= 4:
            break
    assert seen >= 4


def test_the_duel_times_the_maths_of_every_venue() -> None:
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    session = Session("reference")
    session.wire.close_slot(late=False)
    block = session.wire.take()
    captured = Captured(demo_setup(session.wire.demo), session.engines[0].snapshot(), block)
    timed = [case for case in cases(captured) if case.module == "amm_math"]
    assert {case.reference.args[0] for case in timed} == VENUES
    for case in timed:
        answer = case.reference()
        assert any(isinstance(quote, tuple) for quote in answer)
        assert answer == case.native()
