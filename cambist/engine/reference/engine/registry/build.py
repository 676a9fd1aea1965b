"""The pool that a set of accounts describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference.venues.program import Parts

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry
    from cambist.engine.reference.engine.registry.entries import PoolEntry
    from cambist.engine.reference.venues.quote import Pool


def build(registry: Registry, pool: PoolEntry) -> Pool:
    """Returns the pool that the accounts describe; all of them are there. Raises `LayoutError`."""
    parts = _parts(registry, pool)
    if pool.ticks is None:
        pool.ticks = pool.curve.ticks(parts)
    if pool.once is None:
        pool.once = pool.curve.once(parts.now, registry.addresses.find)
    return pool.curve.build(parts, pool.ticks, pool.once)


def _parts(registry: Registry, pool: PoolEntry) -> Parts:
    def decoded(key: bytes | None) -> Any:
        return None if key is None else registry.accounts[key].decoded

    mint_a, mint_b = (decoded(mint) for mint in pool.mints or ())
    amounts = (0, 0) if pool.vaults is None else (decoded(pool.vaults[0]).amount, decoded(pool.vaults[1]).amount)
    return Parts(
        address=pool.address,
        now=decoded(pool.address),
        fees=(mint_a.transfer_fee, mint_b.transfer_fee),
        amounts=amounts,
        base_supply=mint_a.supply,
        config=decoded(pool.config),
        schedule=decoded(pool.schedule),
        oracle=decoded(pool.oracle),
        bitmap=decoded(pool.bitmap),
        arrays=[decoded(pool.arrays[start]) for start in sorted(pool.arrays)],
        absent=pool.absent,
    )
