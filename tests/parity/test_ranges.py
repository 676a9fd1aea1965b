"""Raydium CLMM and Pump AMM in both engines: same swap, same quote, same refusal, on accounts of any content."""

import doctest
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.chain import pda
from cambist.engine.reference.library import ranges
from cambist.engine.reference.venues import owned, raydium_price
from cambist.engine.reference.venues.clmm import maths as raydium_clmm
from tests import svm_vectors

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

ADDRESS, NOW, TIME = b"\7" * 32, 1_760_000_000, (400_000_000, 1_760_000_000, 925)
POOL, CONFIG, ARRAY, EXTENSION = (
    bytes.fromhex(text) for text in ("f7ede3f5d7c3de46", "daf42168cbcb2b6f", "c09b55cd31f9812a", "3c9624db61808b99")
)
PUMP_POOL, PUMP_CONFIG, FEE_CONFIG = (
    bytes.fromhex(text) for text in ("f19a6d0411b16dbc", "95089ccaa0fcb0d9", "8f3492bbdb7b4c9b")
)
U64 = st.integers(0, 64).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))
U128 = st.integers(0, 128).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))
U32 = st.one_of(st.sampled_from([0, 10_000, 150_000, 7_500]), st.integers(0, 500_000), st.integers(0, 2**32 - 1))
U16 = st.one_of(st.sampled_from([0, 30, 600, 5_000]), st.integers(0, 2**16 - 1))
orders = st.tuples(U64, U64, st.integers(0, 3), st.integers(0, 2**64))
ticks = st.fixed_dictionaries({"net": st.integers(-(2**70), 2**70), "orders": st.none() | st.none() | orders})
asks = st.lists(st.tuples(st.booleans(), st.booleans(), U64), min_size=1, max_size=4)


def put(data: bytearray, offset: int, size: int, value: int) -> None:
    data[offset : offset + size] = value.to_bytes(size, "little", signed=value < 0)


def array(start: int, held: dict[int, dict[str, Any]]) -> bytes:
    """Returns a tick array's account."""
    data = bytearray(10_240)
    data[:8], data[8:40] = ARRAY, ADDRESS
    put(data, 40, 4, start)
    for offset, each in held.items():
        at = 44 + 168 * offset
        put(data, at + 4, 16, each["net"])
        put(data, at + 20, 16, abs(each["net"]))
        for where, value in zip((124, 132, 116), each["orders"] or (), strict=False):
            put(data, at + where, 8, value)
        if each["orders"]:
            put(data, at + 140, 16, each["orders"][3])
    return bytes(data)


def config(trade: int, protocol: int, fund: int) -> bytes:
    data = bytearray(117)
    data[:8] = CONFIG
    for offset, value in ((43, protocol), (47, trade), (53, fund)):
        put(data, offset, 4, value)
    return bytes(data)


@st.composite
def clmm(draw: st.DrawFn) -> list[bytes]:
    """Returns a pool, its configuration, perhaps an extension, and the arrays around the price, one perhaps missing."""
    spacing = draw(st.sampled_from([1, 1, 1, 10, 60]))
    home = draw(st.sampled_from([-513, -512, -1, 0, 511, 512] if spacing == 1 else [-1, 0, 12]))
    span = 60 * spacing
    tick = span * home + draw(st.integers(0, span - 1))
    low, high = (raydium_price.sqrt_price_from_tick(at) for at in (tick, tick + 1))
    data = bytearray(1544)
    data[:8] = POOL
    put(data, 235, 2, spacing)
    put(data, 237, 16, draw(st.one_of(st.just(0), st.integers(1, 2**60), U128)))
    put(data, 253, 16, draw(st.one_of(st.sampled_from([low, high]), st.integers(low, high))))
    put(data, 269, 4, tick)
    put(data, 277, 16, draw(U128))
    put(data, 389, 1, draw(st.sampled_from([*[0] * 15, 16, 32])))
    put(data, 390, 1, draw(st.integers(0, 2)))
    if draw(st.booleans()):
        for offset in (1096, 1098, 1100):
            put(data, offset, 2, draw(U16))
        for offset in (1102, 1106, 1114, 1118):
            put(data, offset, 4, draw(U32))
        index = tick // spacing
        put(data, 1110, 4, draw(st.sampled_from([index, index - 3, index + 9, -(2**31)])))
        put(data, 1122, 8, NOW - draw(st.sampled_from([0, 29, 30, 599, 600, 10**6, -5, NOW - 2**64 + 1])))
    extension = bytearray(1832)
    extension[:8], extension[8:40] = EXTENSION, ADDRESS
    arrays = []
    for index in (home - 1, home, home + 1):
        held = draw(st.dictionaries(st.integers(0, 59), ticks, max_size=6))
        if draw(st.integers(0, 9)):
            arrays.append(array(span * index, held))
        if held or draw(st.integers(0, 9)) == 0:
            if index > 511:
                extension[40 + (index - 512) // 8] |= 1 << (index - 512) % 8
            elif index < -512:
                extension[936 + (index + 1024) // 8] |= 1 << (index + 1024) % 8
            else:
                data[904 + (index + 512) // 8] |= 1 << (index + 512) % 8
    rates = draw(st.tuples(st.integers(0, 50_000), st.integers(0, 500_000), st.integers(0, 500_000)))
    return [bytes(data), config(*rates), bytes(extension) if draw(st.integers(0, 4)) else b"", *arrays]


def mint(bps: int, most: int) -> bytes:
    """Returns a Token-2022 mint with a transfer fee."""
    data = bytearray(166 + 4 + 108)
    data[45], data[165] = 1, 1
    put(data, 166, 2, 1)
    put(data, 168, 2, 108)
    for at in (170 + 72, 170 + 90):
        put(data, at + 8, 8, most)
        put(data, at + 16, 2, bps)
    return bytes(data)


mints = st.tuples(*[st.one_of(st.just(b""), st.builds(mint, st.integers(0, 10_000), U64))] * 2)


def outcome(call: Callable[..., Any], *args: Any, **keywords: Any) -> object:
    try:
        return call(*args, **keywords)
    except ValueError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(clmm(), st.lists(U64, max_size=4), st.booleans(), st.booleans(), st.integers(0, 4), st.data())
def test_both_engines_swap_alike(
    data: list[bytes], amounts: list[int], exact_in: bool, down: bool, limited: int, drawn: st.DataObject
):
    limit = 0
    if not limited:
        price = int.from_bytes(data[0][253:269], "little")
        limit = drawn.draw(st.integers(max(price - 2**55, 0), price + 2**55))
    answers = [
        outcome(engine.clmm_swaps, ADDRESS, data, amounts, exact_in=exact_in, zero_for_one=down, limit=limit, now=NOW)
        for engine in (native, ranges)
    ]
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@given(clmm(), mints, asks)
def test_both_engines_quote_a_clmm_alike(data: list[bytes], fees: tuple[bytes, bytes], asked: list[Any]):
    answers = [outcome(engine.clmm_quotes, ADDRESS, data, fees, asked, TIME) for engine in (native, ranges)]
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@given(st.integers(-(2**31), 2**31 - 1) | st.integers(-443_637, 443_637))
def test_both_engines_price_ticks_alike(tick: int):
    assert outcome(native.clmm_sqrt_price, tick) == outcome(ranges.clmm_sqrt_price, tick)


def pump_pool(size: int, virtual: int, creator: bytes, base_mint: bytes = bytes(32)) -> bytes:
    data = bytearray(size)
    authority = pda.find([b"pool-authority", base_mint], owned.PUMP)[0]
    data[:8], data[11:43], data[43:75] = PUMP_POOL, authority, base_mint
    if size >= 243:
        data[211:243] = creator
    if size >= 261:
        put(data, 245, 16, virtual)
    return bytes(data)


def pump_config(flags: int, lp: int, protocol: int, creator: int) -> bytes:
    data = bytearray(321)
    data[:8], data[56] = PUMP_CONFIG, flags
    for offset, value in ((40, lp), (48, protocol), (313, creator)):
        put(data, offset, 8, value)
    return bytes(data)


def fee_config(flat: tuple[int, int, int], tiers: list[tuple[int, tuple[int, int, int]]]) -> bytes:
    words = b"".join(bps.to_bytes(8, "little") for bps in flat) + len(tiers).to_bytes(4, "little")
    for least, fees in tiers:
        words += least.to_bytes(16, "little") + b"".join(bps.to_bytes(8, "little") for bps in fees)
    return FEE_CONFIG + bytes(33) + words


bps = st.one_of(st.integers(0, 200), st.integers(0, 200), st.integers(0, 3_000))
fees = st.tuples(bps, bps, bps)
BALANCE = st.integers(20, 62).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))


@st.composite
def pump(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    virtual = draw(st.sampled_from([0, 0, 0, -1, 10**9, -(10**6), 2**64, 2**127 - 1, -(2**127)]))
    size = draw(st.sampled_from([211, 243, 252, 300, 300, 300]))
    pool = pump_pool(size, virtual, draw(st.sampled_from([bytes(32), b"\3" * 32])))
    if draw(st.integers(0, 2)) == 0:
        pool = pool[:11] + b"\5" * 32 + pool[43:]
    flags = draw(st.sampled_from([0, 0, 0, 7, 8, 16]))
    tiers = draw(st.lists(st.tuples(st.integers(0, 10**13), fees), max_size=4))
    schedule = fee_config(draw(fees), sorted(tiers) if draw(st.integers(0, 9)) else tiers)
    return pool, pump_config(flags, *draw(fees)), schedule if draw(st.integers(0, 3)) else b""


@settings(max_examples=200, deadline=None)
@given(pump(), st.tuples(BALANCE, BALANCE), st.none() | U64, mints, asks)
def test_both_engines_quote_pump_alike(
    data: tuple[bytes, bytes, bytes], held: tuple[int, int], supply: int | None, taken: Any, asked: list[Any]
):
    answers = [outcome(engine.pump_quotes, data, held, supply, taken, asked, TIME) for engine in (native, ranges)]
    assert answers[0] == answers[1]


FINE = POOL + bytes(227) + b"\1\0" + bytes(16) + (1 << 64).to_bytes(16, "little") + bytes(1275)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "clmm of 0 accounts"),
        ([b"", b"", b""], "clmm_pool: size was 0, expected 8"),
        ([POOL + bytes(1535), b"", b""], "clmm_pool: size was 1543, expected 1544"),
        ([ARRAY + bytes(1536), b"", b""], "clmm_pool: discriminator was c09b55cd31f9812a"),
        ([POOL + bytes(1536), b"", b""], "clmm_pool: tick_spacing was 0"),
        ([FINE[:253] + bytes(1291), b"", b""], "clmm_pool: sqrt_price was 0"),
        ([FINE[:269] + b"\1" + FINE[270:], b"", b""], "clmm_pool: tick was 1"),
        ([FINE[:390] + b"\3" + FINE[391:], b"", b""], "clmm_pool: fee_on was 3"),
        ([FINE, CONFIG, b""], "clmm_config: size was 8, expected 117"),
        ([FINE, config(10**6, 0, 0), b""], "clmm_config: trade_fee_rate was 1000000"),
        ([FINE, config(0, 10**6, 1), b""], "clmm_config: protocol_fee_rate was 1000000"),
        ([FINE, config(0, 0, 0), EXTENSION], "clmm_bitmap_extension: size was 8, expected 1832"),
        ([FINE, config(0, 0, 0), b"", ARRAY], "clmm_tick_array: size was 8, expected 10240"),
        ([FINE, config(0, 0, 0), b"", array(7, {})], "clmm_tick_array: start_tick_index was 7"),
        ([FINE, config(0, 0, 0), b"", array(0, {}), array(0, {})], "clmm_tick_array: start_tick_index was 0"),
        ([FINE, config(0, 0, 0), b"", array(443_640, {})], "clmm_tick_array: start_tick_index was 443640"),
        (
            [FINE, config(0, 0, 0), b"", ARRAY + bytes(10_232)],
            "clmm_tick_array: pool was 11111111111111111111111111111111",
        ),
        (
            [FINE, config(0, 0, 0), EXTENSION + bytes(1824)],
            "clmm_bitmap_extension: pool was 11111111111111111111111111111111",
        ),
    ],
)
def test_both_engines_refuse_what_is_no_such_account(data: list[bytes], message: str):
    for engine in (native, ranges):
        keywords = {"exact_in": True, "zero_for_one": True, "limit": 0, "now": NOW}
        assert outcome(engine.clmm_swaps, ADDRESS, data, [1], **keywords) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((PUMP_POOL, b"", b""), "pump_pool: size was 8, expected 211"),
        ((POOL + bytes(300), b"", b""), "pump_pool: discriminator was f7ede3f5d7c3de46"),
        ((PUMP_POOL + bytes(203), PUMP_CONFIG, b""), "pump_config: size was 8, expected 321"),
        (
            (PUMP_POOL + bytes(203), pump_config(0, 10_001, 0, 0), b""),
            "pump_config: lp_fee_bps was 10001",
        ),
        (
            (PUMP_POOL + bytes(203), pump_config(0, 0, 0, 0), FEE_CONFIG + bytes(57) + b"\1\0\0\0"),
            "pump_fee_config: size was 69, expected 109",
        ),
        (
            (PUMP_POOL + bytes(203), pump_config(0, 0, 0, 0), fee_config((0, 0, 10_001), [])),
            "pump_fee_config: creator_fee_bps was 10001",
        ),
        (
            (PUMP_POOL + bytes(203), pump_config(0, 0, 0, 0), fee_config((0, 0, 0), [(2, (0,) * 3), (1, (0,) * 3)])),
            "pump_fee_config: fee_tiers was 1",
        ),
    ],
)
def test_both_engines_refuse_what_is_no_pump_account(data: tuple[bytes, bytes, bytes], message: str):
    for engine in (native, ranges):
        assert outcome(engine.pump_quotes, data, (1, 1), None, (b"", b""), [], TIME) == message


def test_both_engines_swap_recorded_pools_alike():
    compared = 0
    for name in ("raydium_clmm_native2026", "raydium_clmm_svm2024"):
        for pool in svm_vectors.load(name)["pools"].values():
            roles: dict[str, list[bytes]] = {}
            for account in pool["accounts"].values():
                if "data" in account:
                    roles.setdefault(account["role"], []).append(svm_vectors.account_bytes(account))
            data = [roles["pool"][0], roles["amm_config"][0], roles["bitmap_extension"][0], *roles["tick_array"]]
            address = roles["tick_array"][0][8:40]
            asked = [
                (down, inward, 10**power) for down in (True, False) for inward in (True, False) for power in (3, 8)
            ]
            answers = ranges.clmm_quotes(address, data, (b"", b""), asked, TIME)
            assert native.clmm_quotes(address, data, (b"", b""), asked, TIME) == answers
            compared += sum(not isinstance(each, str) for each in answers)
    assert compared > 500


def test_examples_run():
    for module in (ranges, raydium_price, raydium_clmm.ticks):
        assert doctest.testmod(module).failed == 0
