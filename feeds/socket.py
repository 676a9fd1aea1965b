"""WebSocketSource: one connection that is kept up, watched, and written to the sink frame by frame."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, PayloadTooBig, WebSocketException

from cambist.model.events import MAX_BODY, Direction
from cambist.model.text import sanitise
from feeds.base import FeedStatus, Note, Sink, endpoint_label, no_note, require_endpoint
from feeds.watchdog import Backoff, Breach, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD_S = 0.1
"""How often deadlines are looked at."""
BURST = 256
"""Frames handed on before other tasks of the loop get a turn. A venue that keeps sending more per turn than this fills
the receive queue, and what does not fit is dropped: late prices are worse than a gap that is known."""
MAX_OUTBOX = 20_000
MAX_RETRY_AFTER_S = 300.0
AT_ONCE_AFTER_S = 5.0
"""A connection that lived this long may be replaced without a wait; a shorter one may be part of a loop."""


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


class _Connect(connect):
    """A client that follows no redirect: an endpoint comes from the config, never from a server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketSource:
    """Keeps one connection of a channel up. `conn` and `generation` of its frames both count connections."""

    def __init__(
        self,
        url: str,
        channel: int,
        sink: Sink,
        handler: Handler,
        *,
        name: str,
        limits: SocketLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        note: Note = no_note,
    ) -> None:
        """Raises `EndpointError` if the URL won't do."""
        self.name = name
        self.generation = 0
        self.watch = Watchdog(clock)
        self.drops = 0
        self._url = require_endpoint(url, "ws")
        self._label = endpoint_label(url)
        self._channel, self._sink, self._handler, self._note = channel, sink, handler, note
        self._limits = limits or SocketLimits()
        self._clock = clock
        self._backoff = Backoff(
            rng or random.Random(),
            base_s=self._limits.backoff_base_s,
            cap_s=self._limits.backoff_cap_s,
            settled_s=self._limits.settled_s,
        )
        self._state, self._reason = "idle", ""
        self._opened_at = 0.0
        self._retry = asyncio.Event()
        self._due_at: float | None = None
        self._wait_s = 0.0
        self._end: asyncio.Future[str] | None = None
        self._outbox: deque[bytes] = deque()
        self._outgoing = asyncio.Event()
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._incoming = asyncio.Event()
        self._unreported = 0

    @property
    def live(self) -> bool:
        """Whether the connection is open."""
        return self._state == "live"

    def status(self) -> FeedStatus:
        """Returns how the connection is."""
        due_at = self._due_at if self._state == "down" else None
        waiting = due_at is not None
        return FeedStatus(
            self.name,
            self._channel,
            self._state,
            self._label,
            self._reason,
            self.generation,
            self.drops,
            attempt=self._backoff.attempts if waiting else 0,
            retry_in_ns=None if due_at is None else round(max(0.0, due_at - self._clock()) * 1e9),
            wait_ns=round(self._wait_s * 1e9) if waiting else 0,
        )

    def send(self, message: bytes) -> None:
        """Queues a message for the open connection. Forgotten if there is none."""
        if not self.live:
            return
        if len(self._outbox) >= MAX_OUTBOX:
            self.reconnect(f"more than {MAX_OUTBOX} messages wait to be sent")
            return
        self._outbox.append(message)
        self._outgoing.set()

    def reconnect(self, reason: str, *, at_once: bool = False) -> None:
        """Ends the connection; the next follows after the usual wait, or at once."""
        if at_once and self._clock() - self._opened_at >= AT_ONCE_AFTER_S:
            self._backoff.reset()
        if self._end is not None and not self._end.done():
            self._end.set_result(reason)

    def retry(self) -> None:
        """Cuts the wait for the next attempt short."""
        self._retry.set()

    async def run(self) -> None:
        """Connects again and again until cancelled."""
        wait_s = 0.0
        try:
            while True:
                await self._wait(max(self._backoff.delay(), wait_s))
                self._state = "connecting"
                try:
                    socket = await self._connect()
                except (OSError, TimeoutError, WebSocketException, ValueError, EOFError) as error:
                    wait_s = _retry_after(error)
                    self._failed(_reason(error, self._limits))
                    continue
                wait_s = 0.0
                await self._serve(socket)
        finally:
            self._state = "idle"

    async def _wait(self, seconds: float) -> None:
        self._retry.clear()
        if seconds > 0:
            self._due_at, self._wait_s = self._clock() + seconds, seconds
            try:
                async with asyncio.timeout(seconds):
                    await self._retry.wait()
            except TimeoutError:
                return
            finally:
                self._due_at = None
            self._backoff.reset()

    async def _connect(self) -> ClientConnection:
        limits = self._limits
        return await _Connect(
            self._url,
            compression=None,
            proxy=None,
            user_agent_header="cambist",
            open_timeout=limits.open_timeout_s,
            close_timeout=limits.close_timeout_s,
            ping_interval=limits.ping_interval_s,
            ping_timeout=limits.ping_timeout_s,
            max_size=min(limits.max_size, MAX_BODY),
            max_queue=256,
        )

    def _failed(self, reason: str) -> None:
        """Tells of an attempt that failed, once per reason: the endpoint may be down for days."""
        self._state = "down"
        if reason != self._reason:
            self._reason = reason
            self._sink.disconnected(self._channel, 0, self.generation, reason)
            self._note("warn", self.name, f"{self._label}: {reason}")

    async def _serve(self, socket: ClientConnection) -> None:
        """Talks until something ends the connection; leaves nothing of it behind."""
        self.generation += 1
        self._opened_at = self._clock()
        self._state, self._reason = "live", ""
        self.watch.clear()
        self._outbox.clear()
        self._outgoing.clear()
        end = self._end = asyncio.get_running_loop().create_future()
        self._sink.connected(self._channel, self.generation, self.generation, self._label)
        reason = "closed by cambist"
        tasks: list[asyncio.Task[None] | asyncio.Future[str]] = [end]
        try:
            self._handler.opened()
            for work in (self._read(socket), self._hand_on(), self._write(socket), self._guard()):
                tasks.append(asyncio.create_task(work))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            reason = _outcome(done, self._limits)
            self._note("warn", self.name, f"{self._label}: {reason}")
        finally:
            self._state, self._reason, self._end = "down", reason, None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._flush(len(self._queue))
            self._own_up()
            self._sink.disconnected(self._channel, self.generation, self.generation, reason)
            self._handler.closed(reason)
            socket.transport.abort()

    async def _read(self, socket: ClientConnection) -> None:
        limits = self._limits
        try:
            while True:
                body: bytes = await socket.recv(decode=False)
                if len(self._queue) >= limits.queue_frames or self._queued_bytes + len(body) > limits.queue_bytes:
                    self.drops += 1
                    self._unreported += 1
                else:
                    self._queue.append(body)
                    self._queued_bytes += len(body)
                self._incoming.set()
        except ConnectionClosed as closed:
            raise _Ended(_reason(closed, limits)) from closed

    async def _hand_on(self) -> None:
        while True:
            await self._incoming.wait()
            self._flush(BURST)
            if not self._queue:
                self._incoming.clear()
                self._own_up()
            await asyncio.sleep(0)

    def _flush(self, most: int) -> None:
        """Hands at most `most` waiting frames to sink and handler, in order."""
        now = self._clock()
        for _ in range(min(most, len(self._queue))):
            body = self._queue.popleft()
            self._queued_bytes -= len(body)
            self._sink.frame(self._channel, self.generation, self.generation, Direction.IN, body)
            self._handler.received(body)
            self._backoff.data(now)

    def _own_up(self) -> None:
        """Reports what was dropped, after the frames that came before it."""
        if self._unreported:
            self._sink.gap(self._channel, self._unreported, "receive queue full")
            self._unreported = 0

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await self._outgoing.wait()
                while self._outbox:
                    message = self._outbox.popleft()
                    self._sink.frame(self._channel, self.generation, self.generation, Direction.OUT, message)
                    await socket.send(message, text=True)
                    if self._limits.send_interval_s:
                        await asyncio.sleep(self._limits.send_interval_s)
                self._outgoing.clear()
        except ConnectionClosed as closed:
            raise _Ended(_reason(closed, self._limits)) from closed

    async def _guard(self) -> None:
        while True:
            await asyncio.sleep(GUARD_S)
            for breach in self.watch.overdue():
                if self._handler.overdue(breach):
                    raise _Ended(str(breach))


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
            reasons.append(_reason(error, limits))
        else:
            raise error
    return min(reasons)


def _reason(error: BaseException, limits: SocketLimits) -> str:
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
        return os.strerror(error.errno) if error.errno else type(error).__name__
    return f"no WebSocket ({type(error).__name__})"


def _retry_after(error: BaseException) -> float:
    """Returns the seconds a refusing server asked to be left alone; 0 if it did not say."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    asked = error.response.headers.get("Retry-After", "")
    return min(float(asked), MAX_RETRY_AFTER_S) if asked.isdecimal() else 0.0
