"""Figures of many tokens by both backends, and by the single indicators, to the bit."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine import series
from cambist.engine.reference.series import indicator_table as reference
from cambist.engine.reference.series.kama import Kama
from cambist.engine.reference.series.technical import Bollinger, Ema, Rsi

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

PRICES = st.floats(1e-3, 1e6)
ODD = st.sampled_from([math.nan, math.inf, 1e150, -1e150, 2e150, 0.0, -0.0])
PERIODS = st.fixed_dictionaries(
    {name: st.integers(1, 7) for name in ("rsi", "ema", "bands", "kama", "fast", "slow")} | {"width": st.floats(0, 4)}
)


def same(one, two):
    return all(math.isnan(a) if math.isnan(b) else a.hex() == b.hex() for a, b in zip(one, two, strict=True))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(0, 19), PERIODS)
def test_both_tables_have_the_same_bits(data, tokens, periods):
    mine, theirs = native.IndicatorTable(tokens, **periods), reference.IndicatorTable(tokens, **periods)
    prices = data.draw(st.sampled_from([PRICES, PRICES | ODD]))
    for _ in range(data.draw(st.integers(0, 24))):
        if tokens and data.draw(st.integers(0, 5)) == 0:
            token, price = data.draw(st.integers(0, tokens - 1)), data.draw(prices)
            assert same(mine.update(token, price), theirs.update(token, price))
            continue
        row = np.array(data.draw(st.lists(prices, min_size=tokens, max_size=tokens)))
        out, other = np.empty((6, tokens)), [[0.0] * tokens for _ in range(6)]
        mine.tick(row, out)
        theirs.tick(row.tolist(), other)
        assert all(same(a, b) for a, b in zip(out.tolist(), other, strict=True))
    assert [mine.ignored(token) for token in range(tokens)] == [theirs.ignored(token) for token in range(tokens)]


def test_long_ticks_with_silent_and_late_tokens():
    random = np.random.default_rng(3)
    table, single = native.IndicatorTable(21), [(Rsi(14), Ema(20), Bollinger(20, 2.0), Kama()) for _ in range(21)]
    out, prices = np.empty((6, 21)), np.full(21, 50.0)
    for tick in range(400):
        prices *= np.exp(random.normal(0.0, 1e-3, 21))
        row = prices.copy()
        row[3] = math.nan if tick < 130 else row[3]
        row[random.integers(0, 21)] = math.inf if tick % 50 == 7 else 1.0
        table.tick(row, out)
        for token, (rsi, ema, bands, kama) in enumerate(single):
            found = bands.update(row[token])
            low, middle, high = (found.low, found.middle, found.high) if found else (math.nan,) * 3
            rest = [math.nan if each is None else each for each in (rsi.update(row[token]), ema.update(row[token]))]
            last = kama.update(row[token])
            assert same(out[:, token].tolist(), [*rest, low, middle, high, math.nan if last is None else last])


@pytest.mark.parametrize(
    ("tokens", "periods", "why"),
    [
        (-1, {}, "tokens -1 is negative"),
        (1, {"rsi": 0}, "period 0 is not positive"),
        (1, {"slow": 2**32}, "period 4294967296 is above 4294967295"),
        (1, {"width": math.nan}, "width (nan|NaN) is no number in range"),
        (2, {"bands": 2**27}, "windows of 268435496 numbers, at most 134217728 are kept"),
    ],
)
def test_what_cannot_be_kept_is_refused(tokens, periods, why):
    for made in (native, reference):
        with pytest.raises(ValueError, match=f"^{why}$"):
            made.IndicatorTable(tokens, **periods)


def test_wrong_shapes_are_refused_and_change_nothing():
    for backend in ("native", "reference"):
        table = series.indicator_table(2, ema=1, backend=backend)
        out = np.empty((6, 2))
        with pytest.raises(ValueError, match="prices: 3 for 2"):
            table.tick(np.ones(3), out)
        with pytest.raises(ValueError, match="places: 18 for 12"):
            table.tick(np.ones(2), np.empty((6, 3)))
        with pytest.raises(ValueError, match="5 rows for 6 figures"):
            table.tick(np.ones(2), np.empty((5, 2)))
        with pytest.raises(ValueError, match="token 2 of 2"):
            table.update(2, 1.0)
        with pytest.raises(ValueError, match="token -1 of 2"):
            table.ignored(-1)
        assert table.tokens == 2
        assert table.update(0, math.nan)[1] != table.update(0, 4.0)[1] == 4.0
        assert table.ignored(0) == 1


def test_examples():
    found = doctest.testmod(reference)
    assert found.attempted > 3
    assert found.failed == 0
