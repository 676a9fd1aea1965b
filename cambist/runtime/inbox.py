"""The one bounded queue: what comes in from feeds, operator and clock, until it gets its seq."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cambist.model.events import HEADER, MOMENT, Connected, Direction, Disconnected, Gap, Record, RecordKind, records
from cambist.model.opportunity import encode
from feeds.base import MAX_BYTES, MAX_RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from cambist.clock import Clock

ANSWER_BYTES = 96
"""An answer to a subscription fits in this; no notification does."""


class _Entry(NamedTuple):
    """A record that has no seq yet."""

    recv_ns: int
    kind: int
    direction: int
    channel: int
    conn: int
    generation: int
    body: bytes


class Ring(Protocol):
    """Records that another thread receives, in the order of their times."""

    def drain(self, first_seq: int, until_ns: int, limit: int, moment: bool = False) -> tuple[bytes, int]:
        """Returns a block of those up to `until_ns`, at most `limit`, and how many; what follows is not earlier.

        Marks the last one as a moment if that is wanted and it is a frame.
        """
        ...

    def first_ns(self, now_ns: int) -> int:
        """Returns the time of the first; if there is none `now_ns`, and nothing earlier will come."""
        ...

    def __len__(self) -> int: ...

    @property
    def frames(self) -> int:
        """Frames taken so far."""
        ...

    def dropped(self) -> dict[int, int]:
        """Returns how many frames were dropped, by channel."""
        ...

    def limit(self, max_records: int) -> None:
        """Sets how many records may wait."""
        ...

    def close(self) -> None:
        """Receives nothing more; what waits can still be drained."""
        ...


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
        self._dropped_ever: Counter[int] = Counter()
        self._open: set[int] = set()
        """Channels that have a connection."""
        self._barred: set[int] = set()
        """Those whose connection is of before a stop."""
        self._ring_barred: set[int] = set()
        """The same of the ring, whose connections are told in its records."""
        self._frames = 0
        self._ahead: deque[_Entry] = deque()
        self._ring: Ring | None = None

    def __len__(self) -> int:
        own = len(self._ahead) + len(self._queue)
        return own if self._ring is None else own + len(self._ring)

    @property
    def frames(self) -> int:
        """Frames taken so far."""
        return self._frames if self._ring is None else self._frames + self._ring.frames

    @property
    def dropped(self) -> Counter[int]:
        """Frames dropped so far, by channel."""
        return self._dropped_ever if self._ring is None else self._dropped_ever + Counter(self._ring.dropped())

    @property
    def woken(self) -> Callable[[], None]:
        """What to call when the attached ring has records."""
        return self._wake

    def now_ns(self) -> int:
        """Returns the time as records get it."""
        return self._clock.now_ns()

    def attach(self, ring: Ring) -> None:
        """From now on hands out the ring's records too, merged by time."""
        ring.limit(self._max_records)
        self._ring = ring

    def close(self) -> None:
        """Ends what fills the attached ring."""
        if self._ring is not None:
            self._ring.close()

    def limit(self, max_records: int | None) -> None:
        """Sets how many records may wait; `None` is the default."""
        self._max_records = max_records or MAX_RECORDS
        if self._ring is not None:
            self._ring.limit(self._max_records)

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame, or drops and counts it if the inbox is full."""
        with self._lock:
            if channel in self._barred:
                self._dropped[channel] += 1
                self._dropped_ever[channel] += 1
                return
            full = len(self._queue) >= self._max_records and direction == Direction.IN
            if (full and len(body) > ANSWER_BYTES and channel not in self._keep) or (
                self._bytes + len(body) > self._max_bytes
            ):
                self._dropped[channel] += 1
                self._dropped_ever[channel] += 1
                return
            if count := self._dropped.pop(channel, 0):
                self._gap(channel, count)
            self._push(RecordKind.FRAME, direction, channel, conn, generation, body)
            self._frames += 1
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
        self._dropped_ever[channel] += count
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
            at_ns, lost, kept = self._first_ns(), Counter[int](), list[_Entry]()
            for entry in (*self._ahead, *self._queue, *self._in_ring()):
                if entry.kind == RecordKind.FRAME and entry.direction == Direction.IN:
                    lost[entry.channel] += 1
                else:
                    kept.append(entry)
            silenced = sorted({*channels, *lost})
            gaps = (
                _Entry(at_ns, RecordKind.GAP, Direction.IN, c, 0, 0, encode(Gap(lost[c], reason))) for c in silenced
            )
            self._ahead, self._queue = deque((*gaps, *sorted(kept, key=lambda entry: entry.recv_ns))), deque()
            self._bytes = sum(len(entry.body) for entry in self._ahead)
            self._dropped_ever.update(lost)
            self._barred |= self._open
            self._ring_barred = set(silenced) if self._ring is not None else set()
        self._wake()

    def first(self, kind: RecordKind, body: bytes) -> None:
        """Takes a record ahead of all that wait, at the time of the first of them."""
        with self._lock:
            self._ahead.appendleft(_Entry(self._first_ns(), kind, Direction.IN, 0, 0, 0, body))
            self._bytes += len(body)

    def _in_ring(self) -> list[_Entry]:
        """Returns the records that wait in the ring, and takes them out."""
        if self._ring is None:
            return []
        block, _ = self._ring.drain(0, self._clock.now_ns(), 2**31)
        return [_entry(record) for record in records(block)]

    def _sieved(self, block: bytes, first_seq: int, *, moment: bool) -> tuple[bytes, int]:
        """Returns a block of the ring without what came over connections of before a stop, and its records."""
        kept: list[_Entry] = []
        for record in records(block):
            if record.kind == RecordKind.CONNECTED:
                self._ring_barred.discard(record.channel)
            old = record.kind == RecordKind.FRAME and record.direction == Direction.IN
            if old and record.channel in self._ring_barred:
                self._dropped_ever[record.channel] += 1
                self._dropped[record.channel] += 1
            else:
                kept.append(_entry(record))
        return _packed(kept, first_seq, moment=moment), len(kept)

    def _first_ns(self) -> int:
        """Returns the time of the first record that waits; now if none does."""
        first_ns = min(
            (queue[0].recv_ns for queue in (self._ahead, self._queue) if queue), default=self._clock.now_ns()
        )
        return first_ns if self._ring is None else min(first_ns, self._ring.first_ns(first_ns))

    def _push(self, kind: int, direction: int, channel: int, conn: int, generation: int, body: bytes) -> None:
        self._queue.append(_Entry(self._clock.now_ns(), kind, direction, channel, conn, generation, body))
        self._bytes += len(body)

    def drain(self, first_seq: int, limit: int, *, moment: bool = False) -> tuple[bytes, int]:
        """Returns a block of what is there, at most `limit` records, and how many; never waits to fill.

        With `moment` the last one is marked as a moment if it is a frame.
        """
        with self._lock:
            if self._dropped and len(self._queue) < self._max_records // 2:
                self._own_up()
            if self._ring is not None:
                return self._merged(self._ring, first_seq, limit, moment=moment)
            taken = self._take(self._ahead, limit)
            taken += self._take(self._queue, limit - len(taken))
        return _packed(taken, first_seq, moment=moment), len(taken)

    def _merged(self, ring: Ring, first_seq: int, limit: int, *, moment: bool) -> tuple[bytes, int]:
        """Returns what both have, in runs of one and the other; of the same time the ring's come first."""
        queue, now_ns = self._queue, self._clock.now_ns()
        if not (queue or self._ahead or self._ring_barred):
            return ring.drain(first_seq, now_ns, limit, moment)
        taken = self._take(self._ahead, limit)
        alone = moment and not queue and not len(ring)
        parts, count = [_packed(taken, first_seq, moment=alone)] if taken else [], len(taken)
        while count < limit:
            until_ns = queue[0].recv_ns if queue else now_ns
            last = moment and not queue
            block, many = ring.drain(first_seq + count, until_ns, limit - count, last)
            if many and self._ring_barred:
                block, many = self._sieved(block, first_seq + count, moment=last)
            if many:  # a block that is alone is handed on without a copy
                parts.append(block)
                count += many
            if not queue or count == limit:
                break
            next_ns = ring.first_ns(now_ns)
            most = limit - count
            if next_ns < now_ns:
                most = next(
                    (at for at, entry in zip(range(most), queue, strict=False) if entry.recv_ns >= next_ns), most
                )
            taken = self._take(queue, most)
            parts.append(_packed(taken, first_seq + count, moment=moment and not queue and not len(ring)))
            count += len(taken)
        return b"".join(parts), count

    def _take(self, queue: deque[_Entry], most: int) -> list[_Entry]:
        taken = [queue.popleft() for _ in range(min(most, len(queue)))]
        self._bytes -= sum(len(entry.body) for entry in taken)
        return taken

    def _own_up(self) -> None:
        for channel, count in sorted(self._dropped.items()):
            self._gap(channel, count)
        self._dropped.clear()

    def _gap(self, channel: int, count: int) -> None:
        reason = "of before the stop" if channel in self._barred | self._ring_barred else "queue full"
        self._push(RecordKind.GAP, Direction.IN, channel, 0, 0, encode(Gap(count, reason)))


def _entry(record: Record) -> _Entry:
    return _Entry._make(record[1:8])


def _packed(entries: list[_Entry], first_seq: int, *, moment: bool = False) -> bytes:
    if moment and entries and entries[-1].kind == RecordKind.FRAME:
        entries[-1] = entries[-1]._replace(direction=entries[-1].direction | MOMENT)
    parts: list[bytes] = []
    pack = HEADER.pack
    for seq, (recv_ns, kind, direction, channel, conn, generation, body) in enumerate(entries, first_seq):
        parts.append(pack(seq, recv_ns, kind, direction, channel, conn, generation, len(body)))
        parts.append(body)
    return b"".join(parts)
