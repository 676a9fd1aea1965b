"""Keyframes as they are written: made in a thread, in one commit with the chunk before them, or missing."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import keyframe as keyframe_module
from storage.chunk import Block
from storage.keyframe import KeyframesStored, KeyframeTaken
from storage.session import CHUNK_BYTES, SessionReader, SessionWriter
from storage.verify import DAMAGED, verify
from tests.storage.blocks import START_NS, frame

ROOT = Path(__file__).resolve().parents[2]


def put(writer: SessionWriter, seq: int, made: Callable[[], bytes] | None = None, body: bytes = b"{}") -> bool:
    """Puts one record, sealed with a keyframe if there is something that makes it."""
    taken = None if made is None else KeyframeTaken(seq + 1, START_NS + seq, 10 * seq, made)
    return writer.put(Block(frame(seq, body), seq, seq, START_NS + seq, START_NS + seq, 1, f"d{seq}", taken))


async def opened(path: Path) -> SessionWriter:
    return await SessionWriter.open(path, meta={}, min_free_bytes=0)


def fails() -> bytes:
    message = "in pieces"
    raise RuntimeError(message)


async def test_it_is_made_and_let_go_of_in_a_thread_while_the_loop_goes_on(tmp_path: Path) -> None:
    begun, go_on, threads = threading.Event(), threading.Event(), []

    class Body:
        def __call__(self) -> bytes:
            threads.append(threading.current_thread())
            begun.set()
            assert go_on.wait(30)
            return b"state"

        def __del__(self) -> None:
            threads.append(threading.current_thread())

    writer = await opened(tmp_path / "s.cambist")
    put(writer, 1)
    await writer.flush()
    put(writer, 2, Body())
    assert writer.stored.waiting == 1
    written = asyncio.create_task(writer.flush())
    await asyncio.to_thread(begun.wait, 30)
    with SessionReader(writer.path) as reader:
        assert [(info.last_seq, info.keyframe) for info in reader.index()] == [(1, 0)], "one commit for both"
        assert reader.keyframes() == []
    go_on.set()
    await written
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    with SessionReader(writer.path) as reader:
        assert [(info.last_seq, info.keyframe) for info in reader.index()] == [(1, 0), (2, 1)]
        assert reader.keyframe(3) == b"state"
        (found,) = reader.keyframes()
        assert (found.recv_ns, found.step_ns) == (START_NS + 2, 20)
        stored = sum(info.stored_size for info in reader.index())
    assert writer.stored == KeyframesStored(stored, found.stored_size, found.stored_size)
    assert writer.bytes_written == stored + found.stored_size
    await writer.close()


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.storage.test_keyframe import opened, put

def dies():
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    writer = await opened(Path(sys.argv[1]))
    put(writer, 1, lambda: b"first")
    await writer.flush()
    put(writer, 2, dies)
    await writer.flush()

asyncio.run(main())
"""


def test_a_kill_while_one_is_made_loses_its_chunk_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s.cambist"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with SessionReader(path) as reader:
        assert [(info.last_seq, info.keyframe) for info in reader.index()] == [(1, 1)]
        assert [info.first_seq for info in reader.keyframes()] == [2]
        assert reader.keyframe(2) == b"first"
    assert verify(path).findings == ()


async def test_each_ends_a_chunk_and_has_its_row_however_many_wait(tmp_path: Path) -> None:
    writer = await opened(tmp_path / "s.cambist")
    large = bytes(range(256)) * (CHUNK_BYTES // 400)
    for seq in range(1, 31):
        every = seq % 3 == 0
        put(writer, seq, (lambda seq=seq: b"%d" % seq) if every else None, large if seq % 7 == 0 else b"{}")
    assert writer.stored.waiting == 10
    await writer.close()
    with SessionReader(writer.path) as reader:
        sealed = [info.last_seq for info in reader.index() if info.keyframe]
        assert sealed == list(range(3, 31, 3))
        assert [info.first_seq for info in reader.keyframes()] == [seq + 1 for seq in sealed]
        assert [reader.keyframe(seq + 1) for seq in sealed] == [b"%d" % seq for seq in sealed]
        assert [info.digest for info in reader.index() if info.keyframe] == [f"d{seq}" for seq in sealed]
        sizes = [info.stored_size for info in reader.keyframes()]
        chunks = [info.stored_size for info in reader.index()]
    assert writer.stored == KeyframesStored(sum(chunks), sum(sizes), sizes[-1])


@pytest.mark.parametrize("how", ["fails", "too large"])
async def test_one_that_cant_be_stored_is_missing_and_its_chunk_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(keyframe_module, "MAX_KEYFRAME", 50)
    writer = await opened(tmp_path / "s.cambist")
    put(writer, 1, lambda: bytes(50))
    await writer.flush()
    before = writer.stored
    put(writer, 2, fails if how == "fails" else lambda: bytes(51))
    await writer.flush()
    after = writer.stored
    assert after == before._replace(chunk_bytes=after.chunk_bytes, missing_ns=20, fault=after.fault)
    why = "RuntimeError: in pieces" if how == "fails" else "ValueError: 51 bytes, at most 50 are stored"
    assert after.fault == f"keyframe 3 is missing: {why}"
    assert writer.failure == ""
    put(writer, 3, fails)
    put(writer, 4, lambda: b"later")
    await writer.close()
    assert writer.stored.missing_ns == 0
    assert writer.stored.fault == "keyframe 4 is missing: RuntimeError: in pieces"
    with SessionReader(writer.path) as reader:
        assert [(info.last_seq, info.keyframe) for info in reader.index()] == [(1, 1), (2, 1), (3, 1), (4, 1)]
        assert [(info.first_seq, info.step_ns) for info in reader.keyframes()] == [(2, 10), (5, 20 + 30 + 40)]
    found = verify(writer.path)
    assert (found.exit_code, found.findings) == (DAMAGED, ("keyframe 3: missing", "keyframe 4: missing"))


async def test_a_commit_that_fails_leaves_neither_chunk_nor_keyframe(tmp_path: Path) -> None:
    writer = await opened(tmp_path / "s.cambist")
    put(writer, 1, lambda: b"first")
    await writer.flush()
    stored = writer.stored
    taken = KeyframeTaken(2, START_NS, 10, lambda: b"second")  # the row of the first has that seq
    writer.put(Block(frame(2), 2, 2, START_NS, START_NS, 1, "d2", taken))
    await writer.close()
    assert "UNIQUE" in writer.failure
    assert writer.stored == stored._replace(waiting=1)
    with SessionReader(writer.path) as reader:
        assert [info.last_seq for info in reader.index()] == [1]
        assert [info.first_seq for info in reader.keyframes()] == [2]
