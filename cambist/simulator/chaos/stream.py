"""One direction of a proxied connection: bytes late, slow, cut small, changed, swallowed or stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from cambist.simulator.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.chaos.toxics import Counts, Toxics

READ_BYTES = 64 * 1024
WAITING_PIECES = 256


class Host(Protocol):
    """What a stream asks its proxy."""

    toxics: Toxics
    counts: Counts

    async def gate(self, number: int) -> None:
        """Returns once nothing stalls a connection."""


class Corruption:
    """Changes bytes at places that depend on the seed alone, not on how the stream is cut."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._left = -1
        """Bytes before the next one to change."""
        self._one_in = 0

    def apply(self, data: bytes, one_in: int) -> tuple[bytes, int]:
        """Returns the bytes and how many of them were changed."""
        if one_in != self._one_in:
            self._one_in, self._left = one_in, self._draw.below(2 * one_in - 1) if one_in else -1
        if not one_in:
            return data, 0
        found, count = bytearray(data), 0
        while self._left < len(found):
            found[self._left] ^= 1 + self._draw.below(255)
            count += 1
            self._left += 1 + self._draw.below(2 * one_in - 1)
        self._left -= len(found)
        return bytes(found), count


class Stream:
    """Carries bytes from a reader to a writer."""

    def __init__(
        self,
        host: Host,
        way: str,
        seed: int,
        connection: int,
        *,
        change: Callable[[bytes], list[bytes]],
        end: Callable[[], list[bytes]],
        reset: Callable[[], None],
    ) -> None:
        self._host, self._way, self._number = host, way, connection
        self._jitter = Draw(seed, "chaos jitter", connection, way)
        self._corruption = Corruption(Draw(seed, "chaos bytes", connection, way))
        self._change, self._end, self._reset = change, end, reset
        self._passed = 0
        self._swallows = False
        self._due = 0.0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries until the reader ends, then ends the writer."""
        waiting: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue(WAITING_PIECES)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(waiting, writer))
            await self._read(reader, waiting)

    @property
    def _toxics(self) -> Toxics | None:
        """What this direction suffers, `None` if nothing."""
        toxics = self._host.toxics
        return toxics if toxics.way in ("both", self._way) else None

    async def _read(self, reader: asyncio.StreamReader, waiting: asyncio.Queue[tuple[float, bytes] | None]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._host.gate(self._number)
            data = await reader.read(READ_BYTES)
            await self._host.gate(self._number)
            for piece in self._change(data) if data else self._end():
                toxics = self._toxics
                delay = 0.0
                if toxics is not None:
                    piece, count = self._corruption.apply(piece, toxics.corrupt_one_in)
                    self._host.counts.corrupted += count
                    delay = (toxics.latency_ms + toxics.jitter_ms * self._jitter.unit()) / 1_000.0
                self._due = max(self._due, loop.time() + delay)
                await waiting.put((self._due, piece))
            if not data:
                await waiting.put(None)
                return

    async def _write(self, waiting: asyncio.Queue[tuple[float, bytes] | None], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while (item := await waiting.get()) is not None:
            due, piece = item
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await self._host.gate(self._number)
            await self._pass(piece, writer)
        if self._swallows:
            return  # whoever sent into the hole has ended, and nobody hears of it
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()  # TLS has no half-closed state

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        counts, toxics = self._host.counts, self._toxics
        hole = toxics.blackhole_after_bytes if toxics else 0
        if hole and self._passed + len(piece) > hole:
            kept = max(0, hole - self._passed)
            self._swallows = True
            counts.swallowed += len(piece) - kept
            piece = piece[:kept]
        limit = toxics.reset_after_bytes if toxics else 0
        ends = bool(limit) and self._passed + len(piece) >= limit
        if ends:
            piece = piece[: max(0, limit - self._passed)]
        size = (toxics.slice_bytes if toxics else 0) or len(piece) or 1
        for at in range(0, len(piece), size):
            part = piece[at : at + size]
            writer.write(part)
            await writer.drain()
            if size < len(piece):
                await asyncio.sleep(0)
            if toxics and toxics.bytes_per_s:
                await asyncio.sleep(len(part) / toxics.bytes_per_s)
        self._passed += len(piece)
        if self._way == "up":
            counts.bytes_up += len(piece)
        else:
            counts.bytes_down += len(piece)
        if ends:
            self._reset()
