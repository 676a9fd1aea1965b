"""What a pair of bins takes at one price: the part of its curve that ranking knows to be flat."""

from fractions import Fraction

import pytest

from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.quote_error import QuoteError
from tests.parity.markets import key
from tests.ranking.mixed import MixedMarket

SEEDS = range(6)


def pairs(seed: int) -> tuple[MixedMarket, list[DlmmState]]:
    """Returns a market and its pairs of bins."""
    market = MixedMarket(seed, hubs=False)
    pools = map(market.pool, (venue_name for venue_name in market.names if key(venue_name) in market.accounts))
    return market, [pool for pool in pools if isinstance(pool, DlmmState)]


@pytest.mark.parametrize("a_to_b", [True, False])
def test_the_level_is_paid_at_the_margin_and_nothing_beyond_is(*, a_to_b: bool) -> None:
    tried = 0
    for seed in SEEDS:
        market, pools = pairs(seed)
        for pool in pools:
            level, rate = pool.level(a_to_b, market.time), pool.rate(a_to_b, market.time)
            if level is None or rate is None or level < 1_000_000 or any(pool.transfer_fees):
                continue
            margin, amount = Fraction(*rate), int(level)
            paid = pool.quote(a_to_b, amount, market.time)
            assert paid.ticks_crossed == 0
            assert margin * (amount - 2) - 1 <= paid.amount_out <= margin * amount
            # The fee is all that the level leaves out: a hundredth more than that is in the next bin.
            beyond = (amount + paid.fee) * 101 // 100
            try:
                dearer = pool.quote(a_to_b, beyond, market.time)
            except QuoteError:
                continue  # there is no next one
            assert dearer.ticks_crossed > 0
            assert dearer.amount_out < margin * beyond - 2
            tried += 1
    assert tried >= len(SEEDS)
