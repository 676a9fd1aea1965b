"""The one bounded queue: what comes in from feeds, operator and clock, until it gets its seq."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from cambist.model.events import HEADER, Connected, Direction, Disconnected, Gap, RecordKind
from cambist.model.opportunity import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.clock import Clock

MAX_RECORDS = 16_384
MAX_BYTES = 64 * 1024 * 1024

_Entry = tuple[int, int, int, int, int, int, bytes]


class Inbox:
    """Stamps what arrives and hands it out as blocks. A full inbox drops frames, counts them, and says so in a GAP.

    Everything but frames is always taken: connects, disconnects, commands and gaps are few. Feeds call it from the
    hub's loop, screens from theirs; the lock is held for a few hundred nanoseconds.
    """

    def __init__(self, clock: Clock, wake: Callable[[], None], *, max_records: int = MAX_RECORDS) -> None:
        self._clock, self._wake = clock, wake
        self._max_records, self._max_bytes = max_records, MAX_BYTES
        self._queue: deque[_Entry] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._dropped: Counter[int] = Counter()
        self.dropped: Counter[int] = Counter()
        """Frames dropped so far, by channel."""
        self.frames = 0

    def __len__(self) -> int:
        return len(self._queue)

    def limit(self, max_records: int | None) -> None:
        """Sets how many records may wait; `None` is the default."""
        self._max_records = max_records or MAX_RECORDS

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame, or drops and counts it if the inbox is full."""
        with self._lock:
            if len(self._queue) >= self._max_records or self._bytes + len(body) > self._max_bytes:
                self._dropped[channel] += 1
                self.dropped[channel] += 1
                return
            self._push(RecordKind.FRAME, direction, channel, conn, generation, body)
            self.frames += 1
        self._wake()

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Notes that a connection is open."""
        self.put(RecordKind.CONNECTED, encode(Connected(label)), channel=channel, conn=conn, generation=generation)

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Notes that a connection ended."""
        body = encode(Disconnected(reason))
        self.put(RecordKind.DISCONNECTED, body, channel=channel, conn=conn, generation=generation)

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Notes frames that a source dropped before they came here."""
        self.dropped[channel] += count
        self.put(RecordKind.GAP, encode(Gap(count, reason)), channel=channel)

    def put(self, kind: RecordKind, body: bytes = b"", *, channel: int = 0, conn: int = 0, generation: int = 0) -> None:
        """Takes a record that is no frame."""
        with self._lock:
            self._push(kind, Direction.IN, channel, conn, generation, body)
        self._wake()

    def _push(self, kind: int, direction: int, channel: int, conn: int, generation: int, body: bytes) -> None:
        self._queue.append((self._clock.now_ns(), kind, direction, channel, conn, generation, body))
        self._bytes += len(body)

    def drain(self, first_seq: int, limit: int) -> tuple[bytes, int]:
        """Returns a block of what is there, at most `limit` records, and how many; never waits to fill."""
        with self._lock:
            if self._dropped and len(self._queue) < self._max_records // 2:
                self._own_up()
            count = min(limit, len(self._queue))
            taken = [self._queue.popleft() for _ in range(count)]
            self._bytes -= sum(len(entry[6]) for entry in taken)
        parts: list[bytes] = []
        pack = HEADER.pack
        for seq, (recv_ns, kind, direction, channel, conn, generation, body) in enumerate(taken, first_seq):
            parts.append(pack(seq, recv_ns, kind, direction, channel, conn, generation, len(body)))
            parts.append(body)
        return b"".join(parts), count

    def _own_up(self) -> None:
        for channel, count in sorted(self._dropped.items()):
            self._push(RecordKind.GAP, Direction.IN, channel, 0, 0, encode(Gap(count, "queue full")))
        self._dropped.clear()
