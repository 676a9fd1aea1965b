"""The slots of one node as it announces them, and which of them its newest one does not descend from.

A node announces each slot with its parent when it starts on it, on whichever fork. What `processed` says may be rolled
back: a slot *stands* while the newest slot descends from it, or while nothing is known to the contrary. An older slot
that comes late changes nothing by itself; a slot that the chain left and came back to stands again.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cambist.engine.protocol import SlotStanding

MAX_LINKS = 512
"""Slots remembered: finality takes 32, and 512 are more than three minutes."""

Hole = tuple[int, int]
"""Slots between these two, both exclusive, do not stand."""


class ChainParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chain as plain fields."""

    links: list[tuple[int, int]] = []
    """(slot, parent), ascending."""
    root: int = 0


class Change(NamedTuple):
    """What an announcement changed."""

    fallen: list[Hole] = []  # noqa: RUF012  (never written to)
    """Holes in which slots may be that stood before."""
    back: int | None = None
    """Newest slot that stands again."""


SAME = Change()


class SlotChain:
    """The last slots of one node.

    >>> chain = SlotChain()
    >>> for slot, parent in ((100, 99), (101, 100), (102, 101), (103, 101)):
    ...     change = chain.take(slot, parent, 90)
    >>> change.fallen, chain.floor(102), chain.floor(101)
    ([(101, 103)], 101, None)
    >>> chain.take(104, 102, 90), chain.floor(102), chain.floor(103)
    (Change(fallen=[(102, 104)], back=102), None, 102)
    """

    def __init__(self) -> None:
        self.links: dict[int, int] = {}
        """Slot → parent."""
        self.tip: int | None = None
        self.root = 0
        self.holes: list[Hole] = []
        """Ascending."""
        self._broken = False
        """Whether the descent of the newest slot ends above other slots."""

    def take(self, slot: int, parent: int, root: int) -> Change:
        """Takes an announcement. The caller has checked that `parent < slot` and `root <= slot`."""
        self.root, rooted = max(self.root, root), self.root < root
        before = self.links.get(slot)
        if before == parent:
            return self._again() if self._broken and rooted else SAME
        grows = self.tip is not None and parent == self.tip and not self._broken
        self.links[slot] = parent
        self.tip = slot if self.tip is None else max(self.tip, slot)
        if len(self.links) > MAX_LINKS:
            lowest = min(self.links)
            del self.links[lowest]
            if self.holes and self.holes[0][1] <= lowest:
                del self.holes[0]
        if grows:
            hole = [(parent, slot)] if slot - parent > 1 else []
            self.holes += hole
            return Change(hole) if hole else SAME
        change = self._again()
        # Told twice with different parents: what came of the first one is not of the second.
        return change if before is None else Change([*change.fallen, (slot - 1, slot + 1)], change.back)

    def floor(self, slot: int) -> int | None:
        """Returns the last slot that stands below this one, `None` if the newest slot descends from it."""
        return floor(slot, self.holes)

    def standing(self, slot: int) -> SlotStanding:
        """Returns what this node's announcements say of a slot.

        >>> chain = SlotChain()
        >>> for slot, parent in ((100, 99), (102, 100), (103, 102)):
        ...     change = chain.take(slot, parent, 100)
        >>> [chain.standing(slot).value for slot in (99, 100, 101, 102, 103)]
        ['unknown', 'final', 'fallen', 'stands', 'unknown']
        """
        if self.tip is None or not min(self.links) <= slot < self.tip:
            return SlotStanding.UNKNOWN
        if self.floor(slot) is not None:
            return SlotStanding.FALLEN
        return SlotStanding.FINAL if slot <= self.root else SlotStanding.STANDS

    def parts(self) -> ChainParts:
        """Returns all state as plain fields."""
        return ChainParts(sorted(self.links.items()), self.root)

    @classmethod
    def from_parts(cls, parts: ChainParts) -> SlotChain:
        """Returns the chain that these parts describe. Raises `ValueError` if they are none."""
        chain = cls()
        slots = [slot for slot, _ in parts.links]
        if len(slots) > MAX_LINKS or slots != sorted(set(slots)) or any(up >= at for at, up in parts.links):
            message = "links of a chain"
            raise ValueError(message)
        chain.links, chain.root = dict(parts.links), parts.root
        chain.tip = slots[-1] if slots else None
        chain._descend()
        return chain

    def _again(self) -> Change:
        """Finds the holes anew and what that changes."""
        before = self.holes
        self._descend()
        back = [at for at in self.links if floor(at, before) is not None and floor(at, self.holes) is None]
        return Change(self.holes, max(back, default=None))

    def _descend(self) -> None:
        """Finds the holes, from the newest slot down."""
        holes: list[Hole] = []
        at = self.tip or 0
        while (parent := self.links.get(at)) is not None:
            if at - parent > 1:
                holes.append((parent, at))
            at = parent
        # Below the end of the known descent only the root can tell: it passed them, and they are not in it.
        strays = [slot for slot in self.links if slot < at]
        holes += [(slot - 1, slot + 1) for slot in strays if slot <= self.root]
        self._broken = bool(strays)
        self.holes = sorted(holes)


def floor(slot: int, holes: list[Hole]) -> int | None:
    """Returns the last slot below the hole that this one is in, `None` if it is in none."""
    return next((after for after, before in reversed(holes) if after < slot < before), None)
