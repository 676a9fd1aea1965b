"""The rows: what is tried, the figure to reach, and what was measured."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import msgspec

from cambist.fault_table.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAGE = resource.getpagesize()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One row as measured."""

    row: int
    fault: str
    trials: int
    frames: int
    """Frames that the venues sent, or that were tried."""
    lost: int
    """Frames that never came and that no announced interval without a book covers."""
    duplicated: int
    recovery_p50_ms: float | None = None
    """From the end of the fault until every book is LIVE."""
    recovery_p99_ms: float | None = None
    recovery_max_ms: float | None = None
    memory_mib: float | None = None
    """How much more memory the process has than before."""
    figure: str
    """What is to be reached."""
    found: str
    """What the figure came to."""
    met: bool
    problems: tuple[Problem, ...] = ()
    """Codes of what was found wrong, in the order it was."""


@dataclass(slots=True)
class Tally:
    """What is counted while a row is tried."""

    trials: int = 0
    frames: int = 0
    lost: int = 0
    duplicated: int = 0
    recoveries_ms: list[float] = field(default_factory=list)
    memory_bytes: int = field(default_factory=lambda: resident_bytes())
    problems: list[tuple[Problem, str]] = field(default_factory=list)

    def expect(self, holds: bool, problem: Problem, words: str) -> None:
        """Notes a problem unless something holds."""
        if not holds and len(self.problems) < 5:
            self.problems.append((problem, words))

    def outcome(self, row: Row, found: str = "", *, met: bool = True) -> Outcome:
        """Returns what the row came to; any problem fails it."""
        p50, p99, most = _spread(self.recoveries_ms)
        words = [words for _, words in self.problems]
        summary = "; ".join([found, *words] if found else words) or "as expected"
        return Outcome(
            row=row.number,
            fault=row.fault,
            trials=self.trials,
            frames=self.frames,
            lost=self.lost,
            duplicated=self.duplicated,
            recovery_p50_ms=p50,
            recovery_p99_ms=p99,
            recovery_max_ms=most,
            memory_mib=round((resident_bytes() - self.memory_bytes) / 2**20, 1),
            figure=row.figure,
            found=summary,
            met=met and not self.problems and self.lost == 0,
            problems=tuple(problem for problem, _ in self.problems),
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is tried."""

    short: bool = False
    seed: int = 7

    def of(self, full: int, short: int) -> int:
        """Returns a count."""
        return short if self.short else full


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, what is expected of it, and the function that tries it."""

    number: int
    fault: str
    figure: str
    run: Callable[[Row, Scale], Awaitable[Outcome]]


ROWS: dict[int, Row] = {}


def row(
    number: int, fault: str, figure: str
) -> Callable[[Callable[[Row, Scale], Awaitable[Outcome]]], Callable[[Row, Scale], Awaitable[Outcome]]]:
    """Enters a function in the table."""

    def enter(run: Callable[[Row, Scale], Awaitable[Outcome]]) -> Callable[[Row, Scale], Awaitable[Outcome]]:
        if number in ROWS:
            message = f"row {number} is there twice"
            raise ValueError(message)
        ROWS[number] = Row(number, fault, figure, run)
        return run

    return enter


def resident_bytes() -> int:
    """Returns the memory that this process has now."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except OSError:  # only Linux tells it there; elsewhere the peak has to do
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _spread(values: list[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    if len(values) == 1:
        return values[0], values[0], values[0]
    cuts = quantiles(values, n=100, method="inclusive")
    return round(cuts[49], 1), round(cuts[98], 1), round(max(values), 1)
