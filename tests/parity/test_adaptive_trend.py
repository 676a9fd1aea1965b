"""Adaptive trend by the Rust engine against the reference: every bit, the same refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.series.adaptive_trend import PROFILES, ROBUSTNESS
from cambist.engine.trend import TrendConfig, adaptive_trend

pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ODD = st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e150, -1e150, 1.1e150, 0.0, -0.0, 5e-324])
PRICES = st.floats(1e-3, 1e6)
prices = st.lists(PRICES, max_size=100) | st.lists(PRICES | ODD, max_size=80) | st.lists(st.integers(1, 5).map(float))
numbers = st.floats(-1.0, 1.0) | st.sampled_from([0.02, 0.03, 2.0, float("nan"), 1e151])
configs = st.builds(
    TrendConfig,
    st.sampled_from(PROFILES),
    st.sampled_from([*ROBUSTNESS]),
    st.tuples(*[st.integers(1, 16)] * 6) | st.tuples(*[st.sampled_from([0, 1, 28, 2**32 - 1])] * 6),
    st.just((1.0,) * 6) | st.tuples(*[st.floats(-2.0, 5.0)] * 6),
    numbers,
    numbers,
    st.integers(0, 30) | st.just(2**70),
    numbers,
    numbers,
    st.booleans(),
)
plain = st.builds(
    lambda profile, lengths, cutout: TrendConfig.of(profile)._replace(lengths=lengths, cutout=cutout),
    st.sampled_from(PROFILES),
    st.tuples(*[st.integers(1, 16)] * 6),
    st.integers(0, 30),
)


def both(table, config):
    """Returns the lines of both backends, or the words of the refusal."""
    found = []
    for backend in ("native", "reference"):
        try:
            found.append(adaptive_trend(table, config, backend))
        except ValueError as error:
            found.append(str(error))
    return found


def assert_same_bits(one, two):
    if isinstance(one, str) or isinstance(two, str):
        assert one == two
        return
    for mine, theirs in zip(one, two, strict=True):
        blank = np.isnan(mine)
        assert mine.shape == theirs.shape
        assert np.array_equal(blank, np.isnan(theirs))
        assert mine[~blank].tobytes() == theirs[~blank].tobytes()


@settings(max_examples=100, deadline=None)
@given(prices, configs | plain)
def test_every_bit(prices, config):
    assert_same_bits(*both(prices, config))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3), st.integers(0, 50), st.integers(0, 2**32), plain)
def test_a_row_per_token_is_each_row_alone(rows, columns, seed, config):
    table = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, (rows, columns)), axis=1))
    native, reference = both(table, config)
    assert_same_bits(native, reference)
    assert native.signals.shape == (6, rows, columns)
    for at, row in enumerate(table):
        assert_same_bits(tuple(part[..., at, :] for part in native), adaptive_trend(row, config, "native"))
