"""The pools watched, the accounts each one is made of, and whether these agree.

A pool is quoted only when its set of accounts is consistent: at one slot, or at a slot that is closed because a newer
one was announced on the channel that carries it. Until then it is *torn*.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from cambist.engine.reference import base58
from cambist.engine.reference.accounts import (
    TICKS_PER_ARRAY,
    AmmV4,
    Clock,
    CpmmConfig,
    CpmmPool,
    LayoutError,
    Mint,
    Oracle,
    TickArray,
    TokenAccount,
    Whirlpool,
    program,
)
from cambist.engine.reference.pool import ChainTime, Pool
from cambist.engine.reference.tick_array_manager import Ticks, array_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.model.market import PoolRef

MIN_TICK, MAX_TICK = -443_636, 443_636
NEAR_ARRAYS = 2
"""Tick arrays kept each side of the current one."""

CURVES = {
    program.RAYDIUM_V4: "ray4",
    program.RAYDIUM_CPMM: "cpmm",
    program.WHIRLPOOL: "orca",
    program.WHIRLPOOL_IMMUTABLE: "orca",
}
TOKEN_PROGRAMS = frozenset({program.TOKEN, program.TOKEN_2022})
KNOWN_OWNERS = frozenset({*CURVES, *TOKEN_PROGRAMS, program.SYSTEM, program.SYSVAR})
BUMPS = range(255, 239, -1)
"""Program addresses are looked for under these bumps; each has a chance of one half, so more are never needed."""


class Role(IntEnum):
    """What an account is to the pools that need it."""

    POOL = 0
    VAULT = 1
    CONFIG = 2
    MINT = 3
    TICKS = 4
    ORACLE = 5
    CLOCK = 6


@dataclass(slots=True)
class Account:
    """One watched account, as last accepted."""

    key: bytes
    role: Role
    users: list[int]
    """Pools that need it, ascending."""
    owner: bytes = program.SYSTEM
    data: bytes = b""
    slot: int = 0
    count: int = 0
    """Updates within `slot`; 0 if it was never seen."""
    channel: int = 0
    socket: bool = False
    suspect: bool = False
    """Updates may have been lost; it counts again after the next one."""
    decoded: Any = None

    def accepts(self, slot: int, channel: int, *, socket: bool) -> bool:
        """Whether an update is news: a newer slot, or the same one from the connection that first delivered it."""
        if self.count == 0:
            return True
        if slot != self.slot:
            return slot > self.slot
        return channel == self.channel or (socket and not self.socket) or self.suspect

    def updates(self, slot: int) -> int:
        """Returns how often it changed in `slot`."""
        return self.count if self.slot == slot else 0


@dataclass(slots=True)
class PoolEntry:
    """A watched pool and what is known of it."""

    address: bytes
    name: str
    program: bytes
    venue: str
    state: str = "loading"
    """`loading`, `live`, `torn`, `gap`, `closed` (not tradable) or `refused`."""
    note: str = ""
    """Why it is refused."""
    mints: tuple[bytes, bytes] | None = None
    edge: int | None = None
    """Its first edge (sells token_a); the second one follows."""
    vaults: tuple[bytes, bytes] | None = None
    config: bytes | None = None
    oracle: bytes | None = None
    arrays: dict[int, bytes] = field(default_factory=dict)
    """Start tick → account of the tick array."""
    wanted: set[int] = field(default_factory=set)
    """Start ticks asked for."""
    absent: set[int] = field(default_factory=set)
    """Start ticks whose array does not exist on chain."""
    ticks: Ticks | None = None
    carrier: int | None = None
    """Channel whose slots it follows."""
    changed_ns: int = 0
    closed_slot: int = 0
    """Disagreement at this slot or before no longer counts."""
    torn_slot: int = 0
    torn_until: int = 0
    """A slot above this one, announced on the carrier, closes the torn slot."""
    lone_slot: int = 0
    """Slot at which one account changed in a way that needs another (pnl, liquidity)."""
    ticks_slot: int = 0
    """Slot at which a tick array changed."""
    pool: Pool | None = None


class Registry:
    """Pools by their setup order, accounts by their key."""

    def __init__(self, refs: tuple[PoolRef, ...]) -> None:
        self.pools: list[PoolEntry] = []
        self.index: dict[bytes, int] = {}
        self.accounts: dict[bytes, Account] = {}
        self.refused: list[str] = []
        """Reasons to count, taken by the engine."""
        self.errors: list[str] = []
        self.needs: list[tuple[str, str, int, int | None]] = []
        """(kind, key, index, carrier) not yet handed out."""
        self.dirty: set[int] = set()
        """Pools with an account that changed."""
        self.aged: set[int] = set()
        """Pools that the clock alone may have changed."""
        self.created: list[int] = []
        """Pools whose mints became known and that have no edges yet."""
        self.time: ChainTime | None = None
        self.decimals: dict[bytes, int] = {}
        """Of mints seen on chain."""
        for ref in refs:
            self._watch_ref(ref)
        if self.pools:
            self.accounts[program.CLOCK] = Account(program.CLOCK, Role.CLOCK, [])

    def _watch_ref(self, ref: PoolRef) -> None:
        address, owner = base58.decode(ref.address), base58.decode(ref.program)
        venue = CURVES.get(owner) if owner is not None else None
        if address is None or owner is None or venue is None:
            self.refused.append("unknown_program")
            return
        if address in self.index:
            return
        self.index[address] = len(self.pools)
        self.pools.append(PoolEntry(address, ref.address, owner, venue))
        self.accounts[address] = Account(address, Role.POOL, [self.index[address]])

    # -- updates

    def take(self, key: bytes, slot: int, owner: bytes, data: bytes, channel: int, *, socket: bool) -> None:
        """Takes one account as a node told it; marks the pools it belongs to dirty."""
        account = self.accounts.get(key) or self._discover(key, owner, data)
        if account is None or not account.accepts(slot, channel, socket=socket):
            return
        decoded = self._checked(account, owner, data)
        if decoded is None:
            return
        before = account.decoded
        fresh = account.count == 0
        account.count = account.count + 1 if slot == account.slot and not fresh else 1
        account.slot, account.owner, account.data = slot, owner, data
        account.channel, account.socket, account.suspect = channel, socket, False
        account.decoded = decoded
        if account.role is not Role.CLOCK:
            self.dirty.update(account.users)
            if socket:
                for user in account.users:
                    self.pools[user].carrier = channel
        self._note(account, before)

    def see(self, key: bytes, owner: bytes, data: bytes) -> None:
        """Takes an account of a listing without a slot: good for finding a pool, not for its state."""
        account = self.accounts.get(key)
        if account is None or account.role is not Role.POOL or self.pools[account.users[0]].mints is not None:
            return
        decoded = self._checked(account, owner, data)
        if decoded is not None:
            self.needs.append(("account", self.pools[account.users[0]].name, 0, None))
            self._first_sight(self.pools[account.users[0]], account.users[0], decoded)

    def lose(self, key: bytes, slot: int) -> None:
        """Takes that a node says the account does not exist."""
        account = self.accounts.get(key)
        if account is None:
            self._absent(key)
            return
        if account.count == 0 or slot < account.slot:
            return
        if account.role is Role.TICKS:
            pool, start = self.pools[account.users[0]], account.decoded.start_tick_index
            del pool.arrays[start]
            pool.absent.add(start)
            pool.ticks, pool.ticks_slot = None, slot
        elif account.role is Role.MINT:
            self.decimals.pop(key, None)
        account.count, account.decoded, account.data, account.slot = 0, None, b"", 0
        self.dirty.update(account.users)

    def _absent(self, key: bytes) -> None:
        """Takes that an account which nobody watches does not exist: is it a tick array that was asked for?"""
        for at, pool in enumerate(self.pools):
            for start in sorted(pool.wanted - pool.absent - pool.arrays.keys()):
                if key in tick_array_addresses(pool.address, pool.program, start):
                    pool.absent.add(start)
                    pool.ticks = None
                    self.dirty.add(at)
                    return

    def carried(self, key: bytes, channel: int) -> None:
        """Takes that `channel` has a subscription on an account: its pools follow the slots of that channel."""
        account = self.accounts.get(key)
        if account is not None and account.role is not Role.CLOCK:
            for user in account.users:
                if self.pools[user].carrier is None:
                    self.pools[user].carrier = channel

    def announce(self, channel: int, slot: int) -> None:
        """Closes the torn slots of pools that `channel` carries."""
        for at, pool in enumerate(self.pools):
            if pool.state == "torn" and pool.carrier in (None, channel) and slot > pool.torn_until:
                pool.closed_slot = pool.torn_slot
                self.dirty.add(at)

    def doubt(self, channel: int) -> None:
        """Marks every account that `channel` tells or carries as suspect: updates were lost."""
        for account in self.accounts.values():
            if account.count and self._is_told(account, channel):
                account.suspect = True
                self.dirty.update(account.users)

    def ask_again(self, channel: int) -> None:
        """Asks for the suspect accounts of a channel."""
        for key in sorted(k for k, a in self.accounts.items() if a.suspect and self._is_told(a, channel)):
            self.needs.append(("account", base58.encode(key), 0, channel))

    def _is_told(self, account: Account, channel: int) -> bool:
        return account.channel == channel or any(self.pools[user].carrier == channel for user in account.users)

    def _refuse(self, reason: str, text: str) -> None:
        self.refused.append(reason)
        self.errors.append(text)

    def _discover(self, key: bytes, owner: bytes, data: bytes) -> Account | None:
        """Returns a new account if it is a tick array or oracle of a watched pool, found by what it says itself."""
        if CURVES.get(owner) == "orca":
            for role, layout in ((Role.TICKS, TickArray), (Role.ORACLE, Oracle)):
                try:
                    at = self.index.get(layout.decode(data).whirlpool)
                except LayoutError:
                    continue
                if at is None or self.pools[at].program != owner or self.pools[at].mints is None:
                    return None
                account = Account(key, role, [at])
                self.accounts[key] = account
                return account
        if owner not in KNOWN_OWNERS:
            self._stranger(key, owner)
        return None

    def _checked(self, account: Account, owner: bytes, data: bytes) -> Any:
        """Returns what the account holds, or `None` after counting why it is refused."""
        try:
            decoded = self.decode(account, owner, data)
        except LayoutError as error:
            self._refuse("bad_layout", f"account {base58.encode(account.key)}: {error}")
            return None
        if decoded is None:
            self._stranger(account.key, owner)
        return decoded

    def _stranger(self, key: bytes, owner: bytes) -> None:
        self._refuse("unknown_owner", f"account {base58.encode(key)} has unknown owner {base58.encode(owner)}")

    def decode(self, account: Account, owner: bytes, data: bytes) -> Any:
        """Returns what the account holds, or `None` if its owner can't own such an account."""
        if account.role is Role.CLOCK:
            return Clock.decode(data) if owner == program.SYSVAR else None
        if account.role is Role.VAULT:
            return TokenAccount.decode(data) if owner in TOKEN_PROGRAMS else None
        if account.role is Role.MINT:
            return Mint.decode(data) if owner in TOKEN_PROGRAMS else None
        pool = self.pools[account.users[0]]
        if owner != pool.program:
            return None
        if account.role is Role.CONFIG:
            return CpmmConfig.decode(data)
        if account.role is Role.TICKS:
            return TickArray.decode(data)
        if account.role is Role.ORACLE:
            return Oracle.decode(data)
        if pool.venue == "ray4":
            return AmmV4.decode(data)
        return CpmmPool.decode(data) if pool.venue == "cpmm" else Whirlpool.decode(data)

    def _note(self, account: Account, before: Any) -> None:
        """Draws the consequences of an accepted update: what it tears, what else is needed."""
        now = account.decoded
        if account.role is Role.CLOCK:
            epoch = None if self.time is None else self.time.epoch
            self.time = ChainTime(now.slot, now.unix_timestamp, now.epoch)
            self.aged.update(
                at
                for at, pool in enumerate(self.pools)
                if pool.mints is not None and (pool.oracle is not None or pool.state != "live" or now.epoch != epoch)
            )
        elif account.role is Role.MINT:
            self.decimals[account.key] = now.decimals
        elif account.role is Role.POOL:
            self._note_pool(self.pools[account.users[0]], account, before)
        elif account.role is Role.TICKS:
            pool = self.pools[account.users[0]]
            if pool.arrays.get(now.start_tick_index) != account.key or before is None or before.ticks != now.ticks:
                pool.arrays[now.start_tick_index] = account.key
                pool.absent.discard(now.start_tick_index)
                pool.ticks = None
                pool.ticks_slot = account.slot
        elif account.role is Role.ORACLE:
            self.pools[account.users[0]].oracle = account.key

    def _note_pool(self, pool: PoolEntry, account: Account, before: Any) -> None:
        now, at = account.decoded, account.users[0]
        if pool.mints is None:
            self._first_sight(pool, at, now)
        if pool.venue == "ray4" and before is not None:
            pnl = (now.need_take_pnl_coin, now.need_take_pnl_pc)
            if pnl != (before.need_take_pnl_coin, before.need_take_pnl_pc):
                pool.lone_slot = account.slot
        elif pool.venue == "orca":
            if before is not None and before.liquidity != now.liquidity and before.sqrt_price == now.sqrt_price:
                pool.lone_slot = account.slot
            self._near_arrays(pool, now)

    def _first_sight(self, pool: PoolEntry, at: int, now: Any) -> None:
        if pool.venue == "ray4":
            pool.mints, pool.vaults = (now.coin_mint, now.pc_mint), (now.coin_vault, now.pc_vault)
        elif pool.venue == "cpmm":
            pool.mints, pool.vaults = now.mints, now.vaults
            pool.config = now.amm_config
        else:
            pool.mints = (now.mint_a, now.mint_b)
            if now.has_adaptive_fee():
                self.needs.append(("oracle", pool.name, 0, pool.carrier))
        for vault in pool.vaults or ():
            self._watch(vault, Role.VAULT, at)
        if pool.config is not None:
            self._watch(pool.config, Role.CONFIG, at)
        for mint in pool.mints:
            self._watch(mint, Role.MINT, at)
        clock = self.accounts[program.CLOCK]
        if not clock.users:
            self.needs.append(("account", base58.encode(program.CLOCK), 0, pool.carrier))
        clock.users.append(at)
        self.created.append(at)

    def _watch(self, key: bytes, role: Role, at: int) -> None:
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account(key, role, [])
            self.needs.append(("account", base58.encode(key), 0, self.pools[at].carrier))
        if at not in account.users:
            account.users.append(at)
            account.users.sort()

    def _near_arrays(self, pool: PoolEntry, now: Whirlpool) -> None:
        span = TICKS_PER_ARRAY * now.tick_spacing
        current = array_start(now.tick, now.tick_spacing)
        for step in range(-NEAR_ARRAYS, NEAR_ARRAYS + 1):
            start = current + step * span
            if start not in pool.wanted and array_start(MIN_TICK, now.tick_spacing) <= start <= MAX_TICK:
                pool.wanted.add(start)
                self.needs.append(("tick_array", pool.name, start, pool.carrier))

    # -- the set of accounts

    def settle(self, at: int, announced: int | None) -> None:
        """Works out a pool's state from its accounts; `announced` is the newest slot of its carrier."""
        pool = self.pools[at]
        pool.pool = None
        if pool.state == "refused":
            return
        if pool.mints is None or not self._complete(pool):
            pool.state = "loading"
            return
        if any(self.accounts[key].suspect for key in self.keys(pool)):
            pool.state = "gap"
            return
        torn = self._torn(pool)
        if torn > pool.closed_slot:
            if pool.state != "torn" or torn != pool.torn_slot:
                pool.torn_until = max(torn, announced or 0)
            pool.state, pool.torn_slot = "torn", torn
            return
        if problem := self._relations(pool):
            pool.state, pool.note = "refused", problem
            self._refuse(problem, f"pool {pool.name}: {problem}")
            return
        try:
            pool.pool = self.build(pool)
        except LayoutError as error:
            pool.state, pool.note = "refused", "bad_layout"
            self._refuse("bad_layout", f"pool {pool.name}: {error}")
            return
        pool.state = "live"

    def keys(self, pool: PoolEntry) -> Iterator[bytes]:
        """Yields the accounts whose state a quote depends on."""
        yield pool.address
        yield from pool.vaults or ()
        if pool.config is not None:
            yield pool.config
        if pool.oracle is not None:
            yield pool.oracle
        for start in sorted(pool.arrays):
            yield pool.arrays[start]

    def _complete(self, pool: PoolEntry) -> bool:
        needed = [pool.address, *(pool.vaults or ()), *(pool.mints or ())]
        if pool.config is not None:
            needed.append(pool.config)
        if self.time is None or any(self.accounts[key].decoded is None for key in needed):
            return False
        if pool.venue != "orca":
            return True
        now = self.accounts[pool.address].decoded
        current = array_start(now.tick, now.tick_spacing)
        known = current in pool.arrays or current in pool.absent
        return known and (not now.has_adaptive_fee() or pool.oracle is not None)

    def _torn(self, pool: PoolEntry) -> int:
        """Returns the newest slot at which its accounts disagree, or 0."""
        account = self.accounts[pool.address]
        if pool.venue == "orca":
            array = pool.ticks_slot if account.slot < pool.ticks_slot else 0
            return max(pool.lone_slot, array)
        members = [self.accounts[key] for key in pool.vaults or ()]
        lone = pool.lone_slot if any(m.slot < pool.lone_slot for m in members) else 0
        if pool.venue == "cpmm":
            members.append(account)
        newest = max(m.slot for m in members)
        counts = {m.updates(newest) for m in members}
        return max(lone, newest if len(counts) > 1 else 0)

    def _relations(self, pool: PoolEntry) -> str:
        """Returns what is wrong between a pool and its vaults, or nothing."""
        vaults = [self.accounts[key].decoded for key in pool.vaults or ()]
        if any(v.mint != mint for v, mint in zip(vaults, pool.mints or (), strict=False)):
            return "vault_mint"
        if vaults and vaults[0].owner != vaults[1].owner:
            return "vault_owner"
        return ""

    def build(self, pool: PoolEntry) -> Pool:
        """Returns the pool that the accounts describe; all of them are there."""
        now = self.accounts[pool.address].decoded
        mint_a, mint_b = pool.mints or (b"", b"")
        fees = self.accounts[mint_a].decoded.transfer_fee, self.accounts[mint_b].decoded.transfer_fee
        if pool.venue == "orca":
            if pool.ticks is None:
                arrays = [self.accounts[pool.arrays[start]].decoded for start in sorted(pool.arrays)]
                pool.ticks = Ticks(now.tick_spacing, arrays, pool.absent)
            oracle = None if pool.oracle is None else self.accounts[pool.oracle].decoded
            return Pool.whirlpool(now, pool.ticks, oracle, fees)
        vault_a, vault_b = pool.vaults or (b"", b"")
        amounts = self.accounts[vault_a].decoded.amount, self.accounts[vault_b].decoded.amount
        if pool.venue == "ray4":
            return Pool.amm_v4(now, amounts[0], amounts[1])
        config = self.accounts[pool.config or b""].decoded
        return Pool.cpmm(now, config, amounts, fees)


def tick_array_addresses(whirlpool: bytes, owner: bytes, start: int) -> set[bytes]:
    """Returns the addresses that the tick array of a pool could have; it is the one of them that is off the curve."""
    seeds = b"tick_array" + whirlpool + str(start).encode()
    tail = owner + b"ProgramDerivedAddress"
    return {hashlib.sha256(seeds + bytes([bump]) + tail).digest() for bump in BUMPS}
