"""Digits that just changed, and until when they show it."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tui.scene import FLASH_S


class Mark(NamedTuple):
    """Digits of one cell that changed: from which one on, and until which monotonic time they show it."""

    start: int
    until: float


class Flashes:
    """Remembers what each cell showed last and which of its digits changed."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, str]] = {}
        self._marks: dict[str, dict[str, Mark]] = {}
        self._ends: deque[tuple[float, str]] = deque()

    def note(self, key: str, column: str, text: str, now: float) -> Mark | None:
        """Takes over what a cell shows now and returns its mark, if its digits changed within half a second."""
        values = self._values.setdefault(key, {})
        before = values.get(column)
        if before != text:
            values[column] = text
            if before is not None:
                start = _first_change(before, text)
                self._marks.setdefault(key, {})[column] = Mark(start, now + FLASH_S)
                self._ends.append((now + FLASH_S, key))
        mark = self._marks.get(key, {}).get(column)
        return mark if mark is not None and mark.until > now else None

    def of(self, key: str) -> tuple[Mark, ...]:
        """Returns the marks of a row."""
        marks = self._marks.get(key)
        return tuple(marks.values()) if marks else ()

    def end(self, now: float) -> bool:
        """Drops the marks that are over; returns True if there were any."""
        ended = False
        while self._ends and self._ends[0][0] <= now:
            _, key = self._ends.popleft()
            marks = self._marks.get(key, {})
            for column in [column for column, mark in marks.items() if mark.until <= now]:
                del marks[column]
                ended = True
            if not marks:
                self._marks.pop(key, None)
        return ended

    def keep(self, keys: set[str]) -> None:
        """Forgets every row that isn't in `keys`: what scrolls out and comes back did not just change."""
        for key in [key for key in self._values if key not in keys]:
            del self._values[key]
            self._marks.pop(key, None)


def _first_change(before: str, after: str) -> int:
    if len(before) != len(after):
        return 0
    return next((index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new), 0)
