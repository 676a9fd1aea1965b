"""Signals that last: the latest of two, or only runs that are long enough. Streaming and batch, equal.

The first form is that of the adaptive trend system. The second has no original: what it does is defined here. Every
whole number is a signal, so that there is nothing unusable; no signals give no states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.series.technical.base import positive

if TYPE_CHECKING:
    from collections.abc import Sequence


class UpDown:
    """The side of the last event: 1 after up, −1 after down, 0 before either. Up wins where both come together.

    >>> side = UpDown()
    >>> [side.update(*event) for event in ((False, False), (True, True), (False, False), (False, True))]
    [0, 1, 1, -1]
    """

    def __init__(self) -> None:
        self.value = 0
        """The side as it is."""

    def update(self, up: bool, down: bool) -> int:
        """Takes what happened in a bar; returns the side: 1, 0, −1."""
        if up:
            self.value = 1
        elif down:
            self.value = -1
        return self.value


def up_down(up: Sequence[bool], down: Sequence[bool]) -> list[int]:
    """Returns the side after each bar, as `UpDown` gives it. Raises `ValueError` for lists of different lengths.

    >>> up_down([False, True, False, False], [False, True, False, True])
    [0, 1, 1, -1]
    """
    if len(up) != len(down):
        why = f"{len(up)} up and {len(down)} down"
        raise ValueError(why)
    side = UpDown()
    return [side.update(rise, fall) for rise, fall in zip(up, down, strict=True)]


class Runs:
    """Runs of one sign that are long enough, as soon as they are: what a bar shows never depends on later ones.

    A run goes from its first to its last signal of that sign and bridges gaps of at most `max_gap` zeros, which count
    as part of it; the opposite sign or a longer gap ends it. It shows from its `min_persistence`-th bar on, or the next
    that isn't 0, and goes on through a gap that may yet be bridged: there alone it can show more than `runs`. Raises
    `ValueError` for a `min_persistence` below 1 or a negative `max_gap`.

    >>> state = Runs(3, 1)
    >>> [state.update(signal) for signal in (5, 0, 2, 0, 0, 1, -1)]
    [0, 0, 1, 1, 0, 0, 0]
    """

    def __init__(self, min_persistence: int, max_gap: int) -> None:
        self._least = positive(min_persistence)
        if max_gap < 0:
            why = f"gap {max_gap} is negative"
            raise ValueError(why)
        self._max_gap = max_gap
        self._sign = 0
        self._length = 0
        self._gap = 0

    def update(self, signal: int) -> int:
        """Takes a signal, of which only the sign counts; returns the run's sign, 0 if it is none or too short."""
        sign = (signal > 0) - (signal < 0)
        if sign == 0:
            self._gap += 1
            if self._gap > self._max_gap:
                self._sign = self._length = 0
        elif sign == self._sign:
            self._length += self._gap + 1
            self._gap = 0
        else:
            self._sign, self._length, self._gap = sign, 1, 0
        return self.value

    @property
    def value(self) -> int:
        """The sign as it is: 1, 0, −1."""
        return self._sign if self._length >= self._least else 0


def runs(signals: Sequence[int], min_persistence: int, max_gap: int) -> list[int]:
    """Returns the sign of the run that each bar is part of, from the run's start; 0 where it is none or too short.

    What a bar shows may depend on later ones: for looking back, not for trading. Raises `ValueError` as `Runs` does.

    >>> runs([5, 0, 2, 0, 0, 1, -1], 3, 1)
    [1, 1, 1, 0, 0, 0, 0]
    """
    Runs(min_persistence, max_gap)
    signs = [(signal > 0) - (signal < 0) for signal in signals]
    found = [0] * len(signs)
    for first, last in _spans(signs, max_gap):
        if last - first + 1 >= min_persistence:
            found[first : last + 1] = [signs[first]] * (last - first + 1)
    return found


def causal_runs(signals: Sequence[int], min_persistence: int, max_gap: int) -> list[int]:
    """Returns what `Runs` gives after each signal. Raises `ValueError` as it does.

    >>> causal_runs([5, 0, 2, 0, 0, 1, -1], 3, 1)
    [0, 0, 1, 1, 0, 0, 0]
    """
    state = Runs(min_persistence, max_gap)
    return [state.update(signal) for signal in signals]


def _spans(signs: Sequence[int], max_gap: int) -> list[tuple[int, int]]:
    """Returns the first and last bar of every run, however short."""
    spans: list[tuple[int, int]] = []
    for at, sign in enumerate(signs):
        if sign == 0:
            continue
        if spans and signs[spans[-1][1]] == sign and at - spans[-1][1] - 1 <= max_gap:
            spans[-1] = spans[-1][0], at
        else:
            spans.append((at, at))
    return spans
