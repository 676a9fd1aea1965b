"""Recordings of real exchanges become sessions that replay: both engines, no gap, the venue's clock offset shown."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from cambist import compose
from cambist.config import Config, Recording
from cambist.engine import build_info
from cambist.runtime.headless import replay_all
from cambist.runtime.importing import import_files
from cambist.runtime.publish import Publisher
from cambist.view import View
from storage.reader import SessionReader
from tests.shared import shared_data

pytestmark = pytest.mark.timeout(500)
NATIVE = build_info().native
PREFIX = 2_500


def imported(folder: Path, files: list[Path]) -> tuple[Path, dict[str, Any]]:
    config = Config(recording=Recording(folder=str(folder)))
    made = import_files(config, files, "made", lambda text: None)
    return folder / "made.cambist", made


def replayed(path: Path, engine: str, batch: int | None = None) -> tuple[dict[str, Any], View]:
    with SessionReader(path) as reader:
        kernel = compose.replay_kernel(reader, engine)
        report = replay_all(reader, kernel, batch).report("made", 1.0)
    assert report["engine"] == engine
    return report, Publisher(kernel).build(kernel, kernel.now_ns)


def prefix(source: Path, folder: Path, lines: int) -> Path:
    path = folder / source.name.removesuffix(".zst")
    with zstd.open(source, "rb") as file:
        path.write_bytes(b"".join(islice(file, lines)))
    return path


def shown(view: View) -> None:
    """Spot and perpetual side by side, the venue's clock ahead of the receiver's, and nothing called arbitrage."""
    assert {row.venue for row in view.prices.rows} == {"binance", "binance-usdm"}
    assert {row.synthetic for row in view.prices.rows if row.venue == "binance-usdm"} == {"basis (synthetic)"}
    assert view.cycles.rows == ()
    offsets = [row.offset_ns for row in view.feeds.rows if row.offset_ns is not None]
    assert offsets
    assert all(-1_400_000_000 < offset < -1_100_000_000 for offset in offsets)
    streams = [row for row in view.feeds.rows if not row.asked]  # a snapshot answers a request: no lag
    assert streams
    assert all(row.lag_ns is not None and 0 <= row.lag_ns < 1_000_000_000 for row in streams)


@pytest.mark.skipif(not NATIVE, reason="the reference engine takes a prefix only")
def test_four_files_of_binance_replay_without_a_gap(tmp_path: Path) -> None:
    files = sorted(shared_data("cex_binance_hft").glob("*.zst"))
    path, made = imported(tmp_path, files)
    assert (made["lines"], made["frames"], made["clamped"]) == (243_476, 243_476, 0)
    report, view = replayed(path, "native")
    assert (report["gaps"], report["dropped"], report["cycles"]) == (0, 0, 0)
    assert report["digest_match"] is True
    assert report["seconds_recorded"] == pytest.approx(346.062)
    shown(view)


def test_a_prefix_of_them_is_the_same_in_both_engines(tmp_path: Path) -> None:
    files = sorted(shared_data("cex_binance_hft").glob("*.zst"))
    path, _ = imported(tmp_path, [prefix(file, tmp_path, PREFIX) for file in files])
    found = []
    for engine in ("native", "reference") if NATIVE else ("reference",):
        for batch in (7,) if engine == "reference" else (7, None):
            report, view = replayed(path, engine, batch)
            assert report["gaps"] == 0
            shown(view)
            found.append((report["digest"], report["frames"], json.dumps([str(row) for row in view.prices.rows])))
    assert len(set(found)) == 1


def test_a_cryptofeed_file_is_the_same_in_both_engines(tmp_path: Path) -> None:
    path, made = imported(tmp_path, [shared_data("cex_cryptofeed", "BINANCE.jsonl.zst")])
    found = []
    for engine in ("native", "reference") if NATIVE else ("reference",):
        report, view = replayed(path, engine)
        assert report["frames"] == made["frames"] > 0
        assert report["gaps"] == 0
        assert {row.venue for row in view.prices.rows} == {"binance"}
        assert any(row.bid and row.ask and row.bid <= row.ask for row in view.prices.rows)
        found.append((report["digest"], json.dumps([str(row) for row in view.prices.rows])))
    assert len(set(found)) == 1
