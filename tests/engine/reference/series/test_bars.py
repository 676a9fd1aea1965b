import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.reference.series.bars import Bar, Bars, batch
from tests.parity import runs, sums

TICKS = st.lists(st.tuples(st.integers(-200, 200), st.floats(-1e6, 1e6), st.floats(0, 1e6)), max_size=50)


def test_ticks_fall_into_buckets_that_start_at_multiples():
    bars = Bars(10, 5)
    assert bars.add(12, 5.0, 1.0) == 0
    assert bars.add(19, 7.0, 2.0) == 0
    assert bars.add(15, 4.0, 0.5) == 0
    assert bars.open == Bar(10, 5.0, 7.0, 4.0, 4.0, 3.5, 3)
    assert bars.add(20, 6.0, 0.0) == 1
    assert list(bars.closed()) == [Bar(10, 5.0, 7.0, 4.0, 4.0, 3.5, 3)]
    assert bars.add(-1, 9.0, 1.0) == 0
    assert bars.late == 1


def test_buckets_before_the_epoch_are_floored():
    bars = Bars(10, 5)
    bars.add(-1, 5.0, 1.0)
    assert bars.open is not None
    assert bars.open.start_ns == -10


def test_a_bar_without_a_tick_repeats_the_close_and_is_counted():
    bars = Bars(10, 5)
    bars.add(0, 5.0, 1.0)
    assert bars.add(40, 6.0, 1.0) == 4
    assert list(bars.closed()) == [
        Bar(0, 5.0, 5.0, 5.0, 5.0, 1.0, 1),
        *(Bar(start, 5.0, 5.0, 5.0, 5.0, 0.0, 0) for start in (10, 20, 30)),
    ]
    assert bars.empty == 3


def test_time_alone_closes_bars():
    bars = Bars(10, 5)
    assert bars.advance(100) == 0
    bars.add(100, 5.0, 1.0)
    assert bars.advance(109) == 0
    assert bars.advance(130) == 3
    assert bars.open == Bar(130, 5.0, 5.0, 5.0, 5.0, 0.0, 0)
    bars.add(131, 8.0, 1.0)
    assert bars.open == Bar(130, 8.0, 8.0, 8.0, 8.0, 1.0, 1)
    assert bars.empty == 2


def test_a_long_silence_keeps_only_what_is_kept():
    bars = Bars(1, 3)
    bars.add(0, 5.0, 1.0)
    assert bars.add(10**18, 6.0, 1.0) == 10**18
    assert [bar.start_ns for bar in bars.closed()] == [10**18 - 3, 10**18 - 2, 10**18 - 1]
    assert bars.empty == 10**18 - 1


@pytest.mark.parametrize(
    ("price", "volume"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan), (1.0, -1.0), (1e200, 0.0)]
)
def test_what_is_no_number_is_counted(price, volume):
    bars = Bars(10, 5)
    assert bars.add(0, price, volume) == 0
    assert (bars.open, bars.ignored) == (None, 1)


@given(TICKS, st.integers(1, 9))
def test_batch_and_streaming_are_equal(ticks, width):
    ticks.sort(key=lambda tick: tick[0])
    bars = Bars(width, 1_000)
    closed = sum(bars.add(*tick) for tick in ticks)
    found = [*bars.closed(), bars.open] if bars.open else []
    assert found == batch(width, ticks)
    assert closed == max(len(found) - 1, 0)
    assert sum(bar.ticks for bar in found) == len(ticks)


@pytest.mark.parametrize(("width", "keep"), [(0, 1), (-1, 1), (1, 0)])
def test_no_width_and_no_room_are_refused(width, keep):
    with pytest.raises(ValueError, match="must be positive"):
        Bars(width, keep)


def test_long_runs_come_out_as_written_down():
    known = sums.load()["bars"]
    assert sums.of(runs.bars(known.seed), known.each, len(known.fnv)) == known.fnv
