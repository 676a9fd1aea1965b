"""Signals and spreads: the origin's numbers, and both engines to the bit."""

import doctest
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.library import signal_scorer, spread
from cambist.engine.reference.library.signal_scorer import (
    SignalConfig,
    SignalReason,
    TokenSignal,
    score_signal,
    score_signals,
)
from cambist.engine.reference.library.spread import SpreadConfig, SpreadState, VenueQuote, detect_spread, estimate_fees

amounts = st.one_of(st.floats(0, 1e7), st.sampled_from([0.0, 500.0, 10_000.0, 100_000.0, math.nan, math.inf, -1.0]))
rates = st.floats(-1, 1)
tokens = st.builds(
    TokenSignal, st.booleans(), st.booleans(), amounts, rates, st.one_of(st.just(0.0), st.floats(0, 2_000)),
    st.floats(0, 1_000), st.floats(0, 3), st.floats(0, 1), st.floats(0, 0.5),
)  # fmt: skip
quotes = st.builds(
    VenueQuote, st.sampled_from(["raydium", "Orca", "JUPITER", "pump.fun", "else", "ßtrange"]), amounts,
    st.one_of(st.none(), amounts),
)  # fmt: skip
configs = st.builds(
    SpreadConfig, st.floats(0, 1e4), st.floats(0, 1e3), st.floats(0, 0.1), st.floats(1, 5), st.floats(0, 2),
    st.floats(0, 1), st.floats(0, 20), st.booleans(), st.booleans(),
)  # fmt: skip


def native():
    return pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")


@settings(max_examples=150, deadline=None)
@given(st.lists(tokens, max_size=5))
def test_signals_are_the_same_to_the_bit(batch):
    mine, counts = score_signals(SignalConfig(), batch)
    theirs, counted = native().score_signals(SignalConfig(), batch)
    assert repr([tuple(each._replace(reason=int(each.reason))) for each in mine]) == repr(theirs)
    assert counts == list(counted)


@settings(max_examples=150, deadline=None)
@given(st.lists(quotes, max_size=5), configs)
def test_spreads_are_the_same_to_the_bit(batch, config):
    found = detect_spread(batch, config)
    mine = found and tuple(found._replace(fees=tuple(found.fees), state=int(found.state)))
    assert repr(mine) == repr(native().detect_spreads([batch], config)[0])


@pytest.mark.parametrize(
    ("size", "token", "gross", "friction", "net", "confidence", "buy"),
    [
        (15.0, TokenSignal(True, False, 50_000.0, 0.03, 250.0), 0.375, 0.115725, 0.259275, 0.3296375, True),
        (15.0, TokenSignal(True, False, 50_000.0, 0.03, 100.0), 0.15, 0.115725, 0.034275, 0.2171375, True),
        (100.0, TokenSignal(True, False, 20_000.0, -0.05, 150.0, 50.0, 1.5, 0.9), 1.5, 1.196, 0.304, 0.552, False),
    ],
)
def test_the_numbers_of_the_origin(size, token, gross, friction, net, confidence, buy):
    found = score_signal(SignalConfig(size=size), token)
    assert (found.gross, found.friction, found.net, found.confidence) == pytest.approx(
        (gross, friction, net, confidence), abs=1e-9
    )
    assert (found.buy, found.reason == SignalReason.GO) == (buy, net >= 0.1)


def test_gates_refuse_in_the_order_of_the_origin():
    good = TokenSignal(True, False, 50_000.0, 0.03, 250.0)
    bad = [
        good._replace(liquidity=math.nan, rug_safe=False),
        good._replace(rug_safe=False, liquidity=1.0),
        good._replace(liquidity=499.0, transfer_fee_bps=501.0),
        good._replace(transfer_fee_bps=501.0, mint_authority=True),
        good._replace(mint_authority=True, spread_bps=0.0),
        good._replace(spread_bps=0.0),
        good._replace(spread_bps=1.0),
    ]
    found, counts = score_signals(SignalConfig(), [good, *bad])
    assert [each.reason for each in found] == list(SignalReason)
    assert counts == [1] * 8


def test_the_fee_estimates_of_the_origin():
    assert estimate_fees(100.0, "RAYDIUM", "orca", 100_000.0, SpreadConfig()).total == pytest.approx(0.975)
    config = SpreadConfig(sol_price=200.0, priority_sol=0.001, jito_multiplier=2.25)
    assert estimate_fees(1_000.0, "jupiter", "Pump.Fun", 50_000.0, config).total == pytest.approx(18.94)


def test_a_spread_is_hot_ready_thin_or_a_loss():
    def state(high: float, **config: float) -> SpreadState | None:
        found = detect_spread([VenueQuote("a", 100.0, 1e12), VenueQuote("b", high, 1e12)], SpreadConfig(**config))
        return found and found.state

    cheap = {"sol_price": 0.0, "max_trade": 1e4}
    assert state(103.0) == SpreadState.HOT
    assert state(100.4) == SpreadState.LOSS
    assert state(100.0) is None
    assert state(100.005) is None
    assert state(101.0, **cheap) == SpreadState.HOT
    assert state(103.0, learned_slippage_percent=3.0) == SpreadState.LOSS
    assert state(103.0, decay_percent_per_s=0.3, window_s=60.0) == SpreadState.LOSS
    assert detect_spread([VenueQuote("a", 1.0)], SpreadConfig()) is None
    assert spread._state(0.1, 0.4) == SpreadState.READY
    assert spread._state(0.1, 0.2) == SpreadState.THIN


def test_the_fault_of_the_origin_is_had_only_by_its_name():
    thin = [VenueQuote("orca", 100.0, 20_000.0), VenueQuote("else", 110.0, 20_000.0)]
    right, fault = (detect_spread(thin, SpreadConfig(compat_default_liquidity=flag)) for flag in (False, True))
    assert right.fees.slippage > fault.fees.slippage
    assert right.net < fault.net


@pytest.mark.parametrize("module", [signal_scorer, spread])
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0
