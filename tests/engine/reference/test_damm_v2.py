import doctest
import struct

import pytest
from msgspec.structs import replace

from cambist.engine.reference.accounts import DammV2BaseFee, DammV2Pool, LayoutError
from cambist.engine.reference.amm_math import QuoteError, damm_v2, damm_v2_fee
from cambist.engine.reference.amm_math.damm_v2 import SwapMode, swap

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
    assert doctest.testmod(damm_v2_fee).failed == doctest.testmod(damm_v2).failed == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (bytes(7), "size was 7, expected 8"),
        (bytes(1112), "discriminator was 0000000000000000"),
        (account()[:-1], "size was 1111, expected 1112"),
        (account(mode=(16, "<B", 2)), "base_fee_mode was 2"),
        (account(type=(480, "<B", 3)), "activation_type was 3"),
        (account(status=(481, "<B", 2)), "pool_status was 2"),
        (account(collect=(484, "<B", 2)), "collect_fee_mode was 2"),
        (account(version=(486, "<B", 9)), "fee_version was 9"),
        (account(price=(456 + 8, "<Q", 0)), "sqrt_price was 0"),
        (account(low=(424, "<Q", 0)), f"sqrt_price was {ONE}"),
    ],
)
def test_what_is_no_such_account_is_refused_with_what_it_was(data: bytes, says: str):
    with pytest.raises(LayoutError, match=f"^damm_v2_pool: {says}$"):
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
        (replace(POOL, base_fee=DammV2BaseFee(1, 0, 2, 1, 1)), 1_000, NOW, None),
    ],
)
def test_what_the_program_refuses_is_refused_with_its_reason(pool: DammV2Pool, amount: int, now: int, reason: str):
    if reason is None:
        with pytest.raises(QuoteError, match="overflow"):
            swap(pool, SwapMode.EXACT_IN, amount, 2, now, a_to_b=True)
        return
    with pytest.raises(QuoteError, match=reason):
        swap(pool, SwapMode.EXACT_IN, amount, 0, now, a_to_b=True)


def test_the_schedule_starts_at_its_end_for_who_comes_early():
    fee = DammV2BaseFee(cliff=1_000, mode=0, periods=3, frequency=10, reduction=100)
    assert [damm_v2_fee.base_fee(fee, point, 100) for point in (99, 100, 109, 110, 125, 999)] == [
        700, 1_000, 1_000, 900, 800, 700,
    ]  # fmt: skip
