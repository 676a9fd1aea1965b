"""The dashboard driven by keys over a fake runtime."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.tui.board import SIZES, board, screen_lines, settle
from tests.tui.fake import FakeRuntime, replay_status
from tui.app import CambistApp
from tui.layout import places, size_class


async def test_everything_in_the_view_is_on_the_screen():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert lines[0].startswith("  PAPER    ◇ DEMO  seed 7  ● REC 12.4 MB 00:31:07")
        assert lines[0].rstrip().endswith("14:02:31.48")
        assert lines[3].startswith("  SOL ─ray4→ USDC ─orca→ BONK ─cpmm→ SOL")
        assert lines[6][1:12] == "─ 2 Cycles "
        assert "sent, lands 78%" in lines[8]
        assert lines[18].startswith(" ─ 1 Price feeds demo ─")
        assert lines[29].startswith(" ─ 5 Trades and P&L demo ─")
        assert lines[38].startswith("  14:02:31 ! feeds  cpmm: no account update")
        assert lines[39][105:111] == "k HALT"
        assert lines[39][113:119] == "q quit"


async def test_easy_rivals_are_named_wherever_money_is():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        runtime.change("status", easy=True, market="seed 7, easy")
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert lines[0].startswith("  PAPER    ◇ EASY DEMO ")
        assert lines[18].startswith(" ─ 1 Price feeds easy demo ─")
        assert lines[29].startswith(" ─ 5 Trades and P&L easy demo ─")


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_and_mode_is_painted_without_a_hole(size):
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=size) as pilot:
        for mode in ("PAPER", "LIVE", "REPLAY"):
            runtime.change("status", mode=mode)
            await settle(pilot, pilot.app)
            for name, box in board(pilot.app).floor.boxes.items():
                widget = next(child for child in board(pilot.app).floor.children if child.id == name)
                if lines := getattr(widget, "lines", list)():
                    assert len(lines) == box.height, name
                    assert {cell_len(line) for line in lines} == {box.width}, name
            text = "\n".join(screen_lines(pilot.app))
            assert mode in text
            assert "q quit" in text


@pytest.mark.parametrize("size", SIZES)
def test_boxes_neither_overlap_nor_leave_the_screen(size):
    boxes = places(*size, {})
    cells: dict[tuple[int, int], str] = {}
    for name, box in boxes.items():
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= size[0]
        assert box.y + box.height <= size[1]
        for y in range(box.y, box.y + box.height):
            for x in range(box.x, box.x + box.width):
                assert (x, y) not in cells, f"{name} over {cells[(x, y)]}"
                cells[(x, y)] = name


def test_the_three_sizes_have_the_stated_coordinates():
    assert places(120, 40, {})["fees"] == (77, 18, 42, 10)
    assert places(120, 40, {})["duel"] == (51, 29, 37, 8)
    assert places(80, 24, {})["trades"] == (43, 13, 36, 8)
    assert places(200, 60, {})["feeds"] == (145, 36, 54, 9)
    assert places(200, 60, {})["log"] == (87, 46, 112, 12)
    assert [size_class(*size) for size in ((79, 24), (80, 23), (109, 60), (110, 31), (179, 90), (180, 50))] == [
        0,
        0,
        80,
        80,
        120,
        200,
    ]


async def test_zoom_gives_a_panel_the_content_area_and_escape_takes_it_back():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "z")
        assert board(pilot.app).shown() == ("fees",)
        assert board(pilot.app).floor.boxes["fees"].height == 31
        await pilot.press("1")
        assert board(pilot.app).shown() == ("prices",)
        await pilot.press("escape")
        assert len(board(pilot.app).shown()) == 6


async def test_number_keys_focus_panels_and_show_those_without_a_slot():
    async with CambistApp(FakeRuntime()).run_test(size=(80, 24)) as pilot:
        assert board(pilot.app).shown() == ("prices", "cycles", "trades")
        await pilot.press("5", "6")
        assert board(pilot.app).shown() == ("prices", "cycles", "feeds")
        assert board(pilot.app).focused_panel == "feeds"
        await pilot.press("4")
        assert board(pilot.app).shown() == ("prices", "cycles", "duel")
        await pilot.press("1", "5")
        assert board(pilot.app).shown() == ("cycles", "duel", "trades")
        await pilot.press("2")
        assert board(pilot.app).focused_panel == "cycles"


async def test_tab_walks_the_panels_on_screen():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        seen = []
        for _ in range(6):
            await pilot.press("tab")
            seen.append(board(pilot.app).focused_panel)
        assert sorted(seen) == sorted(board(pilot.app).shown())
        await pilot.press("shift+tab")
        assert board(pilot.app).focused_panel == seen[-2]


async def test_halt_is_submitted_at_once_and_a_halt_shows_itself():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await pilot.press("k")
        await pilot.press("ctrl+k")
        assert runtime.names().count("halt") == 2
        runtime.change("status", state="HALTED", halt_reason="day loss reached 0.50 SOL")
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert "■ HALTED" in lines[0]
        assert "halted: day loss reached 0.50 SOL" in lines[2]
        assert "K clear" in lines[2]


async def test_read_only_offers_nothing_that_changes_something():
    runtime = FakeRuntime()
    async with CambistApp(runtime, read_only=True).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press("k", "ctrl+k", "e", "R", "m")
        assert runtime.submitted == []
        assert "HALT" not in screen_lines(pilot.app)[39]


async def test_live_changes_the_look_but_moves_no_cell():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        paper = screen_lines(pilot.app)
        runtime.change("status", mode="LIVE")
        await settle(pilot, pilot.app)
        live = screen_lines(pilot.app)
        assert board(pilot.app).has_class("-live")
        assert live[0].startswith("  LIVE   signing 7xKX…9fQ2  ◇ DEMO ")
        assert live[39][96:102] == " LIVE "
        for y in range(7, 28):
            assert live[y].replace("━", "─") == paper[y].replace("━", "─"), y
        for column in (57, 69, 88, 101, 108):
            assert live[0][column : column + 4] == paper[0][column : column + 4]


async def test_replay_says_so_and_nothing_can_be_halted_from_a_recording():
    runtime = FakeRuntime()
    runtime.set(replay=replay_status())
    runtime.change("status", mode="REPLAY")
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert lines[0].startswith("  REPLAY  ")
        assert "❚❚ PAUSED" in lines[0]
        assert "recorded" in lines[6]
        assert "HALT" not in lines[39]
        await pilot.press("k", "ctrl+k")
        assert "halt" not in runtime.names()
        await pilot.press("space")
        assert runtime.names() == ["play"]


async def test_a_replay_beside_the_live_runtime_still_halts_the_live_one():
    live = FakeRuntime()
    app = CambistApp(live)
    async with app.run_test(size=(120, 40)) as pilot:
        recorded = live.open_session("demo")
        app.open_runtime(recorded)
        await pilot.pause(0.2)
        assert board(app).runtime is recorded
        await pilot.press("k")
        assert live.names() == ["halt"]
        assert recorded.names() == []
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert board(app).runtime is live
        assert recorded.closed


async def test_a_small_terminal_is_refused_with_what_matters():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(60, 14)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(screen_lines(pilot.app))
        assert "This window is 60×14. cambist needs 80×24." in text
        assert "+0.8421 SOL today, paper" in text
        assert "k HALT" in text
        assert "q quit" in text
        await pilot.press("k")
        assert runtime.names() == ["halt"]
        await pilot.resize_terminal(120, 40)
        await settle(pilot, pilot.app)
        assert len(board(pilot.app).shown()) == 6


async def test_t_wears_every_theme_and_comes_back():
    app = CambistApp(FakeRuntime())
    async with app.run_test(size=(120, 40)) as pilot:
        seen = []
        for _ in range(5):
            await pilot.press("t")
            await settle(pilot, app)
            seen.append(app.look)
        assert seen == ["ledger", "harbour", "ansi16", "mono", "verdigris"]
        assert board(app).scene.theme.name == "verdigris"
