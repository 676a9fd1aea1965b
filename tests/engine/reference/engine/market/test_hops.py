"""What a hop is said to pay, against what its pool or book pays: never less, where it is stated so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.engine.market.fits import Fit, beyond, fitted
from cambist.engine.reference.engine.market.hops import without_capped
from cambist.engine.reference.search.estimate import Regime
from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.quote_error import QuoteError
from tests.parity.markets import key
from tests.ranking.mixed import MixedMarket

Levels = list[tuple[float, float]]


def walk(levels: Levels, amount: float) -> float:
    """Returns what levels pay."""
    taken = paid = 0.0
    for more, pays in levels:
        part = min(more, amount - taken)
        taken, paid = taken + part, paid + pays * (part / more)
    return paid


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.0, 0.01)), min_size=2, max_size=20),
    st.integers(1, 3 * 10**6),
    st.floats(0.0, 1.0),
)
def test_fits_beyond_a_best_level_pay_no_less_than_the_levels_do(
    drawn: list[tuple[int, float]], most: int, share: float
) -> None:
    price, levels = 3.0, []
    for quantity, drop in drawn:
        levels.append((float(quantity), quantity * price))
        price *= 1.0 - drop
    found = beyond(levels, 3.0, float(most))
    low, high = levels[0][0] * 17.0 / 16.0, min(float(most), sum(more for more, _ in levels))
    assert (found == []) == (low > high)
    if found:
        amount = low + (high - low) * share
        best = max(3.0 * amount / (1.0 + fit.bend * amount) for fit in found if amount <= fit.room)
        assert best >= walk(levels, amount) * (1.0 - 1e-12)


def test_fits_of_two_levels_touch_what_is_paid_where_their_ranges_begin_or_end() -> None:
    levels = [(16.0, 48.0), (100.0, 200.0)]

    def bend(amount: float) -> float:
        return (3.0 * amount / walk(levels, amount) - 1.0) / amount

    assert beyond(levels, 3.0, 80.0) == [Fit(bend(17.0), 64.0), Fit(bend(80.0), math.inf)]
    assert beyond(levels, 3.0, 200.0)[1] == Fit(bend(116.0), 116.0)
    assert beyond([(16.0, 48.0), (20.0, 40.0)], 3.0, 200.0) == [Fit(bend(17.0), 36.0)]


def test_fits_of_quotes_take_the_least_bend_and_the_sizes_beside_it() -> None:
    bends = {64: 0.5, 32: 0.2, 16: 0.3, 8: 0.25, 4: 0.6, 1: 0.9}

    def paid(amount: int) -> int | None:
        return int(1e6 * amount / (1.0 + bends[amount] * amount)) if amount in bends else None

    line = Regime(0, 1e6, 1.0)
    found = fitted(line, 64, paid)
    assert (found.bend, found.room) == (pytest.approx(0.2, abs=1e-4), math.inf)
    refused = fitted(line, 64, lambda amount: paid(amount) if amount < 16 else None)
    assert (refused.bend, refused.room) == (pytest.approx(0.25, abs=1e-4), 16.0)
    assert fitted(line, 64, lambda _: None) == line._replace(room=2.0)
    # The atom that a quote rounded off is paid too.
    assert fitted(Regime(0, 2.0, 1.0), 64, {64: 100}.get).bend == (128.0 / 101.0 - 1.0) / 64.0


@pytest.mark.parametrize("first", [True, False])
def test_two_capped_fees_leave_a_pool_for_each_choice_of_those_that_stop(*, first: bool) -> None:
    seen = 0
    for seed in range(4):
        market = MixedMarket(seed, hubs=False)
        for name in market.names:
            if key(name) not in market.accounts or not isinstance(market.pool(name), DlmmState):
                continue
            sides = tuple(TransferFeeConfig(*[TransferFee(0, most, 300)] * 2) for most in (2_000, 70_000))
            pool = market.pool(name).with_transfer_fees((sides[0], sides[1]))
            free = [pool, *(each for each, _, _ in without_capped(pool, first, market.time))]
            lost = [(0, 0), *((into, out) for _, into, out in without_capped(pool, first, market.time))]
            fees = (2_000, 70_000) if first else (70_000, 2_000)
            assert lost == [(0, 0), fees, (fees[0], 0), (0, fees[1])]
            for amount in (10**5, 10**6, 3 * 10**6, 10**8):
                try:
                    paid = pool.quote(first, amount, market.time).amount_out
                    says = [
                        each.quote(first, amount - into, market.time).amount_out - out
                        for each, (into, out) in zip(free, lost, strict=True)
                    ]
                except QuoteError:
                    continue
                assert max(says) == pytest.approx(paid, abs=2)
                seen += 1
    assert seen
