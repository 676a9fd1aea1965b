"""Stored keyframes: any moment is reached from the nearest one, and is what stepping there would have come to."""

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from cambist import compose
from cambist.engine import build_info
from cambist.kernel import Kernel, read_keyframe, write_keyframe
from cambist.model.events import HEADER
from cambist.runtime import keyframes
from cambist.runtime.headless import replay_all
from cambist.runtime.keyframes import EVERY_NS, FIRST_BYTES, SHARE, Keyframes
from cambist.runtime.replay import Replayer
from storage.chunk import Block
from storage.keyframe import KeyframeRow, KeyframesStored
from storage.reader import SessionReader
from storage.session import SessionWriter
from storage.verify import DAMAGED, SOUND, verify
from tests.cambist.runtime.test_beside import FOREVER_NS, SESSION, pieces
from tests.cambist.runtime.test_hub import all_replay, make_kernel, runtime, until
from tests.fakes import MS, SOL, ScriptedEngine, frame

pytestmark = pytest.mark.timeout(120)
ENGINES = ("native", "reference") if build_info().native else ("reference",)
PLENTY = KeyframesStored(chunk_bytes=2**40, last_bytes=1)
EVERY = 5
"""Blocks from one keyframe of the session here to the next."""


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a keyframe be due after each block."""
    monkeypatch.setattr(keyframes, "EVERY_NS", 1)
    monkeypatch.setattr(keyframes, "SHARE", 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a session of the net as it would be recorded with a keyframe every five blocks of 50 records."""
    path = tmp_path_factory.mktemp("keyframes") / "s.cambist"
    asyncio.run(make(path))
    return path


async def make(path: Path) -> None:
    counts, seq = Keyframes(), 1
    with SessionReader(SESSION) as reader, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyframes, "SHARE", 0)
        kernel = compose.replay_kernel(reader, ENGINES[0])
        writer = await SessionWriter.open(path, meta={}, channels=reader.channels, min_free_bytes=0)
        for at, (data, count) in enumerate(pieces(reader, 50)):
            kernel.step(data)
            counts.spent(EVERY_NS if at % EVERY == EVERY - 1 else 0)
            digest, keyframe = kernel.digest, counts.due(kernel, writer.stored)
            if keyframe is not None:
                kernel.seal()
            times = HEADER.unpack_from(data)[1], kernel.now_ns
            writer.put(Block(data, seq, seq + count - 1, *times, count, digest, keyframe))
            await writer.flush()
            seq += count
        await writer.close("made")
    assert writer.failure == ""


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "s.cambist"
    copy.write_bytes(made.read_bytes())
    return copy


@pytest.fixture(params=ENGINES)
def replays(request: pytest.FixtureRequest, path: Path) -> Iterator[Any]:
    with SessionReader(path) as reader:
        yield lambda **how: Replayer(reader, compose.replay_kernel(reader, request.param), **how)


def tamper(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(sql, values)


def rewrite(path: Path, first_seq: int, body: bytes) -> None:
    sql = "UPDATE keyframe SET blob = ?, raw_size = ?, crc32 = ? WHERE first_seq = ?"
    tamper(path, sql, zstd.compress(body), len(body), zlib.crc32(body), first_seq)


def stands(kernel: Kernel) -> tuple[object, ...]:
    shown = kernel.engine.present(kernel.now_ns)
    return kernel.state(), kernel.digest, kernel.totals, kernel.outcomes, kernel.declined, kernel.now_ns, shown


def stepped(replayer: Replayer, at_ns: int) -> Replayer:
    while not replayer.finished and replayer.step(at_ns, 2**62)[1] <= at_ns:
        pass
    return replayer


def test_a_moment_that_is_jumped_to_is_what_stepping_there_comes_to(replays: Any) -> None:
    reader = replays().reader
    first_ns, last_ns = reader.index()[0].first_ns, reader.index()[-1].last_ns
    whole = replays(keyframes=False)
    whole.run()
    assert whole.match is True
    jumps = replays()
    jumps.step(FOREVER_NS, 1)
    for part in (90, 7, 55):
        at_ns = first_ns + (last_ns - first_ns) * part // 100
        jumps.seek(at_ns)
        assert stands(jumps.kernel) == stands(stepped(replays(keyframes=False), at_ns).kernel), part
    jumps.run()
    assert jumps.unusable == []
    assert (jumps.match, jumps.kernel.digest) == (True, whole.kernel.digest)


def test_a_jump_claims_no_chunk_that_it_did_not_see(replays: Any) -> None:
    jumps = replays()
    jumps.step(FOREVER_NS, 1)
    # The last one may end the session: there is to be something after.
    last = jumps.reader.keyframes()[-2].first_seq
    after = [chunk for chunk in jumps.reader.index() if chunk.first_seq >= last]
    jumps.seek(after[0].first_ns)
    assert jumps.jumped
    assert jumps.match is None
    jumps.run()
    assert (jumps.match, jumps.compared) == (True, len(after))
    report = jumps.report("s", 1.0)
    assert (report["chunks_compared"], report["chunks"]) == (jumps.compared, len(jumps.reader.index()))
    jumps.seek(0)
    jumps.run()
    assert (jumps.match, jumps.compared) == (True, jumps.comparable)


def test_a_whole_replay_steps_over_no_keyframe_and_asks_none(replays: Any, path: Path) -> None:
    tamper(path, "DELETE FROM keyframe")
    for batch in (None, 1, 7):
        each = replays()
        found = replay_all(each.reader, each.kernel, batch)
        assert (found.match, found.compared) == (True, len(found.reader.index()))


def damage(path: Path, how: str, seq: int) -> None:
    """Spoils the keyframe that goes on with the chunk at `seq`."""
    with SessionReader(path) as reader:
        body = reader.keyframe(seq)
        other = reader.keyframe(reader.keyframes()[0].first_seq)
    match how:
        case "crc":
            tamper(path, "UPDATE keyframe SET crc32 = crc32 + 1 WHERE first_seq = ?", seq)
        case "cut":
            tamper(path, "UPDATE keyframe SET blob = substr(blob, 1, 99) WHERE first_seq = ?", seq)
        case "missing":
            tamper(path, "DELETE FROM keyframe WHERE first_seq = ?", seq)
        case "no keyframe":
            rewrite(path, seq, b"CMBF" + bytes(40))
        case "no state":
            rewrite(path, seq, body[: len(body) - 9])
        case "no engine":
            rewrite(path, seq, body.replace(b"CMBS", b"CMBX", 1))
        case "another's":
            rewrite(path, seq, other)
        case "newer":
            rewrite(path, seq, body.replace(b'{"schema":3', b'{"schema":9', 1))


UNSEEN = {
    "no keyframe": "not a keyframe",
    "no state": "not a STATE record",
    "no engine": "not a snapshot",
    "another's": "it is of record",
    "newer": "keyframe of schema 9",
}
"""Whose crc32 is right, and what is said who tries to go on from it."""


@pytest.mark.parametrize("how", ["crc", "cut", "missing", *UNSEEN])
def test_a_damaged_keyframe_is_named_and_an_earlier_one_is_gone_on_from(path: Path, how: str) -> None:
    with SessionReader(path) as reader:
        end_ns, seq = reader.index()[-1].last_ns, reader.keyframes()[-1].first_seq
    damage(path, how, seq)
    assert verify(path).exit_code == (SOUND if how in UNSEEN else DAMAGED)
    report = verify(path, compose.keyframe_check())
    assert (report.exit_code, report.damaged_keyframes) == (DAMAGED, 1)
    assert [text.partition(":")[0] for text in report.findings] == [f"keyframe {seq}"]
    assert UNSEEN.get(how, "") in report.findings[0]
    with SessionReader(path) as reader:
        whole = replay_all(reader, compose.replay_kernel(reader, None))
        assert whole.match is True
        jumps = Replayer(reader, compose.replay_kernel(reader, None))
        jumps.step(FOREVER_NS, 1)
        jumps.seek(end_ns)
        jumps.run()
        assert (jumps.match, jumps.kernel.digest) == (True, whole.kernel.digest)
        assert stands(jumps.kernel) == stands(whole.kernel)
        told = [] if how == "missing" else [f"keyframe {seq} can't be used"]
        assert [why.partition(":")[0] for why in jumps.unusable] == told


def test_a_keyframe_of_a_session_that_decided_otherwise_is_named(path: Path) -> None:
    with SessionReader(path) as reader:
        seq = reader.keyframes()[-1].first_seq
        body = reader.keyframe(seq)
    assert verify(path, compose.keyframe_check()).exit_code == SOUND
    sealed = read_keyframe(body).sealed
    rewrite(path, seq, body.replace(sealed.encode(), sealed[::-1].encode(), 1))
    report = verify(path, compose.keyframe_check())
    assert report.findings == (f"keyframe {seq}: it is sealed with another digest than its chunk has",)


def test_no_keyframe_is_gone_on_from_once_decisions_differ(path: Path) -> None:
    tamper(path, "UPDATE chunk SET digest = '00' || substr(digest, 3) WHERE first_seq = 1")
    with SessionReader(path) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        replayer.seek(reader.index()[0].last_ns)
        replayer.step(FOREVER_NS, 1)
        assert replayer.match is False
        replayer.seek(reader.index()[-1].last_ns)
        assert not replayer.jumped
        assert replayer.first_divergent_seq == 1


def test_records_that_miss_after_a_keyframe_are_named(path: Path) -> None:
    with SessionReader(path) as reader:
        seq, last = (info.first_seq for info in reader.keyframes()[-2:])
        end_ns = reader.index()[-1].last_ns
    tamper(path, "DELETE FROM chunk WHERE first_seq = ?", seq)
    tamper(path, "DELETE FROM keyframe WHERE first_seq = ?", last)
    with SessionReader(path) as reader:
        replayer = Replayer(reader, compose.replay_kernel(reader, None))
        replayer.step(FOREVER_NS, 1)
        replayer.seek(end_ns)
        assert f"records {seq} to" in replayer.damage
        assert replayer.match is False


def test_a_live_session_with_many_keyframes_replays_to_its_digest(tmp_path: Path, often: None) -> None:
    live = runtime(tmp_path)
    live.start()
    until(lambda: live.view.headline.fills >= 3)
    live.source._run.recording.due_acts.append("rotate")
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills >= fills + 3)
    live.close()
    report = live.report()
    assert report["recorded_digest"] == report["digest"]
    assert all_replay(tmp_path) == sum(verify(each).records for each in tmp_path.glob("*.cambist"))
    for each in tmp_path.glob("*.cambist"):
        found = verify(each)
        assert (found.exit_code, found.damaged_keyframes) == (SOUND, 0)
        assert found.keyframes > 10
        assert found.longest_stretch_ns


def test_what_is_copied_is_the_keyframe_of_then_however_far_the_kernel_went_on() -> None:
    with SessionReader(SESSION) as reader:
        for engine in ENGINES:
            kernel, copies = compose.replay_kernel(reader, engine), []
            for at, (data, _) in enumerate(pieces(reader, 50)):
                kernel.step(data)
                if at % EVERY == 0:
                    copies.append((kernel.copied(), write_keyframe(kernel.keyframe())))
            assert [write_keyframe(copied.keyframe()) for copied, _ in copies] == [was for _, was in copies]


def test_orders_risk_and_counts_are_copied_too() -> None:
    kernel, copies = make_kernel(), []
    for seq in range(1, 60):
        decide = [{"key": f"k{seq}", "route": [f"k{seq}"]}] if seq % 2 else []
        decide += [{"key": f"d{seq}", "route": ["k1"]}] if seq % 5 == 0 else []
        kernel.step(frame(seq, seq * 3 * MS, decide=decide, pays=1_010_000_000 - seq * 1_000_000))
        copies.append((kernel.copied(), write_keyframe(kernel.keyframe())))
    orders = {len(copied.body.kernel.open_orders) for copied, _ in copies}
    assert max(orders) > 1
    assert 0 < len(copies[30][0].outcomes) < len(kernel.outcomes)
    assert 0 < len(copies[30][0].declined) < len(kernel.declined)
    assert len({msgspec.json.encode(copied.body.kernel.risk) for copied, _ in copies}) > 30
    assert [write_keyframe(copied.keyframe()) for copied, _ in copies] == [was for _, was in copies]


def test_one_is_due_after_half_a_second_of_stepping() -> None:
    kernel, counts = make_kernel(), Keyframes()
    counts.spent(EVERY_NS - 1)
    assert counts.due(kernel, PLENTY) is None
    counts.spent(1)
    first = counts.due(kernel, PLENTY)
    assert first is not None
    assert (first.step_ns, first.first_seq) == (EVERY_NS, 1)
    then = write_keyframe(kernel.keyframe())
    kernel.step(frame(1, 5))
    assert first.body() == then != write_keyframe(kernel.keyframe())
    assert counts.due(kernel, PLENTY) is None, "it counts anew"
    assert counts.tail_ns(PLENTY) == 0
    counts.spent(7)
    assert counts.tail_ns(PLENTY._replace(missing_ns=5)) == 12
    counts.begin()
    assert counts.tail_ns(PLENTY) == 0


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (KeyframesStored(), FIRST_BYTES),
        (KeyframesStored(waiting=2), 3 * FIRST_BYTES),
        (KeyframesStored(keyframe_bytes=700, last_bytes=300), 1_000),
        (KeyframesStored(keyframe_bytes=700, last_bytes=300, waiting=1), 1_300),
    ],
)
def test_each_fits_a_tenth_of_the_session_by_the_size_of_the_newest(stored: KeyframesStored, expected: int) -> None:
    kernel, counts = make_kernel(), Keyframes()
    counts.spent(EVERY_NS)
    assert counts.due(kernel, stored._replace(chunk_bytes=expected * SHARE - 1)) is None
    assert counts.due(kernel, stored._replace(chunk_bytes=expected * SHARE)) is not None


def test_the_next_session_begins_with_the_size_that_the_last_one_came_to() -> None:
    kernel, counts = make_kernel(), Keyframes()
    counts.due(kernel, KeyframesStored(last_bytes=300))
    counts.begin()
    counts.spent(EVERY_NS)
    assert counts.due(kernel, KeyframesStored(chunk_bytes=300 * SHARE - 1)) is None
    assert counts.due(kernel, KeyframesStored(chunk_bytes=300 * SHARE)) is not None


def test_a_session_with_a_keyframe_that_is_missing_goes_without() -> None:
    kernel, counts = make_kernel(), Keyframes()
    counts.spent(EVERY_NS)
    assert counts.due(kernel, PLENTY._replace(fault="keyframe 5 is missing: too large")) is None


@given(st.lists(st.tuples(st.integers(1, 50_000), st.integers(100, 3_000), st.booleans()), max_size=60))
def test_the_share_is_passed_by_no_more_than_one_is_larger_than_the_one_before(
    steps: list[tuple[int, int, bool]],
) -> None:
    """Of each step: bytes of its chunk, size of a keyframe taken then, whether the writer gets round to write now."""
    kernel, counts, stored = make_kernel(), Keyframes(), KeyframesStored(last_bytes=100)
    queue: list[tuple[int, int]] = []
    unforeseen, known = 0, 100
    for chunk, size, writes in steps:
        counts.spent(EVERY_NS)
        taken = counts.due(kernel, stored)
        stored = stored._replace(waiting=stored.waiting + (taken is not None))
        queue.append((chunk, 0 if taken is None else size))
        unforeseen += 0 if taken is None else max(0, size - known)
        for chunk_bytes, blob in queue if writes else ():
            row = KeyframeRow(1, 1, 1, "zstd", 0, 1, bytes(blob)) if blob else None
            stored, known = stored.after(chunk_bytes, row), blob or known
            assert (stored.keyframe_bytes - unforeseen) * SHARE <= stored.chunk_bytes
        queue = [] if writes else queue
    assert stored.waiting == sum(bool(blob) for _, blob in queue)


class Stuck(ScriptedEngine):
    """An engine of whose state no snapshot can be made, but the first, a session's STATE."""

    def keyframe(self) -> Any:
        return self

    def encode(self) -> bytes:
        message = "the state is in pieces"
        raise RuntimeError(message)


def test_a_keyframe_that_cant_be_made_is_missing_and_named_and_the_session_replays(tmp_path: Path, often: None) -> None:
    live = runtime(tmp_path)
    live.kernel.engine = Stuck(live.kernel.setup.engine)
    live.kernel._make = lambda name, setup: Stuck(setup)
    live.start()
    until(lambda: any("is missing" in row.text for row in live.view.log.rows))
    fills = live.view.headline.fills
    until(lambda: live.view.headline.fills >= fills + 3)
    rows = [row for row in live.view.log.rows if "is missing" in row.text]
    live.close()
    report = live.report()
    assert report["recorded_digest"] == report["digest"]
    assert [(row.level, row.source) for row in rows] == [("warn", "recorder")]
    assert "RuntimeError: the state is in pieces" in rows[0].text
    assert all_replay(tmp_path) > 0
    (path,) = tmp_path.glob("*.cambist")
    with SessionReader(path) as reader:
        sealed = [info.last_seq + 1 for info in reader.index() if info.keyframe]
        assert sealed
        assert any(f"keyframe {seq} is missing" in rows[0].text for seq in sealed)
        assert reader.keyframes() == []
        tail_ns = int(reader.meta["tail_step_ns"])
    found = verify(path)
    assert (found.exit_code, found.damaged_keyframes) == (DAMAGED, len(sealed))
    assert found.findings == tuple(f"keyframe {seq}: missing" for seq in sealed)
    assert found.longest_stretch_ns == tail_ns > 0


def test_a_keyframe_reads_as_written_and_seals_the_digest() -> None:
    kernel = make_kernel()
    kernel.totals.skipped["open_edge"] = 3
    kernel.totals.earned.net[SOL] = 2**70
    kernel.declined["k"] = {"negative_cycle": "open_edge"}
    frame = read_keyframe(write_keyframe(kernel.keyframe()))
    assert (frame.totals, frame.state) == (kernel.totals, kernel.state())
    assert frame.declined == {"k": {"negative_cycle": "open_edge"}}
    assert frame.sealed == kernel.digest
    sealed = make_kernel()
    sealed.rewind(frame)
    kernel.seal()
    assert sealed.digest == kernel.digest == frame.sealed
    for each in (sealed, kernel):
        each.step(HEADER.pack(1, 5, 2, 0, 0, 0, 0, 0))
    assert sealed.digest == kernel.digest != frame.sealed
    with pytest.raises(ValueError, match="not a keyframe"):
        read_keyframe(b"CMBF")


def test_a_keyframe_of_one_strategy_is_still_read() -> None:
    """Schema 2 had one reason for a cycle, and no counts by strategy."""
    kernel = make_kernel()
    kernel.declined["k"] = {"negative_cycle": "open_edge"}
    body = write_keyframe(kernel.keyframe())
    size = int.from_bytes(body[4:8], "little")
    head = json.loads(body[8 : 8 + size])
    head["schema"], head["declined"] = 2, {"k": "open_edge"}
    del head["totals"]["declined"]
    older = json.dumps(head).encode()
    frame = read_keyframe(body[:4] + len(older).to_bytes(4, "little") + older + body[8 + size :])
    assert frame.declined == {"k": {"": "open_edge"}}
    again = make_kernel()
    again.rewind(frame)
    assert (again.state(), again.digest, again.totals) == (kernel.state(), kernel.digest, kernel.totals)


def test_a_keyframe_is_of_the_record_before_the_one_that_goes_on_from_it() -> None:
    kernel = make_kernel()
    kernel.step(frame(7, 5))
    body = write_keyframe(kernel.keyframe())
    assert read_keyframe(body, 8).last_seq == 7
    for other in (0, 7, 9):
        with pytest.raises(ValueError, match="it is of record 7"):
            read_keyframe(body, other)


@given(st.data())
def test_a_keyframe_that_is_cut_or_changed_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    kernel = make_kernel()
    kernel.totals.earned.net[SOL] = 5
    whole = write_keyframe(kernel.keyframe())
    at = data.draw(st.integers(0, len(whole) - 1))
    body = data.draw(
        st.sampled_from((whole[:at], whole[:at] + b"\x00" + whole[at + 1 :], whole[:at] + whole[at + 1 :]))
    )
    other = make_kernel()
    try:
        other.rewind(read_keyframe(body))
    except ValueError:
        return
    assert len(other.digest) == 64
