from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.clmm.layout import ClmmBitmapExtension, ClmmConfig, ClmmPool
from cambist.simulator.layout import Layout
from cambist.simulator.venues.clmm.layout import (
    CLMM_CONFIG,
    CLMM_EXTENSION,
    CLMM_POOL,
    CLMM_TICK,
    CLMM_TICK_ARRAY,
    encode_clmm_config,
    encode_clmm_extension,
    encode_clmm_pool,
    patch_clmm_pool,
)
from tests.simulator.venues.recorded import accounts_of, covers, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (CLMM_POOL, 1_544),
        (CLMM_CONFIG, 117),
        (CLMM_TICK_ARRAY, 10_240),
        (CLMM_TICK, 168),
        (CLMM_EXTENSION, 1_832),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (CLMM_POOL, lambda: accounts_of("raydium_clmm_native2026", "pool")),
        (CLMM_CONFIG, lambda: accounts_of("raydium_clmm_native2026", "amm_config")),
        (CLMM_TICK_ARRAY, lambda: accounts_of("raydium_clmm_native2026", "tick_array")),
        (CLMM_EXTENSION, lambda: accounts_of("raydium_clmm_native2026", "bitmap_extension")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_clmm_encoders_and_engine_decoders_agree():
    dynamic = 0
    for data in accounts_of("raydium_clmm_native2026", "pool"):
        pool = ClmmPool.decode(data)
        raw = CLMM_POOL.decode(data)
        assert patch_clmm_pool(data, pool, epoch=raw["recent_epoch"]) == data
        written = CLMM_POOL.decode(encode_clmm_pool(pool, recent_epoch=raw["recent_epoch"]))
        assert {name for name in raw if raw[name] != written[name]} <= {"bump", "owner"}
        dynamic += pool.dynamic_fee is not None
    assert dynamic > 20
    for data in accounts_of("raydium_clmm_native2026", "amm_config"):
        config = ClmmConfig.decode(data)
        assert ClmmConfig.decode(encode_clmm_config(config)) == config
    for data in accounts_of("raydium_clmm_native2026", "bitmap_extension"):
        assert encode_clmm_extension(ClmmBitmapExtension.decode(data)) == data
