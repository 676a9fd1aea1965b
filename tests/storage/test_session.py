import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cambist.model.events import MAX_BODY, records
from storage import writer as writer_module
from storage.chunk import Block
from storage.session import CHUNK_BYTES, Break, Busy, SessionError, SessionReader, SessionWriter, add_bookmark
from tests.storage.blocks import CHANNEL, START_NS, frame, put, session

ROOT = Path(__file__).resolve().parents[2]


async def test_what_was_put_is_read_back(tmp_path):
    path = await session(tmp_path / "s.cambist")
    with SessionReader(path) as reader:
        assert reader.complete
        assert reader.meta["seed"] == "7"
        assert reader.meta["end_reason"] == "test"
        assert reader.channels == (CHANNEL,)
        assert reader.breaks() == []
        chunks = list(reader.blocks())
    assert [chunk.info.digest for chunk in chunks] == ["d50", "d100", "d150", "d200"]
    assert [record.seq for chunk in chunks for record in records(chunk.block)] == list(range(1, 201))


async def test_reading_begins_with_the_chunk_that_holds_the_seq(tmp_path):
    path = await session(tmp_path / "s.cambist")
    with SessionReader(path) as reader:
        assert [chunk.info.first_seq for chunk in reader.blocks(51)] == [51, 101, 151]
        assert [chunk.info.first_seq for chunk in reader.blocks(100)] == [51, 101, 151]
        assert [chunk.info.first_seq for chunk in reader.blocks(201)] == []
        assert reader.seq_at(START_NS + 120 * 1_000_000) == 101
        assert reader.seq_at(0) == 1
        assert sum(reader.density(7)) == 200
        assert sum(reader.density(40)) == 200
        assert all(reader.density(40)), "a hole would read as a gap"


async def test_files_are_private(tmp_path):
    path = await session(tmp_path / "private" / "s.cambist")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(file.name for file in path.parent.iterdir()) == ["s.cambist"]


async def test_blocks_are_gathered_into_chunks(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    noise = random.Random(1).randbytes(100_000)
    for seq in range(1, 31):
        assert put(writer, seq, seq, body=noise)
    await writer.close()
    with SessionReader(writer.path) as reader:
        index = reader.index()
    assert sum(info.records for info in index) == 30
    assert 3 <= len(index) <= 5
    assert max(info.raw_size for info in index) <= CHUNK_BYTES
    assert writer.bytes_written == sum(info.stored_size for info in index)
    assert index[-1].digest == "d30"


async def test_a_small_block_is_on_disk_within_a_second(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    assert put(writer, 1, 3)
    for _ in range(100):
        await asyncio.sleep(0.01)
        if writer.written_seq == 3:
            break
    assert writer.written_seq == 3
    with SessionReader(writer.path) as reader:
        assert not reader.complete
        assert [chunk.info.last_seq for chunk in reader.blocks()] == [3]
    await writer.close()


async def test_an_oversized_block_is_cut_at_record_borders(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    assert put(writer, 1, 12, body=b"x" * 500_000)
    await writer.close()
    with SessionReader(writer.path) as reader:
        chunks = list(reader.blocks())
    assert [record.seq for chunk in chunks for record in records(chunk.block)] == list(range(1, 13))
    assert [chunk.info.digest for chunk in chunks][-1] == "d12"
    assert {chunk.info.digest for chunk in chunks[:-1]} == {""}


async def test_one_record_may_be_as_large_as_a_record_can_be(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    assert put(writer, 1, 1, body=bytes(MAX_BODY))
    await writer.close()
    with SessionReader(writer.path) as reader:
        assert len(next(reader.blocks()).block) == MAX_BODY + 32


async def test_a_full_buffer_ends_the_recording_at_the_last_seq_taken(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, buffer_bytes=3000, min_free_bytes=0)
    assert put(writer, 1, 1, body=b"x" * 2000)
    assert not put(writer, 2, 2, body=b"x" * 2000)
    writer.mark(START_NS, 1, "cut", "the disk is too slow")
    await writer.flush()
    assert not put(writer, 3, 3)
    await writer.close()
    assert writer.written_seq == 1
    with SessionReader(writer.path) as reader:
        assert [chunk.info.last_seq for chunk in reader.blocks()] == [1]
        assert [marker.kind for marker in reader.markers()] == ["cut"]


async def test_a_block_out_of_order_is_refused_with_its_seq(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    assert put(writer, 1, 2)
    with pytest.raises(ValueError, match="begins at seq 4 after 2"):
        put(writer, 4, 4)
    await writer.close()


async def test_a_full_disk_ends_the_recording_with_the_reason(tmp_path, monkeypatch):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=1 << 30)
    usage = type("Usage", (), {"free": 5 << 20})
    monkeypatch.setattr(writer_module.shutil, "disk_usage", lambda _: usage)
    assert put(writer, 1, 1)
    await writer.flush()
    assert "5 MiB free" in writer.failure
    assert not put(writer, 2, 2)
    await writer.close()
    with SessionReader(writer.path) as reader:
        assert reader.index() == []


async def test_one_writer_at_a_time(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    with pytest.raises(Busy, match=f"process {os.getpid()}"):
        await SessionWriter.open(tmp_path / "s.cambist", meta={})
    with pytest.raises(Busy):
        add_bookmark(writer.path, 1, 1)
    await writer.close()
    with pytest.raises(FileExistsError):
        await SessionWriter.open(tmp_path / "s.cambist", meta={})


async def test_markers_and_later_bookmarks(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    put(writer, 1, 2)
    writer.mark(START_NS + 5, 2, "fill", "net 3")
    writer.mark(START_NS + 4, 2, "gap")
    await writer.close()
    add_bookmark(writer.path, START_NS + 1, 1, "here")
    with SessionReader(writer.path) as reader:
        assert [(marker.kind, marker.label) for marker in reader.markers()] == [
            ("bookmark", "here"),
            ("gap", ""),
            ("fill", "net 3"),
        ]


async def test_a_reader_follows_a_session_that_grows(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    seen = []
    put(writer, 1, 1)
    await writer.flush()
    with SessionReader(writer.path) as reader:
        for seq in range(2, 40):
            put(writer, seq, seq)
            await writer.flush()
            seen += [chunk.info.first_seq for chunk in reader.blocks(len(seen) + 1)]
    await writer.close()
    assert seen == list(range(1, 40))


CHILD = """
import asyncio, sys
from pathlib import Path
from storage.session import SessionWriter
from tests.storage.blocks import put

async def main():
    writer = await SessionWriter.open(Path(sys.argv[1]), meta={}, min_free_bytes=0)
    seq = 1
    while True:
        put(writer, seq, seq + 19)
        seq += 20
        await writer.flush()
        print(writer.written_seq, flush=True)

asyncio.run(main())
"""


def test_kill_minus_nine_loses_at_most_the_open_chunk(tmp_path):
    path = tmp_path / "s.cambist"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
    ) as child:
        committed = [int(child.stdout.readline()) for _ in range(5)][-1]
        child.send_signal(signal.SIGKILL)
        child.wait()
    with SessionReader(path) as reader:
        assert not reader.complete
        chunks = list(reader.blocks())
        assert chunks[-1].info.last_seq >= committed
        assert reader.breaks() == []
        seqs = [record.seq for chunk in chunks for record in records(chunk.block)]
        assert seqs == list(range(1, len(seqs) + 1))
    add_bookmark(path, START_NS, 1, "the lock died with its process")


def tamper(path, sql, *values):
    database = sqlite3.connect(path)
    database.execute(sql, values)
    database.commit()
    database.close()


async def test_a_bomb_is_stopped_at_the_declared_size(tmp_path):
    path = await session(tmp_path / "s.cambist", chunks=1)
    bomb = zstd.compress(bytes(256 << 20))
    tamper(path, "UPDATE chunk SET blob = ?", bomb)
    with SessionReader(path) as reader, pytest.raises(SessionError, match="more than"):
        list(reader.blocks())
    tamper(path, "UPDATE chunk SET raw_size = ?", 256 << 20)
    with SessionReader(path) as reader, pytest.raises(SessionError, match="declares 268435456 bytes"):
        list(reader.blocks())


async def test_a_window_that_needs_too_much_memory_is_refused(tmp_path):
    path = await session(tmp_path / "s.cambist", chunks=1)
    wide = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    blob = wide.compress(b"x" * 1000) + wide.flush()
    tamper(path, "UPDATE chunk SET blob = ?, raw_size = 1000", blob)
    with SessionReader(path) as reader, pytest.raises(SessionError, match="chunk 1–50"):
        list(reader.blocks())


async def test_a_flipped_bit_in_a_block_is_found_by_its_crc(tmp_path):
    path = await session(tmp_path / "s.cambist")
    raw = bytearray(b"".join(frame(seq) for seq in range(51, 101)))
    crc = zlib.crc32(raw)
    raw[40] ^= 1
    blob = zstd.compress(bytes(raw))
    tamper(path, "UPDATE chunk SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = 51", blob, len(raw), crc)
    with SessionReader(path) as reader:
        assert [chunk.info.first_seq for chunk in reader.blocks(101)] == [101, 151]
        with pytest.raises(SessionError, match=f"expected {crc:08x}"):
            list(reader.blocks())


async def test_a_missing_chunk_is_reported_as_a_break(tmp_path):
    path = await session(tmp_path / "s.cambist")
    tamper(path, "DELETE FROM chunk WHERE first_seq = 51")
    with SessionReader(path) as reader:
        assert reader.breaks() == [Break(50, 101)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"hello, I am a text file\n" * 20, "no SQLite file"),
        (b"SQLite format 3\x00abc", "19 bytes of a SQLite header"),
    ],
)
def test_a_file_that_is_no_database_is_named(tmp_path, content, found):
    path = tmp_path / "x.cambist"
    path.write_bytes(content)
    with pytest.raises(SessionError) as error:
        SessionReader(path)
    assert error.value.path == path
    assert found in error.value.found
    assert "cambist session" in error.value.expected


async def test_foreign_and_future_databases_are_named(tmp_path):
    foreign = tmp_path / "foreign.cambist"
    tamper(foreign, "CREATE TABLE chunk (a)")
    with pytest.raises(SessionError, match="another application"):
        SessionReader(foreign)
    future = await session(tmp_path / "future.cambist")
    tamper(future, "PRAGMA user_version = 9")
    with pytest.raises(SessionError, match=r"found schema 9.*expected a cambist session, schema 1 or 2 or 3"):
        SessionReader(future)
    bare = await session(tmp_path / "bare.cambist")
    tamper(bare, "DROP TABLE marker")
    with pytest.raises(SessionError, match="tables channel, chunk, keyframe, meta"):
        SessionReader(bare)
    with pytest.raises(FileNotFoundError):
        SessionReader(tmp_path / "missing.cambist")


async def test_rows_of_the_wrong_kind_are_refused(tmp_path):
    path = await session(tmp_path / "s.cambist", chunks=1)
    tamper(path, "DROP TABLE chunk")
    tamper(
        path,
        "CREATE TABLE chunk (first_seq, last_seq, first_ns, last_ns, records, codec, crc32, raw_size, digest, keyframe,"
        " blob)",
    )
    tamper(path, "INSERT INTO chunk VALUES (1, 'two', 3, 4, 5, 'zstd', 7, 8, 'd', 0, x'00')")
    with SessionReader(path) as reader, pytest.raises(SessionError, match="a row that can't be read"):
        reader.index()


async def test_a_source_that_can_wait_gets_room(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, buffer_bytes=3000, min_free_bytes=0)
    for seq in range(1, 11):
        await writer.room(2032)
        assert put(writer, seq, seq, body=b"x" * 2000)
    await writer.close()
    assert writer.written_seq == 10


async def test_closing_beside_a_reader_leaves_everything_in_the_one_file(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    put(writer, 1, 5)
    await writer.flush()
    with SessionReader(writer.path) as reader:
        put(writer, 6, 9)
        await writer.close()
        assert reader.extent()[1].last_seq == 9
        copy = tmp_path / "copy.cambist"
        copy.write_bytes(writer.path.read_bytes())
    with SessionReader(copy) as reader:
        assert reader.complete
        assert [info.last_seq for info in reader.index()] == [5, 9]


async def test_a_writer_that_fails_in_an_unforeseen_way_says_so(tmp_path, monkeypatch):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    monkeypatch.setattr(writer_module, "compressed", lambda *_: 1 / 0)
    put(writer, 1, 1)
    await writer.flush()
    assert writer.failure == "ZeroDivisionError: division by zero"
    assert not put(writer, 2, 2)
    await writer.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.binary(max_size=300) | st.just(bytes(700_000)), min_size=1, max_size=6), max_size=8))
def test_whatever_is_put_is_read_back_to_the_byte(tmp_path, batches):
    path = tmp_path / "s.cambist"
    path.unlink(missing_ok=True)
    blocks, seq = [], 1
    for batch in batches:
        blocks.append((seq, b"".join(frame(seq + n, body) for n, body in enumerate(batch)), len(batch)))
        seq += len(batch)

    async def write():
        writer = await SessionWriter.open(path, meta={}, min_free_bytes=0)
        for first, block, count in blocks:
            assert writer.put(
                Block(block, first, first + count - 1, START_NS + first, START_NS + first + count, count, "d")
            )
            if first % 3 == 0:
                await writer.flush()
        await writer.close()

    asyncio.run(write())
    with SessionReader(path) as reader:
        chunks = list(reader.blocks())
        assert reader.breaks() == []
    assert b"".join(chunk.block for chunk in chunks) == b"".join(block for _, block, _ in blocks)


async def test_a_session_holds_its_own_records_once_they_are_on_disk(tmp_path):
    writer = await SessionWriter.open(tmp_path / "s.cambist", meta={}, min_free_bytes=0)
    assert not writer.holds(4)
    put(writer, 5, 8)
    assert not writer.holds(5)
    await writer.flush()
    assert [seq for seq in range(3, 11) if writer.holds(seq)] == [5, 6, 7, 8]
    put(writer, 9, 9)
    assert await writer.durable(9)
    assert writer.holds(9)
    await writer.close()
    assert [seq for seq in range(3, 11) if writer.holds(seq)] == [5, 6, 7, 8, 9]
