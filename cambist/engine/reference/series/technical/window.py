"""What is computed of the last `period` usable values: one value at a time, or of a whole series."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from cambist.engine.reference.series.technical.base import is_usable, positive, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class Windowed(ABC):
    """Keeps the last `period` values; subclasses say what is computed of them.

    Raises `ValueError` for a period below 1.
    """

    def __init__(self, period: int) -> None:
        self._window: deque[float] = deque(maxlen=positive(period))
        self.ignored = 0
        """How many values were no number in range."""

    @staticmethod
    @abstractmethod
    def compute(window: Collection[float]) -> float:
        """Returns the result for a full window, oldest value first."""

    def update(self, value: float) -> float | None:
        """Takes a value; returns the result, `None` until `period` values were seen."""
        if is_usable(value):
            self._window.append(value)
        else:
            self.ignored += 1
        return self.value

    @property
    def value(self) -> float | None:
        """The result as it is."""
        return self.compute(self._window) if len(self._window) == self._window.maxlen else None


def each_window(
    values: Sequence[float], period: int, compute: Callable[[Collection[float]], float]
) -> list[float | None]:
    """Returns what `compute` gives of the last `period` usable values, after each value."""
    positive(period)
    good = [value for value in values if is_usable(value)]
    found = [compute(good[end - period : end]) if end >= period else None for end in range(1, len(good) + 1)]
    return spread(map(is_usable, values), found)
