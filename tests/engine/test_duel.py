"""The duel: a child process that times both engines and leaves no trace."""

import time

import msgspec
import pytest

from cambist.engine import duel as duel_module
from cambist.engine import make_engine
from cambist.engine.duel import MIN_SAMPLES, MODULES, UNTIMED, Bench, Duel, Timing, measure_once
from cambist.engine.duel_cases import Captured, Case, cases
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.engine.snapshot import Keyframe
from cambist.model.events import RecordKind, pack
from tests.parity.markets import Market, run, setup
from tests.parity.moments import marked_last


def captured(*, moments: bool = False) -> tuple[bytes, bytes, bytes]:
    """Returns setup, snapshot and the block that came next, the last frame of which is a moment."""
    made = setup(moments=moments)
    market, engine = Market(), make_engine("reference", made)
    market.open()
    for price in range(4):
        market.ticker(f"15{price}.00", f"15{price}.50")
    run(engine, market.take())
    snapshot = engine.snapshot()
    market.trade("ray-sol-usdc", 10**11, a_to_b=True)
    market.next_slot()
    market.ticker("150.00", "150.20")
    market.depth([("149.00", "3")], [])
    return msgspec.json.encode(made), snapshot, marked_last(market.take())


def test_no_figure_under_thirty_samples():
    timing = Timing()
    for _ in range(MIN_SAMPLES - 1):
        timing.add(Case("x", lambda: 1, lambda: 1))
    assert timing.row("x").rust_p50 is None
    assert timing.row("x").samples == MIN_SAMPLES - 1
    timing.add(Case("x", lambda: 1, lambda: 1))
    row = timing.row("x")
    assert row.rust_p50 is not None
    assert row.python_p99 is not None
    assert row.ratio is not None


def test_a_different_answer_is_counted():
    timing = Timing()
    timing.add(Case("x", lambda: 1, lambda: 2))
    assert timing.row("x").mismatches == 1


def test_a_refusal_is_an_answer():
    def refuse():
        raise ValueError("no")

    timing = Timing()
    timing.add(Case("x", refuse, refuse))
    assert timing.row("x").mismatches == 0


def test_every_module_is_measured_and_agrees():
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    rows = {row.module: row for row in measure_once(*captured(), rounds=2)}
    assert set(rows) == set(MODULES)
    assert all(row.samples > 0 for row in rows.values())
    assert {row.module for row in rows.values() if row.mismatches} == set()


def read(*, moments: bool) -> Captured:
    """Returns what was captured, as the duel has it."""
    made, snapshot, block = captured(moments=moments)
    return Captured(msgspec.json.decode(made, type=EngineSetup), snapshot, block)


def test_a_module_without_a_sample_says_why():
    assert set(UNTIMED) == set(MODULES)
    assert {row.why for row in Bench().rows()} == set(UNTIMED.values())
    assert Timing(samples=7).row("graph").why == f"7 of {MIN_SAMPLES} timings"
    bench = Bench()
    for _ in range(MIN_SAMPLES):
        bench.run(read(moments=False))
    assert {row.why for row in bench.rows()} == {""}


def test_graphs_are_kept_and_moved_alike():
    """A move stays until the next one: what is searched around it afterwards has gained."""
    found = [case for case in cases(read(moments=False)) if case.module in ("graph", "multiverse")]
    assert len(found) % 4 == 0
    assert found
    answers = [(case.native(), case.reference()) for case in found]
    assert all(native == reference for native, reference in answers)
    searched = [native for case, (native, _) in zip(found, answers, strict=True) if case.module == "multiverse"]
    assert any(moved != back for moved, back in zip(searched[::2], searched[1::2], strict=True))
    again = [case.native() for case in found]
    assert again == [native for native, _ in answers], "and comes back to where it began"


@pytest.mark.parametrize("moments", [False, True])
def test_what_frames_move_is_judged_in_the_row_of_ingest(moments):
    (case,) = [case for case in cases(read(moments=moments)) if case.module == "ingest"]
    decided = case.native()
    assert b"".join(decided)
    assert decided == case.reference()


def test_the_child_times_what_it_is_given_and_is_gone_after():
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    facts, snapshot, block = captured()
    duel = Duel.start(facts)
    process = duel._child
    try:
        deadline = time.monotonic() + 30
        while not duel.rows() and time.monotonic() < deadline:
            duel.offer(Keyframe(snapshot), block)
            time.sleep(0.05)
        rows = duel.rows()
    finally:
        duel.close()
    assert [row.module for row in rows] == list(MODULES)
    assert process.returncode is not None
    duel.offer(Keyframe(snapshot), block)
    duel.close()


def test_a_child_that_dies_is_told(monkeypatch):
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    duel = Duel.start(b"{}")
    duel._child.kill()
    duel.offer(Keyframe(b"x"), b"y")
    deadline = time.monotonic() + 10
    while duel.state.kind != "error" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert duel.state.kind == "error"
    duel.close()


def test_without_the_native_engine_it_says_so(monkeypatch):
    from cambist.engine import BuildInfo

    monkeypatch.setattr(duel_module, "build_info", lambda: BuildInfo(False, "", "no module named _native"))
    duel = Duel.start(b"{}")
    duel.offer(Keyframe(b""), b"")
    assert duel.rows() == ()
    assert "no module named _native" in duel.state.cause
    duel.close()
    assert measure_once(b"{}", b"{}", b"") == ()


def test_half_a_record_at_the_end_is_left_out():
    _, snapshot, block = captured()
    whole = Captured(setup(), snapshot, block).records
    assert len(Captured(setup(), snapshot, block[:-5]).records) == len(whole) - 1
    assert Bench().rows()[0].samples == 0


def plain(seq: int, kind: int = RecordKind.FRAME, *, moment: bool = False) -> bytes:
    """Returns a record without a channel."""
    return pack(seq, seq, kind, b"x" * seq, moment=moment)


def seqs(block: bytes, *, moments: bool = True) -> list[int]:
    """Returns the seqs of the records that the duel takes of a block."""
    return [record.seq for record in Captured(EngineSetup(moments=moments), b"", block).records]


def test_what_is_timed_ends_at_a_moment():
    frames = b"".join(plain(seq, moment=seq == 2) for seq in range(1, 5))
    assert seqs(frames) == [1, 2]
    assert seqs(frames, moments=False) == [1, 2, 3, 4]
    assert seqs(frames + plain(5, RecordKind.TICK)) == [1, 2, 3, 4, 5]
    assert seqs(frames + plain(5, RecordKind.TICK) + plain(6, RecordKind.STATE) + plain(7, moment=True)) == [
        *range(1, 6)
    ]
    assert seqs(plain(1)) == []


def test_after_enough_records_the_next_moment_is_the_end():
    many = b"".join(plain(seq, moment=seq in (47, 50, 60)) for seq in range(1, 70))
    assert seqs(many) == [*range(1, 51)]
    assert seqs(b"".join(plain(seq, moment=True) for seq in range(1, 70))) == [*range(1, 49)]


def test_what_is_no_frame_is_stepped_too():
    made, snapshot, block = captured(moments=True)
    tick = pack(999, Market().now_ns + 10**9, RecordKind.TICK, b"")
    (case,) = [
        case
        for case in cases(Captured(msgspec.json.decode(made, type=EngineSetup), snapshot, block + tick))
        if case.module == "ingest"
    ]
    decided = case.native()
    assert decided == case.reference()
    assert case.units == len(seqs(block)) + 1
