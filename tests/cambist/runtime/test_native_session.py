"""A live session whose frames come by either transport: it is recorded whole and replays to the same decisions."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve

from cambist.model.events import RecordKind, records
from cambist.runtime.hub import Hub
from cambist.runtime.inbox import Inbox
from cambist.runtime.live import LiveSource
from cambist.runtime.parts import Parts
from cambist.runtime.recorder import Recorder
from cambist.runtime.replay import Replayer
from feeds.conversation import SocketLimits
from feeds.socket import WebSocketSource
from feeds.transport import NativeSource, Wires
from storage.catalogue import session_path
from storage.reader import SessionReader
from tests.cambist.runtime.test_hub import Beat, make_kernel, until

pytestmark = pytest.mark.timeout(120)
FRAMES = 600


def body(number: int) -> str:
    decide = [{"key": f"k{number}", "route": [f"k{number}"]}] if number % 100 == 0 else []
    return json.dumps({"decide": decide, "number": number})


@contextmanager
def server() -> Iterator[str]:
    """Yields the URL of a server, on a thread of its own, that sends each client the same frames."""
    ready, ports, done = threading.Event(), [], threading.Event()

    async def talk(socket: Any) -> None:
        await socket.recv()
        for number in range(FRAMES):
            await socket.send(body(number))
            if number % 100 == 99:
                await asyncio.sleep(0.02)
        await socket.wait_closed()

    async def run() -> None:
        async with serve(talk, "127.0.0.1", 0, close_timeout=0.1) as made:
            ports.append(made.sockets[0].getsockname()[1])
            ready.set()
            await asyncio.to_thread(done.wait)
            for socket in list(made.connections):
                socket.transport.abort()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield f"ws://127.0.0.1:{ports[0]}"
    finally:
        done.set()
        thread.join(10)


class Streams(Beat):
    """A feed on that server."""

    name = "streams"

    def __init__(self, inbox: Inbox, make: Callable[..., WebSocketSource], url: str) -> None:
        super().__init__(inbox)
        limits = SocketLimits(ping_interval_s=None)
        self.source = make(url, 1, inbox, lambda talk: Asks(talk), name=self.name, limits=limits)

    async def run(self) -> None:
        await self.source.run()


class Asks:
    def __init__(self, talk: Any) -> None:
        self._talk = talk

    def opened(self) -> None:
        self._talk.send(b'{"subscribe":1}')

    def received(self, body: bytes) -> None:
        self._talk.settled.set()

    def closed(self, reason: str) -> None:
        pass

    def overdue(self, breach: object) -> bool:
        return False


def session(folder: Path, transport: str, url: str) -> list[tuple[Any, ...]]:
    """Records a session; returns its records of the feed without their times, once it was seen to replay."""

    def recorder(on_end: Callable[[str], None]) -> Recorder:
        return Recorder(folder, transport, {"app": "test"}, on_end)

    def feeds(inbox: Inbox) -> list[Streams]:
        if transport == "websockets":
            return [Streams(inbox, WebSocketSource, url)]
        extension = pytest.importorskip("cambist.engine._native")
        ring = extension.Transport(inbox.now_ns, max_records=16_384, max_bytes=1 << 26)
        inbox.attach(ring)
        wires = Wires(ring, inbox.woken)

        def make(*args: Any, **options: Any) -> NativeSource:
            return NativeSource(*args, wires=wires, plain=((b'{"decide"', ()),), **options)

        return [Streams(inbox, make, url)]

    live = Hub(kernel := make_kernel(), LiveSource(kernel, Parts(feeds=feeds, recorder=recorder, market="test")))
    live.start()
    until(lambda: live.source.frames >= FRAMES + 1)
    time.sleep(0.3)
    live.close()
    assert live.failure is None
    with SessionReader(session_path(folder, live.session)) as reader:
        assert reader.complete
        assert reader.breaks() == []
        replayer = Replayer(reader, make_kernel())
        replayer.run(batch=7)
        assert replayer.match is True
        assert replayer.report("s", 1.0)["digest"] == live.report()["digest"]
        found = [record for block in reader.blocks() for record in records(block.block)]
    assert [r.seq for r in found] == list(range(found[0].seq, found[0].seq + len(found)))
    assert [r.recv_ns for r in found] == sorted(r.recv_ns for r in found)
    return [
        (r.kind, r.direction, r.channel, r.conn, r.generation, r.body)
        for r in found
        if r.kind in (RecordKind.FRAME, RecordKind.CONNECTED, RecordKind.DISCONNECTED)
    ]


def test_a_session_is_the_same_by_either_transport(tmp_path: Path) -> None:
    pytest.importorskip("cambist.engine._native")
    with server() as url:
        native, websockets = (session(tmp_path, name, url) for name in ("native", "websockets"))
    assert len(native) == FRAMES + 3
    assert native == websockets
