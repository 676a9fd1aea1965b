"""What a session bears: slots that burst, thousands of frames a second, and how many frames a moment judges.

Whole sessions over real sockets, recording on, without a screen: on a node whose slots burst (`bursts`), and on the
embedded market. Judged is a frame when the kernel's step with its moment is over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cambist import compose
from cambist.bench import bursts
from cambist.bench.demo import percentile
from cambist.bench.goal import judged, most
from cambist.bench.row import Row
from cambist.bench.screen import thread_clock
from cambist.bench.steps import Steps, budget_cuts, judged_of
from cambist.config import Config, SolanaEndpoint
from cambist.engine import build_info
from cambist.market.markets import demo_token
from cambist.model.market import PoolRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource

    Notify = Callable[[str], None]

TRANSPORTS = ("websockets", "native")
ENOUGH_PER_S = 5_000
"""Frames a second at which the hub's share of a core is judged."""
READY_S = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent, and for how long; the default is what BENCHMARKS.md shows."""

    bursts: bursts.Plan = field(default_factory=bursts.Plan)
    tries: int = 3
    """Stretches of a session that are measured; the best of them counts."""
    seconds: float = 3.0
    """Of each."""
    settle: float = 1.5
    """After the first price, before anything is counted."""
    rate: float = 40.0
    """How busy the embedded market is."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a session did for some seconds."""

    frames_per_s: float
    hub_share: float
    """CPU time of the hub's thread over wall time."""
    process_share: float
    """The same of all threads."""
    judged_us: list[float]
    """From each frame's time until it was judged, ascending."""
    moments: list[int]
    """Frames of each moment that had any, ascending."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured of one session."""

    stretches: list[Stretch]
    cuts: int
    """Moments that ended for want of budget, in the whole session."""
    dropped: int


def rows(config: Config, plan: Plan, notify: Notify) -> Iterator[Row]:
    """Yields what sessions by either transport bore."""
    if not build_info().native:
        yield Row("burst, frame to judged", None, "ms", note=f"the Rust engine is not built: {build_info().why}")
        return
    notify(f"making {plan.bursts.slots} slots of a market of rate {plan.bursts.rate:g} to tell in bursts")
    with bursts.spawn(plan.bursts) as node:
        for transport in TRANSPORTS:
            notify(f"telling {plan.bursts.at_once} notifications at once by {transport}")
            found = watched(on_node(config, node.endpoints, transport), plan, plan.tries)
            yield from _burst_rows(found, plan, transport)
    for transport in TRANSPORTS:
        notify(f"counting frames of moments on the embedded market by {transport}")
        found = watched(on_market(config, plan.rate, transport), plan, 1)
        moments = found.stretches[0].moments
        note = f"{len(moments):,} moments of a demo session of rate {plan.rate:g}"
        note += f", {found.stretches[0].frames_per_s:,.0f} frames/s"
        yield from _percentiles(f"frames per moment by {transport}", moments, note)


def on_node(config: Config, endpoints: dict[str, Any], transport: Any) -> Config:
    """Returns a config that watches the pools of a loopback node alone."""
    node = SolanaEndpoint("solana", endpoints["pubsub"], endpoints["rpc"], fee_percentiles=True, transport=transport)
    return replace(
        config,
        market=replace(config.market, source="network"),
        solana=(node,),
        tokens=tuple(map(demo_token, endpoints["tokens"])),
        pools=tuple(PoolRef(pool["address"], pool["program"]) for pool in endpoints["pools"]),
    )


def on_market(config: Config, rate: float, transport: Any) -> Config:
    """Returns a config that watches the embedded market."""
    return replace(config, market=replace(config.market, rate=rate, transport=transport))


def watched(config: Config, plan: Plan, tries: int) -> Found:
    """Runs a session and returns what it did. Raises `RuntimeError` if no price came."""
    live = compose.live(config, duel=False)
    steps = Steps(live)
    live.start()
    try:
        _await_price(live)
        live.wait(plan.settle)
        stretches = [_stretch(live, steps, plan.seconds) for _ in range(tries)]
        dropped = sum(live.source.dropped.values())
    finally:
        live.close()
    return Found(stretches, budget_cuts(live), dropped)


def _await_price(live: Hub[LiveSource]) -> None:
    end = time.monotonic() + READY_S
    while not live.view.prices.rows:
        if time.monotonic() > end or not live.alive:
            message = f"no price came within {READY_S:.0f} s"
            raise RuntimeError(message)
        live.wait(0.05)


def _stretch(live: Hub[LiveSource], steps: Steps, seconds: float) -> Stretch:
    hub = thread_clock("hub")
    steps.forget()
    frames, hub_s, process_s, wall_s = live.source.frames, hub(), time.process_time(), time.monotonic()
    live.wait(seconds)
    passed = time.monotonic() - wall_s
    hub_s, process_s = hub() - hub_s, time.process_time() - process_s
    per_s = (live.source.frames - frames) / passed
    judged_us, moments = judged_of(steps.taken())
    return Stretch(per_s, hub_s / passed, process_s / passed, judged_us, moments)


def _burst_rows(found: Found, plan: Plan, transport: str) -> Iterator[Row]:
    tries = found.stretches
    per_s = min(each.frames_per_s for each in tries)
    note = (
        f"{plan.bursts.at_once} notifications at once every {plan.bursts.every_s * 1e3:.0f} ms, {per_s:,.0f} frames/s"
    )
    what = f"{note}; none dropped; best of {len(tries)}" if not found.dropped else f"{found.dropped:,} frames dropped"
    for q, goals in ((50, []), (99, [most(10)])):
        rounds = tuple(percentile(each.judged_us, q) / 1e3 for each in tries if each.judged_us)
        value = min(rounds) if rounds and not found.dropped else None
        name = f"burst by {transport}, frame to judged, p{q}"
        yield judged(Row(name, value, "ms", note=what, better="less", rounds={"value": rounds}), goals)
    yield judged(Row(f"cut moments by {transport}", found.cuts, "", note="in the whole session"), [most(0, "none")])
    rounds = tuple(each.hub_share * 100 for each in tries)
    share: float | None = min(rounds)
    note = f"at {per_s:,.0f} frames/s: feeds, engine, recorder; all threads {tries[0].process_share * 100:.0f} %"
    if per_s < ENOUGH_PER_S:
        share, note = None, f"only {per_s:,.0f} frames/s came, for {min(rounds):.1f} %; judged from {ENOUGH_PER_S:,} on"
    row = Row(f"hub's share of a core by {transport}", share, "%", note=note, better="less", rounds={"value": rounds})
    yield judged(row, [most(60)])
    # By frame: between bursts there are moments of one or two, as many as of five hundred.
    together = [frames for each in tries for frames in each.moments for _ in range(frames)]
    name = f"frames judged together in bursts by {transport}"
    yield from _percentiles(name, together, "frames of the moment that a frame is of")


def _percentiles(name: str, values: Sequence[int], note: str) -> Iterator[Row]:
    for q in (50, 99):
        yield Row(f"{name}, p{q}", percentile(values, q) if values else None, "", note=note)
