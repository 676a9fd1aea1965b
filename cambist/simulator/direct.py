"""The market's servers reached without sockets, from the loop that they run in: the same messages, the same replies.

A message is there as soon as it was sent, and nothing is ever half on its way. So what a client gets depends on nothing
but the order in which the loop runs its tasks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from cambist.simulator.http import HttpError, Request, Response
from cambist.simulator.sockets import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from cambist.simulator.http import HttpServer
    from cambist.simulator.sockets import SocketServer

HOST = "127.0.0.1"


class Direct:
    """The servers of a market by address. The addresses look like those of loopback ports, and nobody listens there."""

    def __init__(self) -> None:
        self._http: dict[str, HttpServer] = {}
        self._sockets: dict[str, SocketServer] = {}

    def serve(self, *, http: HttpServer | None = None, sockets: SocketServer | None = None) -> str:
        """Returns the address of a server from now on."""
        place = f"{HOST}:{len(self._http) + len(self._sockets) + 1}"
        if http is not None:
            self._http[place] = http
            return f"http://{place}"
        assert sockets is not None
        self._sockets[place] = sockets
        return f"ws://{place}"

    async def socket(self, url: str) -> Pipe:
        """Returns an open connection. Raises `OSError` if nobody listens there."""
        parts = urlsplit(url)
        server = self._sockets.get(parts.netloc)
        pipe = None if server is None else Pipe(server, parts.path or "/")
        if pipe is None or not pipe.opened:
            message = f"nobody listens on {parts.path[:80]!r}"
            raise ConnectionRefusedError(message)
        return pipe

    def asking(self) -> Direct:
        """Returns what asks over HTTP."""
        return self

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        allow_redirects: bool = True,
    ) -> AsyncIterator[Answer]:
        """Answers a request. Nothing here redirects, so `allow_redirects` says nothing."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=32))
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            made = self._http[parts.netloc].answer(Request(method, parts.path or "/", query, lower, data or b""))
        except HttpError as error:
            made = Response(error.status, f"{error}\n".encode(), "text/plain")
        except ValueError as error:
            made = Response(400, f"bad request: {error}\n".encode(), "text/plain")
        yield Answer(made.status, dict(made.headers), Body(made.body))

    async def close(self) -> None:
        """Has nothing open."""


class Body(NamedTuple):
    """The body of an answer."""

    data: bytes

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Returns its parts, of at most so many bytes."""
        for at in range(0, len(self.data), size):
            yield self.data[at : at + size]


class Answer(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    content: Body


class Pipe:
    """The client's end of a connection."""

    def __init__(self, server: SocketServer, path: str) -> None:
        self._server, self._end = server, _ServersEnd(path)
        self.opened = server.join(self._end)
        """Whether somebody listens on that path."""

    @property
    def transport(self) -> Pipe:
        """What carries it: nothing but itself."""
        return self

    def abort(self) -> None:
        """Closes it without a word."""
        self._end.abort()
        self._server.part(self._end)

    async def recv(self, *, decode: Literal[False]) -> bytes:
        """Returns the next message. Raises `ConnectionClosed`."""
        end = self._end
        while not end.messages:
            if end.closed is not None:
                self._server.part(end)
                raise ConnectionClosedOK(end.closed, end.closed, rcvd_then_sent=True)
            if end.dropped:
                raise ConnectionClosedError(None, None)
            end.came.clear()
            await end.came.wait()
        return end.messages.popleft()

    async def send(self, message: bytes, *, text: bool) -> None:
        """Sends a message, which the server takes at once. Raises `ConnectionClosed`."""
        if not self._end.open:
            raise ConnectionClosedError(None, None)
        self._server.take(self._end, message)


class _ServersEnd(Client):
    """The server's end of a connection: what is sent is there."""

    def __init__(self, path: str) -> None:
        self.path, self.dropped = path, False
        self.closed: Close | None = None
        self.messages: deque[bytes] = deque()
        self.came = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether it still takes messages."""
        return self.closed is None and not self.dropped

    @property
    def unsent(self) -> int:
        """Nothing is ever on its way."""
        return 0

    def send(self, message: bytes, *, binary: bool = False) -> bool:
        """Sends a message. Returns False and does nothing once the connection is closing."""
        if self.open:
            self.messages.append(message)
            self.came.set()
        return self.open

    def send_encoded(self, frames: bytes) -> None:
        """Sends the messages in frames that are encoded already."""
        at = 0
        while at < len(frames):
            size, head = frames[at + 1], 2
            if size > 125:
                head = 4 if size == 126 else 10
                size = int.from_bytes(frames[at + 2 : at + head])
            self.send(frames[at + head : at + head + size])
            at += head + size

    def flush(self) -> None:
        """Has sent everything already."""

    def close(self, code: int, reason: str = "") -> None:
        """Closes it after what was sent."""
        if self.open:
            self.closed = Close(code, reason)
            self.came.set()

    def abort(self) -> None:
        """Cuts the connection off at once; what was not received is lost."""
        self.dropped = True
        self.messages.clear()
        self.came.set()
