"""The dashboard driven by keys over a fake runtime."""

from __future__ import annotations

import itertools
import math
import random
import re
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.cells import cell_len

from cambist.model.commands import RetryFeed
from cambist.view import (
    CyclesSection,
    DuelSection,
    FeedsSection,
    FeeInputRow,
    FeesSection,
    Headline,
    Leg,
    LogRow,
    PanelState,
    PricesSection,
    TradesSection,
    Valued,
    View,
)
from tests.tui.fake import MS, NOW, FakeRuntime, S, replay_status, rich_view
from tui.app import CambistApp
from tui.layout import places, size_class
from tui.screenshot import export_svg
from tui.widgets.snapshot_table import SnapshotTable

if TYPE_CHECKING:
    from tui.screens.dashboard import Dashboard

SIZES = [
    (80, 24),
    (80, 50),
    (96, 28),
    (109, 40),
    (110, 32),
    (120, 40),
    (150, 45),
    (179, 60),
    (180, 50),
    (200, 60),
    (260, 80),
]


def board(app: CambistApp) -> Dashboard:
    return app.dashboard


def table(app: CambistApp, name: str) -> SnapshotTable:
    return app.query_one(f"#{name}", SnapshotTable)


def screen_lines(app: CambistApp) -> list[str]:
    """Returns the text of the screen, line by line, as composed."""
    size = app.size
    lines = [[" "] * size.width for _ in range(size.height)]
    dashboard = board(app)
    for name, box in dashboard.floor.boxes.items():
        widget = next(child for child in dashboard.floor.children if child.id == name)
        for y, text in enumerate(getattr(widget, "lines", list)()[: box.height]):
            x = box.x
            for char in text:
                width = cell_len(char)
                if width and x < size.width:
                    lines[box.y + y][x] = char
                x += width
    return ["".join(line) for line in lines]


async def settle(pilot, app: CambistApp) -> None:
    """Lets one pull happen and everything be painted."""
    board(app).pull()
    board(app)._chrome(board(app).view)
    await pilot.pause()


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


async def test_space_freezes_the_table_and_thaws_it():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        assert cycles.rows_shown == 16
        await pilot.press("space")
        for _ in range(5):
            runtime.change("cycles", rows=runtime.view.cycles.rows[:3])
        await pilot.pause(0.7)
        assert cycles.rows_shown == 16
        assert "❚❚ frozen 00:00" in cycles.lines()[0]
        assert "5 updates behind" in cycles.lines()[0]
        await pilot.press("space")
        await pilot.pause(1.2)
        assert cycles.rows_shown == 3
        assert "frozen" not in cycles.lines()[0]


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


async def test_the_cursor_follows_its_row_and_rows_move_at_most_once_a_second():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        await pilot.press("down")
        key = cycles.cursor_key
        assert cycles.keys.index(key) == 1
        rows = list(runtime.view.cycles.rows)
        rows[1] = msgspec.structs.replace(rows[1], net_bps=99.0)
        runtime.change("cycles", rows=tuple(rows))
        cycles._moved = time.monotonic() + 0.5
        await settle(pilot, pilot.app)
        assert cycles.keys.index(key) == 1
        assert "+99.0" in cycles.lines()[3]
        await pilot.pause(1.8)
        assert cycles.keys.index(key) == 0
        assert cycles.cursor_key == key
        assert cycles.lines()[2].startswith("▌")


async def test_a_row_that_left_stays_muted_in_its_place_until_rows_may_move():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        first = cycles.keys[0]
        cycles._moved = time.monotonic() + 0.5
        runtime.change("cycles", rows=runtime.view.cycles.rows[1:])
        await settle(pilot, pilot.app)
        assert cycles.keys[0] == first
        assert "gone" in cycles.lines()[2]
        await pilot.pause(1.8)
        assert first not in cycles.keys


async def test_a_row_that_waits_takes_the_place_of_one_that_left_and_no_other_row_moves():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        await pilot.press("down")
        before = list(cycles.keys)
        rows = {row.key: row for row in runtime.view.cycles.rows}
        fresh = msgspec.structs.replace(rows[before[0]], key="fresh")
        cycles._moved = time.monotonic() + 60
        left = tuple(rows[key] for key in before if key != before[3])
        runtime.change("cycles", rows=(*left, fresh))
        board(pilot.app).pull()
        assert list(cycles.keys) == before
        cycles._left[before[3]] -= 1.0
        runtime.change("cycles", rows=(*left, fresh))
        board(pilot.app).pull()
        assert list(cycles.keys) == [*before[:3], "fresh", *before[4:]]
        assert "gone" not in "\n".join(cycles.lines())


async def test_the_cursor_stays_at_the_top_until_it_is_moved():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        trades = table(pilot.app, "trades")
        newest = msgspec.structs.replace(runtime.view.trades.rows[0], id=9_001)
        runtime.change("trades", rows=(newest, *runtime.view.trades.rows))
        await settle(pilot, pilot.app)
        assert trades.cursor_key == "9001"
        await pilot.press("5", "down")
        held = trades.cursor_key
        runtime.change("trades", rows=(msgspec.structs.replace(newest, id=9_002), *runtime.view.trades.rows))
        await settle(pilot, pilot.app)
        assert trades.keys[0] == "9002"
        assert trades.cursor_key == held


@pytest.mark.parametrize("width", [80, 110, 120, 150, 200])
async def test_a_long_reason_for_not_recording_ends_before_the_state(width):
    runtime = FakeRuntime()
    runtime.change("status", recording=False, recording_note="disk full: free space or press R, trading is disarmed")
    async with CambistApp(runtime).run_test(size=(width, 50)) as pilot:
        await settle(pilot, pilot.app)
        left, state, _ = screen_lines(pilot.app)[0].partition("● RUNNING")
        assert state
        assert "not recording" in left
        assert left.endswith("  ")


async def test_realised_and_fills_never_touch_at_80_columns():
    runtime = FakeRuntime()
    for fills, orders in ((206, 444), (12_345, 45_678)):
        runtime.change("headline", realised=2_092_300_000, fills=fills, orders=orders)
        async with CambistApp(runtime).run_test(size=(80, 24)) as pilot:
            await settle(pilot, pilot.app)
            assert re.search(r"\+2(\.\d+)? SOL  +\d+( k)? of \d+( k)? *$", screen_lines(pilot.app)[2])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_sum_without_a_price_is_unknown_and_says_why(size):
    runtime = FakeRuntime()
    why = Valued("no SOL price: 12.0 s old at orca, 5 s allowed")
    paper = msgspec.structs.replace(runtime.view.trades.paper, change=None, valued=why)
    runtime.change("headline", realised=None, valued=why)
    runtime.change("trades", paper=paper, curve=())
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert any("no SOL price" in line for line in lines[:5])
        wallets = [line for line in lines if "paper 1" in line]
        if size[0] > 80:
            assert any(re.search(r"paper [\d.]+ SOL no SOL price.* real", line) for line in wallets)


@pytest.mark.parametrize(("keys", "said"), [("5", "orca 400 ms"), ("5z", "by orca 400 ms")])
async def test_a_sum_says_where_its_price_comes_from_and_how_old_it_is(keys, said):
    runtime = FakeRuntime()
    paper = msgspec.structs.replace(runtime.view.trades.paper, valued=Valued("", "orca", "orca…ress", 400_000_000))
    runtime.change("trades", paper=paper)
    async with CambistApp(runtime).run_test(size=(200, 60)) as pilot:
        await pilot.press(*keys)
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert any(re.search(rf"paper .* SOL \+[\d.]+ {said} +real", line) for line in lines)


async def test_fees_of_a_cheap_chain_are_shown_in_full_and_relate_to_a_size():
    runtime = FakeRuntime()
    runtime.change("fees", total=33_450, total_bps=0.0167, size=20_000_000_000, tip=1_000, priority=27_450, base=5_000)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(board(pilot.app).panels["fees"].lines())
        assert "0.00003 SOL = 0.02 bps of 20 SOL" in text
        assert "tip 0.0₅1 · prio 0.00003 · base 0.00001" in text


async def test_fees_say_where_each_figure_comes_from_and_how_old_it_is():
    runtime = FakeRuntime()
    inputs = (
        FeeInputRow("bid", "p75", 41_000, 400_000_000),
        FeeInputRow("fullness", "logs", 123_000, 2_000_000_000),
        FeeInputRow("landing", "outcomes", 750_000, None),
        FeeInputRow("estimate", "a[red]b", None, 0),
    )
    runtime.change("fees", inputs=inputs)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press("3", "z")
        await settle(pilot, pilot.app)
        lines = [line.rstrip() for line in board(pilot.app).panels["fees"].lines()]
        text = "\n".join(" ".join(line.split()) for line in lines)
    assert "bid p75 400 ms 41 000" in text
    assert "fullness, observed logs 2.0 s 12.3%" in text
    assert "landing outcomes 75.0%" in text
    assert "a[red]b" in text


async def test_scroll_position_survives_updates():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        prices = table(pilot.app, "prices")
        prices.scroll_rows(5)
        top = prices.lines()[2]
        runtime.change("prices")
        await settle(pilot, pilot.app)
        assert prices.lines()[2] == top


async def test_sort_and_reverse():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        rows = {row.key: row for row in pilot.app.runtime.view.cycles.rows}
        await pilot.press("s")
        nets = [rows[key].net_bps for key in cycles.keys]
        assert nets == sorted(nets, reverse=True)
        await pilot.press("S")
        nets = [rows[key].net_bps for key in cycles.keys]
        assert nets == sorted(nets)
        assert "net ↑" in cycles.lines()[0]


async def test_only_what_is_wrong():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press("exclamation_mark")
        await settle(pilot, pilot.app)
        marks = {row.mark for row in pilot.app.runtime.view.cycles.rows if row.key in table(pilot.app, "cycles").keys}
        assert marks == {"stale", "blocked"}
        assert table(pilot.app, "prices").keys == ("RAY/cpmm",)
        await pilot.press("escape")


async def test_pinned_rows_stay_on_top_and_rejected_ones_can_be_hidden():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        cycles = table(pilot.app, "cycles")
        await pilot.press("end")
        last = cycles.cursor_key
        await pilot.press("F")
        assert cycles.keys[0] == last
        await pilot.press("x")
        assert cycles.rows_shown == 5
        assert "rejected hidden" in cycles.lines()[0]


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


STATES = [
    (PanelState("loading", "Waiting for the first account data from solana.", "", NOW - 800 * MS), "loading", "0.8 s"),
    (PanelState("empty", "No cycle is profitable now.", "Best is −2.8 bps."), "empty", "Best is −2.8 bps."),
    (
        PanelState("stale", "no slot from node A for 5.2 s.", "Retry in 3 s.", NOW - 5200 * MS),
        "◌ stale 5.2 s",
        "node A",
    ),
    (PanelState("error", "binance refused the connection (HTTP 429).", "Again in 8 s."), "× error", "HTTP 429"),
]


@pytest.mark.parametrize(("state", "word", "said"), STATES)
async def test_a_state_is_in_the_title_and_its_cause_in_the_body(state, word, said):
    runtime = FakeRuntime()
    for name in ("prices", "cycles", "fees", "duel", "trades", "feeds"):
        runtime.change(
            name, state=state, **({"columns": (), "now": None, "score": None} if name == "fees" else {"rows": ()})
        )
    runtime.change("trades", paper=None, real=None)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        for panel in board(pilot.app).panels.values():
            if panel.id in board(pilot.app).shown():
                assert word.split()[-1 if word[0] == "×" else 0] in panel.lines()[0]
        cycles = table(pilot.app, "cycles")
        assert word in cycles.lines()[0]
        assert said in "\n".join(cycles.lines())


async def test_a_feed_that_is_down_says_why_and_when_it_is_tried_again():
    runtime = FakeRuntime()
    rows = list(runtime.view.feeds.rows)
    down = {"state": "down", "note": "HTTP 429", "last_ns": NOW - 41 * S, "attempt": 3, "wait_ns": 16 * S}
    rows[1] = msgspec.structs.replace(rows[1], **down, retry_at_ns=NOW + 8 * S)
    rows[2] = msgspec.structs.replace(rows[2], state="down", note="connection lost")
    state = PanelState("error", "binance: HTTP 429.", "Other feeds go on.")
    runtime.change("feeds", rows=tuple(rows), state=state)
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        assert "× error" in table(pilot.app, "feeds").lines()[0]
        assert "binance: HTTP 429." in "\n".join(table(pilot.app, "feeds").lines())
        await pilot.press("6", "z")
        await settle(pilot, pilot.app)
        said = [line.strip() for line in table(pilot.app, "feeds").lines()]
        assert "try 3, again in 8 s   ━━━───" in said
        assert "Last good data 41.0 s ago. Other feeds go on." in said
        runtime.change("status", now_ns=NOW + 6 * S)
        await settle(pilot, pilot.app)
        await pilot.pause(0.3)
        assert any(line.strip().startswith("try 3, again in 2 s") for line in table(pilot.app, "feeds").lines())
        await pilot.press("down", "down")
        await settle(pilot, pilot.app)
        assert "orca: connection lost." in "\n".join(table(pilot.app, "feeds").lines())
        await pilot.press("r")
        assert runtime.submitted[-1] == RetryFeed("orca")


def raced(runtime):
    """Two endpoints of one chain instead of the one of the pictures."""
    first, *rest = runtime.view.feeds.rows
    helius = msgspec.structs.replace(first, name="helius-east", raced=True, first_ppm=624_000, ahead_ns=14_200_000)
    triton = msgspec.structs.replace(helius, name="triton", first_ppm=376_000, ahead_ns=9 * MS, behind_ns=14_200_000)
    trails = msgspec.structs.replace(helius, behind_ns=9 * MS, slots_behind=3)
    runtime.change("feeds", rows=(trails, triton, *rest))


@pytest.mark.parametrize(
    ("size", "keys", "heads", "row"),
    [
        ((120, 40), "", "feed per s lag 1st", "helius-… 1.8k 12 ms 62%"),
        ((80, 24), "6", "feed per s lag first gaps", "helius-east 1 840 12 ms 62% 0"),
        ((200, 60), "", "feed per s lag first ahead gaps drops", "helius-east 1 840 12 ms 62% 14 ms 0 0"),
        (
            (120, 40),
            "6z",
            "feed per s lag first ahead behind slots gaps drops",
            "helius-east 1 840 12 ms 62% 14 ms 9 ms 3 0 0",
        ),
    ],
)
async def test_endpoints_of_one_chain_say_who_is_first(size, keys, heads, row):
    runtime = FakeRuntime()
    raced(runtime)
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press(*keys)
        await settle(pilot, pilot.app)
        _, head, *rows = [line.replace("\u2009", " ") for line in table(pilot.app, "feeds").lines()]
        shown = [" ".join(line.split()) for line in (head, *rows)]
        assert shown[0].startswith(heads)
        assert shown[1].lstrip("▌ ●").startswith(row)
        binance = next(line for line in rows if "binance" in line)
        assert "–" in binance, "a feed that has no rival has no share"
        ends = [head.index(word) + len(word) for word in heads.split() if word not in ("feed", "per")]
        for end in ends:
            assert all(line[end - 1] != " " for line in rows[:2]), "values end where their heads end"


async def test_a_single_endpoint_has_no_columns_for_a_race():
    async with CambistApp(FakeRuntime()).run_test(size=(120, 40)) as pilot:
        await pilot.press("6", "z")
        await settle(pilot, pilot.app)
        head = table(pilot.app, "feeds").lines()[1]
        assert "gaps" in head
        assert "first" not in head
        assert "ahead" not in head


async def test_an_empty_view_shows_unknown_not_zero():
    async with CambistApp(FakeRuntime(View())).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        lines = screen_lines(pilot.app)
        assert "no cycle yet" in lines[3]
        assert lines[3][49:55].strip() == "–"
        assert "loading" in lines[6]


async def test_ages_tick_while_data_stands_still():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        assert "38 ms" in table(pilot.app, "prices").lines()[2]
        runtime.change("status", now_ns=NOW + 3 * S)
        await pilot.pause(0.4)
        assert "3.0 s" in table(pilot.app, "prices").lines()[2]


async def test_changed_digits_flash_and_stop():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        rows = list(runtime.view.prices.rows)
        rows[0] = msgspec.structs.replace(rows[0], bid=172.499)
        runtime.change("prices", rows=tuple(rows))
        await settle(pilot, pilot.app)
        prices = table(pilot.app, "prices")
        flash = board(pilot.app).scene.paint.style("strong", "flash").bgcolor
        lit = [segment.text for segment in prices._lines[2] if segment.style.bgcolor == flash]
        assert lit == ["99"]
        await pilot.pause(0.7)
        assert not [segment for segment in prices._lines[2] if segment.style.bgcolor == flash]


async def test_without_motion_nothing_flashes():
    runtime = FakeRuntime()
    async with CambistApp(runtime, motion="off").run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        rows = list(runtime.view.prices.rows)
        rows[0] = msgspec.structs.replace(rows[0], bid=172.499)
        runtime.change("prices", rows=tuple(rows))
        await settle(pilot, pilot.app)
        flash = board(pilot.app).scene.paint.style("strong", "flash").bgcolor
        assert not [s for s in table(pilot.app, "prices")._lines[2] if s.style.bgcolor == flash]


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


@pytest.mark.parametrize(("theme", "ascii_only"), [("ansi16", True), ("mono", True), ("mono", False), ("ledger", True)])
async def test_ascii_and_few_colours(theme, ascii_only):
    runtime = FakeRuntime()
    runtime.change("status", mode="LIVE")
    async with CambistApp(runtime, theme=theme, ascii=ascii_only).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(screen_lines(pilot.app))
        if ascii_only:
            assert text.isascii(), sorted(set(text) - set(map(chr, range(128))))
        if theme == "mono":
            lines = screen_lines(pilot.app)
            assert all(line[0] == "!" and line[-1] == "!" for line in lines[1:39])
            colours = {
                segment.style.color
                for panel in board(pilot.app).panels.values()
                for strip in panel._lines
                for segment in strip
                if segment.style is not None
            }
            assert colours == {None}


HOSTILE = [
    "[bold red]x[/]",
    "[/nope]",
    "\x1b[2J\x1b]0;owned\x07",
    "a\nb\r\tc",
    "\u202eevil",
    "x" * 10_000,
    "龍" * 30,
    "",
    "\x9b31m",
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_text_never_crashes_nor_reaches_the_terminal_raw(hostile):
    view = rich_view()
    leg = Leg(hostile, hostile, hostile, hostile)

    def bad(row, **fields):
        return msgspec.structs.replace(row, **fields)

    view = msgspec.structs.replace(
        view,
        status=bad(view.status, market=hostile, halt_reason=hostile, state="HALTED", recording_note=hostile),
        prices=bad(
            view.prices,
            quote=hostile,
            rows=tuple(bad(r, token=hostile, venue=hostile, venue_class=hostile) for r in view.prices.rows),
        ),
        cycles=bad(
            view.cycles,
            rows=tuple(bad(r, legs=(leg, leg, leg), unit=hostile, decision=hostile) for r in view.cycles.rows),
        ),
        headline=bad(view.headline, best=bad(view.cycles.rows[0], legs=(leg,), unit=hostile), unit=hostile),
        fees=bad(
            view.fees,
            note=hostile,
            bid_percentile=hostile,
            trend=hostile[:20],
            state=PanelState("error", hostile, hostile),
        ),
        duel=bad(
            view.duel,
            profile=hostile[:20],
            rows=tuple(bad(r, module=f"{hostile}{i}") for i, r in enumerate(view.duel.rows)),
        ),
        trades=bad(
            view.trades, rows=tuple(bad(r, legs=(leg, leg), status=hostile, unit=hostile) for r in view.trades.rows)
        ),
        feeds=bad(view.feeds, rows=tuple(bad(r, name=hostile, state=hostile) for r in view.feeds.rows)),
        log=bad(view.log, rows=(*view.log.rows, LogRow(NOW, "warn", hostile, hostile))),
    )
    app = CambistApp(FakeRuntime(view))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, app)
        text = "\n".join(screen_lines(app))
        assert all(line.replace("\u2009", " ").isprintable() for line in text.split("\n"))
        for name, box in board(app).floor.boxes.items():
            widget = next(child for child in board(app).floor.children if child.id == name)
            assert {cell_len(line) for line in getattr(widget, "lines", list)()} <= {box.width}, name
        svg = export_svg(app)
        assert "\x1b" not in svg
        await pilot.press("7", "z", "down", "y", "slash")


def shuffled(view: View, rng: random.Random) -> View:
    """Returns a View with random numbers in every cell, of every magnitude and sign, some unknown."""

    def number(scale: float) -> float:
        return rng.choice((-1, 1)) * scale * 10 ** rng.uniform(-6, 6)

    def maybe(value):
        return None if rng.random() < 0.15 else value

    new = msgspec.structs.replace
    prices = tuple(
        new(
            row,
            bid=maybe(abs(number(1))),
            ask=maybe(abs(number(1))),
            change_1h=maybe(number(0.01)),
            rsi=maybe(rng.uniform(0, 100)),
            ema=maybe(abs(number(1))),
            age_ns=maybe(int(abs(number(1e9)))),
            stale=rng.random() < 0.2,
            spark=tuple(number(1) for _ in range(rng.randint(0, 20))),
        )
        for row in view.prices.rows
    )
    cycles = tuple(
        new(
            row,
            size=int(abs(number(1e9))),
            gross_bps=number(10),
            pools_bps=number(10),
            chain_bps=maybe(number(1)),
            net_bps=maybe(number(1)),
            net=maybe(int(number(1e7))),
            oldest_ns=int(abs(number(1e9))),
            seen_slots=rng.randint(0, 10**6),
            score=maybe(rng.randint(0, 100)),
            landing_ppm=maybe(rng.randint(0, 10**6)),
            mark=rng.choice(("go", "skip", "stale", "blocked")),
        )
        for row in view.cycles.rows
    )
    status = new(
        view.status,
        version=view.status.version + 1,
        queue=rng.randint(0, 10**7),
        slot=maybe(rng.randint(0, 10**9)),
        events_per_s=maybe(abs(number(100))),
        state=rng.choice(("RUNNING", "REDUCING", "HALTED")),
    )
    return new(
        view,
        status=status,
        headline=new(
            view.headline,
            version=view.headline.version + 1,
            best=cycles[0],
            realised=maybe(int(number(1e9))),
            fills=rng.randint(0, 10**6),
        ),
        prices=PricesSection(view.prices.version + 1, PanelState(), prices, "USDC", rng.randint(0, 10**4), 60),
        cycles=CyclesSection(view.cycles.version + 1, PanelState(), cycles, 5.0, rng.randint(0, 10**9), 1.0),
        fees=new(
            view.fees,
            version=view.fees.version + 1,
            total=maybe(rng.randint(0, 10**12)),
            tip=maybe(rng.randint(0, 10**11)),
            score=maybe(rng.randint(0, 100)),
        ),
        duel=DuelSection(
            view.duel.version + 1,
            PanelState(),
            tuple(
                new(
                    r,
                    rust_p50=maybe(abs(number(1e4))),
                    python_p50=maybe(abs(number(1e5))),
                    ratio=maybe(abs(number(1))),
                    mismatches=rng.choice((0, 0, 3, 70)),
                )
                for r in view.duel.rows
            ),
            "release",
            0,
        ),
        trades=new(
            view.trades,
            version=view.trades.version + 1,
            rows=tuple(
                new(r, net=maybe(int(number(1e7))), got_bps=maybe(number(1)), hoped_bps=maybe(number(1)))
                for r in view.trades.rows
            ),
        ),
        feeds=FeedsSection(
            view.feeds.version + 1,
            PanelState(),
            tuple(
                new(
                    r,
                    per_s=maybe(abs(number(100))),
                    lag_ns=maybe(int(abs(number(1e8)))),
                    gaps=rng.randint(0, 10**6),
                    drops=rng.randint(0, 10**7),
                )
                for r in view.feeds.rows
            ),
        ),
    )


@pytest.mark.parametrize(("size", "rounds"), [((120, 40), 300), ((80, 24), 600), ((200, 60), 100)])
async def test_a_thousand_random_snapshots_leave_every_column_where_it_is(size, rounds):
    rng = random.Random(11)
    runtime = FakeRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=size) as pilot:
        await settle(pilot, app)
        dashboard = board(app)
        dashboard._timer.stop()

        def layout():
            return (
                dict(dashboard.floor.boxes),
                {
                    name: panel.slots(panel.size.width)
                    for name, panel in dashboard.panels.items()
                    if isinstance(panel, SnapshotTable) and panel.display
                },
                {
                    name: panel.lines()[1]
                    for name, panel in dashboard.panels.items()
                    if name in ("prices", "cycles", "feeds", "duel") and panel.display
                },
            )

        first, right = layout(), {}
        for index in range(rounds):
            view = shuffled(runtime.view, rng)
            mode = ("PAPER", "LIVE", "REPLAY")[index // 25 % 3]
            runtime._view = msgspec.structs.replace(view, status=msgspec.structs.replace(view.status, mode=mode))
            dashboard.pull()
            dashboard._chrome(dashboard.view)
            assert layout() == first
            for name, box in dashboard.floor.boxes.items():
                widget = next(child for child in dashboard.floor.children if child.id == name)
                for line in getattr(widget, "lines", list)():
                    assert cell_len(line) == box.width, (name, line)
            edges(dashboard, right)


def edges(dashboard: Dashboard, right: dict) -> None:
    """Asserts that between the columns of a row there is nothing but blanks, in every row."""
    for name in ("prices", "cycles", "feeds"):
        panel = dashboard.panels[name]
        if not panel.display:
            continue
        slots = sorted(panel.slots(panel.size.width).values())
        for line in panel.lines()[2 : 2 + panel.rows_shown]:
            cells = [char for char in line for _ in range(cell_len(char))]
            for before, after in itertools.pairwise(slots):
                assert set(cells[before.end : after.x]) <= {" "}, (name, before, line)
    right[dashboard.scene.mode] = True


async def test_the_state_stands_in_its_slot_whatever_the_left_side_holds():
    runtime = FakeRuntime()
    app = CambistApp(runtime)
    async with app.run_test(size=(120, 40)) as pilot:
        for market in ("", "seed 7", "a very long session name indeed"):
            for state, shown in (("RUNNING", "● RUNNING"), ("REDUCING", "◐ REDUCING"), ("HALTED", "■ HALTED")):
                runtime.change("status", market=market, state=state)
                await settle(pilot, app)
                assert screen_lines(app)[0][57:].startswith(shown)


async def test_a_debug_build_and_a_mismatch_say_so():
    runtime = FakeRuntime()
    rows = runtime.view.duel.rows
    runtime.change(
        "duel", profile="debug", mismatches=3, rows=(msgspec.structs.replace(rows[0], mismatches=3), *rows[1:])
    )
    async with CambistApp(runtime).run_test(size=(200, 60)) as pilot:
        await settle(pilot, pilot.app)
        title = table(pilot.app, "duel").lines()[0]
        assert "debug build" in title
        assert "≠ 3" in title
        assert "Python ×1.3" in "\n".join(table(pilot.app, "duel").lines())


async def test_only_the_minimum_fee_is_shown_where_a_node_gives_nothing_else():
    runtime = FakeRuntime()
    columns = tuple(type(c)(c.end_ns, minimum=c.p25) for c in runtime.view.fees.columns)
    note = "This node gives only the minimum landed fee per slot."
    runtime.change(
        "fees", columns=columns, now=columns[-1], note=note, score=None, total=None, tip=None, total_bps=None
    )
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        text = "\n".join(board(pilot.app).panels["fees"].lines())
        assert "min " in text
        assert "p99" not in text
        assert "This node gives only the minimum" in text
        assert "congestion –" in text


@pytest.mark.parametrize(("size", "line"), [((80, 24), 3), ((120, 40), 4)])
@pytest.mark.parametrize("unit", ["USDC", "jitoSOL"])
async def test_the_gain_of_the_best_cycle_leaves_its_neighbour_alone(size, line, unit):
    runtime = FakeRuntime()
    best = msgspec.structs.replace(runtime.view.cycles.rows[0], unit=unit, decimals=6, net=17_079_390)
    runtime.change("headline", best=best)
    async with CambistApp(runtime).run_test(size=size) as pilot:
        await settle(pilot, pilot.app)
        shown = screen_lines(pilot.app)[line]
        assert re.search(r"\+17\.\d+ (USDC|jito…) +(today|paper)", shown), shown


async def test_an_unknown_headline_is_not_zero():
    runtime = FakeRuntime()
    runtime.set(headline=Headline(version=5), fees=FeesSection(version=5), trades=TradesSection(version=5))
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        await settle(pilot, pilot.app)
        assert screen_lines(pilot.app)[3][64:76].strip() == "–"


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf, 1e308, -0.0])
async def test_what_is_no_number_is_shown_as_unknown(strange):
    runtime = FakeRuntime()
    view = runtime.view

    def strangely(rows, *names):
        return tuple(msgspec.structs.replace(row, **dict.fromkeys(names, strange)) for row in rows)

    prices = ("bid", "ask", "change_1h", "rsi", "ema", "band_low", "band_high")
    runtime.change("prices", rows=strangely(view.prices.rows, *prices))
    runtime.change("cycles", rows=strangely(view.cycles.rows, "gross_bps", "pools_bps", "chain_bps", "net_bps"))
    runtime.change("feeds", rows=strangely(view.feeds.rows, "per_s"))
    runtime.change("duel", rows=strangely(view.duel.rows, "rust_p50", "rust_p99", "python_p50", "python_p99", "ratio"))
    runtime.change("trades", rows=strangely(view.trades.rows, "hoped_bps", "got_bps"), curve=(1.0, strange, 2.0))
    runtime.change("fees", total_bps=strange)
    runtime.change("status", events_per_s=strange)
    async with CambistApp(runtime).run_test(size=(200, 60)) as pilot:
        await settle(pilot, pilot.app)
        await pilot.press("s", "s", "s", "1", "s", "6", "s", "4", "s")
        text = "\n".join(screen_lines(pilot.app))
        assert not re.search(r"\b(nan|inf)\b", text)


async def test_rows_that_come_and_go_are_forgotten():
    runtime = FakeRuntime()
    async with CambistApp(runtime).run_test(size=(120, 40)) as pilot:
        cycles = table(pilot.app, "cycles")
        rows = runtime.view.cycles.rows
        for index in range(60):
            renamed = tuple(msgspec.structs.replace(row, key=f"{index}/{row.key}") for row in rows)
            runtime.change("cycles", rows=renamed)
            cycles._moved = 0.0
            board(pilot.app).pull()
        assert len(cycles._strips) <= 4 * len(rows) + 64 + cycles.page()
        assert len(cycles._flashes._values) <= 4 * len(rows) + 64 + cycles.page()


async def test_in_16_colours_the_cursor_row_can_be_read():
    async with CambistApp(FakeRuntime(), theme="ansi16", ascii=True).run_test(size=(80, 24)) as pilot:
        await settle(pilot, pilot.app)
        row = table(pilot.app, "cycles")._lines[2]
        on_blue = {s.style.color.name for s in row if s.text.strip() and s.style.color is not None}
        assert {s.style.bgcolor.name for s in row} == {"blue"}
        assert on_blue <= {"white", "bright_white"}
        footer = board(pilot.app).footer._lines[0]
        assert "cyan" in {s.style.color.name for s in footer if s.style.color is not None}
