"""Series by the Rust engine against the reference, through the public calls: same numbers, same refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine import series

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

NATIVE, REFERENCE = series.Series("native"), series.Series("reference")
MANY = settings(max_examples=100, deadline=None)
PRICES = st.floats(1e-3, 1e6)
ODD = st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e150, -1e150, 1.1e150, 0.0, -0.0, 5e-324])
lists = st.lists(PRICES, max_size=80) | st.lists(PRICES | ODD, max_size=80) | st.lists(st.floats(), max_size=60)
periods = st.integers(1, 24)


def both(name, *args, **kwargs):
    """Returns what both backends give for one call, or the words of their refusal."""
    found = []
    for backend in (NATIVE, REFERENCE):
        try:
            found.append(getattr(backend, name)(*args, **kwargs))
        except ValueError as error:
            found.append(str(error))
    return found


def assert_same_bits(one, two):
    if isinstance(one, tuple):
        assert len(one) == len(two)
        for mine, theirs in zip(one, two, strict=True):
            assert_same_bits(mine, theirs)
    elif isinstance(one, np.ndarray):
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        blank = np.isnan(one) if one.dtype == np.float64 else np.zeros(one.shape, np.bool_)
        assert np.array_equal(blank, np.isnan(two)) if one.dtype == np.float64 else True
        assert one[~blank].tobytes() == two[~blank].tobytes()
    else:
        assert repr(one) == repr(two)


def assert_close(one, two, values):
    good = [abs(value) for value in np.ravel(values) if abs(value) <= 1e150]
    scale = max(good, default=0.0)
    assert np.array_equal(np.isnan(one), np.isnan(two))
    assert np.allclose(one, two, rtol=1e-9, atol=scale * 1e-9, equal_nan=True)


@MANY
@given(lists, periods, st.integers(1, 6), st.integers(1, 30))
def test_every_bit_of_averages(values, period, fast, slow):
    for name in ("wma", "dema", "lsma", "hma"):
        assert_same_bits(*both("average", name, values, period))
    assert_same_bits(*both("macd", values, fast, slow, period))
    assert_same_bits(*both("rsi_of_oldest", values, period))


@MANY
@given(lists, periods, st.integers(1, 6), st.integers(1, 30))
def test_bands_and_kaufmans_averages_but_for_rounding(values, period, fast, slow):
    assert_close(*both("average", "sma", values, period), values)
    for mine, theirs in zip(*both("bollinger", values, period, 2.0), strict=True):
        assert_close(mine, theirs, values)
    assert_close(*both("kama", values, period, fast, slow), values)
    assert_close(*both("fixed_kama", values, period), values)


@MANY
@given(lists, periods)
def test_ema_but_for_rounding(values, period):
    assert_close(*both("ema", values, period), values)


@MANY
@given(st.lists(PRICES | st.sampled_from([float("nan"), float("inf")]), max_size=80), periods)
def test_rsi_but_for_rounding(values, period):
    assert_close(*both("rsi", values, period), [1.0])


@MANY
@given(st.lists(st.tuples(PRICES | ODD, PRICES | ODD, PRICES | ODD), max_size=60), periods)
def test_every_bit_of_ranges_and_volumes(bars, period):
    high, low, close = ([bar[at] for bar in bars] for at in range(3))
    assert_same_bits(*both("atr", high, low, close, period))
    upright = [max(pair) for pair in zip(high, low, strict=True)], [min(pair) for pair in zip(high, low, strict=True)]
    assert_same_bits(*both("atr", *upright, close, period))
    assert_same_bits(*both("vwap", high, low))


@MANY
@given(
    st.lists(st.tuples(st.floats(-1.0, 1.0) | st.floats(), st.sampled_from([1.0, -1.0, 0.0, -0.0]) | st.floats())),
    st.floats(0.0, 200.0) | st.floats(),
    st.floats(0.9, 1.0) | st.floats(),
    st.integers(-1, 12),
)
def test_equity_but_for_rounding(bars, start, decay, cutout):
    returns, signals = [bar[0] for bar in bars], [bar[1] for bar in bars]
    mine, theirs = both("equity", returns, signals, start, decay, cutout)
    if isinstance(mine, str):
        assert mine == theirs
    else:
        assert np.allclose(mine, theirs, rtol=1e-9, atol=0.0, equal_nan=True)
    assert_same_bits(*both("equity", [*returns, 0.1], signals, start, decay, cutout))


@MANY
@given(
    st.lists(st.integers(-2, 2) | st.sampled_from([0, 0, 2**31 - 1, -(2**31)]), max_size=60),
    st.integers(0, 6),
    st.integers(-1, 4) | st.just(2**40),
    st.booleans(),
)
def test_every_state_of_runs(signals, least, gap, causal):
    assert_same_bits(*both("runs", signals, least, gap, causal=causal))


@MANY
@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_every_side(events):
    assert_same_bits(*both("up_down", [up for up, _ in events], [down for _, down in events]))


@MANY
@given(st.integers(0, 4), st.integers(0, 40), st.randoms(use_true_random=False), periods)
def test_a_row_per_token_is_each_row_alone(rows, columns, random, period):
    table = np.array(
        [[random.choice([random.uniform(1.0, 9.0)] * 9 + [np.nan]) for _ in range(columns)] for _ in range(rows)]
    )
    table = table.reshape(rows, columns)
    for name, args in (("rsi", (period,)), ("ema", (period,)), ("bollinger", (period, 2.0)), ("kama", (period, 2, 30))):
        for backend in (NATIVE, REFERENCE):
            whole = np.array(getattr(backend, name)(table, *args))
            for at in range(rows):
                assert_same_bits(whole[..., at, :], np.array(getattr(backend, name)(table[at], *args)))


@pytest.mark.parametrize("rows", [649, 650, 1_300])
def test_rows_shared_out_over_the_cores_are_each_row_alone(rows):
    table = np.random.default_rng(rows).uniform(1.0, 9.0, (rows, 101))
    table[::7, 3] = np.nan
    assert table.size >= 1 << 16
    for name, args in (("rsi", (14,)), ("ema", (20,)), ("bollinger", (20, 2.0)), ("kama", (10, 2, 30))):
        whole = np.array(getattr(NATIVE, name)(table, *args))
        for at in range(rows):
            assert_same_bits(whole[..., at, :], np.array(getattr(NATIVE, name)(table[at], *args)))


@pytest.mark.parametrize("period", [0, -1, 2**32])
def test_periods_out_of_range_are_refused(period):
    for name, args in (
        ("rsi", (period,)),
        ("ema", (period,)),
        ("bollinger", (period, 2.0)),
        ("kama", (period, 2, 30)),
        ("kama", (10, period, 30)),
        ("kama", (10, 2, period)),
        ("fixed_kama", (period,)),
        ("macd", (12, 26, period)),
        ("rsi_of_oldest", (period,)),
    ):
        one, two = both(name, [1.0, 2.0], *args)
        assert one == two
        assert one.startswith(f"period {period} is ")


def test_refusals_have_the_same_words():
    for name, args, words in (
        ("bollinger", ([1.0], 2, float("nan")), "width nan is no number in range"),
        ("equity", ([0.1], [], 1.0, 1.0, 0), "0 signals for 1 returns"),
        ("equity", ([], [], float("inf"), 1.0, 0), "starting equity inf is no number in range"),
        ("equity", ([], [], 1.0, 1.0, -1), "cutout -1 is negative"),
        ("atr", ([1.0], [1.0], [], 2), "series of different lengths: 1, 1, 0"),
        ("vwap", ([1.0], []), "series of different lengths: 1, 0"),
        ("up_down", ([True], []), "series of different lengths: 1, 0"),
        ("runs", ([1], 1, -1), "gap -1 is negative"),
        ("runs", ([1], 0, 0), "period 0 is not positive"),
        ("runs", ([0.5], 1, 0), "signals were 1-dimensional float64, expected a series of whole numbers"),
        ("up_down", ([0.5], [0.5]), "events were 1-dimensional float64, expected a series of booleans"),
        ("average", ("vwma", [1.0], 2), "average was 'vwma', expected one of sma, wma, dema, lsma, hma"),
        ("rsi", (1.0, 2), "series was 1.0, a single value"),
        ("vwap", ([[1.0]], [[1.0]]), "series has 2 dimensions, expected 1"),
    ):
        assert both(name, *args) == [words, words]


def test_the_border_refuses_what_the_core_cannot_read():
    from cambist.engine import _native

    values = np.arange(8.0)
    with pytest.raises(ValueError, match="contiguous"):
        _native.rsi_array(values[::2], 2)
    with pytest.raises(TypeError):
        _native.rsi_array(np.arange(8), 2)
    with pytest.raises(ValueError, match="period 0 is not positive"):
        _native.ema_array(values, 0)
    with pytest.raises(ValueError, match="signals: 1 for 8"):
        _native.equity_array(values, values[:1], 1.0, 1.0, 0)
    with pytest.raises(ValueError, match="cutout -1 is negative"):
        _native.equity_array(values, values, 1.0, 1.0, -1)
    assert series.rsi(values[::2], 2).tolist()[2:] == [100.0, 100.0]


@MANY
@given(
    st.lists(st.tuples(st.integers(-500, 5_000), PRICES | ODD, st.floats(0.0, 1e6) | ODD), max_size=60),
    st.integers(-1, 40),
    st.integers(0, 300),
    st.booleans(),
)
def test_every_bit_of_bars(ticks, width, most, in_order):
    ticks = sorted(ticks) if in_order else ticks
    times, prices, volumes = ([tick[at] for tick in ticks] for at in range(3))
    found = []
    for backend in ("native", "reference"):
        try:
            found.append(series.bars(times, prices, volumes, width, most=most, backend=backend))
        except ValueError as error:
            found.append(str(error))
    mine, theirs = found
    if isinstance(mine, str):
        assert mine == theirs
        return
    assert mine[7:] == theirs[7:]
    for one, two in zip(mine[:7], theirs[:7], strict=True):
        assert one.dtype == two.dtype
        assert one.tobytes() == two.tobytes()


def test_long_curves_stay_within_rounding():
    random = np.random.default_rng(5)
    returns, signals = random.normal(0.0, 0.05, 20_000), random.choice([-1.0, 0.0, 1.0, np.nan], 20_000)
    returns[random.integers(0, 20_000, 30)] = -3.0
    returns[random.integers(0, 20_000, 30)] = np.inf
    for start, decay in ((1.0, 0.9997), (1e149, 1.001), (1.0, -1.0)):
        mine, theirs = both("equity", returns, signals, start, decay, 7)
        assert np.allclose(mine, theirs, rtol=1e-9, atol=0.0, equal_nan=True)


def test_bars_of_columns_that_do_not_fit():
    for args, words in (
        (([1], [1.0, 2.0], [1.0], 1), "prices: 2 for 1"),
        (([1], [1.0], [], 1), "volumes: 0 for 1"),
        (([1], [1.0], [1.0], 0), "width 0 is not positive"),
        (([1, 2**62], [1.0, 1.0], [1.0, 1.0], 1), "4611686018427387904 bars, at most 100 are made"),
    ):
        for backend in ("native", "reference"):
            with pytest.raises(ValueError, match=f"^{words}$"):
                series.bars(*args, most=100, backend=backend)
