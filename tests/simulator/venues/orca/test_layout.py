from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.orca.layout import Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.tick_array_manager import array_start
from cambist.simulator.layout import Layout
from cambist.simulator.venues.orca.layout import (
    ORACLE,
    WHIRLPOOL,
    Tick,
    cross_tick,
    decode_tick_array,
    encode_dynamic_tick_array,
    encode_tick_array,
    patch_oracle,
    patch_tick,
    patch_whirlpool,
)
from tests import svm_vectors
from tests.engine.reference.venues.orca.test_whirlpool_vectors import pool_of
from tests.simulator.venues.recorded import KEY, NOW, accounts_of, covers, fixture, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (WHIRLPOOL, 653),
        (ORACLE, 254),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (
            WHIRLPOOL,
            lambda: [
                *accounts_of("orca_whirlpool", "whirlpool"),
                fixture("carbon", "orca-whirlpool__whirlpool_account.json"),
            ],
        ),
        (ORACLE, lambda: accounts_of("orca_whirlpool", "oracle")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_recorded_tick_arrays_round_trip():
    recorded = [
        *accounts_of("orca_whirlpool", "tick_array"),
        fixture("carbon", "orca-whirlpool__tick_array_account.json"),
    ]
    kinds = set()
    for data in recorded:
        array = decode_tick_array(data)
        assert encode_tick_array(array) == data
        kinds.add(array.dynamic)
        decoded = TickArray.decode(data)
        assert decoded.whirlpool == array.whirlpool
        assert decoded.start_tick_index == array.start_tick_index
        assert dict(decoded.ticks) == {at: tick.net for at, tick in array.ticks.items() if tick.initialized}
    assert kinds == {False, True}


def test_the_engine_decodes_fixtures():
    pool = Whirlpool.decode(fixture("carbon", "orca-whirlpool__whirlpool_account.json"))
    assert (pool.tick_spacing, pool.fee_rate, pool.protocol_fee_rate) == (32896, 10000, 1300)
    assert (pool.liquidity, pool.sqrt_price, pool.tick) == (141421356, 1304381782533278221200000, 223338)
    array = TickArray.decode(fixture("carbon", "orca-whirlpool__tick_array_account.json"))
    assert array.start_tick_index == -2894848
    assert [net for _, net in array.ticks] == [141421356]


def test_whirlpool_bytes_after_a_swap_decode_to_the_state_after():
    swaps = 0
    for case in svm_vectors.load("orca_whirlpool")["cases"]:
        if "crossed" not in case["exp"] or not case["exact_in"] or case["limit"] != "0":
            continue
        pool = pool_of(case["pool"])
        recorded = svm_vectors.load("orca_whirlpool")["pools"][case["pool"]]["accounts"].values()
        data = {account["role"]: svm_vectors.account_bytes(account) for account in recorded}
        fill = pool.fill(case["a2b"], case["amount"], NOW, exact_in=True)
        after = pool.swapped(case["a2b"], fill)
        written = patch_whirlpool(data["whirlpool"], after.account, now=NOW.unix_timestamp)
        assert Whirlpool.decode(written) == after.account
        if after.oracle is not None:
            assert Oracle.decode(patch_oracle(data["oracle"], after.oracle.variables)) == after.oracle
        swaps += 1
    assert swaps > 100


def test_crossing_a_tick_twice_at_the_same_growth_restores_it():
    crossed = 0
    for case in svm_vectors.load("orca_whirlpool")["cases"][::7]:
        if not case["exp"].get("crossed"):
            continue
        pool = pool_of(case["pool"])
        fill = pool.fill(case["a2b"], case["amount"], NOW, exact_in=case["exact_in"], limit=int(case["limit"]))
        spacing = pool.ticks.tick_spacing
        arrays = {
            account["start"]: svm_vectors.account_bytes(account)
            for account in svm_vectors.load("orca_whirlpool")["pools"][case["pool"]]["accounts"].values()
            if account.get("kind") in ("fixed", "dynamic")
        }
        for crossing in fill.crossings:
            start = array_start(crossing.tick, spacing)
            offset = (crossing.tick - start) // spacing
            once = cross_tick(arrays[start], offset, crossing)
            assert cross_tick(once, offset, crossing) == arrays[start]
            assert TickArray.decode(once) == TickArray.decode(arrays[start])
            crossed += 1
    assert crossed > 50


def test_a_dynamic_array_grows_and_shrinks_with_its_ticks():
    empty = encode_dynamic_tick_array(KEY, -5632, {})
    assert len(empty) == 148
    tick = Tick(net=-5, gross=5)
    one = patch_tick(empty, 87, tick)
    assert len(one) == 260
    assert TickArray.decode(one) == TickArray(KEY, -5632, ((87, -5),))
    assert patch_tick(one, 87, None) == empty
