"""The pool that a set of accounts describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference.venues.clmm.maths import ClmmTicks
from cambist.engine.reference.venues.clmm.pool import ClmmState
from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.engine.reference.venues.pump.pool import PumpState, is_canonical
from cambist.engine.reference.venues.quote import Pool
from cambist.engine.reference.venues.tick_array_manager import Ticks

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.venues.quote import TransferFees


def build(registry: Registry, pool: PoolEntry) -> Pool:
    """Returns the pool that the accounts describe; all of them are there."""
    now = _decoded(registry, pool.address)
    mint_a, mint_b = pool.mints or (b"", b"")
    fees = _decoded(registry, mint_a).transfer_fee, _decoded(registry, mint_b).transfer_fee
    arrays = [_decoded(registry, pool.arrays[start]) for start in sorted(pool.arrays)]
    if pool.venue == "orca":
        if pool.ticks is None:
            pool.ticks = Ticks(now.tick_spacing, arrays, pool.absent)
        return Pool.whirlpool(now, pool.ticks, _decoded(registry, pool.oracle), fees)
    if pool.venue == "damm2":
        return Pool.damm_v2(now, fees)
    if pool.venue == "dlmm":
        bins = dlmm.Bins(pool.address, now, _decoded(registry, pool.bitmap), arrays)
        return Pool.dlmm(now, bins, fees)
    if pool.venue == "clmm":
        if pool.clmm_ticks is None:
            pool.clmm_ticks = ClmmTicks(pool.address, now, _decoded(registry, pool.bitmap), arrays)
        return ClmmState(now, _decoded(registry, pool.config), pool.clmm_ticks, fees)
    return _between_vaults(registry, pool, now, fees)


def _between_vaults(registry: Registry, pool: PoolEntry, now: Any, fees: TransferFees) -> Pool:
    """Returns a pool whose reserves are its vaults' balances."""
    vault_a, vault_b = pool.vaults or (b"", b"")
    amounts = _decoded(registry, vault_a).amount, _decoded(registry, vault_b).amount
    if pool.venue == "ray4":
        return Pool.amm_v4(now, amounts[0], amounts[1])
    if pool.venue == "saber":
        return Pool.stable(now, amounts)
    config = _decoded(registry, pool.config)
    if pool.venue == "cpmm":
        return Pool.cpmm(now, config, amounts, fees)
    if pool.canonical is None:
        pool.canonical = is_canonical(now, registry.addresses.find)
    supply = _decoded(registry, now.base_mint).supply
    return PumpState(now, config, _decoded(registry, pool.schedule), supply, pool.canonical, amounts, fees)


def _decoded(registry: Registry, key: bytes | None) -> Any:
    return None if key is None else registry.accounts[key].decoded
