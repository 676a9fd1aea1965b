"""Public engine calls timed in both engines and beside the library an engineer would otherwise pick, in one run.

A time is the least of some rounds of many calls, divided by the units of work in them; judged are ratios. The peers are
development dependencies: a row whose peer isn't installed has none.
"""

from __future__ import annotations

import itertools
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
    from collections.abc import Callable, Collection, Iterable, Iterator

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
    others = (search.rows, ingest.rows, pictures.rows)
    known: Iterator[Case | EngineRow] = itertools.chain(cases(), *(_late(each, plan) for each in others))
    # What cases are about takes seconds to make: no more of it than is wanted.
    while left and (found := next(known, None)) is not None:
        if (found.name, found.size) in left:
            left.remove((found.name, found.size))
            yield measured(found, plan) if isinstance(found, Case) else found


def _late(yields: Callable[[Plan], Iterable[EngineRow]], plan: Plan) -> Iterator[EngineRow]:
    yield from yields(plan)


def cases() -> Iterator[Case]:
    """Returns all cases."""
    for file in FILES:
        yield from file.cases()
