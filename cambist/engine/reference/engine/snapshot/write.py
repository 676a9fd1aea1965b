"""An engine's state into a snapshot."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.engine.snapshot.ends import ends_part, gap_part
from cambist.engine.reference.engine.snapshot.parts import (
    VERSION,
    AccountPart,
    BookPart,
    ChannelPart,
    CyclePart,
    EdgePart,
    EndedPart,
    ImpactPart,
    KeptPart,
    MovedPart,
    PoolPart,
    ReportPart,
    RowPart,
    SourcePart,
    State,
    SuccessorPart,
)
from cambist.engine.reference.series.technical import to_bits

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.engine.market.impact import Impact
    from cambist.engine.reference.engine.prices import Row
    from cambist.engine.reference.engine.registry.entries import Account, Kept, PoolEntry, Report
    from cambist.engine.reference.engine.standing import Cycle


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
        shut=sorted(engine.market.books.shut),
        sources=_sources(engine),
        rows=[_row(row) for _, row in sorted(engine.prices.rows.items())],
        fees=engine.fees.state(),
        fee_sources=engine.sources.state(),
        cycles=[_cycle(cycle) for _, cycle in sorted(engine.standing.cycles.items())],
        learned=[(*kind, *counts) for kind, counts in sorted(engine.judge.learned.items())],
        counters=engine.counters.view(),
        gaps=[(key, *slots) for key, slots in sorted(engine.standing.gaps.items())],
        race=engine.race.aggregator.parts(),
        ended=[EndedPart(*each) for each in engine.standing.ended],
        promising=sorted(set(market.promising)),
        moved=_moved(engine),
        ends=ends_part(engine.standing.ends),
        took_ns=list(engine.judge.took_ns),
    )
    return container.write(state)


def _moved(engine: ReferenceEngine) -> MovedPart:
    moved, market = engine.moved, engine.market
    registry = market.registry
    return MovedPart(
        frames=moved.frames,
        slot=moved.slot,
        slots=moved.slots,
        edges=sorted(moved.edges),
        pools=sorted(moved.pools),
        books=sorted(moved.books),
        dirty_pools=sorted(registry.dirty),
        aged_pools=sorted(registry.aged),
        dirty_books=sorted(market.dirty_books),
        created=list(registry.created),
        wired_books=market.wired_books,
        vouched=registry.vouched,
    )


def _channel(channel: ChannelState) -> ChannelPart:
    return ChannelPart(
        info=channel.info,
        frames=channel.frames,
        malformed=channel.malformed,
        gaps=channel.gaps,
        last_ns=channel.last_ns,
        lag_ns=channel.lag_ns,
        as_of_ns=channel.as_of_ns,
        offset_ns=channel.offset_ns,
        slot=channel.slot,
        slot_ns=channel.slot_ns,
        generation=channel.generation,
        next=channel.next,
        numbers=(copy(channel.numbers[0]), copy(channel.numbers[1])),
        state=channel.state,
        last_error=channel.last_error,
        session=channel.session.parts(),
        chain=channel.chain.parts(),
        quarantine=channel.quarantine,
    )


def _edge(engine: ReferenceEngine, edge: int) -> EdgePart:
    graph, behind = engine.market.graph, engine.market.edges[edge]
    return EdgePart(
        graph.name(edge),
        graph.tail(edge),
        graph.head(edge),
        behind.kind,
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
        data=account.data,
        slot=account.slot,
        count=account.count,
        channel=account.channel,
        socket=account.socket,
        suspect=account.suspect,
        fork=account.fork,
        fell=account.fell,
        rooted=_kept(account.rooted),
        kept=_kept(account.kept),
        first=_report_part(account.first),
        second=_report_part(account.second),
    )


def _kept(kept: Kept | None) -> KeptPart | None:
    return None if kept is None else (kept.slot, base58.encode(kept.owner), kept.data)


def _report_part(report: Report | None) -> ReportPart | None:
    return None if report is None else (report.endpoint, report.slot, report.content)


def _pool(pool: PoolEntry) -> PoolPart:
    return PoolPart(
        name=pool.name,
        state=pool.state,
        note=pool.note,
        mints=[base58.encode(key) for key in pool.mints or ()],
        vaults=[base58.encode(key) for key in pool.vaults or ()],
        config="" if pool.config is None else base58.encode(pool.config),
        oracle="" if pool.oracle is None else base58.encode(pool.oracle),
        bitmap="" if pool.bitmap is None else base58.encode(pool.bitmap),
        schedule="" if pool.schedule is None else base58.encode(pool.schedule),
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
        impact=None if pool.impact is None else _impact(pool.impact),
    )


def _impact(impact: Impact) -> ImpactPart:
    left, time = impact.left, impact.time
    return (
        impact.net,
        (left.weight, left.paid, left.probe),
        (time.slot, time.unix_timestamp, time.epoch),
    )


def _books(engine: ReferenceEngine) -> list[BookPart]:
    away = {tie.book: tie.away_ns for tie in engine.market.ties}
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
            entry.generation,
            None if entry.next is None else SuccessorPart(entry.next.generation, entry.next.book.parts()),
            entry.listed,
            *entry.rules,
            away_ns=away.get(at),
        )
        for at, entry in enumerate(engine.market.books.entries)
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
        quote=row.quote,
        own=row.own,
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
        cycle.first_ns,
        (to_bits(cycle.estimate.amount_in), to_bits(cycle.estimate.gain), to_bits(cycle.estimate.lost)),
        None if cycle.net is None else to_bits(cycle.net),
        cycle.kept_slot,
        cycle.kept_ns,
        cycle.best_net,
        cycle.sized,
        cycle.found_slot,
        cycle.best_ns,
        None if cycle.gap is None else gap_part(cycle.gap),
    )
