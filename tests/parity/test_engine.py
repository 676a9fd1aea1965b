"""Both engines, byte for byte: decisions, needs, views, snapshots, and every public call of a module.

One file, for every public call is held against its twin here, and none may be missed.
"""

import json
import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cambist.config.settings import Bidding, Gates
from cambist.engine import make_engine
from cambist.engine.reference.chain import pda
from cambist.engine.reference.library import modules as reference
from cambist.model.events import BlockError, RecordKind, records, unpack
from tests.parity.markets import (
    BONK,
    DEPTH,
    EXCHANGE,
    HTTP,
    PERP,
    POOLS,
    SOL,
    START_NS,
    USDC,
    WS,
    Market,
    key,
    run,
    setup,
)
from tests.snapshots import all_state, made

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

LATER = START_NS + 10**11
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
U64 = st.integers(0, 2**64 - 1)
names = st.sampled_from(list(POOLS))
prices = st.integers(12_000, 18_000).map(lambda cents: f"{cents / 100:.2f}")
acts = st.one_of(
    st.tuples(st.just("swap"), names, st.integers(10**6, 10**12), st.booleans(), st.permutations([0, 1, 2])),
    st.tuples(st.just("half"), names, st.integers(10**6, 10**12), st.booleans()),
    st.tuples(st.just("slot")),
    st.tuples(st.just("ticker"), prices, prices),
    st.tuples(st.just("depth"), prices, prices, st.sampled_from(["0", "3.5", "400"])),
    st.tuples(st.just("reseed"), prices, prices),
    st.tuples(st.just("fees"), st.lists(st.integers(0, 10**7), max_size=5), st.sampled_from([None, 5_000, 7_500])),
    st.tuples(
        st.just("account fees"), names, st.lists(st.integers(0, 10**7), max_size=25), st.sampled_from([None, 5_000, 60])
    ),
    st.tuples(st.just("levels"), st.floats(0, 1e7), st.floats(0, 1e7)),
    st.tuples(st.just("percentiles"), st.integers(0, 10**7)),
    st.tuples(st.just("tips"), st.sampled_from(["1e-05", "6.001000000000001e-06", "0.0", "2E-3", "-1", "1e400"])),
    st.tuples(st.just("logs"), names, st.integers(0, 10**7), st.integers(-20, 2)),
    st.tuples(st.just("tick"), st.integers(1, 10**10)),
    st.tuples(st.just("junk"), st.sampled_from([WS, HTTP, EXCHANGE, PERP, DEPTH, 99]), st.binary(max_size=40)),
    st.tuples(st.just("gap"), st.sampled_from([WS, HTTP, EXCHANGE])),
    st.tuples(st.just("drop"), st.sampled_from([WS, EXCHANGE]), st.integers(2, 4)),
    st.tuples(st.just("stranger"), names),
    st.tuples(st.just("step")),
)


def play(market: Market, act: tuple) -> None:
    """Adds the frames of one act."""
    match act:
        case ("swap", name, amount, a_to_b, order):
            changed = market.swap(name, amount, a_to_b=a_to_b)
            for at in order:
                if at < len(changed):
                    market.notify(changed[at])
        case ("half", name, amount, a_to_b):
            market.notify(market.swap(name, amount, a_to_b=a_to_b)[0])
        case ("slot",):
            market.next_slot()
        case ("ticker", bid, ask):
            market.ticker(bid, ask)
        case ("depth", bid, ask, qty):
            market.depth([(bid, qty)], [(ask, qty)])
        case ("reseed", bid, ask):
            market.depth_seed([(bid, "40")], [(ask, "40")])
        case ("fees", rows, percentile):
            market.fees(rows, percentile)
        case ("account fees", name, rows, percentile):
            market.account_fees(name, rows, percentile)
        case ("levels", low, high):
            levels = {"low": low, "medium": high, "high": high, "veryHigh": 2 * high}
            market.ask("getPriorityFeeEstimate", [{}], {"priorityFeeLevels": levels})
        case ("percentiles", price):
            unit = {"percentiles": {str(percent): price for percent in range(0, 101, 5)}}
            market.ask("qn_estimatePriorityFees", {}, {"context": {"slot": market.slot}, "per_compute_unit": unit})
        case ("tips", sol):
            market.tips(sol)
        case ("logs", name, units, slots):
            market.logs(name, units, market.slot + slots)
        case ("tick", step_ns):
            market.record(RecordKind.TICK, step_ns=step_ns)
        case ("junk", channel, body):
            market.frame(channel, body)
        case ("gap", channel):
            market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=channel)
            market.seed(list(market.accounts))
        case ("drop", channel, generation):
            market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=channel)
            market.record(RecordKind.CONNECTED, b'{"label":"again"}', channel=channel, generation=generation)
        case ("stranger", name):
            owner, data = market.accounts[key(name)]
            market.accounts[key(name)] = (key("impostor"), data)
            market.notify(key(name))
            market.accounts[key(name)] = (owner, data)
        case ("step",):
            market.record(RecordKind.CLOCK_STEP, b'{"step_ns":1000}')


def block_of(stream: list[tuple]) -> bytes:
    market = Market()
    market.open()
    for act in stream:
        play(market, act)
    return market.take()


def both():
    return make_engine("reference", setup()), make_engine("native", setup())


def assert_same(first, second) -> None:
    assert first.present(LATER) == second.present(LATER)
    assert first.snapshot() == second.snapshot()
    names = ("price", "rsi", "ema", "kama", "band_low", "band_high", "congestion", "")
    wanted = [(name, mint) for name in names for mint in (SOL, USDC, BONK, "")]
    for now_ns in (START_NS + 10**8, LATER):
        assert first.gauges(wanted, now_ns) == second.gauges(wanted, now_ns)
    assert first.gauges([("congestion", "")], LATER) == [json.loads(first.present(LATER))["congestion"]]
    for cycle in json.loads(first.present(LATER))["cycles"][:4]:
        assert first.inspect(cycle["key"], LATER) == second.inspect(cycle["key"], LATER)
        quoted = [engine.quote_route(cycle["route"], 10**9, START_NS + 10**8) for engine in (first, second)]
        assert quoted[0] == quoted[1]


@FEW
@given(st.lists(acts, max_size=25))
@example([("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2]), ("slot",), ("slot",)])
@example([("junk", EXCHANGE, '{"stream":"é\\u0007","data":7}'.encode()), ("junk", 99, b"{}")])
def test_same_frames_same_bytes(stream):
    block = block_of(stream)
    first, second = both()
    assert run(first, block) == run(second, block)
    assert_same(first, second)


@FEW
@given(st.lists(st.tuples(st.sampled_from([1, 1_499, 1_500, 200_000]), st.booleans()), max_size=6))
def test_both_forget_alike(steps):
    first, second, market = *both(), Market()
    market.open()
    for slots, landed in steps:
        for engine in (first, second):
            engine.learn("p:0|q:0", landed=landed, took_ns=None)
            engine.learn("binance:SOLUSDC:0|q:0", landed=not landed, took_ns=None)
        market.slot += slots
        market.next_slot()
        block = market.take()
        assert run(first, block) == run(second, block)
        assert first.snapshot() == second.snapshot()


settings_of = st.builds(
    lambda bidding, gates: setup(bidding=bidding, gates=gates),
    st.builds(
        Bidding,
        percentile=st.sampled_from([25, 50, 75]),
        tip_percentile=st.sampled_from([0, 50, 96, 100]),
        wanted_landing_ppm=st.sampled_from([0, 600_000]),
        token_accounts=st.sampled_from([None, (), (SOL,), (SOL, USDC, BONK)]),
        rent_recoverable=st.booleans(),
    ),
    st.builds(
        Gates,
        caps=st.just({SOL: 50_000_000_000, USDC: 5_000_000_000}),
        min_net_ppm=st.sampled_from([-5, 10]),
        min_seen_slots=st.integers(0, 2),
        max_fee_ppm_of_gross=st.sampled_from([10_000, 900_000]),
        max_tip_ppm_of_profit=st.sampled_from([50_000, 500_000]),
        flash_loan=st.booleans(),
        flash_loan_ppm=st.sampled_from([None, 0, 900]),
        rebalancing_ppm=st.just(50),
    ),
)


@FEW
@given(st.lists(acts, max_size=15), settings_of, st.lists(st.booleans(), max_size=8))
def test_every_cost_is_reckoned_alike(stream, chosen, outcomes):
    first, second = make_engine("reference", chosen), make_engine("native", chosen)
    for engine in (first, second):
        for landed in outcomes:
            engine.learn("p:0|q:0", landed=landed, took_ns=None)
    block = block_of([*stream, ("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2]), ("slot",), ("slot",)])
    assert run(first, block) == run(second, block)
    assert_same(first, second)
    again = make_engine("reference", chosen)
    again.restore(second.snapshot())
    assert again.snapshot() == first.snapshot()
    assert again.present(LATER) == first.present(LATER)


@FEW
@given(st.lists(acts, max_size=15), st.integers(1, 40))
def test_batches_do_not_matter_to_either(stream, step):
    block = block_of(stream)
    first, second = make_engine("native", setup()), make_engine("native", setup())
    assert run(first, block) == run(second, block, step)
    assert first.snapshot() == second.snapshot()


@FEW
@given(st.lists(acts, min_size=4, max_size=20), st.randoms(use_true_random=False), st.booleans())
def test_either_engine_goes_on_from_the_other(stream, rng, native_first):
    block = block_of(stream)
    offsets, at = [], 0
    for _ in records(block):
        at = unpack(block, at)[1]
        offsets.append(at)
    cut = rng.choice(offsets)
    head, tail = ("native", "reference") if native_first else ("reference", "native")
    whole = make_engine("reference", setup())
    expected = run(whole, block)
    begins, goes_on = make_engine(head, setup()), make_engine(tail, setup())
    early = run(begins, block[:cut])
    goes_on.restore(begins.snapshot())
    late = run(goes_on, block[cut:])
    assert early[0] + late[0] == expected[0]
    assert goes_on.snapshot() == whole.snapshot()


def test_what_an_operator_does_is_the_same():
    first, second = both()
    block = block_of([("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2]), ("slot",)])
    for engine in (first, second):
        run(engine, block)
        engine.learn("a:0|binance:SOLUSDC:1", landed=True, took_ns=None)
        engine.learn("a:0|b:1", landed=False, took_ns=None)
        engine.inject_price(SOL, 151.25, LATER)
    assert_same(first, second)


@pytest.mark.parametrize("state", [b"", b"{}", b'{"version":2}', b"[]"])
def test_a_foreign_snapshot_is_refused(state):
    with pytest.raises(ValueError, match="snapshot"):
        make_engine("native", setup()).restore(state)


def test_a_snapshot_of_another_setup_is_refused_by_both():
    other = make_engine("native", setup(pools=())).snapshot()
    for engine in both():
        with pytest.raises(ValueError, match="another setup"):
            engine.restore(other)


def test_a_damaged_snapshot_leaves_an_engine_as_new():
    fresh = make_engine("reference", setup()).snapshot()
    engine = make_engine("reference", setup())
    run(engine, block_of([]))
    state = all_state(engine)
    state["pools"][0]["mints"][0] = "not a key"
    for each in both():
        with pytest.raises(ValueError, match="damaged snapshot"):
            each.restore(made(state))
        assert each.snapshot() == fresh


def test_a_damaged_block_is_the_same_error():
    block = block_of([])
    messages = []
    for engine in both():
        with pytest.raises(BlockError) as error:
            engine.ingest(block[: len(block) - 1] + b"", len(block) - 20, 1 << 62)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_floats_are_written_the_same():
    rng = random.Random(5)
    values = [10 ** rng.uniform(-20, 20) for _ in range(2_000)]
    values += [1e-5, 9.999e-6, 1e16, 9.99e15, 1.0, 0.1, 123456789.0, 5e-324, 1.7976931348623157e308]
    first, second = both()
    for engine in (first, second):
        for at, value in enumerate(values):
            engine.inject_price(f"mint{at}", value, START_NS)
    assert first.present(LATER) == second.present(LATER)


# -- single modules


def outcome(call, *args):
    """Returns a call's answer, or the words of its refusal."""
    try:
        return call(*args)
    except ValueError as error:
        return f"{type(error).__mro__[-3].__name__}: {error}"


@given(st.binary(min_size=32, max_size=32))
def test_base58(raw):
    assert native.base58_encode(raw) == reference.base58_encode(raw)
    assert native.base58_decode(reference.base58_encode(raw)) == raw


@given(st.text(max_size=60))
def test_base58_of_any_text(text):
    assert native.base58_decode(text) == reference.base58_decode(text)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_log2_ratio(num, den):
    assert native.log2_ratio(num, den) == reference.log2_ratio(num, den)


@pytest.mark.parametrize("protocol", ["binance.spot.ws", "binance.usdm.ws", "binance.spot.depth", "binance.spot.info"])
@given(st.data())
def test_decode_binance(protocol, data):
    number = st.one_of(prices, st.integers(-5, 2**70), st.text(max_size=6), st.none(), st.floats(allow_nan=False))
    fields = st.dictionaries(st.sampled_from([*"esuUbBaAETpqm", "pu", "lastUpdateId", "bids", "asks"]), number)
    body = json.dumps({"stream": "solusdc@depth", "data": data.draw(fields)}).encode()
    assert outcome(native.decode_binance, protocol, "X", body) == outcome(reference.decode_binance, protocol, "X", body)


def test_decode_of_a_whole_market():
    frames = [
        (record.conn, record.generation, bool(record.direction), record.body)
        for record in records(block_of([("swap", "cpmm-sol-usdc", 10**10, False, [2, 1, 0]), ("slot",)]))
        if record.kind == RecordKind.FRAME and record.channel == WS
    ]
    assert native.decode_solana(frames) == reference.decode_solana(frames)


def accounts_of(name: str) -> list[bytes]:
    """Returns a pool's accounts in the order that `quote` takes."""
    market = Market()
    held = market.accounts
    vaults = [held[key(f"{name}-va")][1], held[key(f"{name}-vb")][1]] if not name.startswith("orca") else []
    pool, mint = held[key(name)][1], next(data for owner, data in held.values() if len(data) == 82)
    if name.startswith("ray"):
        return [pool, *vaults]
    if name.startswith("cpmm"):
        return [pool, held[key("config")][1], *vaults, mint, mint]
    return [pool, b"", mint, mint, *(held[key(f"{name}-t{step}")][1] for step in range(-2, 3))]


@pytest.mark.parametrize(("name", "venue"), [(n, n.partition("-")[0].replace("ray", "ray4")) for n in POOLS])
@FEW
@given(a_to_b=st.booleans(), amounts=st.lists(U64, max_size=6))
def test_quote(name, venue, a_to_b, amounts):
    args = (venue, accounts_of(name), a_to_b, amounts, (1_000, START_NS // 10**9, 500))
    assert native.quote(*args) == reference.quote(*args)


edges = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40)),
    max_size=14,
).map(lambda pools: [e for a, b, x, y in pools if a != b for e in ((a, b, x), (b, a, y))])


@FEW
@given(edges, st.lists(st.lists(st.integers(0, 30), max_size=4), max_size=3))
def test_cycle_keys(graph, cycles):
    assert outcome(native.cycle_keys, graph, cycles) == outcome(reference.cycle_keys, graph, cycles)


@FEW
@given(edges)
def test_find_cycles(graph):
    assert outcome(native.find_cycles, graph) == outcome(reference.find_cycles, graph)


@FEW
@given(edges, st.integers(2, 5), st.integers(1, 6), st.integers(1, 400), st.data())
def test_search(graph, hops, keep, budget, data):
    touched = data.draw(st.lists(st.integers(0, max(0, len(graph) - 1)), max_size=4, unique=True)) if graph else []
    args = (graph, sorted(touched), hops, keep, budget, 1 << 30)
    first, second = outcome(native.search, *args), outcome(reference.search, *args)
    assert first == second


@FEW
@given(
    st.lists(st.tuples(U64, U64, st.integers(0, 30), st.integers(1, 10_000)), max_size=4),
    st.integers(0, 2**50),
    st.integers(0, 2**20),
)
def test_best_input(hops, cap, minimum):
    assert native.best_input(hops, cap, minimum) == reference.best_input(hops, cap, minimum)


@FEW
@given(st.lists(acts.filter(lambda act: act[0] in ("ticker", "depth", "reseed")), max_size=30))
def test_replay_book(stream):
    frames = [
        ("binance.spot.depth" if record.channel == DEPTH else "binance.spot.ws", record.body)
        for record in records(block_of(stream))
        if record.kind == RecordKind.FRAME and record.channel in (EXCHANGE, DEPTH)
    ]
    assert native.replay_book(frames, "SOLUSDC") == reference.replay_book(frames, "SOLUSDC")


@FEW
@given(st.lists(st.floats(), max_size=60), st.integers(0, 20))
def test_indicators(values, period):
    for name in ("rsi", "ema"):
        assert getattr(native, name)(values, period) == getattr(reference, name)(values, period)
    bands = native.bollinger(values, period, 2.0), reference.bollinger(values, period, 2.0)
    assert bands[0] == bands[1]


def test_an_absent_tick_array_is_the_same_to_both():
    market = Market()
    del market.accounts[key("orca-sol-usdc-t2")]
    owner, start = POOLS["orca-sol-usdc"], -22_528 + 2 * 5_632
    absent, _ = pda.find([b"tick_array", key("orca-sol-usdc"), str(start).encode()], owner)
    market.open()
    opened = market.take()
    first, second = both()
    assert run(first, opened) == run(second, opened)
    market.seed([absent])
    block = market.take()
    assert run(first, block) == run(second, block)
    assert_same(first, second)
    (pool,) = [pool for pool in all_state(second)["pools"] if pool["absent"]]
    assert pool["absent"] == [start]
