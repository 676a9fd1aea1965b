"""Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference import base58
from cambist.engine.reference.accounts import TICKS_PER_ARRAY, LayoutError, Oracle, TickArray, Whirlpool, program
from cambist.engine.reference.engine.derive import tick_array_addresses
from cambist.engine.reference.engine.registry.entries import CURVES, TOKEN_PROGRAMS, Account, PoolEntry, Role
from cambist.engine.reference.pool import ChainTime
from cambist.engine.reference.tick_array_manager import array_start

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry

MIN_TICK, MAX_TICK = -443_636, 443_636
NEAR_ARRAYS = 2
"""Tick arrays kept each side of the current one."""
KNOWN_OWNERS = frozenset({*CURVES, *TOKEN_PROGRAMS, program.SYSTEM, program.SYSVAR})


def discover(registry: Registry, key: bytes, owner: bytes, data: bytes) -> Account | None:
    """Returns a new account if it is a tick array or oracle of a watched pool, found by what it says itself."""
    if CURVES.get(owner) == "orca":
        for role, layout in ((Role.TICKS, TickArray), (Role.ORACLE, Oracle)):
            try:
                at = registry.index.get(layout.decode(data).whirlpool)
            except LayoutError:
                continue
            if at is None or registry.pools[at].program != owner or registry.pools[at].mints is None:
                return None
            account = Account(key, role, [at])
            registry.accounts[key] = account
            return account
    if owner not in KNOWN_OWNERS:
        registry.stranger(key, owner)
    return None


def note(registry: Registry, account: Account, before: Any) -> None:
    """Draws the consequences of an accepted update: what it tears, what else is needed."""
    now = account.decoded
    if account.role is Role.CLOCK:
        epoch = None if registry.time is None else registry.time.epoch
        registry.time = ChainTime(now.slot, now.unix_timestamp, now.epoch)
        registry.aged.update(
            at
            for at, pool in enumerate(registry.pools)
            if pool.mints is not None and (pool.oracle is not None or pool.state != "live" or now.epoch != epoch)
        )
    elif account.role is Role.MINT:
        registry.decimals[account.key] = now.decimals
    elif account.role is Role.POOL:
        _note_pool(registry, registry.pools[account.users[0]], account, before)
    elif account.role is Role.TICKS:
        pool = registry.pools[account.users[0]]
        if pool.arrays.get(now.start_tick_index) != account.key or before is None or before.ticks != now.ticks:
            pool.arrays[now.start_tick_index] = account.key
            pool.absent.discard(now.start_tick_index)
            pool.ticks = None
            pool.ticks_slot = account.slot
    elif account.role is Role.ORACLE:
        registry.pools[account.users[0]].oracle = account.key


def _note_pool(registry: Registry, pool: PoolEntry, account: Account, before: Any) -> None:
    now, at = account.decoded, account.users[0]
    if pool.mints is None:
        first_sight(registry, pool, at, now)
    if pool.venue == "ray4" and before is not None:
        pnl = (now.need_take_pnl_coin, now.need_take_pnl_pc)
        if pnl != (before.need_take_pnl_coin, before.need_take_pnl_pc):
            pool.lone_slot = account.slot
    elif pool.venue == "orca":
        if before is not None and before.liquidity != now.liquidity and before.sqrt_price == now.sqrt_price:
            pool.lone_slot = account.slot
        _near_arrays(registry, pool, now)


def first_sight(registry: Registry, pool: PoolEntry, at: int, now: Any) -> None:
    """Takes over which accounts a pool names, and asks for those nobody watches."""
    if pool.venue == "ray4":
        pool.mints, pool.vaults = (now.coin_mint, now.pc_mint), (now.coin_vault, now.pc_vault)
    elif pool.venue == "cpmm":
        pool.mints, pool.vaults = now.mints, now.vaults
        pool.config = now.amm_config
    else:
        pool.mints = (now.mint_a, now.mint_b)
        if now.has_adaptive_fee():
            registry.needs.append(("oracle", pool.name, 0, pool.carrier))
    for vault in pool.vaults or ():
        _watch(registry, vault, Role.VAULT, at)
    if pool.config is not None:
        _watch(registry, pool.config, Role.CONFIG, at)
    for mint in pool.mints:
        _watch(registry, mint, Role.MINT, at)
    clock = registry.accounts[program.CLOCK]
    if not clock.users:
        registry.needs.append(("account", base58.encode(program.CLOCK), 0, pool.carrier))
    clock.users.append(at)
    registry.created.append(at)


def _watch(registry: Registry, key: bytes, role: Role, at: int) -> None:
    account = registry.accounts.get(key)
    if account is None:
        account = registry.accounts[key] = Account(key, role, [])
        registry.needs.append(("account", base58.encode(key), 0, registry.pools[at].carrier))
    if at not in account.users:
        account.users.append(at)
        account.users.sort()


def _near_arrays(registry: Registry, pool: PoolEntry, now: Whirlpool) -> None:
    span = TICKS_PER_ARRAY * now.tick_spacing
    current = array_start(now.tick, now.tick_spacing)
    for step in range(-NEAR_ARRAYS, NEAR_ARRAYS + 1):
        start = current + step * span
        if start not in pool.wanted and array_start(MIN_TICK, now.tick_spacing) <= start <= MAX_TICK:
            pool.wanted.add(start)
            registry.needs.append(("tick_array", pool.name, start, pool.carrier))


def note_absent(registry: Registry, key: bytes) -> None:
    """Takes that an account which nobody watches does not exist: is it a tick array that was asked for?"""
    for at, pool in enumerate(registry.pools):
        for start in sorted(pool.wanted - pool.absent - pool.arrays.keys()):
            if key in tick_array_addresses(pool.address, pool.program, start):
                pool.absent.add(start)
                pool.ticks = None
                registry.dirty.add(at)
                return


def carried(registry: Registry, key: bytes, channel: int) -> None:
    """Takes that `channel` has a subscription on an account: its pools follow the slots of that channel."""
    account = registry.accounts.get(key)
    if account is not None and account.role is not Role.CLOCK:
        for user in account.users:
            if registry.pools[user].carrier is None:
                registry.pools[user].carrier = channel
