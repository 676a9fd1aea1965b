"""How fast sessions replay at max: of the embedded market, of its exchanges alone, and of recordings of a real one.

A rate is frames by the processor's time of the thread that replays, which whatever else runs takes least from; a note
says what it came to by the clock.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from cambist import compose
from cambist.bench.goal import judged, least
from cambist.bench.row import Row
from cambist.engine import build_info
from cambist.runtime.headless import replay_all
from cambist.runtime.importing import import_files
from cambist.simulator.exchanges import FIRST, SIMULATED_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from cambist.config import Config

    Notify = Callable[[str], None]

EXCHANGES, REAL = "bench-exchanges", "bench-real"
DEMO_PER_S, EXCHANGES_PER_S = 60_000, 800_000
"""What a replay at max is to reach."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded and how often it is replayed; the default is what BENCHMARKS.md shows."""

    rate: float = 40.0
    """How busy the embedded market is."""
    seconds: float = 10.0
    """Of the demo session."""
    exchange_seconds: float = 12.0
    tries: int = 5
    """Replays of each; the fastest counts. One where the Rust engine is not built."""


class Timed(NamedTuple):
    """One replay."""

    cpu_s: float
    """Of the thread."""
    wall_s: float
    report: dict[str, Any]

    @property
    def per_s(self) -> float:
        """Frames by the processor's time."""
        return float(self.report["frames"] / self.cpu_s)


def replayed(config: Config, session: str, engine: str) -> Timed:
    """Replays a stored session at max."""
    with contextlib.closing(compose.open_reader(config, session)) as reader:
        kernel = compose.replay_kernel(reader, engine)
        cpu_s, wall_s = time.thread_time(), time.perf_counter()
        done = replay_all(reader, kernel)
        cpu_s, wall_s = time.thread_time() - cpu_s, time.perf_counter() - wall_s
        return Timed(cpu_s, wall_s, done.report(session, wall_s))


def recorded(config: Config, rate: float, seconds: float) -> str:
    """Records the embedded market; returns the session's name."""
    market = replace(config.market, rate=rate)
    runtime = compose.live(replace(config, market=market), duel=False)
    runtime.start()
    try:
        runtime.wait(seconds)
        return runtime.session
    finally:
        runtime.close()


def rows(config: Config, plan: Plan, recordings: Path, notify: Notify) -> Iterator[Row]:
    """Yields frames a second of each session; `recordings` is a folder with recordings of a real exchange, or none."""
    notify(f"recording {plan.seconds:.0f} s of the embedded market at rate {plan.rate:g}")
    demo = recorded(config, plan.rate, plan.seconds)
    notify(f"replaying {demo}")
    what = f"of a market of rate {plan.rate:g}"
    yield row(config, plan.tries, "replay at max, demo session", demo, what, DEMO_PER_S)
    notify(f"recording {plan.exchange_seconds:.0f} s of its exchanges alone")
    _record_exchanges(config, plan)
    what = f"of {', '.join(SIMULATED_OF)} at rate {plan.rate:g}"
    yield row(config, plan.tries, "replay at max, simulated exchanges", EXCHANGES, what, EXCHANGES_PER_S)
    files, name = sorted(recordings.glob("*.zst")), "replay at max, real recordings"
    if not files:
        note = f"no exchange recordings in {recordings.name}"
        yield judged(Row(name, None, "1/s", note=note), [least(EXCHANGES_PER_S)])
        return
    notify(f"importing {len(files)} exchange recordings")
    import_files(config, files, REAL, lambda _: None)
    yield row(config, plan.tries, name, REAL, f"of {len(files)} files", EXCHANGES_PER_S)


def _record_exchanges(config: Config, plan: Plan) -> None:
    others = tuple(name for name in SIMULATED_OF if name != FIRST)
    market = replace(config.market, rate=plan.rate, exchanges=others)
    runtime = compose.capture(replace(config, market=market), tuple(SIMULATED_OF), EXCHANGES)
    runtime.start()
    try:
        runtime.wait(plan.exchange_seconds)
    finally:
        runtime.close()


def row(config: Config, tries: int, name: str, session: str, what: str, per_s: float) -> Row:
    """Returns the row of a session."""
    native = build_info().native
    runs = [replayed(config, session, "native") for _ in range(tries)] if native else []
    return figure(name, runs or [replayed(config, session, "reference")], what, per_s)


def figure(name: str, runs: list[Timed], what: str, per_s: float) -> Row:
    """Returns the row of replays of one session, of which the fastest is to reach so many frames a second."""
    best = max(runs, key=lambda run: run.per_s)
    frames = best.report["frames"]
    note = f"{frames:,} frames {what}, digest match {best.report['digest_match']}; best of {len(runs)}, "
    note += f"{frames / min(run.wall_s for run in runs):,.0f} by the clock"
    rounds = {"value": tuple(run.per_s for run in runs)}
    return judged(Row(name, best.per_s, "1/s", note=note, better="more", rounds=rounds), [least(per_s)])
