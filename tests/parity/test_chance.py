"""The chance to land is learned from our orders, and from gaps that were worth one and got none, in both engines."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cambist.engine import build_info, make_engine
from tests.parity.ends_market import run_all
from tests.parity.markets import GATES, Market, run, setup
from tests.snapshots import all_state

ENGINES = ["reference", "native"] if build_info().native else ["reference"]
STEP_NS = 1_000_000
"""Between two records of the market."""


class Tiny:
    """A tiny market with gaps that are worth an order at once, as both engines see it."""

    def __init__(self, **gates: int) -> None:
        self.market = Market()
        eager = msgspec.structs.replace(GATES, **({"min_seen_slots": 0, "max_fee_ppm_of_gross": 900_000} | gates))
        self.engines = [make_engine(name, setup(gates=eager)) for name in ENGINES]
        self.market.open()
        self.market.fees([2_000, 3_000, 4_000])
        self.market.next_slot()
        self.feed()

    def feed(self) -> list[dict[str, Any]]:
        """Feeds what was told; returns the ends, equal in both."""
        block = self.market.take()
        said = [run_all(engine, block) for engine in self.engines]
        assert all(each == said[0] for each in said)
        assert len({engine.snapshot() for engine in self.engines}) == 1
        return [json.loads(line) for line in said[0].ends.splitlines()]

    def open(self) -> int:
        """Opens gaps; returns when they were worth an order."""
        self.market.trade("ray-sol-usdc", 10**13, a_to_b=True)
        self.feed()
        gone = {cycle["gap"]["go_ns"] for cycle in self.state()["cycles"] if cycle["gap"] and cycle["gap"]["go"]}
        assert gone
        return min(gone)

    def shut(self, after_ns: int) -> list[dict[str, Any]]:
        """Lets all gaps fade at a time; returns their ends."""
        if (wait_ns := after_ns - self.market.now_ns - STEP_NS) > 0:
            self.market.record(2, b"", step_ns=wait_ns)
        self.market.trade("ray-sol-usdc", 10**13 // 6, a_to_b=False)
        for _ in range(3):
            self.market.next_slot()
        return [end for end in self.feed() if end["go"]]

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        for engine in self.engines:
            engine.learn(key, landed=landed, took_ns=took_ns)

    def state(self) -> dict[str, Any]:
        return all_state(self.engines[-1])

    @property
    def learned(self) -> dict[tuple[str, int], tuple[int, int]]:
        return {(kind, hops): (wins, tries) for kind, hops, wins, tries in self.state()["learned"]}


def test_before_an_order_of_ours_took_its_time_gaps_teach_nothing() -> None:
    tiny = Tiny()
    tiny.open()
    assert tiny.shut(0)
    assert tiny.learned == {}
    tiny.learn("x:0|y:0", landed=False, took_ns=None)
    tiny.open()
    assert tiny.shut(0)
    assert tiny.learned == {("atomic", 2): (0, 1)}


def counted(ends: list[dict[str, Any]], own_ns: int) -> dict[tuple[str, int], tuple[int, int]]:
    """Returns what ends teach whose orders would have taken so long."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for end in ends:
        kind = "legged" if "binance:" in end["key"] else "atomic"
        wins, tries = found.get((kind, end["key"].count("|") + 1), (0, 0))
        outlived = end["ended_ns"] - end["go_ns"] > own_ns
        found[kind, end["key"].count("|") + 1] = wins + outlived, tries + 1
    return found


@pytest.mark.parametrize("too_late", [0, 1])
def test_a_gap_that_outlived_our_median_counts_as_landed(too_late: int) -> None:
    tiny = Tiny()
    ended = tiny.open() + 400_000_000
    ends = tiny.shut(ended)
    lived = {end["ended_ns"] - end["go_ns"] for end in ends}
    tiny = Tiny()
    own_ns = min(lived) - 1 + too_late
    for took_ns in (own_ns + 5, own_ns, own_ns - 5, own_ns + 7):  # the lower one of the two in the middle
        tiny.learn("a|b|c|d|e|f|g", landed=True, took_ns=took_ns)
    assert tiny.learned == {("atomic", 7): (4, 4)}
    tiny.open()
    ends = tiny.shut(ended)
    assert tiny.learned == {("atomic", 7): (4, 4)} | counted(ends, own_ns)


def test_a_gap_that_an_order_went_for_teaches_by_the_order_alone() -> None:
    tiny = Tiny()
    tiny.learn("a|b|c|d|e|f|g", landed=True, took_ns=1)
    tiny.open()
    keys = sorted(cycle["key"] for cycle in tiny.state()["cycles"] if cycle["gap"] and cycle["gap"]["go"])
    for engine in tiny.engines:
        engine.sent(keys[0])
        engine.sent("of no:0|cycle:1")
    ends = tiny.shut(0)
    others = [end for end in ends if end["key"] != keys[0]]
    assert len(others) == len(ends) - 1
    assert tiny.learned == {("atomic", 7): (1, 1)} | counted(others, 1)
    tiny.open()
    ends = [end for end in tiny.shut(0) if end["key"] == keys[0]]
    assert len(ends) == 1, "its next gap is another one"


def test_one_that_was_never_worth_an_order_teaches_nothing() -> None:
    tiny = Tiny(min_seen_slots=100)
    tiny.learn("a|b|c|d|e|f|g", landed=True, took_ns=1)
    tiny.market.trade("ray-sol-usdc", 10**13, a_to_b=True)
    tiny.feed()
    assert any(cycle["gap"] for cycle in tiny.state()["cycles"])
    assert tiny.shut(0) == []
    assert tiny.learned == {("atomic", 7): (1, 1)}


def test_what_cannot_be_believed_any_more_teaches_nothing() -> None:
    tiny = Tiny()
    tiny.learn("a|b|c|d|e|f|g", landed=True, took_ns=1)
    tiny.open()
    for seconds in (6, 6, 6):
        tiny.market.record(2, b"", step_ns=seconds * 10**9)
    ends = [end for end in tiny.feed() if end["go"]]
    assert {end["fate"] for end in ends} == {"stale"}
    assert tiny.learned == {("atomic", 7): (1, 1)}


def test_the_last_times_are_kept_over_a_snapshot_and_no_more_of_them() -> None:
    tiny = Tiny()
    for number in range(70):
        tiny.learn("a|b", landed=False, took_ns=number)
    assert tiny.state()["took_ns"] == list(range(6, 70))
    tiny.open()
    again = [make_engine(name, tiny.engines[0].setup) for name in ENGINES]
    for engine in again:
        engine.restore(tiny.engines[-1].snapshot())
    tiny.engines += again
    tiny.feed()
    assert len({engine.snapshot() for engine in tiny.engines}) == 1
    tiny.shut(0)
    assert run(tiny.engines[0], tiny.market.take()) == (b"", b"")
