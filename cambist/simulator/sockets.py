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
        self.path = connection.request.path if connection.request is not None else "/"
        self.dropped = False
        """Whether it was cut off for reading too slowly."""

    def send(self, message: bytes) -> None:
        """Queues a text message. Does nothing once the connection is closing."""
        connection = self._connection
        if self.dropped or connection.protocol.state is not State.OPEN:
            return
        connection.protocol.send_text(message)
        self._waiting += len(message)
        if self._waiting > 256 * 1024:
            self.flush()

    def flush(self) -> None:
        """Hands the queue to the transport; cuts the client off if too much is still unsent."""
        if self._waiting == 0 or self.dropped:
            return
        self._waiting = 0
        connection = self._connection
        chunks = connection.protocol.data_to_send()
        if all(chunks):
            connection.transport.write(b"".join(chunks))
        if connection.transport.get_write_buffer_size() > self._max_unsent:
            self.abort()

    def abort(self) -> None:
        """Cuts the connection off at once; what is unsent is lost."""
        self.dropped = True
        self._connection.transport.abort()


class SocketServer:
    """Serves WebSockets on a loopback port: `opened`, then `heard` for each text message, then `closed`."""

    def __init__(
        self,
        opened: Callable[[Client], None],
        heard: Callable[[Client, bytes], None],
        closed: Callable[[Client], None],
        *,
        paths: Callable[[str], bool] = lambda path: True,
        max_unsent: int = MAX_UNSENT,
        ping_seconds: float = 20.0,
    ) -> None:
        self._opened, self._heard, self._closed = opened, heard, closed
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
        try:
            async for message in connection:
                self._heard(client, message.encode() if isinstance(message, str) else message)
                client.flush()
                await asyncio.sleep(0)
        except ConnectionClosed:
            pass
        finally:
            self.clients.discard(client)
            self.slow += client.dropped
            self._closed(client)


def _not_found() -> HTTPStatus:
    from http import HTTPStatus

    return HTTPStatus.NOT_FOUND
