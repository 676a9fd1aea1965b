"""The section of ends: what became of gaps, who takes them, and how far the chance to land was right."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from cambist.kernel.ends import LIVED, by_taken, percentile
from cambist.kernel.reliability import TENTHS
from cambist.model.venues import VENUE_OF_PROGRAM
from cambist.runtime.words import venue_class
from cambist.view import LIFE_BINS_NS, Crossed, EndRow, EndsSection, LandingRow, PanelState, RivalRow, Spread, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.kernel import Kernel
    from cambist.kernel.ends import GapLedger, Rival
    from cambist.kernel.reliability import Reliability
    from cambist.model.ends import GapEnd
    from cambist.runtime.words import Names

MOST_RIVALS = 50
_TENTH_PPM = 1_000_000 // TENTHS


class EndRows:
    """Makes the rows of ends and rivals."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._made = EndsSection()
        self._of: tuple[object, object] = (None, None)
        """What the section was made of. Both lists are replaced with each end and each order of ours that landed."""

    def section(self, kernel: Kernel) -> EndsSection:
        """Returns the section. Made anew only where something ended: it sorts thousands of lives."""
        gaps = kernel.totals.gaps
        recent, own = self._of
        if recent is not gaps.recent or own is not gaps.own_ns:
            self._made, self._of = self._gaps(gaps), (gaps.recent, gaps.own_ns)
        counted = kernel.totals.reliability
        return msgspec.structs.replace(self._made, landing=landing(counted) if any(counted.ended) else ())

    def _gaps(self, gaps: GapLedger) -> EndsSection:
        catchable = gaps.catchable()
        state = PanelState()
        if not gaps.fates:
            state = PanelState("empty", "No gap has ended yet.", "One begins when a cycle pays after costs.")
        return EndsSection(
            state=state,
            fates=tuple(sorted(gaps.fates.items())),
            worth_an_order=gaps.worth_an_order,
            contested=gaps.contested,
            slots=spread(gaps.slots),
            lived_ns=spread(gaps.times_ns),
            lives=lives(gaps.times_ns),
            own_ns=spread(gaps.own_ns),
            catchable=None if catchable is None else catchable[0],
            rivals=tuple(
                self._rival(rival) for known in (gaps.payers, gaps.rivals) for rival in by_taken(known)[:MOST_RIVALS]
            ),
            rows=tuple(self._end(end) for end in reversed(gaps.recent)),
        )

    def _rival(self, rival: Rival) -> RivalRow:
        names = self._names
        net = sorted(rival.net.items(), key=lambda item: (-item[1], item[0]))
        return RivalRow(
            who=rival.who,
            is_payer=rival.is_payer,
            program="" if rival.is_payer else VENUE_OF_PROGRAM.get(rival.who, ""),
            taken=rival.taken,
            net=tuple(Taken(names.symbol(mint), names.decimals(mint), atoms) for mint, atoms in net),
            slots=percentile(rival.slots, 50),
            time_ns=percentile(rival.times_ns, 50),
            fee=percentile(rival.fees, 50),
            tip=percentile(rival.tips, 50),
        )

    def _end(self, end: GapEnd) -> EndRow:
        taker, venues = end.taker, [self._names.venue(edge) for edge in end.key.split("|")]
        return EndRow(
            number=end.number,
            at_ns=end.ended_ns,
            key=end.key,
            venues=tuple(Crossed(venue, venue_class(venue)) for venue in venues),
            fate=end.fate.value,
            slots=end.ended_slot - end.found_slot if end.found_slot else None,
            lived_ns=end.ended_ns - end.found_ns,
            end_known=end.fate in LIVED,
            go=end.go,
            net=end.last_net,
            unit=self._names.symbol(end.base),
            decimals=self._names.decimals(end.base),
            who="" if taker is None else taker.payer or taker.program,
            program="" if taker is None or taker.payer else VENUE_OF_PROGRAM.get(taker.program, ""),
            signature="" if taker is None else taker.signature,
        )


def spread(values: list[int]) -> Spread:
    """Returns median and 90th percentile."""
    return Spread(percentile(values, 50), percentile(values, 90), len(values))


def lives(times_ns: Iterable[int]) -> tuple[int, ...]:
    """Returns how many of these lives are in each bin of `LIFE_BINS_NS`, those beyond it in the first and the last."""
    counts = [0] * (len(LIFE_BINS_NS) - 1)
    for lived in times_ns:
        counts[min(max(0, bisect_right(LIFE_BINS_NS, lived) - 1), len(counts) - 1)] += 1
    return tuple(counts)


def landing(found: Reliability) -> tuple[LandingRow, ...]:
    """Returns predicted against happened, row by row."""
    return tuple(
        LandingRow(at * _TENTH_PPM if at < TENTHS else None, ended, landed, found.mean_ppm(at))
        for at, (ended, landed) in enumerate(zip(found.ended, found.landed, strict=True))
    )
