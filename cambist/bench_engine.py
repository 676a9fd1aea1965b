"""Public engine calls timed in both engines and beside the library an engineer would otherwise pick, in one run.

A time is the least of some rounds of many calls, divided by the units of work in them; judged are ratios. The peers are
development dependencies: a row whose peer isn't installed has none.
"""

from __future__ import annotations

import importlib
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import engine
from cambist.engine.reference import base58 as base58_reference
from cambist.engine.reference.wss_aggregator import WssAggregator as ReferenceAggregator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

MESSAGES = 1_000
WINDOW = 8_192
KEYS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and for how long, each call is timed."""

    rounds: int = 7
    round_s: float = 0.05


class EngineRow(msgspec.Struct, frozen=True):
    """One call: ns for each unit of work, and how many times faster Rust is than Python and than the peer."""

    name: str
    size: str
    python_ns: float | None
    rust_ns: float | None
    speedup: float | None
    peer: str
    peer_ns: float | None
    peer_ratio: float | None
    goal: str
    met: bool | None
    """`None` without a goal, a peer or the Rust engine."""


@dataclass(frozen=True, slots=True)
class Case:
    """A call with its twins. Each callable does `units` of work."""

    name: str
    size: str
    units: int
    rust: Callable[[], Any] | None
    python: Callable[[], Any]
    peer: str = ""
    peers: Callable[[], Any] | None = None
    goals: tuple[tuple[str, float], ...] = ()
    """(`peer` or `python`, least ratio)."""


def rows(plan: Plan | None = None) -> list[EngineRow]:
    """Returns a row for each case."""
    plan = plan or Plan()
    return [measured(case, plan) for case in cases()]


def measured(case: Case, plan: Plan) -> EngineRow:
    """Times a case: the three in turn, round by round, so that a slow moment hits all of them."""
    least: dict[str, float] = {}
    calls = {"rust": case.rust, "python": case.python, "peer": case.peers}
    counts = {name: _count(call, plan.round_s) for name, call in calls.items() if call is not None}
    for _ in range(plan.rounds):
        for name, count in counts.items():
            spent = _timed(calls[name], count) / count / case.units
            least[name] = min(spent, least.get(name, spent))
    rust, python, peer = (least.get(name) for name in ("rust", "python", "peer"))
    ratios = {
        "python": python / rust if rust and python else None,
        "peer": peer / rust if rust and peer else None,
    }
    known = [(ratios[against], wanted) for against, wanted in case.goals]
    met = None if not known or any(r is None for r, _ in known) else all(r >= wanted for r, wanted in known if r)
    goal = ", ".join(f"≥ {wanted:g}× {against if against == 'python' else case.peer}" for against, wanted in case.goals)
    return EngineRow(
        case.name, case.size, python, rust, ratios["python"], case.peer if peer else "", peer, ratios["peer"], goal, met
    )


def line(row: EngineRow) -> str:
    """Returns a row as one line of text."""

    def ns(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f} ns" if value < 10_000 else f"{value / 1000:,.1f} µs"

    speedup = "" if row.speedup is None else f"×{row.speedup:.1f} python"
    peer = "" if row.peer_ratio is None else f"×{row.peer_ratio:.2f} {row.peer} ({ns(row.peer_ns)})"
    verdict = {True: "met", False: "missed", None: ""}[row.met]
    return f"{row.name:34} {row.size:24} {ns(row.rust_ns):>12} {speedup:16} {peer:32} {row.goal} {verdict}".rstrip()


def cases() -> Iterator[Case]:
    """Returns all cases."""
    native = _native()
    yield from _aggregator(native)
    yield from _base58(native)
    yield from _series()


def _native() -> ModuleType | None:
    return importlib.import_module("cambist.engine._native") if engine.build_info().native else None


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _count(call: Callable[[], Any] | None, seconds: float) -> int:
    """Returns how many calls take about `seconds`."""
    count = 1
    while (spent := _timed(call, count)) < seconds * 1e9 / 4 and count < 1 << 22:
        count *= 2
    return max(1, round(count * seconds * 1e9 / max(spent, 1)))


def _timed(call: Callable[[], Any] | None, count: int) -> int:
    if call is None:
        return 0
    begun = time.perf_counter_ns()
    for _ in range(count):
        call()
    return time.perf_counter_ns() - begun


class _Deduplicator:
    """What an engineer writes in five minutes: a set and a deque."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def take(self, signatures: list[bytes]) -> int:
        """Returns how many were new."""
        seen, order, new = self._seen, self._order, 0
        for signature in signatures:
            if signature in seen:
                continue
            seen.add(signature)
            order.append(signature)
            new += 1
            if len(order) > WINDOW:
                seen.discard(order.popleft())
        return new


def _aggregator(native: ModuleType | None) -> Iterator[Case]:
    """A thousand signatures, half of them copies, into a full window."""
    rng = random.Random(7)
    batches = []
    for _ in range(64):
        fresh = [rng.randbytes(64) for _ in range(MESSAGES // 2)]
        batches.append([signature for each in fresh for signature in (each, each)])
    blobs, marks = [b"".join(batch) for batch in batches], bytes(MESSAGES)
    mine, plain = ReferenceAggregator(WINDOW), _Deduplicator()
    turn = {"rust one": 0, "rust batch": 0, "python": 0, "peer": 0}

    def next_of(name: str) -> int:
        turn[name] = (turn[name] + 1) % len(batches)
        return turn[name]

    def python() -> None:
        for signature in batches[next_of("python")]:
            mine.signature(0, signature, failed=False, at_ns=0)

    def peer() -> None:
        plain.take(batches[next_of("peer")])

    def one(race: Any) -> Callable[[], None]:
        def run() -> None:
            for signature in batches[next_of("rust one")]:
                race.signature(0, signature, failed=False, at_ns=0)

        return run

    def batch(race: Any) -> Callable[[], None]:
        return lambda: race.signatures(0, blobs[next_of("rust batch")], marks, 0)

    race = native.WssAggregator(WINDOW) if native else None
    size = f"{MESSAGES} messages, half copies"
    name = "set + deque"
    goals = (("peer", 3.0),)
    yield Case("aggregator, one by one", size, MESSAGES, race and one(race), python, name, peer, goals)
    race = native.WssAggregator(WINDOW) if native else None
    yield Case("aggregator, batch", size, MESSAGES, race and batch(race), python, name, peer, (("peer", 12.0),))


def _base58(native: ModuleType | None) -> Iterator[Case]:
    rng = random.Random(7)
    keys = [rng.randbytes(32) for _ in range(KEYS)]
    texts = [base58_reference.encode(key) for key in keys]
    solders, size = _library("solders.pubkey"), "32 bytes"

    def each(call: Callable[[Any], Any], values: list[Any]) -> Callable[[], None]:
        def run() -> None:
            for value in values:
                call(value)

        return run

    known = [solders.Pubkey(key) for key in keys] if solders else []
    encode, decode = (native.base58_encode, native.base58_decode) if native else (None, None)
    yield Case(
        "base58 encode", size, KEYS, encode and each(encode, keys), each(base58_reference.encode, keys), "solders",
        each(str, known) if solders else None, (("peer", 1.7), ("python", 50.0)),
    )  # fmt: skip
    yield Case(
        "base58 decode", size, KEYS, decode and each(decode, texts), each(base58_reference.decode, texts), "solders",
        each(solders.Pubkey.from_string, texts) if solders else None, (("peer", 1.4), ("python", 50.0)),
    )  # fmt: skip


def _series() -> Iterator[Case]:
    """Indicators over one series, and over many at once."""
    import numpy as np

    from cambist.engine.series import Series

    talib, rng = _library("talib"), np.random.default_rng(7)
    rust, python = Series() if engine.build_info().native else None, Series("reference")
    goals = {500: (2.0, 1.0, 2.0, 1.2), 10_000: (1.5, 1.5, 1.3, 1.0)}
    for points, wanted in goals.items():
        prices = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, points)))
        for (name, run, peer), ratio in zip(_indicators(talib), wanted, strict=True):
            yield Case(
                f"{name}, one series",
                f"{points:,} points",
                points,
                _of(run, rust, prices) if rust else None,
                _of(run, python, prices),
                "TA-Lib",
                _of(peer, prices) if peer else None,
                (("peer", ratio),),
            )
    many = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (500, 500)), axis=1))
    for name, run, peer in _indicators(talib):
        yield Case(
            f"{name}, many tokens",
            "500 × 500 points",
            many.size,
            _of(run, rust, many) if rust else None,
            _of(run, python, many),
            "TA-Lib, a loop",
            _of(_loop, peer, many) if peer else None,
            (("peer", 4.0),),
        )


def _indicators(talib: Any) -> tuple[tuple[str, Callable[..., Any], Callable[..., Any] | None], ...]:
    """Returns (name, ours, TA-Lib's) of each indicator."""
    return (
        ("RSI 14", lambda by, x: by.rsi(x, 14), talib and (lambda x: talib.RSI(x, 14))),
        ("EMA 20", lambda by, x: by.ema(x, 20), talib and (lambda x: talib.EMA(x, 20))),
        ("Bollinger 20", lambda by, x: by.bollinger(x, 20, 2.0), talib and (lambda x: talib.BBANDS(x, 20, 2.0, 2.0))),
        ("KAMA 10", lambda by, x: by.kama(x, 10, 2, 30), talib and (lambda x: talib.KAMA(x, 10))),
    )


def _of(call: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: call(*args)


def _loop(call: Callable[..., Any], table: Any) -> None:
    for row in table:
        call(row)
