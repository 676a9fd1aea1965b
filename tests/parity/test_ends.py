"""What became of gaps on the embedded market: equal in both engines, over snapshots, and against who took them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest

from cambist.engine import build_info, make_engine
from cambist.engine.reference.chain import base58
from cambist.model.ends import Fate, Receipt
from cambist.model.events import RecordKind
from tests.parity.ends_market import Watched, run_all
from tests.parity.markets import Market, run, setup
from tests.snapshots import all_state

if TYPE_CHECKING:
    from cambist.model.ends import GapEnd

ENGINES = ["reference", "native"] if build_info().native else ["reference"]
UNTOLD = {"dlmm", "damm2", "pump"}
"""Venues that tell of a swap by a call to themselves, which logs don't show."""
SLOTS = 60


@cache
def watched(seed: int) -> Watched:
    """Returns a market after some slots."""
    market = Watched(seed, ENGINES[-1])
    for _ in range(SLOTS):
        market.slot()
    return market


def venues(market: Watched, end: GapEnd) -> set[str]:
    return {market.wire.pools[leg.rpartition(":")[0]].spec.venue for leg in end.key.split("|")}


def right_of(market: Watched, ends: list[GapEnd]) -> tuple[int, int, int]:
    """Returns how many named takers are right, how many were named, and how many gaps were taken."""
    right = named = taken = 0
    for end in ends:
        true = market.truth[end.key, end.ended_ns]
        named += end.taker is not None
        taken += true is not None
        right += end.taker is not None and true is not None and end.taker.signature == base58.encode_signature(true)
    return right, named, taken


@pytest.mark.parametrize("seed", [7, 11])
def test_takers_are_who_truly_took_it(seed: int) -> None:
    market = watched(seed)
    judged = [end for end in market.ends if (end.key, end.ended_ns) in market.truth]
    told = [end for end in judged if not venues(market, end) & UNTOLD]
    assert len(told) > 100
    right, named, taken = right_of(market, told)
    assert right * 100 >= 97 * named
    assert right * 100 >= 97 * taken
    right, named, taken = right_of(market, judged)
    assert right * 100 >= 90 * named
    assert right * 100 >= 90 * taken


def test_an_end_says_when_it_was_and_comes_two_slots_later() -> None:
    market = watched(7)
    ends = market.ends
    assert [end.number for end in ends] == list(range(1, len(ends) + 1))
    assert all(end.found_ns <= end.paid_ns < end.ended_ns for end in ends if end.fate is Fate.TAKEN)
    assert all(end.best_net >= end.last_net > 0 for end in ends)
    assert {end.fate for end in ends} >= {Fate.TAKEN}
    assert all((end.taker is not None) == (end.fate is Fate.TAKEN) for end in ends)
    assert all(end.contested >= 1 and 1 <= end.taker.legs <= 5 for end in ends if end.taker is not None)
    waiting = all_state(market.engines[0])["ends"]["closing"]
    assert all(each["ended_slot"] + 2 > market.wire.slot for each in waiting)


def test_takers_of_gaps_worth_an_order_are_asked_for_and_who_paid_what_is_told_as_it_was() -> None:
    market = watched(7)
    worth = [end.taker.signature for end in market.ends if end.go and end.taker is not None]
    wanted = list(dict.fromkeys(market.wire.wanted))
    assert wanted == list(dict.fromkeys(worth))
    assert len(worth) > len(wanted) > 10, "one transaction ends several cycles"
    assert len(wanted) <= len(market.wire.wanted) < len(worth), "at once it is asked for once"
    assert [each.signature for each in market.receipts] == market.wire.wanted
    for told in market.receipts:
        landed = market.wire.landed[told.signature]
        paid = landed.transaction
        assert told == Receipt(told.signature, landed.slot, base58.encode(paid.payer), paid.fee, paid.tip or 0)
    assert any(told.tip for told in market.receipts)


@pytest.mark.skipif(len(ENGINES) < 2, reason="the Rust engine is not built")
def test_both_engines_tell_the_same_ends_and_take_up_from_one_another() -> None:
    market = Watched(7, *ENGINES)
    for _ in range(8):
        market.slot()
    assert sum(end.fate is Fate.TAKEN for end in market.ends) > 5
    assert market.receipts, "told alike, as all outputs"
    first, second = market.engines
    state = all_state(first)
    assert state["ends"]["landed"]
    assert any(cycle["gap"] for cycle in state["cycles"])
    assert first.snapshot() == second.snapshot()
    market.engines = [first, second, *(make_engine(name, first.setup) for name in ENGINES)]
    for again in market.engines[2:]:
        again.restore(first.snapshot())
    before = len(market.ends)
    for _ in range(4):
        market.slot()
    assert len(market.ends) > before
    assert len({engine.snapshot() for engine in market.engines}) == 1


def gap(market: Market) -> None:
    market.trade("ray-sol-usdc", 10**13, a_to_b=True)


@pytest.fixture(params=ENGINES)
def tiny(request: pytest.FixtureRequest):
    """Returns an engine that sees a gap in a tiny market, and the market."""
    market, engine = Market(), make_engine(request.param, setup())
    market.open()
    run(engine, market.take())
    gap(market)
    run(engine, market.take())
    assert any(cycle["gap"] for cycle in all_state(engine)["cycles"])
    return market, engine


def later(market: Market, engine, slots: int = 3) -> list[dict]:
    """Returns the ends that are told within some slots."""
    for _ in range(slots):
        market.next_slot()
    return [json.loads(line) for line in run_all(engine, market.take()).ends.splitlines()]


def test_prices_that_move_back_without_a_transaction_that_was_seen_are_faded(tiny) -> None:
    market, engine = tiny
    market.trade("ray-sol-usdc", 10**13 // 6, a_to_b=False)
    run(engine, market.take())
    ends = later(market, engine)
    assert ends
    assert {(end["fate"], end["taker"], end["contested"]) for end in ends} == {("faded", None, 0)}


def test_what_our_own_order_took_is_ours(tiny) -> None:
    market, engine = tiny
    best = next(
        cycle for cycle in json.loads(engine.present(market.now_ns))["cycles"] if cycle["settlement"] == "atomic"
    )
    for _ in range(400):
        engine.filled(best["route"], best["amount_in"], market.now_ns)
    fates = {end["key"]: end["fate"] for end in later(market, engine, 4)}
    assert fates[best["key"]] == "ours"


def test_one_that_goes_on_after_our_order_is_not_ours(tiny) -> None:
    market, engine = tiny
    best = json.loads(engine.present(market.now_ns))["cycles"][0]
    engine.filled(best["route"], best["amount_in"] // 1_000, market.now_ns)
    assert best["key"] not in {end["key"] for end in later(market, engine)}
    market.trade("ray-sol-usdc", 10**13 // 6, a_to_b=False)
    run(engine, market.take())
    assert {end["fate"] for end in later(market, engine)} == {"faded"}


def silence(market: Market, engine, seconds: int) -> list[dict]:
    market.record(RecordKind.TICK, b"", step_ns=seconds * 10**9)
    return [json.loads(line) for line in run_all(engine, market.take()).ends.splitlines()]


def test_what_can_t_be_believed_for_long_is_stale_and_for_less_goes_on(tiny) -> None:
    market, engine = tiny
    count = sum(cycle["gap"] is not None for cycle in all_state(engine)["cycles"])
    assert silence(market, engine, 4) == []
    assert sum(cycle["gap"] is not None for cycle in all_state(engine)["cycles"]) == count
    silence(market, engine, 2)
    ends = silence(market, engine, 6)
    assert ends
    assert {end["fate"] for end in ends} == {"stale"}
    assert all(end["ended_ns"] - end["paid_ns"] > 5 * 10**9 for end in ends)
