"""The section of ends: what became of gaps, and who takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.kernel.ends import percentile
from cambist.view import EndRow, EndsSection, PanelState, RivalRow, Spread, Taken

if TYPE_CHECKING:
    from cambist.kernel import Kernel
    from cambist.kernel.ends import Rival
    from cambist.model.ends import GapEnd
    from cambist.runtime.words import Names

MOST_RIVALS = 50


class EndRows:
    """Makes the rows of ends and rivals."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def section(self, kernel: Kernel) -> EndsSection:
        """Returns the section."""
        gaps = kernel.totals.gaps
        catchable = gaps.catchable()
        rivals = sorted(gaps.rivals.values(), key=lambda rival: (-rival.taken, rival.who))
        state = PanelState()
        if not gaps.fates:
            state = PanelState("empty", "No gap has ended yet.", "One begins when a cycle pays after costs.")
        return EndsSection(
            state=state,
            fates=tuple(sorted(gaps.fates.items())),
            slots=spread(gaps.slots),
            lived_ns=spread(gaps.times_ns),
            own_ns=spread(gaps.own_ns),
            catchable=None if catchable is None else catchable[0],
            rivals=tuple(self._rival(rival) for rival in rivals[:MOST_RIVALS]),
            rows=tuple(self._end(end) for end in reversed(gaps.recent)),
        )

    def _rival(self, rival: Rival) -> RivalRow:
        names = self._names
        net = sorted(rival.net.items(), key=lambda item: (-item[1], item[0]))
        return RivalRow(
            who=rival.who,
            is_payer=rival.is_payer,
            taken=rival.taken,
            net=tuple(Taken(names.symbol(mint), names.decimals(mint), atoms) for mint, atoms in net),
            slots=percentile(rival.slots, 50),
            time_ns=percentile(rival.times_ns, 50),
            tip=percentile(rival.tips, 50),
        )

    def _end(self, end: GapEnd) -> EndRow:
        taker = end.taker
        return EndRow(
            number=end.number,
            at_ns=end.ended_ns,
            key=end.key,
            venues=tuple(self._names.venue(edge) for edge in end.key.split("|")),
            fate=end.fate.value,
            slots=end.ended_slot - end.found_slot if end.found_slot else None,
            lived_ns=end.ended_ns - end.found_ns,
            net=end.last_net,
            unit=self._names.symbol(end.base),
            decimals=self._names.decimals(end.base),
            who="" if taker is None else taker.payer or taker.program,
            signature="" if taker is None else taker.signature,
        )


def spread(values: list[int]) -> Spread:
    """Returns median and 90th percentile."""
    return Spread(percentile(values, 50), percentile(values, 90), len(values))
