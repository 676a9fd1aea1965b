"""What it costs a decision that its block is on disk before a row of the journal that it caused.

A session of the embedded market, recording and journal on: what the hub's thread spends to hand the rows of a step on,
and how long after that their block was on disk. Screens and orders on paper wait for neither.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cambist import compose
from cambist.bench.demo import percentile
from cambist.bench.goal import judged, most
from cambist.bench.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cambist.config import Config
    from cambist.kernel import Effects

MOST_US = 1_000
"""That a decision may cost, at the 99th percentile, at about 2,000 frames a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How busy the market is, and for how long it is watched; the default is what BENCHMARKS.md shows."""

    rate: float = 15.0
    seconds: float = 30.0


@dataclass(slots=True)
class Handed:
    """Stands before a session's recording: how long handing over took, and when the block was on disk."""

    recording: Any
    took_us: list[float] = field(default_factory=list)
    on_disk_us: list[float] = field(default_factory=list)
    _waiting: list[tuple[int, int]] = field(default_factory=list)
    """(seq of the step, when its rows were handed over)."""
    _enter: Any = None

    def __post_init__(self) -> None:
        self._enter, self.recording.enter = self.recording.enter, self.enter

    def enter(self, effects: Effects) -> None:
        """Hands over what a step decided as the recording does."""
        begun = time.perf_counter_ns()
        self._enter(effects)
        done = time.perf_counter_ns()
        if effects.intents:
            self.took_us.append((done - begun) / 1e3)
            self._waiting.append((effects.last_seq, done))

    def watch(self, journal: Any) -> None:
        """Notes when blocks that the journal waits for are on disk."""
        gate = journal.gate

        async def passed(seq: int) -> bool:
            is_there: bool = await gate(seq)
            now = time.perf_counter_ns()
            self.on_disk_us += [(now - at) / 1e3 for of, at in self._waiting if of <= seq]
            self._waiting = [each for each in self._waiting if each[0] > seq]
            return is_there

        journal.gate = passed


def rows(config: Config, plan: Plan, notify: Callable[[str], None]) -> Iterator[Row]:
    """Yields what decisions cost, and how soon they are on disk."""
    notify(f"watching the embedded market at rate {plan.rate:g} for {plan.seconds:.0f} s")
    found, per_s = _watched(config, plan)
    if not found.took_us or not found.on_disk_us:
        yield Row("order of truth", None, "µs", note="nothing was decided")
        return
    note = f"{len(found.took_us):,} decisions at {per_s:,.0f} frames/s; time of the hub's thread"
    for q, goals in ((50, []), (99, [most(MOST_US)])):
        name = f"order of truth, a decision's rows handed over, p{q}"
        yield judged(Row(name, percentile(sorted(found.took_us), q), "µs", note=note, better="less"), goals)
    note = "from then on; nothing but the row waits for it"
    for q in (50, 99):
        value = percentile(sorted(found.on_disk_us), q) / 1e3
        yield Row(f"order of truth, its block on disk, p{q}", value, "ms", note=note, better="less")


def _watched(config: Config, plan: Plan) -> tuple[Handed, float]:
    easy = replace(config, market=replace(config.market, rate=plan.rate, level="easy"))
    live = compose.live(easy, duel=False)
    found = Handed(live.source._run.recording)
    live.start()
    try:
        live.wait(1.0)
        found.watch(found.recording._journal)
        frames, begun = live.source.frames, time.monotonic()
        live.wait(plan.seconds)
        per_s = (live.source.frames - frames) / (time.monotonic() - begun)
    finally:
        live.close()
    return found, per_s
