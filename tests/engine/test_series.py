"""Series against TA-Lib, tables of Stock.Indicators, and numba loops of the trend system's formulas."""

import csv
import doctest
import json
import math

import numpy as np
import pytest
from backports import zstd

from cambist.bench.engine import loops as trend_loops
from cambist.engine import build_info, series, tables
from tests.shared import shared_data

PERIODS = (2, 3, 10, 14, 30)


@pytest.fixture(params=["native", "reference"])
def backend(request):
    if request.param == "native" and not build_info().native:
        pytest.skip("the Rust engine is not built")
    return series.Series(request.param)


@pytest.fixture(scope="module")
def talib():
    return pytest.importorskip("talib", reason="TA-Lib is a development dependency")


def walk(size=2_000, seed=7):
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, size)))


def bars(size=2_000):
    close = walk(size)
    random = np.random.default_rng(8)
    return close + random.uniform(0.0, 2.0, size), close - random.uniform(0.0, 2.0, size), close


def assert_equal(mine, theirs, skip=0):
    assert np.array_equal(np.isnan(mine), np.isnan(theirs))
    assert np.allclose(mine[skip:], theirs[skip:], rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("period", PERIODS)
def test_rsi_ema_and_bands_are_those_of_ta_lib(backend, talib, period):
    prices = walk()
    assert_equal(backend.rsi(prices, period), talib.RSI(prices, period))
    assert_equal(backend.ema(prices, period), talib.EMA(prices, period))
    for mine, theirs in zip(
        backend.bollinger(prices, period, 2.0), talib.BBANDS(prices, period, 2, 2)[::-1], strict=True
    ):
        assert_equal(mine, theirs)


@pytest.mark.parametrize("period", PERIODS)
def test_averages_are_those_of_ta_lib(backend, talib, period):
    prices = walk()
    assert_equal(backend.average("sma", prices, period), talib.SMA(prices, period))
    assert_equal(backend.average("wma", prices, period), talib.WMA(prices, period))
    assert_equal(backend.average("lsma", prices, period), talib.LINEARREG(prices, period))
    assert_equal(backend.kama(prices, period, 2, 30), talib.KAMA(prices, period))


@pytest.mark.parametrize("period", PERIODS)
def test_dema_is_that_of_ta_lib_once_their_seeds_are_forgotten(backend, talib, period):
    prices = walk()
    mine, theirs = backend.average("dema", prices, period), talib.DEMA(prices, period)
    assert np.allclose(mine[1_000:], theirs[1_000:], rtol=1e-9, atol=0.0)


@pytest.mark.parametrize("period", [4, 9, 16])
def test_hma_is_made_of_ta_libs_averages(backend, talib, period):
    prices = walk()
    raw = 2.0 * talib.WMA(prices, period // 2) - talib.WMA(prices, period)
    found = backend.average("hma", prices, period)
    theirs = talib.WMA(raw[period - 1 :], math.isqrt(period))
    assert np.isnan(found[: period - 1]).all()
    assert_equal(found[period - 1 :], theirs)


@pytest.mark.parametrize("period", PERIODS)
def test_atr_is_that_of_ta_lib(backend, talib, period):
    assert_equal(backend.atr(*bars(), period), talib.ATR(*bars(), period))


def quotes():
    with shared_data("indicators", "quotes", "default.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("high", "low", "close", "volume")}


def table(name, key):
    rows = json.loads(zstd.decompress(shared_data("indicators", "results_default", f"{name}.json.zst").read_bytes()))
    found = np.array([math.nan if row[key] is None else row[key] for row in rows])
    assert np.isfinite(found).sum() > 450
    return found


def test_tables_of_another_library(backend):
    quote = quotes()
    high, low, close, volume = quote["high"], quote["low"], quote["close"], quote["volume"]
    assert_equal(backend.average("sma", close, 20), table("sma", "sma"))
    assert_equal(backend.average("wma", close, 14), table("wma", "wma"))
    assert_equal(backend.ema(close, 20), table("ema", "ema"))
    assert_equal(backend.rsi(close, 14), table("rsi", "rsi"))
    assert_equal(backend.atr(high, low, close, 14), table("atr", "atr"))
    assert_equal(backend.vwap((high + low + close) / 3.0, volume), table("vwap", "vwap"))
    lines = backend.macd(close)
    for key in ("macd", "signal", "histogram"):
        assert_equal(getattr(lines, key), table("macd", key))
    for key, mine in zip(("lowerBand", "sma", "upperBand"), backend.bollinger(close), strict=True):
        assert_equal(mine, table("bb", key))
    slope = backend.average("lsma", close, 14) - table("slope", "intercept")
    places = np.arange(1.0, len(close) + 1.0)
    assert_equal(slope, table("slope", "slope") * places)


def test_tables_of_quotes_that_are_zero(backend):
    with shared_data("indicators", "quotes", "zeros.csv").open(newline="", encoding="utf-8-sig") as file:
        close = [float(row["close"]) for row in csv.DictReader(file)]
    assert not any(close)
    assert backend.rsi(close, 14)[-1] == 50.0
    assert backend.ema(close, 14)[-1] == backend.kama(close)[-1] == backend.average("lsma", close, 5)[-1] == 0.0
    assert np.isnan(backend.vwap(close, close)).all()


@pytest.fixture(scope="module")
def loops():
    """Loops of the adaptive trend system's formulas, written as it writes them."""
    pytest.importorskip("numba", reason="numba is a development dependency")
    found = trend_loops.compiled()
    return found.equity, found.fixed_kama, found.up_down


@pytest.mark.parametrize("seed", range(5))
def test_the_trend_systems_loops(backend, loops, seed):
    equity, kama, persistence = loops
    random = np.random.default_rng(seed)
    prices = walk(3_000, seed)
    prices[random.integers(0, 3_000, 20)] = np.nan
    for length in (1, 5, 28, 60):
        assert_equal(backend.fixed_kama(prices, length), kama(prices, length))
    returns = random.normal(0.0, 0.2, 3_000)
    returns[random.integers(0, 3_000, 20)] = np.nan
    signals = random.choice([-1.0, 0.0, 1.0, np.nan], 3_000)
    for start, cutout in ((1.0, 0), (100.0, 7), (0.1, 3_000)):
        assert_equal(
            backend.equity(returns, signals, start, 0.9997, cutout), equity(returns, signals, start, 0.9997, cutout)
        )
    up, down = random.random((2, 3_000)) < 0.05
    assert np.array_equal(backend.up_down(up, down), persistence(up, down))


def test_vectors_of_the_systems_behind_the_brief(backend):
    prices = [10, 11, 13, 12, 14, 17, 15, 18, 16, 20]
    for name, expected in (
        ("wma", [14.7, 15.1, 16.5, 16.5, 17.9]),
        ("hma", [16.122222, 16.588889, 17.077778, 17.055556, 18.566667]),
        ("dema", [15.74, 15.612, 17.388, 16.84528, 19.074656]),
        ("lsma", [16.1, 16.3, 17.5, 16.5, 19.2]),
    ):
        assert backend.average(name, prices, 4)[-5:] == pytest.approx(expected, abs=5e-7)
    assert backend.ema(prices, 4)[-5:] == pytest.approx([14.3, 14.58, 15.948, 15.9688, 17.58128], abs=1e-9)
    spoilt = backend.fixed_kama([10, 11, 12, math.nan, 10, 11, 12, 13], 2)
    assert spoilt == pytest.approx([10, 10, 10.887112, *[math.nan] * 3, 12, 12.443556], nan_ok=True, abs=1e-9)
    expected = [100.26645, 101.2914297752, 101.38353026363916, 103.14179258549713]
    assert backend.fixed_kama([100, 101, 103, 102, 105, 104, 108], 3)[3:] == pytest.approx(expected, rel=1e-14)
    crash = [*range(100, 116), 50.0, 10.0]
    assert backend.rsi_of_oldest(crash, 14) == 100.0
    assert backend.rsi(crash, 14)[-1] < 20.0


def test_no_values_give_no_results(backend):
    for found in (
        backend.rsi([]),
        backend.ema([], 3),
        *backend.bollinger([]),
        backend.kama([]),
        backend.fixed_kama([], 3),
        *backend.macd([]),
        backend.atr([], [], []),
        backend.vwap([], []),
        backend.equity([], [], 1.0, 1.0, 3),
        backend.up_down([], []),
        backend.runs([], 1, 0),
        backend.average("hma", [], 4),
    ):
        assert found.shape == (0,)
    assert backend.rsi(np.empty((3, 0))).shape == (3, 0)
    assert backend.bollinger(np.empty((0, 5))).low.shape == (0, 5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.1e150])
def test_an_unusable_value_repeats_what_was_and_is_counted(backend, bad):
    prices = [*walk(60), bad, bad]
    assert series.count_ignored(prices) == 2
    for found in (
        backend.rsi(prices),
        backend.ema(prices, 5),
        *backend.bollinger(prices),
        backend.kama(prices),
        *backend.macd(prices),
        *(backend.average(name, prices, 5) for name in ("sma", "wma", "dema", "lsma", "hma")),
        backend.vwap(prices, np.ones(62)),
        backend.atr(prices, prices, prices),
    ):
        assert found[-1] == found[-2] == found[-3]
    assert np.isnan(backend.fixed_kama(prices, 5)[-2:]).all()


@pytest.mark.parametrize("shape", [(40, 500), (200, 500), (30_000,), (3_000_000,)])
def test_a_held_result_stays_as_it_is(backend, shape):
    if backend.name == "reference":
        pytest.skip("of memory that is used again only the Rust engine has any")
    many = walk(math.prod(shape)).reshape(shape)
    first = backend.ema(many, 3)
    kept = first.copy()
    for turn in range(8):
        part = backend.ema(many + turn, 3)[..., 5:]
        assert np.array_equal(part, backend.ema(many + turn, 3)[..., 5:])
        assert not np.shares_memory(part, first)
    assert np.array_equal(first, kept, equal_nan=True)


def test_memory_made_read_only_by_its_holder_is_left_alone():
    if not build_info().native:
        pytest.skip("the Rust engine is not built")
    prices, backend = walk(30_000), series.Series("native")
    backend.ema(prices, 3).base.flags.writeable = False
    assert_equal(backend.ema(prices, 3), series.Series("reference").ema(prices, 3))


def test_names_of_the_brief():
    assert series.calculate_rsi([1.0] * 20, 14)[-1] == 50.0
    assert series.calculate_ema([1.0, 3.0], 2)[-1] == 2.0
    assert series.calculate_bollinger([1.0, 3.0], 2, 2.0).high[-1] == 4.0
    assert series.calculate_equity_rust([0.5, 0.1], [1, 1], 1.0, 1.0, 0)[-1] == 1.1
    assert series.calculate_kama_rust([10, 11, 12, 11, 10], 2)[-1] == pytest.approx(10.493885443450713, rel=1e-14)
    assert series.calculate_kama_rust([10, 11, 12], 2, 2, 30)[-1] == pytest.approx(11.444444444444445, rel=1e-14)
    with pytest.raises(ValueError, match="both or neither"):
        series.calculate_kama_rust([1.0], 2, 2)
    assert series.process_signal_persistence_rust([True, False], [False, False]).tolist() == [1, 1]
    assert series.process_signal_persistence_rust([1, 0, 1, 0], 3, 1).tolist() == [1, 1, 1, 0]
    assert series.process_signal_persistence_rust([1, 0, 1, 0], 3, 1, causal=True).tolist() == [0, 0, 1, 1]
    assert series.process_signal_persistence_rust(np.array([2**40, -(2**32), -1]), 1, 0).tolist() == [1, -1, -1]
    assert series.process_signal_persistence_rust([1, 1], np.int64(2), 0).tolist() == [1, 1]
    with pytest.raises(ValueError, match="expected a whole number"):
        series.process_signal_persistence_rust([1], 1.5, 0)


def test_the_library_offers_them():
    import cambist.engine

    for name in ("calculate_rsi", "calculate_kama_rust", "process_signal_persistence_rust", "Series"):
        assert getattr(cambist.engine, name) == getattr(series, name)


def test_backends_are_named():
    assert series.Series("reference").name == "reference"
    assert series.Series().name == ("native" if build_info().native else "reference")
    with pytest.raises(ValueError, match="backend was 'gpu'"):
        series.Series("gpu")


def test_examples():
    assert doctest.testmod(tables).attempted > 0
    assert doctest.testmod(tables).failed == 0
    result = doctest.testmod(series)
    assert result.attempted > 15
    assert result.failed == 0
