"""The headline: the best cycle, what was really earned, and cycles by the minute."""

from __future__ import annotations

import bisect
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

from cambist.runtime.valuing import valued
from cambist.view import CyclesSection, Headline

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineView
    from cambist.kernel import Kernel
    from cambist.runtime.valuing import Unit
    from cambist.runtime.words import Names

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
MINUTES = 20


class HeadlineCounts:
    """Makes the headline, and keeps the counts that it is made of; `unit` is what sums are in."""

    def __init__(self, unit: Unit, names: Names) -> None:
        self._unit, self._names = unit, names
        self._counted: deque[tuple[int, int, int]] = deque(maxlen=MINUTES * 60 + 2)
        """(session time, cycles, go) so far, once a second."""

    def section(self, kernel: Kernel, engine: EngineView, cycles: CyclesSection, now_ns: int) -> Headline:
        """Returns the headline over the cycles as they are shown."""
        totals, today = kernel.totals, kernel.ledger.today
        per_minute, go = self._by_minute(engine, now_ns)
        return Headline(
            best=next((r for r in cycles.rows if r.mark != "stale"), cycles.rows[0] if cycles.rows else None),
            since_ns=totals.first_ns,
            per_minute=per_minute,
            go_last_minute=go,
            realised=today.worth,
            valued=valued(today, self._names),
            unit=self._unit.label,
            decimals=self._unit.decimals,
            fills=totals.filled,
            orders=totals.filled + totals.missed + len(kernel.desk.working),
            missed=totals.missed,
            from_peak=kernel.risk.from_peak(self._unit.mint),
            loss_limit=kernel.setup.limits.daily_loss.get(self._unit.mint),
            congestion=engine.congestion,
        )

    def _by_minute(self, engine: EngineView, now_ns: int) -> tuple[tuple[int, ...], int | None]:
        """Returns cycles proposed in each whole minute before now, oldest first, and what was go in the last one.

        Counted once a second of session time; a jump (a seek, a pause) starts over: what wasn't seen isn't spread.
        """
        counted, counters = self._counted, engine.counters
        if counted:
            last_ns, cycles, go = counted[-1]
            if not 0 <= now_ns - last_ns <= MINUTE_NS or counters.cycles < cycles or counters.go < go:
                counted.clear()
        if not counted or now_ns - counted[-1][0] >= SECOND_NS:
            counted.append((now_ns, counters.cycles, counters.go))
        newest = counted[-1]
        minutes = min(MINUTES, (newest[0] - counted[0][0]) // MINUTE_NS)
        if not minutes:
            return (), None
        times = [at_ns for at_ns, _, _ in counted]
        marks = [counted[bisect.bisect_right(times, newest[0] - k * MINUTE_NS) - 1] for k in range(minutes, -1, -1)]
        return tuple(b[1] - a[1] for a, b in pairwise(marks)), newest[2] - marks[-2][2]
