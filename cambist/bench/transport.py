"""Frames a second from a loopback socket into the engine, and how long one takes, on either transport; picows beside.

The sender is another process on another core: it writes frames that it framed before, 64 KiB at a time, and never has
more than two batches under way, so that nothing is dropped. What reads, queues and decodes shares one core.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist import child
from cambist.bench import picows_client
from cambist.clock import SystemClock
from cambist.engine import build_info, make_engine
from cambist.engine.protocol import EngineSetup
from cambist.model.events import HEADER, Channel, RecordKind, records
from cambist.model.market import Instrument
from cambist.runtime.inbox import Inbox
from feeds.base import MAX_BYTES, MAX_RECORDS
from feeds.conversation import Conversation, SocketLimits
from feeds.kraken import Kraken
from feeds.socket import WebSocketSource
from feeds.transport import NativeSource, Wires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cambist.engine.protocol import Engine

BATCH = 4_096
"""Frames for which the sender gets one credit."""
BATCHES_AHEAD = 2
FRAME_BYTES = 400
WRITE_BYTES = 1 << 16
DRAIN = 512
FOREVER = 2**63 - 1
SENT = b'"change_pct":0.'
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TICKER = (
    '{"channel":"ticker","type":"update","data":[{"symbol":"SOL/USD","bid":142.51%06d,"bid_qty":1.25000000,'
    '"ask":142.52%06d,"ask_qty":0.00050000,"last":142.51500000,"volume":1234567.12345678,"vwap":142.48123456,'
    '"low":139.10000000,"high":145.90000000,"change":1.41000000,"change_pct":0.%019d,'
    '"timestamp":"2026-11-21T12:00:00.%06dZ"}]}'
)
"""A ticker of Kraken; white space makes up the rest of a frame's length. The engine skips the digits of `change_pct`:
they tell when the frame was sent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent; the default is what BENCHMARKS.md shows."""

    batches: dict[str, int] = field(
        default_factory=lambda: {"native": 150, "websockets": 25, picows_client.RAW: 300, picows_client.TYPED: 150}
    )
    runs: int = 3
    paced: int = 10_000
    """Frames of the run that times them one by one."""
    paced_per_s: int = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one transport did."""

    per_s: float
    """The best run."""
    runs_per_s: tuple[float, ...]
    to_engine_us: list[float] = field(default_factory=list)
    """From a frame's time to the engine's call with it, ascending; nothing of a peer."""
    from_sender_us: list[float] = field(default_factory=list)
    """From before its `send` to the same, ascending."""


def measure(plan: Plan, notify: Callable[[str], None]) -> dict[str, Found]:
    """Returns what each transport that there is does, and picows with the same frames."""
    ours = ("native", "websockets") if build_info().native else ("websockets",)
    names, rates = (*ours, *picows_client.names()), dict[str, tuple[float, ...]]()
    for at in range(plan.runs):
        notify(f"sending frames by {', '.join(names)}: {at + 1} of {plan.runs}")
        for name in names:
            rates[name] = (*rates.get(name, ()), _rate(name, plan.batches[name]))
    found = {name: Found(max(runs), runs) for name, runs in rates.items()}
    for name in ours:
        notify(f"timing frames by {name}")
        found[name] = Found(max(rates[name]), rates[name], *_latencies(name, plan.paced, plan.paced_per_s))
    return found


def _rate(name: str, batches: int) -> float:
    with _sender(batches * BATCH, None) as port, _one_core():
        if name in picows_client.names():
            return picows_client.per_s(name, port, batches * BATCH, BATCH, BATCHES_AHEAD)
        return asyncio.run(_receive(name, port, batches * BATCH, timed=False)).per_s


def _latencies(name: str, frames: int, per_s: int) -> tuple[list[float], list[float]]:
    with _sender(frames, per_s) as port, _one_core():
        return asyncio.run(_receive(name, port, frames, timed=True)).latencies()


class _Receiver:
    """Asks for batches, and notes when the engine was called with what."""

    def __init__(self, name: str, frames: int, *, timed: bool) -> None:
        channel = Channel(1, "kraken", "kraken", "kraken.ws", "loopback")
        pair = Instrument("kraken", "SOL/USD", "SOL", "USD")
        setup = EngineSetup(channels=(channel,), instruments=(pair,))
        self.engine: Engine = make_engine("auto", setup)
        self.clock, self.wake = SystemClock(), asyncio.Event()
        self.inbox = Inbox(self.clock, self.wake.set)
        self.wires: Wires | None = None
        if name == "native":
            from cambist.engine._native import Transport

            ring = Transport(self.clock.now_ns, max_records=MAX_RECORDS, max_bytes=MAX_BYTES)
            self.inbox.attach(ring)
            self.wires = Wires(ring, self.wake.set)
        self.frames, self.fed, self.credits, self.began, self.ended = frames, 0, 0, 0.0, 0.0
        self.timed = timed
        self.calls: list[tuple[int, bytes]] = []
        self.talk: Conversation | None = None

    def source(self, port: int) -> WebSocketSource:
        """Returns the source under test."""
        url, limits = f"ws://127.0.0.1:{port}", SocketLimits(queue_frames=MAX_RECORDS, ping_interval_s=None)
        if self.wires is None:
            return WebSocketSource(url, 1, self.inbox, self.open, name="bench", limits=limits)
        plain = Kraken.plain
        return NativeSource(url, 1, self.inbox, self.open, name="bench", limits=limits, wires=self.wires, plain=plain)

    def open(self, talk: Conversation) -> _Receiver:
        """Takes a connection as its handler."""
        self.talk = talk
        return self

    def opened(self) -> None:
        """Waits until it is known to be muted, if it can be."""
        assert self.talk is not None
        self.talk.settled.set()

    def received(self, body: bytes) -> None:
        """Does what a feed does at least: looks at the frame."""
        Kraken.parse(_KRAKEN, body)

    def closed(self, reason: str) -> None:
        """Does nothing."""

    def overdue(self, breach: object) -> bool:
        """Does nothing."""
        return False

    async def drain(self) -> None:
        """Steps what comes, as the hub does, until all frames went into the engine."""
        seq = 1
        self.began = time.perf_counter()
        while self.owes:
            self._ask()
            self.wake.clear()
            while len(self.inbox):
                block, count = self.inbox.drain(seq, DRAIN)
                seq += count
                if self.timed:
                    self.calls.append((self.clock.now_ns(), block))
                self.fed += _fed(self.engine, block)
                self._ask()
                await asyncio.sleep(0)
            self.ended = time.perf_counter()
            if self.owes:
                await self.wake.wait()

    @property
    def owes(self) -> bool:
        """Whether frames are still to come."""
        return self.fed < self.frames + self.credits

    def _ask(self) -> None:
        """Asks for the next batches. A credit is a frame too, which the engine gets as what was sent."""
        while self.credits * BATCH < min(self.frames, self.fed - self.credits + BATCHES_AHEAD * BATCH):
            self.credits += 1
            _credit(self.talk)

    @property
    def per_s(self) -> float:
        """Returns frames a second."""
        return self.frames / (self.ended - self.began)

    def latencies(self) -> tuple[list[float], list[float]]:
        """Returns µs from receipt and from sending to the engine's call."""
        offset = self.clock.now_ns() - time.monotonic_ns()
        from_receipt, from_sending = [], []
        for at_ns, block in self.calls:
            for record in records(block):
                if record.kind == RecordKind.FRAME and record.direction == 0:
                    from_receipt.append((at_ns - record.recv_ns) / 1e3)
                    from_sending.append((at_ns - offset - _sent_ns(record.body)) / 1e3)
        return sorted(from_receipt), sorted(from_sending)


_KRAKEN = Kraken()


def _sent_ns(body: bytes) -> int:
    at = body.index(SENT) + len(SENT)
    return int(body[at : at + 19])


def _credit(talk: Conversation | None) -> None:
    """Asks for a batch without a look at what comes: there is no answer to it."""
    assert talk is not None
    Conversation.send(talk, b"more")


async def _receive(name: str, port: int, frames: int, *, timed: bool) -> _Receiver:
    receiver = _Receiver(name, frames, timed=timed)
    task = asyncio.create_task(receiver.source(port).run())
    try:
        while receiver.talk is None or (name == "native" and not getattr(receiver.talk, "muted", True)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.wait_for(receiver.drain(), 120.0)
        if dropped := receiver.inbox.dropped:
            message = f"{name}: {sum(dropped.values())} frames were dropped"
            raise RuntimeError(message)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if receiver.wires is not None:
            receiver.wires.close()
    return receiver


def _fed(engine: Engine, block: bytes) -> int:
    """Puts a block into the engine; returns how many frames it held."""
    offset = frames = 0
    while offset < len(block):
        if HEADER.unpack_from(block, offset)[2] == RecordKind.FRAME:
            done = engine.ingest(block, offset, FOREVER)
            frames += done.records
        else:
            done = engine.control(block, offset)
        offset = done.offset
    return frames


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Keeps this thread, and those it starts, on its first core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def _sender(frames: int, per_s: int | None) -> Iterator[int]:
    """Yields the port of a process that sends so many frames: as fast as it may, or evenly."""
    command = child.command("cambist.bench.transport", str(frames), str(per_s or 0))
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=child.environment()) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def serve(frames: int, per_s: int | None) -> None:
    """Prints its port and serves one client: the sender's process."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Some batches over and over: the engine decodes each frame anew.
    unit = b"".join(framed(number) for number in range(BATCH))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        client, _ = server.accept()
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _shake(client)
            if per_s is None:
                _flood(client, unit, frames // BATCH)
            else:
                _pace(client, frames, per_s)
            client.settimeout(60.0)
            with contextlib.suppress(OSError):
                while client.recv(1 << 16):
                    pass


def framed(number: int, sent_ns: int = 0) -> bytes:
    """Returns a WebSocket frame of 400 bytes of text."""
    number %= 500_000
    body = (TICKER % (number, number, sent_ns, number)).encode().ljust(FRAME_BYTES)
    return struct.pack(">BBH", 0x81, 126, len(body)) + body


def _shake(client: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4096)
    lines = (line.partition(b":") for line in request.split(b"\r\n"))
    key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest()).decode()
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
    )


def _flood(client: socket.socket, unit: bytes, batches: int) -> None:
    """Sends a batch for each credit, which is a masked frame of ten bytes."""
    view, came = memoryview(unit), 0
    for batch in range(batches):
        while came < 10 * (batch + 1):
            came += len(client.recv(4096))
        for at in range(0, len(unit), WRITE_BYTES):
            client.sendall(view[at : at + WRITE_BYTES])


def _pace(client: socket.socket, frames: int, per_s: int) -> None:
    """Sends one frame after the other from the first credit on, each with the time before it was sent."""
    client.recv(4096)
    began, step = time.monotonic_ns(), 1_000_000_000 // per_s
    for number in range(frames):
        due = began + number * step
        while (now := time.monotonic_ns()) < due:
            if due - now > 200_000:
                time.sleep((due - now - 100_000) / 1e9)
        client.sendall(framed(number, now))


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]) or None)
