"""Records that are no frames: channels, their connections and gaps, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.reference.book.order_book import Numbering, Outcome
from cambist.engine.reference.engine.channels import ChannelState
from cambist.engine.reference.engine.detect import Output, review_all, settle
from cambist.engine.reference.engine.moments import begin_moment, judge
from cambist.engine.reference.engine.needs import done, seed, take_refused
from cambist.engine.reference.engine.picture import take_picture
from cambist.engine.reference.engine.race import lose_socket
from cambist.engine.reference.engine.registry import torn
from cambist.engine.reference.engine.slot_chain import SlotChain
from cambist.model.events import Channel, RecordKind, unpack

if TYPE_CHECKING:
    from cambist.engine.protocol import Ingested
    from cambist.engine.reference.engine import ReferenceEngine


def control(engine: ReferenceEngine, block: bytes, offset: int) -> Ingested:
    """Takes one record that is no frame. Of a COMMAND or FILL nothing is read: what moved before it is judged."""
    record, after = unpack(block, offset)
    out = Output()
    channel = engine.channels.get(record.channel)
    if record.kind == RecordKind.CHANNEL:
        _declare(engine, record.body)
    elif record.kind == RecordKind.CLOCK_STEP:
        for each in engine.channels.values():
            each.offset_ns = None
    elif record.kind == RecordKind.TICK:
        _tick(engine, record.recv_ns)
    elif channel is not None and record.kind == RecordKind.CONNECTED:
        connected(engine, channel, record.generation)
    elif channel is not None and record.kind == RecordKind.DISCONNECTED:
        disconnected(engine, channel, record.generation)
    elif channel is not None and record.kind == RecordKind.GAP:
        _gap(engine, channel)
    if record.kind in (RecordKind.COMMAND, RecordKind.FILL):
        judge(engine, record, out)
    else:
        moment = begin_moment(engine, record)
        settle(engine, moment, out)
        engine.market.registry.vouched = False
        review_all(engine, moment, out)
        take_picture(engine, record)
    take_refused(engine, channel)
    return done(engine, after, 1, out)


def _declare(engine: ReferenceEngine, body: bytes) -> None:
    try:
        info = msgspec.json.decode(body, type=Channel)
    except msgspec.MsgspecError:
        engine.counters.malformed += 1
        return
    if info.id in engine.channels:
        engine.channels[info.id].info = info
    else:
        engine.channels[info.id] = ChannelState(info)
    engine.race.count_sockets(engine.channels)


def connected(engine: ReferenceEngine, channel: ChannelState, generation: int) -> None:
    """A connection is open. If the one before it is too, it takes over book by book."""
    if channel.state == "live" and channel.overlaps(generation):
        channel.next, channel.numbers = generation, (channel.numbers[0], Numbering())
        return
    channel.state, channel.generation = "live", max(channel.generation, generation)
    channel.numbers, channel.quarantine = (Numbering(), Numbering()), ""
    torn.ask_again(engine.market.registry, channel.info.id)
    for entry in engine.market.books.entries:
        if entry.channel == channel.info.id:
            entry.generation = generation
            entry.book.connect()


def disconnected(engine: ReferenceEngine, channel: ChannelState, generation: int) -> None:
    """A channel lost a connection: what that carried can't be believed."""
    places = [at for at, entry in enumerate(engine.market.books.entries) if entry.channel == channel.info.id]
    entries = [engine.market.books.entries[at] for at in places]
    if channel.next is not None:
        over = generation != channel.next
        if over:
            channel.generation, channel.numbers = channel.next, (channel.numbers[1], Numbering())
        channel.next = None
        for entry in entries:
            entry.inherit(channel.generation) if over else entry.disinherit(channel.generation)
        engine.market.dirty_books.update(places)
        return
    channel.state = "down"
    channel.session.disconnect()
    channel.chain = SlotChain()
    if channel.socket:
        torn.doubt(engine.market.registry, channel.info.id)
        lose_socket(engine, channel.info.id)
    for entry in entries:
        entry.book.disconnect()
    engine.market.dirty_books.update(places)


def _gap(engine: ReferenceEngine, channel: ChannelState) -> None:
    channel.gaps += 1
    engine.counters.gaps += 1
    if channel.socket:
        torn.doubt(engine.market.registry, channel.info.id)
        torn.ask_again(engine.market.registry, channel.info.id)
        if engine.race.sockets:
            engine.race.aggregator.disconnected(channel.info.id)
    for at, entry in enumerate(engine.market.books.entries):
        if entry.channel == channel.info.id:
            entry.next = None
            if entry.book.gap().need_seed:
                seed(engine, entry)
            engine.market.dirty_books.add(at)


def _tick(engine: ReferenceEngine, now_ns: int) -> None:
    """Time has passed: books that stay crossed, or say nothing any more, are given up."""
    for at, entry in enumerate(engine.market.books.entries):
        change = entry.book.tick(now_ns)
        if change.need_seed:
            seed(engine, entry)
        if change.outcome is not Outcome.IGNORED:
            engine.market.dirty_books.add(at)
