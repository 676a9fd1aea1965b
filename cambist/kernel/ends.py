"""What became of gaps so far: how they ended, how long they lived, who takes them and how fast we are beside that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cambist.model.ends import Fate, GapEnd

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LIVES: Final = 1_024
"""Gaps whose lives are remembered, and own latencies: percentiles are of those."""
MOST_RECENT: Final = 64
MOST_RIVALS: Final = 256
"""Takers that are told apart; of more the one that was met longest ago is forgotten."""
MOST_REACTIONS: Final = 64
LIVED: Final = frozenset({Fate.OURS, Fate.TAKEN, Fate.FADED})
"""Fates that say when a gap ended; of others it is not known."""


@dataclass(slots=True)
class Rival:
    """Who takes gaps: a payer, or where no transaction was seen the program that its transactions call."""

    who: str
    is_payer: bool
    taken: int = 0
    net: dict[str, int] = field(default_factory=dict)
    """What the gaps would have left when they paid last, by base token."""
    slots: list[int] = field(default_factory=list)
    """From where a gap was found to where it was taken, of the last `MOST_REACTIONS`."""
    times_ns: list[int] = field(default_factory=list)
    """The same as time, until the taker's logs came."""
    tips: list[int] = field(default_factory=list)
    """Lamports, of those transactions that were seen."""

    def take(self, end: GapEnd) -> None:
        """Counts a gap that it took."""
        assert end.taker is not None
        self.taken += 1
        self.net[end.base] = self.net.get(end.base, 0) + end.last_net
        if end.found_slot:
            self.slots.append(max(0, end.taker.slot - end.found_slot))
        self.times_ns.append(max(0, end.taker.recv_ns - end.found_ns))
        if end.taker.tip is not None:
            self.tips.append(end.taker.tip)
        for last in (self.slots, self.times_ns, self.tips):
            del last[:-MOST_REACTIONS]

    def copied(self) -> Rival:
        """Returns a copy."""
        return replace(
            self, net=dict(self.net), slots=list(self.slots), times_ns=list(self.times_ns), tips=list(self.tips)
        )


@dataclass(slots=True)
class GapLedger:
    """What became of the gaps of a session. Counts are of all of them, the rest of the last ones."""

    fates: dict[str, int] = field(default_factory=dict)
    worth_an_order: int = 0
    """Of them those that were go at one moment."""
    contested: int = 0
    """Of them those whose legs more than one transaction went through while they closed."""
    slots: list[int] = field(default_factory=list)
    """How long the last ones lived, of those whose end is known."""
    times_ns: list[int] = field(default_factory=list)
    own_ns: list[int] = field(default_factory=list)
    """From a decision of ours to where its order landed or failed."""
    rivals: dict[str, Rival] = field(default_factory=dict)
    """The one met last is the last."""
    recent: list[GapEnd] = field(default_factory=list)
    """The last ones, oldest first."""

    def take(self, ends: Sequence[GapEnd]) -> None:
        """Counts how gaps ended: a busy slot ends a hundred at once."""
        self.recent = [*self.recent, *ends][-MOST_RECENT:]
        for end in ends:
            self._count(end)
        for last in (self.times_ns, self.slots):
            del last[:-MOST_LIVES]

    def _count(self, end: GapEnd) -> None:
        self.fates[end.fate.value] = self.fates.get(end.fate.value, 0) + 1
        self.worth_an_order += end.go
        self.contested += end.contested > 1
        if end.fate in LIVED:
            self.times_ns.append(end.ended_ns - end.found_ns)
            if end.found_slot:
                self.slots.append(end.ended_slot - end.found_slot)
        if end.taker is not None:
            who = end.taker.payer or end.taker.program
            rival = self.rivals.pop(who, None) or Rival(who, is_payer=end.taker.payer is not None)
            rival.take(end)
            self.rivals[who] = rival
            if len(self.rivals) > MOST_RIVALS:
                del self.rivals[next(iter(self.rivals))]

    def landed(self, took_ns: int) -> None:
        """Counts how long an order of ours took."""
        self.own_ns = [*self.own_ns, took_ns][-MOST_LIVES:]

    def catchable(self) -> tuple[int, int] | None:
        """Returns how many of the gaps whose lives are known outlived our median latency, and of how many.

        `None` before an order of ours landed, or a gap ended.
        """
        own = percentile(self.own_ns, 50)
        if own is None or not self.times_ns:
            return None
        return sum(lived > own for lived in self.times_ns), len(self.times_ns)

    def __deepcopy__(self, memo: dict[int, Any]) -> GapLedger:
        """Ends and numbers never change: a keyframe copies lists alone."""
        return replace(
            self,
            fates=dict(self.fates),
            slots=list(self.slots),
            times_ns=list(self.times_ns),
            own_ns=list(self.own_ns),
            rivals={who: rival.copied() for who, rival in self.rivals.items()},
            recent=list(self.recent),
        )


def percentile(values: Sequence[int], q: int) -> int | None:
    """Returns the least value that q % of the values don't exceed, `None` of none.

    >>> percentile([5, 1, 9], 50), percentile([1, 2], 90), percentile([], 50)
    (5, 2, None)
    """
    ordered = sorted(values)
    return ordered[max(0, (len(ordered) * q + 99) // 100 - 1)] if ordered else None
