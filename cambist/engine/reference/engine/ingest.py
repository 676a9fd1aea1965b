"""Frames, one after the other: decoded, applied, settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.book.order_book import Numbered
from cambist.engine.reference.chain.solana import decode_solana
from cambist.engine.reference.chain.tips import TIP_FLOOR, decode_tip_floor
from cambist.engine.reference.engine.apply import apply_event, venue_event
from cambist.engine.reference.engine.control import connected, disconnected
from cambist.engine.reference.engine.detect import Output, review, review_all, settle
from cambist.engine.reference.engine.needs import done, take_refused
from cambist.engine.reference.engine.standing import Moment
from cambist.engine.reference.exchanges import DecodeError, decode_venue
from cambist.model.events import HEADER, MAX_BODY, BlockError, Direction, RecordKind

if TYPE_CHECKING:
    from cambist.engine.protocol import Ingested
    from cambist.engine.reference.engine import ReferenceEngine
    from cambist.engine.reference.engine.channels import ChannelState


def ingest(engine: ReferenceEngine, block: bytes, offset: int, until_ns: int) -> Ingested:
    """Takes FRAME records from `offset` on; see `cambist.engine.protocol.Engine`."""
    out, records, size = Output(), 0, len(block)
    while offset < size:
        if size - offset < HEADER.size:
            return _damaged(engine, out, offset, records, f"{size - offset} bytes left, a header needs {HEADER.size}")
        seq, recv_ns, kind, direction, channel, conn, generation, length = HEADER.unpack_from(block, offset)
        if kind != RecordKind.FRAME or recv_ns >= until_ns:
            break
        start = offset + HEADER.size
        if length > MAX_BODY or start + length > size:
            return _damaged(engine, out, offset, records, f"body of {length} bytes, {size - start} bytes left")
        out.go = 0
        _frame(
            engine,
            Moment(seq, recv_ns, 0),
            channel,
            conn,
            generation,
            direction,
            bytes(block[start : start + length]),
            out,
        )
        records += 1
        offset = start + length
        if out.go:
            break
    return done(engine, offset, records, out)


def _damaged(engine: ReferenceEngine, out: Output, offset: int, records: int, why: str) -> Ingested:
    """Stops before a damaged record; raises if that is the first one."""
    if records == 0:
        raise BlockError(offset, why)
    return done(engine, offset, records, out)


def _frame(
    engine: ReferenceEngine,
    moment: Moment,
    at: int,
    conn: int,
    generation: int,
    direction: int,
    body: bytes,
    out: Output,
) -> None:
    engine.counters.frames += 1
    channel = engine.channels.get(at)
    if channel is None:
        engine.counters.malformed += 1
        return
    channel.frames += 1
    channel.last_ns = moment.now_ns
    if not channel.solana and (direction == Direction.OUT or generation < channel.generation):
        return
    if generation > channel.generation and generation != channel.next:
        if channel.generation:
            disconnected(engine, channel, channel.generation)
        connected(engine, channel, generation)
    slot = engine.market.slot
    try:
        if channel.solana:
            for event in decode_solana(channel.session, conn, generation, Direction(direction), body):
                apply_event(engine, channel, event, moment)
        elif channel.info.protocol == TIP_FLOOR:
            apply_event(engine, channel, decode_tip_floor(body), moment)
        else:
            _exchange(engine, channel, generation, body, moment)
    except DecodeError as error:
        channel.malformed += 1
        engine.counters.malformed += 1
        channel.error(str(error))
        return
    if direction == Direction.IN:
        channel.state = "live"
    halvings = engine.judge.forget(slot, engine.market.slot)
    if halvings:
        engine.sources.forget(halvings)
        engine.reprice()
    settle(engine, moment, out)
    vouched, engine.market.registry.vouched = engine.market.registry.vouched, False
    if engine.market.slot != slot:
        review_all(engine, moment, out)
    elif vouched:
        review(engine, moment, engine.standing.unconfirmed(), out)
    take_refused(engine, channel)


def _exchange(engine: ReferenceEngine, channel: ChannelState, generation: int, body: bytes, moment: Moment) -> None:
    """Applies what a frame of an exchange says, but nothing of one that was there before."""
    for event in decode_venue(channel.info.protocol, channel.info.symbol, body):
        if venue_event(engine, channel, generation, event, moment.now_ns) is Numbered.REPEATED:
            return
