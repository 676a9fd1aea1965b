"""What a cycle may earn, against sizes tried one by one."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search.estimate import (
    MOST_STARTS,
    Hop,
    Range,
    Regime,
    estimate,
    root_gain,
    slope_of,
    starts,
)
from cambist.engine.reference.search.log2 import ONE, log2_ratio

KEEP = 0.997


def product(into: int, out: int) -> Hop:
    """Returns a hop of a constant product that keeps 0.3 %."""
    weight = -(log2_ratio(out * 997, into * 1_000) or 0)
    return Hop.of(Regime(weight, KEEP * out / into, KEEP / into))


def paid(pools: list[tuple[int, int]], amount: float) -> float:
    """Returns what a chain of constant products pays."""
    for into, out in pools:
        amount = out * amount * KEEP / (into + amount * KEEP)
    return amount


def best(pools: list[tuple[int, int]], within: Range) -> float:
    """Returns the most that a chain earns, by thirds."""
    low, high = within
    for _ in range(300):
        third = (high - low) / 3
        left, right = low + third, high - third
        if paid(pools, left) - left < paid(pools, right) - right:
            low = left
        else:
            high = right
    return paid(pools, low) - low


@settings(max_examples=200, deadline=None)
@given(st.integers(-(1 << 43), 1 << 43))
def test_the_gain_of_a_root_is_right_to_a_part_in_10_to_the_15(weight: int) -> None:
    with localcontext() as context:
        context.prec = 50
        wanted = Decimal(2) ** (Decimal(-weight) / (1 << 41)) - 1
    assert root_gain(weight) == pytest.approx(float(wanted), rel=1e-15, abs=1e-300)


def test_weights_at_the_end_of_their_range_stay_finite() -> None:
    assert slope_of(5 << 47) > 0.0
    assert slope_of(-(5 << 47)) < float("inf")


reserves = st.tuples(st.integers(10**9, 10**15), st.integers(10**9, 10**15))


@settings(max_examples=150, deadline=None)
@given(st.lists(reserves, min_size=1, max_size=4), st.integers(10**9, 10**15), st.floats(-0.002, 0.05))
def test_a_chain_of_products_earns_what_its_estimate_says(
    pools: list[tuple[int, int]], depth: int, edge: float
) -> None:
    slope = 1.0
    for into, out in pools:
        slope *= KEEP * out / into
    last = (max(1_000, int(depth * slope * KEEP / (1 + edge))), depth)
    chain, within = [*pools, last], Range(1e3, 1e15)
    found, wanted = estimate([product(*pool) for pool in chain], within), best(chain, within)
    # Weights are right to 2^-39: that is 1.3e-12 of what is put in.
    assert found.gain == pytest.approx(wanted, rel=1e-6, abs=1e-9 * found.amount_in + 1e-3)
    assert within.least <= found.amount_in <= within.most


@pytest.mark.parametrize("room", [1e6, 1e9])
def test_no_more_goes_in_than_there_is_room_for(room: float) -> None:
    rich, flat = product(10**12, 2 * 10**12), Hop.of(Regime(0, 1.0, 0.0, room=room))
    found = estimate([rich, flat], Range(1e3, 1e15))
    assert found.amount_in == pytest.approx(room / rich.slope, rel=1e-9)


def test_of_two_regimes_the_one_that_pays_more_counts() -> None:
    # 3 % of what goes in, at most 5 million atoms: beyond 166 million atoms the fee no longer grows.
    into, out = 10**12, 106 * 10**10
    growing = Regime(-(log2_ratio(out * 97, into * 100) or 0), 0.97 * out / into, 0.97 / into)
    capped = Regime(-(log2_ratio(out, into) or 0), out / into, 1 / into, lost_in=5e6)
    back = Hop.of(Regime(0, 1.0, 1.0 / 1e12))
    both = estimate([Hop.of(growing, capped), back], Range(1e3, 1e12))
    first, second = (estimate([Hop.of(each), back], Range(1e3, 1e12)) for each in (growing, capped))
    assert both == second
    assert second.gain > first.gain
    put = both.amount_in - min(0.03 * both.amount_in, 5e6)
    got = out * put / (into + put)
    assert both.gain == pytest.approx(got / (1 + got / 1e12) - both.amount_in, rel=1e-6)
    assert starts([Hop.of(growing, capped), back], Range(1e3, 1e12)) == [[second.amount_in], [first.amount_in]]


def test_what_loses_nothing_more_is_one_piece() -> None:
    """A hop that pays less beyond a size bends there and falls nowhere: the best of its inputs come first."""
    weights = [log2_ratio(100, 102) or 0, log2_ratio(100, 101) or 0]
    near, beyond = (Regime(weight, slope_of(weight), bend) for weight, bend in zip(weights, (1e-9, 1e-12), strict=True))
    one, within = Hop.of(near, beyond), Range(1e3, 1e12)
    (piece,) = starts([one], within)
    assert piece == [estimate([Hop.of(each)], within).amount_in for each in (beyond, near)]
    (piece,) = starts([one, one, one], within)
    assert len(piece) == MOST_STARTS
    assert piece[0] == estimate([one, one, one], within).amount_in


def test_what_loses_is_put_in_as_little_as_may_be() -> None:
    hop = product(10**12, 10**12)
    found = estimate([hop, hop], Range(1e6, 1e9))
    assert found.amount_in == 1e6
    assert found.gain < 0
    assert slope_of(-ONE) == pytest.approx(2.0, rel=1e-15)
