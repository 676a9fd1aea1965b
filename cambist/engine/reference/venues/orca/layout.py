"""Accounts of Orca Whirlpool: the pool, its tick arrays in both encodings, its oracle."""

from __future__ import annotations

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_discriminator, check_size, key, signed, unsigned
from cambist.engine.reference.venues.sqrt_price import MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK

TICKS_PER_ARRAY = 88
_WHIRLPOOL = bytes.fromhex("3f95d10ce1806309")
_FIXED_ARRAY = bytes.fromhex("4561bdbe6e0742bb")
_DYNAMIC_ARRAY = bytes.fromhex("11d8f68ee1c7da38")
_ORACLE = bytes.fromhex("8bc283b38cb3e5f4")
_FIXED_TICK = 113
_DYNAMIC_TICK = 112


class Whirlpool(msgspec.Struct, frozen=True):
    """A Whirlpool. `sqrt_price` is √(token B atoms per token A atom) in Q64.64."""

    tick_spacing: int
    fee_tier_index: int
    """Differs from `tick_spacing` iff the pool has adaptive fees."""
    fee_rate: int
    """ppm of the input."""
    protocol_fee_rate: int
    """bps of the fee."""
    liquidity: int
    sqrt_price: int
    tick: int
    protocol_owed_a: int
    protocol_owed_b: int
    mint_a: bytes
    vault_a: bytes
    fee_growth_a: int
    """Q64.64 atoms per unit of liquidity, wrapping at 2^128."""
    mint_b: bytes
    vault_b: bytes
    fee_growth_b: int

    @staticmethod
    def decode(data: bytes) -> Whirlpool:
        """Returns the fields. Raises `LayoutError`, for a price beyond the program's range too."""
        check_discriminator("whirlpool", data, _WHIRLPOOL)
        check_size("whirlpool", data, 653, may_grow=True)
        pool = Whirlpool(
            tick_spacing=unsigned(data, 41, 2),
            fee_tier_index=unsigned(data, 43, 2),
            fee_rate=unsigned(data, 45, 2),
            protocol_fee_rate=unsigned(data, 47, 2),
            liquidity=unsigned(data, 49, 16),
            sqrt_price=unsigned(data, 65, 16),
            tick=signed(data, 81, 4),
            protocol_owed_a=unsigned(data, 85, 8),
            protocol_owed_b=unsigned(data, 93, 8),
            mint_a=key(data, 101),
            vault_a=key(data, 133),
            fee_growth_a=unsigned(data, 165, 16),
            mint_b=key(data, 181),
            vault_b=key(data, 213),
            fee_growth_b=unsigned(data, 245, 16),
        )
        checks = {
            "tick_spacing": pool.tick_spacing > 0,
            "sqrt_price": MIN_SQRT_PRICE <= pool.sqrt_price <= MAX_SQRT_PRICE,
            "tick": MIN_TICK - 1 <= pool.tick <= MAX_TICK,
        }
        for field, passes in checks.items():
            if not passes:
                msg = f"whirlpool: {field} was {getattr(pool, field)}"
                raise LayoutError(msg)
        return pool

    def has_adaptive_fee(self) -> bool:
        """Returns whether the pool has an oracle account that quotes need."""
        return self.fee_tier_index != self.tick_spacing


class TickArray(msgspec.Struct, frozen=True):
    """88 ticks from `start_tick_index` on, spaced by the pool's tick spacing."""

    whirlpool: bytes
    start_tick_index: int
    ticks: tuple[tuple[int, int], ...]
    """(offset 0–87, liquidity net) of the initialised ticks, ascending."""

    @staticmethod
    def decode(data: bytes) -> TickArray:
        """Returns the fields of a fixed or a dynamic array. Raises `LayoutError`."""
        if data[:8] == _DYNAMIC_ARRAY:
            return _dynamic_array(data)
        check_discriminator("tick_array", data, _FIXED_ARRAY)
        check_size("tick_array", data, 9988, may_grow=True)
        ticks = []
        for offset in range(TICKS_PER_ARRAY):
            at = 12 + _FIXED_TICK * offset
            if data[at] > 1:
                msg = f"tick_array: initialized was {data[at]}"
                raise LayoutError(msg)
            if data[at]:
                ticks.append((offset, signed(data, at + 1, 16)))
        return TickArray(key(data, 9956), signed(data, 8, 4), tuple(ticks))


def _dynamic_array(data: bytes) -> TickArray:
    check_size("dynamic_tick_array", data, 148, may_grow=True)
    ticks, at = [], 60
    for offset in range(TICKS_PER_ARRAY):
        tag = data[at] if at < len(data) else None
        if tag == 1 and at + 1 + _DYNAMIC_TICK <= len(data):
            ticks.append((offset, signed(data, at + 1, 16)))
            at += 1 + _DYNAMIC_TICK
        elif tag == 0:
            at += 1
        else:
            msg = f"dynamic_tick_array: tick {offset} is cut off or has a bad tag, size {len(data)}"
            raise LayoutError(msg)
    return TickArray(key(data, 12), signed(data, 8, 4), tuple(ticks))


class AdaptiveFeeConstants(msgspec.Struct, frozen=True):
    """How a pool's fee follows its volatility."""

    filter_period: int
    """s"""
    decay_period: int
    """s"""
    reduction_factor: int
    """bps"""
    control_factor: int
    max_volatility_accumulator: int
    tick_group_size: int
    major_swap_threshold_ticks: int


class AdaptiveFeeVariables(msgspec.Struct, frozen=True):
    """The volatility a pool has seen. Times are unix seconds."""

    last_reference_update: int
    last_major_swap: int
    volatility_reference: int
    tick_group_index_reference: int
    volatility_accumulator: int


class Oracle(msgspec.Struct, frozen=True):
    """The oracle account of a Whirlpool with adaptive fees."""

    whirlpool: bytes
    trade_enable_timestamp: int
    constants: AdaptiveFeeConstants
    variables: AdaptiveFeeVariables

    @staticmethod
    def decode(data: bytes) -> Oracle:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("oracle", data, _ORACLE)
        check_size("oracle", data, 254, may_grow=True)
        constants = AdaptiveFeeConstants(
            filter_period=unsigned(data, 48, 2),
            decay_period=unsigned(data, 50, 2),
            reduction_factor=unsigned(data, 52, 2),
            control_factor=unsigned(data, 54, 4),
            max_volatility_accumulator=unsigned(data, 58, 4),
            tick_group_size=unsigned(data, 62, 2),
            major_swap_threshold_ticks=unsigned(data, 64, 2),
        )
        if constants.tick_group_size == 0:
            msg = "oracle: tick_group_size was 0"
            raise LayoutError(msg)
        variables = AdaptiveFeeVariables(
            last_reference_update=unsigned(data, 82, 8),
            last_major_swap=unsigned(data, 90, 8),
            volatility_reference=unsigned(data, 98, 4),
            tick_group_index_reference=signed(data, 102, 4),
            volatility_accumulator=unsigned(data, 106, 4),
        )
        return Oracle(key(data, 8), unsigned(data, 40, 8), constants, variables)
