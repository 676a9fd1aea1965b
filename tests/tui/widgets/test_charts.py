import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui import glyphs
from tui.widgets import charts
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
