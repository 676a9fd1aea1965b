import doctest
import struct

import pytest
from msgspec.structs import replace

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.damm2 import fee as damm_v2_fee
from cambist.engine.reference.venues.damm2 import limiter as damm_v2_limiter
from cambist.engine.reference.venues.damm2 import maths as damm_v2
from cambist.engine.reference.venues.damm2.layout import (
    DammV2FeeByAmount,
    DammV2FeeByPrice,
    DammV2FeeByTime,
    DammV2Pool,
    DammV2Steps,
)
from cambist.engine.reference.venues.damm2.maths import SwapMode, swap
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.simulator.venues.damm2.layout import encode_damm_v2

ONE = 1 << 64
NOW = 1_760_000_000


def account(**patches: tuple[int, str, int]) -> bytes:
    """Returns a pool at price 1 whose fee is 1 %, with (offset, struct format, value) patches."""
    data = bytearray(1112)
    data[:8] = bytes.fromhex("f19a6d0411b16dbc")
    for offset, kind, value in (
        (8, "<Q", 10_000_000),
        (48, "<B", 20),
        (360 + 8, "<Q", 10**12),
        (424, "<Q", 4295048016),
        (440 + 8, "<Q", 10**9),
        (456 + 8, "<Q", 1),
        (680, "<Q", 10**15),
        (688, "<Q", 10**15),
        (696, "<B", 1),
        *patches.values(),
    ):
        struct.pack_into(kind, data, offset, value)
    return bytes(data)


POOL = DammV2Pool.decode(account())


def test_the_examples_run():
    assert sum(doctest.testmod(module).failed for module in (damm_v2, damm_v2_fee, damm_v2_limiter)) == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes(7), "size was 7, expected 8"),
        (bytes(1112), "discriminator was 0000000000000000"),
        (account()[:-1], "size was 1111, expected 1112"),
        (account(mode=(16, "<B", 5)), "base_fee_mode was 5"),
        (account(type=(480, "<B", 3)), "activation_type was 3"),
        (account(status=(481, "<B", 2)), "pool_status was 2"),
        (account(collect=(484, "<B", 2)), "collect_fee_mode was 2"),
        (account(version=(486, "<B", 9)), "fee_version was 9"),
        (account(price=(456 + 8, "<Q", 0)), "sqrt_price was 0"),
        (account(low=(424, "<Q", 0)), f"sqrt_price was {ONE}"),
    ],
)
def test_what_is_no_such_account_is_refused_with_what_it_was(data: bytes, message: str):
    with pytest.raises(LayoutError, match=f"^damm_v2_pool: {message}$"):
        DammV2Pool.decode(data)


def test_a_swap_at_price_one_pays_the_output_less_its_fee():
    fill = swap(POOL, SwapMode.EXACT_IN, 1_000_000, 0, NOW, a_to_b=True)
    assert (fill.amount_in, fill.amount_out, fill.fee, fill.protocol_fee) == (1_000_000, 989_999, 10_000, 2_000)
    assert not fill.fee_on_input
    assert fill.pool.protocol_fees == (0, 2_000)
    back = swap(POOL, SwapMode.EXACT_OUT, 989_999, 0, NOW, a_to_b=True)
    assert (back.amount_in, back.fee) == (1_000_000, 10_000)


def test_a_layout_that_keeps_no_amounts_caps_nothing():
    pool = DammV2Pool.decode(account(layout=(696, "<B", 0)))
    assert pool.token_amounts is None
    assert swap(pool, SwapMode.EXACT_IN, 1_000, 0, NOW, a_to_b=True).pool.token_amounts is None


@pytest.mark.parametrize(
    ("pool", "amount", "now", "reason"),
    [
        (replace(POOL, is_disabled=True), 1, NOW, "not_tradable"),
        (replace(POOL, activation_point=NOW + 1, activation_by_time=True), 1, NOW, "not_tradable"),
        (replace(POOL, activation_point=1), 1, NOW, "not_tradable"),
        (POOL, 1, -1, "invalid_time"),
        (POOL, 0, NOW, "zero_amount"),
        (replace(POOL, liquidity=0), 1, NOW, "empty_pool"),
        (replace(POOL, token_amounts=(0, 9)), 1_000, NOW, "liquidity"),
        (replace(POOL, min_sqrt_price=POOL.sqrt_price), 1_000, NOW, "liquidity"),
        (replace(POOL, protocol_fee_percent=101), 10**6, NOW, "overflow"),
        (replace(POOL, protocol_fees=(0, 2**64 - 1)), 10**6, NOW, "overflow"),
        (replace(POOL, base_fee=DammV2FeeByTime(1, DammV2Steps(False, 2, 1), 1)), 1_000, NOW, None),
    ],
)
def test_what_the_program_refuses_is_refused_with_its_reason(pool: DammV2Pool, amount: int, now: int, reason: str):
    if reason is None:
        with pytest.raises(QuoteError, match="overflow"):
            swap(pool, SwapMode.EXACT_IN, amount, 2, now, a_to_b=True)
        return
    with pytest.raises(QuoteError, match=reason):
        swap(pool, SwapMode.EXACT_IN, amount, 0, now, a_to_b=True)


def fee_at(pool: DammV2Pool, point: int, amount: int = 1, *, a_to_b: bool = True, net: bool = False) -> int:
    return damm_v2_fee.base_fee(pool, damm_v2_fee.Taken(point, a_to_b, amount, net))


def test_the_schedule_starts_at_its_end_for_who_comes_early():
    fee = DammV2FeeByTime(1_000, DammV2Steps(exponential=False, periods=3, reduction=100), frequency=10)
    pool = replace(POOL, base_fee=fee, activation_point=100)
    assert [fee_at(pool, point) for point in (99, 100, 109, 110, 125, 999)] == [700, 1_000, 1_000, 900, 800, 700]


LIMITER = DammV2FeeByAmount(10_000_000, increment_bps=100, max_fee_bps=5_000, reference=10**9, duration=60)
"""1 % more for each token B (of 9 decimals), from 1 % up to 50 %: the program's own tests have this one."""
LIMITED = replace(POOL, base_fee=LIMITER, collect_fee_mode=1, fee_version=1)


def limiter_account() -> bytes:
    return account(
        mode=(16, "<B", 2), step=(22, "<H", 100), duration=(24, "<I", 60), most=(28, "<I", 5_000),
        reference=(32, "<Q", 10**9), collect=(484, "<B", 1), version=(486, "<B", 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fee", "mode", "first", "second", "third", "last"),
    [
        (LIMITER, 2, 100, 60, 5_000, 10**9),
        (DammV2FeeByPrice(10_000_000, DammV2Steps(False, 9, 7), 50, 3_600), 3, 9, 50, 3_600, 7),
        (DammV2FeeByPrice(10_000_000, DammV2Steps(True, 9, 7), 50, 3_600), 4, 9, 50, 3_600, 7),
        (DammV2FeeByTime(10_000_000, DammV2Steps(True, 9, 7), 50 | 3_600 << 32), 1, 9, 50, 3_600, 7),
    ],
)
def test_each_mode_reads_the_same_bytes_its_own_way(fee, mode: int, first: int, second: int, third: int, last: int):
    data = account(
        mode=(16, "<B", mode), periods=(22, "<H", first), low=(24, "<I", second), high=(28, "<I", third),
        last=(32, "<Q", last), price=(152, "<Q", 77),
    )  # fmt: skip
    pool = DammV2Pool.decode(data)
    assert (pool.base_fee, pool.first_sqrt_price) == (fee, 77)
    assert encode_damm_v2(pool)[8:40] == data[8:40]
    assert not fee.is_recorded


@pytest.mark.parametrize(
    ("parts", "bps"), [(2, 100), (3, 133), (4, 150), (6, 200), (8, 250), (2 * (2**64 - 1) // 10**9, 5_000)]
)
def test_the_limiter_charges_what_the_programs_own_tests_say(parts: int, bps: int):
    """Figures of `test_rate_limiter_behavior`, in whole basis points; the last is the largest input."""
    amount = min(parts * 10**9 // 2, 2**64 - 1)
    amount = 2**64 - 1 if parts > 100 else amount
    assert fee_at(LIMITED, 60, amount, a_to_b=False) // 100_000 == bps


def test_the_limiter_is_off_for_sellers_after_its_time_and_where_all_is_zero():
    much = 2 * 10**9
    assert fee_at(LIMITED, 60, much, a_to_b=False) == 15_000_000
    assert fee_at(LIMITED, 60, much, a_to_b=True) == LIMITER.cliff
    assert fee_at(LIMITED, 61, much, a_to_b=False) == LIMITER.cliff
    assert fee_at(replace(LIMITED, activation_point=9), 8, much, a_to_b=False) == LIMITER.cliff
    off = replace(LIMITED, base_fee=DammV2FeeByAmount(5, 0, 0, 0, 0))
    assert fee_at(off, 0, much, a_to_b=False) == 5


def test_the_limiters_inverse_finds_an_input_of_its_own():
    for gross in (1, 10**9, 10**9 + 1, 25 * 10**8, 49 * 10**9, 50 * 10**9, 50 * 10**9 + 1, 10**15):
        rate = fee_at(LIMITED, 0, gross, a_to_b=False)
        net = gross - damm_v2_fee.fee_on_gross(gross, rate)
        back = fee_at(LIMITED, 0, net, a_to_b=False, net=True)
        found = net + damm_v2_fee.fee_on_net(net, back)
        assert abs(found - gross) <= 4 * (1 + gross // 10**9), "a rate has nine digits"


@pytest.mark.parametrize(
    "fee",
    [
        DammV2FeeByAmount(10_000_000, 0, 5_000, 10**9, 60),
        DammV2FeeByAmount(10_000_000, 100, 5_000, 0, 60),
        DammV2FeeByAmount(600_000_000, 100, 5_000, 10**9, 60),
    ],
)
def test_a_limiter_that_the_program_could_not_compute_is_refused(fee: DammV2FeeByAmount):
    with pytest.raises(QuoteError, match="overflow"):
        fee_at(replace(LIMITED, base_fee=fee), 0, 2 * 10**9, a_to_b=False)


def test_a_limited_swap_pays_on_its_whole_input_and_back():
    pool = DammV2Pool.decode(limiter_account())
    assert pool == replace(LIMITED, first_sqrt_price=0)
    fill = swap(pool, SwapMode.EXACT_IN, 3 * 10**9, 0, NOW, a_to_b=False)
    assert (fill.fee_on_input, fill.fee) == (True, 60_000_000)
    back = swap(pool, SwapMode.EXACT_OUT, fill.amount_out, 0, NOW, a_to_b=False)
    assert abs(back.amount_in - fill.amount_in) <= 4
    sold = swap(pool, SwapMode.EXACT_IN, 3 * 10**9, 0, NOW, a_to_b=True)
    assert sold.fee == -(-(sold.amount_out + sold.fee) // 100), "1 % of what is paid out"


def test_a_partial_limited_swap_pays_the_rate_of_what_was_taken():
    pool = replace(LIMITED, max_sqrt_price=POOL.sqrt_price + POOL.sqrt_price // 10**6)
    fill = swap(pool, SwapMode.PARTIAL_IN, 10**13, 0, NOW, a_to_b=False)
    assert fill.left > 0
    taken = fill.amount_in - fill.fee
    assert fill.fee == damm_v2_fee.fee_on_net(taken, fee_at(pool, 0, taken, a_to_b=False, net=True))


@pytest.mark.parametrize(
    ("percent", "point", "linear", "exponential"),
    [
        (100, 0, 50_000_000, 50_000_000),
        (90, 0, 50_000_000, 50_000_000),
        (104, 0, 50_000_000, 50_000_000),
        (105, 0, 49_000_000, 49_000_000),
        (114, 3_600, 48_000_000, 48_020_000),
        (300, 3_600, 40_000_000, 40_853_640),
        (100, 3_601, 40_000_000, 40_853_640),
    ],
)
def test_a_fee_by_price_falls_as_the_root_rises_and_ends_with_its_time(
    percent: int, point: int, linear: int, exponential: int
):
    """5 %, less for each 5 % of √price above the first, at most 10 times: by 0.1 % of a token, or by 2 % of itself."""
    for steps, fee in (
        (DammV2Steps(exponential=False, periods=10, reduction=1_000_000), linear),
        (DammV2Steps(exponential=True, periods=10, reduction=200), exponential),
    ):
        price = DammV2FeeByPrice(50_000_000, steps, step_bps=500, duration=3_600)
        pool = replace(POOL, base_fee=price, first_sqrt_price=100 << 40, sqrt_price=percent << 40)
        assert abs(fee_at(pool, point) - fee) <= (1 if steps.exponential else 0)


@pytest.mark.parametrize("broken", [{"first_sqrt_price": 0}, {"step_bps": 0}])
def test_a_fee_by_price_without_a_step_is_refused(broken: dict[str, int]):
    steps = DammV2Steps(exponential=False, periods=10, reduction=1)
    fee = DammV2FeeByPrice(50, steps, broken.get("step_bps", 1), 9)
    pool = replace(POOL, base_fee=fee, first_sqrt_price=broken.get("first_sqrt_price", 1))
    with pytest.raises(QuoteError, match="overflow"):
        fee_at(pool, 0)
