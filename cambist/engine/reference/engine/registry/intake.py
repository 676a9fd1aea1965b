"""Accounts as nodes tell them: whether each is news, and whether it is what its place in a pool asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount
from cambist.engine.reference.engine.registry.entries import TOKEN_PROGRAMS, Account, Kept, Report, Reporter
from cambist.engine.reference.engine.registry.membership import discover, first_sight, note, note_absent
from cambist.engine.reference.venues.program import Role

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry


def knows(registry: Registry, key: bytes, owner: bytes, data: bytes) -> bool:
    """Returns whether an account is watched, or belongs to a pool by what it says itself: then it is from now on."""
    return key in registry.accounts or discover(registry, key, owner, data) is not None


def take(registry: Registry, key: bytes, slot: int, owner: bytes, data: bytes, reporter: Reporter) -> None:
    """Takes a watched account as a node told it; marks the pools it belongs to dirty."""
    account = registry.accounts[key]
    if not account.accepts(slot, reporter.channel, socket=reporter.socket):
        if reporter.socket and reporter.channel == account.channel and slot < account.slot:
            registry.refuse("slot_back", f"account {base58.encode(key)} told at slot {slot} after {account.slot}")
        if account.count and (owner != account.owner or len(data) != len(account.data)):
            # Not worth decoding where it looks alike: it advances nothing.
            _checked(registry, account, owner, data)
        elif account.count:
            corroborate(registry, account, slot, reporter)
        if account.fork is not None:
            registry.needs.append(("account", base58.encode(key), 0, None))
        return
    decoded = _checked(registry, account, owner, data)
    if decoded is None:
        return
    _keep(account, slot, reporter)
    _witness(registry, account, slot, reporter)
    before = account.decoded
    goes_on = slot == account.slot and account.count and account.fork is None
    account.count = account.count + 1 if goes_on else 1
    account.slot, account.owner, account.data = slot, owner, data
    account.channel, account.socket, account.suspect = reporter.channel, reporter.socket, False
    account.decoded, account.fork = decoded, None
    if account.role is not Role.CLOCK:
        registry.dirty.update(account.users)
        if reporter.socket:
            _carry(registry, account, reporter)
    note(registry, account, before)


def _keep(account: Account, slot: int, reporter: Reporter) -> None:
    """Keeps the state that an update at `slot` takes the place of, if that is the next one to be rooted."""
    if not account.count or account.fork is not None or slot <= account.slot or account.role is Role.CLOCK:
        return
    if account.kept is not None and account.kept.slot <= reporter.root:
        account.rooted, account.kept = account.kept, None
    if account.slot <= reporter.root:
        account.rooted, account.kept = Kept(account.slot, account.owner, account.data), None
    elif account.kept is None:
        account.kept = Kept(account.slot, account.owner, account.data)


def _carry(registry: Registry, account: Account, reporter: Reporter) -> None:
    for user in account.users:
        pool = registry.pools[user]
        if reporter.carries or pool.carrier is None:
            pool.carrier = reporter.channel


def _witness(registry: Registry, account: Account, slot: int, reporter: Reporter) -> None:
    """Takes who told what an account holds from now on: first, or after another endpoint had."""
    if reporter.content is None:
        account.first = account.second = None
        return
    report, first, second = Report(reporter.endpoint, slot, reporter.content), account.first, account.second
    if first is not None and first.content == report.content and account.fork is None:
        corroborate(registry, account, slot, reporter)
        return
    account.first = report
    # The other endpoint may have been ahead within the slot.
    if second is None or second.endpoint == report.endpoint or second.content != report.content or second.slot < slot:
        account.second = None
    registry.vouched |= account.confirmed


def corroborate(registry: Registry, account: Account, slot: int, reporter: Reporter) -> None:
    """Takes what another endpoint than the first one says of an account."""
    first, second = account.first, account.second
    if reporter.content is None or first is None or first.endpoint == reporter.endpoint:
        return
    if second is None or slot >= second.slot:
        before = account.confirmed
        account.second = Report(reporter.endpoint, slot, reporter.content)
        registry.vouched |= account.confirmed and not before


def see(registry: Registry, key: bytes, owner: bytes, data: bytes) -> None:
    """Takes an account of a listing without a slot: good for finding a pool, not for its state."""
    account = registry.accounts.get(key)
    if account is None or account.role is not Role.POOL or registry.pools[account.users[0]].mints is not None:
        return
    decoded = _checked(registry, account, owner, data)
    if decoded is not None:
        registry.needs.append(("account", registry.pools[account.users[0]].name, 0, None))
        first_sight(registry, registry.pools[account.users[0]], account.users[0], decoded)


def lose(registry: Registry, key: bytes, slot: int) -> None:
    """Takes that a node says the account does not exist."""
    account = registry.accounts.get(key)
    if account is None:
        note_absent(registry, key)
        return
    if account.count == 0 or slot < (account.slot if account.fork is None else account.fork):
        return
    pool = registry.pools[account.users[0]] if account.users else None
    if account.role is Role.TICKS and pool is not None:
        start = pool.curve.start_of(account.decoded)
        if pool.curve.tells_absence:
            pool.absent.add(start)
        pool.lose_array(start, slot)
    elif account.role is Role.BITMAP and pool is not None:
        pool.bitmap = None
        pool.drop_ticks()
    elif account.role is Role.MINT:
        registry.decimals.pop(key, None)
    elif account.role is Role.POOL and pool is not None:
        pool.drop_ticks()  # it may come back as another pool
    account.count, account.decoded, account.data, account.slot = 0, None, b"", 0
    account.fork = account.rooted = account.kept = account.first = account.second = None
    registry.dirty.update(account.users)


def _checked(registry: Registry, account: Account, owner: bytes, data: bytes) -> Any:
    """Returns what the account holds, or `None` after counting why it is refused."""
    try:
        decoded = decode(registry, account, owner, data)
    except LayoutError as error:
        registry.refuse("bad_layout", f"account {base58.encode(account.key)}: {error}")
        registry.lied |= error.is_other and account.count > 0
        return None
    if decoded is None:
        registry.stranger(account.key, owner)
        registry.lied |= account.count > 0
        return None
    if problem := _changed(registry, account, decoded):
        registry.refuse(problem, f"account {base58.encode(account.key)}: {problem}")
        registry.lied |= account.count > 0
        return None
    return decoded


def _changed(registry: Registry, account: Account, now: Any) -> str:
    """Returns which relation between a pool and its accounts an update breaks that lasts as long as they do."""
    before = account.decoded
    if account.role is Role.VAULT and before is not None:
        if now.mint != before.mint:
            return "vault_mint"
        return "" if now.owner == before.owner else "vault_owner"
    pool = registry.pools[account.users[0]] if account.users else None
    if account.role is Role.POOL and pool is not None and pool.mints is not None:
        names = pool.curve.named(now)
        if names.mints != pool.mints:
            return "pool_mints"
        return "" if names.vaults == pool.vaults else "pool_vaults"
    if account.role in (Role.TICKS, Role.ORACLE, Role.BITMAP) and pool is not None:
        field = dict(pool.curve.members)[account.role]
        return "" if getattr(now, field) == pool.address else "other_pool"
    return ""


def decode(registry: Registry, account: Account, owner: bytes, data: bytes) -> Any:
    """Returns what the account holds, or `None` if its owner can't own such an account."""
    if account.role is Role.CLOCK:
        return Clock.decode(data) if owner == program.SYSVAR else None
    if account.role is Role.VAULT:
        return TokenAccount.decode(data) if owner in TOKEN_PROGRAMS else None
    if account.role is Role.MINT:
        return Mint.decode(data) if owner in TOKEN_PROGRAMS else None
    pool = registry.pools[account.users[0]]
    if owner != pool.curve.owners.get(account.role, pool.program):
        return None
    return pool.curve.layouts[account.role].decode(data)
