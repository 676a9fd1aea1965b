"""A small HTTP/1.1 server on asyncio: what a loopback node and exchange need, and no second of import time.

Written by hand because `aiohttp.web` costs 0.18 s of the market's start (measured), a tenth of the time to the first
painted price. Bodies come with a Content-Length or chunked; everything is bounded; one request at a time per
connection, pipelined ones in order.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_HEAD = 16 * 1024
IDLE_SECONDS = 120.0
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
}


class Request(NamedTuple):
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Response(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class HttpError(Exception):
    """A request that can't be answered by the handler; the connection is closed after the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class HttpServer:
    """Serves `handler` on a loopback port."""

    def __init__(self, handler: Callable[[Request], Response], max_body: int) -> None:
        self._handler = handler
        self._max_body = max_body
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Returns the port it listens on. Raises `OSError` if the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stops listening and ends all connections."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def answer(self, request: Request) -> Response:
        """Returns the answer to a request. Raises `ValueError` and `HttpError` for what is none."""
        return self._handler(request)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request. Returns whether the connection stays open."""
        keep = False
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await self._read_head(reader)
                if head is None:
                    return False
                method, target, version, headers = head
                if headers.get("expect", "").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await self._read_body(reader, headers)
            url = urlsplit(target)
            connection = headers.get("connection", "").lower()
            keep = connection != "close" and (version == "HTTP/1.1" or connection == "keep-alive")
            query = dict(parse_qsl(url.query, keep_blank_values=True, max_num_fields=32))
            response = self.answer(Request(method, url.path, query, headers, body))
        except HttpError as error:
            keep, response = False, Response(error.status, f"{error}\n".encode(), "text/plain")
        except ValueError as error:
            keep, response = False, Response(400, f"bad request: {error}\n".encode(), "text/plain")
        writer.write(encode(response, keep=keep))
        await writer.drain()
        return keep

    async def _read_head(self, reader: asyncio.StreamReader) -> tuple[str, str, str, dict[str, str]] | None:
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial.strip():
                return None
            raise
        except asyncio.LimitOverrunError:
            raise HttpError(431, f"header is longer than {MAX_HEAD} bytes") from None
        lines = raw.decode("latin-1").strip("\r\n").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise HttpError(400, f"request line was {lines[0][:80]!r}")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise HttpError(400, f"header line was {line[:80]!r}")
            headers[name.lower()] = value.strip()
        return parts[0], parts[1], parts[2], headers

    async def _read_body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        coding = headers.get("transfer-encoding", "").lower()
        if coding and coding != "chunked":
            raise HttpError(501, f"transfer-encoding was {coding[:40]!r}")
        if coding:
            return await self._read_chunks(reader)
        text = headers.get("content-length", "0")
        if not text.isdecimal():
            raise HttpError(400, f"content-length was {text[:40]!r}")
        size = int(text[:12])
        if size > self._max_body:
            raise HttpError(413, f"body is {text[:12]} bytes, at most {self._max_body} are taken")
        return await reader.readexactly(size)

    async def _read_chunks(self, reader: asyncio.StreamReader) -> bytes:
        body = bytearray()
        while True:
            line = (await reader.readuntil(b"\r\n")).split(b";")[0].strip()
            try:
                size = int(line[:12], 16)
            except ValueError:
                raise HttpError(400, f"chunk size was {line[:40]!r}") from None
            if size < 0 or len(body) + size > self._max_body:
                raise HttpError(413, f"body is longer than {self._max_body} bytes")
            chunk = await reader.readexactly(size + 2)
            if size == 0:
                return bytes(body)
            body += chunk[:-2]


def encode(response: Response, *, keep: bool) -> bytes:
    """Returns the bytes of an answer."""
    head = [
        f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Status')}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
    ]
    head += [f"{name}: {value}" for name, value in response.headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + response.body
