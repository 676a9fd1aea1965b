"""How far the chance to land was right: of orders with about the same prediction, how many landed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

TENTHS: Final = 10
"""Rows by prediction: tenths of a whole; one more is of orders whose prediction is not known."""
MOST_ENDED: Final = 64
"""Orders whose outcome can still be taken back."""
_MILLION: Final = 1_000_000


def _zeros() -> list[int]:
    return [0] * (TENTHS + 1)


@dataclass(slots=True)
class Reliability:
    """How orders that were to earn ended, by tenth of the chance to land that each was decided by.

    A trade by legs counts once, by the number of its first order.
    """

    ended: list[int] = field(default_factory=_zeros)
    landed: list[int] = field(default_factory=_zeros)
    """Of them those that were filled whole."""
    predicted_ppm: list[int] = field(default_factory=_zeros)
    """Sum of their predictions."""
    waiting: dict[int, int | None] = field(default_factory=dict)
    """Prediction of each order that has no end yet, in ppm."""
    over: dict[int, int | None] = field(default_factory=dict)
    """The same of the last ones that ended."""

    def sent(self, order: int, chance_ppm: int | None) -> None:
        """Notes by which chance to land an order was decided."""
        self.waiting[order] = chance_ppm

    def took_end(self, order: int, *, landed: bool) -> None:
        """Counts how an order ended. Of one that was sent before the session began the prediction is not known."""
        chance_ppm = self.waiting.pop(order, None)
        self._count(chance_ppm, 1, landed=landed)
        self.over[order] = chance_ppm
        if len(self.over) > MOST_ENDED:
            del self.over[next(iter(self.over))]

    def take_back(self, order: int, *, landed: bool) -> None:
        """Counts an end no more: its block fell out of the chain, and the order waits again."""
        if order in self.over:
            chance_ppm = self.waiting[order] = self.over.pop(order)
            self._count(chance_ppm, -1, landed=landed)

    def _count(self, chance_ppm: int | None, by: int, *, landed: bool) -> None:
        at = TENTHS if chance_ppm is None else min(TENTHS - 1, chance_ppm * TENTHS // _MILLION)
        self.ended[at] += by
        self.landed[at] += by * landed
        self.predicted_ppm[at] += by * (chance_ppm or 0)

    def mean_ppm(self, at: int) -> int | None:
        """Returns the mean prediction of a row, `None` of no orders and of those whose prediction is not known."""
        return self.predicted_ppm[at] // self.ended[at] if at < TENTHS and self.ended[at] else None

    def __deepcopy__(self, memo: dict[int, Any]) -> Reliability:
        """Numbers never change: a keyframe copies lists alone."""
        return replace(
            self,
            ended=list(self.ended),
            landed=list(self.landed),
            predicted_ppm=list(self.predicted_ppm),
            waiting=dict(self.waiting),
            over=dict(self.over),
        )
