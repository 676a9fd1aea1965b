"""What a pair of bins takes at each price: the parts of its curve that ranking knows to be flat."""

from fractions import Fraction

import pytest

from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.venues.dlmm.pool import DlmmState
from cambist.engine.reference.venues.quote_error import U64_MAX, QuoteError
from tests.parity.markets import key
from tests.ranking.mixed import MixedMarket

SEEDS = range(6)


def pairs(seed: int) -> tuple[MixedMarket, list[DlmmState]]:
    """Returns a market and its pairs of bins."""
    market = MixedMarket(seed, hubs=False)
    pools = map(market.pool, (venue_name for venue_name in market.names if key(venue_name) in market.accounts))
    return market, [pool for pool in pools if isinstance(pool, DlmmState)]


@pytest.mark.parametrize("a_to_b", [True, False])
def test_the_first_level_is_paid_at_the_margin_and_what_is_beyond_comes_from_the_next_bin(*, a_to_b: bool) -> None:
    tried = 0
    for seed in SEEDS:
        market, pools = pairs(seed)
        for pool in pools:
            levels, rate = pool.levels(a_to_b, U64_MAX, market.time), pool.rate(a_to_b, market.time)
            if not levels or rate is None or levels[0][0] < 1_000_000 or any(pool.transfer_fees):
                continue
            margin, (amount, paid) = Fraction(*rate), map(int, levels[0])
            quote = pool.quote(a_to_b, amount, market.time)
            assert (quote.ticks_crossed, quote.amount_out) == (0, paid)
            assert margin * (amount - 2) - 1 <= paid <= margin * amount
            try:
                dearer = pool.quote(a_to_b, amount + 1_000, market.time)
            except QuoteError:
                assert len(levels) == 1
                continue
            assert dearer.ticks_crossed > 0
            tried += 1
    assert tried >= len(SEEDS)


@pytest.mark.parametrize("a_to_b", [True, False])
def test_levels_add_up_to_what_is_quoted_at_their_ends_and_stop_where_the_bins_do(*, a_to_b: bool) -> None:
    market, pools = pairs(3)
    for pool in pools:
        if any(pool.transfer_fees):
            continue
        taken = paid = 0
        for more, pays in (pool.levels(a_to_b, U64_MAX, market.time) or [])[:40]:
            taken, paid = taken + int(more), paid + int(pays)
            assert not paid or pool.quote(a_to_b, taken, market.time).amount_out == paid
        part = taken // 2
        levels = pool.levels(a_to_b, part, market.time) or []
        assert sum(int(more) for more, _ in levels) == part


def test_levels_of_a_taxed_token_are_of_what_is_sent_and_what_arrives() -> None:
    seen = 0
    for seed in SEEDS:
        market, pools = pairs(seed)
        for pool in (pool for pool in pools if all(fee is None for fee in pool.transfer_fees)):
            taxed = TransferFee(0, U64_MAX, 1_000)
            sides = (TransferFeeConfig(taxed, taxed), None)
            plain = pool.levels(True, 10**12, market.time) or []
            for (sent, got), (more, pays) in zip(
                pool.with_transfer_fees(sides).levels(True, 10**12, market.time) or [], plain, strict=True
            ):
                assert (sent, got) == (pytest.approx(more / 0.9), pays)
                seen += 1
            for (sent, got), (more, pays) in zip(
                pool.with_transfer_fees(sides).levels(False, 10**12, market.time) or [],
                pool.levels(False, 10**12, market.time) or [],
                strict=True,
            ):
                assert (sent, got) == (more, pytest.approx(pays * 0.9))
    assert seen
