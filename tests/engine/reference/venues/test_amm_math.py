"""Vectors printed in the reference notes, and rules that hold for all inputs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain.token import TransferFee
from cambist.engine.reference.venues import constant_product as raydium_v4
from cambist.engine.reference.venues.orca.maths import step
from cambist.engine.reference.venues.quote_error import QuoteError, RoundingRule
from cambist.engine.reference.venues.sqrt_price import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    sqrt_price_from_tick,
    tick_from_sqrt_price,
)

LIQUIDITY, PRICE = 740600641175286, 7193838297492601595
atoms = st.integers(0, 64).flatmap(lambda bits: st.integers(1, max(1, (1 << bits) - 1)))


@pytest.mark.parametrize(
    ("amount", "coin", "pc", "coin_in", "out"),
    [
        (3582052, 174321977996, 28789502628, False, 21632602),
        (572129935687, 22473476041727, 73591990479, True, 1822539498),
        (13709281, 6091364156933, 1647324406698, False, 50566091),
        (411624341, 117233985364461520, 30371468205, False, 1563758747677632),
    ],
)
def test_amm_v4_pays_what_real_swaps_paid(amount: int, coin: int, pc: int, coin_in: bool, out: int):
    reserves = (coin, pc) if coin_in else (pc, coin)
    assert raydium_v4.exact_in(reserves, (25, 10_000), amount)[0] == out


@pytest.mark.parametrize(
    ("tick", "price"),
    [
        (0, 2**64),
        (1, 18447666387855959850),
        (-1, 18445821805675392311),
        (100, 18539204128674405812),
        (-100, 18354745142194483561),
        (1000, 19392480388906836277),
        (50000, 224699260982037790824),
        (-50000, 1514390236237315695),
        (-18835, 7193551259695397480),
        (MIN_TICK, MIN_SQRT_PRICE),
        (MAX_TICK, MAX_SQRT_PRICE),
    ],
)
def test_ticks_have_the_programs_prices(tick: int, price: int):
    assert sqrt_price_from_tick(tick) == price
    assert tick_from_sqrt_price(price) == tick


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_a_tick_out_of_range_has_no_price(tick: int):
    with pytest.raises(QuoteError, match="price_limit"):
        sqrt_price_from_tick(tick)


@pytest.mark.parametrize(
    ("amount", "a_to_b", "target_tick", "expected"),
    [
        (10**9, True, -18840, (999600000, 152022516, 7193834510943823319, 400000)),
        (10**8, False, -18832, (99960000, 657270588, 7193840787277831434, 40000)),
        (1, True, -18840, (0, 0, PRICE, 1)),
        (10**13, True, -18836, (170732644608, 25963271992, 7193191609105982146, 68320386)),
    ],
)
def test_steps_as_the_formulas_give_them(
    amount: int, a_to_b: bool, target_tick: int, expected: tuple[int, int, int, int]
):
    target = sqrt_price_from_tick(target_tick)
    assert step(amount, 400, LIQUIDITY, PRICE, target, exact_in=True, a_to_b=a_to_b) == expected


@given(st.integers(MIN_TICK, MAX_TICK - 1), st.data())
@settings(max_examples=200)
def test_a_price_belongs_to_the_tick_below(tick: int, data: st.DataObject):
    low, high = sqrt_price_from_tick(tick), sqrt_price_from_tick(tick + 1)
    assert low < high
    assert tick_from_sqrt_price(data.draw(st.integers(low, high - 1))) == tick


@pytest.mark.parametrize(
    ("num", "den", "true_ceil", "old_ceil"),
    [(0, 3, 0, 0), (1, 3, 1, 0), (2, 3, 1, 1), (1, 2, 1, 1), (3, 3, 1, 1), (4, 3, 2, 2), (6, 3, 2, 2)],
)
def test_the_old_rule_rounds_small_quotients_to_nearest(num: int, den: int, true_ceil: int, old_ceil: int):
    assert RoundingRule.TRUE_CEIL.divide(num, den) == true_ceil
    assert RoundingRule.OLD_CEIL.divide(num, den) == old_ceil


@given(atoms, atoms, st.integers(0, 10_000))
@settings(max_examples=200)
def test_what_was_sent_gross_arrives_net(net: int, max_fee: int, bps: int):
    fee = TransferFee(0, max_fee, bps)
    gross = fee.gross(net)
    assert 0 <= fee.fee(net) <= min(net, max_fee)
    if bps < 10_000:
        assert gross - fee.fee(gross) >= net


@given(atoms, atoms, st.integers(0, 9_999), atoms)
@settings(max_examples=200)
def test_amm_v4_round_trips(reserve_in: int, reserve_out: int, fee: int, amount: int):
    reserves, rate = (reserve_in, reserve_out), (fee, 10_000)
    try:
        out, _ = raydium_v4.exact_in(reserves, rate, amount)
    except QuoteError as error:
        assert error.reason in ("zero_output", "overflow")  # noqa: PT017
        return
    again, _ = raydium_v4.exact_out(reserves, rate, out)
    assert again <= amount
    assert raydium_v4.exact_in(reserves, rate, again)[0] >= out
