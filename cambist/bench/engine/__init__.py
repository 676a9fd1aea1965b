"""Public engine calls timed in both engines and beside the library an engineer would otherwise pick, in one run.

A time is the least of some rounds of many calls, divided by the units of work in them; judged are ratios. The peers are
development dependencies: a row whose peer isn't installed has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.bench.engine import (
    codec,
    costs,
    decode,
    ingest,
    instructions,
    parsers,
    pictures,
    quotes,
    rules,
    search,
    series,
    snapshots,
    wire,
)
from cambist.bench.engine.case import Case, EngineRow, Plan, line, measured

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Case", "EngineRow", "Plan", "again", "cases", "line", "measured", "rows"]

FILES = (wire, decode, quotes, search, series, rules, costs, instructions, parsers, codec, snapshots)
"""Each has `cases()`."""


def rows(plan: Plan | None = None) -> Iterator[EngineRow]:
    """Yields a row for each case as it is measured, and of what is a percentile."""
    plan = plan or Plan()
    for case in cases():
        yield measured(case, plan)
    yield from search.rows(plan)
    yield from ingest.rows(plan)
    yield from pictures.rows(plan)


def again(plan: Plan, wanted: Collection[tuple[str, str]]) -> Iterator[EngineRow]:
    """Yields new rows of these names and sizes."""
    left = set(wanted)
    for case in cases():
        if (case.name, case.size) in left:
            left.remove((case.name, case.size))
            yield measured(case, plan)
    for others in (search.rows, ingest.rows, pictures.rows) if left else ():
        for row in others(plan):
            if (row.name, row.size) in left:
                yield row


def cases() -> Iterator[Case]:
    """Returns all cases."""
    for file in FILES:
        yield from file.cases()
