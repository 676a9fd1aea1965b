"""Frames that can't be read, by channel and minute: when a connection is made anew, and when a feed is given up."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WINDOW_S = 60.0
RENEW_AFTER = 10
"""So many in a minute may happen; more, and the connection is made anew."""
DISABLE_AFTER = 50
"""So many, and the feed is switched off until the operator tries again."""


class Count(msgspec.Struct, frozen=True):
    """What an engine's view says of a channel, as far as it matters here."""

    channel: int
    malformed: int


class _View(msgspec.Struct):
    channels: tuple[Count, ...] = ()


_VIEW = msgspec.json.Decoder(_View)


def counts(view: bytes) -> tuple[Count, ...]:
    """Returns the counts in an engine's view."""
    return _VIEW.decode(view).channels


class _Minute:
    """One channel's running count over the last minute."""

    __slots__ = ("base", "last", "seen")

    def __init__(self, count: int) -> None:
        self.base = self.last = count
        self.seen: deque[tuple[float, int]] = deque()
        """(when, how many more)."""

    def take(self, now: float, count: int) -> int:
        """Takes a running count; returns how many came within the last minute."""
        more, self.last = count - self.last, count
        if more < 0:  # another engine, or one that was restored: it counts anew
            self.seen.clear()
        elif more:
            self.seen.append((now, more))
        while self.seen and now - self.seen[0][0] >= WINDOW_S:
            self.seen.popleft()
        return sum(more for _, more in self.seen)


class Malformed:
    """Watches the counts of all channels."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._minutes: dict[int, _Minute] = {}
        self._renewed: dict[int, int] = {}
        """How many of the last minute a connection was made anew for already."""

    def take(self, channels: Iterable[Count]) -> Iterator[tuple[int, Literal["renew", "disable"], int]]:
        """Yields (channel, what to do, frames in a minute) for each channel that passed a rate."""
        now = self._now()
        for each in channels:
            minute = self._minutes.get(each.channel)
            if minute is None:
                minute = self._minutes[each.channel] = _Minute(0)
            many = minute.take(now, each.malformed)
            done = self._renewed[each.channel] = min(self._renewed.get(each.channel, 0), many)
            if many > DISABLE_AFTER:
                yield each.channel, "disable", many
            elif many - done > RENEW_AFTER:
                self._renewed[each.channel] = many
                yield each.channel, "renew", many

    def forget(self, channels: Iterable[int]) -> None:
        """Lets channels begin anew: what they sent before no longer counts."""
        for channel in channels:
            self._renewed.pop(channel, None)
            if minute := self._minutes.get(channel):
                minute.seen.clear()
