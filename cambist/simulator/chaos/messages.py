"""WebSocket messages on their way from a server: dropped, repeated, late or in fragments, but whole.

A server's frames are not masked: two bytes of opcode and length, up to eight more of length, then the payload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.sockets import frame_head

if TYPE_CHECKING:
    from cambist.simulator.chaos.toxics import Counts, Toxics
    from cambist.simulator.draw import Draw

HEAD_END = b"\r\n\r\n"
MAX_HEAD = 64 * 1024
CLOSE = 8


class Frame(NamedTuple):
    """One frame."""

    final: bool
    opcode: int
    payload: bytes
    raw: bytes

    @property
    def control(self) -> bool:
        """Whether it is a ping, a pong or a close."""
        return self.opcode >= CLOSE


class Parser:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Returns the frames that are complete now."""
        self._buffer += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start])
        masked = 4 if buffer[1] & 0x80 else 0
        end = start + masked + size
        if len(buffer) < end:
            return None
        raw = bytes(buffer[:end])
        del buffer[:end]
        return Frame(bool(raw[0] & 0x80), raw[0] & 0x0F, raw[start + masked :], raw)


class Messages:
    """Does to the messages of one connection what the toxics say."""

    def __init__(self, draw: Draw, counts: Counts) -> None:
        self._draw, self._counts = draw, counts
        self._parser = Parser()
        self._head: bytes | None = b""
        """The answer to the upgrade as far as it came; `None` once it has passed."""
        self._plain = False
        """Whether this is no WebSocket after all."""
        self._parts: list[Frame] = []
        self._number = 0
        self._late: list[tuple[int, bytes]] = []
        """(number of the message before which it comes at the latest, bytes)."""

    def feed(self, data: bytes, toxics: Toxics) -> list[bytes]:
        """Returns what goes on to the client now."""
        found = []
        if self._head is not None:
            self._head += data
            end = self._head.find(HEAD_END)
            if end < 0 and len(self._head) < MAX_HEAD:
                return []
            end = end + len(HEAD_END) if end >= 0 else len(self._head)
            head, data = self._head[:end], self._head[end:]
            self._head, self._plain = None, b" 101 " not in head.split(b"\r\n", 1)[0]
            found.append(head)
        if self._plain:
            return [*found, data] if data else found
        for frame in self._parser.feed(data):
            found += self._frame(frame, toxics)
        return found

    def end(self) -> list[bytes]:
        """Returns the messages that are still late; nothing comes after them."""
        found, self._late = [raw for _, raw in self._late], []
        return found

    def _frame(self, frame: Frame, toxics: Toxics) -> list[bytes]:
        if frame.control:
            return [*self.end(), frame.raw] if frame.opcode == CLOSE else [frame.raw]
        self._parts.append(frame)
        if not frame.final:
            return []
        parts, self._parts = self._parts, []
        return self._message(parts, toxics)

    def _message(self, parts: list[Frame], toxics: Toxics) -> list[bytes]:
        counts = self._counts
        self._number += 1
        counts.messages += 1
        raw = b"".join(part.raw for part in parts)
        if toxics.fragment_bytes:
            payload = b"".join(part.payload for part in parts)
            raw = fragments(parts[0].opcode, payload, toxics.fragment_bytes)
        found = []
        if toxics.drop_every and self._number % toxics.drop_every == 0:
            counts.dropped += 1
        else:
            counts.passed += 1
            late = self._draw.below(toxics.reorder_within + 1) if toxics.reorder_within else 0
            copies = 1
            if toxics.duplicate_every and self._number % toxics.duplicate_every == 0:
                copies += toxics.copies
                counts.duplicated += toxics.copies
            if late:
                counts.reordered += 1
                self._late.append((self._number + late, raw * copies))
            else:
                found.append(raw * copies)
        due = [item for at, item in self._late if at <= self._number]
        self._late = [item for item in self._late if item[0] > self._number]
        return found + due


def fragments(opcode: int, payload: bytes, size: int) -> bytes:
    """Returns a message as frames of at most `size` bytes of payload; characters may be cut in two."""
    parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    found = []
    for number, part in enumerate(parts):
        first = (0x80 if number == len(parts) - 1 else 0) | (opcode if number == 0 else 0)
        found.append(frame_head(first, len(part)) + part)
    return b"".join(found)


def without_extensions(head: bytes) -> bytes:
    """Returns an upgrade request that asks for no extension: compressed messages depend on the ones before them."""
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(b"sec-websocket-extensions:"))
