"""A book read out of a session beside the one that a whole replay comes to, of every exchange that was recorded."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist import compose
from cambist.engine.protocol import BookInspection
from cambist.kernel import write_keyframe
from cambist.model.events import Record, pack, records
from cambist.runtime.depth import depth
from cambist.runtime.replay import Replayer
from storage.chunk import Block
from storage.files import SessionError
from storage.keyframe import KeyframeTaken
from storage.reader import SessionReader
from storage.writer import SessionWriter
from tests.storage.test_session import tamper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.runtime.depth import Depth
    from storage.reader import Chunk

NET = Path(__file__).parents[2] / "replay" / "net"
SESSIONS = ("exchanges-3", "busy-5", "wires-13", "commands-1", "segments")
_BOOK = msgspec.json.Decoder(BookInspection | None)


def whole(path: Path, source: str, levels: int) -> BookInspection | None:
    """Returns the book after every record of the session was stepped."""
    with SessionReader(path) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        replayer.run()
        assert not replayer.damage
        kernel = replayer.kernel
        return _BOOK.decode(kernel.engine.inspect_book(source, levels, kernel.now_ns))


def read(path: Path, source: str, levels: int = 20) -> Depth:
    with SessionReader(path) as reader:
        return depth(reader, compose.fresh_kernel(), source, levels)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_book_of_its_venues_records_alone_is_that_of_a_whole_replay(name: str) -> None:
    path = NET / f"{name}.cambist"
    known = read(path, "nobody:nothing").known
    for source in known[:6]:
        assert read(path, source).book == whole(path, source, 20), source
    with SessionReader(path) as reader:
        ends = reader.extent()
    assert ends is not None
    assert read(path, "nobody:nothing")[::2] == (None, ends[1].last_ns)


def test_books_are_found_on_every_exchange_that_was_recorded() -> None:
    path = NET / "exchanges-3.cambist"
    books = [found.book for source in read(path, "x:y").known if (found := read(path, source)).book is not None]
    assert len({book.source.partition(":")[0] for book in books if book.bids and book.asks}) >= 3


def test_at_most_so_many_levels_a_side_the_best_first() -> None:
    path = NET / "exchanges-3.cambist"
    deep = next(book for source in read(path, "x:y").known if (book := read(path, source).book) and len(book.bids) > 5)
    few = read(path, deep.source, 3).book
    assert few is not None
    assert (few.bids, few.asks) == (deep.bids[:3], deep.asks[:3])
    assert sorted(deep.bids, reverse=True) == list(deep.bids)


def test_a_session_without_a_state_is_refused() -> None:
    with pytest.raises(SessionError, match="no STATE record at its start"):
        read(NET / "damaged-empty.cambist", "binance:SOLUSDC")


class Noting(SessionReader):
    """Notes from where on it is read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked = set[int]()

    def blocks(self, from_seq: int = 0) -> Iterator[Chunk]:
        self.asked.add(from_seq)
        return super().blocks(from_seq)


async def keyframed(source: Path, out: Path) -> list[int]:
    """Writes a session again with a keyframe after each third of its records; returns the first seqs after them."""
    with SessionReader(source) as reader:
        source_records = [record for chunk in reader.blocks() for record in records(chunk.block)]
        writer = await SessionWriter.open(out, meta={}, channels=reader.channels, min_free_bytes=0)
    kernel, third, marks = compose.fresh_kernel(), len(source_records) // 3, []
    for begin, end in ((0, third), (third, 2 * third), (2 * third, len(source_records))):
        part = source_records[begin:end]
        block = b"".join(_packed(record) for record in part)
        kernel.step(block)
        digest, taken = kernel.digest, None
        if end < len(source_records):
            copied = kernel.copied()
            body = partial(write_keyframe, copied.keyframe())
            taken = KeyframeTaken(kernel.last_seq + 1, kernel.now_ns, 1, body)
            marks.append(kernel.last_seq + 1)
            kernel.seal()
        assert writer.put(
            Block(block, part[0].seq, part[-1].seq, part[0].recv_ns, part[-1].recv_ns, len(part), digest, taken)
        )
        await writer.flush()
    await writer.close("made")
    return marks


def _packed(record: Record) -> bytes:
    return pack(
        record.seq, record.recv_ns, record.kind, record.body, direction=record.direction, channel=record.channel,
        conn=record.conn, generation=record.generation, moment=record.moment,
    )  # fmt: skip


async def test_it_goes_on_from_the_last_keyframe_that_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "keyframed.cambist"
    marks = await keyframed(NET / "exchanges-3.cambist", path)
    books = [source for source in read(path, "x:y").known if read(path, source).book is not None]
    assert len(books) > 3
    expected = {source: whole(NET / "exchanges-3.cambist", source, 20) for source in books}
    for damaged, left in ((None, marks), (marks[1], marks[:1]), (marks[0], [])):
        if damaged is not None:
            tamper(path, "UPDATE keyframe SET blob = x'00' WHERE first_seq = ?", damaged)
        asked = set[int]()
        for source in books:
            with Noting(path) as reader:
                assert depth(reader, compose.fresh_kernel(), source, 20).book == expected[source], (damaged, source)
                asked |= reader.asked
        assert left[-1] in asked if left else not set(marks) & asked
