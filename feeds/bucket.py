"""Token buckets: what a venue allows one address, shared by everything here that talks to it."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from cambist.model.text import endpoint_label
from feeds.loop_time import loop_s

if TYPE_CHECKING:
    from collections.abc import Callable

STEADY, BURST = 0.6, 0.2
"""Shares of a venue's limit: what comes back evenly over its window, and what may be spent at once. No window of that
length ever sees more than their sum, 80 %."""
MAX_PAUSE_S = 3 * 86_400.0
"""The longest ban a venue documents."""


class Bucket:
    """At most 80 % of `limit` in any `window_s`, and nothing during a pause that the venue asked for."""

    def __init__(self, limit: float, window_s: float = 60.0, *, clock: Callable[[], float] = loop_s) -> None:
        self.window_s = window_s
        self._room = limit * BURST
        self._per_s = limit * STEADY / window_s
        self._clock = clock
        self._left, self._at = self._room, clock()
        self._not_before = float("-inf")
        self.spent = 0.0
        """All that was ever taken."""

    def wait_s(self, weight: float = 1.0) -> float:
        """Returns how long to wait before `weight` can be spent; more than the burst needs a full bucket."""
        now = self._refilled()
        short = min(weight, self._room) - self._left
        return max(0.0, self._not_before - now, short / self._per_s)

    def spend(self, weight: float = 1.0) -> None:
        """Takes `weight` out, below nothing if need be: a later `wait_s` is longer for it."""
        self._refilled()
        self._left -= weight
        self.spent += weight

    def pause(self, seconds: float) -> None:
        """Stops everything for a while; a shorter pause never cuts a longer one short."""
        self._not_before = max(self._not_before, self._clock() + min(seconds, MAX_PAUSE_S))

    def paused_s(self) -> float:
        """Returns how long a pause still holds."""
        return max(0.0, self._not_before - self._clock())

    async def unpaused(self) -> None:
        """Waits until no pause holds."""
        while True:
            wait_s = self.paused_s()
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s)

    async def take(self, weight: float = 1.0) -> None:
        """Waits until `weight` can be spent, and spends it."""
        while True:
            wait_s = self.wait_s(weight)
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s)
        self.spend(weight)

    def _refilled(self) -> float:
        now = self._clock()
        self._left = min(self._room, self._left + (now - self._at) * self._per_s)
        self._at = now
        return now


class Buckets:
    """One bucket for each kind of limit, venue and address, whoever asks first."""

    def __init__(self, clock: Callable[[], float] = loop_s) -> None:
        self._clock = clock
        self._made: dict[tuple[str, str, str], Bucket] = {}

    def of(self, kind: str, venue: str, url: str, limit: float, window_s: float = 60.0) -> Bucket:
        """Returns the bucket of a kind (`rest`, `connect`) at an address; the first call sets its limit."""
        key = (kind, venue, endpoint_label(url))
        if key not in self._made:
            self._made[key] = Bucket(limit, window_s, clock=self._clock)
        return self._made[key]


def retry_after_s(text: str, now: Callable[[], float] = time.time) -> float | None:
    """Returns the seconds that a Retry-After header asks for; `None` if it says nothing that can be read."""
    if text.isascii() and text.isdecimal():
        return min(float(text[:12]), MAX_PAUSE_S)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now()), MAX_PAUSE_S)
    except (ValueError, OverflowError):
        return None
