"""The measured figures: each row is run here and now, beside the peer it is compared with, and printed.

Times are medians; a ratio compares two figures of the same run on the same input. Nothing is asserted.
"""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cambist import bench_screen, compose, engine
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.engine import duel
from cambist.model.events import HEADER, RecordKind

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "cex_binance_hft"
"""Real exchange recordings, where they lie beside the checkout."""
DEMO_SECONDS = 20.0
FAR_NS = 2**63 - 1

Say = Callable[[str], None]


class Row(msgspec.Struct, frozen=True):
    """One figure."""

    name: str
    value: float
    unit: str
    goal: str = ""
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    """How many times better than the peer, in the same run."""
    note: str = ""


def line(row: Row) -> str:
    """Returns a row as one line of text."""
    peer = ""
    if row.peer_value is not None:
        peer = f"{row.peer} {row.peer_value:,.6g}" + (f" (×{row.ratio:.1f})" if row.ratio is not None else "")
    return f"{row.name:44} {row.value:>12,.6g} {row.unit:9} {row.goal:14} {peer:34} {row.note}"


def run(say: Say) -> dict[str, Any]:
    """Returns `{schema, machine, rows}`; `say` gets a line about what is being measured."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cambist-bench-") as folder:
        config = Config(recording=Recording(folder=folder), market=Market(seed=7), engine=EngineChoice(duel=False))
        for part in (_engine_rows, _demo_rows, _import_rows, _screen_rows):
            rows += part(config, say)
    return {"schema": 1, "machine": machine(), "rows": rows}


def machine() -> dict[str, Any]:
    """Returns what the figures were measured on."""
    build = engine.build_info()
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((ln.partition(":")[2].strip() for ln in lines if ln.startswith("model name")), model)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "engine_build": build.profile,
    }


def _engine_rows(config: Config, say: Say) -> list[Row]:
    del config
    say("each module in both engines")
    return [
        Row(
            name=f"module {row.module}, p50",
            value=row.rust_p50 / 1000,
            unit="µs",
            peer="python",
            peer_value=row.python_p50 / 1000,
            ratio=row.ratio,
            note=f"{row.mismatches} mismatches, border included",
        )
        for row in duel.measure_once()
        if row.rust_p50 is not None and row.python_p50 is not None
    ]


def _demo_rows(config: Config, say: Say) -> list[Row]:
    """Records the embedded market, then steps the recording record by record."""
    say(f"recording {DEMO_SECONDS:.0f} s of the embedded market")
    runtime = compose.live(config, duel=False)
    runtime.start()
    began = time.monotonic()
    while runtime.alive and time.monotonic() - began < DEMO_SECONDS:
        runtime.wait(0.1)
    runtime.close()
    frames = runtime.report()["frames"]
    say("stepping it frame by frame")
    both = {name: _latencies(config, runtime.session, name) for name in _engines()}
    best = both.get("native") or both["reference"]
    peer = both["reference"] if "native" in both else None
    rows = [Row("demo market, frames a second", frames / DEMO_SECONDS, "1/s", note="seed 7, rate 1")]
    for label, q in (("p50", 50), ("p99", 99)):
        mine = _percentile(best, q)
        theirs = _percentile(peer, q) if peer else None
        rows.append(
            Row(
                name=f"frame to scored opportunity, {label}",
                value=mine,
                unit="µs",
                goal="≤ 100 at p99",
                peer="python" if peer else "",
                peer_value=theirs,
                ratio=theirs / mine if theirs else None,
                note=f"{len(best)} frames with a decision, border included",
            )
        )
    return rows


def _engines() -> tuple[str, ...]:
    return ("native", "reference") if engine.build_info().native else ("reference",)


def _latencies(config: Config, session: str, name: str) -> list[float]:
    """Returns µs per `ingest` call on one frame, for frames that led to a sized and scored cycle."""
    found = []
    with compose.open_reader(config, session) as reader:
        kernel = compose.replay_kernel(reader, name)
        for chunk in reader.blocks():
            for record in _records(chunk.block):
                if HEADER.unpack_from(record)[2] != RecordKind.FRAME:
                    kernel.step(record)
                    continue
                begun = time.perf_counter_ns()
                done = kernel.engine.ingest(record, 0, FAR_NS)
                spent = time.perf_counter_ns() - begun
                if done.decisions:
                    found.append(spent / 1000)
    return found


def _records(block: bytes) -> list[bytes]:
    parts, offset = [], 0
    while offset < len(block):
        end = offset + HEADER.size + HEADER.unpack_from(block, offset)[7]
        parts.append(block[offset:end])
        offset = end
    return parts


def _percentile(values: list[float], q: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * q // 100)] if ordered else float("nan")


def _import_rows(config: Config, say: Say) -> list[Row]:
    files = sorted(RECORDINGS.glob("*.zst"))
    if not files:
        return [Row("import and replay of real recordings", 0, "–", note="no recordings beside the checkout")]
    say(f"importing {len(files)} exchange recordings")
    begun = time.perf_counter()
    report = compose.import_files(config, files, "bench-import", lambda _: None)
    imported = time.perf_counter() - begun
    rows = [Row("import of real recordings", report["lines"] / imported, "lines/s", note=f"{report['lines']:,} lines")]
    speeds: dict[str, float] = {}
    for name in _engines():
        say(f"replaying them on {name}")
        runs = []
        for _ in range(3 if name == "native" else 1):
            with compose.open_reader(config, "bench-import") as reader:
                begun = time.perf_counter()
                done = compose.replay_all(reader, compose.replay_kernel(reader, name))
                runs.append(time.perf_counter() - begun)
                found = done.report("bench-import", runs[-1])
        speeds[name] = found["seconds_recorded"] / statistics.median(runs)
    mine = speeds[_engines()[0]]
    other = speeds.get("reference") if len(speeds) > 1 else None
    rows.append(
        Row(
            name="replay of real recordings, headless, max speed",
            value=mine,
            unit="× real",
            goal="≥ 150",
            peer="python" if other else "",
            peer_value=other,
            ratio=mine / other if other else None,
            note=f"{found['gaps']} sequence gaps, {found['frames']:,} frames",
        )
    )
    return rows


def _screen_rows(config: Config, say: Say) -> list[Row]:
    say("the dashboard at 120×40 on the embedded market")
    found = bench_screen.measure(config)
    return [
        Row("painting, share of one core", found["paint_share"] * 100, "%", "≤ 20", note=found["note"]),
        Row("updates a second", found["updates_per_s"], "1/s", "30"),
        Row("key to paint, p99", found["key_p99_ms"], "ms", "≤ 50", note=f"{found['keys']} keys"),
        Row("start to first painted price", found["first_price_s"], "s", "≤ 2", note="from process start, with market"),
    ]


if __name__ == "__main__":
    for measured in run(lambda text: print(text, file=sys.stderr))["rows"]:
        print(line(measured))
