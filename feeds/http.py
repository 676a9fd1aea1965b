"""HttpChannel: reads over HTTP whose requests and replies pass the sink like any other frame."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Protocol

import aiohttp
import msgspec
import stamina
from stamina.instrumentation import set_on_retry_hooks

from cambist.model.events import MAX_BODY, Direction
from cambist.model.text import endpoint_label
from feeds.base import FeedStatus, Note, Sink, no_note, require_endpoint, trouble_of
from feeds.bucket import Bucket, retry_after_s
from feeds.loop_time import loop_s
from feeds.round_trips import RoundTrips

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from feeds.dial import Asking, Dial, Reply

set_on_retry_hooks([])  # its default prints each retry to the terminal that the dashboard owns

GENERATION = 1
"""An HTTP channel has one: there is no connection whose frames could get old."""
UNLIMITED = 1e12
"""Weight a minute of a server whose limits are not known."""
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
        bucket: Bucket | None = None,
        pauses_s: Mapping[int, float] | None = None,
        translate: Callable[[bytes], Sequence[bytes]] | None = None,
        dial: Dial | None = None,
    ) -> None:
        """`bucket` rations reads, those of others that hold it too; `pauses_s` says how long a status stops it.

        `dial` reaches the server, the network without one.

        Replies are written as `translate` puts them. Raises `EndpointError` if the URL won't do.
        """
        self.name = name
        self._url = require_endpoint(url, "http").rstrip("/")
        self._label = endpoint_label(url)
        self._sink, self._note = sink, note
        self._limits = limits or HttpLimits()
        self._dial = dial
        self._session: Asking | None = None
        self._conn = 0
        self._state, self._reason = "idle", ""
        self._bucket = bucket or Bucket(UNLIMITED)
        self._pauses_s, self._translate = dict(pauses_s or {}), translate
        self._trips = RoundTrips()

    def status(self, channel: int) -> FeedStatus:
        """Returns how reads went lately."""
        trip = self._trips.lately(loop_s())
        return FeedStatus(self.name, channel, self._state, self._label, self._reason, round_trip=trip)

    async def close(self) -> None:
        """Closes what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, channel: int, payload: bytes, check: Check = accept) -> bytes:
        """Returns the reply to a JSON body. Retries what may pass; raises `Unreachable`."""
        return await self._read(channel, "POST", self._url, payload, payload, check)

    async def get(
        self, channel: int, target: str, check: Check = accept, *, weight: float = 1.0, paid: bool = False
    ) -> bytes:
        """Returns the reply to a GET of path and query. Retries what may pass; raises `Unreachable`.

        `paid`: the weight of the first try was taken out of the bucket already.
        """
        sent = f"GET {target}".encode()
        return await self._read(channel, "GET", self._url + target, None, sent, check, weight, paid=paid)

    async def peek(self, target: str, *, weight: float = 1.0) -> tuple[bytes, int, int]:
        """Returns the reply to a GET that no decision depends on, and the wall times of asking and answer.

        It is not written to the sink and not tried again. Raises `Unreachable`.
        """
        try:
            await self._bucket.take(weight)
            asked_ns, began_ns = time.time_ns(), time.perf_counter_ns()
            async with self._open().request("GET", self._url + target, allow_redirects=False) as reply:
                self._trips.take(loop_s(), time.perf_counter_ns() - began_ns)
                self._heed(reply)
                body = await self._body(reply)
            return body, asked_ns, asked_ns + time.perf_counter_ns() - began_ns
        except (Refusal, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(_words(error, self._limits), getattr(error, "status", 0) or 0) from error

    async def _read(
        self,
        channel: int,
        method: str,
        url: str,
        data: bytes | None,
        sent: bytes,
        check: Check,
        weight: float = 1.0,
        *,
        paid: bool = False,
    ) -> bytes:
        limits = self._limits
        try:
            async for attempt in stamina.retry_context(
                on=_again,
                attempts=limits.attempts,
                timeout=None,
                wait_initial=limits.wait_initial_s,
                wait_max=limits.wait_max_s,
                wait_jitter=limits.wait_initial_s if self._dial is None else 0.0,
            ):
                with attempt:
                    await (self._bucket.unpaused() if paid else self._bucket.take(weight))
                    paid = False
                    body = await self._once(channel, method, url, data, sent)
                    check(body)
                    self._state, self._reason = "live", ""
                    return body
        except (Refusal, aiohttp.ClientError, OSError, TimeoutError) as error:
            why, status = _words(error, limits), getattr(error, "status", 0) or 0
            if status not in (200, 400, 404):  # a server that answers "no" is up
                self._failed(why)
            raise Unreachable(why, status) from error
        message = "no attempt was made"
        raise Unreachable(message)

    async def _once(self, channel: int, method: str, url: str, data: bytes | None, sent: bytes) -> bytes:
        self._conn += 1
        conn = self._conn
        self._sink.frame(channel, conn, GENERATION, Direction.OUT, sent)
        headers = {"Content-Type": "application/json"} if data is not None else None
        began_ns = time.perf_counter_ns()
        async with self._open().request(method, url, data=data, headers=headers, allow_redirects=False) as reply:
            self._trips.take(loop_s(), time.perf_counter_ns() - began_ns)
            self._heed(reply)
            body = await self._body(reply)
        for frame in (body,) if self._translate is None else self._translate(body):
            self._sink.frame(channel, conn, GENERATION, Direction.IN, frame)
        return body

    def _heed(self, reply: Reply) -> None:
        """Raises `Refusal` unless the reply is one. A pause that was asked for holds for all that share the bucket."""
        if reply.status == 200:
            return
        refusal, asked_s = _refusal(reply)
        pause_s = self._pauses_s.get(reply.status) if asked_s is None else asked_s
        if pause_s:
            self._bucket.pause(pause_s)
        raise refusal

    async def _body(self, reply: Reply) -> bytes:
        parts, size = [], 0
        async for part in reply.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._limits.max_size:
                what = f"a reply over {self._limits.max_size} bytes"
                raise Refusal(what, 200, None)
            parts.append(part)
        return b"".join(parts)

    def _open(self) -> Asking:
        if self._session is None and self._dial is not None:
            self._session = self._dial.asking()
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


def _refusal(reply: Reply) -> tuple[Refusal, float | None]:
    """Returns why, and the pause asked for. 403 and other 4xx than these will not change by asking again."""
    asked_s = retry_after_s(reply.headers.get("Retry-After", ""))
    hopeful = reply.status >= 500 or reply.status in (408, 418, 425, 429)
    refusal = Refusal(f"HTTP {reply.status}", reply.status, (asked_s or 0.0) if hopeful else None)
    return refusal, asked_s


def _again(error: Exception) -> bool:
    if isinstance(error, Refusal):
        return error.retry_after_s is not None
    return isinstance(error, aiohttp.ClientError | OSError | TimeoutError)


def _words(error: BaseException, limits: HttpLimits) -> str:
    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer in {limits.timeout_s:g} s"
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, OSError) and (cause.errno or isinstance(cause, ssl.SSLError)):
        return trouble_of(cause)
    return f"no HTTP answer ({type(error).__name__})"
