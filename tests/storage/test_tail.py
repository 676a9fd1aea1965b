"""What is on disk before its chunk is: the tail of a session, sound, after a kill and damaged."""

import asyncio
import shutil
import sqlite3

import pytest

from cambist.model.events import records
from storage import writer as writer_module
from storage.catalogue import describe
from storage.journal import Journal
from storage.session import Break, SessionError, SessionReader, SessionWriter
from storage.verify import DAMAGED, SOUND, verify
from tests.storage.blocks import CHANNEL, put
from tests.storage.test_journal import fill, order, rows
from tests.storage.test_session import tamper


@pytest.fixture
async def killed(tmp_path, monkeypatch):
    """A session as a kill leaves it: a chunk 1–5, and the blocks 6–8, 9–10 and 11 in the tail; nobody waited for 12."""
    writer = await SessionWriter.open(tmp_path / "made.cambist", meta={}, channels=[CHANNEL], min_free_bytes=0)
    put(writer, 1, 5)
    await writer.flush()
    monkeypatch.setattr(writer_module, "CHUNK_SECONDS", 30.0)
    for first, last in ((6, 8), (9, 10), (11, 11)):
        put(writer, first, last)
    assert await writer.durable(11)
    assert (writer.written_seq, writer.written_digest) == (11, "d11")
    put(writer, 12, 12)
    await asyncio.sleep(0.05)
    path = tmp_path / "killed.cambist"
    for suffix in ("", "-wal"):
        shutil.copy(f"{writer.path}{suffix}", f"{path}{suffix}")
    await writer.close("test")
    return path


async def test_a_block_that_is_waited_for_is_read_before_its_chunk_is_there(killed):
    with SessionReader(killed) as reader:
        assert [(info.last_seq, info.tail) for info in reader.index()] == [(5, 0), (8, 1), (10, 1), (11, 1)]
        assert [chunk.info.first_seq for chunk in reader.blocks(10)] == [9, 11]
        read = [record.seq for chunk in reader.blocks() for record in records(chunk.block)]
        assert read == list(range(1, 12))
        first, last = reader.extent() or pytest.fail("empty")
        assert (first.first_seq, last.last_seq, last.digest) == (1, 11, "d11")
        assert (reader.comparable(), reader.breaks(), reader.tail_faults()) == (4, [], [])
        assert reader.seq_at(last.last_ns - 1_000_000) == 9
    found = verify(killed)
    assert (found.exit_code, found.chunks, found.tail_rows, found.records) == (SOUND, 1, 3, 11)
    assert found.last_digest == "d11"
    assert describe(killed).records == 11


async def test_the_chunk_takes_its_blocks_out_of_the_tail(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    for seq in range(1, 7):
        put(writer, seq, seq)
        assert await writer.durable(seq)
    with SessionReader(writer.path) as reader:
        before = list(reader.blocks())
        assert {chunk.info.tail for chunk in before} == {1}
        going = reader.blocks()
        assert next(going).info.last_seq == 1
        await writer.flush()
        assert list(going) == [], "the chunk holds the rest: asked again, it is read"
        assert [(chunk.info.first_seq, chunk.info.last_seq, chunk.info.tail) for chunk in reader.blocks(2)] == [
            (1, 6, 0)
        ]
    await writer.close()
    database = sqlite3.connect(writer.path)
    assert database.execute("SELECT count(*) FROM tail").fetchone() == (0,)
    database.close()


async def test_who_waits_for_nothing_writes_no_tail(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    put(writer, 1, 5)
    await asyncio.sleep(0)
    with SessionReader(writer.path) as reader:
        assert reader.index() == []
    assert not await writer.durable(6), "nobody put it"
    await writer.close()
    assert not await writer.durable(6)
    assert await writer.durable(5)


async def test_a_disk_that_takes_no_tail_ends_the_recording(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "CHUNK_SECONDS", 30.0)
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    put(writer, 1, 5)
    assert await writer.durable(5)
    put(writer, 6, 9)
    monkeypatch.setattr(writer_module, "insert_tail", lambda rows: "INSERT INTO nowhere VALUES (1)")
    assert not await writer.durable(9)
    assert "no such table" in writer.failure
    assert not put(writer, 10, 10)
    await writer.close()
    found = verify(writer.path)
    assert (found.last_seq, found.last_digest, found.complete) == (5, "d5", False)


async def test_a_row_of_the_journal_waits_for_its_record(tmp_path):
    path = tmp_path / "paper.journal"
    journal = await Journal.open(path, "paper", "s1")
    asked, answer = [], asyncio.get_running_loop().create_future()

    async def gate(seq):
        asked.append(seq)
        return await asyncio.shield(answer)

    journal.gate = gate
    journal.note_order(7, 1, order(1))
    journal.note_fill(9, fill(1))
    await asyncio.sleep(0.05)
    assert asked == [9]
    assert rows(path, "orders") == []
    answer.set_result(True)
    assert await journal.flush()
    assert (len(rows(path, "orders")), len(rows(path, "fill")), journal.unrecorded) == (1, 1, 0)
    await journal.close()


async def test_a_row_whose_record_never_comes_is_entered_and_counted(tmp_path):
    journal = await Journal.open(tmp_path / "paper.journal", "paper", "s1")

    async def gate(seq):
        return seq <= 7

    journal.gate = gate
    journal.note_order(7, 1, order(1))
    journal.note_order(8, 1, order(2))
    assert not await journal.flush(), "no order is sent on it"
    assert (len(rows(journal.path, "orders")), journal.unrecorded) == (2, 1)
    journal.note_order(6, 1, order(3))
    assert await journal.flush()
    await journal.close()


async def test_live_records_outlive_a_loss_of_power(tmp_path):
    for how, level in (("FULL", 2), ("NORMAL", 1)):
        writer = await SessionWriter.open(tmp_path / f"{how}.cambist", meta={}, min_free_bytes=0, synchronous=how)
        async with writer._database.execute("PRAGMA synchronous") as cursor:
            assert await cursor.fetchone() == (level,)
        await writer.close()


DAMAGES = [
    ("UPDATE tail SET crc32 = crc32 + 1 WHERE first_seq = 9", 8, "tail 9–10: tail 9–10 with crc32"),
    ("UPDATE tail SET blob = substr(blob, 1, 40) WHERE first_seq = 9", 8, "tail 9–10: tail 9–10 with 40 bytes"),
    ("UPDATE tail SET raw_size = 99999999 WHERE first_seq = 9", 8, "tail 9–10 that declares 99999999 bytes"),
    ("UPDATE tail SET records = 7 WHERE first_seq = 9", 8, "tail 9–10 of 7 records"),
]


@pytest.mark.parametrize(("sql", "sound", "words"), DAMAGES)
async def test_a_damaged_row_is_named_and_what_comes_before_it_is_read(killed, sql, sound, words):
    tamper(killed, sql)
    with SessionReader(killed) as reader:
        seen = 0
        try:
            for chunk in reader.blocks():
                seen = chunk.info.last_seq
        except SessionError as error:
            assert "tail 9" in error.found  # noqa: PT017 - what was read before it counts as well
        else:
            pytest.fail("read as if it were sound")
        assert seen == sound
        assert reader.index()[0].last_seq == 5
        assert sum(reader.density(5)) >= sound
    found = verify(killed)
    assert found.exit_code == DAMAGED
    assert any(words in line for line in found.findings), found.findings


async def test_a_gap_in_the_tail_is_a_break(killed):
    tamper(killed, "DELETE FROM tail WHERE first_seq = 6")
    with SessionReader(killed) as reader:
        assert reader.breaks() == [Break(5, 9)]
        assert [chunk.info.first_seq for chunk in reader.blocks()] == [1, 9, 11]
    assert "seq 9 follows 5" in verify(killed).findings


@pytest.mark.parametrize(
    ("change", "read", "words"),
    [
        (
            "first_seq = 4, records = 5 WHERE first_seq = 6",
            [1, 9, 11],
            "tail 4–8: begins before the end of the chunks, 5",
        ),
        ("first_seq = 4, last_seq = 5, records = 2 WHERE first_seq = 6", [1, 9, 11], "tail 4–5: is older than the end"),
    ],
)
async def test_what_the_chunks_hold_already_is_not_read_twice(killed, change, read, words):
    tamper(killed, f"UPDATE tail SET {change}")
    with SessionReader(killed) as reader:
        assert [chunk.info.first_seq for chunk in reader.blocks()] == read
        assert reader.breaks() == [Break(5, 9)]
    found = verify(killed)
    assert found.exit_code == DAMAGED
    assert any(line.startswith(words) for line in found.findings), found.findings


async def test_a_session_of_schema_4_has_a_tail(killed):
    tamper(killed, "DROP TABLE tail")
    with pytest.raises(SessionError, match="tables channel, chunk, keyframe, marker, meta"):
        SessionReader(killed)


async def test_one_of_schema_3_has_none(killed):
    tamper(killed, "DROP TABLE tail")
    tamper(killed, "PRAGMA user_version = 3")
    with SessionReader(killed) as reader:
        assert [info.last_seq for info in reader.index()] == [5]
        assert (reader.tail_faults(), reader.seq_at(2**62), len(list(reader.blocks()))) == ([], 1, 1)
