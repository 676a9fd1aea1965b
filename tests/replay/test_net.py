"""Sessions of an older tree, replayed: every digest and every View as it was, in both engines."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from cambist.runtime import keyframes
from storage import imports, keyframe
from tests.replay.making.files import KINDS
from tests.replay.outcome import encoded, hashed, replayed
from tests.replay.stepping import checked, imported

if TYPE_CHECKING:
    from storage.keyframe import KeyframeRow, KeyframeTaken

NET = Path(__file__).with_name("net")
MANIFEST: dict[str, dict[str, Any]] = json.loads((NET / "manifest.json").read_text(encoding="utf-8"))
ENGINES = ("native", "reference")


def session(name: str) -> Path:
    return NET / f"{name}.cambist"


def kept_views(name: str, engine: str) -> list[dict[str, Any]]:
    apart = NET / f"{name}.{engine}.views.json.zst"
    path = apart if apart.exists() else NET / f"{name}.views.json.zst"
    views: list[dict[str, Any]] = json.loads(zstd.decompress(path.read_bytes()))
    return views


def differences(was: Any, now: Any, at: str = "") -> list[str]:
    """Returns where two Views differ, each place with both values."""
    if isinstance(was, dict) and isinstance(now, dict):
        names = sorted({*was, *now})
        return [line for n in names for line in differences(was.get(n, "–"), now.get(n, "–"), f"{at}.{n}")]
    if isinstance(was, list) and isinstance(now, list):
        pairs = enumerate(zip_longest(was, now, fillvalue="–"))
        return [line for n, (one, other) in pairs for line in differences(one, other, f"{at}[{n}]")]
    return [] if was == now else [f"{at}: {was!r} → {now!r}"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_a_session_comes_to_what_it_came_to(name: str, engine: str) -> None:
    entry = MANIFEST[name]
    outcome, views = replayed(session(name), engine, entry["every"])
    now = json.loads(json.dumps(outcome))
    was = entry[engine]
    assert {k: v for k, v in now.items() if k != "views"} == {k: v for k, v in was.items() if k != "views"}
    if now.get("views") != was.get("views"):
        shown = json.loads(b"[" + b",".join(encoded(view) for view in views) + b"]")
        lines = differences(kept_views(name, engine), shown)
        pytest.fail("\n".join(["Views differ, by number and field:", *lines[:30]]))


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_a_session_is_as_sound_as_it_was(name: str) -> None:
    now, was = checked(session(name)), MANIFEST[name]["verify"]
    assert {key: now[key] for key in was} == was


@pytest.mark.parametrize("name", [name for name in sorted(MANIFEST) if name.startswith("imported")])
def test_a_capture_becomes_the_session_that_it_became(name: str, tmp_path: Path) -> None:
    report = imported_again(name, tmp_path)
    was = MANIFEST[name]["native"]
    assert (report["digest"], report["records"]) == (was["digest"], was["records"])


def imported_again(name: str, folder: Path) -> dict[str, Any]:
    """Makes the session `out` in a folder from the captures of one; returns the report."""
    files = []
    for kept in sorted(NET.glob(f"{name}.*.zst")):
        if ".views." not in kept.name:
            files.append(folder / kept.name.removeprefix(f"{name}.").removesuffix(".zst"))
            files[-1].write_bytes(zstd.decompress(kept.read_bytes()))
    config = folder / "cambist.toml"
    config.write_text(f'recording.folder = "{folder}"\n', encoding="utf-8")
    return imported(files, folder / "out.cambist", config)


def test_a_capture_with_keyframes_replays_to_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyframes, "EVERY_NS", 1)
    monkeypatch.setattr(keyframes, "SHARE", 0)
    monkeypatch.setattr(imports, "CHUNK_BYTES", 1 << 14)
    report = imported_again("imported-hftbacktest", tmp_path)
    assert checked(tmp_path / "out.cambist")["keyframes"] > 1
    assert checked(tmp_path / "out.cambist")["exit_code"] == 0
    for engine in ENGINES:
        found, _ = replayed(tmp_path / "out.cambist", engine, 100_000)
        assert (found["ends"], found["digest"]) == ("whole", report["digest"])


def test_a_capture_becomes_the_same_bytes_however_long_its_keyframes_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyframes, "EVERY_NS", 1)
    monkeypatch.setattr(keyframes, "SHARE", 2)
    monkeypatch.setattr(keyframes, "FIRST_BYTES", 1_000)
    monkeypatch.setattr(imports, "BUFFERED", 1 << 16)
    monkeypatch.setattr(imports, "CHUNK_BYTES", 1 << 14)
    packed, found = keyframe.packed, []

    def slow(taken: KeyframeTaken) -> KeyframeRow:
        time.sleep(0.02)
        return packed(taken)

    for at, how in enumerate((packed, slow)):
        folder = tmp_path / str(at)
        folder.mkdir()
        monkeypatch.setattr(keyframe, "packed", how)
        imported_again("imported-hftbacktest", folder)
        with closing(sqlite3.connect(folder / "out.cambist")) as database:
            tables = [database.execute(f"SELECT * FROM {name}").fetchall() for name in ("chunk", "keyframe")]
        found.append(tables)
    assert len(found[0][1]) > 1
    assert found[0] == found[1]


def test_the_net_holds_every_kind_and_every_command() -> None:
    kinds = {kind for entry in MANIFEST.values() for kind in entry["content"]}
    recorded = ["halt", "clear_halt", "arm", "disarm", "engine", "rule", "inject_price", "mode"]
    assert kinds >= {f"command {name}" for name in recorded}
    assert kinds >= set(KINDS)
    ends = {entry[engine]["ends"] for entry in MANIFEST.values() for engine in ENGINES}
    assert ends == {"whole", "damaged", "different", "refused"}
    assert max(entry["native"].get("records", 0) for entry in MANIFEST.values()) > 10_000
    assert sum(path.stat().st_size for path in NET.iterdir()) <= 10 * 1024 * 1024


def test_each_kept_view_is_the_one_whose_hash_is_kept() -> None:
    for name, entry in MANIFEST.items():
        for engine in ENGINES:
            hashes = [digest for _, digest in entry[engine].get("views", [])]
            assert [hashed(view) for view in kept_views(name, engine)] == hashes, (name, engine)
