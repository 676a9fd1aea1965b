"""Meteora DLMM in both engines: same price, same swap, same refusal, on accounts of any content."""

import doctest
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.library import bins as reference
from cambist.engine.reference.venues.dlmm.maths import price
from tests import svm_vectors

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ADDRESS, NOW = b"\7" * 32, 1_760_000_000
PAIR, ARRAY, EXTENSION = (bytes.fromhex(text) for text in ("210b3162b565b10d", "5c8e5cdc059446b5", "506f7c7137ed1205"))
U64 = st.integers(0, 64).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))
U32 = st.one_of(st.sampled_from([0, 10_000, 150_000, 7_500]), st.integers(0, 500_000), st.integers(0, 2**32 - 1))
U16 = st.one_of(st.sampled_from([0, 30, 600, 5_000]), st.integers(0, 2**16 - 1))
held = st.fixed_dictionaries(
    {"x": U64, "y": U64, "open": U64, "begun": U64, "ask": st.booleans(), "priced": st.integers(0, 49).map(bool)}
)


def put(data: bytearray, offset: int, size: int, value: int) -> None:
    data[offset : offset + size] = value.to_bytes(size, "little", signed=value < 0)


def array(index: int, bin_step: int, bins: dict[int, dict[str, Any]]) -> bytes:
    """Returns a bin array's account with some of its bins filled."""
    data = bytearray(10_136)
    data[:8], data[24:56] = ARRAY, ADDRESS
    put(data, 8, 8, index)
    for offset, each in bins.items():
        at = 56 + 144 * offset
        for field, where in (("x", 0), ("y", 8), ("open", 112), ("begun", 128)):
            put(data, at + where, 8, each[field])
        put(data, at + 140, 1, each["ask"])
        if each["priced"]:
            put(data, at + 16, 16, price.bin_price(70 * index + offset, bin_step))
    return bytes(data)


@st.composite
def accounts(draw: st.DrawFn) -> list[bytes]:
    """Returns a pair, perhaps an extension, and the arrays around the active bin, one perhaps missing."""
    home = draw(st.sampled_from([-513, -512, -1, 0, 511, 512]))
    bin_step = draw(st.integers(1, 8))
    data = bytearray(904)
    data[:8] = PAIR
    widths = ((8, U16), (10, U16), (12, U16), (14, U16))
    for offset, values in widths:
        put(data, offset, 2, draw(values))
    put(data, 16, 4, draw(U32))
    put(data, 20, 4, draw(U32))
    put(data, 32, 2, draw(st.integers(0, 10_001)))
    put(data, 34, 1, draw(st.sampled_from([*[0] * 9, 1, 3, 38, 39, 255])))
    put(data, 35, 1, draw(st.integers(0, 3)))
    put(data, 36, 1, draw(st.integers(0, 2)))
    put(data, 40, 4, draw(U32))
    put(data, 44, 4, draw(U32))
    active = 70 * home + draw(st.integers(0, 69))
    put(data, 48, 4, draw(st.sampled_from([active, active - 7, -(2**31)])))
    put(data, 56, 8, NOW - draw(st.sampled_from([0, 29, 30, 599, 600, 10**6, -5, NOW + 2**63])))
    put(data, 76, 4, active)
    put(data, 80, 2, bin_step)
    put(data, 82, 1, draw(st.sampled_from([*[0] * 9, 1])))
    put(data, 86, 1, draw(st.integers(0, 1)))
    put(data, 264, 1, draw(st.integers(0, 1)))
    put(data, 816, 8, draw(st.sampled_from([*[0] * 9, 100, NOW, NOW + 1])))
    extension = bytearray(1576)
    extension[:8], extension[8:40] = EXTENSION, ADDRESS
    for index in (home - 1, home, home + 1):
        base, bit = (40, index - 512) if index > 511 else (808, -513 - index) if index < -512 else (584, index + 512)
        target = data if base == 584 else extension
        target[base + bit // 8] |= 1 << bit % 8
    arrays = [
        array(index, bin_step, draw(st.dictionaries(st.integers(0, 69), held, min_size=4, max_size=16)))
        for index in (home - 1, home, home + 1)
        if draw(st.integers(0, 9))
    ]
    return [bytes(data), bytes(extension) if draw(st.integers(0, 4)) else b"", *arrays]


def outcome(call: Callable[..., Any], *args: Any, **keywords: Any) -> object:
    try:
        return call(*args, **keywords)
    except ValueError as error:
        return str(error)


@settings(max_examples=150, deadline=None)
@given(accounts(), st.lists(U64, max_size=4), st.booleans(), st.booleans())
def test_both_engines_swap_alike(data: list[bytes], amounts: list[int], exact_in: bool, x_to_y: bool):
    answers = [
        outcome(engine.dlmm_swaps, ADDRESS, data, amounts, exact_in=exact_in, x_to_y=x_to_y, now=NOW, slot=100)
        for engine in (native, reference)
    ]
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@given(st.integers(-(2**31), 2**31 - 1) | st.integers(-443_636, 443_636), st.integers(0, 2**16 - 1))
def test_both_engines_price_bins_alike(bin_id: int, bin_step: int):
    assert outcome(native.dlmm_bin_price, bin_id, bin_step) == outcome(reference.dlmm_bin_price, bin_id, bin_step)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "dlmm of 0 accounts"),
        ([b"", b""], "lb_pair: size was 0, expected 8"),
        ([PAIR + bytes(895), b""], "lb_pair: size was 903, expected 904"),
        ([ARRAY + bytes(896), b""], "lb_pair: discriminator was 5c8e5cdc059446b5"),
        ([PAIR + bytes(896), b""], "lb_pair: bin_step was 0"),
        ([PAIR + bytes(68) + b"\1" * 828, b""], "lb_pair: active_id was 16843009"),
        (
            [PAIR + bytes(24) + b"\xff\xff" + bytes(46) + b"\1" * 2 + bytes(822), b""],
            "lb_pair: protocol_share was 65535",
        ),
        ([PAIR + bytes(72) + b"\1" + bytes(823), EXTENSION], "bin_array_bitmap_extension: size was 8, expected 1576"),
        (
            [PAIR + bytes(72) + b"\1" + bytes(823), b"", ARRAY + b"\1" * 10_128],
            "bin_array: index was 72340172838076673",
        ),
    ],
)
def test_both_engines_refuse_what_is_no_such_account(data: list[bytes], message: str):
    for engine in (native, reference):
        got = outcome(engine.dlmm_swaps, ADDRESS, data, [1], exact_in=True, x_to_y=True, now=0, slot=0)
        assert got == message


def test_both_engines_refuse_another_pairs_accounts():
    pair = PAIR + bytes(72) + b"\1" + bytes(823)
    for data in ([pair, EXTENSION + bytes(1568)], [pair, b"", ARRAY + bytes(10_128)]):
        answers = [
            outcome(engine.dlmm_swaps, ADDRESS, data, [1], exact_in=True, x_to_y=True, now=0, slot=0)
            for engine in (native, reference)
        ]
        assert answers[0] == answers[1]
        assert "lb_pair was 11111111111111111111111111111111" in answers[0]


def test_both_engines_swap_recorded_pools_alike():
    recorded = svm_vectors.load("meteora_dlmm")
    compared = 0
    for pool in recorded["pools"].values():
        roles: dict[str, list[bytes]] = {}
        for account in pool["accounts"].values():
            roles.setdefault(account["role"], []).append(svm_vectors.account_bytes(account))
        data = [roles["lb_pair"][0], b"", *roles["bin_array"]]
        address = roles["bin_array"][0][24:56]
        amounts = [10**power for power in range(1, 19, 3)]
        for exact_in, x_to_y in ((True, True), (True, False), (False, True), (False, False)):
            keywords = {"exact_in": exact_in, "x_to_y": x_to_y, "now": NOW, "slot": 470_000_000}
            answers = reference.dlmm_swaps(address, data, amounts, **keywords)
            assert native.dlmm_swaps(address, data, amounts, **keywords) == answers
            compared += sum(not isinstance(each, str) for each in answers)
    assert compared > 300


def test_examples_run():
    for module in (reference, price):
        assert doctest.testmod(module).failed == 0
