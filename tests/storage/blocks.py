"""Blocks and sessions that the tests of this folder write."""

from itertools import pairwise
from pathlib import Path

from cambist.model.events import Channel, RecordKind, pack
from storage.chunk import Block
from storage.session import SessionWriter

START_NS = 1_790_000_000_000_000_000
CHANNEL = Channel(1, "binance", "binance", "binance.spot.ws", "ws://127.0.0.1", demo=True)


def frame(seq: int, body: bytes = b"{}", *, step_ns: int = 1_000_000) -> bytes:
    kind = RecordKind.STATE if seq == 1 else RecordKind.FRAME
    return pack(seq, START_NS + seq * step_ns, kind, body, channel=1, conn=1, generation=1)


def put(writer: SessionWriter, first: int, last: int, *, body: bytes = b"{}", digest: str | None = None) -> bool:
    data = b"".join(frame(seq, body) for seq in range(first, last + 1))
    times = (START_NS + first * 1_000_000, START_NS + last * 1_000_000)
    return writer.put(Block(data, first, last, *times, last - first + 1, f"d{last}" if digest is None else digest))


async def session(path: Path, *, chunks: int = 4, per_chunk: int = 50, meta: dict[str, str] | None = None) -> Path:
    """Writes a complete session of several chunks."""
    writer = await SessionWriter.open(path, meta=meta or {"seed": "7"}, channels=[CHANNEL], min_free_bytes=0)
    borders = [1 + n * per_chunk for n in range(chunks + 1)]
    for first, after in pairwise(borders):
        assert put(writer, first, after - 1, body=b'{"price":"%d"}' % first)
        await writer.flush()
    await writer.close("test")
    assert writer.failure == ""
    return path
