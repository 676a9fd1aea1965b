"""NativeSource: a `WebSocketSource` whose connections are read by a thread of the engine's extension.

The thread writes each frame once, as the record that it becomes, into a ring that the runtime drains: no Python object
is made for it. The feed sees every frame until all its subscriptions have data, then only what the venue doesn't mark
as plain data (`Venue.plain`): answers, refusals, notices. What one subscription does is the engine's to watch then;
that any data come at all is told by the time of the last of them.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket as sockets
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake, InvalidStatus
from websockets.frames import Close, CloseCode
from websockets.http11 import Response

from cambist.model.events import MAX_BODY, Connected, Disconnected
from cambist.model.opportunity import encode
from cambist.model.text import sanitise
from feeds.conversation import Conversation
from feeds.socket import WebSocketSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.engine._native import Transport
    from feeds.base import Sink
    from feeds.conversation import Socket, SocketLimits

    Marks = Sequence[tuple[bytes, Sequence[bytes]]]
    """What plain data look like: (how a frame begins, what its first 512 bytes hold besides)."""


class Wires:
    """The native connections of one event loop."""

    def __init__(self, transport: Transport, woken: Callable[[], None] = lambda: None) -> None:
        """`woken` is called when the transport's ring may have records."""
        self.transport = transport
        self._woken = woken
        self._numbers = itertools.count(1)
        self._open: dict[int, NativeSocket] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connect(self, url: str, channel: int, limits: SocketLimits, plain: Marks) -> NativeSocket:
        """Returns an open socket. Raises `OSError`, `TimeoutError`, `WebSocketException`, as `websockets` does."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self.transport.fileno(), self._ready)
        number = next(self._numbers)
        made = self._open[number] = NativeSocket(self, number, channel)
        self.transport.connect(
            number,
            url,
            channel=channel,
            open_timeout_s=limits.open_timeout_s,
            ping_interval_s=limits.ping_interval_s,
            ping_timeout_s=limits.ping_timeout_s,
            max_size=min(limits.max_size, MAX_BODY),
            queue_frames=limits.queue_frames,
            queue_bytes=limits.queue_bytes,
            data=[(prefix, list(needles)) for prefix, needles in plain],
        )
        try:
            await made.opened
        except BaseException:
            made.abort()
            raise
        return made

    def forget(self, number: int) -> None:
        """Hands nothing more to a connection."""
        self._open.pop(number, None)

    def close(self) -> None:
        """Ends all connections; what they received can still be drained."""
        if self._loop is not None:
            self._loop.remove_reader(self.transport.fileno())
            self._loop = None
        self.transport.close()

    def _ready(self) -> None:
        for number, kind, what, code, body in self.transport.events():
            if (socket := self._open.get(number)) is not None:
                socket.take_event(kind, what, code, body)
        self._woken()


class NativeSocket:
    """One connection, to be spoken with like a `websockets` connection. What it carries is in the ring already."""

    def __init__(self, wires: Wires, number: int, channel: int) -> None:
        self.channel = channel
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wires, self._number = wires, number
        self._frames: deque[bytes] = deque()
        self._came = asyncio.Event()
        self._closed: ConnectionClosed | None = None
        self._conn: int | None = None

    @property
    def transport(self) -> NativeSocket:
        """Itself: what can be aborted."""
        return self

    @property
    def data_ns(self) -> int | None:
        """When plain data last came."""
        return None if self._closed else self._wires.transport.data_ns(self._number)

    def take_event(self, kind: str, what: str, code: int, body: bytes) -> None:
        """Takes an event."""
        if kind == "frame":
            self._frames.append(body)
        elif kind == "closed":
            self._closed = _closed(what, code, body.decode(errors="replace"))
        elif not self.opened.done():
            if kind == "opened":
                self.opened.set_result(None)
            else:
                self.opened.set_exception(_failure(what, code, body.decode(errors="replace")))
        self._came.set()

    def start(self, conn: int, label: str) -> None:
        """Records that it is open, and begins to read."""
        self._conn = conn
        self._wires.transport.start(self._number, conn, encode(Connected(label)))

    def end(self, reason: str) -> None:
        """Records that it ended; nothing of it is recorded after that."""
        self._wires.transport.end(self._number, self._conn, encode(Disconnected(reason)))
        self.abort()

    def mute(self, *, muted: bool) -> None:
        """Sets whether plain data are kept from `recv`."""
        if self._closed is None:
            self._wires.transport.mute(self._number, muted)

    def abort(self) -> None:
        """Ends it without a word."""
        self._wires.forget(self._number)
        self._wires.transport.end(self._number, None, b"")
        self._closed = self._closed or ConnectionClosedError(None, None)
        self._came.set()

    async def recv(self, *, decode: bool = False) -> bytes:
        """Returns the next frame that is for the feed. Raises `ConnectionClosed`."""
        while not self._frames:
            if self._closed is not None:
                raise self._closed
            self._came.clear()
            await self._came.wait()
        return self._frames.popleft()

    async def send(self, message: bytes, *, text: bool = True) -> None:
        """Queues a message, which is recorded as it goes out. Raises `ConnectionClosed`."""
        if self._closed is not None:
            raise self._closed
        try:
            self._wires.transport.send(self._number, message)
        except ValueError as error:  # too many wait: nothing has gone out for long
            raise ConnectionClosedError(None, Close(CloseCode.INTERNAL_ERROR, str(error))) from error


class _RingSink:
    """The sink of one native connection: its frames are recorded where they come in and go out."""

    def __init__(self, socket: NativeSocket) -> None:
        self._socket = socket

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Does nothing: the ring has it."""

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Records that the connection is open."""
        self._socket.start(conn, label)

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Records that the connection ended."""
        self._socket.end(reason)

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Does nothing: what the feed did not see is recorded all the same."""


class NativeConversation(Conversation):
    """A conversation that stops to look at plain data once it has seen some of every subscription."""

    def __init__(
        self,
        socket: NativeSocket,
        number: int,
        limits: SocketLimits,
        *,
        marked: bool,
        vouches: bool,
        **options: Any,
    ) -> None:
        """`marked`: the venue tells plain data apart; `vouches`: while they come, no subscription counts as silent."""
        super().__init__(socket, number, socket.channel, _RingSink(socket), limits, **options)
        self._wire, self._marked, self._vouches = socket, marked, vouches
        self._muted = self._beating = False
        self._data_ns: int | None = None

    @property
    def muted(self) -> bool:
        """Whether plain data pass by unseen."""
        return self._muted

    def send(self, message: bytes) -> None:
        """Queues a message, and looks at all that comes after it: it may ask for something."""
        if self._muted and not self._beating:
            self._mute(muted=False)
        super().send(message)

    def _beat(self) -> None:
        data_ns = self._wire.data_ns
        if self._muted and data_ns != self._data_ns:
            if self._vouches:
                self.watch.data_of_all()
            self._came_at = self._clock()
            self._on_data(self._came_at)
        self._data_ns = data_ns
        if self._marked and not self._muted and self.settled.is_set() and not self.watch.pending:
            self._mute(muted=True)
        self._beating = True
        super()._beat()
        self._beating = False

    def _mute(self, *, muted: bool) -> None:
        self._muted = muted
        self._wire.mute(muted=muted)


class NativeSource(WebSocketSource):
    """Keeps one connection of a channel up, on the native transport."""

    def __init__(
        self,
        url: str,
        channel: int,
        sink: Sink,
        handler: Any,
        *,
        wires: Wires,
        plain: Marks = (),
        vouches: bool = True,
        **options: Any,
    ) -> None:
        """Takes what `WebSocketSource` takes. Raises `EndpointError`; `ValueError` if frames are to be translated."""
        if options.get("translate") is not None:
            message = f"{options['name']}: frames that Python translates can't come by the native transport"
            raise ValueError(message)
        super().__init__(url, channel, sink, handler, **options)
        self._wires, self._plain, self._vouches = wires, plain, vouches

    async def _connect(self) -> NativeSocket:
        if self._attempts is not None:
            await self._attempts.take()
        return await self._wires.connect(self._url, self._channel, self._limits, self._plain)

    def _conversation(self, socket: Socket) -> Conversation:
        assert isinstance(socket, NativeSocket)
        return NativeConversation(
            socket,
            self.generation,
            self._limits,
            marked=bool(self._plain),
            vouches=self._vouches,
            clock=self._clock,
            on_data=self._backoff.data,
            keep_alive=self._keep_alive,
        )


def _failure(what: str, code: int, text: str) -> Exception:
    """Returns the error that `websockets` or `asyncio` raise for the same failure."""
    text = sanitise(text, 120)  # it may quote the names in a certificate
    if what == "timeout":
        return TimeoutError()
    if what == "os":
        return OSError(code, os.strerror(code))
    if what == "name":
        return sockets.gaierror(sockets.EAI_NONAME, text.rpartition(": ")[2])
    if what == "tls":
        fault = ssl.SSLCertVerificationError(text)
        fault.verify_message = text
        return fault
    if what == "http":
        return InvalidStatus(Response(code, "", Headers({"Retry-After": text} if text else {})))
    return InvalidHandshake(text)


def _closed(what: str, code: int, text: str) -> ConnectionClosed:
    """Returns the error that `websockets` raises for the same end."""
    if what == "lost":
        return ConnectionClosedError(None, None)
    close = Close(code, text)
    return ConnectionClosedError(close, None) if what == "closed" else ConnectionClosedError(None, close)
