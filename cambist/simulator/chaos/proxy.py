"""The proxy: connections, their two streams, resets, TLS on the client's side, and the script that drives it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.chaos.messages import HEAD_END, MAX_HEAD, Messages, without_extensions
from cambist.simulator.chaos.stream import Stream
from cambist.simulator.chaos.toxics import Counts, Entry, Toxics, changed
from cambist.simulator.draw import Draw

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

LINGER_NONE = struct.pack("ii", 1, 0)
"""Closing sends a reset and drops what is unsent."""


class Pair(NamedTuple):
    """The two sides of a connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter


class Proxy:
    """Listens on a port and carries each connection to a server, as its toxics let it.

    `toxics` may be set at any time; it counts from the next piece of data on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        seed: int = 0,
        toxics: Toxics | None = None,
        script: Sequence[Entry] = (),
        websocket: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.counts = Counts()
        self._to = (host, port)
        self._seed = seed
        self._toxics = toxics or Toxics()
        self._script = script
        self._websocket = websocket
        self._tls = tls
        self._going = asyncio.Event()
        self._frozen: set[int] = set()
        self._set_gate()
        self._server: asyncio.Server | None = None
        self._pairs: dict[int, Pair] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def toxics(self) -> Toxics:
        """What is done to connections."""
        return self._toxics

    @toxics.setter
    def toxics(self, toxics: Toxics) -> None:
        self._toxics = toxics
        self._set_gate()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Returns the port it listens on. Raises `OSError` if the port is taken."""
        self._server = await asyncio.start_server(self._accept, host, port)
        self._keep(asyncio.ensure_future(self._play()))
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stops listening and ends all connections."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Resets all connections, on both sides."""
        for number in list(self._pairs):
            self._reset(number)

    def freeze(self) -> None:
        """Lets nothing pass any more on the connections that are open, as if their peers had vanished."""
        self._frozen.update(self._pairs)

    async def gate(self, number: int) -> None:
        """Returns once nothing stalls a connection; never if it is frozen."""
        await self._going.wait()
        if number in self._frozen:
            await asyncio.get_running_loop().create_future()

    def _set_gate(self) -> None:
        if self._toxics.stall:
            self._going.clear()
        else:
            self._going.set()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self) -> None:
        """Changes toxics as the script says."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        due = [(entry.at_s, number) for number, entry in enumerate(self._script)]
        while due:
            at, number = min(due)
            due.remove((at, number))
            await asyncio.sleep(max(0.0, start + at - loop.time()))
            entry = self._script[number]
            self.toxics = changed(self._toxics, entry.toxics)
            if entry.reset:
                self.reset()
            if entry.every_s > 0:
                due.append((at + entry.every_s, number))

    # Connections

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._keep(task)
        self.counts.connections += 1
        number = self.counts.connections
        try:
            await self._serve(number, reader, writer)
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            pair = self._pairs.pop(number, None)
            for side in pair or (writer,):
                side.close()

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._toxics.refuse or self._toxics.tls_reset:
            if self._toxics.tls_reset:
                await reader.read(1)
            self._abort(writer)
            return
        if self._tls is not None:
            # Its timeout ends a client that never shakes hands; a refused certificate is an SSLError, an OSError.
            await writer.start_tls(self._tls, ssl_handshake_timeout=10.0)
        up_reader, up_writer = await asyncio.open_connection(*self._to)
        self._pairs[number] = Pair(writer, up_writer)
        messages = Messages(Draw(self._seed, "chaos messages", number), self.counts) if self._websocket else None
        up = Stream(
            self,
            "up",
            self._seed,
            number,
            change=Opening().feed if messages else _same,
            end=list,
            reset=lambda: self._reset(number),
        )
        down = Stream(
            self,
            "down",
            self._seed,
            number,
            change=(lambda data: messages.feed(data, self._toxics)) if messages else _same,
            end=messages.end if messages else list,
            reset=lambda: self._reset(number),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(up.carry(reader, up_writer))
            group.create_task(down.carry(up_reader, writer))

    def _reset(self, number: int) -> None:
        pair = self._pairs.pop(number, None)
        if pair is not None:
            for side in pair:
                self._abort(side, count=False)
            self.counts.resets += 1

    def _abort(self, writer: asyncio.StreamWriter, *, count: bool = True) -> None:
        with contextlib.suppress(
            OSError, AttributeError
        ):  # Python 3.11's TLS transport has no socket once it is closed
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        writer.transport.abort()
        self.counts.resets += count


class Opening:
    """The client's bytes: its upgrade request asks for no extension, all else passes."""

    def __init__(self) -> None:
        self._head: bytes | None = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Returns what goes on to the server now."""
        if self._head is None:
            return [data]
        self._head += data
        end = self._head.find(HEAD_END)
        if end < 0 and len(self._head) < MAX_HEAD:
            return []
        head, self._head = self._head, None
        end = end if end >= 0 else len(head)
        return [without_extensions(head[:end]) + head[end:]]


def _same(data: bytes) -> list[bytes]:
    return [data]
