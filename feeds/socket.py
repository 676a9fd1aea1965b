"""WebSocketSource: one connection that is kept up, watched, and written to the sink frame by frame.

A connection that is about to end is replaced before it does: the new one is opened and subscribed while the old one
still speaks, and both write to the sink, each under its own number.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from cambist.model.events import MAX_BODY
from cambist.model.text import endpoint_label
from feeds.base import FeedStatus, Note, Sink, no_note, require_endpoint
from feeds.bucket import retry_after_s
from feeds.conversation import Conversation, Handler, KeepAlive, Socket, SocketLimits, reason_of
from feeds.loop_time import loop_s
from feeds.reach import reach
from feeds.watchdog import Backoff, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from websockets.asyncio.client import ClientConnection

    from feeds.bucket import Bucket
    from feeds.dial import Dial

__all__ = ["Handler", "KeepAlive", "SocketLimits", "WebSocketSource"]

AT_ONCE_AFTER_S = 5.0
"""A connection that lived this long may be replaced without a wait; a shorter one may be part of a loop. Where it was
cut, or told to go, it must have had frames for so long."""
GOING_AWAY = frozenset({1001, 1012, 1013})
"""Close codes of a server that restarts or sheds load: nothing is wrong with what we sent."""


class _Connect(connect):
    """A client that follows no redirect: an endpoint comes from the config, never from a server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_connection(url: str, limits: SocketLimits) -> ClientConnection:
    """Returns a connection that is open. Raises what `reason_of` has words for."""
    parts, began = urlsplit(url), loop_s()
    async with asyncio.timeout(limits.open_timeout_s):
        reached = await reach(parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80))
    return await _Connect(
        url,
        sock=reached,
        compression=None,
        proxy=None,
        user_agent_header="cambist",
        open_timeout=max(0.1, limits.open_timeout_s - (loop_s() - began)),
        close_timeout=limits.close_timeout_s,
        ping_interval=limits.ping_interval_s,
        ping_timeout=limits.ping_timeout_s,
        max_size=min(limits.max_size, MAX_BODY),
        max_queue=256,
    )


class WebSocketSource:
    """Keeps one connection of a channel up. `conn` and `generation` of its frames both count connections."""

    def __init__(
        self,
        url: str,
        channel: int,
        sink: Sink,
        handler: Handler | Callable[[Conversation], Handler],
        *,
        name: str,
        limits: SocketLimits | None = None,
        clock: Callable[[], float] = loop_s,
        rng: random.Random | None = None,
        note: Note = no_note,
        translate: Callable[[bytes], Sequence[bytes]] | None = None,
        keep_alive: KeepAlive | None = None,
        attempts: Bucket | None = None,
        dial: Dial | None = None,
    ) -> None:
        """`handler` serves every connection, or is called to make one for each. `attempts` rations connecting.

        `dial` reaches the server, the network without one.

        Frames are written as `translate` puts them. Raises `EndpointError` if the URL won't do.
        """
        self.name = name
        self.generation = 0
        self._url = require_endpoint(url, "ws")
        self._label = endpoint_label(url)
        self._channel, self._sink, self._handler, self._note = channel, sink, handler, note
        self._limits = limits or SocketLimits()
        self._clock, self._rng = clock, rng or random.Random()
        self._translate, self._keep_alive, self._attempts = translate, keep_alive, attempts
        self._dial = dial
        self._backoff = self._new_backoff()
        self._state, self._reason = "idle", ""
        self._retry = asyncio.Event()
        self._due_at: float | None = None
        self._wait_s = 0.0
        self._drops = 0
        self._talk: Conversation | None = None
        self._idle_watch = Watchdog(clock)
        self._running: dict[Conversation, asyncio.Task[str]] = {}
        self._roll = asyncio.Event()
        self._roll_reason = ""
        self._rolls = self._new_backoff()
        """Waits between notices that come on one young connection after the other."""

    @property
    def live(self) -> bool:
        """Whether a connection is open."""
        return self._talk is not None and self._talk.live

    @property
    def watch(self) -> Watchdog:
        """Deadlines of the newest connection."""
        return self._idle_watch if self._talk is None else self._talk.watch

    def settle(self) -> None:
        """Says that all that was asked for on the newest connection stands."""
        if self._talk is not None:
            self._talk.settled.set()

    @property
    def drops(self) -> int:
        """Frames that did not fit the receive queues."""
        return self._drops + sum(talk.drops for talk in self._running)

    def status(self) -> FeedStatus:
        """Returns how the connection is."""
        state = "live" if self.live else self._state
        due_at = self._due_at if state == "down" else None
        waiting = due_at is not None
        return FeedStatus(
            name=self.name,
            channel=self._channel,
            state=state,
            endpoint=self._label,
            note=self._reason,
            generation=self.generation,
            drops=self.drops,
            attempt=self._backoff.attempts if waiting else 0,
            retry_in_ns=None if due_at is None else round(max(0.0, due_at - self._clock()) * 1e9),
            wait_ns=round(self._wait_s * 1e9) if waiting else 0,
        )

    def send(self, message: bytes) -> None:
        """Queues a message for the newest connection. Forgotten if there is none."""
        if self._talk is not None:
            self._talk.send(message)

    def reconnect(self, reason: str, *, at_once: bool = False) -> None:
        """Ends the newest connection; the next follows after the usual wait, or at once."""
        if self._talk is None:
            return
        if at_once and self._clock() - self._talk.opened_at >= AT_ONCE_AFTER_S:
            self._backoff.reset()
        self._talk.end(reason)

    def roll(self, reason: str, of: Conversation | None = None) -> None:
        """Opens a replacement beside the connection, which ends when the new one has all its data.

        Nothing happens if `of` is no longer the newest connection: it is being replaced already.
        """
        if of is None or of is self._talk:
            self._roll_reason = reason
            self._roll.set()

    def retry(self) -> None:
        """Cuts the wait for the next attempt short."""
        self._retry.set()

    async def run(self) -> None:
        """Connects again and again until cancelled."""
        try:
            while True:
                talk: Conversation | None = await self._open()
                while talk is not None:
                    talk = await self._until_replaced(talk)
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for talk in self._running:
                talk.abort()  # a task that is cancelled before its first step leaves its connection open
            self._running.clear()
            self._state = "idle"

    async def _open(self) -> Conversation:
        """Returns a new connection, however many attempts it takes."""
        wait_s = 0.0
        while True:
            await self._wait(max(self._backoff.delay(), wait_s))
            self._state = "connecting"
            try:
                socket = await self._connect()
            except (OSError, TimeoutError, WebSocketException, ValueError, EOFError) as error:
                wait_s = _retry_after(error)
                self._failed(reason_of(error, self._limits))
            else:
                self._reason = ""
                return self._start(socket)

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

    async def _connect(self) -> Socket:
        limits = self._limits
        if self._attempts is not None:
            await self._attempts.take()
        return await (open_connection(self._url, limits) if self._dial is None else self._dial.socket(self._url))

    def _failed(self, reason: str) -> None:
        """Tells of an attempt that failed, once per reason: the endpoint may be down for days."""
        self._state = "down"
        if reason != self._reason:
            self._reason = reason
            self._sink.disconnected(self._channel, 0, self.generation, reason)
            self._note("warn", self.name, f"{self._label}: {reason}")

    def _start(self, socket: Socket) -> Conversation:
        """Begins to talk on a connection, which is the newest from now on."""
        self.generation += 1
        talk = self._talk = self._conversation(socket)
        handler = self._handler(talk) if callable(self._handler) else self._handler
        name = f"{self.name} connection {talk.number}"
        self._running[talk] = asyncio.create_task(talk.run(handler, self._label), name=name)
        return talk

    def _conversation(self, socket: Socket) -> Conversation:
        return Conversation(
            socket,
            self.generation,
            self._channel,
            self._sink,
            self._limits,
            clock=self._clock,
            on_data=self._backoff.data,
            translate=self._translate,
            keep_alive=self._keep_alive,
        )

    async def _until_replaced(self, talk: Conversation) -> Conversation | None:
        """Waits for the end of a connection; returns the one that took its place, if one did."""
        limits = self._limits
        life_s = limits.lifetime_s
        if life_s is not None:
            life_s -= self._rng.uniform(0.0, limits.lifetime_jitter_s)
        asked = await self._first(talk, self._roll.wait(), life_s)
        self._roll.clear()
        if not self._running[talk].done():
            if asked:
                await self._spaced(talk)
            fresh = await self._replacement(talk, self._roll_reason if asked else "its time is up")
            if fresh is not None:
                return fresh
        self._state, self._reason = "down", self._collect(talk)
        if (talk.cut or talk.close_code in GOING_AWAY) and talk.spoke_s >= AT_ONCE_AFTER_S:
            self._backoff.reset()
        self._note("warn", self.name, f"{self._label}: {self._reason}")
        return None

    async def _spaced(self, talk: Conversation) -> None:
        """Waits if a connection is told to go that is itself a young replacement."""
        if self._clock() - talk.opened_at >= AT_ONCE_AFTER_S:
            self._rolls.reset()
        await asyncio.wait([self._running[talk]], timeout=self._rolls.delay())

    async def _replacement(self, talk: Conversation, why: str) -> Conversation | None:
        """Returns a connection that took over; `None` if the old one ended before one could."""
        self._note("info", self.name, f"{self._label}: {why}, opening a replacement")
        backoff, old = self._new_backoff(), self._running[talk]
        while True:
            await asyncio.wait([old], timeout=backoff.delay())
            if old.done():
                return None
            try:
                socket = await self._connect()
            except (OSError, TimeoutError, WebSocketException, ValueError, EOFError) as error:
                self._note("warn", self.name, f"{self._label}: no replacement: {reason_of(error, self._limits)}")
                continue
            fresh = self._start(socket)
            await self._first(talk, fresh.settled.wait(), self._limits.overlap_s, self._running[fresh])
            if self._running[fresh].done():
                self._talk = talk
                self._note("warn", self.name, f"{self._label}: the replacement ended: {self._collect(fresh)}")
                continue
            talk.end(f"replaced: {why}")
            await asyncio.wait([old])
            self._collect(talk)
            return fresh

    async def _first(
        self, talk: Conversation, event: Coroutine[None, None, bool], seconds: float | None, *others: asyncio.Task[str]
    ) -> bool:
        """Waits for an event, the end of a connection, or a while; returns whether the event came."""
        waiter = asyncio.create_task(event)
        try:
            await asyncio.wait(
                [waiter, self._running[talk], *others], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return waiter.done()
        finally:
            waiter.cancel()

    def _collect(self, talk: Conversation) -> str:
        """Returns why a connection ended and forgets it; raises what was a bug."""
        task = self._running.pop(talk)
        self._drops += talk.drops
        return task.result()

    def _new_backoff(self) -> Backoff:
        limits = self._limits
        return Backoff(self._rng, base_s=limits.backoff_base_s, cap_s=limits.backoff_cap_s, settled_s=limits.settled_s)


def _retry_after(error: BaseException) -> float:
    """Returns the seconds a refusing server asked to be left alone; 0 if it did not say."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    return retry_after_s(error.response.headers.get("Retry-After", "")) or 0.0
