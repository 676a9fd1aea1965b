"""Both engines stop after the same frames while pools are watched, and tell the same states of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cambist.engine import make_engine
from cambist.engine.protocol import SlotStanding
from cambist.engine.reference.chain import base58
from cambist.model.events import HEADER, RecordKind
from tests.parity.markets import POOLS, Market, key, setup

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

TRADED = ("cpmm-sol-usdc", "orca-sol-usdc", "ray-sol-usdc")


def busy(seed: int, length: int = 120) -> tuple[bytes, bytes, list[str]]:
    """Returns records that open the market, others, and of each of these what it changes: a pool's name or `slot`."""
    rng, market = random.Random(seed), Market()
    market.open()
    begun, told = market.take(), list[str]()
    names = [name for name in TRADED if name in POOLS]
    for _ in range(length):
        before = len(market.records)
        if rng.random() < 0.3:
            market.next_slot()
            told += ["slot", *["clock"] * (len(market.records) - before - 1)]
            continue
        name = rng.choice(names)
        market.trade(name, rng.randrange(1, 60) * 10**9, a_to_b=rng.random() < 0.5)
        told += [name] * (len(market.records) - before)
    return begun, market.take(), told


def feed(engine: Engine, block: bytes) -> list[int]:
    """Lets an engine take a block; returns the times at which it stopped for what is watched."""
    offset, stops = 0, list[int]()
    while offset < len(block):
        is_frame = HEADER.unpack_from(block, offset)[2] == RecordKind.FRAME
        done = engine.ingest(block, offset, 2**63 - 1) if is_frame else engine.control(block, offset)
        offset, stops = done.offset, stops + ([] if done.watched_ns is None else [done.watched_ns])
    return stops


@pytest.mark.parametrize("seed", range(6))
def test_ingest_stops_after_what_is_watched_and_nothing_else(seed: int) -> None:
    begun, block, told = busy(seed)
    engines = [make_engine(name, setup()) for name in ("native", "reference")]
    name = next(name for name in TRADED if name in POOLS)
    edge = f"{base58.encode(key(name))}:0"
    route, stops, at, offset = [edge], list[int](), 0, 0
    for engine in engines:
        feed(engine, begun)
        engine.watch(route)
    while offset < len(block):
        first, second = (engine.ingest(block, offset, 2**63 - 1) for engine in engines)
        assert first == second
        at += first.records
        offset = first.offset
        if first.watched_ns is not None:
            stops.append(at - 1)
            states = [engine.quote_state(route, 10**9, first.watched_ns) for engine in engines]
            assert states[0] == states[1]
            assert states[0].newest_slot >= states[0].slot
    assert stops == [number for number, what in enumerate(told) if what in (name, "slot")]


def test_nothing_watched_is_nothing_stopped_for_and_unknown_edges_are_none() -> None:
    begun, block, _ = busy(1)
    for name in ("native", "reference"):
        engine = make_engine(name, setup())
        feed(engine, begun)
        engine.watch(["nowhere:0", "okx:SOL-USDC:1"])
        assert feed(engine, block) == []
        assert engine.quote_state(["nowhere:0"], 5, 1)[1:] == (0, 0, "unknown_edge")


@pytest.mark.parametrize("seed", range(4))
def test_both_engines_say_the_same_of_every_slot_of_a_chain_that_forks(seed: int) -> None:
    rng, market = random.Random(seed), Market()
    market.open()
    begun = market.slot
    engines = [make_engine(name, setup()) for name in ("native", "reference")]
    seen: set[SlotStanding] = set()
    for _ in range(60):
        market.next_slot(market.slot - rng.choice((0, 0, 0, 1, 2)))
        block = market.take()
        for engine in engines:
            feed(engine, block)
        for slot in range(begun - 40, market.slot + 2):
            first, second = (engine.slot_standing(slot) for engine in engines)
            assert first is second, slot
            seen.add(first)
    assert seen == set(SlotStanding)
