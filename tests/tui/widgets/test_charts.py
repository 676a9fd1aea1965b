import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui import glyphs
from tui.widgets import charts, life_chart
from tui.widgets.canvas import Canvas
from tui.widgets.columns import Column, plan
from tui.widgets.flashes import Flashes


def test_a_rising_line_rises_in_braille():
    assert charts.sparkline([1, 2, 3, 4], 2) == "⡠⠊"
    assert charts.sparkline([], 3) == "   "
    assert charts.sparkline([5.0], 3).strip()


def test_a_line_in_ascii_tells_height():
    glyphs.use_ascii(wanted=True)
    assert charts.sparkline([1, 2, 3], 3) == "_-'"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80), st.integers(1, 30), st.integers(1, 6))
def test_a_curve_is_exactly_as_large_as_asked(values, cells, rows):
    lines = charts.curve(values, cells, rows)
    assert len(lines) == rows
    assert all(len(line) == cells for line in lines)


@pytest.mark.parametrize(
    ("share", "filled"), [(0.0, ""), (0.5, "━━━━━"), (0.55, "━━━━━╸"), (1.0, "━" * 10), (7.0, "━" * 10)]
)
def test_thin_bar(share, filled):
    assert charts.thin_bar(share, 10) == (filled, "─" * (10 - len(filled)))


def test_bars_are_as_high_as_their_counts_and_one_above_nothing_is_seen():
    assert charts.bars([0, 1, 2, 3, 4], 1) == [" ⡀⡄⡆⡇"]
    assert charts.bars([8, 4, 1, 1_000, 0], 2) == ["   ⡇ ", "⡀⡀⡀⡇ "]
    assert charts.bars([8, 5, -3], 2) == ["⡇⡀ ", "⡇⡇ "]
    assert charts.bars([0, 0], 2) == ["  ", "  "]
    assert charts.bars([], 3) == ["", "", ""]
    glyphs.use_ascii(wanted=True)
    assert charts.bars([0, 2, 3, 4, 6, 0], 2) == ["   _# ", " -### "]


@pytest.mark.parametrize(
    ("ns", "cell"),
    [(-5, 0), (0, 0), (10**7, 0), (10**8, 15), (10**9, 30), (10**9 - 1, 30), (10**11, 60), (10**14, 60)],
)
def test_a_life_has_its_place_on_a_fixed_log_scale(ns, cell):
    assert life_chart.place(ns) == cell
    assert life_chart.share(ns) == pytest.approx(cell / 60, abs=1e-6)


@pytest.mark.parametrize("line", [None, 0, 1, 30, 60])
def test_every_bin_of_lives_has_a_cell_and_the_line_one_of_its_own(line):
    canvas = Canvas(life_chart.CELLS + 2, 4)
    life_chart.draw(canvas, 1, 0, 2, [1] * life_chart.BINS, line)
    rows = canvas.text().splitlines()
    at = life_chart.BINS if line is None else line
    tail = " " if line is None else "│"
    bars = "⡇" * at + tail + "⡇" * (life_chart.BINS - at)
    assert rows[:2] == [f" {bars}".rstrip()] * 2
    assert rows[2] == " " + "─" * life_chart.CELLS
    assert rows[3].split("  ")[0].strip() == "10 ms"
    assert rows[3].endswith("100 s")
    roles = {role for row in canvas.rows[:2] for char, role in row if char == "⡇"}
    assert roles == ({"muted"} if line in (None, 0) else {"faint"} if line == 60 else {"faint", "muted"})


def test_unknown_shares_draw_nothing():
    assert charts.thin_bar(math.nan, 4) == ("", "────")
    assert charts.log_share(0.5) == 0.0
    assert charts.log_share(10**9) == 1.0


def test_a_price_outside_its_band_stands_at_the_edge():
    assert charts.band_index(5.0, 0.0, 10.0, 7) == 3
    assert charts.band_index(50.0, 0.0, 10.0, 7) == 6
    assert charts.band_index(-1.0, 0.0, 10.0, 7) == 0
    assert charts.band_index(1.0, None, 10.0, 7) is None
    assert charts.band_index(1.0, 10.0, 10.0, 7) is None


def test_columns_go_in_the_stated_order_and_slack_goes_where_it_may():
    columns = (Column("a", "", 4, most=8), Column("b", "", 3), Column("c", "", 3))
    slots = plan(columns, ("c", "b"), 20)
    assert [(name, slot.x, slot.width) for name, slot in slots.items()] == [("a", 2, 8), ("b", 11, 3), ("c", 15, 3)]
    assert list(plan(columns, ("c", "b"), 12)) == ["a", "b"]
    assert list(plan(columns, ("c", "b"), 7)) == ["a"]


def test_only_the_digits_from_the_first_changed_one_on_are_marked():
    flashes = Flashes()
    assert flashes.note("k", "bid", "172.398", 0.0) is None
    mark = flashes.note("k", "bid", "172.431", 1.0)
    assert mark is not None
    assert mark.start == 4
    assert flashes.note("k", "bid", "172.431", 1.4) is mark
    assert flashes.note("k", "bid", "172.431", 1.6) is None
    assert flashes.end(2.0)
    assert not flashes.of("k")


def test_what_scrolled_out_did_not_just_change():
    flashes = Flashes()
    flashes.note("k", "bid", "1.0", 0.0)
    flashes.keep(set())
    assert flashes.note("k", "bid", "2.0", 1.0) is None
