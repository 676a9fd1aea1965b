"""What our own fills moved: alike in both engines, as the programs leave it, and until somebody else has moved it."""

import json
import random
from collections import ChainMap, Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.model.events import RecordKind
from cambist.simulator.accounts import Account
from cambist.simulator.execution import execute
from cambist.simulator.pool import Moment, Pool
from cambist.simulator.swap_builder import SwapBuilder
from cambist.simulator.transactions import Budget, Transaction
from cambist.simulator.venues import HANDLERS
from tests.parity.markets import EXCHANGE, POOLS, WS, Market, key, run
from tests.parity.test_demo_market import VENUES, Session, Wire
from tests.parity.test_engine import acts, both, play

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
BOOK = "binance:SOLUSDC"
NAMES = {**{name: base58.encode(key(name)) for name in POOLS}, "book": BOOK}
EDGES = [f"{name}:{side}" for name in NAMES.values() for side in (0, 1)]
fills = st.tuples(
    st.just("fill"), st.lists(st.sampled_from(EDGES), min_size=1, max_size=3), st.integers(1, 10**13), st.booleans()
)


class Chain(Market):
    """The tiny market, which says what a pool pays."""

    def paid(self, name: str, amount_in: int, *, a_to_b: bool) -> int:
        time = ChainTime(self.slot, self.now_ns // 10**9, 500)
        return self.pool(name).quote(a_to_b, amount_in, time).amount_out


class Twins:
    """Both engines on the tiny market, and both anew from a snapshot whenever that is asked for."""

    def __init__(self) -> None:
        self.market = Chain()
        self.market.open()
        self.engines = [*both()]
        self.feed()

    def feed(self) -> None:
        block = self.market.take()
        outputs = [run(engine, block) for engine in self.engines]
        assert all(output == outputs[0] for output in outputs)

    def fill(self, route: list[str], amount_in: int) -> None:
        for engine in self.engines:
            engine.filled(route, amount_in, self.market.now_ns)
        self.same()

    def same(self) -> None:
        states = [engine.snapshot() for engine in self.engines]
        assert all(state == states[0] for state in states)

    def restart(self) -> None:
        state = self.engines[0].snapshot()
        for engine in both():
            engine.restore(state)
            assert engine.snapshot() == state
            self.engines.append(engine)
        del self.engines[2:-2]

    def quote(self, edge: str, amount_in: int) -> tuple[int, str]:
        answers = [engine.quote_route([edge], amount_in, self.market.now_ns) for engine in self.engines]
        assert all(answer == answers[0] for answer in answers)
        return tuple(answers[0])

    def impact(self, name: str):
        parts = container.read(self.engines[0].snapshot()).pools
        return next(part.impact for part in parts if part.name == NAMES[name])

    def used(self) -> list[list[tuple[int, int, int]]]:
        parts = container.read(self.engines[0].snapshot()).books
        book = next(part.book for part in parts if part.symbol == "SOLUSDC")
        return [book.used_bids, book.used_asks]

    def swap(self, name: str, amount_in: int, *, a_to_b: bool) -> None:
        for address in self.market.swap(name, amount_in, a_to_b=a_to_b):
            self.market.notify(address)
        self.market.next_slot()
        self.feed()


@FEW
@given(st.lists(st.one_of(acts, fills, fills), max_size=30), st.randoms(use_true_random=False))
def test_same_fills_same_bytes_also_from_a_snapshot_on(stream, draw):
    twins = Twins()
    for act in stream:
        if act[0] == "fill":
            _, route, amount_in, anew = act
            twins.fill(route, amount_in)
            if anew:
                twins.restart()
        else:
            play(twins.market, act)
            twins.feed()
        edge = draw.choice(EDGES)
        twins.quote(edge, draw.randrange(1, 10**11))
    twins.same()


@pytest.mark.parametrize("a_to_b", [True, False])
@pytest.mark.parametrize("name", list(POOLS))
def test_a_pool_is_quoted_as_its_program_leaves_it_and_shown_as_observed(name: str, a_to_b: bool) -> None:
    twins, edge = Twins(), f"{NAMES[name]}:{0 if a_to_b else 1}"
    amount = 10**10 if a_to_b else 10**9
    shown = [engine.present(twins.market.now_ns) for engine in twins.engines]
    before = twins.quote(edge, amount)
    twins.fill([edge], amount)
    after = twins.quote(edge, amount)
    assert after[0] < before[0]
    assert [engine.present(twins.market.now_ns) for engine in twins.engines] == shown
    twins.market.swap(name, amount, a_to_b=a_to_b)
    for direction in (True, False):
        wanted = twins.market.paid(name, amount // 3, a_to_b=direction)
        assert twins.quote(f"{NAMES[name]}:{0 if direction else 1}", amount // 3) == (wanted, "")


def test_fills_in_both_directions_leave_their_net() -> None:
    twins, sell, buy = Twins(), f"{NAMES['cpmm-sol-usdc']}:0", f"{NAMES['cpmm-sol-usdc']}:1"
    got = twins.quote(sell, 10**10)[0]
    twins.fill([sell], 10**10)
    assert twins.impact("cpmm-sol-usdc")[0] == (10**10, -got)
    back = twins.quote(buy, got // 2)[0]
    twins.fill([buy], got // 2)
    assert twins.impact("cpmm-sol-usdc")[0] == (10**10 - back, got // 2 - got)
    more = twins.quote(buy, got)[0]
    twins.fill([buy], got)
    net = twins.impact("cpmm-sol-usdc")[0]
    assert net == (10**10 - back - more, got // 2)
    assert net[0] < 0
    only = Twins()
    only.fill([buy], got // 2)
    assert twins.quote(buy, 10**6) == only.quote(buy, 10**6)


@pytest.mark.parametrize("a_to_b", [True, False])
def test_it_stands_until_the_price_is_where_we_left_it_and_never_ends_by_time(a_to_b: bool) -> None:
    twins, name = Twins(), "ray-sol-usdc"
    amount, back = (10**12, 150 * 10**9) if a_to_b else (150 * 10**9, 10**12)
    edge = f"{NAMES[name]}:{0 if a_to_b else 1}"
    twins.fill([edge], amount)
    for _ in range(3):
        twins.market.now_ns += 3_600 * 10**9
        twins.market.next_slot()
        twins.feed()
    assert twins.impact(name) is not None
    twins.swap(name, back // 2, a_to_b=not a_to_b)
    assert twins.impact(name) is not None, "the price went the other way"
    twins.swap(name, amount // 2, a_to_b=a_to_b)
    twins.swap(name, amount * 97 // 100, a_to_b=a_to_b)
    assert twins.impact(name) is not None, "the price is not there yet"
    twins.swap(name, amount * 4 // 100, a_to_b=a_to_b)
    assert twins.impact(name) is None
    assert twins.quote(edge, 10**9) == (twins.market.paid(name, 10**9, a_to_b=a_to_b), "")


def test_it_ends_when_updates_were_lost_and_not_when_accounts_come_one_by_one() -> None:
    twins, name = Twins(), "cpmm-sol-usdc"
    edge = f"{NAMES[name]}:0"
    twins.fill([edge], 10**11)
    first, *others = twins.market.swap(name, 10**6, a_to_b=True)
    twins.market.notify(first)
    twins.feed()
    assert twins.quote(edge, 10**6) == (0, "torn")
    assert twins.impact(name) is not None
    for other in others:
        twins.market.notify(other)
    twins.feed()
    assert twins.quote(edge, 10**6)[1] == ""
    assert twins.impact(name) is not None
    twins.market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=WS)
    twins.feed()
    twins.market.seed(list(twins.market.accounts))
    twins.feed()
    assert twins.impact(name) is None


def test_a_state_that_cannot_take_what_we_put_in_is_not_traded_on() -> None:
    twins, name = Twins(), "orca-sol-usdc"
    edge = f"{NAMES[name]}:0"
    most = max(amount for amount in (10**k for k in range(9, 15)) if not twins.quote(edge, amount)[1])
    twins.fill([edge], most)
    assert twins.quote(edge, 10**4)[1] in ("", "liquidity")
    while twins.impact(name) is not None and not twins.quote(edge, most)[1]:
        twins.fill([edge], most)
    assert twins.quote(edge, most)[1] == "liquidity"
    twins.restart()
    assert twins.quote(edge, most)[1] == "liquidity"


def test_what_a_fill_moved_is_judged_at_the_next_moment() -> None:
    twins = Twins()
    twins.swap("ray-sol-usdc", 900 * 10**9, a_to_b=True)
    go = {line["key"]: line for line in _decided(twins) if line["go"]}
    assert go
    best = max(go.values(), key=lambda line: line["net"])
    for engine in twins.engines:
        engine.filled(best["route"], best["amount_in"], twins.market.now_ns)
    twins.market.record(RecordKind.TICK)
    twins.feed()
    now = {line["key"]: line for line in _decided(twins)}
    assert best["key"] not in now or now[best["key"]]["net"] < best["net"]


def _decided(twins: Twins) -> list[dict]:
    return json.loads(twins.engines[0].present(twins.market.now_ns))["cycles"]


def test_levels_that_we_took_stay_taken_until_they_change() -> None:
    twins, sell = Twins(), f"{BOOK}:0"
    twins.market.depth_seed([("150.00", "2"), ("149.00", "40")], [("151.00", "3"), ("152.00", "40")])
    twins.feed()
    assert twins.quote(sell, 10**9)[0] == 149_850_000
    twins.fill([sell], 15 * 10**8)
    assert twins.used()[0] == [(150_00000000, 2_00000000, 1_50000000)]
    assert twins.quote(sell, 10**9)[0] == int((75 + 74.5) * 0.999 * 10**6)
    twins.fill([sell], 15 * 10**8)
    assert twins.used()[0] == [(149_00000000, 40_00000000, 1_00000000), (150_00000000, 2_00000000, 2_00000000)]
    assert twins.quote(sell, 10**9)[0] == 148_851_000
    twins.market.depth([("149.00", "39")], [("151.00", "2")])
    twins.feed()
    assert twins.used() == [[(150_00000000, 2_00000000, 2_00000000)], []]
    twins.restart()
    twins.market.depth([("150.00", "0")], [])
    twins.feed()
    twins.market.depth([("150.00", "2")], [])
    twins.feed()
    assert twins.used() == [[], []]
    assert twins.quote(sell, 10**9)[0] == 149_850_000
    twins.fill([f"{BOOK}:1"], 151 * 10**6)
    assert twins.used()[1] == [(151_00000000, 2_00000000, 1_00000000)]
    twins.market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=EXCHANGE)
    twins.feed()
    assert twins.used() == [[], []]


def _after(wire: Wire, pool: Pool, amount: int, at: Moment, *, a_to_b: bool) -> Mapping[bytes, Account] | None:
    """Returns the accounts after the pool's program has run a swap, `None` if it refused."""
    chain, wallet = wire.demo.chain, wire.demo.world.noise[0]
    swap = SwapBuilder(chain.accounts.get).swap(pool, wallet.key, amount, 0, a_to_b=a_to_b)
    budget = Budget(1_400_000, 0)
    sent = Transaction((bytes(64),), b"", wallet.key, bytes(32), (swap,), budget, frozenset(), verified=True)
    outcome = execute(sent, chain.accounts, chain.pools, HANDLERS, slot=at.slot, now=at.now, epoch=at.epoch)
    return None if outcome.err else ChainMap(dict(outcome.changed), chain.accounts)


def test_every_venue_quotes_for_us_what_its_program_pays_after_our_swap() -> None:
    session, draw, done = Session("reference", "native"), random.Random(7), Counter()
    wire, engines = session.wire, session.engines
    chain = wire.demo.chain
    clock = container.read(engines[0].snapshot()).time
    at = Moment(now=clock[1], slot=clock[0], epoch=clock[2])
    kinds = Counter()
    for name, pool in wire.pools.items():
        if kinds[pool.spec.venue] == 3:
            continue
        kinds[pool.spec.venue] += 1
        for side, a_to_b in enumerate((True, False)):
            reserve = pool.reserves(chain.accounts.get)[side]
            amount, more = (max(int(reserve * 10 ** draw.uniform(-6, -2.5)), 1_000) for _ in range(2))
            state = engines[0].snapshot()
            accounts = _after(wire, pool, amount, at, a_to_b=a_to_b)
            if accounts is None:
                continue
            paid = pool.swap(chain.accounts.get, amount, at, a_to_b=a_to_b, exact_in=True).received
            for engine in engines:
                assert engine.quote_route([f"{name}:{side}"], amount, wire.now_ns) == (paid, "")
                engine.filled([f"{name}:{side}"], amount, wire.now_ns)
            assert engines[0].snapshot() == engines[1].snapshot()
            for direction in (a_to_b, not a_to_b):
                try:
                    wanted = pool.swap(accounts.get, more, at, a_to_b=direction, exact_in=True).received
                except QuoteError:
                    wanted = 0
                for engine in engines:
                    found = engine.quote_route([f"{name}:{0 if direction else 1}"], more, wire.now_ns)
                    # What the engine was not told of, so far away, it does not guess.
                    unknown = found.reason == "missing_account"
                    assert unknown or found.amount_out == wanted, (pool.spec.venue, direction)
                done[pool.spec.venue] += wanted > 0 and not unknown
            for engine in engines:
                engine.restore(state)
    assert set(done) == VENUES
    assert min(done.values()) >= 4, done


def test_both_engines_say_the_same_of_the_demo_market_while_fills_go_on() -> None:
    session, draw, moved = Session("reference", "native"), random.Random(11), Counter()
    wire, (first, second) = session.wire, session.engines
    edges = [f"{name}:{side}" for name in wire.pools for side in (0, 1)]
    for number in range(24):
        wire.close_slot(late=number % 4 == 3)
        session.feed()
        cycles = session.view()["cycles"]
        route = draw.choice(cycles)["route"] if cycles and number % 2 else [draw.choice(edges)]
        for engine in session.engines:
            engine.filled(route, 10**9, wire.now_ns)
        moved.update(wire.pools[edge.rpartition(":")[0]].spec.venue for edge in route)
        if number % 6 == 5:
            state = first.snapshot()
            assert state == second.snapshot()
            for engine in session.engines:
                engine.restore(state)
                assert engine.snapshot() == state
    assert first.snapshot() == second.snapshot()
    assert first.present(wire.now_ns) == second.present(wire.now_ns)
    assert len(moved) >= 5
