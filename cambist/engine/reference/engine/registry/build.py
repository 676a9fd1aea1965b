"""The pool that a set of accounts describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.pool import Pool
from cambist.engine.reference.tick_array_manager import Ticks

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry
    from cambist.engine.reference.engine.registry.entries import PoolEntry


def build(registry: Registry, pool: PoolEntry) -> Pool:
    """Returns the pool that the accounts describe; all of them are there."""
    now = registry.accounts[pool.address].decoded
    mint_a, mint_b = pool.mints or (b"", b"")
    fees = registry.accounts[mint_a].decoded.transfer_fee, registry.accounts[mint_b].decoded.transfer_fee
    if pool.venue == "orca":
        if pool.ticks is None:
            arrays = [registry.accounts[pool.arrays[start]].decoded for start in sorted(pool.arrays)]
            pool.ticks = Ticks(now.tick_spacing, arrays, pool.absent)
        oracle = None if pool.oracle is None else registry.accounts[pool.oracle].decoded
        return Pool.whirlpool(now, pool.ticks, oracle, fees)
    vault_a, vault_b = pool.vaults or (b"", b"")
    amounts = registry.accounts[vault_a].decoded.amount, registry.accounts[vault_b].decoded.amount
    if pool.venue == "ray4":
        return Pool.amm_v4(now, amounts[0], amounts[1])
    config = registry.accounts[pool.config or b""].decoded
    return Pool.cpmm(now, config, amounts, fees)
