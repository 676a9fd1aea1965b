"""HttpChannel: reads over HTTP whose requests and replies pass the sink like any other frame."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Protocol

import aiohttp
import msgspec
import stamina
from stamina.instrumentation import set_on_retry_hooks

from cambist.model.events import MAX_BODY, Direction
from feeds.base import FeedStatus, Note, Sink, endpoint_label, no_note, require_endpoint

set_on_retry_hooks([])  # its default prints each retry to the terminal that the dashboard owns

GENERATION = 1
"""An HTTP channel has one: there is no connection whose frames could get old."""
MAX_RETRY_AFTER_S = 120.0
_CHUNK = 1 << 16


class HttpLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds and deadlines of reads."""

    timeout_s: float = 10.0
    connect_timeout_s: float = 5.0
    max_size: int = MAX_BODY
    attempts: int = 4
    wait_initial_s: float = 0.2
    wait_max_s: float = 5.0


class Refusal(Exception):
    """An answer that is no answer. `retry_after_s` is what the server asked for; `None` if trying again is no use."""

    def __init__(self, what: str, status: int, retry_after_s: float | None) -> None:
        super().__init__(what)
        self.status = status
        self.retry_after_s = retry_after_s


class Unreachable(Exception):
    """A read that failed for good, in words without a URL."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status
        """HTTP status; 0 if there was no answer."""


class Check(Protocol):
    """Looks at a reply before it counts as one. Raises `Refusal` to try again or give up."""

    def __call__(self, body: bytes) -> None:
        """Raises `Refusal`, or returns."""
        ...


def accept(body: bytes) -> None:
    """Takes any reply."""


class HttpChannel:
    """Reads from one server on behalf of one or more channels. Each attempt is a request with a number of its own."""

    def __init__(
        self,
        url: str,
        sink: Sink,
        *,
        name: str,
        limits: HttpLimits | None = None,
        note: Note = no_note,
    ) -> None:
        """Raises `EndpointError` if the URL won't do."""
        self.name = name
        self._url = require_endpoint(url, "http").rstrip("/")
        self._label = endpoint_label(url)
        self._sink, self._note = sink, note
        self._limits = limits or HttpLimits()
        self._session: aiohttp.ClientSession | None = None
        self._conn = 0
        self._state, self._reason = "idle", ""
        self._not_before = 0.0

    def status(self, channel: int) -> FeedStatus:
        """Returns how reads went lately."""
        return FeedStatus(self.name, channel, self._state, self._label, self._reason)

    async def close(self) -> None:
        """Closes what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, channel: int, payload: bytes, check: Check = accept) -> bytes:
        """Returns the reply to a JSON body. Retries what may pass; raises `Unreachable`."""
        return await self._read(channel, "POST", self._url, payload, payload, check)

    async def get(self, channel: int, target: str, check: Check = accept) -> bytes:
        """Returns the reply to a GET of path and query. Retries what may pass; raises `Unreachable`."""
        return await self._read(channel, "GET", self._url + target, None, f"GET {target}".encode(), check)

    async def _read(self, channel: int, method: str, url: str, data: bytes | None, said: bytes, check: Check) -> bytes:
        limits = self._limits
        try:
            async for attempt in stamina.retry_context(
                on=_again,
                attempts=limits.attempts,
                timeout=None,
                wait_initial=limits.wait_initial_s,
                wait_max=limits.wait_max_s,
                wait_jitter=limits.wait_initial_s,
            ):
                with attempt:
                    body = await self._once(channel, method, url, data, said)
                    check(body)
                    self._state, self._reason = "live", ""
                    return body
        except (Refusal, aiohttp.ClientError, OSError, TimeoutError) as error:
            why, status = _words(error, limits), getattr(error, "status", 0) or 0
            if status != 200:  # a server that answers "no" is up
                self._failed(why)
            raise Unreachable(why, status) from error
        message = "no attempt was made"
        raise Unreachable(message)

    async def _once(self, channel: int, method: str, url: str, data: bytes | None, said: bytes) -> bytes:
        if (pause := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        self._conn += 1
        conn = self._conn
        self._sink.frame(channel, conn, GENERATION, Direction.OUT, said)
        headers = {"Content-Type": "application/json"} if data is not None else None
        async with self._open().request(method, url, data=data, headers=headers, allow_redirects=False) as reply:
            if reply.status != 200:
                refusal = _refusal(reply)
                if refusal.retry_after_s:  # for every read from this server, not only for this one
                    self._not_before = time.monotonic() + refusal.retry_after_s
                raise refusal
            body = await self._body(reply)
        self._sink.frame(channel, conn, GENERATION, Direction.IN, body)
        return body

    async def _body(self, reply: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in reply.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._limits.max_size:
                what = f"a reply over {self._limits.max_size} bytes"
                raise Refusal(what, 200, None)
            parts.append(part)
        return b"".join(parts)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=limits.timeout_s, connect=limits.connect_timeout_s),
                headers={"User-Agent": "cambist", "Accept-Encoding": "identity"},
                connector=aiohttp.TCPConnector(limit=8),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _failed(self, reason: str) -> None:
        self._state = "down"
        if reason != self._reason:
            self._reason = reason
            self._note("warn", self.name, f"{self._label}: {reason}")


def _refusal(reply: aiohttp.ClientResponse) -> Refusal:
    """429 and 418 may say how long to stay away; 403 and other 4xx will not change by asking again."""
    asked = reply.headers.get("Retry-After", "")
    retry_after = min(float(asked), MAX_RETRY_AFTER_S) if asked.isdecimal() else 0.0
    hopeful = reply.status >= 500 or reply.status in (408, 418, 425, 429)
    return Refusal(f"HTTP {reply.status}", reply.status, retry_after if hopeful else None)


def _again(error: Exception) -> bool:
    if isinstance(error, Refusal):
        return error.retry_after_s is not None
    return isinstance(error, aiohttp.ClientError | OSError | TimeoutError)


def _words(error: BaseException, limits: HttpLimits) -> str:
    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer in {limits.timeout_s:g} s"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return f"no HTTP answer ({type(error).__name__})"
