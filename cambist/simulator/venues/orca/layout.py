"""Accounts of Orca Whirlpool."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY
from cambist.simulator.layout import Layout, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.engine.reference.venues.orca.layout import AdaptiveFeeVariables, Whirlpool
    from cambist.engine.reference.venues.orca.maths import Crossing

WHIRLPOOL = Layout(
    "whirlpool",
    bytes.fromhex("3f95d10ce1806309"),
    """config:key bump:u8 tick_spacing:u16 fee_tier_index:u16 fee_rate:u16 protocol_fee_rate:u16 liquidity:u128
    sqrt_price:u128 tick:i32 protocol_owed_a:u64 protocol_owed_b:u64 mint_a:key vault_a:key fee_growth_a:u128
    mint_b:key vault_b:key fee_growth_b:u128 reward_last_updated:u64 reward_infos:384""",
)
ORACLE = Layout(
    "oracle",
    bytes.fromhex("8bc283b38cb3e5f4"),
    """whirlpool:key trade_enable_timestamp:u64 filter_period:u16 decay_period:u16 reduction_factor:u16
    control_factor:u32 max_volatility_accumulator:u32 tick_group_size:u16 major_swap_threshold_ticks:u16 reserved_0:16
    last_reference_update:u64 last_major_swap:u64 volatility_reference:u32 tick_group_index_reference:i32
    volatility_accumulator:u32 reserved_1:16 reserved_2:128""",
)
_FIXED = bytes.fromhex("4561bdbe6e0742bb")
_DYNAMIC = bytes.fromhex("11d8f68ee1c7da38")
_TICK = Layout("tick", b"", "net:i128 gross:u128 fee_outside_a:u128 fee_outside_b:u128 rewards_outside:48")
_FIXED_HEAD, _DYNAMIC_HEAD, _FIXED_SIZE = 12, 60, 9_988
_U128 = 1 << 128


class Tick(NamedTuple):
    """One tick of an array."""

    net: int
    gross: int
    fee_outside_a: int = 0
    fee_outside_b: int = 0
    rewards_outside: bytes = bytes(48)
    initialized: bool = True
    """A fixed array may hold the rest of a tick that isn't any more."""

    def encode(self) -> bytes:
        """Returns the 112 bytes after the flag."""
        fields = self._asdict()
        del fields["initialized"]
        return _TICK.encode(**fields)


class TickArrayFields(NamedTuple):
    """A tick array, every byte of it."""

    whirlpool: bytes
    start_tick_index: int
    ticks: dict[int, Tick]
    """By offset 0–87; ticks of all zeros are left out."""
    dynamic: bool
    tail: bytes = b""


def encode_whirlpool(**values: Value) -> bytes:
    """Returns a `Whirlpool`."""
    return WHIRLPOOL.encode(**values)


def encode_oracle(**values: Value) -> bytes:
    """Returns an `Oracle`."""
    return ORACLE.encode(**values)


def patch_whirlpool(data: bytes, pool: Whirlpool, *, now: int) -> bytes:
    """Returns the `Whirlpool` with the state of `pool` after a swap at `now` (unix s)."""
    return WHIRLPOOL.patch(
        data,
        liquidity=pool.liquidity,
        sqrt_price=pool.sqrt_price,
        tick=pool.tick,
        protocol_owed_a=pool.protocol_owed_a,
        protocol_owed_b=pool.protocol_owed_b,
        fee_growth_a=pool.fee_growth_a,
        fee_growth_b=pool.fee_growth_b,
        reward_last_updated=now,
    )


def patch_oracle(data: bytes, variables: AdaptiveFeeVariables) -> bytes:
    """Returns the `Oracle` with these variables."""
    return ORACLE.patch(
        data,
        last_reference_update=variables.last_reference_update,
        last_major_swap=variables.last_major_swap,
        volatility_reference=variables.volatility_reference,
        tick_group_index_reference=variables.tick_group_index_reference,
        volatility_accumulator=variables.volatility_accumulator,
    )


def decode_tick_array(data: bytes) -> TickArrayFields:
    """Returns the fields of a fixed or dynamic array. Raises `ValueError`."""
    dynamic = data[:8] == _DYNAMIC
    if not dynamic and data[:8] != _FIXED:
        msg = f"tick_array: discriminator was {data[:8].hex()}"
        raise ValueError(msg)
    ticks, at = {}, _DYNAMIC_HEAD if dynamic else _FIXED_HEAD
    for offset in range(TICKS_PER_ARRAY):
        flag = data[at]
        raw = data[at + 1 : at + 1 + _TICK.size] if flag or not dynamic else b""
        at += 1 + len(raw)
        if any(raw) or flag:
            ticks[offset] = Tick(**_TICK.decode(raw), initialized=bool(flag))  # type: ignore[arg-type]
    whirlpool_at = _FIXED_HEAD if dynamic else at
    end = at if dynamic else at + 32
    return TickArrayFields(
        whirlpool=bytes(data[whirlpool_at : whirlpool_at + 32]),
        start_tick_index=int.from_bytes(data[8:12], "little", signed=True),
        ticks=ticks,
        dynamic=dynamic,
        tail=bytes(data[end:]),
    )


def encode_tick_array(array: TickArrayFields) -> bytes:
    """Returns the bytes of an array, fixed or dynamic as it says."""
    encode = encode_dynamic_tick_array if array.dynamic else encode_fixed_tick_array
    return encode(array.whirlpool, array.start_tick_index, array.ticks) + array.tail


def encode_fixed_tick_array(whirlpool: bytes, start_tick_index: int, ticks: Mapping[int, Tick]) -> bytes:
    """Returns a `TickArray`; ticks are by offset 0–87."""
    out = bytearray(_FIXED + start_tick_index.to_bytes(4, "little", signed=True))
    for offset in range(TICKS_PER_ARRAY):
        tick = ticks.get(offset)
        out += bytes(1 + _TICK.size) if tick is None else bytes([tick.initialized]) + tick.encode()
    return bytes(out + whirlpool)


def encode_dynamic_tick_array(whirlpool: bytes, start_tick_index: int, ticks: Mapping[int, Tick]) -> bytes:
    """Returns a `DynamicTickArray`; ticks are by offset 0–87."""
    bitmap = sum(1 << offset for offset in ticks)
    out = bytearray(_DYNAMIC + start_tick_index.to_bytes(4, "little", signed=True) + whirlpool)
    out += bitmap.to_bytes(16, "little")
    for offset in range(TICKS_PER_ARRAY):
        tick = ticks.get(offset)
        out += b"\0" if tick is None else b"\1" + tick.encode()
    return bytes(out)


def patch_tick(data: bytes, offset: int, tick: Tick | None) -> bytes:
    """Returns the array with one tick set, or cleared if `None`. A dynamic array changes its size."""
    array = decode_tick_array(data)
    ticks = {at: old for at, old in array.ticks.items() if at != offset}
    if tick is not None:
        ticks[offset] = tick
    return encode_tick_array(array._replace(ticks=ticks))


def cross_tick(data: bytes, offset: int, crossing: Crossing) -> bytes:
    """Returns the array after the price went over its tick at `offset`: what grew outside is now the other side.

    Rewards are not kept up: the market pays none.
    """
    tick = decode_tick_array(data).ticks[offset]
    return patch_tick(
        data,
        offset,
        tick._replace(
            fee_outside_a=(crossing.fee_growth_a - tick.fee_outside_a) % _U128,
            fee_outside_b=(crossing.fee_growth_b - tick.fee_outside_b) % _U128,
        ),
    )
