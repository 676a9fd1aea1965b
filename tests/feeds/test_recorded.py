"""Feeds, inbox and recorder together: what was on the wire is what is on the disk."""

import asyncio
import json

import pytest

from cambist.clock import SystemClock
from cambist.model.events import HEADER, Channel, RecordKind, records
from cambist.runtime.inbox import Inbox
from feeds.binance import SPOT
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.http import HttpLimits
from feeds.socket import SocketLimits
from feeds.solana import SolanaConfig, SolanaFeed
from storage.chunk import Block
from storage.session import SessionReader, SessionWriter
from storage.verify import SOUND, verify
from tests.feeds.servers import (
    FakeExchange,
    FakeNode,
    RememberingSink,
    http_server,
    running,
    until,
    websocket_server,
)
from tests.feeds.test_binance import DEPTH
from tests.feeds.test_solana import HTTP, POOL, WS

pytestmark = pytest.mark.virtual_time

STREAMS = Channel(21, "binance", "binance", "binance.spot.ws", "x")
INFO = Channel(22, "binance", "binance", "binance.spot.info", "x")


class Tee(RememberingSink):
    """Remembers what it hands to an inbox."""

    def __init__(self, inbox):
        super().__init__()
        self.inbox = inbox

    def frame(self, *arguments):
        super().frame(*arguments)
        self.inbox.frame(*arguments)

    def connected(self, *arguments):
        super().connected(*arguments)
        self.inbox.connected(*arguments)

    def disconnected(self, *arguments):
        super().disconnected(*arguments)
        self.inbox.disconnected(*arguments)


async def record(inbox, writer, stop):
    seq = 1
    while not (stop.is_set() and len(inbox) == 0):
        block, count = inbox.drain(seq, 512)
        if count:
            times = [record.recv_ns for record in records(block)]
            assert writer.put(Block(block, seq, seq + count - 1, times[0], times[-1], count, ""))
            seq += count
        await asyncio.sleep(0.01)


def remember(one, sink):
    """Hands a record to a sink as its feed did."""
    body = json.loads(one.body) if one.kind in (RecordKind.CONNECTED, RecordKind.DISCONNECTED) else {}
    if one.kind == RecordKind.FRAME:
        sink.frame(one.channel, one.conn, one.generation, one.direction, one.body)
    elif one.kind == RecordKind.CONNECTED:
        sink.connected(one.channel, one.conn, one.generation, body["label"])
    elif one.kind == RecordKind.DISCONNECTED:
        sink.disconnected(one.channel, one.conn, one.generation, body["reason"])


async def test_the_recording_holds_all_that_came_as_it_came(tmp_path):
    node, exchange = FakeNode(), FakeExchange()
    inbox = Inbox(SystemClock(), lambda: None)
    inbox.put(RecordKind.STATE, b"{}")
    sink = Tee(inbox)
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    async with (
        websocket_server(node.pubsub) as pubsub,
        http_server(node.rpc) as rpc,
        websocket_server(exchange.streams) as ws,
        http_server(exchange.rest) as rest,
    ):
        http = HttpLimits(wait_initial_s=0.01)
        binance = ExchangeConfig(ws=ws, rest=rest, symbols=("SOLUSDT",), socket=SocketLimits(backoff_base_s=0.02))
        feeds = [
            SolanaFeed(SolanaConfig("node", pubsub, rpc, http=http), WS, HTTP, sink, accounts=[POOL]),
            ExchangeFeed(SPOT, binance, ExchangeChannels(STREAMS, INFO, DEPTH), sink),
        ]
        stop = asyncio.Event()
        recording = asyncio.create_task(record(inbox, writer, stop))
        async with running(*feeds):
            await until(
                lambda: len(sink.incoming(STREAMS.id)) > 30 and sink.incoming(HTTP.id) and sink.incoming(INFO.id)
            )
            for socket in list(exchange.sockets):
                socket.transport.abort()
            await until(lambda: len([entry for entry in sink.of("connected") if entry.channel == STREAMS.id]) == 2)
        stop.set()
        await recording
    await writer.close()

    report = verify(writer.path)
    assert report.exit_code == SOUND, report.findings
    with SessionReader(writer.path) as reader:
        blocks = [chunk.block for chunk in reader.blocks()]
    assert report.records == len(sink.seen) + 1
    assert sum(HEADER.unpack_from(block)[2] == RecordKind.STATE for block in blocks) == 1
    replayed = RememberingSink()
    for block in blocks:
        for one in records(block):
            remember(one, replayed)
    assert replayed.seen == sink.seen
