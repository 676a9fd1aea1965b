"""Accounts of Raydium CLMM: the pool, its fee configuration, its tick arrays, the extension of its bitmap.

What was padding in 2024 holds the fee mode, the dynamic fee and the limit orders since 2026, zero in older accounts:
one layout reads both.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cambist.engine.reference.chain.reader import LayoutError, check_discriminator, check_size, key, signed, unsigned
from cambist.engine.reference.venues.raydium_price import (
    MAX_SQRT_PRICE,
    MIN_SQRT_PRICE,
    sqrt_price_from_tick,
    tick_from_sqrt_price,
)

CLMM_TICKS_PER_ARRAY = 60
CLMM_BITMAP_ARRAYS = 512
"""Arrays on each side of 0 that the pool's own bitmap covers: −512 to 511."""
CLMM_EXTENSION_ROWS = 14
"""Rows of 512 arrays beyond them, on each side, that the extension covers."""

_POOL = bytes.fromhex("f7ede3f5d7c3de46")
_CONFIG = bytes.fromhex("daf42168cbcb2b6f")
_TICK_ARRAY = bytes.fromhex("c09b55cd31f9812a")
_EXTENSION = bytes.fromhex("3c9624db61808b99")
_TICK_SIZE = 168
_PPM = 1_000_000
_SWAP_IS_OFF = 1 << 4


class ClmmConfig(msgspec.Struct, frozen=True):
    """`AmmConfig` of Raydium CLMM. Rates are ppm; protocol and fund rates are shares of the trade fee."""

    index: int
    protocol_fee_rate: int
    trade_fee_rate: int
    tick_spacing: int
    fund_fee_rate: int

    @staticmethod
    def decode(data: bytes) -> ClmmConfig:
        """Returns the fields. Raises `LayoutError`, for a fee of the whole or shares above it too."""
        check_discriminator("clmm_config", data, _CONFIG)
        check_size("clmm_config", data, 117, may_grow=True)
        config = ClmmConfig(
            index=unsigned(data, 9, 2),
            protocol_fee_rate=unsigned(data, 43, 4),
            trade_fee_rate=unsigned(data, 47, 4),
            tick_spacing=unsigned(data, 51, 2),
            fund_fee_rate=unsigned(data, 53, 4),
        )
        if config.trade_fee_rate >= _PPM:
            msg = f"clmm_config: trade_fee_rate was {config.trade_fee_rate}"
            raise LayoutError(msg)
        shares = config.protocol_fee_rate + config.fund_fee_rate
        if shares > _PPM:
            msg = f"clmm_config: protocol_fee_rate was {config.protocol_fee_rate}"
            raise LayoutError(msg)
        return config


class ClmmDynamicFee(msgspec.Struct, frozen=True):
    """How a pool's fee follows its volatility, and the volatility it has seen."""

    filter_period: int
    """Seconds."""
    decay_period: int
    """Seconds."""
    reduction_factor: int
    """bps"""
    control: int
    max_volatility_accumulator: int
    index_reference: int
    """Ticks of one spacing."""
    volatility_reference: int
    volatility_accumulator: int
    last_update_timestamp: int
    """Unix seconds."""


class ClmmPool(msgspec.Struct, frozen=True):
    """`PoolState` of Raydium CLMM. `sqrt_price` is √(token 1 atoms per token 0 atom) in Q64.64; pairs are (0, 1)."""

    amm_config: bytes
    mints: tuple[bytes, bytes]
    vaults: tuple[bytes, bytes]
    observation: bytes
    decimals: tuple[int, int]
    tick_spacing: int
    liquidity: int
    sqrt_price: int
    tick: int
    fee_growths: tuple[int, int]
    """Q64.64 atoms per unit of liquidity, wrapping."""
    protocol_fees: tuple[int, int]
    status: int
    """Bit 4 (value 16): swap is off."""
    fee_on: int
    """0: on the input; 1: on token 0 only; 2: on token 1 only."""
    bitmap: int
    """Bit `index + 512` says that the tick array has an initialised tick."""
    fund_fees: tuple[int, int]
    open_time: int
    """Unix seconds."""
    dynamic_fee: ClmmDynamicFee | None

    @staticmethod
    def decode(data: bytes) -> ClmmPool:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("clmm_pool", data, _POOL)
        check_size("clmm_pool", data, 1544, may_grow=True)
        pool = ClmmPool(
            amm_config=key(data, 9),
            mints=(key(data, 73), key(data, 105)),
            vaults=(key(data, 137), key(data, 169)),
            observation=key(data, 201),
            decimals=(data[233], data[234]),
            tick_spacing=unsigned(data, 235, 2),
            liquidity=unsigned(data, 237, 16),
            sqrt_price=unsigned(data, 253, 16),
            tick=signed(data, 269, 4),
            fee_growths=(unsigned(data, 277, 16), unsigned(data, 293, 16)),
            protocol_fees=(unsigned(data, 309, 8), unsigned(data, 317, 8)),
            status=data[389],
            fee_on=data[390],
            bitmap=unsigned(data, 904, 128),
            fund_fees=(unsigned(data, 1064, 8), unsigned(data, 1072, 8)),
            open_time=unsigned(data, 1080, 8),
            dynamic_fee=_dynamic_fee(data) if any(data[1096:1176]) else None,
        )
        in_range = MIN_SQRT_PRICE <= pool.sqrt_price <= MAX_SQRT_PRICE
        checks = {
            "tick_spacing": (pool.tick_spacing, pool.tick_spacing > 0),
            "sqrt_price": (pool.sqrt_price, in_range),
            "tick": (pool.tick, in_range and _is_tick_of(pool.tick, pool.sqrt_price)),
            "fee_on": (pool.fee_on, pool.fee_on <= 2),
        }
        for field, (was, passes) in checks.items():
            if not passes:
                msg = f"clmm_pool: {field} was {was}"
                raise LayoutError(msg)
        return pool

    def fee_on_input(self, *, zero_for_one: bool) -> bool:
        """Returns whether a swap in that direction pays its fee in the token that goes in."""
        return self.fee_on == 0 or (self.fee_on == 1) == zero_for_one

    def is_open(self, now: int) -> bool:
        """Returns whether the pool swaps at `now` (unix s)."""
        return not self.status & _SWAP_IS_OFF and now > self.open_time


def _is_tick_of(tick: int, sqrt_price: int) -> bool:
    """Returns whether a price is in the tick, or at the upper edge that it came down over."""
    at = tick_from_sqrt_price(sqrt_price)
    return tick == at or (tick == at - 1 and sqrt_price == sqrt_price_from_tick(at))


def _dynamic_fee(data: bytes) -> ClmmDynamicFee:
    return ClmmDynamicFee(
        filter_period=unsigned(data, 1096, 2),
        decay_period=unsigned(data, 1098, 2),
        reduction_factor=unsigned(data, 1100, 2),
        control=unsigned(data, 1102, 4),
        max_volatility_accumulator=unsigned(data, 1106, 4),
        index_reference=signed(data, 1110, 4),
        volatility_reference=unsigned(data, 1114, 4),
        volatility_accumulator=unsigned(data, 1118, 4),
        last_update_timestamp=unsigned(data, 1122, 8),
    )


class ClmmOrders(NamedTuple):
    """The limit orders that rest on one tick, in atoms of the token they give."""

    amount: int = 0
    """Orders that no swap has touched."""
    part_filled: int = 0
    """What is left of the orders that a swap has begun to fill."""
    phase: int = 0
    """How often untouched orders were begun."""
    unfilled_ratio: int = 0
    """Q64.64 share of the begun orders that is left."""

    def total(self) -> int:
        """Returns what all orders give together."""
        return self.amount + self.part_filled


class ClmmTick(NamedTuple):
    """An initialised tick: positions end here, or limit orders rest on it, or both."""

    net: int
    """Liquidity to add on the way up."""
    gross: int
    orders: ClmmOrders = ClmmOrders()


class ClmmTickArray(msgspec.Struct, frozen=True):
    """60 ticks from `start_tick_index` on, spaced by the pool's tick spacing."""

    pool: bytes
    start_tick_index: int
    ticks: tuple[tuple[int, ClmmTick], ...]
    """(offset 0–59, tick) of the initialised ticks, ascending."""

    @staticmethod
    def decode(data: bytes) -> ClmmTickArray:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("clmm_tick_array", data, _TICK_ARRAY)
        check_size("clmm_tick_array", data, 10_240, may_grow=True)
        ticks = ((offset, _tick(data, 44 + _TICK_SIZE * offset)) for offset in range(CLMM_TICKS_PER_ARRAY))
        initialised = tuple((offset, tick) for offset, tick in ticks if tick.gross or tick.orders.total())
        return ClmmTickArray(key(data, 8), signed(data, 40, 4), initialised)


def _tick(data: bytes, at: int) -> ClmmTick:
    orders = ClmmOrders(
        amount=unsigned(data, at + 124, 8),
        part_filled=unsigned(data, at + 132, 8),
        phase=unsigned(data, at + 116, 8),
        unfilled_ratio=unsigned(data, at + 140, 16),
    )
    return ClmmTick(signed(data, at + 4, 16), unsigned(data, at + 20, 16), orders)


class ClmmBitmapExtension(msgspec.Struct, frozen=True):
    """Which of the arrays beyond the pool's own bitmap have an initialised tick."""

    pool: bytes
    positive: tuple[int, ...]
    """Bit b of row r is array 512 · (r + 1) + b."""
    negative: tuple[int, ...]
    """Bit b of row r is array −512 · (r + 2) + b."""

    @staticmethod
    def decode(data: bytes) -> ClmmBitmapExtension:
        """Returns the fields. Raises `LayoutError`."""
        check_discriminator("clmm_bitmap_extension", data, _EXTENSION)
        check_size("clmm_bitmap_extension", data, 1832, may_grow=True)
        rows = range(CLMM_EXTENSION_ROWS)
        return ClmmBitmapExtension(
            pool=key(data, 8),
            positive=tuple(unsigned(data, 40 + 64 * row, 64) for row in rows),
            negative=tuple(unsigned(data, 936 + 64 * row, 64) for row in rows),
        )
