"""Two sockets of one chain: who is first and by how much, what stays as it was, who stands in for a lost one."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.model.events import RecordKind, records, unpack
from tests.parity.markets import HTTP, POOLS, START_NS, WS, Market, key, run, setup
from tests.parity.two_nodes import B, Pair, two_sockets, usable
from tests.snapshots import all_state, made, made_json

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

MS = 1_000_000
LATER = START_NS + 10**10
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
ENGINES = ("reference", "native")

who = st.sampled_from(["A", "B", "AB", "BA", "Ab", "Ba", "AA", "ABA", "ab"])
names = st.sampled_from(list(POOLS))
acts = st.one_of(
    st.tuples(st.just("swap"), names, st.integers(10**6, 10**12), st.booleans(), who),
    st.tuples(st.just("slot"), who),
    st.tuples(st.just("logs"), names, st.integers(0, 10**6), who),
    st.tuples(st.just("flush")),
    st.tuples(st.just("lose"), st.sampled_from([WS, B])),
    st.tuples(st.just("back"), st.sampled_from([WS, B])),
    st.tuples(st.just("gap"), st.sampled_from([WS, B])),
    st.tuples(st.just("seed"), names),
)


def play(pair: Pair, act: tuple) -> None:
    match act:
        case ("swap", name, amount, a_to_b, who):
            pair.swap(name, amount, a_to_b=a_to_b, who=who)
        case ("slot", who):
            pair.slot(who)
        case ("logs", name, units, who):
            pair.logs(name, units, who)
        case ("flush",):
            pair.flush()
        case ("lose", channel):
            pair.lose(channel)
        case ("back", channel):
            pair.connect(channel)
        case ("gap", channel):
            pair.market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=channel)
        case ("seed", name):
            pair.market.seed([key(name)])


def block_of(stream: list[tuple]) -> bytes:
    pair = Pair()
    for act in stream:
        play(pair, act)
    pair.flush()
    return pair.market.take()


def races(engine) -> dict[int, dict]:
    return {c["channel"]: c["race"] for c in json.loads(engine.present(LATER))["channels"] if c["race"]}


@FEW
@given(st.lists(acts, max_size=25), st.integers(1, 40))
def test_both_engines_agree_whatever_the_batches(stream, step):
    block = block_of(stream)
    first, second, third = (make_engine(name, two_sockets()) for name in ("reference", "native", "native"))
    outputs = run(first, block)
    assert outputs == run(second, block) == run(third, block, step)
    assert first.present(LATER) == second.present(LATER) == third.present(LATER)
    assert first.snapshot() == second.snapshot() == third.snapshot()


@FEW
@given(st.lists(acts, min_size=2, max_size=20), st.randoms(use_true_random=False), st.sampled_from(ENGINES))
def test_a_race_goes_on_in_the_other_engine(stream, rng, head):
    block, offsets, at = block_of(stream), [], 0
    while at < len(block):
        at = unpack(block, at)[1]
        offsets.append(at)
    cut = rng.choice(offsets)
    whole, begins = make_engine(head, two_sockets()), make_engine(head, two_sockets())
    goes_on = make_engine(next(name for name in ENGINES if name != head), two_sockets())
    expected = run(whole, block)
    early = run(begins, block[:cut])
    goes_on.restore(begins.snapshot())
    late = run(goes_on, block[cut:])
    assert early[0] + late[0] == expected[0]
    assert goes_on.snapshot() == whole.snapshot()
    assert goes_on.present(LATER) == whole.present(LATER)


@pytest.mark.parametrize("name", ENGINES)
def test_shares_and_leads_are_those_of_the_arrivals(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    for first, second in ((WS, B), (WS, B), (B, WS), (WS, B)):
        (pool,) = pair.market.swap("orca-sol-usdc", 10**9, a_to_b=True)
        pair.slot("AB")
        pair.report(first, pool)
        pair.market.now_ns += 9 * MS if first == WS else 29 * MS
        pair.report(second, pool)
    run(engine, pair.market.take())
    # Two clock updates came before the second node was there.
    assert races(engine) == {
        WS: {"first": 5, "duplicates": 1, "share_ppm": 833_333, "ahead_ns": 10 * MS, "behind_ns": 30 * MS},
        B: {"first": 1, "duplicates": 3, "share_ppm": 166_666, "ahead_ns": 30 * MS, "behind_ns": 10 * MS},
    }
    pair.lose(B)
    pair.connect(B)
    before = races(engine)
    run(engine, pair.market.take())
    assert races(engine) == before, "a new connection goes on with what the endpoint has shown"


def state_of(engine) -> dict:
    state = all_state(engine)
    for account in state["accounts"]:
        del account["first"], account["second"]  # a copy confirms what is held
    return {part: state[part] for part in state if part not in ("channels", "counters", "race")}


@pytest.mark.parametrize("name", ENGINES)
def test_a_copy_changes_nothing(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    pair.swap("cpmm-sol-usdc", 10**11, a_to_b=True, who="Ab")
    pair.logs("ray-sol-usdc", 70_000, "Ab")
    run(engine, pair.market.take())
    before = state_of(engine)
    pair.flush()
    decisions, needs = run(engine, pair.market.take())
    assert (decisions, needs) == (b"", b"")
    assert state_of(engine) == before
    assert races(engine)[B]["duplicates"] == 4, "two vaults, the pool, the logs"


def without(block: bytes, *channels: int) -> bytes:
    kept, at = [], 0
    for record in records(block):
        after = unpack(block, at)[1]
        if record.channel not in channels:
            kept.append(block[at:after])
        at = after
    return b"".join(kept)


@FEW
@given(st.lists(st.tuples(names, st.integers(10**9, 10**12), st.booleans(), st.booleans()), min_size=3, max_size=12))
def test_a_slower_copy_of_everything_leaves_every_decision_as_it_was(swaps):
    pair = Pair()
    for name, amount, a_to_b, settled in swaps:
        pair.swap(name, amount, a_to_b=a_to_b, who="Ab")
        if settled:
            pair.slot("Ab")
            pair.flush()
    pair.flush()
    pair.slot("AB")
    block = pair.market.take()
    for name in ENGINES:
        both, alone = make_engine(name, two_sockets()), make_engine(name, setup())
        decisions = run(both, block)[0]
        assert decisions == run(alone, without(block, B))[0]
    assert decisions


@pytest.mark.parametrize("name", ENGINES)
def test_logs_count_once_for_each_account_they_mention(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.logs("ray-sol-usdc", 100_000, "AB", signature=9)
    pair.logs("orca-sol-usdc", 100_000, "BA", signature=9)
    pair.logs("ray-sol-usdc", 5_000, "B")
    run(engine, pair.market.take())
    loads = all_state(engine)["fee_sources"]["loads"]
    spent = {account: load["slots"][-1][1] for account, load in loads}
    wanted = {base58.encode(key("ray-sol-usdc")): 105_000, base58.encode(key("orca-sol-usdc")): 100_000}
    assert spent == wanted


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("ends", ["copy", "slot"])
def test_a_slot_stays_open_while_a_leader_may_still_tell_of_it(name, ends):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    vault_a, vault_b = pair.market.swap("ray-sol-usdc", 10**11, a_to_b=True)
    pair.report(WS, vault_a)
    pair.report(B, vault_b)
    run(engine, pair.market.take())
    pool = base58.encode(key("ray-sol-usdc"))
    assert pool in usable(engine, pair), "each vault once, whoever told it"
    pair.market.swap("ray-sol-usdc", 10**11, a_to_b=True)
    pair.report(B, vault_a)
    pair.report(B, vault_b)
    pair.late.append((WS, pair.account(WS, vault_a)))
    pair.slot("B")
    run(engine, pair.market.take())
    assert pool not in usable(engine, pair), "the first vault is the other node's to tell in that slot"
    if ends == "copy":
        pair.flush()
    else:
        pair.slot("A")
    run(engine, pair.market.take())
    assert pool in usable(engine, pair)


@pytest.mark.parametrize("name", ENGINES)
def test_the_other_socket_stands_in_for_a_lost_one(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    pair.swap("cpmm-sol-usdc", 10**11, a_to_b=True, who="AB")
    pair.slot("AB")
    run(engine, pair.market.take())
    whole = usable(engine, pair)
    assert len(whole) == len(POOLS)
    pair.lose(WS)
    needs = [json.loads(line) for line in run(engine, pair.market.take())[1].splitlines()]
    assert usable(engine, pair) == set(), "updates may be lost"
    assert {need["channel"] for need in needs} == {WS, B}
    asked = [base58.decode(need["key"]) for need in needs if need["channel"] == B]
    pair.market.seed(asked)
    for _ in range(6):
        pair.slot("B")
    run(engine, pair.market.take())
    assert usable(engine, pair) == whole, "carried by the other one, though the first is silent"


@pytest.mark.parametrize("name", ENGINES)
def test_every_socket_is_asked_for_what_is_missing(name):
    engine, market = make_engine(name, two_sockets()), Market()
    market.seed([key("cpmm-sol-usdc")])
    needs = [json.loads(line) for line in run(engine, market.take())[1].splitlines()]
    keys = {channel: [n["key"] for n in needs if n["channel"] == channel] for channel in (WS, B)}
    assert keys[WS] == keys[B] != []
    assert {need["channel"] for need in needs} == {WS, B}


@pytest.mark.parametrize("name", ENGINES)
def test_one_socket_is_not_measured(name):
    engine, market = make_engine(name, setup()), Market()
    market.open()
    market.trade("cpmm-sol-usdc", 10**11, a_to_b=True)
    run(engine, market.take())
    assert races(engine) == {}
    assert not any(all_state(engine)["race"].values())


@pytest.mark.parametrize("name", ENGINES)
def test_a_damaged_race_is_refused(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    pair.swap("cpmm-sol-usdc", 10**11, a_to_b=True, who="AB")
    run(engine, pair.market.take())
    state = all_state(engine)
    state["race"]["contents"].append(state["race"]["contents"][0])
    with pytest.raises(ValueError, match="damaged snapshot"):
        engine.restore(made(state))
    del state["race"]
    engine.restore(made_json(state))
    assert set(races(engine)) == {WS, B}, "a snapshot of before has no race: it begins anew"


def test_http_is_no_socket():
    assert HTTP not in races(make_engine("native", two_sockets()))
