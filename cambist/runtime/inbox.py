"""The one bounded queue: what comes in from feeds, operator and clock, until it gets its seq."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from cambist.model.events import HEADER, Connected, Direction, Disconnected, Gap, RecordKind
from cambist.model.opportunity import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from cambist.clock import Clock

MAX_RECORDS = 16_384
MAX_BYTES = 64 * 1024 * 1024
ANSWER_BYTES = 96
"""An answer to a subscription fits in this; no notification does."""

_Entry = tuple[int, int, int, int, int, int, bytes]


class Inbox:
    """Stamps what arrives and hands it out as blocks. A full inbox drops frames, counts them, and says so in a GAP.

    Everything but frames is always taken: connects, disconnects, commands and gaps are few. So are requests and
    answers, without which nothing can be made of what follows: what is sent, the short answers to subscriptions, and
    all of the channels in `keep` (HTTP). Only the bound on bytes holds for them too. Feeds call it from the hub's loop,
    screens from theirs; the lock is held for a few hundred nanoseconds.
    """

    def __init__(
        self,
        clock: Clock,
        wake: Callable[[], None],
        *,
        max_records: int = MAX_RECORDS,
        keep: Collection[int] = (),
    ) -> None:
        self._clock, self._wake, self._keep = clock, wake, frozenset(keep)
        self._max_records, self._max_bytes = max_records, MAX_BYTES
        self._queue: deque[_Entry] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._dropped: Counter[int] = Counter()
        self.dropped: Counter[int] = Counter()
        """Frames dropped so far, by channel."""
        self._open: set[int] = set()
        """Channels that have a connection."""
        self._barred: set[int] = set()
        """Those whose connection is of before a stop."""
        self.frames = 0

    def __len__(self) -> int:
        return len(self._queue)

    def limit(self, max_records: int | None) -> None:
        """Sets how many records may wait; `None` is the default."""
        self._max_records = max_records or MAX_RECORDS

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame, or drops and counts it if the inbox is full."""
        with self._lock:
            if channel in self._barred:
                self._dropped[channel] += 1
                self.dropped[channel] += 1
                return
            full = len(self._queue) >= self._max_records and direction == Direction.IN
            if (full and len(body) > ANSWER_BYTES and channel not in self._keep) or (
                self._bytes + len(body) > self._max_bytes
            ):
                self._dropped[channel] += 1
                self.dropped[channel] += 1
                return
            if count := self._dropped.pop(channel, 0):
                self._gap(channel, count)
            self._push(RecordKind.FRAME, direction, channel, conn, generation, body)
            self.frames += 1
        self._wake()

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Notes that a connection is open."""
        with self._lock:
            self._open.add(channel)
            if channel in self._barred:
                if count := self._dropped.pop(channel, 0):
                    self._gap(channel, count)
                self._barred.discard(channel)
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

    def stopped(self, channels: Iterable[int], reason: str) -> None:
        """Lets nothing be believed that is of before a stop, which may be in any frame that waits here or in a socket.

        Frames that wait are dropped, and so is what comes over connections that are open now. Each channel gets a GAP
        ahead of all that is left.
        """
        with self._lock:
            lost: Counter[int] = Counter()
            kept: deque[_Entry] = deque()
            for entry in self._queue:
                if entry[1] == RecordKind.FRAME and entry[2] == Direction.IN:
                    lost[entry[3]] += 1
                else:
                    kept.append(entry)
            at_ns = self._queue[0][0] if self._queue else self._clock.now_ns()
            gaps = [(c, encode(Gap(lost[c], reason))) for c in sorted({*channels, *lost})]
            kept.extendleft((at_ns, RecordKind.GAP, Direction.IN, c, 0, 0, body) for c, body in reversed(gaps))
            self._queue = kept
            self._bytes = sum(len(entry[6]) for entry in kept)
            self.dropped.update(lost)
            self._barred |= self._open
        self._wake()

    def first(self, kind: RecordKind, body: bytes) -> None:
        """Takes a record ahead of all that wait, at the time of the first of them."""
        with self._lock:
            recv_ns = self._queue[0][0] if self._queue else self._clock.now_ns()
            self._queue.appendleft((recv_ns, kind, Direction.IN, 0, 0, 0, body))
            self._bytes += len(body)

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
            self._gap(channel, count)
        self._dropped.clear()

    def _gap(self, channel: int, count: int) -> None:
        reason = "of before the stop" if channel in self._barred else "queue full"
        self._push(RecordKind.GAP, Direction.IN, channel, 0, 0, encode(Gap(count, reason)))
