"""Frames on their way to listeners: counted, and bent by the faults that strike them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from cambist.simulator.exchanges.faults import Fault, Faults, Kind, Stage, missing_field, wrong_types
from cambist.simulator.exchanges.session import Held, Session, Topic
from cambist.simulator.sockets import encode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.simulator.books import Book

CONTROL = Topic("control")
"""What frames that belong to no channel count as: acknowledgements, errors, pongs."""
HEARTBEAT = Topic("heartbeat")
BURST_BYTES = 256 * 1024
DRAIN_SECONDS = 5.0


class Publisher:
    """Who listens to what, and how many frames each was sent."""

    books: Mapping[str, Book]

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.listeners: dict[Topic, dict[Session, None]] = {}
        self.sent: Counter[Topic] = Counter()
        """Frames sent by (channel, symbol), copies among them."""
        self.withheld: Counter[Topic] = Counter()
        """Frames that a fault kept back for good."""
        self.repeated: Counter[Topic] = Counter()
        """Copies that a fault added."""
        self.sent_on: Counter[int] = Counter()
        """Frames sent by number of the connection."""

    def sent_by_symbol(self) -> dict[str, int]:
        """Returns the frames sent of each symbol; the empty one has what belongs to none."""
        found: Counter[str] = Counter()
        for topic, count in self.sent.items():
            found[topic.symbol] += count
        return dict(found)

    def join(self, session: Session, topic: Topic) -> None:
        """Lets a client listen."""
        session.topics[topic] = None
        self.listeners.setdefault(topic, {})[session] = None

    def leave(self, session: Session, topic: Topic) -> None:
        """Lets a client listen no more."""
        session.topics.pop(topic, None)
        found = self.listeners.get(topic)
        if found is not None:
            found.pop(session, None)
            if not found:
                del self.listeners[topic]

    def publish(self, topic: Topic, body: bytes) -> None:
        """Sends a data frame to all who listen."""
        for session in list(self.listeners.get(topic, ())):
            self.deliver(session, topic, body)

    def deliver(self, session: Session, topic: Topic, body: bytes) -> None:
        """Sends a data frame to one client, as the faults that strike it let it."""
        if not session.client.open:
            return
        struck = self._strike(topic) if self.faults.armed(Stage.FRAME) else []
        if any(fault.kind is Kind.MUTE for fault in struck):
            self.withheld[topic] += 1  # what is not said has no number, at venues that number what they say
            return
        frame = self._frame(session, topic, body)
        ends = [fault for fault in struck if fault.kind in (Kind.CLOSE, Kind.SHUTDOWN)]
        self._bend(session, topic, frame, struck)
        if session.held:
            self._release(session, topic)
        for fault in ends:
            self._end(fault)

    def control(self, session: Session, frame: bytes, topic: Topic = CONTROL) -> None:
        """Sends a frame that is no data; faults of data don't touch it."""
        self._send(session, topic, self._frame(session, topic, frame))

    async def burst(self, symbol: str, count: int) -> int:
        """Changes the best bid's quantity `count` times, each told in a frame of its own. Returns the frames sent.

        Frames are encoded in one go and leave in blocks; a client that doesn't read is waited for up to 5 s a block.
        """
        book, before = self.books[symbol], self.sent.total()
        plain = not self.faults.armed(Stage.FRAME, Stage.BOOK) and self._calm(symbol)
        blocks: dict[Session, list[bytes]] = {}
        waiting = 0
        for _ in range(count):
            book.nudge()
            if not plain:
                self._slow_change(book)
                waiting += sum(len(found) for topic, found in self.listeners.items() if topic.symbol == symbol) * 256
            for topic, body in self._quick_change(book) if plain else ():
                for session in self.listeners.get(topic, ()):
                    frame = encode_text(self._frame(session, topic, body))
                    blocks.setdefault(session, []).append(frame)
                    waiting += len(frame)
                    self.sent[topic] += 1
                    self.sent_on[session.number] += 1
            if waiting > BURST_BYTES:
                await self._write(blocks)
                waiting = 0
        await self._write(blocks)
        return self.sent.total() - before

    # What an exchange adds

    def _frame(self, session: Session, topic: Topic, body: bytes) -> bytes:
        """Returns what goes to one client; venues that number or wrap frames do it here."""
        return body

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        """Returns a frame under another channel's name."""
        return frame

    def _end(self, fault: Fault) -> None:
        raise NotImplementedError

    def _calm(self, symbol: str) -> bool:
        raise NotImplementedError

    def _slow_change(self, book: Book) -> None:
        raise NotImplementedError

    def _quick_change(self, book: Book) -> list[tuple[Topic, bytes]]:
        raise NotImplementedError

    @property
    def now_s(self) -> float:
        """Seconds of market time since the venue was made."""
        raise NotImplementedError

    # Faults

    def _strike(self, topic: Topic) -> list[Fault]:
        return self.faults.strike(Stage.FRAME, topic.channel, topic.symbol, self.now_s)

    def _bend(self, session: Session, topic: Topic, frame: bytes, struck: list[Fault]) -> None:
        copies, late, binary = 1, 0, False
        for fault in struck:
            kind = fault.kind
            if kind is Kind.DROP:
                copies = 0
            elif kind is Kind.DUPLICATE:
                copies += fault.value if copies else 0
            elif kind is Kind.REORDER:
                late = 1 + self.faults.draw.below(fault.value)
            elif kind is Kind.BINARY:
                binary = True
            else:
                frame = self._mutate(topic, frame, fault)
        if not copies:
            self.withheld[topic] += 1
        elif late:
            session.held.append(Held(topic, late + 1, frame))
        else:
            self.repeated[topic] += copies - 1
            for _ in range(copies):
                self._send(session, topic, frame, binary=binary)

    def _mutate(self, topic: Topic, frame: bytes, fault: Fault) -> bytes:
        if fault.kind is Kind.MALFORMED:
            return frame[: len(frame) // 2]
        if fault.kind is Kind.WRONG_TYPES:
            return wrong_types(frame, self.faults.draw)
        if fault.kind is Kind.MISSING_FIELDS:
            return missing_field(frame, self.faults.draw)
        if fault.kind is Kind.OVERSIZE:
            return frame.ljust(fault.value)
        if fault.kind is Kind.RENAMED:
            return self._renamed(topic, frame)
        return frame

    def _release(self, session: Session, topic: Topic) -> None:
        """Sends the late frames of a topic whose turn has come; one frame of it has just passed."""
        kept = []
        for item in session.held:
            left = item.left - (item.topic == topic)
            if left:
                kept.append(item._replace(left=left))
            else:
                self._send(session, topic, item.frame)
        session.held = kept

    def _send(self, session: Session, topic: Topic, frame: bytes, *, binary: bool = False) -> None:
        if session.client.send(frame, binary=binary):
            session.sent_since_tick, session.last_sent_s = True, self.now_s
            self.sent[topic] += 1
            self.sent_on[session.number] += 1

    async def _write(self, blocks: dict[Session, list[bytes]]) -> None:
        """Writes what a burst made and waits until clients have taken it."""
        for session, frames in blocks.items():
            session.client.send_encoded(b"".join(frames))
            session.sent_since_tick = True
        blocks.clear()
        for session in {session: None for found in self.listeners.values() for session in found}:
            session.client.flush()
            for _ in range(int(DRAIN_SECONDS / 0.001)):
                await asyncio.sleep(0)
                if not session.client.open or session.client.unsent <= BURST_BYTES:
                    break
                await asyncio.sleep(0.001)
            else:
                session.client.abort()
