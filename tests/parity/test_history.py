"""What becomes of each cycle: when it was found, its best, how it ended; in both engines, and over snapshots."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cambist.engine import build_info, make_engine
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.snapshot import container, zeros
from cambist.engine.reference.engine.standing import MOST_ENDED
from cambist.model.events import HEADER, records
from tests.parity.markets import POOLS, SOL, Market, key, run, setup
from tests.parity.session_vectors import act
from tests.ranking.market import RandomMarket
from tests.snapshots import all_state, made

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine

ENGINES = ["reference", "native"] if build_info().native else ["reference"]
HEAD = len(container.MAGIC) + 1
LINGER_SLOTS = 25
DISABLED = (2).to_bytes(8, "little")
"""Status of a pool that swaps no more, at its start."""
named = pytest.mark.parametrize("name", ENGINES)


@dataclass
class Seen:
    """A cycle as an onlooker knows it who looks after each record."""

    found: tuple[int, int]
    """(time, newest slot)."""
    best: tuple[int, int] | None = None
    """(net, time)."""
    ended: tuple[int, int] | None = None


class Onlooker:
    """Feeds engines one record at a time and looks which cycles stand, and at their last decisions."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.engines = [make_engine(name, setup()) for name in ENGINES]
        self.stands: dict[str, Seen] = {}
        self.over: dict[str, Seen] = {}

    def step(self) -> None:
        """Feeds what the market told since."""
        block = self.market.take()
        at = 0
        for record in records(block):
            size = HEADER.size + len(record.body)
            for engine in self.engines:
                run(engine, block[at : at + size])
            at += size
            self._look(record.recv_ns)

    def _look(self, now_ns: int) -> None:
        state = all_state(self.engines[0])
        slot = state["slot"] or 0
        nets = {cycle["key"]: (cycle["last"] or {}).get("net") for cycle in state["cycles"]}
        for name in self.stands.keys() - nets.keys():
            self.over[name] = seen = self.stands.pop(name)
            seen.ended = now_ns, slot
        for name, net in nets.items():
            seen = self.stands.setdefault(name, Seen((now_ns, slot)))
            if net is not None and (seen.best is None or net > seen.best[0]):
                seen.best = net, now_ns

    def history(self, name: str) -> dict[str, Any]:
        """Returns what the engines say, which is the same."""
        answers = {engine.inspect(name, self.market.now_ns) for engine in self.engines}
        assert len(answers) == 1
        known: dict[str, Any] = json.loads(answers.pop())["history"]
        return known


def known(seen: Seen, said: dict[str, Any]) -> None:
    """Holds what an engine says against what was seen."""
    assert (said["found_ns"], said["found_slot"] or 0) == seen.found
    assert (said["best_net"], said["best_ns"]) == (seen.best or (None, None))
    end = said["ended"]
    assert (end and (end["at_ns"], end["slot"] or 0)) == seen.ended


@cache
def watched(seed: int) -> Onlooker:
    """Returns an onlooker of a market in which much happens."""
    rng, market = random.Random(seed), Market()
    looker = Onlooker(market)
    market.open()
    looker.step()
    for _ in range(50):
        act(market, rng)
        looker.step()
        if rng.random() < 0.15:
            for _ in range(LINGER_SLOTS):
                market.next_slot()
            looker.step()
    return looker


@pytest.mark.parametrize("seed", [1, 4])
def test_the_history_of_each_cycle_is_what_an_onlooker_saw(seed: int) -> None:
    looker = watched(seed)
    assert len(looker.stands) > 3
    for name, seen in looker.stands.items():
        known(seen, looker.history(name))
    lately = {name for name in looker.over if name not in looker.stands}
    assert len(lately) > 3
    for name in lately:
        known(looker.over[name], looker.history(name))
    all_seen = [*looker.stands.values(), *looker.over.values()]
    bests = [(*seen.best, seen.found[0]) for seen in all_seen if seen.best is not None]
    assert any(net < 0 for net, _, _ in bests)
    assert any(best_ns > found_ns for _, best_ns, found_ns in bests)


def paying() -> tuple[Onlooker, str]:
    """Returns an onlooker of a market in which a cycle pays, and its key."""
    market = Market()
    looker = Onlooker(market)
    market.open()
    looker.step()
    market.trade("ray-sol-usdc", 10**13, a_to_b=True)
    looker.step()
    view = json.loads(looker.engines[0].present(market.now_ns))
    best = view["cycles"][0]
    assert best["net"] > 0
    assert "ray-sol-usdc" in " ".join(label(best["key"]))
    return looker, best["key"]


def label(name: str) -> list[str]:
    """Returns which pools a cycle goes through."""
    return [pool for pool in POOLS if base58.encode(key(pool)) in name]


def test_its_best_is_the_most_and_the_first_moment_of_it() -> None:
    looker, name = paying()
    market = looker.market
    market.trade("ray-sol-usdc", 10**12, a_to_b=True)
    looker.step()
    most = looker.history(name)
    assert most["best_ns"] > most["found_ns"]
    known(looker.stands[name], most)
    market.trade("ray-sol-usdc", 10**9, a_to_b=False)
    market.next_slot()
    looker.step()
    now = json.loads(looker.engines[0].inspect(name, market.now_ns))
    assert 0 < now["opportunity"]["net"] < most["best_net"]
    assert now["history"] == most


def test_one_that_pays_no_more_is_lost_after_its_slots() -> None:
    looker, name = paying()
    market = looker.market
    assert looker.history(name)["ended"] is None
    market.trade("ray-sol-usdc", 10**13 // 6, a_to_b=False)
    looker.step()
    while name in looker.stands:
        market.next_slot()
        looker.step()
        assert market.slot < 2_000
    said = looker.history(name)
    assert said["ended"]["how"] == "lost"
    known(looker.over[name], said)
    outline = json.loads(looker.engines[0].inspect(name, market.now_ns))
    assert (outline["opportunity"], outline["hops"], outline["curve"], outline["cap"]) == (None, [], [], None)


def tell_status(market: Market, status: bytes) -> None:
    """Tells another status of the pool through which a cycle pays, and ends the slot."""
    address = key("ray-sol-usdc")
    owner, data = market.accounts[address]
    market.accounts[address] = owner, status + data[len(status) :]
    market.notify(address)
    market.next_slot()


def test_one_whose_pool_went_is_gone_and_its_best_stays_as_it_was() -> None:
    looker, name = paying()
    market = looker.market
    best = looker.history(name)["best_net"]
    enabled = market.accounts[key("ray-sol-usdc")][1][: len(DISABLED)]
    tell_status(market, DISABLED)
    looker.step()
    said = looker.history(name)
    assert (said["ended"]["how"], said["best_net"]) == ("gone", best)
    assert best > 0
    tell_status(market, enabled)
    looker.step()
    again = looker.history(name)
    assert again["ended"] is None
    assert again["found_ns"] > said["ended"]["at_ns"]
    known(looker.stands[name], again)
    tell_status(market, DISABLED)
    looker.step()
    twice = looker.history(name)
    assert twice["found_ns"] == again["found_ns"]
    known(looker.over[name], twice)


def test_what_is_crowded_out_says_so() -> None:
    market = RandomMarket(13, hubs=True)
    market.open()
    engine = make_engine(ENGINES[-1], market.setup())
    run(engine, market.take())
    crowded: set[str] = set()
    for _ in range(40):
        market.trade()
        run(engine, market.take())
        state = all_state(engine)
        stands = {cycle["key"] for cycle in state["cycles"]}
        crowded = {each[0] for each in state["ended"] if each[4] == "crowded"} - stands
        if crowded:
            break
    assert state["counters"]["crowded_out"] >= len(crowded) > 0
    ends = {each[0]: each[4] for each in state["ended"]}
    for name in crowded:
        said = json.loads(engine.inspect(name, market.now_ns))["history"]["ended"]
        assert said["how"] == ends[name]
    assert "crowded" in ends.values()


def test_one_that_never_stood_is_not_known() -> None:
    looker, _ = paying()
    assert {engine.inspect("nobody:0|nowhere:1", looker.market.now_ns) for engine in looker.engines} == {b"null"}


def answers(engine: Engine, looker: Onlooker) -> list[bytes]:
    """Returns what an engine says of every cycle that was seen."""
    return [engine.inspect(name, looker.market.now_ns) for name in sorted({*looker.stands, *looker.over})]


@named
def test_a_snapshot_holds_all_of_it(name: str) -> None:
    looker = watched(4)
    again = make_engine(name, setup())
    again.restore(looker.engines[0].snapshot())
    assert answers(again, looker) == answers(looker.engines[0], looker)
    assert again.snapshot() == looker.engines[0].snapshot()


@named
def test_one_of_an_older_writer_knows_no_slots_and_no_time_of_the_best(name: str) -> None:
    looker = watched(4)
    whole = looker.engines[0].snapshot()
    state = msgspec.msgpack.decode(zeros.unpack(whole[HEAD:]))
    names = list(all_state(looker.engines[0]))
    cycles, ended = state[names.index("cycles")], state[names.index("ended")]
    assert ended
    for part in cycles:
        del part[-3:]
    for part in ended:
        del part[5:]
    again = make_engine(name, setup())
    again.restore(whole[:HEAD] + zeros.pack(msgspec.msgpack.encode(state)))
    for each in {*looker.stands, *looker.over}:
        said, was = json.loads(again.inspect(each, 0))["history"], looker.history(each)
        assert said["found_ns"] == was["found_ns"]
        assert said["best_net"] == was["best_net"]
        assert (said["found_slot"], said["best_ns"]) == (None, None)
        if was["ended"] is not None:
            assert said["ended"] == {**was["ended"], "slot": None}


@named
def test_as_many_are_remembered_as_may_stand(name: str) -> None:
    looker, _ = paying()
    state = all_state(looker.engines[0])
    many = [[f"k{at}", 1, 2, None, "lost", SOL, 3, 4, None] for at in range(MOST_ENDED + 1)]
    again = make_engine(name, setup())
    again.restore(made({**state, "ended": many}))
    assert again.inspect("k0", 0) == b"null"
    assert json.loads(again.inspect("k1", 0))["history"]["ended"] == {"at_ns": 2, "slot": 4, "how": "lost"}
    assert [each[0] for each in all_state(again)["ended"]] == [each[0] for each in many[1:]]
    tell_status(looker.market, DISABLED)
    run(again, looker.market.take())
    ended = [each[0] for each in all_state(again)["ended"]]
    gone = [each for each in ended if not each.startswith("k")]
    assert gone
    assert ended == [each[0] for each in many[1 + len(gone) :]] + gone


@named
def test_an_end_that_is_none_is_refused(name: str) -> None:
    state = all_state(watched(4).engines[0])
    damaged = json.loads(json.dumps(state))
    damaged["ended"][0][4] = "bored"
    arrays = msgspec.msgpack.decode(zeros.unpack(made(state)[HEAD:]))
    arrays[list(state).index("ended")] = damaged["ended"]
    with pytest.raises(ValueError, match="not a snapshot"):
        make_engine(name, setup()).restore(container.MAGIC + b"\x08" + zeros.pack(msgspec.msgpack.encode(arrays)))
