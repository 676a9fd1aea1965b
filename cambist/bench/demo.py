"""Figures on the embedded market: recorded live, then stepped again in every way that must give the same decisions."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose, engine
from cambist.engine import duel
from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel, KernelSetup
from cambist.model.commands import StartRecording, StopRecording
from cambist.model.events import HEADER, last_moment
from cambist.runtime.headless import replay_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.config import Config
    from cambist.engine.protocol import Engine, Ingested
    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource
    from cambist.view import DuelRow

CAPTURED_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds and rounds."""

    seconds: float = 20.0
    """The first recording."""
    second_at: float = 61.0
    """When the second recording begins, from the start."""
    second_seconds: float = 6.0
    passes: int = 5
    """How often the native engine steps the recording; the least of them is what a frame costs, the rest is what other
    processes did to the core meanwhile."""
    rounds: int = 30
    """Rounds of the module timings."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whether two ways of stepping a recording gave the same digest; `None` if one of them can't be had here."""

    name: str
    equal: bool | None
    note: str


@dataclass(slots=True)
class Found:
    """What was measured."""

    frames: int = 0
    frames_per_s: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict)
    """By engine: µs of each frame that led to a decision."""
    all_frames: dict[str, list[float]] = field(default_factory=dict)
    """By engine: µs of each frame."""
    checks: list[Check] = field(default_factory=list)
    modules: tuple[DuelRow, ...] = ()
    why_no_modules: str = ""


def engines() -> tuple[str, ...]:
    """Returns the engines there are, the faster one first."""
    return ("native", "reference") if engine.build_info().native else ("reference",)


def percentile(values: Sequence[float], q: int) -> float:
    """Returns the q-th percentile; `values` must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * q // 100)]


def measure(config: Config, plan: Plan, notify: Callable[[str], None]) -> Found:
    """Records the embedded market twice and steps both recordings."""
    found = Found()
    runtime = compose.live(config, duel=False)
    runtime.start()
    began = time.monotonic()
    try:
        first = _first(runtime, plan, found, notify)
        _compare(config, first, found, notify)
        runtime.wait(max(0.0, plan.second_at - (time.monotonic() - began)))
        second = _second(runtime, plan, notify)
    finally:
        runtime.close()
    _compare_second(config, second, found)
    for name in engines():
        notify(f"stepping the first recording frame by frame on {name}")
        passes = plan.passes if name == "native" else 1
        found.latencies[name], found.all_frames[name] = latencies(config, first, name, passes)
    _modules(config, first, plan, found, notify)
    return found


def _first(runtime: Hub[LiveSource], plan: Plan, found: Found, notify: Callable[[str], None]) -> str:
    notify(f"recording {plan.seconds:.0f} s of the embedded market")
    began, before = time.monotonic(), runtime.source.frames
    runtime.wait(plan.seconds)
    found.frames = runtime.source.frames
    found.frames_per_s = (found.frames - before) / (time.monotonic() - began)
    name = runtime.session
    _ask(runtime, StopRecording(), lambda: not runtime.view.status.recording)
    return name


def _second(runtime: Hub[LiveSource], plan: Plan, notify: Callable[[str], None]) -> str:
    notify(f"recording {plan.second_seconds:.0f} s more, from second {plan.second_at:.0f} on")
    before = runtime.session
    _ask(runtime, StartRecording(), lambda: runtime.session != before)
    runtime.wait(plan.second_seconds)
    return runtime.session


def _ask(runtime: Hub[LiveSource], command: StartRecording | StopRecording, done: Callable[[], bool]) -> None:
    runtime.submit(command)
    end = time.monotonic() + 10
    while not done() and time.monotonic() < end:
        runtime.wait(0.02)


def _replay(config: Config, session: str, name: str, batch: int | None = None, speed: float | None = None) -> Any:
    with contextlib.closing(compose.open_reader(config, session)) as reader:
        done = replay_all(reader, compose.replay_kernel(reader, name), batch, speed=speed)
        return done.report(session, 0.0)


def _compare(config: Config, session: str, found: Found, notify: Callable[[str], None]) -> None:
    """Steps a recording in every way; done while the live run goes on, so that nothing here is timed."""
    mine = engines()[0]
    notify(f"comparing digests on {session}")
    at_max = _replay(config, session, mine)
    digest = at_max["digest"]
    note = f"{digest[:16]}, {at_max['records']:,} records, {at_max['opportunities']:,} sized, {at_max['fills']} fills"
    found.checks.append(Check("live = replay", at_max["digest_match"], note))
    one, many = _replay(config, session, mine, batch=1), _replay(config, session, mine, batch=512)
    found.checks.append(Check("batches of 1 = of 512", one["digest"] == many["digest"] == digest, note))
    if len(engines()) == 2:
        other = _replay(config, session, "reference")
        found.checks.append(Check("native = reference", other["digest"] == digest, note))
    else:
        found.checks.append(Check("native = reference", None, engine.build_info().why))
    notify("replaying it at real time")
    slow = _replay(config, session, mine, speed=1.0)
    found.checks.append(Check("speed 1× = max", slow["digest"] == digest, note))


def _compare_second(config: Config, session: str, found: Found) -> None:
    both = [_replay(config, session, name) for name in engines()]
    equal = both[0]["digest_match"] and all(each["digest"] == both[0]["digest"] for each in both)
    note = f"{both[0]['digest'][:16]}, {both[0]['records']:,} records, {both[0]['opportunities']:,} sized; both engines"
    found.checks.append(Check("a recording begun in the second minute", equal, note))


class Timed:
    """An engine that is given one frame per call and keeps how long each took."""

    def __init__(self, inner: Engine, spent: list[tuple[int, bool]]) -> None:
        self._inner, self._spent = inner, spent

    def __getattr__(self, name: str) -> Any:
        """Passes everything else through."""
        return getattr(self._inner, name)

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        """Takes one frame, which the caller alone put into the block."""
        begun = time.perf_counter_ns()
        done = self._inner.ingest(block, offset, until_ns)
        self._spent.append((time.perf_counter_ns() - begun, bool(done.decisions)))
        return done


def latencies(config: Config, session: str, name: str, passes: int) -> tuple[list[float], list[float]]:
    """Returns µs per frame, the least of all passes: of those with a sized and scored cycle, and of all."""
    runs = [_pass(config, session, name) for _ in range(passes)]
    least = [(min(each)[0], each[0][1]) for each in zip(*runs, strict=True)]
    return [ns / 1000 for ns, decided in least if decided], [ns / 1000 for ns, _ in least]


def _pass(config: Config, session: str, name: str) -> list[tuple[int, bool]]:
    """Returns (ns, whether a cycle was decided on) of each frame."""
    spent: list[tuple[int, bool]] = []

    def make(which: str, setup: EngineSetup) -> Any:
        return Timed(engine.make_engine(which, setup), spent)

    kernel = Kernel(KernelSetup(EngineSetup()), make, name)
    with contextlib.closing(compose.open_reader(config, session)) as reader:
        for chunk in reader.blocks():
            for record in records(chunk.block):
                kernel.step(record)
    return spent


def records(block: bytes) -> list[bytes]:
    """Returns the records of a block, each as a block of its own."""
    parts, offset = [], 0
    while offset < len(block):
        end = offset + HEADER.size + HEADER.unpack_from(block, offset)[7]
        parts.append(block[offset:end])
        offset = end
    return parts


def _modules(config: Config, session: str, plan: Plan, found: Found, notify: Callable[[str], None]) -> None:
    """Times each module in both engines on a moment in the recording's middle."""
    if len(engines()) < 2:
        found.why_no_modules = f"the Rust engine is not built: {engine.build_info().why}"
        return
    notify("timing each module in both engines")
    with contextlib.closing(compose.open_reader(config, session)) as reader:
        kernel = compose.replay_kernel(reader, "native")
        parts = [record for chunk in reader.blocks() for record in records(chunk.block)]
    half = len(parts) // 2
    middle = next((at for at in range(half, len(parts)) if last_moment(parts[at - 1])), half)
    for record in parts[:middle]:
        kernel.step(record)
    block = b"".join(parts[middle:])[:CAPTURED_BYTES]
    setup = msgspec.json.encode(kernel.setup.engine)
    found.modules = duel.measure_once(setup, kernel.engine.snapshot(), block, plan.rounds)
