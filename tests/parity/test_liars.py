"""Nodes that lie, lag or stand alone: what they say is refused and counted, and what is too good needs a second one."""

import json

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.venues import owned
from cambist.model.events import RecordKind
from cambist.simulator.token_layout import encode_token_account
from tests.parity.markets import BONK, GATES, HTTP, POOLS, SOL, START_NS, WS, Market, key, run, setup
from tests.parity.two_nodes import B_HTTP, B, Pair, two_sockets, usable
from tests.snapshots import all_state

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ENGINES = ("reference", "native")
LATER = START_NS + 10**10
POOL = "ray-sol-usdc"
VAULT = key(f"{POOL}-va")
STRICT = msgspec.structs.replace(GATES, max_unconfirmed_ppm=20_000)


def view(engine) -> dict:
    return json.loads(engine.present(LATER))


def channel(engine, at: int) -> dict:
    return next(each for each in view(engine)["channels"] if each["channel"] == at)


def state(engine, name: str = POOL) -> str:
    pools = all_state(engine)["pools"]
    return next(pool["state"] for pool in pools if pool["name"] == base58.encode(key(name)))


def held(engine, address: bytes) -> dict:
    accounts = all_state(engine)["accounts"]
    return next(account for account in accounts if account["key"] == base58.encode(address))


def decisions(done: tuple[bytes, bytes]) -> list[dict]:
    return [json.loads(line) for line in done[0].splitlines()]


def vault_of(mint: str, owner: str) -> bytes:
    return encode_token_account(mint=base58.decode(mint), owner=key(owner), amount=10**15)


def other_vaults(market: Market) -> tuple[bytes, bytes]:
    """Returns the pool's account naming two other vaults."""
    owner, data = market.accounts[key(POOL)]
    return owner, data[:336] + key("mine-a") + key("mine-b") + data[400:]


def other_mints(market: Market) -> tuple[bytes, bytes]:
    owner, data = market.accounts[key(POOL)]
    return owner, data[:400] + base58.decode(BONK) + data[432:]


def other_pool(market: Market) -> tuple[bytes, bytes]:
    owner, data = market.accounts[key("orca-sol-usdc-t0")]
    return owner, data[: len(data) - 32] + key("their-pool")


LIES = {
    "unknown_owner": (key(POOL), lambda market: (key("impostor"), market.accounts[key(POOL)][1])),
    "bad_layout": (VAULT, lambda market: (program.TOKEN, market.accounts[VAULT][1][:-5])),
    "vault_mint": (VAULT, lambda _: (program.TOKEN, vault_of(BONK, "authority"))),
    "vault_owner": (VAULT, lambda _: (program.TOKEN, vault_of(SOL, "thief"))),
    "pool_vaults": (key(POOL), other_vaults),
    "pool_mints": (key(POOL), other_mints),
    "other_pool": (key("orca-sol-usdc-t0"), other_pool),
}
DISCRIMINATOR = (
    key("cpmm-sol-usdc"),
    lambda market: (owned.RAYDIUM_CPMM, b"\x01" * len(market.accounts[key("cpmm-sol-usdc")][1])),
)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_by_name_and_its_node_takes_no_more_part(name, lie):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    run(engine, pair.market.take())
    address, made = LIES[lie]
    truth = pair.market.accounts[address]
    before = held(engine, address)["data"]
    pair.market.accounts[address] = made(pair.market)
    pair.slot("AB")
    pair.report(B, address)
    pair.market.accounts[address] = truth
    run(engine, pair.market.take())
    assert held(engine, address)["data"] == before
    assert view(engine)["counters"]["refused"][lie] == 1
    state = channel(engine, B)
    assert state["quarantine"] == state["last_error"] != ""
    assert base58.encode(address) in state["last_error"]
    # What it says afterwards counts no more, true or not; the other node goes on alone.
    for changed in pair.market.swap(POOL, 10**9, a_to_b=True):
        pair.report(B, changed)
        assert changed != address or held(engine, changed)["data"] == before
    run(engine, pair.market.take())
    assert held(engine, VAULT)["channel"] != B
    assert view(engine)["counters"]["refused"]["quarantined"] == 2
    for changed in (VAULT, key(f"{POOL}-vb")):
        pair.report(WS, changed)
    pair.market.seed(list(pair.market.accounts))
    pair.slot("A")
    pair.slot("A")
    run(engine, pair.market.take())
    assert usable(engine, pair) == {base58.encode(key(each)) for each in POOLS}


@pytest.mark.parametrize("name", ENGINES)
def test_a_discriminator_of_another_account_is_a_lie(name):
    engine, market = make_engine(name, setup()), Market()
    market.open()
    address, made = DISCRIMINATOR
    market.accounts[address] = made(market)
    market.notify(address)
    run(engine, market.take())
    assert "discriminator" in channel(engine, WS)["quarantine"]


@pytest.mark.parametrize("name", ENGINES)
def test_a_quarantine_ends_with_the_next_connection(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    truth = pair.market.accounts[VAULT]
    pair.market.accounts[VAULT] = LIES["vault_mint"][1](pair.market)
    pair.report(B, VAULT)
    pair.market.accounts[VAULT] = truth
    run(engine, pair.market.take())
    assert channel(engine, B)["quarantine"]
    pair.lose(B)
    pair.connect(B)
    pair.slot("AB")
    pair.swap(POOL, 10**9, a_to_b=True, who="B")
    run(engine, pair.market.take())
    assert channel(engine, B)["quarantine"] == ""
    assert held(engine, VAULT)["channel"] == B


@pytest.mark.parametrize("name", ENGINES)
def test_the_only_node_in_quarantine_leaves_nothing_to_trade(name):
    engine, market = make_engine(name, setup()), Market()
    market.open()
    market.trade(POOL, 800 * 10**9, a_to_b=True)
    market.next_slot()
    market.next_slot()
    assert any(each["go"] for each in decisions(run(engine, market.take())))
    market.accounts[VAULT] = LIES["vault_owner"][1](market)
    market.notify(VAULT)
    market.next_slot()
    after = decisions(run(engine, market.take()))
    assert after
    assert not any(each["go"] for each in after)
    market.seed(list(market.accounts), HTTP)
    run(engine, market.take())
    assert state(engine) == "gap", "its other side is the same node"


@pytest.mark.parametrize("name", ENGINES)
def test_what_was_never_seen_right_is_refused_but_accuses_nobody(name):
    market = Market()
    market.accounts[VAULT] = (key("impostor"), market.accounts[VAULT][1])
    market.open()
    engine = make_engine(name, setup())
    run(engine, market.take())
    assert view(engine)["counters"]["refused"]["unknown_owner"] >= 1
    assert channel(engine, WS)["quarantine"] == "", "it may be the config that errs"


@pytest.mark.parametrize("name", ENGINES)
def test_an_account_that_was_closed_is_gone_and_no_lie(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    body = pair.account(WS, VAULT)
    value = body["params"]["result"]["value"]
    value |= {"lamports": 0, "data": ["", "base64"], "owner": "1" * 32}
    pair.send(WS, body)
    run(engine, pair.market.take())
    assert channel(engine, WS)["quarantine"] == ""
    assert state(engine) == "loading"


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("by", "reason"), [(-33, "old_slot"), (33, "future_slot")])
def test_slots_far_from_the_newest_are_refused_and_asked_for_again(name, by, reason):
    engine, market = make_engine(name, setup()), Market()
    market.open()
    fresh = key("orca-sol-usdc")
    market.swap("orca-sol-usdc", 10**9, a_to_b=True)
    run(engine, market.take())
    before = held(engine, fresh)["data"]
    for _ in range(40):
        market.next_slot()
    market.notify(fresh, slot=market.slot + by)
    needs = run(engine, market.take())[1]
    assert held(engine, fresh)["data"] == before
    assert view(engine)["counters"]["refused"][reason] == 1
    assert base58.encode(fresh) in needs.decode()
    assert state(engine, "orca-sol-usdc") == "gap", "a change may be lost"
    market.seed([fresh])
    market.next_slot()
    market.next_slot()
    run(engine, market.take())
    assert state(engine, "orca-sol-usdc") == "live"


@pytest.mark.parametrize("name", ENGINES)
def test_a_connection_that_goes_back_in_time_is_counted(name):
    engine, market = make_engine(name, setup()), Market()
    market.open()
    market.notify(VAULT)
    market.notify(VAULT, slot=market.slot - 1)
    run(engine, market.take())
    assert view(engine)["counters"]["refused"]["slot_back"] == 1
    assert "after" in channel(engine, WS)["last_error"]


# A second endpoint


def rich(pair: Pair, who: str) -> None:
    """Opens a gap of far more than 2 %."""
    pair.swap(POOL, 800 * 10**9, a_to_b=True, who=who)


def both_seeded(pair: Pair) -> None:
    pair.market.seed(list(pair.market.accounts), HTTP)
    pair.market.seed(list(pair.market.accounts), B_HTTP)
    pair.slot("AB")
    pair.slot("AB")


@pytest.mark.parametrize("name", ENGINES)
def test_with_one_node_a_gain_too_good_is_no_go(name):
    engine, market = make_engine(name, setup(gates=STRICT)), Market()
    market.open()
    market.trade(POOL, 800 * 10**9, a_to_b=True)
    for _ in range(4):
        market.next_slot()
    decided = decisions(run(engine, market.take()))
    rich_ones = [
        each for each in decided if each["gross"] * 50 > each["amount_in"] > 0 and each["settlement"] == "atomic"
    ]
    assert {(each["go"], each["reason"]) for each in rich_ones} == {(False, "unconfirmed")}
    assert all(each["detail"].partition(">")[2].startswith("20000 ppm, ") for each in rich_ones)
    assert view(engine)["counters"]["stopped"]["unconfirmed"] > 0


@pytest.mark.parametrize("name", ENGINES)
def test_a_second_node_that_says_the_same_lets_it_go_in_the_record_that_says_it(name):
    engine, pair = make_engine(name, two_sockets(gates=STRICT)), Pair()
    both_seeded(pair)
    rich(pair, "Ab")
    pair.slot("AB")
    pair.slot("AB")
    first = decisions(run(engine, pair.market.take()))
    assert "unconfirmed" in {each["reason"] for each in first}
    assert not any(each["go"] for each in first if each["gross"] * 50 > each["amount_in"])
    pair.flush()
    second = decisions(run(engine, pair.market.take()))
    assert any(each["go"] and each["gross"] * 50 > each["amount_in"] for each in second)


@pytest.mark.parametrize("name", ENGINES)
def test_a_second_node_that_says_otherwise_does_not(name):
    engine, pair = make_engine(name, two_sockets(gates=STRICT)), Pair()
    both_seeded(pair)
    vaults = (VAULT, key(f"{POOL}-vb"))
    truth = [pair.account(B, vault) for vault in vaults]
    rich(pair, "A")
    for body in truth:
        body["params"]["result"]["context"]["slot"] = pair.market.slot
        pair.send(B, body)
    for _ in range(4):
        pair.slot("AB")
    decided = decisions(run(engine, pair.market.take()))
    assert "unconfirmed" in {each["reason"] for each in decided}
    assert not any(each["go"] for each in decided if each["gross"] * 50 > each["amount_in"])


@pytest.mark.parametrize("name", ENGINES)
def test_an_earlier_slot_confirms_nothing(name):
    engine, pair = make_engine(name, two_sockets(gates=STRICT)), Pair()
    both_seeded(pair)
    earlier = pair.market.slot - 1
    rich(pair, "A")
    for vault in (VAULT, key(f"{POOL}-vb")):
        body = pair.account(B, vault)
        body["params"]["result"]["context"]["slot"] = earlier
        pair.send(B, body)
    pair.slot("AB")
    decided = decisions(run(engine, pair.market.take()))
    assert not any(each["go"] for each in decided if each["gross"] * 50 > each["amount_in"])


@pytest.mark.parametrize("name", ENGINES)
def test_who_leads_does_not_matter_and_a_node_never_confirms_itself(name):
    engine, pair = make_engine(name, two_sockets(gates=STRICT)), Pair()
    both_seeded(pair)
    rich(pair, "B")
    run(engine, pair.market.take())
    vault = held(engine, VAULT)
    assert (vault["first"][0], vault["second"]) == (B, None)
    pair.report(B, VAULT)
    pair.market.seed([VAULT], B_HTTP)
    run(engine, pair.market.take())
    assert held(engine, VAULT)["second"] is None, "its other side is the same node"
    pair.market.seed([VAULT], HTTP)
    run(engine, pair.market.take())
    assert held(engine, VAULT)["second"][0] == WS


# Laggards


@pytest.mark.parametrize("name", ENGINES)
def test_pools_of_a_laggard_pass_to_the_node_that_keeps_up_without_an_idle_record(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    for pool in POOLS:
        pair.swap(pool, 10**9, a_to_b=True, who="Ba")
    pair.slot("AB")
    pair.flush()
    run(engine, pair.market.take())
    everything = {base58.encode(key(each)) for each in POOLS}
    carriers = {pool["carrier"] for pool in all_state(engine)["pools"]}
    assert carriers == {B}
    for behind in range(1, 6):
        pair.slot("A")
        run(engine, pair.market.take())
        assert usable(engine, pair) == everything
        assert channel(engine, B)["slots_behind"] == behind
        assert channel(engine, WS)["slots_behind"] == 0
    carriers = {pool["carrier"] for pool in all_state(engine)["pools"]}
    assert carriers == {WS}
    # What the laggard still tells first takes nothing back.
    pair.swap(POOL, 10**9, a_to_b=True, who="B")
    run(engine, pair.market.take())
    assert all_state(engine)["pools"][0]["carrier"] == WS


@pytest.mark.parametrize("name", ENGINES)
def test_a_laggard_alone_is_not_believed(name):
    engine, pair = make_engine(name, two_sockets()), Pair()
    pair.slot("AB")
    run(engine, pair.market.take())
    pair.lose(B)
    for _ in range(3):
        pair.slot("A")
    pair.connect(B)
    pair.lose(WS)
    run(engine, pair.market.take())
    assert usable(engine, pair) == set()
    assert channel(engine, B)["slots_behind"] == 3


def test_both_engines_say_the_same_of_liars():
    pair = Pair()
    both_seeded(pair)
    rich(pair, "Ab")
    for lie, (address, made) in LIES.items():
        truth = pair.market.accounts[address]
        pair.market.accounts[address] = made(pair.market)
        pair.report(B if len(lie) % 2 else WS, address)
        pair.market.accounts[address] = truth
        pair.slot("A")
        pair.flush()
        pair.lose(B)
        pair.connect(B)
        pair.market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=WS)
        pair.generation[WS] += 1
        pair.connect(WS)
        both_seeded(pair)
    block = pair.market.take()
    engines = [make_engine(name, two_sockets(gates=STRICT)) for name in ENGINES]
    assert run(engines[0], block) == run(engines[1], block)
    assert engines[0].snapshot() == engines[1].snapshot()
    assert engines[0].present(LATER) == engines[1].present(LATER)
