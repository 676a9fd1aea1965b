from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search.log2 import ONE, log2_ratio

U128 = st.integers(0, 128).flatmap(lambda bits: st.integers(1, max(1, (1 << bits) - 1)))


@given(U128, U128)
@example(2**128 - 1, 1)
@example(2**64 - 1, 2**64)
@settings(max_examples=200)
def test_the_error_is_at_most_two_units(num: int, den: int):
    with localcontext(prec=60):
        true = (Decimal(num) / Decimal(den)).ln() / Decimal(2).ln() * ONE
        assert abs(log2_ratio(num, den) - true) <= 2


@pytest.mark.parametrize("power", range(128))
def test_powers_of_two_are_exact(power: int):
    assert log2_ratio(1 << power, 1) == power * ONE
    assert log2_ratio(1, 1 << power) == -power * ONE


@pytest.mark.parametrize(("num", "den"), [(0, 1), (1, 0), (0, 0)])
def test_nothing_has_no_logarithm(num: int, den: int):
    assert log2_ratio(num, den) is None
