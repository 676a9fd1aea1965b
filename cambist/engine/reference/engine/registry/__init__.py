"""The pools watched, the accounts each one is made of, and whether these agree.

A pool is quoted only when its set of accounts is consistent: at one slot, or at a slot that is closed because a newer
one was announced on the channel that carries it. Until then it is *torn*.

`entries` are what is kept, `intake` takes what nodes tell, `membership` finds the accounts that belong to a pool,
`torn` judges whether a pool's accounts agree, `build` makes the pool of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.engine.registry.entries import Account, PoolEntry
from cambist.engine.reference.venues import pairs, program_of
from cambist.engine.reference.venues.program import Role

if TYPE_CHECKING:
    from cambist.engine.reference.venues.quote import ChainTime
    from cambist.model.market import PoolRef


_ADDRESSES = pairs.PdaCache()
"""Every address derived here, by all engines of a process: 8 ms for the pools of a pair, and equal in each of them."""


class Registry:
    """Pools by their setup order, accounts by their key."""

    def __init__(self, refs: tuple[PoolRef, ...]) -> None:
        self.pools: list[PoolEntry] = []
        self.index: dict[bytes, int] = {}
        self.accounts: dict[bytes, Account] = {}
        self.refused: list[str] = []
        """Reasons to count, taken by the engine."""
        self.errors: list[str] = []
        self.lied = False
        """Whether what was told last can't be so, whoever was faster: taken by the engine."""
        self.vouched = False
        """Whether a second endpoint confirmed an account: taken by the engine."""
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
        self.addresses = _ADDRESSES
        for ref in refs:
            self._watch_ref(ref)
        if self.pools:
            self.accounts[program.CLOCK] = Account(program.CLOCK, Role.CLOCK, [])

    def _watch_ref(self, ref: PoolRef) -> None:
        address, owner = base58.decode(ref.address), base58.decode(ref.program)
        row = program_of(owner) if owner is not None else None
        if address is None or owner is None or row is None or row.curve is None:
            self.refused.append("unknown_program")
            return
        if address in self.index:
            return
        self.index[address] = len(self.pools)
        self.pools.append(PoolEntry(address, ref.address, owner, row.venue, row.curve))
        self.accounts[address] = Account(address, Role.POOL, [self.index[address]])

    def is_recorded(self, address: str) -> bool:
        """Returns whether the program of a watched pool was recorded at what its account says now; not if none came."""
        key = base58.decode(address)
        if key is None or key not in self.index:
            return False
        return self.pools[self.index[key]].curve.is_recorded(self.accounts[key].decoded)

    def refuse(self, reason: str, text: str) -> None:
        """Counts a refusal; `text` says it to the channel that told."""
        self.refused.append(reason)
        self.errors.append(text)

    def stranger(self, key: bytes, owner: bytes) -> None:
        """Refuses an account of an owner that nothing here belongs to."""
        self.refuse("unknown_owner", f"account {base58.encode(key)} has unknown owner {base58.encode(owner)}")
