"""The engine on a tiny market, without the native one."""

import hashlib
import json
import random

import pytest

from cambist.engine.reference.chain import base58, pda
from cambist.engine.reference.engine import ReferenceEngine
from cambist.model.events import BlockError, RecordKind
from tests.parity.markets import BONK, EXCHANGE, HTTP, POOLS, SOL, WS, Market, key, run, setup


@pytest.fixture
def market():
    market = Market()
    market.open()
    return market


@pytest.fixture
def engine(market):
    engine = ReferenceEngine(setup())
    run(engine, market.take())
    return engine


def decided(block_decisions: bytes) -> list[dict]:
    return [json.loads(line) for line in block_decisions.splitlines()]


def view(engine, market) -> dict:
    return json.loads(engine.present(market.now_ns))


def random_stream(seed: int, size: int = 40) -> bytes:
    """Returns a market's opening and what happens in it after."""
    rng, market = random.Random(seed), Market()
    market.open()
    for _ in range(size):
        act = rng.randrange(8)
        if act < 4:
            name = rng.choice(list(POOLS))
            changed = market.swap(name, rng.randrange(10**6, 3 * 10**11), a_to_b=rng.random() < 0.5)
            rng.shuffle(changed)
            for address in changed:
                market.notify(address)
        elif act == 4:
            market.next_slot()
        elif act == 5:
            price = rng.randrange(13_000, 17_000)
            market.ticker(f"{price / 100:.2f}", f"{(price + rng.randrange(1, 30)) / 100:.2f}")
        elif act == 6:
            market.fees([rng.randrange(10**6) for _ in range(4)], rng.choice([None, 5_000, 7_500]))
        else:
            market.record(RecordKind.TICK, step_ns=rng.randrange(10**10))
    return market.take()


def test_every_pool_is_live_after_seeding(engine, market):
    assert {row["state"] for row in view(engine, market)["prices"]} == {"live"}
    assert len(view(engine, market)["prices"]) == 6


def test_a_gap_between_two_pools_becomes_a_go_decision(engine, market):
    market.trade("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    first, _ = run(engine, market.take())
    assert {d["reason"] for d in decided(first) if d["settlement"] == "atomic" and d["gross"] > 0} == {"new"}
    market.next_slot()
    second, _ = run(engine, market.take())
    assert any(d["go"] and d["settlement"] == "atomic" for d in decided(second))


def test_ingest_stops_after_a_frame_with_a_go_decision(engine, market):
    market.trade("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    market.next_slot()
    market.ticker("150.00", "150.20")
    block, offset, stops = market.take(), 0, []
    while offset < len(block):
        done = engine.ingest(block, offset, 1 << 62)
        stops.append(done.go)
        offset = done.offset
    assert stops[0] > 0


def test_ingest_stops_before_until_and_before_other_records(engine, market):
    market.ticker("150.00", "150.20")
    market.record(RecordKind.TICK)
    block = market.take()
    assert engine.ingest(block, 0, market.now_ns - 10**6).records == 0
    done = engine.ingest(block, 0, 1 << 62)
    assert done.records == 1
    assert engine.ingest(block, done.offset, 1 << 62).records == 0
    assert engine.control(block, done.offset).offset == len(block)


def test_a_damaged_block_is_an_error_after_its_whole_records(engine, market):
    market.ticker("150.00", "150.20")
    block = market.take()
    cut = block + block[:40]
    assert engine.ingest(cut, 0, 1 << 62).offset == len(block)
    with pytest.raises(BlockError):
        engine.ingest(cut, len(block), 1 << 62)


def test_what_outcomes_taught_halves_every_ten_minutes(engine, market):
    from cambist.engine.reference.engine.judging import MEMORY_SLOTS

    for _ in range(9):
        engine.learn("p:0|q:0", landed=False, took_ns=None)
    engine.learn("p:0|q:0", landed=True, took_ns=None)
    market.slot += MEMORY_SLOTS
    market.next_slot()
    run(engine, market.take())
    assert engine.judge.learned == {("atomic", 2): (0, 5)}
    market.slot += 70 * MEMORY_SLOTS
    market.next_slot()
    run(engine, market.take())
    assert engine.judge.learned == {}


def test_slots_before_the_first_announced_one_are_not_counted():
    market = Market()
    market.swap("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    market.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
    market.seed([key(name) for name in POOLS])
    market.seed([each for each in market.accounts if each not in {key(name) for name in POOLS}])
    for each in market.accounts:
        market.subscribe(each)
    market.ticker("150.00", "150.20")
    engine = ReferenceEngine(setup())
    run(engine, market.take())
    assert engine.market.slot is None
    assert {cycle["seen_slots"] for cycle in view(engine, market)["cycles"]} == {0, 1}
    for _ in range(3):
        market.next_slot()
        market.trade("ray-sol-usdc", 10**9, a_to_b=True)
    run(engine, market.take())
    assert max(cycle["seen_slots"] for cycle in view(engine, market)["cycles"]) in (2, 3)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("delay", [0, 3])
def test_a_half_told_swap_is_never_decided_on(engine, market, order, delay):
    changed = market.swap("ray-sol-usdc", 900 * 10**9, a_to_b=True)
    before = view(engine, market)["counters"]["opportunities"]
    market.notify(changed[order[0]])
    for _ in range(delay):
        market.ticker("149.95", "150.05")
    decisions, _ = run(engine, market.take())
    about = [d for d in decided(decisions) if any(base58.encode(key("ray-sol-usdc")) in e for e in d["route"])]
    assert all(d["reason"] in ("torn", "stale") for d in about)
    assert not any(d["go"] for d in about)
    assert view(engine, market)["counters"]["torn"] > 0
    if delay == 0:
        assert view(engine, market)["counters"]["opportunities"] == before
    market.notify(changed[order[1]])
    decisions, _ = run(engine, market.take())
    about = [d for d in decided(decisions) if any(base58.encode(key("ray-sol-usdc")) in e for e in d["route"])]
    assert any(d["reason"] not in ("torn", "stale") for d in about)


def test_a_torn_slot_ends_when_a_newer_one_is_announced(engine, market):
    changed = market.swap("cpmm-sol-usdc", 10**9, a_to_b=True)
    market.notify(changed[0])
    run(engine, market.take())
    assert _state(engine, market, "cpmm", SOL) == "torn"
    market.next_slot()
    run(engine, market.take())
    assert _state(engine, market, "cpmm", SOL) == "live"


def test_a_cpmm_swap_is_torn_until_its_pool_account_is_there(engine, market):
    changed = market.swap("cpmm-sol-usdc", 10**9, a_to_b=True)
    for address in changed[:2]:
        market.notify(address)
    run(engine, market.take())
    assert _state(engine, market, "cpmm", SOL) == "torn"
    market.notify(changed[2])
    run(engine, market.take())
    assert _state(engine, market, "cpmm", SOL) == "live"


def test_a_liquidity_change_is_torn_until_the_slot_closes(engine, market):
    from cambist.simulator.venues.orca.layout import WHIRLPOOL

    owner, data = market.accounts[key("orca-sol-usdc")]
    liquidity = WHIRLPOOL.decode(data)["liquidity"] // 2
    market.accounts[key("orca-sol-usdc")] = (owner, WHIRLPOOL.patch(data, liquidity=liquidity))
    market.notify(key("orca-sol-usdc"))
    run(engine, market.take())
    assert _state(engine, market, "orca", SOL) == "torn"
    market.next_slot()
    run(engine, market.take())
    assert _state(engine, market, "orca", SOL) == "live"


def test_an_older_slot_changes_nothing(engine, market):
    before = engine.market.registry.accounts[key("ray-sol-usdc-va")].data
    market.swap("ray-sol-usdc", 10**9, a_to_b=True)
    market.notify(key("ray-sol-usdc-va"), slot=900)
    run(engine, market.take())
    assert engine.market.registry.accounts[key("ray-sol-usdc-va")].data == before


def test_an_unknown_owner_is_refused_counted_and_named(engine, market):
    _, data = market.accounts[key("ray-sol-usdc")]
    market.accounts[key("ray-sol-usdc")] = (key("impostor"), data)
    market.notify(key("ray-sol-usdc"))
    run(engine, market.take())
    shown = view(engine, market)
    assert shown["counters"]["refused"]["unknown_owner"] == 1
    state = next(c for c in shown["channels"] if c["channel"] == WS)
    assert base58.encode(key("impostor")) in state["last_error"]
    assert state["quarantine"] == state["last_error"], "a node that told it right before can't be so"
    assert _state(engine, market, "ray4", SOL) == "gap"


def test_a_vault_of_another_mint_refuses_the_pool(market):
    from cambist.simulator.token_layout import encode_token_account

    data = encode_token_account(mint=base58.decode(BONK), owner=key("authority"), amount=10**12)
    market = Market()
    market.accounts[key("ray-sol-usdc-va")] = (market.accounts[key("ray-sol-usdc-va")][0], data)
    market.open()
    engine = ReferenceEngine(setup())
    run(engine, market.take())
    assert view(engine, market)["counters"]["refused"]["vault_mint"] == 1


def test_malformed_frames_are_counted_per_channel(engine, market):
    market.frame(EXCHANGE, b'{"stream":"x","data":{')
    market.frame(HTTP, b"\xff\x00")
    run(engine, market.take())
    channels = {c["channel"]: c for c in view(engine, market)["channels"]}
    assert channels[EXCHANGE]["malformed"] == channels[HTTP]["malformed"] == 1
    assert channels[EXCHANGE]["last_error"] == "not JSON"


def test_silence_makes_pools_stale(engine, market):
    market.trade("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    run(engine, market.take())
    market.record(RecordKind.TICK, step_ns=6_000_000_000)
    decisions, _ = run(engine, market.take())
    assert {d["reason"] for d in decided(decisions)} == {"stale"}


def test_a_gap_on_the_socket_takes_its_pools_out_until_they_are_told_again(engine, market):
    market.record(RecordKind.GAP, b'{"count":3,"reason":"queue"}', channel=WS)
    _, needs = run(engine, market.take())
    assert _state(engine, market, "ray4", SOL) == "gap"
    wanted = {json.loads(line)["key"] for line in needs.splitlines()}
    assert base58.encode(key("ray-sol-usdc-va")) in wanted
    market.next_slot()
    market.seed(list(market.accounts))
    run(engine, market.take())
    assert _state(engine, market, "ray4", SOL) == "live"


def test_an_exchange_without_a_known_fee_is_no_edge(market):
    engine = ReferenceEngine(setup(venue_fees=()))
    decisions, _ = run(engine, market.take())
    assert not any(d["settlement"] == "legged" for d in decided(decisions))
    assert view(engine, market)["counters"]["refused"]["unknown_fee"] == 1


def test_legged_cycles_without_a_rebalancing_cost_are_no_go(market):
    gates = setup().gates
    fields = {name: getattr(gates, name) for name in gates.__struct_fields__} | {"rebalancing_ppm": None}
    engine = ReferenceEngine(setup(gates=type(gates)(**fields)))
    market.trade("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    decisions, _ = run(engine, market.take())
    legged = [d for d in decided(decisions) if d["settlement"] == "legged" and d["seq"] > 60]
    assert legged
    assert {d["reason"] for d in legged} <= {"legged_cost", "torn"}


def test_a_route_is_quoted_and_refused_by_name(engine, market):
    route = [f"{base58.encode(key('ray-sol-usdc'))}:0", f"{base58.encode(key('orca-sol-usdc'))}:1"]
    quoted = engine.quote_route(route, 10**9, market.now_ns)
    assert quoted.reason == ""
    assert 9 * 10**8 < quoted.amount_out < 10**9
    assert engine.quote_route(["nowhere:0"], 1, market.now_ns).reason == "unknown_edge"
    assert engine.quote_route([route[1]], 10**17, market.now_ns).reason == "liquidity"
    assert engine.quote_route(route, 10**9, market.now_ns + 10**11).reason == "stale"


def test_what_landed_moves_the_chance_to_land(engine, market):
    for _ in range(8):
        engine.learn("a:0|b:1", landed=False, took_ns=None)
    market.trade("ray-sol-usdc", 800 * 10**9, a_to_b=True)
    decisions, _ = run(engine, market.take())
    assert {d["landing_ppm"] for d in decided(decisions) if len(d["route"]) == 2 and d["settlement"] == "atomic"} == {
        100_000
    }


@pytest.mark.parametrize("bump_off", [0, 1])
def test_an_absent_tick_array_is_known_to_be_empty(bump_off):
    market = Market()
    del market.accounts[key("orca-sol-usdc-t2")]
    owner, start = POOLS["orca-sol-usdc"], -22_528 + 2 * 5_632
    seeds = [b"tick_array", key("orca-sol-usdc"), str(start).encode()]
    address, bump = pda.find(seeds, owner)
    if bump_off:
        address = hashlib.sha256(b"".join(seeds) + bytes([bump - 1]) + owner + b"ProgramDerivedAddress").digest()
    market.open()
    market.seed([address])
    engine = ReferenceEngine(setup())
    run(engine, market.take())
    assert engine.market.registry.pools[4].absent == (set() if bump_off else {start})


@pytest.mark.parametrize("seed", range(4))
def test_batches_do_not_matter(seed):
    block = random_stream(seed)
    whole = run(ReferenceEngine(setup()), block)
    assert whole[0]
    assert run(ReferenceEngine(setup()), block, step=1) == whole
    assert run(ReferenceEngine(setup()), block, step=7) == whole


@pytest.mark.parametrize("seed", range(4))
def test_a_restored_engine_goes_on_the_same(seed):
    from cambist.model.events import records, unpack

    block = random_stream(seed)
    offsets, at = [], 0
    for _ in records(block):
        at = unpack(block, at)[1]
        offsets.append(at)
    whole = ReferenceEngine(setup())
    expected, _ = run(whole, block)
    cut = random.Random(seed).choice(offsets[50:])
    first, second = ReferenceEngine(setup()), ReferenceEngine(setup())
    head, _ = run(first, block[:cut])
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    tail, _ = run(second, block[cut:])
    assert head + tail == expected
    assert second.snapshot() == whole.snapshot()


@pytest.mark.parametrize("state", [b"", b"{}", b'{"version":1}', b"[1]"])
def test_a_foreign_snapshot_is_refused(state):
    with pytest.raises(ValueError, match="snapshot"):
        ReferenceEngine(setup()).restore(state)


def _state(engine, market, venue: str, mint: str) -> str:
    return next(row["state"] for row in view(engine, market)["prices"] if (row["venue"], row["mint"]) == (venue, mint))
