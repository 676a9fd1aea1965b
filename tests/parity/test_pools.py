"""Pools from raw accounts in both engines: same quote with transfer fees, same margin, same refusal."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.library import modules as reference
from cambist.engine.reference.venues.clmm.layout import ClmmPool
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config, encode_cpmm_pool
from tests.parity import test_ranges
from tests.parity.test_bins import ADDRESS, PAIR, accounts, array, put
from tests.parity.test_curves import NOW, amounts, damm_v2_accounts, magnitudes, saber_accounts

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

SOME = settings(max_examples=150, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a failure must show itself
times = st.tuples(st.sampled_from([0, 100, 10_000]), st.integers(NOW - 2, NOW + 700), st.integers(0, 900))


def mint(fee: tuple[int, int] | None) -> bytes:
    """Returns a mint, with a transfer fee of (basis points, most atoms) from epoch 500 on."""
    data = bytearray(82)
    data[44], data[45] = 6, 1
    if fee is None:
        return bytes(data)
    old, new = struct.pack("<QQH", 0, 0, 0), struct.pack("<QQH", 500, fee[1], fee[0])
    extension = struct.pack("<HH", 1, 108) + bytes(64 + 8) + old + new
    return bytes(data) + bytes(83) + b"\1" + extension


def vault(amount: int) -> bytes:
    """Returns a token account with a balance."""
    data = bytearray(165)
    data[64:72] = amount.to_bytes(8, "little")
    data[108] = 1
    return bytes(data)


mints = st.one_of(st.none(), st.tuples(st.sampled_from([0, 1, 100, 9_999, 10_000]), magnitudes(64))).map(mint)
saber = st.builds(
    lambda pool, a, b: ("saber", [pool, vault(a), vault(b)]), saber_accounts(), magnitudes(63), magnitudes(63)
)
damm2 = st.builds(lambda pool, *of: ("damm2", [pool, *of]), damm_v2_accounts(), mints, mints)
dlmm = st.builds(lambda data, a, b: ("dlmm", [ADDRESS, data[0], data[1], a, b, *data[2:]]), accounts(), mints, mints)
clmm = st.builds(lambda data, a, b: ("clmm", [ADDRESS, *data[:3], a, b, *data[3:]]), test_ranges.clmm(), mints, mints)
pump = st.builds(
    lambda data, x, y, a, b: ("pump", [*data, vault(x), vault(y), a, b]),
    test_ranges.pump(),
    magnitudes(64),
    magnitudes(64),
    mints,
    mints,
)
pools = st.one_of(saber, damm2, dlmm, clmm, pump)


def answer(engine, call: str, *args: object) -> object:
    """Returns the answer or the words of its refusal."""
    try:
        return getattr(engine, call)(*args)
    except ValueError as error:
        return str(error)


@SOME
@given(pools, st.booleans(), amounts, times)
def test_both_engines_quote_alike(pool: tuple[str, list[bytes]], a_to_b: bool, asked: list[int], time: tuple):
    args = (*pool, a_to_b, asked, time)
    assert answer(native, "quote", *args) == answer(reference, "quote", *args)


@SOME
@given(pools, times)
def test_both_engines_have_the_same_margin(pool: tuple[str, list[bytes]], time: tuple):
    found = [answer(engine, "pool_weights", *pool, time) for engine in (native, reference)]
    assert repr(found[0]) == repr(found[1])


@SOME
@given(pools, st.booleans(), times, magnitudes(48))
def test_no_swap_beats_the_margin(pool: tuple[str, list[bytes]], a_to_b: bool, time: tuple, size: int):
    venue, data = pool
    data = [mint(None) if len(each) in (82, 278) else each for each in data]  # a capped transfer fee beats its own rate
    margins = answer(native, "pool_weights", venue, data, time)
    quoted = answer(native, "quote", venue, data, a_to_b, [size], time)
    if isinstance(margins, str) or isinstance(quoted[0], str):
        return
    weight, reserves = margins[0 if a_to_b else 1]
    if weight is None:  # a swap may begin where nothing is offered and reach what lies behind; no margin tells that
        empty = venue == "clmm" and ClmmPool.decode(data[1]).liquidity == 0
        assert empty or quoted[0][0] == 0, "a swap without a margin"
        return
    at_best = size * 2.0 ** (-weight / 2.0**40)
    rounding = 3 if venue == "saber" else 1  # its invariant and its reserve are each found to an atom
    assert quoted[0][0] <= at_best * (1 + 1e-9) + rounding
    if venue == "damm2":  # rounding may cost an atom of either side
        whole = at_best * (size - 1) / size if size else 0.0
        assert quoted[0][0] >= whole / (1 + size / reserves[0]) * (1 - 1e-9) - 2


@pytest.mark.parametrize("engine", [native, reference], ids=["native", "reference"])
@pytest.mark.parametrize(
    ("venue", "data", "message"),
    [
        ("saber", [b""], "saber of 1 accounts"),
        ("saber", [bytes(395), vault(1), vault(1)], "stable_swap: is_initialized was 0"),
        ("damm2", [bytes(1112), mint(None), mint(None)], "damm_v2_pool: discriminator was 0000000000000000"),
        ("dlmm", [b"", b"", b"", b"", b""], "key of 0 bytes"),
        ("dlmm", [ADDRESS], "dlmm of 1 accounts"),
        ("clob", [], "clob of 0 accounts"),
    ],
)
def test_accounts_of_something_else_are_refused(engine, venue: str, data: list[bytes], message: str):
    with pytest.raises(ValueError, match=message):
        engine.quote(venue, data, True, [10], (0, NOW, 0))


def even(venue: str, fee: tuple[int, int]) -> list[bytes]:
    """Returns the accounts of a pool at a price of about one that charges nothing, but the token out's mint does."""
    if venue == "cpmm":
        config = encode_cpmm_config(trade_fee_rate=0, protocol_fee_rate=0, fund_fee_rate=0)
        return [encode_cpmm_pool(), config, vault(10**12), vault(10**12), mint(None), mint(fee)]
    pair = bytearray(904)
    pair[:8], pair[80], pair[584 + 512 // 8] = PAIR, 1, 1
    full = {"x": 10**12, "y": 10**12, "open": 0, "begun": 0, "ask": False, "priced": True}
    return [ADDRESS, bytes(pair), b"", mint(None), mint(fee), array(0, 1, {0: full})]


@pytest.mark.parametrize("engine", [native, reference], ids=["native", "reference"])
@pytest.mark.parametrize("venue", ["cpmm", "dlmm"])
def test_what_a_transfer_fee_takes_whole_is_refused(engine, venue: str):
    (untaxed,) = engine.quote(venue, even(venue, (0, 0)), True, [1_000], (0, NOW, 600))
    paid = untaxed[0]
    assert 990 < paid <= 1_000
    for most, wanted in ((paid - 1, (1, 0, 0)), (paid, "zero_output"), (2**64 - 1, "zero_output")):
        assert engine.quote(venue, even(venue, (10_000, most)), True, [1_000], (0, NOW, 600)) == [wanted]


def brimful(venue: str, room: int, *, a_to_b: bool) -> list[bytes]:
    """Returns a pool's accounts where a counter of the program has room for so many atoms: vault, or fees owed."""
    if venue == "pump":
        held = [2**64 - 1 - room, 2**60] if a_to_b else [2**60, 2**64 - 1 - room]
        pool = test_ranges.pump_pool(300, 0, bytes(32)), test_ranges.pump_config(0, 0, 0 if a_to_b else 5, 0)
        return [*pool, b"", *map(vault, held), mint(None), mint(None)]
    address, data, *rest = even("dlmm", (0, 0))
    pair = bytearray(data)
    put(pair, 8, 2, 10_000)
    put(pair, 32, 2, 5_000)
    put(pair, 216 if a_to_b else 224, 8, 2**64 - 1 - room)
    return [address, bytes(pair), *rest]


@pytest.mark.parametrize("engine", [native, reference], ids=["native", "reference"])
@pytest.mark.parametrize(
    ("venue", "a_to_b", "room", "most", "more"),
    [
        ("pump", True, 1_000_000, 1_000_000, 1_000_001),
        ("pump", False, 1_000_000, 1_000_500, 1_000_501),  # 5 bps of a purchase leave the vault again
        ("dlmm", True, 50, 1_000_000, 1_020_000),  # half of a basis point
        ("dlmm", False, 50, 1_000_000, 1_020_000),
    ],
)
def test_what_a_counter_of_the_program_can_not_hold_is_refused(
    engine, venue: str, a_to_b: bool, room: int, most: int, more: int
):
    fits, beyond = engine.quote(venue, brimful(venue, room, a_to_b=a_to_b), a_to_b, [most, more], (0, NOW, 600))
    assert fits[0] > 0
    assert beyond == "overflow"
