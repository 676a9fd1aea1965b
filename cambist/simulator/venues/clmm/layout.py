"""Accounts of Raydium CLMM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.clmm.layout import CLMM_TICKS_PER_ARRAY
from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.engine.reference.venues.clmm.layout import (
        ClmmBitmapExtension,
        ClmmConfig,
        ClmmDynamicFee,
        ClmmPool,
        ClmmTick,
    )

CLMM_POOL = Layout(
    "clmm_pool",
    bytes.fromhex("f7ede3f5d7c3de46"),
    """bump:u8 amm_config:key owner:key mint_0:key mint_1:key vault_0:key vault_1:key observation:key decimals_0:u8
    decimals_1:u8 tick_spacing:u16 liquidity:u128 sqrt_price:u128 tick:i32 padding_0:4 fee_growth_0:u128
    fee_growth_1:u128 protocol_fees_0:u64 protocol_fees_1:u64 padding_1:64 status:u8 fee_on:u8 padding_2:6
    reward_infos:507 bitmap:u1024 padding_3:32 fund_fees_0:u64 fund_fees_1:u64 open_time:u64 recent_epoch:u64
    filter_period:u16 decay_period:u16 reduction_factor:u16 control:u32 max_volatility_accumulator:u32
    index_reference:i32 volatility_reference:u32 volatility_accumulator:u32 last_update_timestamp:u64 padding_4:46
    padding_5:368""",
)
CLMM_CONFIG = Layout(
    "clmm_config",
    bytes.fromhex("daf42168cbcb2b6f"),
    """bump:u8 index:u16 owner:key protocol_fee_rate:u32 trade_fee_rate:u32 tick_spacing:u16 fund_fee_rate:u32
    padding_0:4 fund_owner:key padding_1:24""",
)
CLMM_TICK_ARRAY = Layout(
    "clmm_tick_array",
    bytes.fromhex("c09b55cd31f9812a"),
    "pool:key start_tick_index:i32 ticks:10080 initialized_tick_count:u8 recent_epoch:u64 padding:107",
)
CLMM_TICK = Layout(
    "clmm_tick",
    b"",
    """tick:i32 net:i128 gross:u128 fee_outside_0:u128 fee_outside_1:u128 rewards_outside:48 order_phase:u64
    orders_amount:u64 part_filled_orders:u64 unfilled_ratio:u128 padding:12""",
)
CLMM_EXTENSION = Layout(
    "clmm_bitmap_extension", bytes.fromhex("3c9624db61808b99"), "pool:key positive:896 negative:896"
)
_ROW_BYTES = 64


class ClmmTickState(NamedTuple):
    """One tick of an array."""

    tick: ClmmTick
    fee_outside: tuple[int, int] = (0, 0)
    """Q64.64 atoms (0, 1) per unit of liquidity that the other side of the tick has earned."""


def encode_clmm_pool(pool: ClmmPool, **values: Value) -> bytes:
    """Returns a `PoolState` with these fields besides those that quotes read."""
    fields: dict[str, Value] = {
        "amm_config": pool.amm_config,
        "mint_0": pool.mints[0],
        "mint_1": pool.mints[1],
        "vault_0": pool.vaults[0],
        "vault_1": pool.vaults[1],
        "observation": pool.observation,
        "decimals_0": pool.decimals[0],
        "decimals_1": pool.decimals[1],
        "tick_spacing": pool.tick_spacing,
        "status": pool.status,
        "fee_on": pool.fee_on,
        "open_time": pool.open_time,
    }
    recent_epoch = values.pop("recent_epoch", 0)
    assert isinstance(recent_epoch, int)
    return patch_clmm_pool(CLMM_POOL.encode(**(fields | values)), pool, epoch=recent_epoch)


def patch_clmm_pool(data: bytes, pool: ClmmPool, *, epoch: int) -> bytes:
    """Returns the `PoolState` with the state of `pool` after a swap in `epoch`."""
    return CLMM_POOL.patch(
        data,
        liquidity=pool.liquidity,
        sqrt_price=pool.sqrt_price,
        tick=pool.tick,
        fee_growth_0=pool.fee_growths[0],
        fee_growth_1=pool.fee_growths[1],
        protocol_fees_0=pool.protocol_fees[0],
        protocol_fees_1=pool.protocol_fees[1],
        bitmap=pool.bitmap,
        fund_fees_0=pool.fund_fees[0],
        fund_fees_1=pool.fund_fees[1],
        recent_epoch=epoch,
        **_dynamic_fee(pool.dynamic_fee),
    )


def _dynamic_fee(fee: ClmmDynamicFee | None) -> dict[str, Value]:
    if fee is None:
        return {}
    return {name: getattr(fee, name) for name in fee.__struct_fields__}


def encode_clmm_config(config: ClmmConfig, **values: Value) -> bytes:
    """Returns an `AmmConfig` with these fields besides those that quotes read."""
    fields: dict[str, Value] = {name: getattr(config, name) for name in config.__struct_fields__}
    return CLMM_CONFIG.encode(**(fields | values))


def encode_clmm_tick_array(
    pool: bytes, start: int, spacing: int, ticks: Mapping[int, ClmmTickState], *, epoch: int
) -> bytes:
    """Returns a `TickArrayState` last touched in `epoch`; ticks are by index, others are all zeros."""
    body = bytearray(CLMM_TICKS_PER_ARRAY * CLMM_TICK.size)
    for index, state in ticks.items():
        at = (index - start) // spacing * CLMM_TICK.size
        body[at : at + CLMM_TICK.size] = _encode_tick(index, state)
    return CLMM_TICK_ARRAY.encode(
        pool=pool,
        start_tick_index=start,
        ticks=bytes(body),
        initialized_tick_count=sum(is_initialised(state.tick) for state in ticks.values()),
        recent_epoch=epoch,
    )


def is_initialised(tick: ClmmTick) -> bool:
    """Returns whether positions end at a tick or limit orders rest on it."""
    return bool(tick.gross or tick.orders.total())


def _encode_tick(index: int, state: ClmmTickState) -> bytes:
    orders = state.tick.orders
    return CLMM_TICK.encode(
        tick=index,
        net=state.tick.net,
        gross=state.tick.gross,
        fee_outside_0=state.fee_outside[0],
        fee_outside_1=state.fee_outside[1],
        order_phase=orders.phase,
        orders_amount=orders.amount,
        part_filled_orders=orders.part_filled,
        unfilled_ratio=orders.unfilled_ratio,
    )


def encode_clmm_extension(extension: ClmmBitmapExtension) -> bytes:
    """Returns a `TickArrayBitmapExtension`."""
    positive, negative = (
        b"".join(row.to_bytes(_ROW_BYTES, "little") for row in rows)
        for rows in (extension.positive, extension.negative)
    )
    return CLMM_EXTENSION.encode(pool=extension.pool, positive=positive, negative=negative)
