"""Stable swap and DAMM v2 in both languages: the same answer or the same refusal, to the atom."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.library import curves as reference

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


@st.composite
def damm_v2_accounts(draw: st.DrawFn) -> bytes:
    data = bytearray(1112)
    data[:8] = bytes.fromhex("f19a6d0411b16dbc")
    flag, wild = st.integers(0, 1), draw(st.integers(0, 7)) == 0
    fees = (draw(st.integers(0, 10**9)), draw(flag), draw(st.integers(0, 500)), draw(st.sampled_from([0, 1, 60])))
    cliff, mode, periods, frequency = (draw(magnitudes(64)), *fees[1:]) if wild else fees
    struct.pack_into("<QB5xHQQ", data, 8, cliff, mode, periods, frequency, draw(magnitudes(64 if wild else 14)))
    data[48], data[56] = draw(st.integers(0, 110)), draw(flag)
    struct.pack_into("<II", data, 64, draw(magnitudes(32)), draw(magnitudes(32)))
    struct.pack_into("<4H", data, 72, draw(st.integers(0, 400)), 10, draw(st.integers(0, 600)), draw(magnitudes(16)))
    struct.pack_into("<Q", data, 80, NOW - draw(st.integers(-2, 700)))
    price = draw(st.integers(2**96, 2**127) if wild else st.integers(2**33, 2**96 - 1))
    near = st.integers(0, price // 4).map(lambda off: price + off - price // 8)
    bin_step = draw(st.one_of(st.just(1844674407370955), magnitudes(128)))
    if draw(st.booleans()):
        draw_other_fee(draw, data)
    put(data, 88, bin_step, draw(near), draw(magnitudes(24 if not wild else 128)), draw(magnitudes(24)))
    put(data, 152, draw(st.one_of(near, st.sampled_from([0, 1, price]), magnitudes(128))))
    put(data, 360, draw(magnitudes(128)))
    struct.pack_into("<2Q", data, 392, draw(magnitudes(64)), draw(magnitudes(40)))
    low, high = draw(st.integers(1, price)), draw(st.integers(price, max(price, 2**96)))
    put(data, 424, low, high, price)
    struct.pack_into(
        "<Q4B", data, 472, draw(st.sampled_from([0, 100, NOW])), draw(flag), draw(st.integers(0, 9)) // 9, 0, 0
    )
    data[484], data[486], data[696] = draw(flag), draw(flag), draw(flag)
    struct.pack_into("<2Q", data, 680, draw(magnitudes(64)), draw(magnitudes(64)))
    return bytes(data)


def draw_other_fee(draw: st.DrawFn, data: bytearray) -> None:
    """Writes a rate limiter that is worth the name, or a schedule by price, or one with any bytes."""
    mode, wild = draw(st.integers(2, 4)), draw(st.integers(0, 5)) == 0
    cliff = draw(st.integers(0, 10**9))
    first, second, last = draw(st.integers(0, 10)), draw(magnitudes(32)), draw(magnitudes(64 if wild else 24))
    if mode == 2 and not wild:
        most = draw(st.integers(0, 9_900))
        cliff, first, second = draw(st.integers(0, most)) * 100_000, draw(st.integers(0, 2_000)), 1_000
        struct.pack_into("<QB5xHIIQ", data, 8, cliff, 2, first, second, most, last << draw(st.integers(0, 30)))
        return
    ends = draw(st.sampled_from([0, 900, 2**32 - 1]))
    struct.pack_into("<QB5xHIIQ", data, 8, cliff, mode, first, second >> draw(st.integers(0, 31)), ends, last)


def put(data: bytearray, offset: int, *values: int) -> None:
    """Writes u128 one after another."""
    for at, value in enumerate(values):
        data[offset + 16 * at : offset + 16 * at + 16] = value.to_bytes(16, "little")


@MANY
@given(
    damm_v2_accounts(),
    st.sampled_from(["in", "partial", "out"]),
    st.booleans(),
    amounts,
    st.tuples(st.integers(0, 1_000), st.one_of(st.integers(NOW - 2, NOW + 700), st.just(-1))),
)
def test_damm_v2_answers_alike(account: bytes, mode: str, a_to_b: bool, asked: list[int], time: tuple[int, int]):
    args = (account, mode, a_to_b, asked, time)
    assert native.damm_v2(*args) == reference.damm_v2(*args)


@MANY
@given(damm_v2_accounts(), st.integers(0, 1112), st.binary(max_size=4))
@example(b"", 0, b"")
@example(bytes(1112), 0, b"")
def test_damm_v2_refuses_the_same_accounts_with_the_same_words(account: bytes, at: int, junk: bytes):
    args = (account[:at] + junk + account[at + len(junk) :], "out", True, [10], (0, NOW))
    assert damm_words(native, args) == damm_words(reference, args)


def test_damm_v2_refuses_a_mode_that_is_none():
    args = (bytes.fromhex("f19a6d0411b16dbc") + bytes(1104), "through", True, [], (0, NOW))
    assert damm_words(native, args) == damm_words(reference, args)


def damm_words(engine, args: tuple) -> str | list:
    try:
        return engine.damm_v2(*args)
    except ValueError as error:
        return str(error)


def words(engine, args: tuple) -> str | list:
    try:
        return engine.stable_swap(*args)
    except ValueError as error:
        return str(error)
