"""Orders whose newest record is not on disk yet: screens show them at once, and mark them until it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.kernel import Effects

MOST: Final = 512
"""Orders that are told of: more than a screen has rows. Of more the oldest is forgotten."""


class Unrecorded:
    """The newest record of each order that was sent or told of, until it is on disk."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}

    def take(self, effects: Effects) -> None:
        """Notes the orders of a step: a block is on disk with its last record, or not at all."""
        for order in (*effects.orders, *(order for order, _ in effects.fills)):
            self._newest.pop(order.id, None)
            self._newest[order.id] = effects.last_seq
            if len(self._newest) > MOST:
                del self._newest[next(iter(self._newest))]

    def restate(self, seq: int) -> None:
        """Notes that one record says again what is still true of all: the STATE that a segment begins with."""
        self._newest = dict.fromkeys(self._newest, seq)

    def orders(self, holds: Callable[[int], bool]) -> frozenset[int]:
        """Returns the ids of those whose newest record is not on disk; `holds` says whether a record is."""
        self._newest = {order: seq for order, seq in self._newest.items() if not holds(seq)}
        return frozenset(self._newest)
