import csv
import json
import math

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.reference.series import technical
from cambist.engine.reference.series.technical import MAX_VALUE, Bands, Bollinger, Ema, Rsi
from tests.parity import runs, sums
from tests.shared import shared_data

PRICES = st.lists(st.floats(), max_size=60)


def closes():
    with shared_data("indicators", "quotes", "default.csv").open(newline="") as file:
        return [float(row["close"]) for row in csv.DictReader(file)]


def oracle(name, *keys):
    rows = json.loads(zstd.decompress(shared_data("indicators", "results_default", f"{name}.json.zst").read_bytes()))
    return [None if row[keys[0]] is None else tuple(row[key] for key in keys) for row in rows]


def assert_close(found, expected):
    assert len(found) == len(expected) == 502
    assert sum(value is not None for value in expected) > 480
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            assert mine == pytest.approx(theirs, rel=0, abs=1e-9)


def test_rsi_is_that_of_the_oracle():
    found = [None if value is None else (value,) for value in technical.rsi(closes(), 14)]
    assert_close(found, oracle("rsi", "rsi"))


def test_ema_is_that_of_the_oracle():
    found = [None if value is None else (value,) for value in technical.ema(closes(), 20)]
    assert_close(found, oracle("ema", "ema"))


def test_bollinger_bands_are_those_of_the_oracle():
    assert_close(technical.bollinger(closes(), 20, 2.0), oracle("bb", "lowerBand", "sma", "upperBand"))


def test_rsi_reads_the_newest_data():
    rising_then_crash = [float(price) for price in range(100, 116)] + [90.0, 70.0, 50.0]
    found = technical.rsi(rising_then_crash, 14)
    assert found[14] == 100.0
    assert found[-1] is not None
    assert found[-1] < 20.0


def test_rsi_of_a_flat_line_is_in_the_middle():
    assert technical.rsi([5.0] * 20, 14)[-1] == 50.0


@given(PRICES, st.integers(1, 8))
def test_batch_and_streaming_give_the_same_bits(values, period):
    for stream, batch in (
        (Rsi(period), technical.rsi(values, period)),
        (Ema(period), technical.ema(values, period)),
        (Bollinger(period, 2.0), technical.bollinger(values, period, 2.0)),
    ):
        found = [stream.update(value) for value in values]
        assert repr(found) == repr(batch)
        assert stream.ignored == sum(not abs(value) <= MAX_VALUE for value in values)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.integers(1, 8))
def test_results_stay_where_they_belong(values, period):
    index, average, bands = (
        technical.rsi(values, period)[-1],
        technical.ema(values, period)[-1],
        technical.bollinger(values, period, 2.0)[-1],
    )
    assert index is None or 0.0 <= index <= 100.0
    assert average is None or min(values) - 1e-3 <= average <= max(values) + 1e-3
    assert bands is None or bands.low <= bands.middle <= bands.high


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.1e150])
def test_what_is_no_number_changes_nothing(bad):
    for stream in (Rsi(2), Ema(2), Bollinger(2, 2.0)):
        for value in (1.0, 2.0, 4.0):
            stream.update(value)
        before = stream.value
        assert stream.update(bad) == before == stream.value
        assert stream.ignored == 1


def test_parts_that_are_none_are_refused():
    with pytest.raises(ValueError, match="not positive"):
        Rsi(0)
    with pytest.raises(ValueError, match="no number"):
        Bollinger(20, math.nan)
    parts = Ema(3).parts()
    with pytest.raises(ValueError, match="4 values in a period of 3"):
        Ema.from_parts(type(parts)(period=3, count=4, value_bits=0, ignored=0))


def test_bands_hold_two_deviations():
    assert technical.bollinger([1.0, 3.0], 2, 2.0)[-1] == Bands(0.0, 2.0, 4.0)


def test_long_runs_come_out_as_written_down():
    known = sums.load()["technical"]
    assert sums.of(runs.technical(known.seed), known.each, len(known.fnv)) == known.fnv
