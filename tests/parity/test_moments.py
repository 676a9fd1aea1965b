"""Moments: what both engines do with what moved since the last one, whoever looks in between."""

import itertools
import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.model.events import RecordKind, pack, records
from tests.parity.markets import START_NS, Market, key, run, setup
from tests.parity.moments import at_random, marked, marked_last, numbers, places
from tests.parity.test_engine import FEW, LATER, acts, assert_same, block_of
from tests.snapshots import all_state
from tests.snapshots import made as made_snapshot

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ENGINES = ("native", "reference")
SHARES = st.sampled_from([0.0, 0.1, 0.5, 1.0])
SWAP = ("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2])
BACK = ("swap", "ray-sol-usdc", 10**12, False, [0, 1, 2])
NEVER, ALWAYS = itertools.repeat(False), itertools.repeat(True)
BASE = setup()
WITH = msgspec.structs.replace(BASE, moments=True)


def made(name: str):
    """Returns an engine of a session with moments."""
    return make_engine(name, WITH)


def decided(output: tuple[bytes, bytes]) -> list[dict]:
    """Returns the decisions in what `run` returns."""
    return [json.loads(line) for line in output[0].splitlines()]


def moments_of(engine) -> int:
    """Returns how often an engine judged."""
    return json.loads(engine.present(LATER))["counters"]["moments"]


@FEW
@given(st.lists(acts, max_size=20), st.integers(0, 99), SHARES)
@example([SWAP, ("slot",), SWAP, ("half", "cpmm-sol-usdc", 10**9, True), ("slot",), ("slot",)], 1, 0.1)
def test_both_judge_alike_and_take_up_from_one_another_between_moments(stream, seed, share):
    block = marked(block_of(stream), at_random(seed, share))
    whole = [made(name) for name in ENGINES]
    outputs = [run(engine, block) for engine in whole]
    assert outputs[0] == outputs[1]
    assert_same(*whole)
    cuts = [at for at, _ in places(block)]
    cut = cuts[seed % len(cuts)]
    for head, tail in (ENGINES, ENGINES[::-1]):
        begins, goes_on = made(head), made(tail)
        early = run(begins, block[:cut])
        goes_on.restore(begins.snapshot())
        assert goes_on.snapshot() == begins.snapshot()
        assert early[0] + run(goes_on, block[cut:])[0] == outputs[0][0]
        assert goes_on.snapshot() == run_whole(head, block)


def run_whole(name: str, block: bytes) -> bytes:
    """Returns the snapshot after a block."""
    engine = made(name)
    run(engine, block)
    return engine.snapshot()


@FEW
@given(st.lists(acts, max_size=15), st.integers(0, 99), st.integers(1, 9))
def test_where_blocks_are_cut_does_not_matter(stream, seed, step):
    block = marked(block_of(stream), at_random(seed, 0.2))
    first, second = made("native"), made("native")
    assert run(first, block) == run(second, block, step)
    assert first.snapshot() == second.snapshot()


@FEW
@given(st.lists(acts, max_size=12))
def test_a_moment_after_each_frame_is_a_session_without_moments(stream):
    block = block_of(stream)
    for name in ENGINES:
        engine, plain = made(name), make_engine(name, BASE)
        assert run(engine, marked(block, ALWAYS)) == run(plain, block)
        assert engine.snapshot() == plain.snapshot()


@pytest.mark.parametrize("name", ENGINES)
def test_a_session_without_moments_does_not_look_for_them(name):
    block = block_of([SWAP, ("slot",), BACK, ("slot",)])
    plain, other = make_engine(name, BASE), make_engine(name, BASE)
    assert run(plain, block) == run(other, marked(block, at_random(3, 0.5)))


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_is_decided_before_a_moment_and_then_as_of_the_last_frame(name):
    market = opened(engine := made(name))
    play_trades(market, 4)
    block = marked(market.take(), NEVER)
    assert run(engine, block)[0] == b""
    market.next_slot()
    last = marked(market.take(), ALWAYS)
    found = decided(run(engine, last))
    assert found
    assert {one["seq"] for one in found} == {numbers(last)[0]}
    keys = [one["key"] for one in found]
    assert len(set(keys)) == len(keys), "a cycle is judged once at a moment"


@pytest.mark.parametrize("name", ENGINES)
def test_only_the_last_of_several_prices_counts_at_a_moment(name):
    """A trade that is undone before the moment leaves what was there; judged after each frame it shows."""
    shown = {}
    for moments in (True, False):
        engine = make_engine(name, msgspec.structs.replace(BASE, moments=moments))
        market = opened(engine)
        before = engine.present(LATER)
        market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
        dollars = 3_000 * 10**9 * 150 // 1_000
        market.trade("ray-sol-usdc", dollars, a_to_b=False)
        shown[moments] = decided(run(engine, marked_last(market.take())))
        assert json.loads(before)["slot"] == json.loads(engine.present(LATER))["slot"]
    assert len(shown[False]) > len(shown[True])


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", [RecordKind.TICK, RecordKind.CLOCK_STEP, RecordKind.COMMAND, RecordKind.FILL])
def test_every_record_that_is_no_frame_is_a_moment(name, kind):
    market = opened(engine := made(name))
    market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
    assert run(engine, marked(market.take(), NEVER))[0] == b""
    market.record(kind, b'{"step_ns":0}')
    assert decided(run(engine, market.take()))


@pytest.mark.parametrize("name", ENGINES)
def test_after_512_frames_without_one_the_engine_makes_a_moment(name):
    market = opened(engine := made(name))
    market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
    before = moments_of(engine)
    block = marked(market.take(), NEVER)
    waiting = sum(record.kind == RecordKind.FRAME for record in records(block))
    assert run(engine, block)[0] == b""
    for number in range(waiting, 511):
        assert run(engine, junk(number))[0] == b"", number
    assert moments_of(engine) == before
    assert decided(run(engine, junk(511)))
    assert moments_of(engine) == before + 1
    for number in range(511):
        run(engine, junk(number))
    assert moments_of(engine) == before + 1


@pytest.mark.parametrize("name", ENGINES)
def test_a_frame_that_says_nothing_can_be_the_moment(name):
    market = opened(engine := made(name))
    market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
    run(engine, marked(market.take(), NEVER))
    assert decided(run(engine, marked(junk(1), ALWAYS)))


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_quoted_between_moments_is_the_market_as_it_is(name):
    market = opened(engine := made(name))
    now_ns = START_NS + 10**8
    route = [f"{base58.encode(key('ray-sol-usdc'))}:0"]
    before = engine.quote_route(route, 10**9, now_ns)
    market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
    run(engine, marked(market.take(), NEVER))
    after = engine.quote_route(route, 10**9, now_ns)
    assert 0 < after.amount_out < before.amount_out
    market.next_slot()
    assert decided(run(engine, marked(market.take(), ALWAYS))), "what was quoted on is still to be judged"


@pytest.mark.parametrize("name", ENGINES)
def test_slots_count_only_if_a_moment_fell_in_them(name):
    market = opened(engine := made(name))
    market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
    market.next_slot()
    first = decided(run(engine, marked_last(market.take())))
    seen = {one["key"]: one["seen_slots"] for one in first}
    for _ in range(4):
        market.next_slot()
        assert run(engine, marked(market.take(), NEVER))[0] == b""
    market.next_slot()
    run(engine, marked(market.take(), ALWAYS))
    cycles = {one["key"]: one["seen_slots"] for one in json.loads(engine.present(LATER))["cycles"]}
    counted = {key: (seen[key], cycles[key]) for key in seen if seen[key] and key in cycles}
    assert counted
    assert all(later == before + 1 for before, later in counted.values()), counted


@pytest.mark.parametrize("name", ENGINES)
def test_a_pool_whose_slot_closes_between_moments_is_not_torn_for_one_more(name):
    """Half of a swap, then the announcement of the next slot: what comes of one slot is settled before it is closed."""
    states = {}
    for moments in (True, False):
        engine = make_engine(name, msgspec.structs.replace(BASE, moments=moments))
        market = opened(engine)
        for address in market.swap("ray-sol-usdc", 10**10, a_to_b=True)[:1]:
            market.notify(address)
        market.next_slot()
        run(engine, marked(market.take(), NEVER))
        run(engine, marked(junk(1), ALWAYS))
        pools = all_state(engine)["pools"]
        states[moments] = {pool["name"]: (pool["state"], pool["torn_slot"], pool["torn_until"]) for pool in pools}
    assert states[True] == states[False]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("edges", [10**6]),
        ("pools", [99]),
        ("books", [99]),
        ("dirty_pools", [99]),
        ("created", [99]),
        ("wired_books", 99),
    ],
)
def test_what_moved_of_nothing_known_is_refused(name, field, value):
    opened(engine := made(name))
    state = all_state(engine)
    state["moved"][field] = value
    with pytest.raises(ValueError, match="what moved"):
        engine.restore(made_snapshot(state))


def opened(engine) -> Market:
    """Returns a market that an engine knows, in a slot of which a moment was."""
    market = Market()
    market.open()
    market.next_slot()
    run(engine, marked(market.take(), ALWAYS))
    return market


def play_trades(market: Market, count: int) -> None:
    """Adds trades to and fro."""
    for number in range(count):
        market.trade("ray-sol-usdc", 3_000 * 10**9, a_to_b=True)
        market.trade("cpmm-sol-usdc", 10**9 * (number + 1), a_to_b=False)


def junk(seq: int) -> bytes:
    """Returns a frame of a channel that is not known."""
    return pack(seq, START_NS + 10**9, RecordKind.FRAME, b"{}", channel=99)
