"""All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.

One JSON object; keys and mints in base58, account data in base64, floats as their bits, maps as sorted lists. Pools are
built anew from their accounts, edges keep their numbers.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import msgspec

from cambist.engine.protocol import Counters
from cambist.engine.reference import base58
from cambist.engine.reference.accounts import Mint
from cambist.engine.reference.cycle_finder import Potentials, PotentialsState
from cambist.engine.reference.decode import SessionParts, SolanaSession
from cambist.engine.reference.engine.channels import ChannelState
from cambist.engine.reference.engine.market import Edge
from cambist.engine.reference.engine.prices import Row, Source
from cambist.engine.reference.engine.registry import Account, Role
from cambist.engine.reference.engine.series import Series, SeriesParts
from cambist.engine.reference.engine.standing import Cycle, Sizing
from cambist.engine.reference.fees import FeeModel, FeeState
from cambist.engine.reference.graph import Graph
from cambist.engine.reference.order_book import BookParts, OrderBook
from cambist.engine.reference.pool import ChainTime
from cambist.engine.reference.technical import from_bits, to_bits
from cambist.model.events import Channel
from cambist.model.market import Instrument
from cambist.model.opportunity import Opportunity

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.registry import PoolEntry

VERSION = 1


class ChannelPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel."""

    info: Channel
    frames: int
    malformed: int
    gaps: int
    last_ns: int
    lag_ns: int | None
    offset_ns: int | None
    slot: int | None
    slot_ns: int
    generation: int
    state: str
    last_error: str
    session: SessionParts


class EdgePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edge of the graph, in id order."""

    name: str
    tail: int
    head: int
    book: bool
    at: int
    first: bool
    weight: int | None


class AccountPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One watched account."""

    key: str
    role: int
    users: list[int]
    owner: str
    data: str
    slot: int
    count: int
    channel: int
    socket: bool
    suspect: bool


class PoolPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pool's accounts don't say themselves."""

    name: str
    state: str
    note: str
    mints: list[str]
    vaults: list[str]
    config: str
    oracle: str
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
    series: SeriesParts


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
    sources: list[SourcePart]
    rows: list[RowPart]
    fees: FeeState
    cycles: list[CyclePart]
    learned: list[tuple[str, int, int, int]]
    counters: Counters


def dump(engine: ReferenceEngine) -> bytes:
    """Returns all state of an engine."""
    market = engine.market
    time = market.registry.time
    state = State(
        version=VERSION,
        slot=market.slot,
        slot_ns=market.slot_ns,
        time=None if time is None else (time.slot, time.unix_timestamp, time.epoch),
        channels=[_channel(channel) for _, channel in sorted(engine.channels.items())],
        nodes=[market.graph.node_key(node) for node in range(market.graph.node_count())],
        edges=[_edge(engine, edge) for edge in range(market.graph.edge_count())],
        potentials=market.potentials.state(),
        accounts=[_account(account) for _, account in sorted(market.registry.accounts.items())],
        pools=[_pool(pool) for pool in market.registry.pools],
        books=_books(engine),
        sources=_sources(engine),
        rows=[_row(row) for _, row in sorted(engine.prices.rows.items())],
        fees=engine.fees.state(),
        cycles=[_cycle(cycle) for _, cycle in sorted(engine.standing.cycles.items())],
        learned=[(*kind, *counts) for kind, counts in sorted(engine.standing.learned.items())],
        counters=engine.counters.view(),
    )
    return msgspec.json.encode(state)


def _channel(channel: ChannelState) -> ChannelPart:
    return ChannelPart(
        info=channel.info,
        frames=channel.frames,
        malformed=channel.malformed,
        gaps=channel.gaps,
        last_ns=channel.last_ns,
        lag_ns=channel.lag_ns,
        offset_ns=channel.offset_ns,
        slot=channel.slot,
        slot_ns=channel.slot_ns,
        generation=channel.generation,
        state=channel.state,
        last_error=channel.last_error,
        session=channel.session.parts(),
    )


def _edge(engine: ReferenceEngine, edge: int) -> EdgePart:
    graph, behind = engine.market.graph, engine.market.edges[edge]
    return EdgePart(
        graph.name(edge),
        graph.tail(edge),
        graph.head(edge),
        behind.book,
        behind.at,
        behind.first,
        graph.weight(edge),
    )


def _account(account: Account) -> AccountPart:
    return AccountPart(
        key=base58.encode(account.key),
        role=int(account.role),
        users=list(account.users),
        owner=base58.encode(account.owner),
        data=b64encode(account.data).decode(),
        slot=account.slot,
        count=account.count,
        channel=account.channel,
        socket=account.socket,
        suspect=account.suspect,
    )


def _pool(pool: PoolEntry) -> PoolPart:
    return PoolPart(
        name=pool.name,
        state=pool.state,
        note=pool.note,
        mints=[base58.encode(key) for key in pool.mints or ()],
        vaults=[base58.encode(key) for key in pool.vaults or ()],
        config="" if pool.config is None else base58.encode(pool.config),
        oracle="" if pool.oracle is None else base58.encode(pool.oracle),
        edge=pool.edge,
        arrays=[(start, base58.encode(key)) for start, key in sorted(pool.arrays.items())],
        wanted=sorted(pool.wanted),
        absent=sorted(pool.absent),
        carrier=pool.carrier,
        changed_ns=pool.changed_ns,
        closed_slot=pool.closed_slot,
        torn_slot=pool.torn_slot,
        torn_until=pool.torn_until,
        lone_slot=pool.lone_slot,
        ticks_slot=pool.ticks_slot,
    )


def _books(engine: ReferenceEngine) -> list[BookPart]:
    return [
        BookPart(
            entry.venue,
            entry.symbol,
            entry.base,
            entry.quote,
            entry.kind,
            entry.edge,
            entry.blocked,
            entry.channel,
            entry.as_of_ns,
            entry.book.parts(),
        )
        for entry in engine.market.books.entries
    ]


def _sources(engine: ReferenceEngine) -> list[SourcePart]:
    return [
        SourcePart(mint, name, source.num, source.den, to_bits(source.mid), to_bits(source.depth))
        for mint, sources in sorted(engine.prices.sources.items())
        for name, source in sorted(sources.items())
    ]


def _row(row: Row) -> RowPart:
    return RowPart(
        mint=row.mint,
        symbol=row.symbol,
        venue=row.venue,
        source=row.source,
        book=row.book,
        at=row.at,
        depth_bits=to_bits(row.depth),
        bid_bits=None if row.bid is None else to_bits(row.bid),
        ask_bits=None if row.ask is None else to_bits(row.ask),
        changed_ns=row.changed_ns,
        synthetic=row.synthetic,
        series=row.series.parts(),
    )


def _cycle(cycle: Cycle) -> CyclePart:
    sizing = cycle.sizing
    return CyclePart(
        cycle.key,
        cycle.edges,
        cycle.base,
        cycle.weight,
        cycle.first_slot,
        sizing.amount_in,
        sizing.amount_out,
        sizing.fees,
        sizing.binds,
        sizing.cu_limit,
        cycle.last,
    )


# -- and back


def load(engine: ReferenceEngine, data: bytes) -> None:
    """Gives an engine this state.

    Raises `ValueError` if it isn't one, or one of another setup; a damaged one leaves the engine as new.
    """
    try:
        state = msgspec.json.decode(data, type=State)
    except (msgspec.MsgspecError, RecursionError) as error:
        message = f"not a snapshot: {error}"
        raise ValueError(message) from error
    if state.version != VERSION:
        message = f"snapshot of version {state.version}, this one reads {VERSION}"
        raise ValueError(message)
    engine.fresh()
    if [part.name for part in state.pools] != [pool.name for pool in engine.market.registry.pools]:
        message = "snapshot of another setup"
        raise ValueError(message)
    try:
        _load_channels(engine, state)
        _load_market(engine, state)
        _load_pools(engine, state)
        _load_books(engine, state)
        _load_prices(engine, state)
        _load_cycles(engine, state)
    except (LookupError, TypeError, ValueError) as error:
        engine.fresh()
        message = f"damaged snapshot: {error}"
        raise ValueError(message) from error


def _key(text: str) -> bytes:
    key = base58.decode(text)
    if key is None:
        message = f"key was {text!r}"
        raise ValueError(message)
    return key


def _load_channels(engine: ReferenceEngine, state: State) -> None:
    engine.channels.clear()
    for part in state.channels:
        channel = ChannelState(part.info)
        for name in part.__struct_fields__:
            if name != "session":
                setattr(channel, name, getattr(part, name))
        session = SolanaSession.from_parts(part.session)
        if session is None:
            message = f"session of channel {part.info.id}"
            raise ValueError(message)
        channel.session = session
        engine.channels[part.info.id] = channel


def _load_market(engine: ReferenceEngine, state: State) -> None:
    market = engine.market
    market.slot, market.slot_ns = state.slot, state.slot_ns
    market.registry.time = None if state.time is None else ChainTime(*state.time)
    market.graph = Graph()
    market.edges = []
    for mint in state.nodes:
        market.graph.add_node(mint)
    for edge in state.edges:
        at = market.graph.add_edge(edge.tail, edge.head, edge.name)
        market.graph.set_weight(at, edge.weight)
        market.edges.append(Edge(edge.book, edge.at, edge.first))
    potentials = Potentials.from_state(market.graph, state.potentials)
    if potentials is None:
        message = "potentials"
        raise ValueError(message)
    market.potentials = potentials


def _load_pools(engine: ReferenceEngine, state: State) -> None:
    registry = engine.market.registry
    registry.accounts.clear()
    for part in state.accounts:
        account = Account(_key(part.key), Role(part.role), list(part.users), _key(part.owner), b64decode(part.data))
        account.slot, account.count, account.channel = part.slot, part.count, part.channel
        account.socket, account.suspect = part.socket, part.suspect
        if account.count:
            account.decoded = registry.decode(account, account.owner, account.data)
            if isinstance(account.decoded, Mint):
                registry.decimals[account.key] = account.decoded.decimals
        registry.accounts[account.key] = account
    for pool, kept in zip(registry.pools, state.pools, strict=True):
        _load_pool(pool, kept)
        if pool.state in ("live", "closed"):
            pool.pool = registry.build(pool)


def _load_pool(pool: PoolEntry, part: PoolPart) -> None:
    pool.state, pool.note, pool.edge, pool.carrier = part.state, part.note, part.edge, part.carrier
    if part.mints:
        pool.mints = _key(part.mints[0]), _key(part.mints[1])
    if part.vaults:
        pool.vaults = _key(part.vaults[0]), _key(part.vaults[1])
    pool.config = _key(part.config) if part.config else None
    pool.oracle = _key(part.oracle) if part.oracle else None
    pool.arrays = {start: _key(key) for start, key in part.arrays}
    pool.wanted, pool.absent = set(part.wanted), set(part.absent)
    pool.changed_ns, pool.closed_slot = part.changed_ns, part.closed_slot
    pool.torn_slot, pool.torn_until = part.torn_slot, part.torn_until
    pool.lone_slot, pool.ticks_slot = part.lone_slot, part.ticks_slot


def _load_books(engine: ReferenceEngine, state: State) -> None:
    books = engine.market.books
    for part in state.books:
        at = books.declare(Instrument(part.venue, part.symbol, part.base, part.quote, part.kind))
        entry = books.entries[at]
        entry.edge, entry.blocked, entry.channel, entry.as_of_ns = part.edge, part.blocked, part.channel, part.as_of_ns
        entry.book = OrderBook.from_parts(part.book)
    books.refused.clear()
    engine.market.wired_books = len(books.entries)


def _load_prices(engine: ReferenceEngine, state: State) -> None:
    for source in state.sources:
        kept = Source(source.num, source.den, from_bits(source.mid_bits), from_bits(source.depth_bits))
        engine.prices.sources.setdefault(source.mint, {})[source.name] = kept
    for part in state.rows:
        row = Row(part.mint, part.symbol, part.venue, part.source, part.book, part.at, from_bits(part.depth_bits))
        row.bid = None if part.bid_bits is None else from_bits(part.bid_bits)
        row.ask = None if part.ask_bits is None else from_bits(part.ask_bits)
        row.changed_ns, row.synthetic = part.changed_ns, part.synthetic
        row.series = Series.from_parts(part.series)
        engine.prices.rows[row.key] = row


def _load_cycles(engine: ReferenceEngine, state: State) -> None:
    engine.fees = FeeModel.from_state(engine.setup.bidding.window_slots, state.fees)
    standing = engine.standing
    standing.fees = engine.fees
    standing.reprice()
    for part in state.cycles:
        sizing = Sizing(part.amount_in, part.amount_out, part.fees, part.binds, part.cu_limit)
        standing.cycles[part.key] = Cycle(
            part.key, list(part.edges), part.base, part.weight, part.first_slot, sizing, part.last
        )
    standing.learned = {(settlement, hops): (wins, tries) for settlement, hops, wins, tries in state.learned}
    engine.counters.take(state.counters)
