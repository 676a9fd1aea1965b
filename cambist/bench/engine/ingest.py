"""What one swap's notifications cost: bytes to state to the touched cycles, scored.

The graph is the embedded market's. *Quiet* are tiny swaps in those of its pools of 0.25 % and more where no reduced
cost turns negative, so that nothing is searched; with the cheaper pools some cycle pays all the time. The *session* is
what its traders do in all pools, clock and slots included; what changed a pool in one slot counts as one swap.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.bench.engine.case import EngineRow, native
from cambist.bench.engine.node import fed, is_clock, opened
from cambist.bench.goal import judged, most
from cambist.engine import make_engine
from cambist.simulator.accounts import TokenBalance
from cambist.simulator.pool import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cambist.bench.engine.case import Plan
    from cambist.bench.engine.node import Node
    from cambist.engine.protocol import Engine, EngineSetup
    from cambist.simulator.pool import Pool

    Swap = Callable[..., list[bytes]]
    """Swaps in a pool. Returns the accounts that changed."""

SWAPS, SLOTS = 2_000, 40
PYTHON_SWAPS = 100
TINY = 1_000_000
"""A quiet swap is this part of a reserve."""
QUIET_PPM = 2_500
NOW = 1 << 62


class Stream(NamedTuple):
    """Notifications, and the engine that they are for."""

    graph: str
    parts: list[tuple[bytes, int]]
    """(block, swaps that it tells), in order."""
    state: bytes
    """The engine's before the first."""
    engine: Engine
    setup: EngineSetup

    @property
    def swaps(self) -> int:
        """Returns how many swaps are told."""
        return sum(swaps for _, swaps in self.parts)


def rows(plan: Plan) -> Iterator[EngineRow]:
    """Yields the mean, which judges the rate, and percentiles of the same swaps, each the least of some passes."""
    if native() is not None:
        yield from _measured(_two_vaults(), 400_000.0, plan)
        yield from _measured(_one_whirlpool(), 400_000.0, plan)
        yield from _measured(_session(), 60_000.0, plan)


def _measured(stream: Stream, least_per_s: float, plan: Plan) -> Iterator[EngineRow]:
    wholes, worked, each = _timed(stream, plan.rounds)
    name, size = "a swap told, its cycles scored", f"{stream.graph}, {stream.swaps:,} swaps"
    mean, python = min(wholes) / stream.swaps, _python(stream)
    goal = most(1e9 / least_per_s, f"≥ {least_per_s:,.0f} a second")
    rounds = {"rust": tuple(each / stream.swaps for each in worked)}
    yield judged(EngineRow(f"{name}: mean", size, python, mean, python / mean, rounds=rounds), [goal])
    for label, ns in (("p50", each[len(each) // 2]), ("p99", each[len(each) * 99 // 100]), ("max", each[-1])):
        better = "" if label == "max" else "less"
        yield EngineRow(f"{name}: {label}", size, None, float(ns), better=better)


def _timed(stream: Stream, rounds: int) -> tuple[list[int], list[int], list[int]]:
    """Returns ns of all parts in one block, that passed and of the processor, and of each swap alone, ascending."""
    engine, block = stream.engine, b"".join(part for part, _ in stream.parts)
    whole: list[int] = []
    worked: list[int] = []
    singles: list[list[int]] = [[] for _ in stream.parts]
    now = time.perf_counter_ns
    for _ in range(rounds):
        engine.restore(stream.state)
        before, begun = time.process_time_ns(), now()
        fed(engine, block)
        whole.append(now() - begun)
        worked.append(time.process_time_ns() - before)
        engine.restore(stream.state)
        for (part, _), times in zip(stream.parts, singles, strict=True):
            begun = now()
            fed(engine, part)
            times.append(now() - begun)
    each = [min(times) for (_, swaps), times in zip(stream.parts, singles, strict=True) if swaps]
    return whole, worked, sorted(each)


def _python(stream: Stream) -> float:
    """Returns ns of a swap in the reference, over the first of them."""
    engine = make_engine("reference", stream.setup)
    engine.restore(stream.state)
    swaps, begun = 0, time.perf_counter_ns()
    for part, count in stream.parts:
        fed(engine, part)
        swaps += count
        if swaps >= PYTHON_SWAPS:
            break
    return (time.perf_counter_ns() - begun) / swaps


def _two_vaults() -> Stream:
    """Tiny swaps in pools whose reserves are the balances of two vaults."""
    node, engine = opened("native", QUIET_PPM)
    accounts = node.chain.accounts

    def swap(pool: Pool, *, a_to_b: bool) -> list[bytes]:
        keys = [pool.spec.vault_a, pool.spec.vault_b]
        for key, more in zip(keys, (a_to_b, not a_to_b), strict=True):
            account = accounts[key]
            assert isinstance(account, TokenBalance)
            moved = account.amount // TINY
            accounts[key] = account.moved(moved if more else -moved)
        return keys

    pools = [pool for pool in node.pools.values() if pool.spec.venue == "ray4"]
    return _quiet(f"quiet graph of {len(node.pools)} pools, two vaults", node, engine, pools, swap)


def _one_whirlpool() -> Stream:
    """Tiny swaps in Whirlpools of fixed fees."""
    node, engine = opened("native", QUIET_PPM)
    accounts = node.chain.accounts

    def swap(pool: Pool, *, a_to_b: bool) -> list[bytes]:
        reserves = pool.reserves(accounts.get)
        amount = int(reserves[0 if a_to_b else 1]) // TINY
        at = Moment(node.market.now_ms // 1_000, node.chain.slot)
        fill = pool.swap(accounts.get, amount, at, a_to_b=a_to_b, exact_in=True)
        accounts.update(fill.changed)
        return [pool.spec.address]

    pools = [p for p in node.pools.values() if p.spec.venue == "orca" and p.spec.tier == p.spec.tick_spacing]
    return _quiet(f"quiet graph of {len(node.pools)} pools, one Whirlpool", node, engine, pools, swap)


def _quiet(graph: str, node: Node, engine: Engine, pools: list[Pool], swap: Swap) -> Stream:
    """Tells swaps there and back, pool by pool, in the pools where that makes the engine search nothing."""

    def notices(pool: Pool) -> list[tuple[bytes, int]]:
        return [(node.notify(swap(pool, a_to_b=a_to_b)), 1) for a_to_b in (True, False)]

    def searched(parts: list[tuple[bytes, int]]) -> bool:
        before = _expanded(engine)
        fed(engine, b"".join(part for part, _ in parts))
        return _expanded(engine) != before

    still = [pool for pool in pools if not searched(notices(pool))]
    parts = [part for at in range(SWAPS // 2) for part in notices(still[at % len(still)])]
    state = engine.snapshot()
    if searched(parts):
        message = f"{graph}: pools that are quiet one by one are not together"
        raise ValueError(message)
    return Stream(graph, parts, state, engine, node.setup())


def _expanded(engine: Engine) -> int:
    return int(msgspec.json.decode(engine.present(NOW))["counters"]["expanded_edges"])


def _session() -> Stream:
    """Slots of the market: the pools that changed, one after the other, then the next slot and the clock."""
    node, engine = opened("native")
    owner = {key: at for at, pool in enumerate(node.pools.values()) for key in pool.parts()}
    parts = []
    for _ in range(SLOTS):
        block = node.market.slot()
        notices: dict[int, list[bytes]] = {}
        for key in block.changed:
            if key in node.watched and not is_clock(key):
                notices.setdefault(owner[key], []).append(key)
        parts += [(node.notify(keys), 1) for keys in notices.values()]
        node.slot()
        parts.append((node.take() + node.notify(key for key in block.changed if is_clock(key)), 0))
    return Stream(f"demo session of {len(node.pools)} pools", parts, engine.snapshot(), engine, node.setup())
