"""Accounts of Meteora DLMM."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.dlmm.layout import BINS_PER_ARRAY, Bin
from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.dlmm.layout import BinArrayBitmapExtension, LbPair

LB_PAIR = Layout(
    "lb_pair",
    bytes.fromhex("210b3162b565b10d"),
    """base_factor:u16 filter_period:u16 decay_period:u16 reduction_factor:u16 variable_fee_control:u32
    max_volatility_accumulator:u32 min_bin_id:i32 max_bin_id:i32 protocol_share:u16 base_fee_power_factor:u8
    function_type:u8 collect_fee_mode:u8 padding_0:3 volatility_accumulator:u32 volatility_reference:u32
    index_reference:i32 padding_1:4 last_update_timestamp:i64 padding_2:8 bump:1 bin_step_seed:2 pair_type:u8
    active_id:i32 bin_step:u16 status:u8 require_base_factor_seed:u8 base_factor_seed:2 activation_type:u8
    creator_may_switch:u8 mint_x:key mint_y:key reserve_x:key reserve_y:key protocol_fee_x:u64 protocol_fee_y:u64
    padding_3:32 reward_infos:288 oracle:key bitmap:u1024 last_updated:i64 padding_4:32 pre_activation_swap:key
    base_key:key activation_point:u64 pre_activation_duration:u64 padding_5:16 creator:key token_x_flag:u8
    token_y_flag:u8 version:u8 reserved:21""",
)
BIN_ARRAY = Layout(
    "bin_array", bytes.fromhex("5c8e5cdc059446b5"), "index:i64 version:u8 padding:7 lb_pair:key bins:10080"
)
BIN = Layout(
    "bin",
    b"",
    """amount_x:u64 amount_y:u64 price:u128 liquidity:u128 fulfilled_x:u64 fulfilled_y:u64 order_fee_ask:u64
    order_fee_bid:u64 fee_x_per_liquidity:u128 fee_y_per_liquidity:u128 open_order_amount:u64
    processing_order_amount:u64 processed_order_remaining:u64 order_age:u32 is_ask:u8 padding:3""",
)
BITMAP_EXTENSION = Layout(
    "bin_array_bitmap_extension", bytes.fromhex("506f7c7137ed1205"), "lb_pair:key positive:u6144 negative:u6144"
)


class BinKeeping(NamedTuple):
    """What of a bin no quote reads."""

    liquidity: int = 0
    """What the makers' shares add up to, Q64.64 atoms of Y at the bin's price."""
    fee_per_liquidity: tuple[int, int] = (0, 0)
    """Atoms (X, Y) that a share has earned, Q64.64."""
    processing_order_amount: int = 0
    """What the orders amounted to that a swap began with last."""
    order_age: int = 0
    """How often swaps have begun with the orders."""


def encode_lb_pair(pair: LbPair, **values: Value) -> bytes:
    """Returns an `LbPair` with these fields besides those that quotes read."""
    parameters = pair.parameters
    names = (
        "base_factor",
        "filter_period",
        "decay_period",
        "reduction_factor",
        "variable_fee_control",
        "max_volatility_accumulator",
        "min_bin_id",
        "max_bin_id",
        "protocol_share",
        "base_fee_power_factor",
        "function_type",
        "collect_fee_mode",
    )
    own = ("pair_type", "bin_step", "status", "activation_type", "mint_x", "mint_y", "reserve_x", "reserve_y", "oracle")
    fields: dict[str, Value] = {name: getattr(parameters, name) for name in names}
    fields |= {name: getattr(pair, name) for name in (*own, "bitmap", "activation_point")}
    return patch_lb_pair(LB_PAIR.encode(**(fields | values)), pair)


def patch_lb_pair(data: bytes, pair: LbPair) -> bytes:
    """Returns the `LbPair` with the state of `pair` after a swap."""
    seen = pair.volatility
    return LB_PAIR.patch(
        data,
        active_id=pair.active_id,
        volatility_accumulator=seen.volatility_accumulator,
        volatility_reference=seen.volatility_reference,
        index_reference=seen.index_reference,
        last_update_timestamp=seen.last_update_timestamp,
        protocol_fee_x=pair.protocol_fee_x,
        protocol_fee_y=pair.protocol_fee_y,
    )


def encode_bin_array(
    lb_pair: bytes, index: int, bins: Sequence[Bin], keeping: Mapping[int, BinKeeping], *, version: int = 2
) -> bytes:
    """Returns a `BinArray` of 70 bins; `keeping` is by offset 0–69."""
    body = b"".join(_encode_bin(bins[at], keeping.get(at, BinKeeping())) for at in range(BINS_PER_ARRAY))
    return BIN_ARRAY.encode(index=index, version=version, lb_pair=lb_pair, bins=body)


@lru_cache(maxsize=8_192)  # a swap changes one bin or two of the 70 that are encoded
def _encode_bin(bin_: Bin, kept: BinKeeping) -> bytes:
    if bin_.price == 0 and not any((*bin_, *kept[:1], *kept[2:])):
        return bytes(BIN.size)
    return BIN.encode(
        **(bin_._asdict() | {"is_ask": int(bin_.is_ask)}),
        liquidity=kept.liquidity,
        fee_x_per_liquidity=kept.fee_per_liquidity[0],
        fee_y_per_liquidity=kept.fee_per_liquidity[1],
        processing_order_amount=kept.processing_order_amount,
        order_age=kept.order_age,
    )


def encode_bitmap_extension(extension: BinArrayBitmapExtension) -> bytes:
    """Returns a `BinArrayBitmapExtension`."""
    return BITMAP_EXTENSION.encode(lb_pair=extension.lb_pair, positive=extension.positive, negative=extension.negative)
