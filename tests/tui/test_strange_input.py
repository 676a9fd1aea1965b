"""Text, numbers and snapshots that nobody meant to send: nothing crashes, nothing moves."""

from __future__ import annotations

import itertools
import math
import random
import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.cells import cell_len

from cambist.view import (
    CyclesSection,
    DuelSection,
    FeedsSection,
    Leg,
    LogRow,
    PanelState,
    PricesSection,
    View,
)
from tests.tui.board import board, screen_lines, settle
from tests.tui.fake import NOW, FakeRuntime, rich_view
from tui.app import CambistApp
from tui.screenshot import export_svg
from tui.widgets.snapshot_table import SnapshotTable

if TYPE_CHECKING:
    from tui.screens.dashboard import Dashboard


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
