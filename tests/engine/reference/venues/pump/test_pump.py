import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues.pump import maths as pump
from cambist.engine.reference.venues.pump.layout import PumpConfig, PumpFeeConfig, PumpFees, PumpPool
from cambist.engine.reference.venues.pump.pool import PumpState, is_canonical
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.quote_error import QuoteError

TIME = ChainTime(400_000_000, 1_760_000_000, 925)
FEES = PumpFees(20, 5, 5)
POOL = pump.PumpReserves(10**12, 10**11)


def account(creator: bytes = bytes(32), virtual: int = 0, coin_creator: bytes = b"\1" * 32) -> PumpPool:
    keys = [bytes([index]) * 32 for index in range(2, 7)]
    return PumpPool(0, creator, *keys, 10**9, coin_creator, False, False, virtual)


def state(fee_config: PumpFeeConfig | None = None, **changes: object) -> PumpState:
    fields: dict[str, object] = {
        "account": account(),
        "config": PumpConfig(0, FEES),
        "fee_config": fee_config,
        "base_supply": 10**15,
        "canonical": True,
        "amounts": (10**12, 10**11),
        "transfer_fees": (None, None),
    }
    return PumpState(**(fields | changes))  # type: ignore[arg-type]  # values of many types by name


def test_worked_numbers():
    # ⌈10¹¹ · 10¹⁰ / (10¹² − 10¹⁰)⌉ = 1 010 101 011, of which 0.2 % and twice 0.05 %, each up.
    bought = pump.PumpFill(1_013_131_316, 10_000_000_000, 2_020_203, 505_051, 505_051)
    assert pump.buy_exact_out(POOL, FEES, 10**10) == bought
    # ⌊10¹¹ · 10¹⁰ / (10¹² + 10¹⁰)⌋ = 990 099 009.
    sold = pump.PumpFill(10_000_000_000, 987_128_710, 1_980_199, 495_050, 495_050)
    assert pump.sell_exact_in(POOL, FEES, 10**10) == sold
    # ⌊10⁹ · 10⁴ / 10030⌋ = 997 008 973 costs an atom too much with its fees.
    spent = pump.PumpFill(1_000_000_000, 9_871_668_291, 1_994_018, 498_505, 498_505)
    assert pump.buy_exact_in(POOL, FEES, 10**9) == spent


def test_who_made_a_pool_says_whether_it_is_canonical():
    base = base58.decode("7LSsEoJGhLeZzGvDofTdNg7M3JttxQqGWNLo6vWMpump")
    creator = base58.decode("9XDYTfQKwW8sHPqnFdUreMmtmffmkHVPGTNV2e3LKxNW")
    pool = account(creator)
    assert not is_canonical(pool)
    made = PumpPool(0, creator, base, *(bytes([index]) * 32 for index in range(4)), 1, bytes(32), False, False, 0)
    assert is_canonical(made)


def test_fees_go_by_market_cap_for_a_canonical_pool_only():
    schedule = PumpFeeConfig(PumpFees(25, 5, 0), ((10, PumpFees(2, 93, 30)), (10**14, PumpFees(20, 5, 95))))
    assert state(schedule).fees() == (20, 5, 95)
    assert state(schedule, base_supply=10**15 - 1).fees() == (2, 93, 30)
    assert state(schedule, base_supply=0).fees() == (2, 93, 30)
    assert state(schedule, canonical=False).fees() == (25, 5, 0)
    assert state().fees() == FEES
    assert state(account=account(coin_creator=bytes(32))).fees() == (20, 5, 0)
    with pytest.raises(QuoteError, match="missing_account"):
        state(schedule, base_supply=None).fees()


def test_fees_of_others_leave_the_vault_and_those_of_makers_stay():
    pool = state()
    quote, after = pool.swap(True, 10**10, TIME)
    assert (quote.amount_out, quote.fee_out, quote.fee) == (987_128_710, 2_970_299, 0)
    assert isinstance(after, PumpState)
    assert after.amounts == (10**12 + 10**10, 10**11 - 990_099_009 + 1_980_199)
    quote, after = pool.swap_exact_out(False, 10**10, TIME)
    assert (quote.amount_in, quote.fee) == (1_013_131_316, 3_030_305)
    assert isinstance(after, PumpState)
    assert after.amounts == (10**12 - 10**10, 10**11 + 1_010_101_011 + 2_020_203)


def test_virtual_reserves_make_a_price_but_do_not_pay():
    boosted = state(account=account(virtual=10**11), amounts=(10**12, 10**9))
    with pytest.raises(QuoteError, match="liquidity"):
        boosted.quote(True, 10**12, TIME)
    assert boosted.quote(True, 10**6, TIME).amount_out == 100_695
    waiting = state(account=account(virtual=-(10**10)), amounts=(10**12, 11 * 10**10))
    assert waiting.quote(True, 10**10, TIME) == state().quote(True, 10**10, TIME)
    with pytest.raises(QuoteError, match="empty_pool"):
        state(account=account(virtual=-(10**11))).quote(True, 1, TIME)


def test_what_is_switched_off_refuses():
    for flags, a_to_b in ((8, False), (16, True)):
        pool = state(config=PumpConfig(flags, FEES))
        with pytest.raises(QuoteError, match="not_tradable"):
            pool.quote(a_to_b, 10**6, TIME)
        assert pool.rate(a_to_b, TIME) is None
        assert pool.virtual_reserves(a_to_b, TIME) is None
        assert pool.quote(not a_to_b, 10**6, TIME).amount_out > 0


amounts = st.integers(4, 58).flatmap(lambda bits: st.integers(1, (1 << bits) - 1))
bps = st.integers(0, 300)


@settings(max_examples=200)
@given(amounts, amounts, st.builds(PumpFees, bps, bps, bps), amounts)
def test_exact_out_and_exact_in_meet(base: int, quote: int, fees: PumpFees, ask: int):
    pool = pump.PumpReserves(base, quote)
    for exact_in, exact_out in (
        (pump.buy_exact_in, pump.buy_exact_out),
        (pump.sell_exact_in, pump.sell_exact_out),
    ):
        try:
            wanted = exact_out(pool, fees, ask)
            again = exact_in(pool, fees, wanted.amount_in)
        except QuoteError:
            continue
        assert wanted.amount_out >= ask
        if exact_in is pump.sell_exact_in:
            assert again == wanted
        else:
            # An exact input is bought for an atom of quote less than it pays.
            assert again.amount_out <= wanted.amount_out
