"""Decoded events, each applied to what it tells about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference import base58
from cambist.engine.reference.decode import (
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
    Slot,
    Subscribed,
    TipFloor,
    Trade,
)
from cambist.engine.reference.engine.needs import seed
from cambist.engine.reference.engine.registry import intake, membership, torn
from cambist.engine.reference.fee_sources import consumed_units
from cambist.engine.reference.order_book import BookChange, Delta, Outcome, Ticker
from cambist.model.market import Instrument

if TYPE_CHECKING:
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.engine.reference.engine.standing import Moment


def apply_event(engine: ReferenceEngine, channel: ChannelState, event: Event, moment: Moment) -> None:
    """Applies one event; what it touches is dirty after it."""
    registry, at = engine.market.registry, channel.info.id
    match event:
        case BookTicker() | DepthDelta() | DepthSnapshot():
            _book_event(engine, channel, event, moment)
        case BookChecksum():
            _verify(engine, channel, event)
        case Gap():
            at = engine.market.books.find(channel.info.venue, event.symbol, "spot")
            engine.market.books.entries[at].channel = channel.info.id
            _book_changed(engine, channel, at, engine.market.books.entries[at].book.gap())
        case Account():
            if channel.socket and engine.race.sockets and event.key in registry.accounts:
                engine.race.account(at, event, moment.now_ns)
            intake.take(registry, event.key, event.slot, event.owner, event.data, at, socket=channel.socket)
        case AccountMissing():
            intake.lose(registry, event.key, event.slot)
        case AccountUndated():
            intake.see(registry, event.key, event.owner, event.data)
        case Slot():
            _slot(engine, channel, event.slot, moment)
        case Subscribed() if event.key is not None and channel.socket:
            membership.carried(registry, event.key, at)
        case FeeSamples():
            _fee_samples(engine, event, moment.now_ns)
        case FeeEstimate():
            engine.sources.estimate(event.source, event.slot, event.levels, moment.now_ns)
            engine.reprice()
        case TipFloor():
            engine.sources.tip_floor(event.levels, event.average, moment.now_ns)
            engine.reprice()
        case Logs() if event.mentions is not None:
            raced = channel.socket and engine.race.sockets
            if not raced or engine.race.is_first(at, event, event.mentions, moment.now_ns):
                units = consumed_units(event.logs)
                engine.sources.observe(base58.encode(event.mentions), event.slot, units, moment.now_ns)
        case Trade():
            channel.lag(moment.now_ns, event.venue_ns)
        case Instruments():
            for listed in event.instruments:
                engine.market.books.declare(Instrument(channel.info.venue, listed.symbol, listed.base, listed.quote))
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


def _slot(engine: ReferenceEngine, channel: ChannelState, slot: int, moment: Moment) -> None:
    if not channel.announce(slot, moment.now_ns):
        return
    sockets = (each for each in engine.channels.values() if each.socket)
    torn.announce(engine.market.registry, slot, {each.info.id: each.slot for each in sockets if each.slot is not None})
    if engine.market.slot is None or slot > engine.market.slot:
        engine.market.slot, engine.market.slot_ns = slot, moment.now_ns


def _book_event(
    engine: ReferenceEngine, channel: ChannelState, event: BookTicker | DepthDelta | DepthSnapshot, moment: Moment
) -> None:
    info, now_ns = channel.info, moment.now_ns
    kind = "perp" if info.protocol.startswith("binance.usdm.") else "spot"
    at = engine.market.books.find(info.venue, event.symbol, kind)
    entry = engine.market.books.entries[at]
    lag = channel.lag(now_ns, event.venue_ns)
    match event:
        case BookTicker():
            ticker = Ticker(event.update_id, event.bid, event.bid_qty, event.ask, event.ask_qty)
            change = entry.book.apply_ticker(ticker, now_ns)
        case DepthDelta():
            delta = Delta(event.first, event.last, event.prev, event.bids, event.asks)
            change = entry.book.apply_delta(delta, now_ns)
        case DepthSnapshot():
            change = entry.book.apply_snapshot(event.last, event.bids, event.asks, now_ns)
    if not isinstance(event, DepthSnapshot) or entry.channel is None:
        entry.channel = info.id
    if change.outcome is not Outcome.IGNORED:
        entry.as_of_ns = max(entry.as_of_ns, now_ns - lag)
    _book_changed(engine, channel, at, change)


def _verify(engine: ReferenceEngine, channel: ChannelState, event: BookChecksum) -> None:
    at = engine.market.books.find(channel.info.venue, event.symbol, "spot")
    entry = engine.market.books.entries[at]
    change = entry.book.verify(event.sum)
    if change.outcome is Outcome.GAP:
        entry.channel = channel.info.id
        _book_changed(engine, channel, at, change)


def _book_changed(engine: ReferenceEngine, channel: ChannelState, at: int, change: BookChange) -> None:
    if change.need_seed:
        seed(engine, engine.market.books.entries[at])
    if change.outcome is Outcome.GAP:
        channel.gaps += 1
        engine.counters.gaps += 1
    engine.market.dirty_books.add(at)
