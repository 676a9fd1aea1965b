"""The duel: a child process that times both engines and leaves no trace."""

import time

import msgspec
import pytest

from cambist.engine import duel as duel_module
from cambist.engine import make_engine
from cambist.engine.duel import MIN_SAMPLES, MODULES, Bench, Duel, Timing, measure_once
from cambist.engine.duel_cases import Captured, Case
from tests.parity.markets import Market, run, setup


def captured() -> tuple[bytes, bytes, bytes]:
    """Returns setup, snapshot and the block that came next."""
    market, engine = Market(), make_engine("reference", setup())
    market.open()
    for price in range(4):
        market.ticker(f"15{price}.00", f"15{price}.50")
    run(engine, market.take())
    snapshot = engine.snapshot()
    market.trade("ray-sol-usdc", 10**11, a_to_b=True)
    market.next_slot()
    market.ticker("150.00", "150.20")
    market.depth([("149.00", "3")], [])
    return msgspec.json.encode(setup()), snapshot, market.take()


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


def test_the_child_times_what_it_is_given_and_is_gone_after():
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    facts, snapshot, block = captured()
    duel = Duel.start(facts)
    process = duel._child
    try:
        deadline = time.monotonic() + 30
        while not duel.rows() and time.monotonic() < deadline:
            duel.offer(snapshot, block)
            time.sleep(0.05)
        rows = duel.rows()
    finally:
        duel.close()
    assert [row.module for row in rows] == list(MODULES)
    assert process.returncode is not None
    duel.offer(snapshot, block)
    duel.close()


def test_a_child_that_dies_is_told(monkeypatch):
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    duel = Duel.start(b"{}")
    duel._child.kill()
    duel.offer(b"x", b"y")
    deadline = time.monotonic() + 10
    while duel.state.kind != "error" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert duel.state.kind == "error"
    duel.close()


def test_without_the_native_engine_it_says_so(monkeypatch):
    from cambist.engine import BuildInfo

    monkeypatch.setattr(duel_module, "build_info", lambda: BuildInfo(False, "", "no module named _native"))
    duel = Duel.start(b"{}")
    duel.offer(b"", b"")
    assert duel.rows() == ()
    assert "no module named _native" in duel.state.cause
    duel.close()
    assert measure_once(b"{}", b"{}", b"") == ()


def test_half_a_record_at_the_end_is_left_out():
    _, snapshot, block = captured()
    whole = Captured(setup(), snapshot, block).records
    assert len(Captured(setup(), snapshot, block[:-5]).records) == len(whole) - 1
    assert Bench().rows()[0].samples == 0
