"""A snapshot back into an engine's state; nothing in it is believed unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.aggregate.wss_aggregator import HASH_BYTES, WssAggregator
from cambist.engine.reference.book.order_book import OrderBook
from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.engine.book_scale import TradingRules
from cambist.engine.reference.engine.books import Successor
from cambist.engine.reference.engine.channels import ChannelState
from cambist.engine.reference.engine.market import Edge, equivalence
from cambist.engine.reference.engine.market.impact import Impact, Left
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.engine.prices import Row, Source
from cambist.engine.reference.engine.registry.build import build
from cambist.engine.reference.engine.registry.entries import Account, Kept, PoolEntry, Report
from cambist.engine.reference.engine.registry.intake import decode
from cambist.engine.reference.engine.route import Sizing
from cambist.engine.reference.engine.series import Series
from cambist.engine.reference.engine.slot_chain import SlotChain
from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.engine.snapshot.ends import gap_of, load_ends
from cambist.engine.reference.engine.standing import Cycle, Ended
from cambist.engine.reference.exchanges import SolanaSession
from cambist.engine.reference.fees import FeeModel
from cambist.engine.reference.fees.sources import Sources
from cambist.engine.reference.search.cycle_finder import Potentials
from cambist.engine.reference.search.estimate import Estimate
from cambist.engine.reference.search.graph import Graph
from cambist.engine.reference.series.technical import from_bits
from cambist.engine.reference.venues.program import Role
from cambist.engine.reference.venues.quote import ChainTime
from cambist.model.market import Instrument

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.snapshot.parts import KeptPart, PoolPart, ReportPart, State


def load(engine: ReferenceEngine, data: bytes) -> None:
    """Gives an engine this state.

    Raises `ValueError` if it isn't one, or one of another setup; a damaged one leaves the engine as new.
    """
    state = container.read(data)
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
        _load_moved(engine, state)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        engine.fresh()
        message = f"damaged snapshot: {error}"
        raise ValueError(message) from error


def _load_channels(engine: ReferenceEngine, state: State) -> None:
    engine.channels.clear()
    for part in state.channels:
        channel = ChannelState(part.info)
        for name in part.__struct_fields__:
            if name not in ("session", "chain"):
                setattr(channel, name, getattr(part, name))
        session = SolanaSession.from_parts(part.session)
        if session is None:
            message = f"session of channel {part.info.id}"
            raise ValueError(message)
        channel.session, channel.chain = session, SlotChain.from_parts(part.chain)
        engine.channels[part.info.id] = channel
    engine.race.aggregator = WssAggregator.from_parts(state.race)
    engine.race.count_sockets(engine.channels)


def _load_market(engine: ReferenceEngine, state: State) -> None:
    market = engine.market
    market.slot, market.slot_ns = state.slot, state.slot_ns
    market.registry.time = None if state.time is None else ChainTime(*state.time)
    market.graph = Graph()
    market.edges = []
    for mint in state.nodes:
        market.graph.add_node(mint)
    for edge in state.edges:
        if edge.kind is Kind.EQUIVALENCE and not equivalence.is_tie(market, edge.at, edge.name):
            message = f"edge {edge.name}"
            raise ValueError(message)
        at = market.graph.add_edge(edge.tail, edge.head, edge.name)
        market.graph.set_weight(at, edge.weight)
        market.edges.append(Edge(edge.kind, edge.at, edge.first))
    potentials = Potentials.from_state(market.graph, state.potentials)
    if potentials is None:
        message = "potentials"
        raise ValueError(message)
    market.potentials = potentials


def _load_pools(engine: ReferenceEngine, state: State) -> None:
    registry = engine.market.registry
    registry.accounts.clear()
    for part in state.accounts:
        account = Account(_key(part.key), Role(part.role), list(part.users), _key(part.owner), part.data)
        account.slot, account.count, account.channel = part.slot, part.count, part.channel
        account.socket, account.suspect = part.socket, part.suspect
        account.fork, account.fell = part.fork, part.fell
        account.rooted, account.kept = _kept(part.rooted), _kept(part.kept)
        account.first, account.second = _report(part.first), _report(part.second)
        if account.count:
            account.decoded = decode(registry, account, account.owner, account.data)
            if isinstance(account.decoded, Mint):
                registry.decimals[account.key] = account.decoded.decimals
        registry.accounts[account.key] = account
    waiting = set() if state.moved is None else {*state.moved.dirty_pools, *state.moved.aged_pools}
    for at, (pool, kept) in enumerate(zip(registry.pools, state.pools, strict=True)):
        _load_pool(pool, kept)
        # One that waits is built when it is weighed: its accounts may not agree yet.
        if pool.state in ("live", "closed") and at not in waiting:
            pool.pool = build(registry, pool)
            if pool.impact is not None:
                pool.impact.advance(pool.pool, registry.time)


def _kept(part: KeptPart | None) -> Kept | None:
    return None if part is None else Kept(part[0], _key(part[1]), part[2])


def _report(part: ReportPart | None) -> Report | None:
    if part is None:
        return None
    if len(part[2]) != HASH_BYTES:
        message = f"{len(part[2])} bytes told of an account, expected {HASH_BYTES}"
        raise ValueError(message)
    return Report(*part)


def _load_pool(pool: PoolEntry, part: PoolPart) -> None:
    pool.state, pool.note, pool.edge, pool.carrier = part.state, part.note, part.edge, part.carrier
    if part.mints:
        pool.mints = _key(part.mints[0]), _key(part.mints[1])
    if part.vaults:
        pool.vaults = _key(part.vaults[0]), _key(part.vaults[1])
    pool.config = _key(part.config) if part.config else None
    pool.oracle = _key(part.oracle) if part.oracle else None
    pool.bitmap = _key(part.bitmap) if part.bitmap else None
    pool.schedule = _key(part.schedule) if part.schedule else None
    pool.arrays = {start: _key(key) for start, key in part.arrays}
    pool.wanted, pool.absent = set(part.wanted), set(part.absent)
    pool.changed_ns, pool.closed_slot = part.changed_ns, part.closed_slot
    pool.torn_slot, pool.torn_until = part.torn_slot, part.torn_until
    pool.lone_slot, pool.ticks_slot = part.lone_slot, part.ticks_slot
    if part.impact is not None:
        net, left, time = part.impact
        pool.impact = Impact(net, Left(*left), ChainTime(*time))


def _load_books(engine: ReferenceEngine, state: State) -> None:
    books = engine.market.books
    away: dict[int, int | None] = {}
    for part in state.books:
        at = books.declare(Instrument(part.venue, part.symbol, part.base, part.quote, part.kind))
        entry = books.entries[at]
        away[at] = part.away_ns
        entry.edge, entry.blocked, entry.channel, entry.as_of_ns = part.edge, part.blocked, part.channel, part.as_of_ns
        entry.book, entry.generation, entry.listed = OrderBook.from_parts(part.book), part.generation, part.listed
        entry.rules = TradingRules(part.tick, part.step, part.min_notional)
        if part.next is not None:
            entry.next = Successor(part.next.generation, OrderBook.from_parts(part.next.book))
        books.note_scale(at)
    books.shut = set(state.shut)
    books.refused.clear()
    engine.market.wired_books = len(books.entries)
    equivalence.restore(engine.market, away)


def _load_prices(engine: ReferenceEngine, state: State) -> None:
    for source in state.sources:
        kept = Source(source.num, source.den, from_bits(source.mid_bits), from_bits(source.depth_bits))
        engine.prices.sources.setdefault(source.mint, {})[source.name] = kept
    for part in state.rows:
        row = Row(part.mint, part.symbol, part.venue, part.source, part.book, part.at, from_bits(part.depth_bits))
        row.bid = None if part.bid_bits is None else from_bits(part.bid_bits)
        row.ask = None if part.ask_bits is None else from_bits(part.ask_bits)
        row.changed_ns, row.synthetic = part.changed_ns, part.synthetic
        row.quote, row.own = part.quote, part.own
        row.series = Series.from_parts(part.series)
        engine.prices.rows[row.key] = row


def _load_cycles(engine: ReferenceEngine, state: State) -> None:
    engine.fees = FeeModel.from_state(engine.setup.bidding.window_slots, state.fees)
    engine.sources = Sources.from_state(state.fee_sources)
    engine.reprice()
    standing = engine.standing
    for part in state.cycles:
        amount_in, gain, lost = map(from_bits, part.estimate_bits)
        standing.cycles[part.key] = Cycle(
            key=part.key,
            edges=list(part.edges),
            base=part.base,
            first_ns=part.first_ns,
            found_slot=part.found_slot,
            weight=part.weight,
            estimate=Estimate(amount_in, gain, lost),
            net=None if part.net_bits is None else from_bits(part.net_bits),
            first_slot=part.first_slot,
            kept_slot=part.kept_slot,
            kept_ns=part.kept_ns,
            best_net=part.best_net,
            best_ns=part.best_ns,
            sized=part.sized,
            sizing=Sizing(
                part.amount_in,
                part.amount_out,
                part.fees,
                part.binds,
                part.cu_limit,
                None if part.last is None else part.last.cost.rebalancing,
            ),
            last=part.last,
            gap=None if part.gap is None else gap_of(part.gap, len(state.pools)),
        )
    standing.gaps = {key: (first, last) for key, first, last in state.gaps}
    standing.ended.extend(Ended(*msgspec.structs.astuple(part)) for part in state.ended)
    engine.judge.learned = {(settlement, hops): (wins, tries) for settlement, hops, wins, tries in state.learned}
    engine.judge.took_ns.extend(state.took_ns)
    if any(not 0 <= edge < engine.market.graph.edge_count() for edge in state.promising):
        message = "promising edges"
        raise ValueError(message)
    engine.market.promising = list(state.promising)
    engine.counters.take(state.counters)
    load_ends(standing.ends, state.ends, len(state.pools))


def _load_moved(engine: ReferenceEngine, state: State) -> None:
    """One without it is of a session without moments, and counted in slots."""
    market, moved, part = engine.market, engine.moved, state.moved
    moved.slot, moved.slots = market.slot, market.slot or 0
    if part is None:
        return
    registry, books = market.registry, len(market.books.entries)
    pools = (*part.pools, *part.dirty_pools, *part.aged_pools, *part.created)
    if not (
        all(0 <= at < len(registry.pools) for at in pools)
        and all(0 <= at < books for at in (*part.books, *part.dirty_books))
        and 0 <= part.wired_books <= books
        and all(0 <= edge < len(market.edges) for edge in part.edges)
    ):
        message = "what moved"
        raise ValueError(message)
    moved.frames, moved.slot, moved.slots = part.frames, part.slot, part.slots
    moved.edges, moved.pools, moved.books = set(part.edges), set(part.pools), set(part.books)
    registry.dirty, registry.aged = set(part.dirty_pools), set(part.aged_pools)
    registry.created, registry.vouched = list(part.created), part.vouched
    market.dirty_books, market.wired_books = set(part.dirty_books), part.wired_books


def _key(text: str) -> bytes:
    key = base58.decode(text)
    if key is None:
        message = f"key was {text!r}"
        raise ValueError(message)
    return key
