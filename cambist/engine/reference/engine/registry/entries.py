"""What the registry keeps: watched pools and watched accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.engine.reference.chain import program

if TYPE_CHECKING:
    from cambist.engine.reference.engine.market.impact import Impact
    from cambist.engine.reference.venues.program import Curve, Role
    from cambist.engine.reference.venues.quote import Pool

TOKEN_PROGRAMS = frozenset({program.TOKEN, program.TOKEN_2022})


class Reporter(NamedTuple):
    """Who reported an account."""

    channel: int
    socket: bool = False
    endpoint: int = 0
    """What tells two nodes apart: a node's socket and its HTTP side are one endpoint."""
    carries: bool = True
    """Whether pools follow this socket's slots once it tells one of their accounts; not if it lags."""
    root: int = 0
    """Newest slot that its node calls rooted."""
    content: bytes | None = None
    """Hash of what it tells; `None` where there is no second endpoint to compare with."""


class Kept(NamedTuple):
    """An earlier state of an account."""

    slot: int
    owner: bytes
    data: bytes


class Report(NamedTuple):
    """The last state of an account that an endpoint reported."""

    endpoint: int
    slot: int
    content: bytes


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
    fork: int | None = None
    """Its state came from a slot that fell out of the chain; it counts again once told at this slot or later."""
    fell: int | None = None
    """Newest slot at which it was told that fell out of the chain."""
    rooted: Kept | None = None
    """A state that can't be rolled back, at most two finalities old."""
    kept: Kept | None = None
    """The next one to become `rooted`."""
    first: Report | None = None
    """Who told what it holds first; `None` with one endpoint."""
    second: Report | None = None
    """What another endpoint than that one said last."""

    def accepts(self, slot: int, channel: int, *, socket: bool) -> bool:
        """Whether an update is news: a newer slot, or the same one from the connection that first delivered it."""
        if self.fork is not None:
            return slot >= self.fork
        if self.count == 0:
            return True
        if slot != self.slot:
            return slot > self.slot
        return channel == self.channel or (socket and not self.socket) or self.suspect

    @property
    def confirmed(self) -> bool:
        """Whether a second endpoint told what it holds, at the slot of the first one or later."""
        first, second = self.first, self.second
        if first is None or second is None:
            return False
        return second.slot >= first.slot and second.content == first.content

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
    curve: Curve
    state: str = "loading"
    """`loading`, `live`, `torn`, `gap`, `fork`, `closed` (not tradable) or `refused`."""
    note: str = ""
    """Why it is refused."""
    mints: tuple[bytes, bytes] | None = None
    edge: int | None = None
    """Its first edge (sells token_a); the second one follows."""
    vaults: tuple[bytes, bytes] | None = None
    config: bytes | None = None
    oracle: bytes | None = None
    bitmap: bytes | None = None
    """What says which arrays beyond the pool's own bitmap are in use."""
    arrays: dict[int, bytes] = field(default_factory=dict)
    """Start tick, or index, → account of the tick or bin array."""
    wanted: set[int] = field(default_factory=set)
    """Start ticks or indices asked for."""
    absent: set[int] = field(default_factory=set)
    """Start ticks whose array does not exist on chain."""
    ticks: Any = None
    """What its curve made of the arrays and keeps until one of them changes."""
    schedule: bytes | None = None
    """Who sets its fees."""
    once: Any = None
    """What its curve tells once; not known until it is first quoted."""
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
    """Slot at which a tick or bin array changed."""
    pool: Pool | None = None
    """As observed."""
    impact: Impact | None = None
    """What our own fills moved."""

    @property
    def ours(self) -> Pool | None:
        """The pool as it is for us: as observed, after what our own fills moved."""
        return self.pool if self.impact is None else self.impact.pool

    def lose_array(self, start: int, slot: int) -> None:
        """Forgets an array that is gone as of `slot`."""
        self.arrays.pop(start, None)
        self.drop_ticks()
        self.ticks_slot = slot

    def note_array(self, start: int, key: bytes, slot: int) -> None:
        """Takes that an array changed at `slot`."""
        # What it told before under another start is gone.
        self.arrays = {known: at for known, at in self.arrays.items() if known == start or at != key}
        self.arrays[start] = key
        self.absent.discard(start)
        self.drop_ticks()
        self.ticks_slot = slot

    def drop_ticks(self) -> None:
        """Forgets what was made of its arrays and bitmaps."""
        self.ticks = None
