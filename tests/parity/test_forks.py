"""Forks: what came of a slot that fell out of the chain counts no more, in the same record, until it is told again."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58, program
from tests.parity.markets import HTTP, POOLS, START_NS, WS, Market, key, run, setup
from tests.snapshots import all_state, made

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ENGINES = ("reference", "native")
LATER = START_NS + 10**10
ROOTED = 8
"""Slots after which one is rooted here: short, so that scripts reach it."""
names = st.sampled_from(list(POOLS))


class Tree:
    """A chain with forks, as one node sees it: the state of every slot, and which one is worked on."""

    def __init__(self) -> None:
        self.market = Market()
        self.market.open()
        first = self.market.slot
        self.parents = {first: first - 1}
        self.states = {first: dict(self.market.accounts)}
        self.newest = first

    def line(self) -> set[int]:
        """Returns the slots that the newest one descends from, itself included."""
        at, line = self.newest, set()
        while at in self.parents:
            line.add(at)
            at = self.parents[at]
        return line

    def begin(self, back: int, ahead: int) -> None:
        """Announces a slot on top of the one `back` slots down the tree, not only down the chain."""
        market = self.market
        self.states[market.slot] = dict(market.accounts)
        known = sorted(self.parents)
        parent = known[max(0, len(known) - 1 - back)]
        slot = self.newest + ahead
        market.accounts = dict(self.states[parent])
        market.slot = slot
        market._clock()
        self.parents[slot], self.newest = parent, slot
        result = {"parent": parent, "root": max(parent - ROOTED, 0), "slot": slot}
        params = {"result": result, "subscription": 1}
        market.frame(WS, {"jsonrpc": "2.0", "method": "slotNotification", "params": params})
        market.notify(program.CLOCK)

    def trade(self, name: str, amount: int, *, a_to_b: bool) -> None:
        self.market.trade(name, amount, a_to_b=a_to_b)

    def answer(self, needs: bytes) -> None:
        """Tells what was asked for, as it is on the fork that the node works on."""
        asked = [json.loads(line) for line in needs.splitlines()]
        keys = dict.fromkeys(base58.decode(need["key"]) for need in asked if need["kind"] == "account")
        if keys:
            self.market.seed(list(keys))


def held(engine) -> dict[bytes, dict]:
    return {base58.decode(part["key"]): part for part in all_state(engine)["accounts"]}


def states(engine) -> dict[str, str]:
    names = {base58.encode(key(name)): name for name in POOLS}
    return {names[part["name"]]: part["state"] for part in all_state(engine)["pools"]}


def members(name: str) -> list[bytes]:
    """Returns the accounts of a pool that a swap tells of."""
    vaults = [key(f"{name}-va"), key(f"{name}-vb")]
    return vaults if name.startswith("ray") else [key(name)] if name.startswith("orca") else [key(name), *vaults]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("slot"), st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3]), st.sampled_from([1, 1, 1, 2])),
        st.tuples(st.just("trade"), names, st.integers(10**8, 10**12), st.booleans()),
        st.tuples(st.just("answer")),
    ),
    min_size=4,
    max_size=30,
)


def play(tree: Tree, step: tuple, needs: bytes) -> bytes:
    """Plays one step; returns what is still asked for."""
    match step:
        case ("slot", back, ahead):
            tree.begin(back, ahead)
        case ("trade", name, amount, a_to_b):
            tree.trade(name, amount, a_to_b=a_to_b)
        case ("answer",):
            tree.answer(needs)
            return b""
    return needs


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_after_any_forks_what_is_quoted_is_what_the_chain_holds(script):
    tree, engines = Tree(), [make_engine(name, setup()) for name in ENGINES]
    block, needs = tree.market.take(), b""
    for engine in engines:
        run(engine, block)
    for step in script:
        needs = play(tree, step, needs)
        block = tree.market.take()
        first, second = (run(engine, block) for engine in engines)
        assert first == second
        needs += first[1]
        line, now, live = tree.line(), held(engines[1]), states(engines[1])
        for name in POOLS:
            if live[name] not in ("live", "torn"):
                continue
            for address in members(name):
                account = now[address]
                assert account["slot"] <= min(line) or account["slot"] in line, f"{name} rests on a lost slot"
                if live[name] == "live":
                    assert account["data"] == data_of(tree, address), f"{name} is not what the chain holds"
    assert engines[0].snapshot() == engines[1].snapshot()
    assert engines[0].present(LATER) == engines[1].present(LATER)
    # Once the chain goes on and what is asked for is told, every pool is back.
    for _ in range(3):
        tree.begin(0, 1)
        tree.answer(needs)
        needs = run(engines[1], tree.market.take())[1]
    tree.begin(0, 1)
    tree.begin(0, 1)
    run(engines[1], tree.market.take())
    assert set(states(engines[1]).values()) == {"live"}


def data_of(tree: Tree, address: bytes) -> str:
    return tree.market._value(address)["data"][0]


def fork(tree: Tree) -> None:
    """A slot with a trade in it is dropped: the next one goes on from its parent."""
    tree.begin(0, 1)
    tree.trade("cpmm-sol-usdc", 10**12, a_to_b=True)
    tree.begin(1, 1)


@pytest.mark.parametrize("name", ENGINES)
def test_a_dropped_slot_takes_its_pools_out_in_the_same_record_and_asks_again(name):
    engine, tree = make_engine(name, setup()), Tree()
    tree.begin(0, 1)
    tree.trade("cpmm-sol-usdc", 10**12, a_to_b=True)
    run(engine, tree.market.take())
    assert set(states(engine).values()) == {"live"}
    tree.begin(1, 1)
    needs = run(engine, tree.market.take())[1]
    assert states(engine)["cpmm-sol-usdc"] == "fork"
    asked = {json.loads(line)["key"] for line in needs.splitlines()}
    assert asked == {base58.encode(each) for each in members("cpmm-sol-usdc")}
    amount, why = engine.quote_route([f"{base58.encode(key('cpmm-sol-usdc'))}:0"], 10**9, tree.market.now_ns)
    assert (amount, why) == (0, "fork")
    tree.answer(needs)
    run(engine, tree.market.take())
    assert states(engine)["cpmm-sol-usdc"] == "live"
    refused = json.loads(engine.present(LATER))["counters"]["refused"]
    assert refused["rolled_back"] == 3


@pytest.mark.parametrize("name", ENGINES)
def test_a_cycle_through_a_forked_pool_is_decided_anew_with_that_reason(name):
    engine, tree = make_engine(name, setup()), Tree()
    tree.begin(0, 1)
    tree.trade("cpmm-sol-usdc", 500 * 10**9, a_to_b=True)
    before = [json.loads(line) for line in run(engine, tree.market.take())[0].splitlines()]
    through = {each["key"] for each in before if base58.encode(key("cpmm-sol-usdc")) in each["key"]}
    assert through
    tree.begin(1, 1)
    after = [json.loads(line) for line in run(engine, tree.market.take())[0].splitlines()]
    reasons = {each["key"]: (each["go"], each["reason"], each["detail"]) for each in after}
    forked = {reasons[each] for each in through if each in reasons}
    assert (False, "fork", base58.encode(key("cpmm-sol-usdc"))) in forked


@pytest.mark.parametrize("name", ENGINES)
def test_a_rollback_shows_the_last_rooted_state_that_was_kept(name):
    engine, tree = make_engine(name, setup()), Tree()
    vault, seen = key("cpmm-sol-usdc-va"), {}
    for _ in range(3 * ROOTED):
        tree.begin(0, 1)
        tree.trade("cpmm-sol-usdc", 10**9, a_to_b=True)
        seen[tree.newest] = data_of(tree, vault)
    tree.begin(1, 1)
    run(engine, tree.market.take())
    account = held(engine)[vault]
    root = tree.newest - 2 - ROOTED
    assert account["fork"] is not None
    assert root - ROOTED <= account["slot"] <= root
    assert account["data"] == seen[account["slot"]]


@pytest.mark.parametrize("name", ENGINES)
def test_an_older_slot_told_late_is_no_fork(name):
    engine, tree = make_engine(name, setup()), Tree()
    tree.begin(0, 1)
    tree.trade("cpmm-sol-usdc", 10**9, a_to_b=True)
    tree.begin(0, 1)
    run(engine, tree.market.take())
    slot = {"parent": tree.newest - 3, "root": 0, "slot": tree.newest - 2}
    params = {"result": slot, "subscription": 1}
    tree.market.frame(WS, {"jsonrpc": "2.0", "method": "slotNotification", "params": params})
    needs = run(engine, tree.market.take())[1]
    assert needs == b""
    assert set(states(engine).values()) == {"live"}


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("slot", [(1_010, 1_010, 0), (1_010, 1_011, 0), (1_010, 1_009, 1_011)])
def test_a_slot_that_can_not_be_is_refused_and_named(name, slot):
    engine, tree = make_engine(name, setup()), Tree()
    result = dict(zip(("slot", "parent", "root"), slot, strict=True))
    params = {"result": result, "subscription": 1}
    tree.market.frame(WS, {"jsonrpc": "2.0", "method": "slotNotification", "params": params})
    run(engine, tree.market.take())
    view = json.loads(engine.present(LATER))
    assert view["counters"]["refused"]["bad_slot"] == 1
    assert f"slot {slot[0]} has parent {slot[1]}" in view["channels"][0]["last_error"]
    assert view["slot"] == tree.newest


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_told_of_a_dropped_slot_afterwards_is_refused_and_asked_for(name):
    engine, tree = make_engine(name, setup()), Tree()
    tree.begin(0, 1)
    lost = tree.newest
    tree.begin(1, 1)
    tree.market.notify(key("ray-sol-usdc-va"), slot=lost)
    needs = run(engine, tree.market.take())[1]
    assert states(engine)["ray-sol-usdc"] == "fork"
    assert base58.encode(key("ray-sol-usdc-va")) in needs.decode()
    view = json.loads(engine.present(LATER))
    assert view["counters"]["refused"]["forked"] == 1
    tree.market.seed([key("ray-sol-usdc-va")], HTTP, slot=lost)
    run(engine, tree.market.take())
    assert states(engine)["ray-sol-usdc"] == "fork", "an answer of the lost slot confirms nothing"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.sampled_from(ENGINES), st.integers(0, 29))
def test_forks_go_on_in_the_other_engine(script, head, at):
    tree = Tree()
    whole, begins = make_engine(head, setup()), make_engine(head, setup())
    goes_on = make_engine(next(name for name in ENGINES if name != head), setup())
    block, needs = tree.market.take(), b""
    run(whole, block)
    run(begins, block)
    for place, step in enumerate(script):
        if place == at % len(script):
            goes_on.restore(begins.snapshot())
            begins = goes_on
        needs = play(tree, step, needs)
        block = tree.market.take()
        expected = run(whole, block)
        assert run(begins, block) == expected
        needs += expected[1]
    assert begins.snapshot() == whole.snapshot()


def test_a_damaged_chain_is_refused_by_both():
    tree = Tree()
    engine = make_engine("native", setup())
    fork(tree)
    run(engine, tree.market.take())
    state = all_state(engine)
    state["channels"][0]["chain"]["links"][0] = [5, 5]
    for name in ENGINES:
        with pytest.raises(ValueError, match="links of a chain"):
            make_engine(name, setup()).restore(made(state))
