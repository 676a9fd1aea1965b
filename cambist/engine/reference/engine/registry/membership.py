"""Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.engine.registry.entries import TOKEN_PROGRAMS, Account, PoolEntry
from cambist.engine.reference.venues import CURVES
from cambist.engine.reference.venues.pairs import TOP_PAIRS
from cambist.engine.reference.venues.program import Role
from cambist.engine.reference.venues.quote import ChainTime

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry

KNOWN_OWNERS = frozenset(
    {
        *CURVES,
        *(owner for curve in CURVES.values() for owner in curve.owners.values()),
        *TOKEN_PROGRAMS,
        program.SYSTEM,
        program.SYSVAR,
    }
)


def discover(registry: Registry, key: bytes, owner: bytes, data: bytes) -> Account | None:
    """Returns a new account if it is an array, oracle or bitmap of a watched pool, found by what it says itself."""
    curve = CURVES.get(owner)
    for role, layout, field in () if curve is None else curve.named_by():
        try:
            at = registry.index.get(getattr(layout.decode(data), field))
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
            if pool.mints is not None
            and (pool.oracle or pool.curve.follows_clock or pool.state != "live" or now.epoch != epoch)
        )
    elif account.role is Role.MINT:
        registry.decimals[account.key] = now.decimals
    elif account.role is Role.POOL:
        _note_pool(registry, registry.pools[account.users[0]], account, before)
    elif account.role is Role.TICKS:
        pool = registry.pools[account.users[0]]
        start, content = pool.curve.start_of(now), pool.curve.content_of
        if pool.arrays.get(start) != account.key or before is None or content(before) != content(now):
            pool.note_array(start, account.key, account.slot)
    elif account.role is Role.ORACLE:
        registry.pools[account.users[0]].oracle = account.key
    elif account.role is Role.BITMAP:
        pool = registry.pools[account.users[0]]
        pool.bitmap = account.key
        pool.drop_ticks()
        if (pool_now := registry.accounts[pool.address].decoded) is not None:
            _ask_near(registry, pool, pool_now)


def _note_pool(registry: Registry, pool: PoolEntry, account: Account, before: Any) -> None:
    now, at = account.decoded, account.users[0]
    if pool.mints is None:
        first_sight(registry, pool, at, now)
    if before is not None:
        arrays = [registry.accounts[key].decoded for key in pool.arrays.values()]
        if pool.curve.is_lone(before, now, arrays):
            pool.lone_slot = account.slot
        if pool.curve.spoils_ticks(before, now):
            pool.drop_ticks()
    _ask_near(registry, pool, now)


def first_sight(registry: Registry, pool: PoolEntry, at: int, now: Any) -> None:
    """Takes over which accounts a pool names, and asks for those nobody watches."""
    names = pool.curve.named(now)
    pool.mints, pool.vaults = names.mints, names.vaults
    pool.config, pool.schedule = names.config, names.schedule
    if names.wanted:
        registry.needs.append((names.wanted, pool.name, 0, pool.carrier))
    for vault in pool.vaults or ():
        _watch(registry, vault, Role.VAULT, at)
    if pool.config is not None:
        _watch(registry, pool.config, Role.CONFIG, at)
    if pool.schedule is not None:
        _watch(registry, pool.schedule, Role.SCHEDULE, at)
    for mint in pool.mints:
        _watch(registry, mint, Role.MINT, at)
    clock = registry.accounts[program.CLOCK]
    if not clock.users:
        registry.needs.append(("account", base58.encode(program.CLOCK), 0, pool.carrier))
    clock.users.append(at)
    if at < TOP_PAIRS:
        registry.addresses.warm([pool.mints])
    registry.created.append(at)


def _watch(registry: Registry, key: bytes, role: Role, at: int) -> None:
    account = registry.accounts.get(key)
    if account is None:
        account = registry.accounts[key] = Account(key, role, [])
        registry.needs.append(("account", base58.encode(key), 0, registry.pools[at].carrier))
    if at not in account.users:
        account.users.append(at)
        account.users.sort()


def _ask_near(registry: Registry, pool: PoolEntry, now: Any) -> None:
    """Asks for the arrays that the next swaps meet and nobody asked for yet."""
    bitmap = None if pool.bitmap is None else registry.accounts[pool.bitmap].decoded
    for kind, start in pool.curve.near(now, bitmap):
        if start not in pool.wanted:
            pool.wanted.add(start)
            registry.needs.append((kind, pool.name, start, pool.carrier))


def note_absent(registry: Registry, key: bytes) -> None:
    """Takes that an account which nobody watches does not exist: is it an array that was asked for?"""
    for at, pool in enumerate(registry.pools):
        if not pool.curve.tells_absence:
            continue
        for start in sorted(pool.wanted - pool.absent - pool.arrays.keys()):
            seeds = pool.curve.array_seeds(pool.address, start)
            if key == registry.addresses.find(seeds, pool.program)[0]:
                pool.absent.add(start)
                pool.drop_ticks()
                registry.dirty.add(at)
                return


def carried(registry: Registry, key: bytes, channel: int) -> None:
    """Takes that `channel` has a subscription on an account: its pools follow the slots of that channel."""
    account = registry.accounts.get(key)
    if account is not None and account.role is not Role.CLOCK:
        for user in account.users:
            if registry.pools[user].carrier is None:
                registry.pools[user].carrier = channel
