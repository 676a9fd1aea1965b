"""Which accounts belong to which pool: as the pool itself names them, or found by the pool that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.engine.registry.entries import (
    CURVES,
    FOLLOW_CLOCK,
    TOKEN_PROGRAMS,
    Account,
    PoolEntry,
    Role,
)
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.clmm.layout import (
    CLMM_TICKS_PER_ARRAY,
    ClmmBitmapExtension,
    ClmmPool,
    ClmmTickArray,
)
from cambist.engine.reference.venues.clmm.maths import initialised_arrays
from cambist.engine.reference.venues.dlmm.layout import BinArray, BinArrayBitmapExtension, LbPair
from cambist.engine.reference.venues.dlmm.maths import array_index, liquid_arrays
from cambist.engine.reference.venues.orca.layout import TICKS_PER_ARRAY, Oracle, TickArray, Whirlpool
from cambist.engine.reference.venues.pairs import TOP_PAIRS
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.tick_array_manager import array_start

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry

MIN_TICK, MAX_TICK = -443_636, 443_636
NEAR_ARRAYS = 2
"""Tick arrays kept each side of the current one."""
NEAR_LIQUID_ARRAYS = 3
"""Bin arrays, or tick arrays of a bitmap, kept in each direction, the current one included."""
KNOWN_OWNERS = frozenset({*CURVES, *TOKEN_PROGRAMS, owned.PUMP_FEES, program.SYSTEM, program.SYSVAR})


PARTS: dict[str, tuple[tuple[Role, Any, str], ...]] = {
    "orca": ((Role.TICKS, TickArray, "whirlpool"), (Role.ORACLE, Oracle, "whirlpool")),
    "dlmm": ((Role.TICKS, BinArray, "lb_pair"), (Role.BITMAP, BinArrayBitmapExtension, "lb_pair")),
    "clmm": ((Role.TICKS, ClmmTickArray, "pool"), (Role.BITMAP, ClmmBitmapExtension, "pool")),
}
"""The accounts that name the pool they belong to: role, layout, field."""


def discover(registry: Registry, key: bytes, owner: bytes, data: bytes) -> Account | None:
    """Returns a new account if it is an array, oracle or bitmap of a watched pool, found by what it says itself."""
    for role, layout, field in PARTS.get(CURVES.get(owner, ""), ()):
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
            and (pool.oracle or pool.venue in FOLLOW_CLOCK or pool.state != "live" or now.epoch != epoch)
        )
    elif account.role is Role.MINT:
        registry.decimals[account.key] = now.decimals
    elif account.role is Role.POOL:
        _note_pool(registry, registry.pools[account.users[0]], account, before)
    elif account.role is Role.TICKS:
        pool, start = registry.pools[account.users[0]], array_start_of(now)
        if pool.arrays.get(start) != account.key or before is None or _content(before) != _content(now):
            pool.note_array(start, account.key, account.slot)
    elif account.role is Role.ORACLE:
        registry.pools[account.users[0]].oracle = account.key
    elif account.role is Role.BITMAP:
        pool = registry.pools[account.users[0]]
        pool.bitmap = account.key
        pool.drop_ticks()
        if (pool_now := registry.accounts[pool.address].decoded) is not None:
            _near_by_bitmap(registry, pool, pool_now)


def _passed_orders(registry: Registry, pool: PoolEntry, before: int, now: ClmmPool) -> bool:
    """Returns whether limit orders rest where the price went: a swap that passed them changed their arrays too."""
    low, high = sorted((before, now.tick))
    arrays = [registry.accounts[key].decoded for key in pool.arrays.values()]
    return any(
        low <= array.start_tick_index + offset * now.tick_spacing <= high and tick.orders.total()
        for array in arrays
        for offset, tick in array.ticks
    )


def array_start_of(array: TickArray | BinArray | ClmmTickArray) -> int:
    """Returns what an array is found by: its first tick, or its index."""
    return array.index if isinstance(array, BinArray) else array.start_tick_index


def _content(array: TickArray | BinArray | ClmmTickArray) -> Any:
    return array.bins if isinstance(array, BinArray) else array.ticks


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
        _near_tick_arrays(registry, pool, now)
    elif pool.venue == "dlmm":
        if before is not None and array_index(before.active_id) != array_index(now.active_id):
            pool.lone_slot = account.slot
        _near_by_bitmap(registry, pool, now)
    elif pool.venue == "clmm":
        if before is not None:
            _note_clmm(registry, pool, account.slot, before, now)
        _near_by_bitmap(registry, pool, now)
    elif pool.venue == "pump" and before is not None and before.virtual_quote_reserves != now.virtual_quote_reserves:
        pool.lone_slot = account.slot


def _note_clmm(registry: Registry, pool: PoolEntry, slot: int, before: ClmmPool, now: ClmmPool) -> None:
    added = before.liquidity != now.liquidity and before.sqrt_price == now.sqrt_price
    if added or _passed_orders(registry, pool, before.tick, now):
        pool.lone_slot = slot
    if (before.bitmap, before.tick_spacing) != (now.bitmap, now.tick_spacing):
        pool.drop_ticks()


Pair = tuple[bytes, bytes]


def named(venue: str, now: Any) -> tuple[Pair, Pair | None]:
    """Returns the mints that a pool's account names, and its vaults where a quote reads their balances."""
    match venue:
        case "ray4":
            return (now.coin_mint, now.pc_mint), (now.coin_vault, now.pc_vault)
        case "cpmm" | "saber":
            return now.mints, now.vaults
        case "damm2" | "clmm":
            return now.mints, None
        case "dlmm":
            return (now.mint_x, now.mint_y), None
        case "pump":
            return (now.base_mint, now.quote_mint), (now.base_vault, now.quote_vault)
    return (now.mint_a, now.mint_b), None


def first_sight(registry: Registry, pool: PoolEntry, at: int, now: Any) -> None:
    """Takes over which accounts a pool names, and asks for those nobody watches."""
    pool.mints, pool.vaults = named(pool.venue, now)
    if pool.venue == "cpmm":
        pool.config = now.amm_config
    elif pool.venue == "dlmm":
        registry.needs.append(("bitmap", pool.name, 0, pool.carrier))
    elif pool.venue == "clmm":
        pool.config = now.amm_config
        registry.needs.append(("clmm_bitmap", pool.name, 0, pool.carrier))
    elif pool.venue == "pump":
        pool.config, pool.schedule = owned.PUMP_AMM_CONFIG, owned.PUMP_FEE_CONFIG
    elif pool.venue == "orca" and now.has_adaptive_fee():
        registry.needs.append(("oracle", pool.name, 0, pool.carrier))
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


def _near_tick_arrays(registry: Registry, pool: PoolEntry, now: Whirlpool) -> None:
    span = TICKS_PER_ARRAY * now.tick_spacing
    current = array_start(now.tick, now.tick_spacing)
    for step in range(-NEAR_ARRAYS, NEAR_ARRAYS + 1):
        start = current + step * span
        if start not in pool.wanted and array_start(MIN_TICK, now.tick_spacing) <= start <= MAX_TICK:
            pool.wanted.add(start)
            registry.needs.append(("tick_array", pool.name, start, pool.carrier))


def _near_by_bitmap(registry: Registry, pool: PoolEntry, now: Any) -> None:
    """Asks for the arrays that the bitmaps of a DLMM pair or a CLMM pool tell and the next swaps meet."""
    if pool.venue == "dlmm":
        liquid = liquid_arrays_of(registry, pool, now)
        _near_liquid_arrays(registry, pool, "bin_array", liquid, array_index(now.active_id), 1)
    else:
        used, span = used_arrays_of(registry, pool, now), clmm_span(now)
        _near_liquid_arrays(registry, pool, "clmm_tick_array", used, now.tick // span, span)


def _near_liquid_arrays(
    registry: Registry, pool: PoolEntry, kind: str, liquid: list[int], current: int, unit: int
) -> None:
    """Asks for those of `liquid` arrays that the next swaps meet; what is asked for is an index times `unit`."""
    for down in (True, False):
        for array in near_arrays(liquid, current, x_to_y=down)[:NEAR_LIQUID_ARRAYS]:
            if array * unit not in pool.wanted:
                pool.wanted.add(array * unit)
                registry.needs.append((kind, pool.name, array * unit, pool.carrier))


def used_arrays_of(registry: Registry, pool: PoolEntry, now: ClmmPool) -> list[int]:
    """Returns the tick arrays of a CLMM pool that are in use, as far as its bitmaps are known."""
    return initialised_arrays(now, None if pool.bitmap is None else registry.accounts[pool.bitmap].decoded)


def clmm_span(pool: ClmmPool) -> int:
    """Returns how many ticks an array of the pool spans."""
    return CLMM_TICKS_PER_ARRAY * pool.tick_spacing


def liquid_arrays_of(registry: Registry, pool: PoolEntry, now: LbPair) -> list[int]:
    """Returns the bin arrays of a pair that have liquidity, as far as its bitmaps are known."""
    return liquid_arrays(now, None if pool.bitmap is None else registry.accounts[pool.bitmap].decoded)


def note_absent(registry: Registry, key: bytes) -> None:
    """Takes that an account which nobody watches does not exist: is it a tick array that was asked for?"""
    for at, pool in enumerate(registry.pools):
        if pool.venue != "orca":
            continue
        for start in sorted(pool.wanted - pool.absent - pool.arrays.keys()):
            seeds = [b"tick_array", pool.address, str(start).encode()]
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
