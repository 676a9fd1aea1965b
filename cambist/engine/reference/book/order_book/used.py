"""What our own fills used up of a book. On paper no venue tells of them: a level stays used up until it changes."""

from __future__ import annotations

UsedLevel = tuple[int, int, int]
"""(price, quantity that the level showed when it was used, how much of that is used up)."""


class Used:
    """Used levels of one side, by price."""

    def __init__(self) -> None:
        self._levels: dict[int, tuple[int, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._levels)

    def left(self, price: int, qty: int) -> int:
        """Returns what is left for us of a level."""
        return max(qty - self._levels.get(price, (0, 0))[1], 0)

    def add(self, price: int, shown: int, part: int) -> None:
        """Uses up a part of a level that shows so much."""
        before = self._levels.get(price, (shown, 0))
        self._levels[price] = before[0], before[1] + part

    def end_changed(self, shown: dict[int, int]) -> None:
        """Forgets what was used of levels that are not what they were; `shown` is by price."""
        self._levels = {price: kept for price, kept in self._levels.items() if shown.get(price, 0) == kept[0]}

    def refine(self, units: int, most: int) -> None:
        """Takes the levels over to prices that are `units` as large, without those beyond `most`."""
        self._levels = {price * units: kept for price, kept in self._levels.items() if price * units <= most}

    def parts(self) -> list[UsedLevel]:
        """Returns the levels, ascending."""
        return [(price, *kept) for price, kept in sorted(self._levels.items())]

    @classmethod
    def of(cls, levels: list[UsedLevel]) -> Used:
        """Returns what `parts` told. Raises `ValueError` if it can't be."""
        used = cls()
        used._levels = {price: (shown, taken) for price, shown, taken in levels}
        if used.parts() != levels or any(not 0 < taken <= shown for _, shown, taken in levels):
            message = "used levels out of order, or used beyond what they showed"
            raise ValueError(message)
        return used
