"""WebSocket clients with bounded send queues: who reads too slowly is dropped, as real nodes and exchanges do."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from http import HTTPStatus

    from websockets.http11 import Request, Response

MAX_UNSENT = 4 * 1024 * 1024
"""Bytes that may wait in a client's queue, beyond what the kernel's socket buffers hold."""
MAX_MESSAGE = 64 * 1024
SILENT = logging.getLogger("cambist.simulator.websockets")
SILENT.setLevel(logging.CRITICAL)


class Client:
    """One connection. Messages are queued by `send` and leave together at `flush`."""

    def __init__(self, connection: ServerConnection, max_unsent: int = MAX_UNSENT) -> None:
        self._connection = connection
        self._max_unsent = max_unsent
        self._waiting = 0
        self._largest = 0
        self._closing: asyncio.Task[None] | None = None
        self.path = connection.request.path if connection.request is not None else "/"
        self.dropped = False
        """Whether it was cut off for reading too slowly."""

    @property
    def open(self) -> bool:
        """Whether it still takes messages."""
        return not self.dropped and self._closing is None and self._connection.protocol.state is State.OPEN

    @property
    def unsent(self) -> int:
        """Bytes that the transport holds."""
        return self._connection.transport.get_write_buffer_size()

    def send(self, message: bytes, *, binary: bool = False) -> bool:
        """Queues a message. Returns False and does nothing once the connection is closing."""
        if not self.open:
            return False
        protocol = self._connection.protocol
        if binary:
            protocol.send_binary(message)
        else:
            protocol.send_text(message)
        self._waiting += len(message)
        self._largest = max(self._largest, len(message))
        if self._waiting > 256 * 1024:
            self.flush()
        return True

    def send_encoded(self, frames: bytes) -> None:
        """Writes frames that are encoded already, after what is queued. Does nothing once the connection is closing."""
        self.flush()
        if self.open:
            self._connection.transport.write(frames)

    def flush(self) -> None:
        """Hands the queue to the transport; cuts the client off if too much is still unsent."""
        if self._waiting == 0 or self.dropped:
            return
        self._waiting = 0
        connection = self._connection
        chunks = connection.protocol.data_to_send()
        if all(chunks):
            connection.transport.write(b"".join(chunks))
        if self.unsent > self._max_unsent + self._largest:
            self.abort()

    def close(self, code: int, reason: str = "") -> None:
        """Starts the closing handshake after what is queued."""
        if self.open:
            self.flush()
            self._closing = asyncio.ensure_future(self._connection.close(code, reason))

    def abort(self) -> None:
        """Cuts the connection off at once; what is unsent is lost."""
        self.dropped = True
        self._connection.transport.abort()


class SocketServer:
    """Serves WebSockets on a loopback port: `opened`, then `received` for each text message, then `closed`."""

    def __init__(
        self,
        opened: Callable[[Client], None],
        received: Callable[[Client, bytes], None],
        closed: Callable[[Client], None],
        *,
        paths: Callable[[str], bool] = lambda path: True,
        max_unsent: int = MAX_UNSENT,
        ping_seconds: float = 20.0,
    ) -> None:
        self._opened, self._received, self._closed = opened, received, closed
        self._paths = paths
        self._max_unsent = max_unsent
        self._ping_seconds = ping_seconds
        self._server: Server | None = None
        self.clients: set[Client] = set()
        self.slow = 0
        """Clients dropped for reading too slowly."""

    async def start(self, host: str, port: int) -> int:
        """Returns the port it listens on. Raises `OSError` if the port is taken."""
        self._server = await serve(
            self._run,
            host,
            port,
            compression=None,
            max_size=MAX_MESSAGE,
            ping_interval=self._ping_seconds,
            ping_timeout=3 * self._ping_seconds,
            close_timeout=1,
            process_request=self._check,
            logger=SILENT,
        )
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        """Closes all connections and stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def join(self, client: Client) -> bool:
        """Takes on a client that comes without a connection. Returns False if nobody listens on its path."""
        if not self._paths(client.path):
            return False
        self.clients.add(client)
        self._opened(client)
        return True

    def take(self, client: Client, message: bytes) -> None:
        """Takes a message of such a client."""
        self._received(client, message)

    def part(self, client: Client) -> None:
        """Forgets such a client. May be called twice."""
        if client in self.clients:
            self.clients.discard(client)
            self._closed(client)

    def flush(self) -> None:
        """Flushes every client."""
        for client in self.clients:
            client.flush()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._paths(request.path):
            return None
        status: HTTPStatus = _not_found()
        return connection.respond(status, "no such path\n")

    async def _run(self, connection: ServerConnection) -> None:
        client = Client(connection, self._max_unsent)
        self.clients.add(client)
        self._opened(client)
        client.flush()
        try:
            async for message in connection:
                self._received(client, message.encode() if isinstance(message, str) else message)
                client.flush()
                await asyncio.sleep(0)
        except ConnectionClosed:
            pass
        finally:
            self.clients.discard(client)
            self.slow += client.dropped
            self._closed(client)


def encode_text(message: bytes) -> bytes:
    """Returns a text message as the one unmasked frame that a server sends."""
    return frame_head(0x81, len(message)) + message


def frame_head(first: int, size: int) -> bytes:
    """Returns the head of an unmasked frame: its first byte (end of message and opcode) and its length."""
    if size < 126:
        return bytes((first, size))
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2)
    return bytes((first, 127)) + size.to_bytes(8)


def _not_found() -> HTTPStatus:
    from http import HTTPStatus

    return HTTPStatus.NOT_FOUND
