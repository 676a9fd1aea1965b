"""A case: a call of the engine, its Python twin and a peer's, and how they are timed."""

from __future__ import annotations

import functools
import importlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cambist import engine
from cambist.bench.goal import Goal, Judged, Of, judged, most, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and for how long, each call is timed."""

    rounds: int = 7
    round_s: float = 0.05


class EngineRow(Judged, frozen=True):
    """One call: ns for each unit of work, and how many times faster Rust is than Python and than the peer."""

    name: str
    size: str
    python_ns: float | None
    rust_ns: float | None
    speedup: float | None = None
    peer: str = ""
    peer_ns: float | None = None
    peer_ratio: float | None = None
    rounds: dict[str, tuple[float, ...]] = msgspec.field(default_factory=dict)
    """Processor time of each round, in ns, by `rust`, `python` and `peer`. At a load of 10 it differed by 3 % from run
    to run, where the time that passed differed by 30."""
    better: str = "less"
    """Nothing for what one disturbed moment decides."""
    part: str = "engine"
    passes: float | None = None
    """How often a plain loop could have gone over the whole input meanwhile, in the same rounds."""

    def figures(self) -> Mapping[Of, float | None]:
        """Returns the figures that goals can be about."""
        ratios = {Of.PEER: self.peer_ratio, Of.PYTHON: self.speedup}
        return {Of.VALUE: self.rust_ns, Of.PASSES: self.passes, **ratios}


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
    once: Callable[..., Any] | None = None
    """Goes over the input once and does no more: what any answer that looks at all of it takes."""
    most_passes: float | None = None
    """The most times what `once` takes that Rust may."""
    fresh: Callable[[], Any] | None = None
    """What each call is given, if anything: made anew before it, and not timed."""


def measured(case: Case, plan: Plan) -> EngineRow:
    """Times a case: all in turn, round by round, so that a slow moment hits all of them."""
    peers = _peers(case)
    calls = {"rust": case.rust, "python": case.python, "once": case.once}
    calls |= {f"peer {name}": call for name, call in peers.items()}
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
    rounds = {"rust": worked.get("rust"), "python": worked.get("python"), "peer": worked.get(f"peer {name}")}
    row = EngineRow(
        *(case.name, case.size, python, rust, _ratio(python, rust), name, peer, _ratio(peer, rust)),
        rounds={side: tuple(times) for side, times in rounds.items() if times},
        passes=_ratio(rust, least.get("once")),
    )
    return judged(row, _goals(case))


def line(row: EngineRow) -> str:
    """Returns a row as one line of text."""

    def ns(value: float | None) -> str:
        return "–" if value is None else f"{value:,.1f} ns" if value < 10_000 else f"{value / 1000:,.1f} µs"

    speedup = "" if row.speedup is None else f"×{row.speedup:.1f} python"
    peer = "" if row.peer_ratio is None else f"×{row.peer_ratio:.2f} {row.peer} ({ns(row.peer_ns)})"
    peer += "" if row.passes is None else f", {row.passes:.2f} passes"
    goal = f"{row.goal} {verdict(row.goal, row.met)}"
    return f"{row.name:34} {row.size:24} {ns(row.rust_ns):>12} {speedup:16} {peer:32} {goal}".rstrip()


def _peers(case: Case) -> Mapping[str, Callable[..., Any]]:
    """Returns the call of each peer that is installed."""
    if case.peers is None:
        return {}
    return {case.peer: case.peers} if callable(case.peers) else case.peers


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def _goals(case: Case) -> list[Goal]:
    """Returns the goals of a case: `≥ 12× set + deque`, `≤ 0.5 µs`."""
    names = {Of.PEER: case.peer or "the best peer", Of.PYTHON: "python"}
    goals = [Goal(Of(of), wanted, f"≥ {wanted:g}× {names[Of(of)]}") for of, wanted in case.goals]
    if case.most_passes is not None:
        goals.append(Goal(Of.PASSES, case.most_passes, f"≤ {case.most_passes:g} passes", most=True))
    if case.limit_ns is not None:
        goals.append(most_ns(case.limit_ns))
    return goals


def most_ns(limit: float) -> Goal:
    """Returns the goal of at most so many nanoseconds."""
    return most(limit, f"≤ {limit:g} ns" if limit < 100 else f"≤ {limit / 1000:g} µs")


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
