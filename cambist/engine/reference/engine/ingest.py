"""Frames, one after the other: decoded and applied; what they moved is judged at moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book import Numbered
from cambist.engine.reference.chain.solana import decode_solana
from cambist.engine.reference.chain.tips import TIP_FLOOR, decode_tip_floor
from cambist.engine.reference.engine.apply import apply_event, venue_event
from cambist.engine.reference.engine.control import connected, disconnected
from cambist.engine.reference.engine.detect import Output
from cambist.engine.reference.engine.landing import is_watched
from cambist.engine.reference.engine.moments import note_frame
from cambist.engine.reference.engine.needs import done, take_refused
from cambist.engine.reference.exchanges import DecodeError, decode_venue
from cambist.model.events import BlockError, Direction, RecordKind, unpack

if TYPE_CHECKING:
    from cambist.engine.protocol import Ingested
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState
    from cambist.model.events import Record


def ingest(engine: ReferenceEngine, block: bytes, offset: int, until_ns: int) -> Ingested:
    """Takes FRAME records from `offset` on; see `cambist.engine.protocol.Engine`."""
    out, records, size = Output(), 0, len(block)
    while offset < size:
        try:
            record, after = unpack(block, offset)
        except BlockError:
            if records == 0:
                raise
            break
        if record.kind != RecordKind.FRAME or record.recv_ns >= until_ns:
            break
        out.go, slot = 0, engine.market.slot
        channel = engine.channels.get(record.channel)
        _frame(engine, channel, record)
        out.watched_ns = record.recv_ns if is_watched(engine, slot) else None
        note_frame(engine, record, out)
        take_refused(engine, channel)
        records += 1
        offset = after
        if out.go or out.watched_ns is not None:
            break
    return done(engine, offset, records, out)


def _frame(engine: ReferenceEngine, channel: ChannelState | None, record: Record) -> None:
    engine.counters.frames += 1
    if channel is None:
        engine.counters.malformed += 1
        return
    channel.frames += 1
    channel.last_ns = record.recv_ns
    sent, generation = record.direction != Direction.IN, record.generation
    if not channel.solana and (sent or generation < channel.generation):
        return
    if generation > channel.generation and generation != channel.next:
        if channel.generation:
            disconnected(engine, channel, channel.generation)
        connected(engine, channel, generation)
    slot = engine.market.slot
    try:
        if channel.solana:
            for event in decode_solana(channel.session, record.conn, generation, record.direction, record.body):
                apply_event(engine, channel, event, record.recv_ns)
        elif channel.info.protocol == TIP_FLOOR:
            apply_event(engine, channel, decode_tip_floor(record.body), record.recv_ns)
        else:
            _exchange(engine, channel, record)
    except DecodeError as error:
        channel.malformed += 1
        engine.counters.malformed += 1
        channel.error(str(error))
        return
    if not sent:
        channel.state = "live"
    halvings = engine.judge.forget(slot, engine.market.slot)
    if halvings:
        engine.sources.forget(halvings)
        engine.reprice()


def _exchange(engine: ReferenceEngine, channel: ChannelState, record: Record) -> None:
    """Applies what a frame of an exchange says, but nothing of one that was there before."""
    scales = engine.market.books.scales(channel.info.venue)
    for event in decode_venue(channel.info.protocol, channel.info.symbol, record.body, scales):
        if venue_event(engine, channel, record.generation, event, record.recv_ns) is Numbered.REPEATED:
            return
