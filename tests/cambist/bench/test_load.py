"""What a session bears: what the parts `load` and `replay` return, never how fast."""

from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from cambist import engine
from cambist.bench import bursts, load, replaying, suite
from cambist.simulator.exchanges import SIMULATED_OF
from cambist.simulator.market import Market
from cambist.simulator.node import Node
from tests.cambist.bench.test_suite import rows
from tests.children import children

pytestmark = pytest.mark.timeout(400)

TINY = bursts.Plan(rate=10.0, slots=4, at_once=60, every_s=0.05)


def test_the_load_part_has_each_row_by_both_transports_and_ends_its_processes() -> None:
    before = children()
    plan = load.Plan(bursts=TINY, tries=2, seconds=0.6, settle=0.3, rate=2.0)
    found = rows(suite.Plan(load=plan, parts=("load",)))
    if not engine.build_info().native:
        (row,) = found.values()
        assert row["note"].startswith("the Rust engine is not built")
        return
    assert children() == before
    for transport in load.TRANSPORTS:
        p50, p99 = (found[f"burst by {transport}, frame to judged, p{q}"] for q in (50, 99))
        assert 0 < p50["value"] <= p99["value"]
        assert p99["met"] is (p99["value"] <= 10)
        assert len(p99["rounds"]["value"]) == 2
        assert "60 notifications at once every 50 ms" in p99["note"]
        cuts = found[f"cut moments by {transport}"]
        assert (cuts["value"], cuts["met"]) == (0, True)
        share = found[f"hub's share of a core by {transport}"]
        assert (share["value"], share["met"]) == (None, None)
        assert "judged from 5,000 on" in share["note"]
        assert found[f"frames judged together in bursts by {transport}, p99"]["value"] >= 1
        assert found[f"frames per moment by {transport}, p99"]["value"] >= 1
    assert len(found) == 2 * 8


def stretch(per_s: float, judged_us: list[float], share: float = 0.5) -> load.Stretch:
    return load.Stretch(per_s, share, share, judged_us, [1])


def burst_rows(found: load.Found) -> dict[str, Any]:
    return {row.name: row for row in load._burst_rows(found, load.Plan(), "native")}


def test_the_best_stretch_is_judged_and_no_row_of_a_session_that_lost_frames() -> None:
    late, soon = stretch(6_000.0, [11_000.0]), stretch(6_000.0, [4_000.0])
    made = burst_rows(load.Found([late, soon], 0, 0))
    p99 = made["burst by native, frame to judged, p99"]
    assert (p99.value, p99.met, p99.rounds) == (4.0, True, {"value": (11.0, 4.0)})
    assert made["hub's share of a core by native"].met is True
    assert burst_rows(load.Found([late], 0, 0))[p99.name].met is False
    lost = burst_rows(load.Found([soon], 0, 7))[p99.name]
    assert (lost.value, lost.met, lost.note) == (None, None, "7 frames dropped")
    assert burst_rows(load.Found([soon], 1, 0))["cut moments by native"].met is False
    busy = burst_rows(load.Found([stretch(5_000.0, [1.0], 0.61)], 0, 0))
    assert busy["hub's share of a core by native"].met is False


async def test_a_burst_takes_the_next_changes_of_watched_accounts_over_and_over() -> None:
    node = Node(Market(7, rate=4.0))
    told = bursts.changes(node.market, 2)
    assert len(told) > 20
    wanted = {key for key, _ in told[::3]}
    node.pubsub.watches = wanted.__contains__  # type: ignore[method-assign]
    left = [change for change in told if change[0] in wanted]
    again = cycle(told)
    first = bursts.watched(node, again, len(told), 5)
    assert first + bursts.watched(node, again, len(told), 5) == left[:10]
    assert len(bursts.watched(node, again, len(told), 10**6)) == len(left)


def test_the_replay_part_counts_frames_of_each_session(tmp_path: Path) -> None:
    plan = replaying.Plan(rate=2.0, seconds=2.0, exchange_seconds=2.0, tries=2)
    before = children()
    found = rows(suite.Plan(replay=plan, recordings=tmp_path, parts=("replay",)))
    assert children() == before
    demo, exchanges, real = (
        found[f"replay at max, {what}"] for what in ("demo session", "simulated exchanges", "real recordings")
    )
    for row, goal in ((demo, 60_000), (exchanges, 800_000)):
        assert row["value"] == max(row["rounds"]["value"])
        assert row["met"] is (row["value"] >= goal)
        assert "digest match True" in row["note"]
    assert all(name in exchanges["note"] for name in SIMULATED_OF)
    assert (real["value"], real["met"]) == (None, None)
    assert tmp_path.name in real["note"]


def test_of_some_replays_the_fastest_by_the_processors_time_is_the_rows() -> None:
    report = {"frames": 1_000, "digest_match": True}
    runs = [replaying.Timed(cpu_s, wall_s, report) for cpu_s, wall_s in ((0.5, 0.5), (0.25, 1.0))]
    row = replaying.figure("x", runs, "of y", 3_000)
    assert (row.value, row.met, row.rounds) == (4_000.0, True, {"value": (2_000.0, 4_000.0)})
    assert row.note == "1,000 frames of y, digest match True; best of 2, 2,000 by the clock"
    assert replaying.figure("x", runs, "of y", 5_000).met is False
