"""The record: one encoding from the socket to the disk to the engine.

A *block* is a run of records, each a 32-byte little-endian header followed by its body:

    seq u64 · recv_ns i64 · kind u8 · direction u8 · channel u16 · conn u32 · generation u32 · body_len u32

Bit 7 of a frame's direction marks a *moment*: nothing more was on its way when it was taken, so that what moved since
the last one is judged now.

The runtime packs records into a block as it drains its queue; the recorder stores blocks, replay reads them, and
`Engine.ingest` takes them as they are. No Python object is made per frame.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = struct.Struct("<QqBBHIII")
MOMENT = 0x80
"""In a frame's direction: what moved is judged once it is applied."""
MAX_BODY = 16 * 1024 * 1024


class RecordKind(IntEnum):
    """What a record's body holds."""

    STATE = 0
    """Kernel snapshot (`cambist.kernel`); first in every segment."""
    FRAME = 1
    """Raw bytes of one message to or from a venue."""
    TICK = 2
    """Empty body: time has passed."""
    COMMAND = 3
    """JSON `cambist.model.commands.RecordedCommand`."""
    GAP = 4
    """JSON `Gap`: frames of this channel were dropped before they got a seq."""
    CONNECTED = 5
    """JSON `Connected`."""
    DISCONNECTED = 6
    """JSON `Disconnected`."""
    FILL = 7
    """JSON `cambist.model.orders.Fill` from a network executor."""
    CLOCK_STEP = 8
    """JSON `ClockStep`: the wall clock moved against the monotonic one."""
    CHANNEL = 9
    """JSON `Channel`: declares a channel before its first use."""


class Direction(IntEnum):
    """Who sent a frame."""

    IN = 0
    OUT = 1


class Record(NamedTuple):
    """One record, unpacked. Hot paths stay on blocks; this is for tools and tests."""

    seq: int
    recv_ns: int
    kind: int
    direction: int
    channel: int
    conn: int
    generation: int
    body: bytes
    moment: bool = False


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stream of frames. `id` is unique in a session and fits u16."""

    id: int
    feed: str
    """Name of the feed that carries it: `solana`, `binance`, `priority_fees`, …"""
    venue: str
    """Venue as shown and as used in identities: `solana`, `binance`, `binance-usdm`, …"""
    protocol: str
    """Which decoder reads its frames: `solana.ws`, `solana.http`, or `.ws`, `.info` and `.depth` of what an exchange's
    row in the engine says, such as `binance.spot`; `cambist.ws` for what a plug-in translated."""
    label: str
    """Endpoint or stream as shown on screen, without secrets."""
    symbol: str = ""
    """Instrument of a channel whose frames don't name it (a REST depth snapshot); else empty."""
    demo: bool = False
    """True if the frames come from the embedded market."""


class Gap(msgspec.Struct, frozen=True):
    """Frames dropped before they got a seq."""

    count: int
    reason: str


class Connected(msgspec.Struct, frozen=True):
    """A connection is open; `generation` of its frames is in the record's header."""

    label: str


class Disconnected(msgspec.Struct, frozen=True):
    """A connection ended. Its books are no longer LIVE."""

    reason: str


class ClockStep(msgspec.Struct, frozen=True):
    """Wall time stepped by `step_ns` against the monotonic clock."""

    step_ns: int


def pack(
    seq: int,
    recv_ns: int,
    kind: int,
    body: bytes,
    *,
    direction: int = Direction.IN,
    channel: int = 0,
    conn: int = 0,
    generation: int = 0,
    moment: int = 0,
) -> bytes:
    """Returns the bytes of one record; `moment` is 1 for a frame that is one."""
    return HEADER.pack(seq, recv_ns, kind, direction | MOMENT * moment, channel, conn, generation, len(body)) + body


def unpack(block: bytes, offset: int = 0) -> tuple[Record, int]:
    """Returns the record at `offset` and the offset of the next one. Raises `BlockError` if it is cut short."""
    end = offset + HEADER.size
    if end > len(block):
        raise BlockError(offset, f"{len(block) - offset} bytes left, a header needs {HEADER.size}")
    seq, recv_ns, kind, direction, channel, conn, generation, size = HEADER.unpack_from(block, offset)
    if size > MAX_BODY or end + size > len(block):
        raise BlockError(offset, f"body of {size} bytes, {len(block) - end} bytes left")
    body, moment = bytes(block[end : end + size]), bool(direction & MOMENT)
    return Record(seq, recv_ns, kind, direction & ~MOMENT, channel, conn, generation, body, moment), end + size


def records(block: bytes) -> Iterator[Record]:
    """Yields each record of a block in order."""
    offset = 0
    while offset < len(block):
        record, offset = unpack(block, offset)
        yield record


def last_moment(block: bytes) -> int:
    """Returns where the last record that is a moment ends, 0 without one: a frame marked so, or what is no frame.

    Of whole records. Their bodies are passed over: half a microsecond each.
    """
    found = offset = 0
    while offset < len(block):
        _, _, kind, direction, _, _, _, size = HEADER.unpack_from(block, offset)
        offset += HEADER.size + size
        if kind != RecordKind.FRAME or direction & MOMENT:
            found = offset
    return found


class BlockError(ValueError):
    """A block that doesn't hold whole records."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"damaged block at byte {offset}: {why}")
