"""The bench's parts on tiny inputs: what they return, never how fast."""

import json
import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cambist import engine
from cambist.bench import asking, picows_client, seeking, suite, truth
from cambist.bench import demo as bench_demo
from cambist.bench import engine as bench_engine
from cambist.bench import screen as bench_screen
from cambist.bench import transport as bench_transport
from cambist.bench.engine import ingest, pictures, search
from cambist.bench.engine.node import opened
from cambist.bench.goal import Judged, Of, verdict
from cambist.engine.reference.engine import ReferenceEngine
from cambist.engine.reference.engine.picture import PicturedPool
from cambist.engine.series import indicator_table
from cambist.model.events import HEADER, RecordKind

pytestmark = pytest.mark.timeout(400)

TINY_DEMO = bench_demo.Plan(seconds=3.0, second_at=4.0, second_seconds=2.0, passes=1, rounds=1)


def says_what_became_of_its_goal(row: Judged) -> None:
    """Fails for a row with a goal and no verdict, unless what it would take was not measured."""
    figures = row.figures()
    beside = Of.PYTHON if row.goal.endswith("× python") else Of.PEER
    unmeasured = figures[Of.VALUE] is None or ("×" in row.goal and figures[beside] is None)
    assert (row.met is not None) == bool(row.goal and not unmeasured), row
    said = verdict(row.goal, row.met)
    assert bool(said) == bool(row.goal)
    assert f"{row.goal} {said}".strip() in suite.line(row)


def rows(plan: suite.Plan) -> dict[str, Any]:
    shown: list[Any] = []
    found = suite.run(lambda _: None, plan, shown.append)
    assert shown == found["rows"]
    assert found["schema"] == 1
    assert found["machine"]["cores"]
    printed = [suite.line(row) for row in found["rows"]]
    assert all(line and line == line.rstrip() for line in printed)
    for row in found["rows"]:
        says_what_became_of_its_goal(row)
    kept = json.loads(msgspec.json.encode(found))["rows"]
    assert all({"goal", "met"} <= row.keys() for row in kept)
    return {row["name"]: row for row in kept}


def test_the_seek_part_opens_moments_of_a_long_session_within_its_share_of_keyframes() -> None:
    plan = seeking.Plan(seconds=3.0, rate=4.0, frames=20_000, moments=3)
    found = rows(suite.Plan(seek=plan, parts=("seek",)))
    assert found["any moment of a session opens in, most"]["value"] > 0
    assert found["keyframes, share of a session"]["met"] is True
    assert " frames, 0.0" in found["any moment of a session opens in, p50"]["note"]


def test_the_asked_part_asks_a_sound_journal_of_so_many_rows() -> None:
    plan = asking.Plan(seconds=4.0, rate=8.0, rows=20_000, times=3)
    found = rows(suite.Plan(asked=plan, parts=("asked",)))
    assert [name.split(",")[0] for name in found] == [
        *("cambist balance", "cambist positions", "cambist orders", "cambist history", "cambist depth")
    ]
    for row in found.values():
        assert row["value"] > 0, row["note"]
        assert " ms of processor at the median" in row["note"]
    counted = found["cambist balance, of a journal, p50"]["note"].split(" rows")[0].rpartition(" ")[2]
    assert int(counted.replace(",", "")) >= 20_000


def test_the_truth_part_times_decisions_until_their_block_is_on_disk() -> None:
    found = rows(suite.Plan(truth=truth.Plan(rate=8.0, seconds=8.0), parts=("truth",)))
    name, disk = "order of truth, a decision's rows handed over", "order of truth, its block on disk"
    assert list(found) == [f"{each}, p{q}" for each in (name, disk) for q in (50, 99)]
    assert 0 < found[f"{name}, p50"]["value"] <= found[f"{name}, p99"]["value"]
    assert 0 < found[f"{disk}, p50"]["value"] <= found[f"{disk}, p99"]["value"]
    assert found[f"{name}, p99"]["met"] is (found[f"{name}, p99"]["value"] <= truth.MOST_US)
    assert " decisions at " in found[f"{name}, p50"]["note"]


def test_the_demo_part_gives_every_row_and_equal_digests() -> None:
    found = rows(suite.Plan(demo=TINY_DEMO, parts=("demo",)))
    assert found["demo market, frames a second"]["value"] > 0
    assert found["any frame through the engine, p99"]["value"] > 0
    digests = {name: row for name, row in found.items() if name.startswith("digest: ")}
    assert len(digests) == 5
    for row in digests.values():
        assert row["value"] == 1.0 or (row["value"] is None and row["note"])
    native = engine.build_info().native
    modules = [row for name, row in found.items() if name.startswith("module")]
    assert len(modules) == (10 if native else 1)
    assert all(row["value"] is not None or row["note"] for row in modules)


def test_a_row_without_recordings_says_why(tmp_path: Path) -> None:
    found = rows(suite.Plan(recordings=tmp_path, parts=("import",)))
    assert [row["value"] for row in found.values()] == [None] * 3
    assert all("no exchange recordings" in row["note"] for row in found.values())


def test_the_dashboard_is_measured_in_a_terminal_of_its_own() -> None:
    plan = bench_screen.Plan(seconds=1.0, settle=0.5, keys=4, starts=1, rate=1.0)
    found = rows(suite.Plan(screen=plan, switching_s=0.4, parts=("screen",)))
    if "the dashboard at 120×40" in found:
        why = found["the dashboard at 120×40"]["note"]
        assert why.startswith("no pseudo-terminal"), why
        pytest.skip(why)
    assert 0 < found["painting, share of one core"]["value"] < 100
    assert found["Views shown a second"]["value"] > 0
    assert found["key to paint, p99"]["value"] >= found["key to paint, p50"]["value"] > 0
    assert found["start to first painted price"]["value"] > 0
    for transport in ("websockets", "native") if engine.build_info().native else ("websockets",):
        beside = found[f"in a session by {transport}, frame to engine, p99"]
        assert beside["value"] > 0
        assert beside["peer_value"] > 0
        for words in ("headless", "with the dashboard"):
            name = f"in a session by {transport}, {words}"
            half, late = (found[f"{name}, frame to decision, p{q}"] for q in (50, 99))
            assert 0 < half["value"] <= late["value"]
            assert late["value"] > beside["value" if words == "headless" else "peer_value"]
            assert (found[f"{name}, cut moments"]["value"], found[f"{name}, cut moments"]["met"]) == (0, True)


def test_a_key_is_matched_with_the_next_painting_of_its_panel() -> None:
    typed = [("1", 1.0), ("2", 2.0), ("1", 3.0), ("2", 4.0)]
    painted = (("2", 0.5), ("1", 1.25), ("2", 2.5), ("1", 3.125))
    assert bench_screen._delays(typed, painted) == [0.25, 0.5, 0.125]


def test_records_are_taken_apart_whole() -> None:
    parts = [HEADER.pack(n, n, RecordKind.FRAME, 0, 1, 1, 0, n) + bytes(n) for n in range(4)]
    assert bench_demo.records(b"".join(parts)) == parts


def test_a_percentile_is_one_of_the_values() -> None:
    assert bench_demo.percentile([5.0, 1.0, 3.0], 50) == 3.0
    assert bench_demo.percentile([5.0, 1.0, 3.0], 99) == 5.0


def test_engine_rows_have_both_engines_and_a_peer_of_the_same_run():
    cases = list(bench_engine.cases())
    found = [bench_engine.measured(case, bench_engine.Plan(rounds=1, round_s=0.001)) for case in cases]
    assert len({(row.name, row.size) for row in found}) == len(found) >= 4
    for case, row in zip(cases, found, strict=True):
        assert row.python_ns
        assert row.python_ns > 0
        assert suite.line(row).startswith(row.name)
        if engine.build_info().native:
            assert row.rust_ns
            assert row.speedup == pytest.approx(row.python_ns / row.rust_ns)
            unjudged = row.peer_ns is None and any(against == "peer" for against, _ in case.goals)
            unjudged |= case.most_passes is not None and case.once is None
            assert (row.met is None) == (not row.goal or unjudged)
    for row in (*found, *search.rows(bench_engine.Plan(rounds=1))):
        says_what_became_of_its_goal(row)


def test_the_peer_of_the_ticks_computes_what_the_table_does() -> None:
    wickra = pytest.importorskip("wickra")
    rsi, ema, bands, kama = wickra.RSI(14), wickra.EMA(20), wickra.BollingerBands(20, 2.0), wickra.KAMA(10, 2, 30)
    table, noise = indicator_table(1), random.Random(7)
    # Kaufman's average begins one bar apart, which a thousand ticks make good.
    for _ in range(1_000):
        price = 100 + noise.random()
        ours = table.update(0, price)
        upper, middle, lower, _ = bands.update(price) or (None,) * 4
        theirs = rsi.update(price), ema.update(price), lower, middle, upper, kama.update(price)
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_a_goal_is_met_only_if_every_ratio_is():
    slow, fast = (lambda: sum(range(20_000))), (lambda: None)
    plan = bench_engine.Plan(rounds=2, round_s=0.002)
    case = bench_engine.Case("x", "", 1, fast, slow, "peer", slow, (("peer", 2.0), ("python", 2.0)))
    assert bench_engine.measured(case, plan).met is True
    case = bench_engine.Case("x", "", 1, slow, slow, "peer", fast, (("python", 0.001), ("peer", 2.0)))
    assert bench_engine.measured(case, plan).met is False
    without = bench_engine.measured(bench_engine.Case("x", "", 1, None, slow, goals=(("python", 2.0),)), plan)
    assert (without.met, without.rust_ns, without.speedup) == (None, None, None)


def test_of_several_peers_the_fastest_is_the_rows():
    slow, fast = (lambda: sum(range(20_000))), (lambda: None)
    plan = bench_engine.Plan(rounds=2, round_s=0.002)
    case = bench_engine.Case("x", "", 1, fast, fast, peers={"slow": slow, "fast": fast}, goals=(("peer", 100.0),))
    row = bench_engine.measured(case, plan)
    assert (row.peer, row.goal, row.met) == ("fast", "≥ 100× the best peer", False)
    none = bench_engine.measured(bench_engine.Case("x", "", 1, fast, fast, peers={}, goals=(("peer", 1.0),)), plan)
    assert (none.peer, none.peer_ns, none.met) == ("", None, None)


def test_python_may_do_fewer_units_than_rust():
    plan, calls = bench_engine.Plan(rounds=2, round_s=0.002), (lambda: sum(range(20_000)))
    few = bench_engine.measured(bench_engine.Case("x", "", 1_000, calls, calls, python_units=1), plan)
    assert few.speedup
    assert few.speedup > 100


def test_what_a_call_is_given_is_made_anew_each_time_and_not_timed():
    made, given = [], []

    def fresh() -> object:
        made.append(sum(range(2_000)))
        return object()

    plan = bench_engine.Plan(rounds=2, round_s=0.002)
    row = bench_engine.measured(bench_engine.Case("x", "", 1, given.append, given.append, fresh=fresh), plan)
    assert len(made) == len({id(each) for each in given}) == len(given) > 2
    assert max(row.rust_ns, row.python_ns) < 20_000


def test_an_absolute_goal_is_judged_by_rust_alone():
    def nothing() -> None:
        pass

    plan = bench_engine.Plan(rounds=1, round_s=0.001)
    quick = bench_engine.measured(bench_engine.Case("x", "", 1, nothing, nothing, limit_ns=1e9), plan)
    assert (quick.met, quick.goal) == (True, "≤ 1e+06 µs")
    slow = bench_engine.measured(bench_engine.Case("x", "", 1, nothing, nothing, limit_ns=0.0), plan)
    assert (slow.met, slow.goal) == (False, "≤ 0 ns")
    both = bench_engine.Case("x", "", 1, nothing, nothing, goals=(("python", 1e9),), limit_ns=500.0)
    assert bench_engine.measured(both, plan).met is False
    assert bench_engine.measured(both, plan).goal == "≥ 1e+09× python, ≤ 0.5 µs"
    assert bench_engine.measured(bench_engine.Case("x", "", 1, None, nothing, limit_ns=1.0), plan).met is None


def test_a_call_is_held_to_passes_over_its_input():
    slow, fast = (lambda: sum(range(20_000))), (lambda: None)
    plan = bench_engine.Plan(rounds=2, round_s=0.002)
    near = bench_engine.measured(bench_engine.Case("x", "", 1, fast, slow, once=slow, most_passes=1.0), plan)
    assert (near.met, near.goal) == (True, "≤ 1 passes")
    assert near.passes
    assert f"{near.passes:.2f} passes" in bench_engine.line(near)
    far = bench_engine.measured(bench_engine.Case("x", "", 1, slow, slow, once=fast, most_passes=1.0), plan)
    assert far.met is False
    without = bench_engine.measured(bench_engine.Case("x", "", 1, fast, slow, most_passes=1.0), plan)
    assert (without.met, without.passes) == (None, None)


def test_a_picture_is_timed_once_every_pool_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "POOLS", 20)
    node = pictures.Pools()
    live = pictures._opened("reference", node)
    before = [made.pool for made in pictured(live, 1)]
    pictures.fed(live, node.moved(1))
    after = pictured(live, 2)
    assert {made.state for made in after} == {"live"}
    assert not any(made.pool is pool for made, pool in zip(after, before, strict=True))
    (row,) = pictures.rows(bench_engine.Plan(rounds=1))
    assert row.name == "picture, 20 pools moved"
    assert row.python_ns > 0
    assert (row.rust_ns is None) == (not engine.build_info().native)
    says_what_became_of_its_goal(row)


def pictured(live: ReferenceEngine, turn: int) -> tuple[PicturedPool, ...]:
    """Returns the pools of a picture."""
    pictures._pictured(live, pictures.NOW + turn * pictures.EVERY_NS)
    return live.picture().held


def test_a_part_that_there_is_not_is_named():
    with pytest.raises(
        ValueError,
        match="no part gpu: there are engine, transport, load, demo, seek, asked, truth, import, replay, screen",
    ):
        suite.run(lambda _: None, suite.Plan(parts=("gpu",)))


def test_a_swap_told_has_a_mean_and_percentiles_on_each_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    if not engine.build_info().native:
        assert list(ingest.rows(bench_engine.Plan(rounds=1))) == []
        return
    monkeypatch.setattr(ingest, "SWAPS", 40)
    monkeypatch.setattr(ingest, "SLOTS", 3)
    monkeypatch.setattr(ingest, "PYTHON_SWAPS", 2)
    found = list(ingest.rows(bench_engine.Plan(rounds=1)))
    graphs = {row.size for row in found}
    assert len(graphs) == 3
    assert {graph.split(" ", 1)[0] for graph in graphs} == {"quiet", "demo"}
    for row in found:
        says_what_became_of_its_goal(row)
    for graph in graphs:
        mean, p50, p99, most = [row for row in found if row.size == graph]
        assert [row.name.rpartition(" ")[2] for row in (mean, p50, p99, most)] == ["mean", "p50", "p99", "max"]
        assert mean.met is (mean.rust_ns <= 1e9 / (60_000 if graph.startswith("demo") else 400_000))
        assert mean.speedup == pytest.approx(mean.python_ns / mean.rust_ns)
        assert 0 < p50.rust_ns <= p99.rust_ns <= most.rust_ns


def test_both_engines_take_what_the_node_tells_alike() -> None:
    if not engine.build_info().native:
        pytest.skip("the Rust engine is not built")
    (_, first), (_, second) = opened("native"), opened("reference")
    assert first.snapshot() == second.snapshot()
    view = json.loads(first.present(1 << 62))
    assert view["counters"]["malformed"] == 0
    assert view["counters"]["opportunities"] > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process can't choose its core here")
def test_the_transports_are_measured_side_by_side() -> None:
    names = ("native", "websockets", picows_client.RAW, picows_client.TYPED)
    plan = bench_transport.Plan(batches=dict.fromkeys(names, 3), runs=1, paced=300)
    found = rows(suite.Plan(transport=plan, parts=("transport",)))
    assert found["frames into the engine, by websockets"]["value"] > 0
    native = found["frames into the engine, by the native transport"]
    if not engine.build_info().native:
        assert native["note"] == "the Rust engine is not built"
        return
    assert native["value"] > 0
    for name in picows_client.names():
        beside = found[f"frames into the engine, beside {name}"]
        assert beside["value"] == native["value"]
        assert beside["ratio"] == pytest.approx(native["value"] / beside["peer_value"])
        assert beside["peer"] == name
    for what in ("frame's time to engine", "sending to engine"):
        assert 0 < found[f"{what}, p50"]["value"] <= found[f"{what}, p99"]["value"]
        assert found[f"{what}, p50"]["peer"] == "websockets"


def test_without_picows_its_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picows_client, "library", lambda name: None)
    assert picows_client.names() == ()
    found = {"native": bench_transport.Found(1.0, (1.0,)), "websockets": bench_transport.Found(1.0, (1.0,))}
    rows = list(suite._picows_rows(found, "note"))
    assert [(row.peer_value, row.met, row.note) for row in rows] == [(None, None, "picows is not installed")] * 2
    assert all("not judged" in suite.line(row) for row in rows)


def test_a_measured_frame_is_a_websocket_frame_that_the_engine_reads() -> None:
    frame = bench_transport.framed(7, 123)
    body = frame[4:]
    assert frame[:4] == b"\x81\x7e" + len(body).to_bytes(2, "big")
    assert len(body) == bench_transport.FRAME_BYTES
    assert json.loads(body)["data"][0]["symbol"] == "SOL/USD"
    receiver = bench_transport._Receiver("websockets", 1, timed=False)
    receiver.inbox.connected(1, 1, 1, "x")
    receiver.inbox.frame(1, 1, 1, 0, body)
    block, _ = receiver.inbox.drain(1, 8)
    assert bench_transport._fed(receiver.engine, block) == 1
    counters = json.loads(receiver.engine.present(1 << 62))["counters"]
    assert counters["malformed"] == 0
