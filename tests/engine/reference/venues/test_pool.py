"""Rules of every pool, on pools of random shape."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.venues.cpmm.pool import CpmmPoolState
from cambist.engine.reference.venues.quote import ChainTime, Pool
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.ray4.pool import AmmV4Pool
from tests.parity.amm_vectors import pool_of, random_cpmm, random_v4, random_whirlpool

MAKERS = (random_v4, random_cpmm, random_whirlpool)


def draw(seed: int) -> tuple[Pool, ChainTime, list[tuple[bool, int]]]:
    """Returns a pool, a time and some (a to b, amount in)."""
    rng = random.Random(seed)
    case = rng.choice(MAKERS)(rng)
    return pool_of(case), ChainTime(*case["time"]), [(a_to_b, amount) for _, a_to_b, amount in case["asks"]]


def sold(pool: Pool, a_to_b: bool, amount: int, time: ChainTime) -> int | None:
    try:
        return pool.quote(a_to_b, amount, time).amount_out
    except QuoteError:
        return None


seeds = st.integers(0, 2**32)


@given(seeds)
@settings(max_examples=150)
def test_there_and_back_never_gains(seed: int):
    pool, time, asks = draw(seed)
    for a_to_b, amount in asks:
        try:
            there, after = pool.swap(a_to_b, amount, time)
            back = after.quote(not a_to_b, there.amount_out, time)
        except QuoteError:
            continue
        assert back.amount_out <= amount


@given(seeds)
@settings(max_examples=150)
def test_more_in_never_gives_less_out(seed: int):
    pool, time, asks = draw(seed)
    for side in (True, False):
        amounts = sorted(amount for a_to_b, amount in asks if a_to_b == side)
        outs = [out for amount in amounts if (out := sold(pool, side, amount, time)) is not None]
        assert outs == sorted(outs)


@given(seeds)
@settings(max_examples=150)
def test_k_never_falls(seed: int):
    pool, time, asks = draw(seed)
    if not isinstance(pool, AmmV4Pool | CpmmPoolState):
        return
    for a_to_b, amount in asks:
        try:
            _, after = pool.swap(a_to_b, amount, time)
        except QuoteError:
            continue
        assert isinstance(after, AmmV4Pool | CpmmPoolState)
        before_in, before_out = pool._reserves(a_to_b)
        after_in, after_out = after._reserves(a_to_b)
        assert after_in * after_out >= before_in * before_out


@given(seeds)
@settings(max_examples=150)
def test_no_static_fee_beats_the_marginal_rate(seed: int):
    pool, time, asks = draw(seed)
    if getattr(pool, "oracle", None) is not None or getattr(pool, "transfer_fees", None) not in (None, (None, None)):
        return  # a fee may fall as volatility does, and a capped transfer fee weighs less on more
    if getattr(getattr(pool, "rule", None), "value", None) == "old_ceil":
        return  # the old rule may charge nothing on dust
    for a_to_b, amount in asks:
        out = sold(pool, a_to_b, amount, time)
        weight = pool.weight(a_to_b, time)
        if out and weight is not None:
            assert log2_ratio(out, amount) <= -weight + 4


def test_a_pool_whose_oracle_is_missing_says_so():
    rng = random.Random(3)
    while True:
        case = random_whirlpool(rng)
        pool = pool_of({**case, "oracle": None})
        if pool.account.has_adaptive_fee():
            break
    time = ChainTime(*case["time"])
    assert pool.rate(True, time) is None
    with pytest.raises(QuoteError, match="missing_account"):
        pool.quote(True, 1, time)
