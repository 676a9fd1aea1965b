"""Stable swap and DAMM v2 in both languages: the same answer or the same refusal, to the atom."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference import curves as reference

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

MANY = settings(max_examples=200, deadline=None)
NOW = 1_760_000_000
U64 = 2**64 - 1


def magnitudes(bits: int) -> st.SearchStrategy[int]:
    """Integers below 2^bits, each length as likely as another."""
    return st.integers(1, bits).flatmap(lambda length: st.integers(0, (1 << length) - 1))


amounts = st.lists(magnitudes(64), max_size=6)
times = st.one_of(st.integers(NOW - 1_000, NOW + 1_000), st.integers(-(2**63), 2**63 - 1))
amps = st.one_of(st.integers(0, 10_000), magnitudes(64))
shares = st.one_of(
    st.tuples(st.integers(0, 10_000), st.just(10_000)), st.tuples(magnitudes(64), st.one_of(st.just(0), magnitudes(64)))
)


@st.composite
def saber_accounts(draw: st.DrawFn) -> bytes:
    head = struct.pack(
        "<3BQQqqq", 1, draw(st.integers(0, 9)) // 9, 255, draw(amps), draw(amps), draw(times), draw(times), 0
    )
    fees = struct.pack("<8Q", *draw(shares), 0, 1, *draw(shares), 0, 1)
    return head + bytes(288) + fees


@MANY
@given(saber_accounts(), st.tuples(magnitudes(64), magnitudes(64)), st.booleans(), amounts, times)
def test_stable_swap_answers_alike(account: bytes, reserves: tuple[int, int], a_to_b: bool, asked: list[int], now: int):
    args = (account, reserves, a_to_b, asked, now)
    assert native.stable_swap(*args) == reference.stable_swap(*args)


@MANY
@given(st.binary(max_size=400))
@example(bytes(395))
@example(b"\1\2" + bytes(393))
def test_stable_swap_refuses_the_same_accounts_with_the_same_words(account: bytes):
    args = (account, (10**6, 10**6), True, [10], NOW)
    assert words(native, args) == words(reference, args)


def words(engine, args: tuple) -> str | list:
    try:
        return engine.stable_swap(*args)
    except ValueError as error:
        return str(error)
