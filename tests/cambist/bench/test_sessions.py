"""Rows of whole sessions: which figure of which session is judged, and by what."""

from typing import Any

from cambist.bench import sessions
from cambist.bench.screen import Result


def session(decided: tuple[float, ...], cuts: int = 0) -> Result:
    return Result(0.1, 0.1, 30.0, 30.0, 1.0, 2_000.0, (), (80.0, 90.0), decided, (20.0, 30.0), cuts, ())


def found(made: dict[tuple[str, str], Result]) -> dict[str, Any]:
    return {row.name: row for row in sessions.rows(made)}


def test_each_session_is_judged_by_itself() -> None:
    made = found(
        {
            ("native", "headless"): session((300.0, 300.0, 5_000.0)),
            ("native", "dashboard"): session((300.1, 300.1, 5_000.1), cuts=1),
        }
    )
    assert len(made) == 2 + 2 * 3
    for beside, met in (("headless", True), ("with the dashboard", False)):
        name = f"in a session by native, {beside}"
        p50, p99 = (made[f"{name}, frame to decision, p{q}"] for q in (50, 99))
        assert (p50.met, p99.met, made[f"{name}, cut moments"].met) == (met, met, met)
        assert (p50.goal, p99.goal) == ("≤ 300", "≤ 5,000")
        assert p99.note == "3 frames; p99 of the wait for the engine 90 µs, of the step with its block 30"
    engine = made["in a session by native, frame to engine, p99"]
    assert (engine.value, engine.peer_value, engine.ratio) == (90.0, 90.0, 1.0)


def test_a_session_in_which_nothing_was_judged_has_no_verdict() -> None:
    made = found({("websockets", "headless"): session(())})
    assert len(made) == 3
    row = made["in a session by websockets, headless, frame to decision, p50"]
    assert (row.value, row.met, row.note) == (None, None, "no frame was judged")
