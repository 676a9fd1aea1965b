"""What a venue's program is to the engine: a row of the table, and what a room says of its pools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from cambist.engine.reference.build.instruction_builder.call import Instruction
    from cambist.engine.reference.chain.log_parser.event import SwapEvent
    from cambist.engine.reference.chain.log_parser.fill import FillEvent
    from cambist.engine.reference.venues.quote import Pool, TransferFees
    from cambist.engine.reference.venues.swap_layout import Layout

Pair = tuple[bytes, bytes]
Find = Callable[[list[bytes], bytes], tuple[bytes, int]]
"""Seeds and program → address and bump."""


class Role(IntEnum):
    """What an account is to the pools that need it."""

    POOL = 0
    VAULT = 1
    CONFIG = 2
    MINT = 3
    TICKS = 4
    ORACLE = 5
    CLOCK = 6
    BITMAP = 7
    SCHEDULE = 8


class Compute(NamedTuple):
    """Compute units of a swap: the most that the recorded programs took, with p-token."""

    base: int
    step: int
    """More for each tick or bin."""
    token_2022: int
    """More with a Token-2022 mint."""
    adaptive: int = 0
    """More while fees adapt."""


class Named(NamedTuple):
    """The accounts that a pool's own account names."""

    mints: Pair
    vaults: Pair | None = None
    """Where a quote reads their balances."""
    config: bytes | None = None
    schedule: bytes | None = None
    """Who sets the fees."""
    wanted: str = ""
    """What else belongs to it and is found by asking for it: the kind of the need."""


class Held(NamedTuple):
    """What is known of a pool."""

    now: Any
    """Its own account."""
    arrays: Container[int]
    """Starts or indices of the arrays that are known."""
    absent: Container[int]
    """Starts of the arrays that do not exist on chain."""
    bitmap: Any
    has_oracle: bool


class Parts(NamedTuple):
    """What a pool is built of, decoded; `None` where it has none or none is known."""

    address: bytes
    now: Any
    """Its own account."""
    fees: TransferFees
    amounts: tuple[int, int]
    """Balances of its vaults, 0 where a quote does not read them."""
    base_supply: int
    """Atoms of mint A."""
    config: Any
    schedule: Any
    oracle: Any
    bitmap: Any
    arrays: list[Any]
    """Ascending."""
    absent: set[int]


class Curve(ABC):
    """How the pools of one program are told, found, judged and built."""

    layouts: ClassVar[Mapping[Role, Any]]
    """What the accounts hold that only this venue has."""
    members: ClassVar[tuple[tuple[Role, str], ...]] = ()
    """Accounts that name the pool they belong to, and the field that does."""
    owners: ClassVar[Mapping[Role, bytes]] = {}
    """Owners of the accounts that the pool's own program does not own."""
    follows_clock: ClassVar[bool] = False
    """Whether prices may change with the clock alone: a ramp, a schedule, volatility that wears off."""
    changes_with_vaults: ClassVar[bool] = False
    """Whether a swap changes the pool's own account as often as its vaults."""
    tells_absence: ClassVar[bool] = False
    """Whether a swap passes over an array that does not exist, so that its absence counts."""

    @abstractmethod
    def named(self, now: Any) -> Named:
        """Returns the accounts that a pool names."""

    @abstractmethod
    def build(self, parts: Parts, ticks: Any, once: Any) -> Pool:
        """Returns the pool of its parts. Raises `LayoutError` if they do not fit together."""

    @abstractmethod
    def from_raw(self, accounts: Sequence[bytes]) -> Pool | None:
        """Returns the pool of raw accounts in the order of the public call, `None` for another number of them.

        Raises `LayoutError`.
        """

    def named_by(self) -> Iterator[tuple[Role, Any, str]]:
        """Yields role, layout and field of the accounts that name the pool they belong to."""
        for role, field_ in self.members:
            yield role, self.layouts[role], field_

    def ticks(self, parts: Parts) -> Any:
        """Returns what is kept of its arrays until one of them changes. Raises `LayoutError`."""
        return None

    def once(self, now: Any, find: Find) -> Any:
        """Returns what is told once of a pool and stays."""
        return None

    def is_complete(self, held: Held) -> bool:
        """Returns whether the next swap meets nothing that is unknown; vaults and mints are there."""
        return True

    def near(self, now: Any, bitmap: Any) -> list[tuple[str, int]]:
        """Returns the arrays that the next swaps meet: kind of need, start or index."""
        return []

    def is_lone(self, before: Any, now: Any, arrays: Sequence[Any]) -> bool:
        """Returns whether this update of the pool needs one of another of its accounts to be whole."""
        return False

    def spoils_ticks(self, before: Any, now: Any) -> bool:
        """Returns whether what was made of its arrays no longer holds."""
        return False

    def ends_in(self, now: Any) -> int | None:
        """Returns the array that each swap changes as often as the pool, `None` if there is none."""
        return None

    def array_seeds(self, address: bytes, start: int) -> list[bytes]:
        """Returns what an array's address is derived from; asked where absence counts."""
        raise NotImplementedError

    def start_of(self, array: Any) -> int:
        """Returns what an array is found by: its first tick, or its index."""
        start: int = array.start_tick_index
        return start

    def content_of(self, array: Any) -> Any:
        """Returns what of an array a quote depends on."""
        return array.ticks

    def is_recorded(self, now: Any) -> bool:
        """Returns whether the program was recorded at what the pool says now."""
        return now is not None


class Fills(NamedTuple):
    """Fills that a program of an order book reports."""

    tag: bytes
    """What their data begin with."""
    read: Callable[[bytes], list[FillEvent]]
    by_call: bool
    """Whether they are instructions that it hands to itself, else log lines."""


def _no_layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    return None


def _no_market(accounts: Sequence[bytes], data: bytes) -> bytes | None:
    return None


@dataclass(frozen=True)
class Program:
    """One row of the table: a venue's program, under one or several addresses."""

    venue: str
    ids: tuple[bytes, ...]
    proof: str
    """How far what is said of it is proved."""
    curve: Curve | None = None
    """Of its pools; `None` if it has none that are quoted."""
    compute: Compute | None = None
    swaps: tuple[Callable[..., Instruction], ...] = ()
    """The builders of its instructions."""
    layout: Callable[[Sequence[bytes], bytes], Layout | None] = _no_layout
    """Accounts and data of an instruction → the accounts of its swap, `None` if it asks for something else."""
    events: Mapping[bytes, Callable[[bytes], SwapEvent]] = field(default_factory=dict)
    """By discriminator."""
    line: Callable[[str], SwapEvent | None] | None = None
    """Reads a log line that is no event; `None` for one that reports no swap. Raises `LayoutError`."""
    fills: Fills | None = None
    market: Callable[[Sequence[bytes], bytes], bytes | None] = _no_market
    """The market of an order that settles later, `None` for any other call."""
    is_router: bool = False
    """Whether its events repeat the swaps of others."""
    is_book: bool = False
    """Whether it is an order book, where a call may well trade nothing."""
    tells_twice: bool = False
    """Whether it reports each swap by two events, of which one names the fees."""
    pays_fees_apart: bool = False
    """Whether an event without fees tells only what reached the pool's own account."""
    balances_leak: bool = False
    """Whether fees pass the vaults by, so that their balances prove nothing."""
