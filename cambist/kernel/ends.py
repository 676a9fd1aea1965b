"""What became of gaps so far: how they ended, how long they lived, who takes them and how fast we are beside that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace as replace_struct

from cambist.model.ends import Fate, GapEnd, Receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.model.ends import Taker

MOST_LIVES: Final = 1_024
"""Gaps whose lives are remembered, and own latencies: percentiles are of those."""
MOST_RECENT: Final = 64
MOST_RIVALS: Final = 256
"""Takers that are told apart; of more the one that was met longest ago is forgotten."""
MOST_REACTIONS: Final = 64
MOST_UNPAID: Final = 256
"""Takers whose payer is waited for, and receipts that are kept: gaps of one transaction don't all end at once."""
_END = msgspec.json.Decoder(GapEnd)
_RECEIPT = msgspec.json.Decoder(Receipt)
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
    fees: list[int] = field(default_factory=list)
    """Lamports that the last transactions paid, of those that were seen."""
    tips: list[int] = field(default_factory=list)
    """Lamports, of those that say."""

    def take(self, end: GapEnd) -> None:
        """Counts a gap that it took."""
        assert end.taker is not None
        self.taken += 1
        self.net[end.base] = self.net.get(end.base, 0) + end.last_net
        if end.found_slot:
            self.slots.append(max(0, end.taker.slot - end.found_slot))
        self.times_ns.append(max(0, end.taker.recv_ns - end.found_ns))
        for last in (self.slots, self.times_ns):
            del last[:-MOST_REACTIONS]

    def pay(self, receipt: Receipt) -> None:
        """Counts what a transaction of its own paid."""
        self.fees.append(receipt.fee)
        if receipt.tip is not None:
            self.tips.append(receipt.tip)
        for last in (self.fees, self.tips):
            del last[:-MOST_REACTIONS]

    def copied(self) -> Rival:
        """Returns a copy."""
        return replace(
            self,
            net=dict(self.net),
            slots=list(self.slots),
            times_ns=list(self.times_ns),
            fees=list(self.fees),
            tips=list(self.tips),
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
    """By the program that their transactions call; the one met last is the last."""
    payers: dict[str, Rival] = field(default_factory=dict)
    """By who paid, of the transactions that a node told whole: those that took gaps worth an order."""
    unpaid: dict[str, list[GapEnd]] = field(default_factory=dict)
    """Signature → the gaps that it took, while its payer is not known."""
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """The last ones, by signature."""
    recent: list[GapEnd] = field(default_factory=list)
    """The last ones, oldest first."""

    def take_lines(self, lines: bytes) -> list[GapEnd]:
        """Counts ends as an engine tells them, and returns them."""
        ends = [_END.decode(line) for line in lines.splitlines()]
        self.take(ends)
        return ends

    def identify_lines(self, lines: bytes) -> None:
        """Takes over receipts as an engine tells them."""
        self.identify([_RECEIPT.decode(line) for line in lines.splitlines()])

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
            _met(self.rivals, end.taker.program, is_payer=False).take(end)
            if end.go:
                self._pay(end, end.taker)

    def _pay(self, end: GapEnd, taker: Taker) -> None:
        """Counts who paid to take it, or has it wait for that."""
        receipt = self.receipts.get(taker.signature)
        if receipt is None:
            self.unpaid.setdefault(taker.signature, []).append(end)
            if len(self.unpaid) > MOST_UNPAID:
                del self.unpaid[next(iter(self.unpaid))]
            return
        paid = replace_struct(taker, payer=receipt.payer, fee=receipt.fee, tip=receipt.tip)
        known = replace_struct(end, taker=paid)
        _met(self.payers, receipt.payer, is_payer=True).take(known)
        self.recent = [known if each.number == end.number else each for each in self.recent]

    def identify(self, receipts: Sequence[Receipt]) -> None:
        """Takes over who paid for transactions that took gaps, and what: a payment counts once for all of them."""
        for receipt in receipts:
            ends = self.unpaid.pop(receipt.signature, ())
            if not ends:
                continue
            self.receipts[receipt.signature] = receipt
            if len(self.receipts) > MOST_UNPAID:
                del self.receipts[next(iter(self.receipts))]
            for end in ends:
                assert end.taker is not None
                self._pay(end, end.taker)
            self.payers[receipt.payer].pay(receipt)

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
            payers={who: rival.copied() for who, rival in self.payers.items()},
            unpaid={signature: list(ends) for signature, ends in self.unpaid.items()},
            receipts=dict(self.receipts),
            recent=list(self.recent),
        )


def _met(rivals: dict[str, Rival], who: str, *, is_payer: bool) -> Rival:
    """Returns a rival, as the one that was met last."""
    rival = rivals.pop(who) if who in rivals else Rival(who, is_payer=is_payer)
    rivals[who] = rival
    if len(rivals) > MOST_RIVALS:
        del rivals[next(iter(rivals))]
    return rival


def by_taken(rivals: dict[str, Rival]) -> list[Rival]:
    """Returns rivals, who took most first."""
    return sorted(rivals.values(), key=lambda rival: (-rival.taken, rival.who))


def percentile(values: Sequence[int], q: int) -> int | None:
    """Returns the least value that q % of the values don't exceed, `None` of none.

    >>> percentile([5, 1, 9], 50), percentile([1, 2], 90), percentile([], 50)
    (5, 2, None)
    """
    ordered = sorted(values)
    return ordered[max(0, (len(ordered) * q + 99) // 100 - 1)] if ordered else None
