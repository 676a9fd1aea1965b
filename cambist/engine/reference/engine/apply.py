"""Decoded events, each applied to what it tells about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book import Continuity, Numbered, Outcome, Source
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine import endpoints
from cambist.engine.reference.engine.books import Delivery
from cambist.engine.reference.engine.needs import seed
from cambist.engine.reference.engine.registry import intake, membership
from cambist.engine.reference.exchanges import (
    Account,
    AccountMissing,
    AccountUndated,
    BookChecksum,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Event,
    FeeEstimate,
    FeeSamples,
    Gap,
    Instruments,
    Logs,
    Receipt,
    Sequence,
    Slot,
    Subscribed,
    TipFloor,
    Trade,
    VenueStatus,
)
from cambist.engine.reference.fees.sources import consumed_units

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState


def apply_event(engine: ReferenceEngine, channel: ChannelState, event: Event, now_ns: int) -> None:
    """Applies what a node or a server of tips says; what it touches is dirty after it."""
    registry, at = engine.market.registry, channel.info.id
    match event:
        case Account():
            endpoints.account(engine, channel, event, now_ns)
        case AccountMissing() if endpoints.is_believed(engine, channel, event.slot):
            intake.lose(registry, event.key, event.slot)
        case AccountUndated():
            intake.see(registry, event.key, event.owner, event.data)
        case Slot():
            endpoints.slot(engine, channel, event, now_ns)
        case Subscribed() if event.key is not None and channel.socket and not channel.quarantine:
            membership.carried(registry, event.key, at)
        case FeeSamples():
            _fee_samples(engine, event, now_ns)
        case FeeEstimate():
            engine.sources.estimate(event.source, event.slot, event.levels, now_ns)
            engine.reprice()
        case TipFloor():
            engine.sources.tip_floor(event.levels, event.average, now_ns)
            engine.reprice()
        case Logs() if event.mentions is not None:
            raced = channel.socket and engine.race.sockets
            if not raced or engine.race.is_first(at, event, event.mentions, now_ns):
                units = consumed_units(event.logs)
                engine.sources.observe(base58.encode(event.mentions), event.slot, units, now_ns)
                engine.standing.ends.note_landed(event, now_ns)
        case Receipt():
            engine.receipts.append(event)
        case Error():
            channel.error(f"error {event.code}: {event.message}")
        case _:
            pass


def _fee_samples(engine: ReferenceEngine, event: FeeSamples, now_ns: int) -> None:
    """Samples of one account are its own; until others come they speak for the chain too."""
    alone = len(event.accounts) == 1
    if alone:
        account = base58.encode(event.accounts[0])
        engine.sources.account(account, event.samples, event.percentile, now_ns)
    else:
        engine.sources.whole = True
    if not alone or not engine.sources.whole:
        engine.fees.add(event.samples, event.percentile, now_ns)
    engine.reprice()


def venue_event(engine: ReferenceEngine, channel: ChannelState, generation: int, event: Event, now_ns: int) -> Numbered:
    """Applies what an exchange says; what it touches is dirty after it.

    Returns what the message's number said, if this event was that: of a repeated one nothing else is to be applied.
    """
    books, dirty = engine.market.books, engine.market.dirty_books
    match event:
        case Sequence():
            numbered = channel.count(generation, event.number)
            if numbered is Numbered.MISSED:
                _missed(engine, channel, generation)
            return numbered
        case Trade():
            channel.as_of(now_ns, event.venue_ns)
        case Instruments():
            changed = [books.take_listing(channel.info.venue, listed) for listed in event.instruments]
            dirty.update(at for at in changed if at is not None)
        case VenueStatus():
            dirty.update(books.status(channel.info.venue, event.status))
        case Error():
            channel.error(f"error {event.code}: {event.message}")
        case BookTicker() | DepthDelta() | DepthSnapshot() | BookChecksum() | Gap():
            _book_event(engine, channel, generation, event, now_ns)
        case _:
            pass
    return Numbered.NEXT


def _book_event(
    engine: ReferenceEngine,
    channel: ChannelState,
    generation: int,
    event: BookTicker | DepthDelta | DepthSnapshot | BookChecksum | Gap,
    now_ns: int,
) -> None:
    info = channel.info
    timed = not isinstance(event, (BookChecksum, Gap))
    as_of_ns = channel.as_of(now_ns, None if isinstance(event, (BookChecksum, Gap)) else event.venue_ns)
    at = engine.market.books.find(info.venue, event.symbol, Continuity.of(info.protocol))
    entry, source = engine.market.books.entries[at], Source.of(info.protocol)
    change = entry.take(event, Delivery(generation, channel.next == generation, source, now_ns))
    if change is None:
        return
    if change.outcome is Outcome.UNVERIFIED:
        channel.error(f"sums of {entry.name} fail on fresh books, no longer checked")
    if not timed and change.outcome is not Outcome.GAP:
        return
    if source is Source.STREAM or entry.channel is None:
        entry.channel = info.id
    if change.outcome is not Outcome.IGNORED:
        entry.as_of_ns = max(entry.as_of_ns, as_of_ns)
    if change.outcome is Outcome.GAP:
        channel.gaps += 1
        engine.counters.gaps += 1
    engine.market.dirty_books.add(at)
    if change.need_seed:
        seed(engine, entry)


def _missed(engine: ReferenceEngine, channel: ChannelState, generation: int) -> None:
    """Messages of one connection are missing, of whichever books they told."""
    channel.gaps += 1
    engine.counters.gaps += 1
    for at, entry in enumerate(engine.market.books.entries):
        if entry.channel != channel.info.id:
            continue
        if entry.generation == generation:
            change = entry.book.gap()
        elif entry.next is not None and entry.next.generation == generation:
            change = entry.next.book.gap()
        else:
            continue
        engine.market.dirty_books.add(at)
        if change.need_seed:
            seed(engine, entry)
