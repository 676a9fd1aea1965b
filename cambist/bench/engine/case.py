"""A case: a call of the engine, its Python twin and a peer's, and how they are timed."""

from __future__ import annotations

import functools
import importlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cambist import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


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
    rounds: dict[str, tuple[float, ...]] = {}
    """Processor time of each round, in ns, by `rust`, `python` and `peer`. At a load of 10 it differed by 3 % from run
    to run, where the time that passed differed by 30."""
    better: str = "less"
    """Nothing for what one disturbed moment decides."""
    part: str = "engine"


@dataclass(frozen=True, slots=True)
class Case:
    """A call with its twins. Each callable does `units` of work."""

    name: str
    size: str
    units: int
    rust: Callable[..., Any] | None
    python: Callable[..., Any]
    peer: str = ""
    peers: Callable[..., Any] | Mapping[str, Callable[..., Any]] | None = None
    """The peer's call, or the call of each peer by its name: the fastest is the row's, and `peer` has no name then."""
    goals: tuple[tuple[str, float], ...] = ()
    """(`peer` or `python`, least ratio)."""
    limit_ns: float | None = None
    """The most nanoseconds one unit of work may take in Rust."""
    python_units: int | None = None
    """How many units the call in Python does, where all of them would take too long there."""
    fresh: Callable[[], Any] | None = None
    """What each call is given, if anything: made anew before it, and not timed."""


def measured(case: Case, plan: Plan) -> EngineRow:
    """Times a case: all in turn, round by round, so that a slow moment hits all of them."""
    peers = _peers(case)
    calls = {"rust": case.rust, "python": case.python, **{f"peer {name}": call for name, call in peers.items()}}
    timed = functools.partial(_timed_fresh, case.fresh) if case.fresh else _timed
    counts = {name: _count(timed, call, plan.round_s) for name, call in calls.items() if call is not None}
    units = {"python": case.python_units or case.units}
    passed: dict[str, list[float]] = {name: [] for name in counts}
    worked: dict[str, list[float]] = {name: [] for name in counts}
    for _ in range(plan.rounds):
        for name, count in counts.items():
            both, each = timed(calls[name], count), count * units.get(name, case.units)
            passed[name].append(both.passed / each)
            worked[name].append(both.worked / each)
    least = {name: min(times) for name, times in passed.items()}
    rust, python = least.get("rust"), least.get("python")
    peer, name = min(((least[f"peer {name}"], name) for name in peers), default=(None, ""))
    ratios = {
        "python": python / rust if rust and python else None,
        "peer": peer / rust if rust and peer else None,
    }
    met = _met(case, rust, ratios)
    goal = _goal(case)
    rounds = {"rust": worked.get("rust"), "python": worked.get("python"), "peer": worked.get(f"peer {name}")}
    return EngineRow(
        *(case.name, case.size, python, rust, ratios["python"], name, peer, ratios["peer"], goal, met),
        rounds={side: tuple(times) for side, times in rounds.items() if times},
    )


def line(row: EngineRow) -> str:
    """Returns a row as one line of text."""

    def ns(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f} ns" if value < 10_000 else f"{value / 1000:,.1f} µs"

    speedup = "" if row.speedup is None else f"×{row.speedup:.1f} python"
    peer = "" if row.peer_ratio is None else f"×{row.peer_ratio:.2f} {row.peer} ({ns(row.peer_ns)})"
    verdict = {True: "met", False: "missed", None: ""}[row.met]
    return f"{row.name:34} {row.size:24} {ns(row.rust_ns):>12} {speedup:16} {peer:32} {row.goal} {verdict}".rstrip()


def _peers(case: Case) -> Mapping[str, Callable[..., Any]]:
    """Returns the call of each peer that is installed."""
    if case.peers is None:
        return {}
    return {case.peer: case.peers} if callable(case.peers) else case.peers


def _met(case: Case, rust: float | None, ratios: dict[str, float | None]) -> bool | None:
    """Returns whether every goal is met, `None` without a goal or where one can't be judged."""
    verdicts: list[bool | None] = []
    for against, wanted in case.goals:
        ratio = ratios[against]
        verdicts.append(None if ratio is None else ratio >= wanted)
    if case.limit_ns is not None:
        verdicts.append(None if rust is None else rust <= case.limit_ns)
    return None if not verdicts or None in verdicts else all(verdicts)


def _goal(case: Case) -> str:
    """Returns the goals in words: `≥ 12× set + deque, ≤ 0.5 µs`."""
    peer = case.peer or "the best peer"
    words = [f"≥ {wanted:g}× {against if against == 'python' else peer}" for against, wanted in case.goals]
    if case.limit_ns is not None:
        words.append(f"≤ {case.limit_ns:g} ns" if case.limit_ns < 100 else f"≤ {case.limit_ns / 1000:g} µs")
    return ", ".join(words)


def native() -> ModuleType | None:
    """Returns the extension, if it is there."""
    return importlib.import_module("cambist.engine._native") if engine.build_info().native else None


def library(name: str) -> Any:
    """Returns a peer's module, or `None` where it isn't installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Spent(NamedTuple):
    """Nanoseconds of some calls."""

    passed: int
    worked: int
    """By the processor, for this process and all of its threads."""


def _count(timed: Callable[..., Spent], call: Callable[..., Any], seconds: float) -> int:
    """Returns how many calls take about `seconds`."""
    count = 1
    # Twice: a pause of this machine in the first would make few calls of it, and those no better than one cold call.
    while (spent := min(timed(call, count).passed, timed(call, count).passed)) < seconds * 1e9 / 4 and count < 1 << 22:
        count *= 2
    return max(1, round(count * seconds * 1e9 / max(spent, 1)))


def _timed(call: Callable[..., Any] | None, count: int) -> Spent:
    if call is None:
        return Spent(0, 0)
    before, begun = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(count):
        call()
    passed = time.perf_counter_ns() - begun
    return Spent(passed, time.process_time_ns() - before)


def _timed_fresh(fresh: Callable[[], Any], call: Callable[..., Any] | None, count: int) -> Spent:
    passed = worked = 0
    if call is None:
        return Spent(0, 0)
    for _ in range(count):
        given = fresh()
        before, begun = time.process_time_ns(), time.perf_counter_ns()
        call(given)
        passed += time.perf_counter_ns() - begun
        worked += time.process_time_ns() - before
    return Spent(passed, worked)
