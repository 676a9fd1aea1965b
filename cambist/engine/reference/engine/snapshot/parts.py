"""The parts of a snapshot, as they stand in it."""

from __future__ import annotations

import msgspec

from cambist.engine.protocol import Counters
from cambist.engine.reference.aggregate.wss_aggregator import AggregatorParts
from cambist.engine.reference.book.order_book import BookParts, Numbering
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.series import SeriesParts
from cambist.engine.reference.engine.slot_chain import ChainParts
from cambist.engine.reference.exchanges import SessionParts
from cambist.engine.reference.fees import FeeState
from cambist.engine.reference.fees.sources import SourcesState
from cambist.engine.reference.search.cycle_finder import PotentialsState
from cambist.model.ends import Fate
from cambist.model.events import Channel
from cambist.model.opportunity import End, Opportunity

VERSION = 8
JSON_VERSIONS = (6, 7)
"""Of those that were JSON. In one of 6 nothing is known of what its cycles may earn: they stand as they were sized."""


class ChannelPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel."""

    info: Channel
    frames: int
    malformed: int
    gaps: int
    last_ns: int
    lag_ns: int | None
    as_of_ns: int | None
    offset_ns: int | None
    slot: int | None
    slot_ns: int
    generation: int
    next: int | None
    numbers: tuple[Numbering, Numbering]
    state: str
    last_error: str
    session: SessionParts
    chain: ChainParts = ChainParts()
    quarantine: str = ""


class EdgePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edge of the graph, in id order."""

    name: str
    tail: int
    head: int
    kind: Kind
    at: int
    first: bool
    weight: int | None


KeptPart = tuple[int, str, bytes]
"""(slot, owner, data)."""
ReportPart = tuple[int, int, bytes]
"""(endpoint, slot, hash)."""
ImpactPart = tuple[tuple[int, int], tuple[int, int, int], tuple[int, int, int]]
"""What our own fills moved: net of each token, (weight, paid, probe) that was left, the chain's clock then."""


class AccountPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One watched account."""

    key: str
    role: int
    users: list[int]
    owner: str
    data: bytes
    slot: int
    count: int
    channel: int
    socket: bool
    suspect: bool
    fork: int | None = None
    fell: int | None = None
    rooted: KeptPart | None = None
    kept: KeptPart | None = None
    first: ReportPart | None = None
    second: ReportPart | None = None


class PoolPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a pool's accounts don't say themselves."""

    name: str
    state: str
    note: str
    mints: list[str]
    vaults: list[str]
    config: str
    oracle: str
    bitmap: str = ""
    schedule: str = ""
    edge: int | None
    arrays: list[tuple[int, str]]
    wanted: list[int]
    absent: list[int]
    carrier: int | None
    changed_ns: int
    closed_slot: int
    torn_slot: int
    torn_until: int
    lone_slot: int
    ticks_slot: int
    impact: ImpactPart | None = None


class SuccessorPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A book in the making."""

    generation: int
    book: BookParts


class BookPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instrument and its book."""

    venue: str
    symbol: str
    base: str
    quote: str
    kind: str
    edge: int | None
    blocked: str
    channel: int | None
    as_of_ns: int
    book: BookParts
    generation: int
    next: SuccessorPart | None
    listed: bool
    tick: int | None = None
    step: int | None = None
    min_notional: int | None = None
    away_ns: int | None = None
    """Of the equivalence that it guards; `None` while that holds."""


class SourcePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direct price."""

    mint: str
    name: str
    num: int
    den: int
    mid_bits: int
    depth_bits: int


class RowPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token on one venue."""

    mint: str
    symbol: str
    venue: str
    source: str
    book: bool
    at: int
    depth_bits: int
    bid_bits: int | None
    ask_bits: int | None
    changed_ns: int | None
    synthetic: str
    quote: str
    own: bool
    series: SeriesParts


class LegPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leg of a gap as it stood when that paid last."""

    pool: int | None
    sells_a: bool
    slot: int
    weight: int
    amount_in: int
    amount_out: int


class GapPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gap that stands, or waits for its end to be told."""

    found_ns: int
    found_slot: int
    paid_ns: int
    paid_slot: int
    best_net: int
    last_net: int
    amount_in: int
    go: bool
    ours: bool
    legs: list[LegPart]
    go_ns: int = 0
    sent: bool = False


class ClosingPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gap that waits for its end to be told."""

    seq: int
    key: str
    base: str
    fate: Fate
    ended_ns: int
    ended_slot: int
    after: list[tuple[int, int | None]]
    gap: GapPart


class LandedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A landed transaction; touches are (pool, whether token a is sold, amount in, amount out)."""

    signature: str
    slot: int
    recv_ns: int
    program: str
    touches: list[tuple[int, bool | None, int, int]]


class EndsPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of gaps, as far as it is not told yet."""

    number: int = 0
    closing: list[ClosingPart] = []
    landed: list[LandedPart] = []


class CyclePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One standing cycle."""

    key: str
    edges: list[int]
    base: str
    weight: int
    first_slot: int | None
    amount_in: int
    amount_out: int
    fees: int
    binds: str
    cu_limit: int | None
    last: Opportunity | None
    first_ns: int = 0
    estimate_bits: tuple[int, int, int] = (0, 0, 0)
    net_bits: int | None = None
    kept_slot: int = 0
    kept_ns: int = 0
    best_net: int | None = None
    sized: bool = True
    found_slot: int = 0
    best_ns: int | None = None
    gap: GapPart | None = None


class EndedPart(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A cycle that stands no more."""

    key: str
    first_ns: int
    last_ns: int
    best_net: int | None
    how: End
    base: str = ""
    found_slot: int = 0
    last_slot: int = 0
    best_ns: int | None = None


class MovedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What moved since the last moment: places of pools and books, edges, each ascending."""

    frames: int
    slot: int | None
    slots: int
    edges: list[int]
    pools: list[int]
    books: list[int]
    dirty_pools: list[int]
    aged_pools: list[int]
    dirty_books: list[int]
    created: list[int]
    """Pools that are to get edges."""
    wired_books: int
    """So many books were looked at for edges."""
    vouched: bool


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything."""

    version: int
    slot: int | None
    slot_ns: int
    time: tuple[int, int, int] | None
    channels: list[ChannelPart]
    nodes: list[str]
    edges: list[EdgePart]
    potentials: PotentialsState
    accounts: list[AccountPart]
    pools: list[PoolPart]
    books: list[BookPart]
    shut: list[str]
    sources: list[SourcePart]
    rows: list[RowPart]
    fees: FeeState
    fee_sources: SourcesState
    cycles: list[CyclePart]
    learned: list[tuple[str, int, int, int]]
    counters: Counters
    gaps: list[tuple[str, int, int]] = []
    race: AggregatorParts = AggregatorParts()
    ended: list[EndedPart] = []
    promising: list[int] = []
    """Edges that a search was cut short at."""
    moved: MovedPart | None = None
    ends: EndsPart = EndsPart()
    took_ns: list[int] = []
