"""Tables under keys and time: the cursor, order, filters, what flashes and what ages."""

from __future__ import annotations

import time

import msgspec

from tests.tui.board import board, settle, table
from tests.tui.fake import NOW, FakeRuntime, S
from tui.app import CambistApp


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
