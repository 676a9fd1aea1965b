"""Adaptive trend against the description's formulas written as whole arrays, with numpy's own averages and powers."""

import doctest
import math

import numpy as np
import pytest

from cambist.engine import build_info, trend
from cambist.engine.reference.series import adaptive_trend as reference
from cambist.engine.reference.series.adaptive_trend import KINDS, Trend, TrendConfig, nine_lengths

BACKENDS = [
    "reference",
    pytest.param("native", marks=pytest.mark.skipif(not build_info().native, reason="the Rust engine is not built")),
]


def walk(bars, seed=7):
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, bars)))


def windows(values, length):
    found = np.full((len(values), length), np.nan)
    if len(values) >= length:
        found[length - 1 :] = np.lib.stride_tricks.sliding_window_view(values, length)
    return found


def wma(values, length):
    return windows(values, length) @ np.arange(1, length + 1) / (length * (length + 1) / 2)


def ema(values, length):
    found, alpha = np.full(len(values), np.nan), 2 / (length + 1)
    begin = int(np.argmax(~np.isnan(values))) + length - 1
    if begin < len(values):
        found[begin] = values[begin - length + 1 : begin + 1].mean()
        for at in range(begin + 1, len(values)):
            found[at] = alpha * values[at] + (1 - alpha) * found[at - 1]
    return found


def dema(values, length):
    inner, alpha = ema(values, length), 2 / (length + 1)
    outer = np.full(len(values), np.nan)
    for at in range(length - 1, len(values)):
        outer[at] = inner[at] if at == length - 1 else alpha * inner[at] + (1 - alpha) * outer[at - 1]
    return 2 * inner - outer


def lsma(values, length):
    """The last point of numpy's own fit."""
    found = np.full(len(values), np.nan)
    for at in range(length - 1, len(values)):
        part = values[at - length + 1 : at + 1]
        found[at] = part[0] if length == 1 else np.polyval(np.polyfit(np.arange(length), part, 1), length - 1)
    return found


def hma(values, length):
    return wma(2 * wma(values, max(length // 2, 1)) - wma(values, length), math.isqrt(length))


def kama(values, length, from_zero=False):
    found = np.full(len(values), np.nan)
    last = 0.0 if from_zero else values[0]
    for at in range(len(values)):
        if at >= length:
            noise = np.abs(np.diff(values[at - length : at + 1])).sum()
            ratio = abs(values[at] - values[at - length]) / noise if noise else 0.0
            last += (ratio * 0.602 + 0.064) ** 2 * (values[at] - last)
        if at >= length or not from_zero:
            found[at] = last
    return found


def averages(profile):
    if profile != "pine":
        return ema, hma, wma, dema, lsma, kama
    return ema, lambda x, n: windows(x, n).mean(axis=1), wma, dema, lsma, lambda x, n: kama(x, n, from_zero=True)


def equity(returns, signals, start, kept, cutout):
    """Equity by its definition; `signals` as they are, each followed one bar later."""
    found = np.full(len(returns), np.nan)
    for at in range(cutout, len(returns)):
        side = 0.0 if at == 0 or np.isnan(signals[at - 1]) else np.sign(signals[at - 1])
        gain = 0.0 if np.isnan(returns[at]) else returns[at] * side
        found[at] = max(start if at == cutout else found[at - 1] * kept * (1 + gain), 0.25)
    return found


def sides(prices, average):
    found, side = np.zeros(len(prices)), 0.0
    for at in range(1, len(prices)):
        if prices[at] > average[at] and prices[at - 1] <= average[at - 1]:
            side = 1.0
        elif prices[at] < average[at] and prices[at - 1] >= average[at - 1]:
            side = -1.0
        found[at] = side
    return found


def expected(prices, config):
    """Returns average, signals and equities, layer after layer."""
    is_batch = config.profile == "rust_batch"
    scales = (1, 1) if is_batch else (1_000, 100)
    lamda, kept = config.lamda / scales[0], 1 - config.decay / scales[1]
    bars, change = np.arange(len(prices)), np.r_[np.nan, np.diff(prices) / prices[:-1]]
    first, second = change * np.exp(lamda * bars), change * np.exp(lamda * (bars - (0 if is_batch else config.cutout)))
    signals, equities = [], []
    for kind, average in enumerate(averages(config.profile)):
        lengths = nine_lengths(config.lengths[kind], config.robustness)
        votes = np.array([sides(prices, average(prices, length)) for length in lengths])
        worth = np.array([equity(first, vote, 1.0, kept, config.cutout if is_batch else 0) for vote in votes])
        signal = (votes * worth).sum(axis=0) / worth.sum(axis=0)
        signals.append(np.nan_to_num(signal) if is_batch else signal.round(2))
        equities.append(equity(second, signals[-1], 1.0 if is_batch else config.weights[kind], kept, config.cutout))
    signals, equities = np.array(signals), np.array(equities)

    def cut(x):
        return np.where(x > config.long, 1.0, np.where(x < config.short, -1.0, 0.0))

    if is_batch:
        weighted = equities * np.array(config.weights)[:, None]
        average = cut((signals * weighted).sum(axis=0) / weighted.sum(axis=0))
    else:
        average = (cut(signals) * equities).sum(axis=0) / equities.sum(axis=0)
    average[: config.cutout] = 0.0
    if config.strategy and not is_batch:
        average = np.r_[0.0, average[:-1]]
    return average, signals, equities


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "config",
    [
        TrendConfig(),
        TrendConfig(robustness="wide", cutout=50, weights=(1.0, 2.0, 0.5, 0.1, 3.0, 1.0)),
        TrendConfig(lengths=(5, 6, 7, 8, 9, 10), robustness="narrow", strategy=True, cutout=3),
        TrendConfig(lamda=1.0, decay=2.0, lengths=(9,) * 6),
        TrendConfig.of("pine"),
        TrendConfig.of("pine")._replace(lengths=(7, 8, 9, 10, 11, 12), cutout=20),
        TrendConfig.of("rust_batch")._replace(lamda=2e-5, decay=3e-4, cutout=40),
        TrendConfig.of("rust_batch")._replace(weights=(1.0, 2.0, 0.5, 0.1, 3.0, 1.0), lengths=(9,) * 6, lamda=1e-3),
    ],
    ids=lambda config: f"{config.profile}-{config.lengths[0]}-{config.cutout}",
)
def test_the_formulas_layer_by_layer(backend, config):
    prices = walk(400)
    found = trend.adaptive_trend(prices, config, backend)
    for mine, theirs in zip(found, expected(prices, config), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12, equal_nan=True)
    assert len(np.unique(found.average)) > 2


@pytest.mark.parametrize("profile", reference.PROFILES)
def test_a_batch_is_its_stream(profile):
    prices = walk(150)
    prices[70] = np.nan
    config = TrendConfig.of(profile)._replace(lengths=(6,) * 6)
    stream = Trend(config)
    bars = [stream.update(price) for price in prices.tolist()]
    found = trend.adaptive_trend(prices, config)
    assert found.average.tolist() == [bar.average for bar in bars]
    assert found.signals.T.tolist() == [list(bar.signals) for bar in bars]
    assert stream.ignored == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_price_that_is_none_earns_and_crosses_nothing(backend):
    prices = walk(120)
    prices[60] = np.nan
    config = TrendConfig(lengths=(6,) * 6)
    found = trend.adaptive_trend(prices, config, backend)
    assert np.isfinite(found.average).all()
    assert (found.signals[:, 59:62].max(axis=1) - found.signals[:, 59:62].min(axis=1) <= 0.02).all()
    kept = 1 - 0.03 / 100
    np.testing.assert_allclose(found.equities[:, 60:62], found.equities[:, 59:61] * kept, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_shapes_of_nothing_and_of_many(backend):
    assert [part.shape for part in trend.adaptive_trend([], None, backend)] == [(0,), (6, 0), (6, 0)]
    assert [part.shape for part in trend.adaptive_trend(np.ones((3, 4)), None, backend)] == [
        (3, 4),
        (6, 3, 4),
        (6, 3, 4),
    ]
    assert trend.adaptive_trend([float("nan")] * 5, None, backend).average.tolist() == [0.0] * 5


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("config", "why"),
    [
        (TrendConfig("original"), "profile was 'original'"),
        (TrendConfig(robustness="Medium"), "robustness was 'Medium'"),
        (TrendConfig(lengths=(28, 28, 0, 28, 28, 28)), "period 0 is not positive"),
        (TrendConfig(lengths=(28,)), "1 lengths, expected 6"),
        (TrendConfig(weights=(1.0,) * 5), "5 weights, expected 6"),
        (TrendConfig(weights=(1.0,) * 5 + (math.nan,)), "weight nan"),
        (TrendConfig(lamda=1.01), "lambda 1.01"),
        (TrendConfig(decay=math.inf), "decay inf"),
        (TrendConfig(cutout=-1), "cutout -1 is negative"),
    ],
)
def test_parameters_out_of_range_are_told(backend, config, why):
    with pytest.raises(ValueError, match=why):
        trend.adaptive_trend([1.0, 2.0], config, backend)


def test_examples_run():
    for module in (trend, reference):
        assert doctest.testmod(module).failed == 0
    assert KINDS == ("EMA", "HMA", "WMA", "DEMA", "LSMA", "KAMA")
