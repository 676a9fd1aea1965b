"""Accounts as nodes tell them: whether each is news, and whether it is what its place in a pool asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.engine.reference import base58
from cambist.engine.reference.accounts import (
    AmmV4,
    BinArray,
    BinArrayBitmapExtension,
    Clock,
    CpmmConfig,
    CpmmPool,
    DammV2Pool,
    LayoutError,
    LbPair,
    Mint,
    Oracle,
    StableSwap,
    TickArray,
    TokenAccount,
    Whirlpool,
    program,
)
from cambist.engine.reference.accounts.pump import PumpConfig, PumpFeeConfig, PumpPool
from cambist.engine.reference.accounts.raydium_clmm import ClmmBitmapExtension, ClmmConfig, ClmmPool, ClmmTickArray
from cambist.engine.reference.engine.registry.entries import TOKEN_PROGRAMS, Account, Role
from cambist.engine.reference.engine.registry.membership import array_start_of, discover, first_sight, note, note_absent

if TYPE_CHECKING:
    from cambist.engine.reference.engine.registry import Registry

LAYOUTS: dict[Role, dict[str, Any]] = {
    Role.POOL: {
        "ray4": AmmV4,
        "cpmm": CpmmPool,
        "": Whirlpool,
        "saber": StableSwap,
        "damm2": DammV2Pool,
        "dlmm": LbPair,
        "clmm": ClmmPool,
        "pump": PumpPool,
    },
    Role.CONFIG: {"": CpmmConfig, "clmm": ClmmConfig, "pump": PumpConfig},
    Role.TICKS: {"": TickArray, "dlmm": BinArray, "clmm": ClmmTickArray},
    Role.ORACLE: {"": Oracle},
    Role.BITMAP: {"": BinArrayBitmapExtension, "clmm": ClmmBitmapExtension},
}
"""What each venue keeps in the accounts that its program owns; `""` is every other venue."""


def take(registry: Registry, key: bytes, slot: int, owner: bytes, data: bytes, channel: int, *, socket: bool) -> None:
    """Takes one account as a node told it; marks the pools it belongs to dirty."""
    account = registry.accounts.get(key) or discover(registry, key, owner, data)
    if account is None or not account.accepts(slot, channel, socket=socket):
        return
    decoded = _checked(registry, account, owner, data)
    if decoded is None:
        return
    before = account.decoded
    fresh = account.count == 0
    account.count = account.count + 1 if slot == account.slot and not fresh else 1
    account.slot, account.owner, account.data = slot, owner, data
    account.channel, account.socket, account.suspect = channel, socket, False
    account.decoded = decoded
    if account.role is not Role.CLOCK:
        registry.dirty.update(account.users)
        if socket:
            for user in account.users:
                registry.pools[user].carrier = channel
    note(registry, account, before)


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
    if account.count == 0 or slot < account.slot:
        return
    pool = registry.pools[account.users[0]] if account.users else None
    if account.role is Role.TICKS and pool is not None:
        if pool.venue == "orca":
            pool.absent.add(account.decoded.start_tick_index)
        pool.lose_array(array_start_of(account.decoded), slot)
    elif account.role is Role.BITMAP and pool is not None:
        pool.bitmap = None
        pool.drop_ticks()
    elif account.role is Role.MINT:
        registry.decimals.pop(key, None)
    elif account.role is Role.POOL and pool is not None:
        pool.drop_ticks()  # it may come back as another pool
    account.count, account.decoded, account.data, account.slot = 0, None, b"", 0
    registry.dirty.update(account.users)


def _checked(registry: Registry, account: Account, owner: bytes, data: bytes) -> Any:
    """Returns what the account holds, or `None` after counting why it is refused."""
    try:
        decoded = decode(registry, account, owner, data)
    except LayoutError as error:
        registry.refuse("bad_layout", f"account {base58.encode(account.key)}: {error}")
        return None
    if decoded is None:
        registry.stranger(account.key, owner)
    return decoded


def decode(registry: Registry, account: Account, owner: bytes, data: bytes) -> Any:
    """Returns what the account holds, or `None` if its owner can't own such an account."""
    if account.role is Role.CLOCK:
        return Clock.decode(data) if owner == program.SYSVAR else None
    if account.role is Role.VAULT:
        return TokenAccount.decode(data) if owner in TOKEN_PROGRAMS else None
    if account.role is Role.MINT:
        return Mint.decode(data) if owner in TOKEN_PROGRAMS else None
    if account.role is Role.SCHEDULE:
        return PumpFeeConfig.decode(data) if owner == program.PUMP_FEES else None
    pool = registry.pools[account.users[0]]
    if owner != pool.program:
        return None
    return LAYOUTS[account.role].get(pool.venue, LAYOUTS[account.role][""]).decode(data)
