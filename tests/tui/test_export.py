import csv
import io
import json
from pathlib import Path

import pytest

from cambist.view import CycleRow, LogRow
from tests.tui.stage import StubRuntime, cycle_row, text
from tui import export
from tui.app import CambistApp
from tui.screens.prompt import ExportPrompt


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@sum", "\t=x", "\r=x"])
def test_text_that_is_a_formula_is_made_text(text: str) -> None:
    assert export.cell(text) == f"'{text}"


def test_numbers_stay_numbers_and_unknown_is_empty() -> None:
    assert export.cell(-54.0) == -54.0
    assert export.cell(0) == 0
    assert export.cell(None) == ""
    assert export.cell(True) == "true"


def test_csv_reads_back_with_separators_quotes_and_new_lines_inside() -> None:
    rows = (LogRow(1, "warn", "=feeds", 'a "b", c\nd'), LogRow(2, "info", "x", ""))
    back = list(csv.DictReader(io.StringIO(export.as_csv(rows), newline="")))
    assert [row["text"] for row in back] == ['a "b", c\nd', ""]
    assert back[0]["source"] == "'=feeds"


def test_a_cycle_keeps_its_integers_and_its_route() -> None:
    row = cycle_row(net=None)
    (back,) = csv.DictReader(io.StringIO(export.as_csv((row,))))
    assert back["size"] == "12500000000"
    assert back["net"] == ""
    assert back["legs"] == "SOL ray4 USDC orca BONK cpmm"
    assert json.loads(export.as_json((row,)))[0]["net"] is None


def test_nothing_is_written_over(tmp_path: Path) -> None:
    first = export.write(tmp_path / "new" / "folder", "cycles", (cycle_row(),), 10**18)
    second = export.write(tmp_path / "new" / "folder", "cycles", (), 10**18)
    assert len({*first, *second}) == 4
    assert second[0].read_text() == ""
    assert json.loads(second[1].read_text()) == []


def written(folder: Path) -> list[dict[str, object]]:
    (found,) = folder.glob("*.json")
    rows: list[dict[str, object]] = json.loads(found.read_text())
    return rows


async def test_e_writes_the_rows_shown_and_says_where(tmp_path: Path) -> None:
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("slash", *"net>5", "enter", "E", "ctrl+u")
        assert isinstance(app.screen, ExportPrompt)
        app.screen.edit.insert(str(tmp_path))
        await pilot.press("enter")
        await pilot.pause(0.4)
        assert "wrote cycles-" in text(app)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert not isinstance(app.screen, ExportPrompt)
    rows = written(tmp_path)
    assert rows
    assert all(row["net_bps"] > 5 for row in rows)
    assert set(rows[0]) == set(CycleRow.__struct_fields__)


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A long path would be cut before the reason.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    app = CambistApp(StubRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("E", "ctrl+u")
        app.screen.edit.insert("file")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "is a file" in text(app)
        app.screen.edit.insert("/below")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause(0.4)
        assert "not written" in text(app)
