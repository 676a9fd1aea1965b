import random
import sqlite3

import pytest

from cambist.model.events import RecordKind, pack
from storage.chunk import Block
from storage.session import SessionWriter
from storage.verify import DAMAGED, SOUND, UNUSABLE, verify
from tests.storage.blocks import CHANNEL, START_NS, frame, session
from tests.storage.test_session import tamper


async def test_a_sound_session(tmp_path):
    report = verify(await session(tmp_path / "s.cambist"))
    assert report.exit_code == SOUND
    assert report.findings == ()
    assert (report.chunks, report.records, report.first_seq, report.last_seq) == (4, 200, 1, 200)
    assert report.starts_with_state
    assert report.complete
    assert report.last_digest == "d200"


async def test_breaks_bad_records_and_backward_times_are_damage(tmp_path):
    path = await session(tmp_path / "s.cambist")
    tamper(path, "DELETE FROM chunk WHERE first_seq = 51")
    report = verify(path)
    assert (report.exit_code, report.seq_breaks, report.damaged_chunks) == (DAMAGED, 1, 0)
    assert "seq 101 follows 50" in report.findings

    tamper(path, "UPDATE chunk SET crc32 = crc32 + 1 WHERE first_seq = 151")
    report = verify(path)
    assert (report.exit_code, report.damaged_chunks, report.records) == (DAMAGED, 1, 100)


async def test_records_that_are_not_what_the_row_says(tmp_path):
    import zlib

    from backports import zstd

    path = await session(tmp_path / "s.cambist")
    block = b"".join(frame(seq, step_ns=-1_000_000 if seq == 60 else 1_000_000) for seq in range(51, 101))
    sql = "UPDATE chunk SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = 51"
    tamper(path, sql, zstd.compress(block), len(block), zlib.crc32(block))
    report = verify(path)
    assert (report.exit_code, report.backward_times, report.damaged_chunks) == (DAMAGED, 1, 0)

    block = b"".join(frame(seq) for seq in range(52, 102))
    tamper(path, sql, zstd.compress(block), len(block), zlib.crc32(block))
    report = verify(path)
    assert (report.exit_code, report.damaged_chunks) == (DAMAGED, 1)
    assert any("record 52 where 51 belongs" in finding for finding in report.findings)


async def test_truncated_and_flipped_copies_never_pass_and_never_crash(tmp_path):
    path = await session(tmp_path / "s.cambist", chunks=6, per_chunk=200)
    whole = path.read_bytes()
    for keep in (len(whole) // 2, len(whole) - 4096, 5000, 100, 99, 1):
        copy = tmp_path / f"cut{keep}.cambist"
        copy.write_bytes(whole[:keep])
        assert verify(copy).exit_code in (DAMAGED, UNUSABLE), keep
    rng = random.Random(3)
    for n in range(120):
        data = bytearray(whole)
        for _ in range(8):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        copy = tmp_path / f"flip{n}.cambist"
        copy.write_bytes(data)
        assert verify(copy).exit_code in (SOUND, DAMAGED, UNUSABLE)


async def test_a_flip_inside_a_blob_is_found(tmp_path):
    path = await session(tmp_path / "s.cambist")
    database = sqlite3.connect(path)
    blob = bytearray(database.execute("SELECT blob FROM chunk WHERE first_seq = 101").fetchone()[0])
    blob[len(blob) // 2] ^= 4
    database.execute("UPDATE chunk SET blob = ? WHERE first_seq = 101", (bytes(blob),))
    database.commit()
    database.close()
    report = verify(path)
    assert (report.exit_code, report.damaged_chunks) == (DAMAGED, 1)


async def test_foreign_files_are_unusable(tmp_path):
    text = tmp_path / "t.cambist"
    text.write_text("not a session")
    assert verify(text).exit_code == UNUSABLE
    assert verify(tmp_path / "missing").exit_code == UNUSABLE
    empty = await session(tmp_path / "empty.cambist", chunks=0)
    assert verify(empty).exit_code == UNUSABLE


async def moments_session(path, marks: str):
    """Writes a session of a STATE and frames; `!` marks one as a moment, `t` is a TICK, `T` one that is marked."""
    writer = await SessionWriter.open(path, meta={}, channels=[CHANNEL], min_free_bytes=0)
    parts = [frame(1)]
    for seq, mark in enumerate(marks, 2):
        kind = RecordKind.TICK if mark in "tT" else RecordKind.FRAME
        parts.append(pack(seq, START_NS + seq * 1_000_000, kind, b"{}", channel=1, moment=mark in "!T"))
    last = len(parts)
    writer.put(Block(b"".join(parts), 1, last, START_NS + 1_000_000, START_NS + last * 1_000_000, last, ""))
    await writer.close("test")
    return path


@pytest.mark.parametrize(
    ("marks", "moments", "misplaced", "each", "words"),
    [
        ("..!.!!", 3, 0, (2, 3, 3), "6 frames, 3 moments: 2 frames each at the median, 3 at 99 %, 3 at most"),
        ("....", 0, 0, None, "4 frames, none a moment"),
        ("!!!", 3, 0, (1, 1, 1), "3 frames, each a moment"),
        ("..t.!", 1, 0, (2, 2, 2), "4 frames, 1 moments: 2 frames each at the median, 2 at 99 %, 2 at most"),
        ("..T!", 1, 1, (1, 1, 1), "1 at most; 1 marks on records that are no frames count for nothing"),
    ],
)
async def test_moments_are_counted_wherever_they_are(tmp_path, marks, moments, misplaced, each, words):
    report = verify(await moments_session(tmp_path / "m.cambist", marks))
    assert (report.exit_code, report.findings) == (SOUND, ())
    assert (report.moments, report.moments_misplaced, report.frames_per_moment) == (moments, misplaced, each)
    assert words in report.judged
