"""Whether a pool's accounts agree: at one slot, or at one that is closed. Until then the pool is *torn*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.engine.registry.build import build
from cambist.engine.reference.venues.program import Held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.engine.reference.engine.registry import Registry
    from cambist.engine.reference.engine.registry.entries import Account, PoolEntry


def settle(registry: Registry, at: int, announced: int | None) -> None:
    """Works out a pool's state from its accounts; `announced` is the newest slot of its carrier."""
    pool = registry.pools[at]
    pool.pool = None
    if pool.state == "refused":
        return
    if pool.mints is None:
        pool.state = "loading"
        return
    if any(account.fork is not None for account in members(registry, pool)):
        pool.state = "fork"
        return
    if not _is_complete(registry, pool):
        pool.state = "loading"
        return
    if any(registry.accounts[key].suspect for key in _keys(pool)):
        pool.state = "gap"
        return
    torn = _torn(registry, pool)
    if torn > pool.closed_slot:
        if pool.state != "torn" or torn != pool.torn_slot:
            pool.torn_until = max(torn, announced or 0)
        pool.state, pool.torn_slot = "torn", torn
        return
    if problem := _relations(registry, pool):
        pool.state, pool.note = "refused", problem
        registry.refuse(problem, f"pool {pool.name}: {problem}")
        return
    try:
        pool.pool = build(registry, pool)
    except LayoutError as error:
        pool.state, pool.note = "refused", "bad_layout"
        registry.refuse("bad_layout", f"pool {pool.name}: {error}")
        return
    pool.state = "live"


def _is_complete(registry: Registry, pool: PoolEntry) -> bool:
    needed = [pool.address, *(pool.vaults or ()), *(pool.mints or ())]
    if pool.config is not None:
        needed.append(pool.config)
    if pool.schedule is not None:
        needed.append(pool.schedule)
    if registry.time is None or any(registry.accounts[key].decoded is None for key in needed):
        return False
    held = Held(
        now=registry.accounts[pool.address].decoded,
        arrays=pool.arrays,
        absent=pool.absent,
        bitmap=None if pool.bitmap is None else registry.accounts[pool.bitmap].decoded,
        has_oracle=pool.oracle is not None,
    )
    return pool.curve.is_complete(held)


def members(registry: Registry, pool: PoolEntry) -> Iterator[Account]:
    """Yields the accounts that a quote reads, and the mints, which may take a fee."""
    for key in (*_keys(pool), *(pool.mints or ())):
        if (account := registry.accounts.get(key)) is not None:
            yield account


def told_slot(registry: Registry, pool: PoolEntry) -> int:
    """Returns the newest slot at which one of a pool's accounts was told, 0 before any was."""
    return max(registry.accounts[key].slot for key in _keys(pool) if key in registry.accounts)


def is_confirmed(registry: Registry, pool: PoolEntry) -> bool:
    """Returns whether a second endpoint told each account of a pool alike."""
    return all(account.confirmed for account in members(registry, pool))


def _keys(pool: PoolEntry) -> Iterator[bytes]:
    """Yields the accounts whose state a quote depends on."""
    yield pool.address
    yield from pool.vaults or ()
    if pool.config is not None:
        yield pool.config
    if pool.schedule is not None:
        yield pool.schedule
    if pool.oracle is not None:
        yield pool.oracle
    if pool.bitmap is not None:
        yield pool.bitmap
    for start in sorted(pool.arrays):
        yield pool.arrays[start]


def _torn(registry: Registry, pool: PoolEntry) -> int:
    """Returns the newest slot at which its accounts disagree, or 0."""
    account = registry.accounts[pool.address]
    if pool.vaults is None:
        array = pool.ticks_slot if account.slot < pool.ticks_slot else 0
        return max(pool.lone_slot, array, _torn_array(registry, pool, account))
    members = [registry.accounts[key] for key in pool.vaults or ()]
    lone = pool.lone_slot if any(m.slot < pool.lone_slot for m in members) else 0
    if pool.curve.changes_with_vaults:
        members.append(account)
    newest = max(m.slot for m in members)
    counts = {m.updates(newest) for m in members}
    return max(lone, newest if len(counts) > 1 else 0)


def _torn_array(registry: Registry, pool: PoolEntry, account: Account) -> int:
    """Returns the newest slot at which a pool and the array that its swaps end in changed apart, or 0."""
    end = pool.curve.ends_in(account.decoded)
    key = None if end is None else pool.arrays.get(end)
    if key is None:
        return 0
    array = registry.accounts[key]
    newest = max(account.slot, array.slot)
    return newest if account.updates(newest) != array.updates(newest) else 0


def _relations(registry: Registry, pool: PoolEntry) -> str:
    """Returns what is wrong between a pool and its vaults, or nothing."""
    vaults = [registry.accounts[key].decoded for key in pool.vaults or ()]
    if any(v.mint != mint for v, mint in zip(vaults, pool.mints or (), strict=False)):
        return "vault_mint"
    if vaults and vaults[0].owner != vaults[1].owner:
        return "vault_owner"
    return ""


def announce(registry: Registry, slot: int, announced: dict[int, int]) -> None:
    """Closes torn slots.

    Nothing more comes of one once the socket that carries the pool, and each that leads one of its accounts in that
    slot, announced a newer one. `slot` is the one just announced, `announced` the newest of each socket.
    """
    for at, pool in enumerate(registry.pools):
        if pool.state != "torn" or slot <= pool.torn_until:
            continue
        members = [registry.accounts[key] for key in _keys(pool)]
        sockets = {account.channel for account in members if account.socket and account.slot == pool.torn_slot}
        if pool.carrier is not None:
            sockets.add(pool.carrier)
        if all(announced.get(socket, -1) > pool.torn_until for socket in sockets):
            pool.closed_slot = pool.torn_slot
            registry.dirty.add(at)


def doubt(registry: Registry, channel: int) -> None:
    """Marks every account that `channel` tells or carries as suspect: updates were lost."""
    for account in registry.accounts.values():
        if account.count and _is_reported_by(registry, account, channel):
            account.suspect = True
            registry.dirty.update(account.users)


def hand_over(registry: Registry, lost: int, to: int, reported: set[bytes], *, whole: bool = False) -> None:
    """Lets pools of a lost channel follow the slots of another one that tells them.

    `whole` asks that it tells all their accounts: where nothing is asked for anew.
    """
    for at, pool in enumerate(registry.pools):
        if pool.carrier == lost and (reported.issuperset(_keys(pool)) if whole else pool.address in reported):
            pool.carrier = to
            registry.dirty.add(at)


def ask_again(registry: Registry, channel: int) -> None:
    """Asks for the suspect accounts of a channel."""
    for key in sorted(k for k, a in registry.accounts.items() if a.suspect and _is_reported_by(registry, a, channel)):
        registry.needs.append(("account", base58.encode(key), 0, channel))


def _is_reported_by(registry: Registry, account: Account, channel: int) -> bool:
    return account.channel == channel or any(registry.pools[user].carrier == channel for user in account.users)
