"""The measured figures: each row is run here and now, beside the peer it is compared with, and printed.

Times are medians unless a row says otherwise; a ratio compares two figures of the same run on the same input. Nothing
is asserted. A row without a value says why.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cambist.bench import asking, load, picows_client, replaying, seeking, sessions, switching, truth
from cambist.bench import demo as bench_demo
from cambist.bench import engine as bench_engine
from cambist.bench import screen as bench_screen
from cambist.bench import transport as bench_transport
from cambist.bench.goal import Goal, Of, judged, least, most
from cambist.bench.machine import about, machine
from cambist.bench.row import Row
from cambist.bench.row import line as figure_line
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.host import Stolen
from cambist.runtime.importing import import_files

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "cex_binance_hft"
"""Real exchange recordings, where they lie beside the checkout."""
SESSION = "bench-import"

VIEWS_PER_S = 29.5
"""Thirty, the most that a screen asks for, to the nearest whole."""
PARTS = ("engine", "transport", "load", "demo", "seek", "asked", "truth", "import", "replay", "screen")
Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and on what the parts run; the default is what BENCHMARKS.md shows."""

    demo: bench_demo.Plan = field(default_factory=bench_demo.Plan)
    screen: bench_screen.Plan = field(default_factory=bench_screen.Plan)
    engine: bench_engine.Plan = field(default_factory=bench_engine.Plan)
    transport: bench_transport.Plan = field(default_factory=bench_transport.Plan)
    load: load.Plan = field(default_factory=load.Plan)
    seek: seeking.Plan = field(default_factory=seeking.Plan)
    asked: asking.Plan = field(default_factory=asking.Plan)
    truth: truth.Plan = field(default_factory=truth.Plan)
    replay: replaying.Plan = field(default_factory=replaying.Plan)
    recordings: Path = RECORDINGS
    replays: int = 3
    switching_s: float = 8.0
    parts: tuple[str, ...] = PARTS


Show = Callable[["Row | bench_engine.EngineRow"], None]


def line(row: Row | bench_engine.EngineRow) -> str:
    """Returns a row as one line of text."""
    return bench_engine.line(row) if isinstance(row, bench_engine.EngineRow) else figure_line(row)


def run(notify: Notify, plan: Plan | None = None, show: Show = lambda row: None) -> dict[str, Any]:
    """Returns `{schema, date, cambist, libraries, machine, rows}`.

    `notify` gets a line about what is being measured, `show` each row at once. Raises `ValueError` for a part that
    there isn't.
    """
    plan = plan or Plan()
    if strange := [name for name in plan.parts if name not in PARTS]:
        message = f"no part {strange[0]}: there are {', '.join(PARTS)}"
        raise ValueError(message)
    rows: list[Row | bench_engine.EngineRow] = []
    stolen = Stolen()
    with tempfile.TemporaryDirectory(prefix="cambist-bench-") as folder:
        config = Config(recording=Recording(folder=folder), market=Market(seed=7), engine=EngineChoice(duel=False))
        parts: dict[str, Callable[..., Any]] = {
            "engine": _engine_rows,
            "transport": _transport_rows,
            "load": lambda config, plan, notify: load.rows(config, plan.load, notify),
            "demo": _demo_rows,
            "seek": _seek_rows,
            "asked": lambda config, plan, notify: asking.rows(config, plan.asked, notify),
            "truth": lambda config, plan, notify: truth.rows(config, plan.truth, notify),
            "import": _import_rows,
            "replay": lambda config, plan, notify: replaying.rows(config, plan.replay, plan.recordings, notify),
            "screen": _screen_rows,
        }
        for name in plan.parts:
            for row in parts[name](config, plan, notify):
                rows.append(msgspec.structs.replace(row, part=name))
                show(rows[-1])
    return {**about(), "machine": {**machine(), "stolen_ppm": stolen.ppm()}, "rows": rows}


def _beside(name: str, mine: float, theirs: float | None, unit: str, *, faster: str, note: str) -> Row:
    """Returns a row beside the reference engine; `faster` says which way better is: `less` or `more`."""
    ratio = None
    if theirs and mine:
        ratio = theirs / mine if faster == "less" else mine / theirs
    return Row(name, mine, unit, "python" if theirs is not None else "", theirs, ratio, note, faster)


def _engine_rows(config: Config, plan: Plan, notify: Notify) -> Iterator[bench_engine.EngineRow]:
    del config
    notify("timing engine calls beside their peers")
    return bench_engine.rows(plan.engine)


def _transport_rows(config: Config, plan: Plan, notify: Notify) -> Iterator[Row]:
    del config
    if not hasattr(os, "sched_setaffinity"):
        yield Row("frames into the engine", None, "1/s", note="this system doesn't let a process choose its core")
        return
    found = bench_transport.measure(plan.transport, notify)
    slow, fast = found["websockets"], found.get("native")
    note = f"{bench_transport.FRAME_BYTES} bytes each, from another process on loopback; reading and engine on one core"
    note += f"; best of {plan.transport.runs}"
    name, rounds = "frames into the engine, by websockets", {"value": slow.runs_per_s}
    yield judged(Row(name, slow.per_s, "1/s", note=note, better="more", rounds=rounds), [least(100_000)])
    name, goals = "frames into the engine, by the native transport", [least(800_000)]
    if fast is None:
        yield judged(Row(name, None, "1/s", note="the Rust engine is not built"), goals)
        return
    rounds = {"value": fast.runs_per_s, "peer": slow.runs_per_s}
    ratio = fast.per_s / slow.per_s
    yield judged(Row(name, fast.per_s, "1/s", "websockets", slow.per_s, ratio, note, "more", rounds), goals)
    yield from _picows_rows(found, note)
    note = f"{plan.transport.paced_per_s:,} frames a second"
    for what, mine, theirs in (
        ("frame's time to engine", fast.to_engine_us, slow.to_engine_us),
        ("sending to engine", fast.from_sender_us, slow.from_sender_us),
    ):
        for q in (50, 99):
            values = bench_demo.percentile(mine, q), bench_demo.percentile(theirs, q)
            ratio = values[1] / values[0]
            yield Row(f"{what}, p{q}", values[0], "µs", "websockets", values[1], ratio, note, "less")


def _picows_rows(found: Mapping[str, bench_transport.Found], note: str) -> Iterator[Row]:
    """Yields the native rate once more beside picows, which queues nothing and has no engine behind it."""
    mine = found["native"]
    for name, wanted in ((picows_client.RAW, 1.0), (picows_client.TYPED, 2.5)):
        peer = found.get(name)
        theirs, ratio = (peer.per_s, mine.per_s / peer.per_s) if peer else (None, None)
        rounds = {"value": mine.runs_per_s, **({"peer": peer.runs_per_s} if peer else {})}
        why = note if peer else "picows is not installed"
        row = Row(f"frames into the engine, beside {name}", mine.per_s, "1/s", name, theirs, ratio, why, "more", rounds)
        yield judged(row, [Goal(Of.PEER, wanted, f"≥ {wanted:g}× {name}")])


def _demo_rows(config: Config, plan: Plan, notify: Notify) -> list[Row]:
    found = bench_demo.measure(config, plan.demo, notify)
    rows = [Row("demo market, frames a second", found.frames_per_s, "1/s", note="seed 7, rate 1")]
    every = found.all_frames.get("native") or found.all_frames.get("reference", [])
    best = found.latencies.get("native") or found.latencies.get("reference", [])
    peer = found.latencies.get("reference") if "native" in found.latencies else None
    passes = f"each the least of {plan.demo.passes} passes (python: 1)"
    note = f"{len(best):,} of {len(every):,} frames, {passes}; border included"
    if not best:
        rows.append(Row("frame to scored opportunity", None, "µs", note="no cycle was scored in the recording"))
    for q in (50, 99) if best else ():
        theirs = bench_demo.percentile(peer, q) if peer else None
        goals = [most(100)] if q == 99 else []
        mine = bench_demo.percentile(best, q)
        name = f"frame to scored opportunity, p{q}"
        rows.append(judged(_beside(name, mine, theirs, "µs", faster="less", note=note), goals))
    for q in (50, 99) if every else ():
        name = f"any frame through the engine, p{q}"
        note = f"{len(every):,} frames, the same way"
        rows.append(Row(name, bench_demo.percentile(every, q), "µs", note=note, better="less"))
    for check in found.checks:
        equal = None if check.equal is None else float(check.equal)
        row = Row(f"digest: {check.name}", equal, "equal", note=check.note, better="more")
        rows.append(judged(row, [least(1, "equal")]))
    return rows + _module_rows(found)


def _module_rows(found: bench_demo.Found) -> list[Row]:
    if not found.modules:
        return [Row("modules, native against python", None, "µs", note=found.why_no_modules)]
    return [
        Row(
            name=f"module {row.module}, p50",
            value=row.rust_p50 / 1000 if row.rust_p50 is not None else None,
            unit="µs",
            peer="python" if row.python_p50 is not None else "",
            peer_value=row.python_p50 / 1000 if row.python_p50 is not None else None,
            ratio=row.ratio,
            better="less",
            note=f"{row.mismatches} mismatches in {row.samples}; border included"
            if row.rust_p50 is not None
            else f"{row.samples} samples: the captured moment holds too little input for it",
        )
        for row in found.modules
    ]


def _seek_rows(config: Config, plan: Plan, notify: Notify) -> list[Row]:
    found = seeking.measure(config, plan.seek, notify)
    note = f"{found.frames:,} frames, {found.hours:.2f} h of a market of rate {plan.seek.rate:g}; "
    note += f"{len(found.open_s)} moments"
    apart = f"{found.keyframes} keyframes, {found.apart_s:.2f} s of stepping apart at most"
    half, longest = statistics.median(found.open_s), max(found.open_s)
    return [
        Row("any moment of a session opens in, p50", half, "s", note=note, better="less"),
        judged(Row("any moment of a session opens in, most", longest, "s", note=note, better="less"), [most(1)]),
        judged(Row("keyframes, share of a session", found.share * 100, "%", note=apart), [most(10)]),
    ]


def _import_rows(config: Config, plan: Plan, notify: Notify) -> list[Row]:
    files, goals, frames = sorted(plan.recordings.glob("*.zst")), [least(150)], [least(replaying.EXCHANGES_PER_S)]
    if not files:
        note = f"no exchange recordings in {plan.recordings.name}"
        return [
            Row("import of real recordings", None, "lines/s", note=note),
            judged(Row("replay of real recordings", None, "× real", note=note), goals),
            judged(Row("replay of real recordings, frames", None, "1/s", note=note), frames),
        ]
    notify(f"importing {len(files)} exchange recordings")
    begun = time.perf_counter()
    report = import_files(config, files, SESSION, lambda _: None)
    imported = time.perf_counter() - begun
    note = f"{report['lines']:,} lines of {len(files)} files; both scans, digest included"
    rows = [Row("import of real recordings", report["lines"] / imported, "lines/s", note=note, better="more")]
    speeds: dict[str, tuple[float, ...]] = {}
    runs: list[replaying.Timed] = []
    for name in bench_demo.engines():
        notify(f"replaying them on {name}")
        made = [replaying.replayed(config, SESSION, name) for _ in range(plan.replays if name == "native" else 1)]
        speeds[name] = tuple(run.report["seconds_recorded"] / run.wall_s for run in made)
        runs = runs or made
    best, peer = speeds[bench_demo.engines()[0]], speeds.get("reference") if len(speeds) > 1 else None
    mine, other, found = statistics.median(best), statistics.median(peer) if peer else None, runs[0].report
    note = (
        f"headless, max speed; {found['seconds_recorded']:.0f} s, {found['frames']:,} frames, "
        f"{found['gaps']} sequence gaps, digest match {found['digest_match']}; median of {plan.replays}"
    )
    name = "replay of real recordings"
    row = _beside(name, mine, other, "× real", faster="more", note=note)
    rows.append(judged(msgspec.structs.replace(row, rounds={"value": best}), goals))
    what = f"of {len(files)} files"
    return [*rows, replaying.figure("replay of real recordings, frames", runs, what, replaying.EXCHANGES_PER_S)]


def _screen_rows(config: Config, plan: Plan, notify: Notify) -> list[Row]:
    try:
        found = bench_screen.measure(config, plan.screen, notify)
    except bench_screen.NoTerminalError as error:
        return [Row("the dashboard at 120×40", None, "", note=str(error))]
    note = f"{found['frames_per_s']:,.0f} frames/s came in; UI thread, terminal output included"
    painting = Row("painting, share of one core", found["paint_share"] * 100, "%", note=note, better="less")
    rows = [
        judged(painting, [most(20)]),
        Row(
            *("hub thread, share of one core", found["hub_share"] * 100, "%"),
            note="feeds, engine, recorder, View",
            better="less",
        ),
        judged(Row("Views shown a second", found["views_per_s"], "1/s", better="more"), [least(VIEWS_PER_S)]),
        Row("terminal writes a second", found["writes_per_s"], "1/s", note=f"{found['bytes_per_s']:,.0f} bytes/s"),
    ]
    note = f"{found['keys']} keys, from the byte in the terminal to the painted bytes out"
    for q, goals in ((50, []), (99, [most(50)])):
        row = Row(f"key to paint, p{q}", found[f"key_p{q}_ms"], "ms", note=note, better="less")
        rows.append(judged(row, goals))
    note = "from process start, its market's start included; " + ", ".join(f"{s:.2f}" for s in found["starts_s"])
    name, rounds = "start to first painted price", {"value": tuple(found["starts_s"])}
    row = Row(name, found["first_price_s"], "s", note=note, better="less", rounds=rounds)
    rows.append(judged(row, [most(2)]))
    rows += _duel_rows(found["duel_stops_ns"])
    return rows + _switch_rows(plan.switching_s) + sessions.rows(found["sessions"])


def _duel_rows(stops_ns: Sequence[int]) -> list[Row]:
    """Returns for how long the hub's thread is held for an input of the duel."""
    name, goals = "hub held for the duel's input", [most(1000)]
    if not stops_ns:
        return [judged(Row(f"{name}, p50", None, "µs", note="the Rust engine is not built"), goals)]
    note = f"{len(stops_ns)} inputs, one a second: a copy of the state at a moment, and what is stepped until another"
    p50, p90 = (bench_demo.percentile(stops_ns, q) / 1e3 for q in (50, 90))
    row = judged(Row(f"{name}, p50", p50, "µs", note=note, better="less"), goals)
    return [row, Row(f"{name}, p90", p90, "µs", note=note)]


def _switch_rows(seconds: float) -> list[Row]:
    """Returns how late a thread wakes beside a painter, with our switch interval and with Python's own."""
    mine, other = switching.late_us(seconds)
    note = f"{len(mine):,} wakes beside plain Python on 12 % of a core; beside it Python's own interval of 5 ms"
    rows = []
    for q in (50, 99):
        ours, theirs = bench_demo.percentile(mine, q), bench_demo.percentile(other, q)
        name = f"a thread wakes late beside a painter, p{q}"
        rows.append(Row(name, ours, "µs", "5 ms", theirs, theirs / ours, note, "less"))
    return rows
