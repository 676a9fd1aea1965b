"""`cambist sessions`: a folder with one of each kind."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cambist.cli import main
from storage.session import SessionWriter, add_bookmark
from tests.storage.blocks import START_NS, put, session

HOUR_NS = 3_600 * 10**9


@pytest.fixture
async def kinds(tmp_path: Path) -> AsyncIterator[Path]:
    """Writes sessions that are, oldest first, whole, imported and bookmarked, cut short, and still being written."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    await session(folder / "whole.cambist", chunks=1, meta={"started_ns": str(START_NS), "demo": "1"})
    meta = {"started_ns": str(START_NS + HOUR_NS), "imported": "1"}
    add_bookmark(await session(folder / "imported.cambist", chunks=2, meta=meta), START_NS, 1)
    writers = []
    for hours, name in ((2, "cut"), (3, "open")):
        meta = {"started_ns": str(START_NS + hours * HOUR_NS)}
        writer = await SessionWriter.open(folder / f"{name}.cambist", meta=meta, min_free_bytes=0)
        assert put(writer, 1, 10)
        await writer.flush()
        writers.append(writer)
    # What a killed process leaves: the file as it is, and nobody who holds it.
    for suffix in ("", "-wal"):
        left = folder / f"cut.cambist{suffix}"
        left.with_name(f"short.cambist{suffix}").write_bytes(left.read_bytes())
    await writers[0].close("test")
    (folder / "cut.cambist").unlink()
    yield folder
    await writers[1].close("test")


async def test_each_kind_is_told_by_its_fields(kinds: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "--json", "--config", str(config)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    fields = ("name", "open", "complete", "imported", "bookmarks", "demo", "records")
    assert [tuple(row[field] for field in fields) for row in found["sessions"]] == [
        ("open", True, False, False, 0, False, 10),
        ("short", False, False, False, 0, False, 10),
        ("imported", False, True, True, 1, False, 100),
        ("whole", False, True, False, 0, True, 50),
    ]


async def test_a_person_gets_a_line_for_each(kinds: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "--config", str(config)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    marks = {line.split()[0]: line.rpartition("  ")[2] for line in out.splitlines()}
    assert marks == {"open": "open", "short": "cut short", "imported": "imported 1 bookmarks", "whole": "demo"}


def test_a_folder_without_any_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "--config", str(config)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert str(config.parent / "sessions") in err
