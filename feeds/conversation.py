"""One open connection: what came and waits, what is to be sent, and the deadlines of both."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidStatus, PayloadTooBig, WebSocketException

from cambist.model.events import Direction
from cambist.model.text import sanitise
from feeds.base import trouble_of
from feeds.loop_time import loop_s
from feeds.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.base import Sink
    from feeds.watchdog import Breach

GUARD_S = 0.1
"""How often deadlines are looked at."""
BURST = 256
"""Frames handed on before other tasks of the loop get a turn. A venue that keeps sending more per turn than this fills
the receive queue, and what does not fit is dropped: late prices are worse than a gap that is known."""
MAX_OUTBOX = 20_000
PING_UNANSWERED = 1011
"""The code with which the library closes a connection whose pings have no answer."""


class KeepAlive(msgspec.Struct, frozen=True):
    """A message of the application that shows, or keeps, a connection alive."""

    message: bytes
    every_s: float | None = None
    """Sent this often whatever comes in."""
    quiet_s: float | None = None
    """Sent when nothing came in for this long."""


class SocketLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds and deadlines of one connection."""

    open_timeout_s: float = 5.0
    close_timeout_s: float = 0.5
    """The library's 10 s were measured to keep a half-open socket for 12 s."""
    max_size: int = 4 << 20
    """Largest message; a larger one ends the connection."""
    queue_frames: int = 4096
    """Frames that may wait to be handed on; more are dropped and counted."""
    queue_bytes: int = 32 << 20
    ping_interval_s: float | None = 10.0
    """`None` where the venue counts pings against the client, and the data watchdog has to do."""
    ping_timeout_s: float = 5.0
    send_interval_s: float = 0.0
    """Least time between two messages sent."""
    backoff_base_s: float = 0.25
    backoff_cap_s: float = 30.0
    settled_s: float = 30.0
    lifetime_s: float | None = None
    """Age at which a connection is replaced as planned; `None` where the venue sets no end."""
    lifetime_jitter_s: float = 0.0
    """The planned end comes up to this much earlier, so that not all connections are replaced at once."""
    overlap_s: float = 10.0
    """How long a connection that is being replaced is kept while the new one has not all its data."""


class Abortable(Protocol):
    """What carries a socket."""

    def abort(self) -> None:
        """Closes it without a word."""
        ...


class Socket(Protocol):
    """An open WebSocket, as `websockets` makes it."""

    @property
    def transport(self) -> Abortable:
        """What carries it."""
        ...

    async def recv(self, *, decode: Literal[False]) -> bytes:
        """Returns the next message. Raises `ConnectionClosed`."""
        ...

    async def send(self, message: bytes, *, text: bool) -> None:
        """Sends a message. Raises `ConnectionClosed`."""
        ...


class Handler(Protocol):
    """The venue's side of a connection: what to say, and what the answers mean for connecting. Never waits."""

    def opened(self) -> None:
        """The connection is open: send the subscriptions."""
        ...

    def received(self, body: bytes) -> None:
        """A frame came; the sink has it already."""
        ...

    def closed(self, reason: str) -> None:
        """The connection ended."""
        ...

    def overdue(self, breach: Breach) -> bool:
        """A deadline passed. Returns whether to connect anew."""
        ...


class _Ended(Exception):
    """Why a conversation ended."""


class Conversation:
    """An open connection. `conn` and `generation` of its frames are both its number."""

    def __init__(
        self,
        socket: Socket,
        number: int,
        channel: int,
        sink: Sink,
        limits: SocketLimits,
        *,
        clock: Callable[[], float] = loop_s,
        on_data: Callable[[float], None] = lambda _: None,
        translate: Callable[[bytes], Sequence[bytes]] | None = None,
        keep_alive: KeepAlive | None = None,
    ) -> None:
        self.number = number
        self.live = True
        self.watch = Watchdog(clock)
        self.opened_at = clock()
        self.settled = asyncio.Event()
        """Set by the handler once all that it subscribed has data."""
        self.drops = 0
        self.close_code: int | None = None
        """The code with which the venue closed it."""
        self.cut = False
        """Whether the network ended it: nobody said goodbye, or our pings had no answer."""
        self._socket, self._channel, self._sink, self._limits = socket, channel, sink, limits
        self._clock, self._on_data, self._translate, self._keep_alive = clock, on_data, translate, keep_alive
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._outbox: deque[bytes] = deque()
        self._outgoing = asyncio.Event()
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._incoming = asyncio.Event()
        self._unreported = 0
        self._came_at = self._beat_at = self.opened_at

    @property
    def spoke_s(self) -> float:
        """From its opening to the last frame that came."""
        return self._came_at - self.opened_at

    def send(self, message: bytes) -> None:
        """Queues a message. Forgotten if the connection is ending."""
        if not self.live:
            return
        if len(self._outbox) >= MAX_OUTBOX:
            self.end(f"more than {MAX_OUTBOX} messages wait to be sent")
            return
        self._outbox.append(message)
        self._outgoing.set()

    def end(self, reason: str) -> None:
        """Ends it; the first reason stands."""
        if not self._end.done():
            self._end.set_result(reason)

    def abort(self) -> None:
        """Closes the connection without a word."""
        self.live = False
        self._socket.transport.abort()

    async def run(self, handler: Handler, label: str) -> str:
        """Talks until something ends the connection, and returns what; leaves nothing of it behind."""
        self._sink.connected(self._channel, self.number, self.number, label)
        reason = "closed by cambist"
        tasks: list[asyncio.Task[None] | asyncio.Future[str]] = [self._end]
        try:
            handler.opened()
            for work in (self._read(), self._hand_on(handler), self._write(), self._guard(handler)):
                tasks.append(asyncio.create_task(work))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            reason = _outcome(done, self._limits)
            return reason
        finally:
            self.live = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._flush(len(self._queue), handler)
            self._own_up()
            self._sink.disconnected(self._channel, self.number, self.number, reason)
            handler.closed(reason)
            self._socket.transport.abort()

    async def _read(self) -> None:
        limits = self._limits
        try:
            while True:
                body: bytes = await self._socket.recv(decode=False)
                if len(self._queue) >= limits.queue_frames or self._queued_bytes + len(body) > limits.queue_bytes:
                    self.drops += 1
                    self._unreported += 1
                else:
                    self._queue.append(body)
                    self._queued_bytes += len(body)
                self._incoming.set()
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd is not None else None
            self.cut = closed.rcvd is None and (closed.sent is None or closed.sent.code == PING_UNANSWERED)
            raise _Ended(reason_of(closed, limits)) from closed

    async def _hand_on(self, handler: Handler) -> None:
        while True:
            await self._incoming.wait()
            self._flush(BURST, handler)
            if not self._queue:
                self._incoming.clear()
                self._own_up()
            await asyncio.sleep(0)

    def _flush(self, most: int, handler: Handler) -> None:
        """Hands at most `most` waiting frames to sink and handler, in order."""
        now = self._clock()
        if self._queue:
            self._came_at = now
        for _ in range(min(most, len(self._queue))):
            body = self._queue.popleft()
            self._queued_bytes -= len(body)
            for frame in (body,) if self._translate is None else self._translate(body):
                self._sink.frame(self._channel, self.number, self.number, Direction.IN, frame)
            handler.received(body)
            self._on_data(now)

    def _own_up(self) -> None:
        """Reports what was dropped, after the frames that came before it."""
        if self._unreported:
            self._sink.gap(self._channel, self._unreported, "receive queue full")
            self._unreported = 0

    async def _write(self) -> None:
        try:
            while True:
                await self._outgoing.wait()
                while self._outbox:
                    message = self._outbox.popleft()
                    self._sink.frame(self._channel, self.number, self.number, Direction.OUT, message)
                    await self._socket.send(message, text=True)
                    if self._limits.send_interval_s:
                        await asyncio.sleep(self._limits.send_interval_s)
                self._outgoing.clear()
        except ConnectionClosed as closed:
            raise _Ended(reason_of(closed, self._limits)) from closed

    async def _guard(self, handler: Handler) -> None:
        while True:
            await asyncio.sleep(GUARD_S)
            self._beat()
            for breach in self.watch.overdue():
                if handler.overdue(breach):
                    raise _Ended(str(breach))

    def _beat(self) -> None:
        """Sends the keep-alive message when it is due."""
        beat, now = self._keep_alive, self._clock()
        if beat is None:
            return
        steady = beat.every_s is not None and now - self._beat_at >= beat.every_s
        quiet = beat.quiet_s is not None and now - max(self._came_at, self._beat_at) >= beat.quiet_s
        if steady or quiet:
            self._beat_at = now
            self.send(beat.message)


def _outcome(done: set[Any], limits: SocketLimits) -> str:
    """Returns why a conversation ended; anything but an expected end is a bug and is raised."""
    reasons = []
    for task in done:
        error = task.exception()
        if error is None:
            reasons.append(str(task.result()))
        elif isinstance(error, _Ended):
            reasons.append(str(error))
        elif isinstance(error, OSError | WebSocketException):
            reasons.append(reason_of(error, limits))
        else:
            raise error
    return min(reasons)


def reason_of(error: BaseException, limits: SocketLimits) -> str:
    """Returns an error in words that hold no URL: one may hold a key."""
    if isinstance(error, ConnectionClosed):
        if isinstance(error.__cause__, PayloadTooBig) or (error.sent is not None and error.sent.code == 1009):
            return f"a message over {limits.max_size} bytes"
        frame = error.rcvd or error.sent
        if frame is None:
            return "connection lost"
        return sanitise(f"closed with code {frame.code} {frame.reason}".rstrip(), 80)
    if isinstance(error, InvalidStatus):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, TimeoutError):
        return f"no answer in {limits.open_timeout_s:g} s"
    if isinstance(error, OSError):
        return trouble_of(error)
    return f"no WebSocket ({type(error).__name__})"
