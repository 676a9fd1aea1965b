"""What becomes of a frame's time in sessions of the embedded market: until the engine has it, and until it is judged.

By either transport, headless and with the dashboard beside it. Judged is a frame when the moment that decides on what
it moved is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.bench.demo import percentile
from cambist.bench.goal import Goal, judged, most
from cambist.bench.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cambist.bench.screen import Result

    Sessions = Mapping[tuple[str, str], Result]
    """By transport, and whether it was `headless` or with the `dashboard`."""

TIMED_FROM = {"websockets": "when Python came to it", "native": "when the socket had it"}
BESIDE = {"headless": "headless", "dashboard": "with the dashboard"}
DECIDED = {50: most(300), 99: most(5_000)}
"""Microseconds from a frame to its decision, by percentile."""


def rows(found: Sessions) -> list[Row]:
    """Returns how long a frame waits for the engine and for its decision, with and without the dashboard beside it."""
    return [row for transport in TIMED_FROM for row in (*_to_engine(found, transport), *_to_decision(found, transport))]


def _to_engine(found: Sessions, transport: str) -> Iterator[Row]:
    alone, beside = found.get((transport, "headless")), found.get((transport, "dashboard"))
    if alone is None or beside is None or not alone.to_engine_us or not beside.to_engine_us:
        return
    frames, since = len(alone.to_engine_us), TIMED_FROM[transport]
    note = f"{frames:,} frames headless, timed from {since}; beside it with the dashboard"
    for q in (50, 99):
        mine, other = percentile(alone.to_engine_us, q), percentile(beside.to_engine_us, q)
        name = f"in a session by {transport}, frame to engine, p{q}"
        yield Row(name, mine, "µs", "dashboard", other, other / mine, note, "less")


def _to_decision(found: Sessions, transport: str) -> Iterator[Row]:
    for beside, words in BESIDE.items():
        session = found.get((transport, beside))
        if session is None:
            continue
        name = f"in a session by {transport}, {words}"
        for q, goal in DECIDED.items():
            yield _decided(session, f"{name}, frame to decision, p{q}", q, goal)
        note = "in the whole session, for want of budget"
        yield judged(Row(f"{name}, cut moments", session.cuts, "", note=note), [most(0, "none")])


def _decided(session: Result, name: str, q: int, goal: Goal) -> Row:
    if not session.to_decision_us:
        return judged(Row(name, None, "µs", note="no frame was judged"), [goal])
    waited, stepped = percentile(session.to_engine_us, q), percentile(session.stepping_us, q)
    note = f"{len(session.to_decision_us):,} frames; p{q} of the wait for the engine {waited:,.0f} µs"
    note += f", of the step with its block {stepped:,.0f}"
    return judged(Row(name, percentile(session.to_decision_us, q), "µs", note=note, better="less"), [goal])
