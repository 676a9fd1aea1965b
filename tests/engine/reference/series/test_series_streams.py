"""Streaming forms equal to batch, to the bit, and what must hold whatever comes in."""

import doctest
import importlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.series import equity, kama, moving_averages, signal_persistence, technical
from cambist.engine.reference.series.technical import MAX_VALUE

MANY = settings(max_examples=150, deadline=None)
VALUES = st.lists(st.floats(), max_size=60) | st.lists(st.floats(0.1, 1e4), max_size=60)
SIGNALS = st.lists(st.integers(-2, 2) | st.just(0), max_size=50)


@MANY
@given(VALUES, st.integers(1, 12), st.integers(1, 5))
def test_batch_and_streaming_give_the_same_bits(values, period, fast):
    for stream, batch in (
        (technical.Sma(period), technical.sma(values, period)),
        (technical.Macd(fast, period, 3), technical.macd(values, fast, period, 3)),
        (moving_averages.Wma(period), moving_averages.wma(values, period)),
        (moving_averages.Dema(period), moving_averages.dema(values, period)),
        (moving_averages.Lsma(period), moving_averages.lsma(values, period)),
        (moving_averages.Hma(period), moving_averages.hma(values, period)),
        (kama.Kama(period, fast, 30), kama.kama(values, period, fast, 30)),
        (kama.FixedKama(period), kama.fixed_kama(values, period)),
    ):
        assert repr([stream.update(value) for value in values]) == repr(batch)
        assert stream.ignored == sum(not abs(value) <= MAX_VALUE for value in values)


@MANY
@given(
    st.lists(st.tuples(st.floats(), st.floats(), st.floats()) | st.tuples(*[st.floats(1, 9)] * 3)), st.integers(1, 6)
)
def test_bars_and_trades_stream_as_their_batches(bars, period):
    high, low, close = ([bar[at] for bar in bars] for at in range(3))
    ranges, paid = technical.Atr(period), technical.Vwap()
    assert repr([ranges.update(*bar) for bar in bars]) == repr(technical.atr(high, low, close, period))
    assert repr([paid.update(*bar[:2]) for bar in bars]) == repr(technical.vwap(high, low))


@MANY
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=60), st.integers(1, 12))
def test_averages_stay_within_their_values(values, period):
    slack = 1e-9 * max(values)
    for found in (
        technical.sma(values, period),
        moving_averages.wma(values, period),
        kama.kama(values, period),
        kama.fixed_kama(values, period),
        technical.vwap(values, [1.0] * len(values)),
    ):
        assert all(value is None or min(values) - slack <= value <= max(values) + slack for value in found)


@MANY
@given(st.floats(-1e3, 1e3), st.floats(-10, 10), st.integers(2, 12))
def test_a_straight_line_is_its_own_regression(start, step, period):
    line = [start + step * at for at in range(20)]
    found = moving_averages.lsma(line, period)
    assert found[period - 1 :] == pytest.approx(line[period - 1 :], abs=1e-9)


@MANY
@given(
    st.lists(st.tuples(st.floats(), st.floats())),
    st.floats(-1e150, 1e150),
    st.floats(-1e150, 1e150),
    st.integers(0, 5),
)
def test_equity_stays_in_its_range(bars, start, decay, cutout):
    curve = equity.Equity(start, decay, cutout)
    found = [curve.update(*bar) for bar in bars]
    assert found == equity.equity([bar[0] for bar in bars], [bar[1] for bar in bars], start, decay, cutout)
    assert found[:cutout] == [None] * min(cutout, len(bars))
    assert all(equity.FLOOR <= value <= MAX_VALUE for value in found[cutout:])
    assert curve.ignored == sum(not abs(r) <= MAX_VALUE or math.isnan(signal) for r, signal in bars)


def test_equity_as_the_original_computes_it():
    assert equity.equity([0.01, 0.02, -0.01], [1, 1, -1], 100.0, 1.0, 0) == [100.0, 102.0, 103.02]
    assert equity.equity([0.5], [1], 0.1, 0.9997, 0) == [0.25]
    assert equity.equity([0.5, 0.5], [1, 1, 1], 1.0, 1.0, 2) == [None, None]
    with pytest.raises(ValueError, match="1 signals for 2 returns"):
        equity.equity([0.5, 0.5], [1], 1.0, 1.0, 0)
    with pytest.raises(ValueError, match="decay nan"):
        equity.Equity(1.0, math.nan, 0)


def brute_runs(signals, least, gap):
    """Every pair of equal signals that only short gaps and no opposite signal part belongs to one run."""
    signs = [(signal > 0) - (signal < 0) for signal in signals]
    kept = [0] * len(signs)
    for sign in (1, -1):
        for first in range(len(signs)):
            for last in range(first, len(signs)):
                part = signs[first : last + 1]
                whole = part[0] == part[-1] == sign and -sign not in part
                zeros = max(map(len, "".join(map(str, map(abs, part))).split("1")), default=0)
                if whole and zeros <= gap and len(part) >= least:
                    kept[first : last + 1] = [sign] * len(part)
    return kept


@MANY
@given(SIGNALS.filter(lambda signals: len(signals) <= 30), st.integers(1, 6), st.integers(0, 4))
def test_runs_are_all_that_are_long_enough(signals, least, gap):
    assert signal_persistence.runs(signals, least, gap) == brute_runs(signals, least, gap)


@MANY
@given(SIGNALS, SIGNALS, st.integers(1, 6), st.integers(0, 4))
def test_causal_runs_never_look_ahead(signals, later, least, gap):
    found = signal_persistence.causal_runs(signals, least, gap)
    assert signal_persistence.causal_runs(signals + later, least, gap)[: len(signals)] == found
    full = signal_persistence.runs(signals, least, gap)
    for at, state in enumerate(found):
        if signals[at] != 0:
            assert state in (0, full[at])
            upto = signal_persistence.runs(signals[: at + 1], least, gap)
            assert state == upto[at]
        else:
            before = found[at - 1] if at else 0
            assert state in (0, before)


def test_runs_by_hand():
    assert signal_persistence.runs([1, 1, 0, 1, -1, -1, 0, 0, -1], 4, 1) == [1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert signal_persistence.runs([1, 1, 0, 1, -1, -1, 0, 0, -1], 4, 2) == [1, 1, 1, 1, -1, -1, -1, -1, -1]
    assert signal_persistence.causal_runs([1, 1, 0, 1, -1, -1, 0, 0, -1], 3, 1) == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert signal_persistence.runs([0, 0, 0], 1, 2) == [0, 0, 0]
    with pytest.raises(ValueError, match="gap -1 is negative"):
        signal_persistence.runs([1], 1, -1)
    with pytest.raises(ValueError, match="not positive"):
        signal_persistence.causal_runs([1], 0, 0)


def test_rsi_of_oldest_as_the_system_before_computes_it():
    assert technical.rsi_of_oldest([], 14) is None
    assert technical.rsi_of_oldest([5.0], 14) == technical.rsi_of_oldest([5.0, 5.0], 14) == 50.0
    assert technical.rsi_of_oldest([5.0, 5.0, 5.0], 2) == 100.0
    assert technical.rsi_of_oldest([1.0, 2.0, 1.0], 14) == technical.rsi_of_oldest([1.0, 2.0, 1.0, 9.0], 2) == 50.0
    assert technical.rsi_of_oldest([1.0, math.nan], 14) is None


@pytest.mark.parametrize(
    "make",
    [
        technical.Sma,
        technical.Macd,
        technical.Atr,
        moving_averages.Wma,
        moving_averages.Lsma,
        moving_averages.Dema,
        moving_averages.Hma,
        kama.Kama,
        kama.FixedKama,
    ],
)
def test_a_period_of_nothing_is_refused(make):
    with pytest.raises(ValueError, match="period 0 is not positive"):
        make(0)


@pytest.mark.parametrize(
    "name",
    ["technical.base", "technical.macd", "technical.range", "moving_averages", "kama", "equity", "signal_persistence"],
)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"cambist.engine.reference.series.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
