"""How long any moment of a long session takes to open: a demo recording, repeated at later times."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cambist import compose
from cambist.bench.replaying import recorded
from cambist.model.events import HEADER, MOMENT, Record, RecordKind, records
from cambist.runtime.keyframes import Keyframes
from cambist.runtime.replay import Replayer
from storage.catalogue import find, session_path
from storage.chunk import Block
from storage.reader import SessionReader
from storage.verify import verify
from storage.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cambist.config import Config
    from cambist.kernel import Kernel

NAME = "bench-long"
BLOCK = 512
BUFFERED = 4 << 20
SLOT_NS = 400_000_000
SLOT = re.compile(rb'"(slot|parent|root)":(\d+)')
FOREVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded, how long it is made, and how many of its moments are opened."""

    seconds: float = 15.0
    rate: float = 20.0
    frames: int = 1_000_000
    moments: int = 60


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    frames: int
    hours: float
    open_s: list[float]
    """Of each moment: from the file's name to the kernel that stands there."""
    keyframes: int
    share: float
    """Of the stored bytes, 0 to 1."""
    apart_s: float


def measure(config: Config, plan: Plan, notify: Callable[[str], None]) -> Found:
    """Records the embedded market, makes a long session of it, and opens random moments of that."""
    notify(f"recording {plan.seconds:.0f} s of the embedded market at rate {plan.rate:g}")
    source = find(config.session_folder, recorded(config, plan.rate, plan.seconds))
    notify(f"making a session of {plan.frames:,} frames")
    asyncio.run(_lengthen(source, session_path(config.session_folder, NAME), plan.frames))
    notify(f"opening {plan.moments} moments of it")
    checked = verify(find(config.session_folder, NAME))
    assert checked.first_ns is not None
    assert checked.last_ns is not None
    rng = random.Random(7)
    moments = [rng.randrange(checked.first_ns, checked.last_ns) for _ in range(plan.moments)]
    return Found(
        frames=checked.frames,
        hours=(checked.last_ns - checked.first_ns) / 3.6e12,
        open_s=[_opened(config, at_ns) for at_ns in moments],
        keyframes=checked.keyframes,
        share=checked.keyframe_bytes / (checked.keyframe_bytes + checked.stored_bytes),
        apart_s=(checked.longest_stretch_ns or 0) / 1e9,
    )


def _opened(config: Config, at_ns: int) -> float:
    begun = time.perf_counter()
    with contextlib.closing(compose.open_reader(config, NAME)) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        replayer.step(FOREVER_NS, 1)
        replayer.seek(at_ns)
        return time.perf_counter() - begun


async def _lengthen(source: Path, out: Path, frames: int) -> None:
    """Writes a session as the recorder would, of another's records repeated until there are so many frames."""
    with SessionReader(source) as reader:
        source_records = [record for chunk in reader.blocks() for record in records(chunk.block)]
        writer = await SessionWriter.open(out, meta={"demo": "1"}, channels=reader.channels)
    kernel, keyframes, seq = compose.fresh_kernel(), Keyframes(), 1
    for block in _blocks(source_records, frames):
        seq = _put(writer, kernel, keyframes, seq, block)
        if writer.buffered > BUFFERED:
            await writer.flush()
    await writer.close("made")


def _blocks(source_records: list[Record], frames: int) -> Iterator[list[Record]]:
    """Yields the records again and again, each time at later times and in later slots."""
    slots = [
        int(found[2])
        for record in source_records
        for found in SLOT.finditer(record.body)
        if record.kind == RecordKind.FRAME
    ]
    slots = [slot for slot in slots if slot]
    ahead, span_ns = max(slots) - min(slots) + 1, source_records[-1].recv_ns - source_records[0].recv_ns + SLOT_NS
    each = sum(record.kind == RecordKind.FRAME for record in source_records)
    for turn in range(-(-frames // each)):
        again = [_later(record, turn * span_ns, turn * ahead) for record in source_records[bool(turn) :]]
        yield from (again[at : at + BLOCK] for at in range(0, len(again), BLOCK))


def _later(record: Record, ns: int, slots: int) -> Record:
    body = record.body
    if slots and record.kind == RecordKind.FRAME:
        body = SLOT.sub(lambda found: b'"%b":%d' % (found[1], int(found[2]) + slots), body)
    return record._replace(recv_ns=record.recv_ns + ns, body=body)


def _put(writer: SessionWriter, kernel: Kernel, keyframes: Keyframes, seq: int, block: list[Record]) -> int:
    """Steps and writes a block whose first record is `seq`; returns the next seq."""
    data = b"".join(_packed(seq + at, record) for at, record in enumerate(block))
    begun = time.perf_counter_ns()
    kernel.step(data)
    keyframes.spent(time.perf_counter_ns() - begun)
    digest, keyframe = kernel.digest, keyframes.due(kernel, writer.stored)
    if keyframe is not None:
        kernel.seal()
    last_seq = seq + len(block) - 1
    writer.put(Block(data, seq, last_seq, block[0].recv_ns, block[-1].recv_ns, len(block), digest, keyframe))
    return last_seq + 1


def _packed(seq: int, record: Record) -> bytes:
    _, recv_ns, kind, direction, channel, conn, generation, body, *_ = record
    direction |= MOMENT if record.moment else 0
    return HEADER.pack(seq, recv_ns, kind, direction, channel, conn, generation, len(body)) + body
