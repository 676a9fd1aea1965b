"""ReplaySource: a recording played into a sink as if its venues were speaking now.

Frames keep bytes, channel, connection, generation and order; the sink stamps and numbers them anew. What the recording
decided (state, commands, fills, ticks) is left out: the live house has its own. Stepping a recording to the letter,
with its own seq and time, is `cambist.runtime.replay`'s business.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from cambist.model.events import Connected, Disconnected, Gap, Record, RecordKind, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from feeds.base import Sink

BURST = 512
"""Records played before other tasks of the loop get a turn."""

_CONNECTED = msgspec.json.Decoder(Connected)
_DISCONNECTED = msgspec.json.Decoder(Disconnected)
_GAP = msgspec.json.Decoder(Gap)


class ReplaySource:
    """A `Source` over an iterator of blocks. Its owner plays, pauses, steps and seeks from the same loop."""

    def __init__(
        self,
        name: str,
        blocks: Iterable[bytes],
        sink: Sink,
        *,
        speed: float | None = 1.0,
        playing: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`speed` 2.0 plays twice as fast as recorded, `None` as fast as the sink takes it."""
        self.name = name
        self.position_ns = 0
        """Recorded time of the last record played."""
        self.finished = False
        self._sink, self._clock = sink, clock
        self._records = _flatten(blocks)
        self._speed, self._playing = speed, playing
        self._steps = 0
        self._changed = asyncio.Event()
        self._anchor: tuple[float, int] | None = None

    def play(self) -> None:
        """Goes on from where it is."""
        self._playing = True
        self._moved()

    def pause(self) -> None:
        """Holds; `step` still moves."""
        self._playing = False
        self._moved()

    def step(self, count: int = 1) -> None:
        """Plays the next `count` records at once, then holds."""
        self._playing = False
        self._steps += count
        self._moved()

    def set_speed(self, speed: float | None) -> None:
        """Changes speed without a jump. Raises `ValueError` unless it is positive or `None`."""
        if speed is not None and not speed > 0:
            message = f"speed was {speed}, expected a positive number or None"
            raise ValueError(message)
        self._speed = speed
        self._moved()

    def seek(self, blocks: Iterable[bytes]) -> None:
        """Goes on with other blocks, which the owner read from where it wants to be."""
        self._records = _flatten(blocks)
        self.finished = False
        self._moved()

    async def run(self) -> None:
        """Plays until cancelled; at the end it waits for a `seek`. Raises `BlockError` for a damaged block."""
        played = 0
        while True:
            record = next(self._records, None)
            if record is None:
                self.finished = True
                await self._change()
                continue
            source = self._records
            while not self._due(record):
                await self._wait(record)
                if self._records is not source:
                    break
            else:
                self._play(record)
                played += 1
                if played % BURST == 0:
                    await asyncio.sleep(0)

    def _due(self, record: Record) -> bool:
        if self._steps:
            self._steps -= 1
            return True
        if not self._playing:
            return False
        if self._speed is None:
            return True
        now = self._clock()
        if self._anchor is None:
            self._anchor = (now, record.recv_ns)
        return self._wait_s(record, now) <= 0

    def _wait_s(self, record: Record, now: float) -> float:
        """Returns the wall seconds until a record is due."""
        if self._anchor is None or self._speed is None:
            return 0.0
        began, first_ns = self._anchor
        return (record.recv_ns - first_ns) / 1e9 / self._speed - (now - began)

    async def _wait(self, record: Record) -> None:
        if not self._playing:
            await self._change()
            return
        try:
            async with asyncio.timeout(max(0.0, self._wait_s(record, self._clock()))):
                await self._change()
        except TimeoutError:
            return

    async def _change(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    def _moved(self) -> None:
        self._anchor = None
        self._changed.set()

    def _play(self, record: Record) -> None:
        self.position_ns = record.recv_ns
        channel, conn, generation = record.channel, record.conn, record.generation
        if record.kind == RecordKind.FRAME:
            self._sink.frame(channel, conn, generation, record.direction, record.body)
        elif record.kind == RecordKind.CONNECTED:
            self._sink.connected(channel, conn, generation, _CONNECTED.decode(record.body).label)
        elif record.kind == RecordKind.DISCONNECTED:
            self._sink.disconnected(channel, conn, generation, _DISCONNECTED.decode(record.body).reason)
        elif record.kind == RecordKind.GAP:
            gap = _GAP.decode(record.body)
            self._sink.gap(channel, gap.count, gap.reason)


def _flatten(blocks: Iterable[bytes]) -> Iterator[Record]:
    for block in blocks:
        yield from records(block)
