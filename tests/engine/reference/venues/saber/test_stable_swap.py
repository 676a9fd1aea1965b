import doctest

import pytest
from msgspec.structs import replace

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.saber import maths as stable_swap
from cambist.engine.reference.venues.saber.layout import StableSwap

KEY = bytes(32)
POOL = StableSwap(
    is_paused=False,
    nonce=255,
    initial_amp=100,
    target_amp=200,
    ramp_start=1_000,
    ramp_stop=2_000,
    vaults=(KEY, KEY),
    pool_mint=KEY,
    mints=(KEY, KEY),
    admin_vaults=(KEY, KEY),
    admin_fee=(5_000, 10_000),
    trade_fee=(4, 10_000),
)
U64 = 2**64 - 1


def test_the_examples_run():
    assert doctest.testmod(stable_swap).failed == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes(394), "stable_swap: size was 394, expected 395"),
        (bytes(396), "stable_swap: size was 396, expected 395"),
        (bytes(395), "stable_swap: is_initialized was 0"),
        (b"\1\2" + bytes(393), "stable_swap: is_paused was 2"),
    ],
)
def test_what_is_no_such_account_is_refused_with_what_it_was(data: bytes, message: str):
    with pytest.raises(LayoutError, match=f"^{message}$"):
        StableSwap.decode(data)


def test_the_program_is_the_known_one():
    assert owned.SABER.hex() == "0684db496cfadfe7d5a1d18cd39b96cd3c88db6484c1bc75681839119b6affb6"


@pytest.mark.parametrize(
    ("initial", "target", "now", "amp"),
    [(100, 200, 1_500, 150), (200, 100, 1_501, 150), (100, 200, 2_000, 200), (100, 200, 1_000, 100)],
)
def test_the_ramp_moves_by_whole_steps(initial: int, target: int, now: int, amp: int):
    assert stable_swap.amplification(replace(POOL, initial_amp=initial, target_amp=target), now) == amp


def test_a_ramp_that_has_not_begun_or_is_too_long_is_refused():
    with pytest.raises(QuoteError, match="invalid_time"):
        stable_swap.amplification(POOL, 999)
    with pytest.raises(QuoteError, match="overflow"):
        stable_swap.amplification(replace(POOL, ramp_start=-(2**63)), 1_500)


def test_nothing_in_is_done_even_when_paused_and_else_it_is_refused():
    paused = replace(POOL, is_paused=True)
    assert stable_swap.swap(paused, (10, 20), 0, 1_500, a_to_b=False).reserves == (20, 10)
    with pytest.raises(QuoteError, match="not_tradable"):
        stable_swap.swap(paused, (10, 20), 1, 1_500, a_to_b=False)


@pytest.mark.parametrize(
    ("reserves", "amp", "amount", "reason"),
    [
        ((0, 5), 100, 1, "empty_pool"),
        ((5, 0), 100, 1, "empty_pool"),
        ((5, 5), 0, 1, "overflow"),
        ((5, 5), 2**63, 1, "overflow"),
        ((U64, 5), 100, 1, "overflow"),
        ((2**63, 5), 100, 1, "overflow"),
        ((10**6, 2), 100, 1, "zero_output"),
    ],
)
def test_bad_input_is_refused_with_its_reason(reserves, amp: int, amount: int, reason: str):
    with pytest.raises(QuoteError, match=reason):
        stable_swap.exact_in(reserves, amp, (4, 10_000), (0, 1), amount)


def test_fees_beyond_the_whole_or_over_zero_are_refused():
    for trade, admin in (((4, 0), (0, 1)), ((4, 10_000), (1, 0)), ((2, 1), (0, 1))):
        with pytest.raises(QuoteError, match="overflow"):
            stable_swap.exact_in((10**6, 10**6), 100, trade, admin, 10**5)
