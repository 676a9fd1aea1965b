"""Raydium CLMM as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.clmm import events, owned
from cambist.engine.reference.venues.clmm.layout import (
    CLMM_TICKS_PER_ARRAY,
    ClmmBitmapExtension,
    ClmmConfig,
    ClmmPool,
    ClmmTickArray,
)
from cambist.engine.reference.venues.clmm.maths import ClmmTicks, initialised_arrays
from cambist.engine.reference.venues.clmm.pool import ClmmState
from cambist.engine.reference.venues.clmm.swap import clmm_swap, clmm_swap_v2
from cambist.engine.reference.venues.program import Compute, Curve, Held, Named, Parts, Program, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.reference.venues.quote import Pool

_COMPUTE = Compute(80_000, 14_000, 6_000)
"""The line through what was recorded."""
_NEAR = 3
"""Tick arrays kept in each direction, the current one included."""


class _Curve(Curve):
    layouts: ClassVar[Mapping[Role, Any]] = {
        Role.POOL: ClmmPool,
        Role.CONFIG: ClmmConfig,
        Role.TICKS: ClmmTickArray,
        Role.BITMAP: ClmmBitmapExtension,
    }
    members = ((Role.TICKS, "pool"), (Role.BITMAP, "pool"))
    follows_clock = True

    def named(self, now: ClmmPool) -> Named:
        return Named(now.mints, config=now.amm_config, wanted="clmm_bitmap")

    def ticks(self, parts: Parts) -> ClmmTicks:
        return ClmmTicks(parts.address, parts.now, parts.bitmap, parts.arrays)

    def build(self, parts: Parts, ticks: ClmmTicks, once: Any) -> Pool:
        return ClmmState(parts.now, parts.config, ticks, parts.fees)

    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        if len(accounts) < 6:
            return None
        address, pool, config, bitmap, mint_a, mint_b, *arrays = accounts
        decoded = decode_clmm(address, [pool, config, bitmap, *arrays])
        return ClmmState(*decoded, (Mint.decode(mint_a).transfer_fee, Mint.decode(mint_b).transfer_fee))

    def is_complete(self, held: Held) -> bool:
        used, span = initialised_arrays(held.now, held.bitmap), _span(held.now)
        nearest = [near_arrays(used, held.now.tick // span, x_to_y=down)[:1] for down in (True, False)]
        return all(index * span in held.arrays for near in nearest for index in near)

    def near(self, now: ClmmPool, bitmap: Any) -> list[tuple[str, int]]:
        used, span = initialised_arrays(now, bitmap), _span(now)
        near = [near_arrays(used, now.tick // span, x_to_y=down)[:_NEAR] for down in (True, False)]
        return [("clmm_tick_array", index * span) for side in near for index in side]

    def is_lone(self, before: ClmmPool, now: ClmmPool, arrays: Sequence[ClmmTickArray]) -> bool:
        added = before.liquidity != now.liquidity and before.sqrt_price == now.sqrt_price
        return added or _passed_orders(before.tick, now, arrays)

    def spoils_ticks(self, before: ClmmPool, now: ClmmPool) -> bool:
        return (before.bitmap, before.tick_spacing) != (now.bitmap, now.tick_spacing)


def _passed_orders(before: int, now: ClmmPool, arrays: Sequence[ClmmTickArray]) -> bool:
    """Returns whether limit orders rest where the price went: a swap that passed them changed their arrays too."""
    low, high = sorted((before, now.tick))
    return any(
        low <= array.start_tick_index + offset * now.tick_spacing <= high and tick.orders.total()
        for array in arrays
        for offset, tick in array.ticks
    )


def _span(pool: ClmmPool) -> int:
    """Returns how many ticks an array of the pool spans."""
    return CLMM_TICKS_PER_ARRAY * pool.tick_spacing


def decode_clmm(address: bytes, accounts: Sequence[bytes]) -> tuple[ClmmPool, ClmmConfig, ClmmTicks]:
    """Returns a pool, its configuration and ticks from (pool, configuration, extension or nothing, tick arrays).

    Raises `ValueError`.
    """
    if len(address) != 32:
        message = f"key of {len(address)} bytes"
        raise ValueError(message)
    if len(accounts) < 3:
        message = f"clmm of {len(accounts)} accounts"
        raise ValueError(message)
    pool, config = ClmmPool.decode(accounts[0]), ClmmConfig.decode(accounts[1])
    extension = ClmmBitmapExtension.decode(accounts[2]) if accounts[2] else None
    arrays = [ClmmTickArray.decode(data) for data in accounts[3:]]
    return pool, config, ClmmTicks(address, pool, extension, arrays)


PROGRAM = Program(
    venue="clmm",
    ids=(owned.RAYDIUM_CLMM,),
    proof="svm_vectors/raydium_clmm_svm2024, raydium_clmm_native2026: recorded executions, its source of July 2026",
    curve=_Curve(),
    compute=_COMPUTE,
    swaps=(clmm_swap, clmm_swap_v2),
    layout=events.layout,
    events=events.EVENTS,
)
